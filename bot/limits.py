"""How much may be asked for at once: open and within an hour, of each requester and of each API client. Pure.

People tire of deciding, and a flood hides the one request that matters (security.md A18). What is beyond a limit is
refused when it is asked for: counted in the very transaction that would save it, so that two at once cannot pass.

open   requests that wait, are to run, run, or whose outcome nobody knows; a draft asks nobody and does not count
hour   everything asked for in the last hour, drafts too: each was read by a model, and that costs

An action named under `limits.actions` is counted by itself, with limits of its own, and not among the others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import TooMany

MINUTE = 60_000
HOUR = 60 * MINUTE
READINGS = 5  # how often a model may be asked for the same words


@dataclass(frozen=True, slots=True)
class Limit:
    open: int
    hour: int


@dataclass(frozen=True, slots=True)
class Limits:
    requester: Limit = Limit(20, 60)
    client: Limit = Limit(100, 600)
    actions: Mapping[str, Limit] = field(default_factory=dict)  # for each requester, and each client


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, and when the first of them is over by itself (milliseconds; None where none is)."""

    number: int
    frees_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What one requester, or one client, has asked for, by action; words not read yet are of the action “”."""

    name: str = ""  # of a client, as it is told
    open: Mapping[str, Count] = field(default_factory=dict)
    hour: Mapping[str, Count] = field(default_factory=dict)


def together(tallies: Sequence[Tally]) -> Tally:
    """Those of several accounts of one person, as one."""
    return Tally("", _together([each.open for each in tallies]), _together([each.hour for each in tallies]))


def _together(parts: Sequence[Mapping[str, Count]]) -> dict[str, Count]:
    names = {name for part in parts for name in part}
    return {name: _total([part[name] for part in parts if name in part]) for name in names}


def _total(counts: Sequence[Count]) -> Count:
    frees = [each.frees_at for each in counts if each.frees_at is not None]
    return Count(sum(each.number for each in counts), min(frees, default=None))


@dataclass(frozen=True, slots=True)
class Asked:
    """What stood there, of whoever asks, when the transaction began; and what it has added since."""

    requester: Tally | None = None
    client: Tally | None = None
    added: Mapping[str, int] = field(default_factory=dict)

    def plus(self, action: str) -> "Asked":
        return replace(self, added=Counter(self.added) + Counter([action]))


NOTHING = Asked()


def check(limits: Limits, asked: Asked, action: str, now: int) -> None:
    """Raises TooMany where one more request for this action (“” for words) would be beyond a limit."""
    for kind, tally in (("requester", asked.requester), ("client", asked.client)):
        if tally is None:
            continue
        own = limits.actions.get(action)
        limit = own or (limits.client if kind == "client" else limits.requester)
        counted = {action} if own else None
        where = f"limits.actions.{action}" if own else f"limits.{kind}"
        about = f" for {action}" if own else ""
        who = f"The client {tally.name} has" if kind == "client" else "You have"
        for name, found in (("open", tally.open), ("hour", tally.hour)):
            most = getattr(limit, name)
            count = _sum(found, counted, limits.actions)
            number = count.number + _sum(_counts(asked.added), counted, limits.actions).number
            if number >= most:
                told = _OPEN if name == "open" else _HOUR
                raise TooMany(
                    told.format(who=who, number=number, about=about, most=most, where=f"{where}.{name}")
                    + _frees(name, count.frees_at, now),
                    retry_at=count.frees_at,
                )


_OPEN = "{who} {number} requests{about} open, and no more than {most} may be ({where} of signoff.yaml)."
_HOUR = (
    "{who} asked for {number}{about} within the last hour, and no more than {most} may be ({where} of signoff.yaml)."
)


def _frees(name: str, at: int | None, now: int) -> str:
    if name == "hour":
        return f" There is room again {_in(at, now)}." if at is not None else ""
    latest = f", at the latest {_in(at, now)}" if at is not None else ""
    return f" There is room again when one of them is decided or cancelled{latest}."


def _in(at: int, now: int) -> str:
    minutes = max(1, -(-(at - now) // MINUTE))
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return f"in {' '.join(part for part in parts if part)}"


def _counts(numbers: Mapping[str, int]) -> dict[str, Count]:
    return {name: Count(number) for name, number in numbers.items()}


def _sum(found: Mapping[str, Count], counted: set[str] | None, apart: Mapping[str, Limit]) -> Count:
    """Of these actions, or of all that have no limits of their own."""
    return _total([each for name, each in found.items() if (name in counted if counted else name not in apart)])
