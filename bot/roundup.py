"""A roundup: one message that lists requests whose cards would have been too many at once. Pure.

Cards beyond a rate hide each other, and a bad one among them (security.md A18). Those beyond it are listed in a
roundup of their channel; the requests themselves are as any other, and each is looked at and decided by itself.
A critical one always has a card of its own.
"""

from dataclasses import dataclass

from bot.catalogue import Risk
from bot.request import Effect, EffectKind, Request, State

WINDOW = 60_000  # milliseconds over which cards are counted
MOST = 12  # requests in one roundup: what one message holds
LIVES = 10 * 60_000  # milliseconds a roundup takes more requests; later ones belong further down in the channel
GATHERS = 1_000  # milliseconds between a change and its redraw, so that many changes are one
REMINDS = 5 * 60_000  # milliseconds between two reminders in one roundup's thread
PLACE = "roundup"


@dataclass(frozen=True, slots=True)
class Roundup:
    """`entries`: (request id, version) in the order they came. `aim`: its channel as signoff.yaml names it."""

    id: str  # random
    aim: str
    opened_at: int
    channel: str | None = None
    ts: str | None = None
    reminded_at: int | None = None
    entries: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a version is shown in its channel: by a card of its own, or in a roundup."""

    roundup: str | None = None


def urgent(request: Request) -> bool:
    """What is never listed among others: critical risk, and what nobody is asked about."""
    return request.now_version.risk is Risk.CRITICAL or request.state is not State.PENDING


def redraw(roundup_id: str, now: int) -> Effect:
    return Effect(EffectKind.SHOW, "", f"{PLACE}/{roundup_id}", after=now + GATHERS)
