"""Several at once, with one reason: each is authorized, recorded and, where need be, refused by itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.authorize import Click, Verb
from bot.bulk import MOST, VIA
from bot.errors import BadInput, NotFound, Problem, Refusal, Unconfirmed
from bot.moves import look, vote
from bot.moves.desk import Desk
from bot.request import Actor, Request


@dataclass(frozen=True, slots=True)
class Offered:
    """One of those somebody picked. `request`: as it is now, where they may see it; `refusal`: why not this one."""

    request: Request | None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One of those that were decided on together, and the version of it that was shown."""

    request_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of one of them. `error`: why nothing is recorded; `already`: their same word on it counts already."""

    headline: str
    request: Request | None = None
    error: Exception | None = None
    already: bool = False


async def offered(desk: Desk, actor: Actor, ids: Sequence[str]) -> tuple[Offered, ...]:
    """Each of the picked requests as it is now, or why this person cannot decide it together with others."""
    picked = list(dict.fromkeys(ids))
    _several(len(picked))
    return tuple(await asyncio.gather(*(_offered(desk, actor, each) for each in picked)))


async def _offered(desk: Desk, actor: Actor, request_id: str) -> Offered:
    try:
        return Offered(await look.may(desk, actor, request_id, Click(Verb.REJECT, together=True)))
    except (NotFound, Unconfirmed) as refusal:
        return Offered(None, refusal)
    except Refusal as refusal:
        return Offered(await desk.open(request_id), refusal)  # `may` asks first whether they may see it


async def decide(
    desk: Desk, actor: Actor, shown: Sequence[Shown], *, approve: bool, reason: str
) -> tuple[Decided, ...]:
    """One word on each of them, as they were shown. What has changed or is refused is left out; the rest counts.

    BadInput where nothing, or more than MOST, was picked, or a rejection has no reason.
    """
    reason = reason.strip() if approve else vote.why_not(reason)
    picked = list(dict.fromkeys(shown))
    _several(len(picked))
    one = partial(_one, desk, actor, approve=approve, reason=reason, mark=desk.new_id())
    done = await asyncio.gather(*(one(each) for each in picked), return_exceptions=True)
    return tuple([_told(each, found) for each, found in zip(picked, done, strict=True)])


def _several(picked: int) -> None:
    if not 0 < picked <= MOST:
        raise BadInput(Problem("", f"pick 1 to {MOST} requests to decide together; these are {picked}"))


def _told(shown: Shown, found: Decided | BaseException) -> Decided:
    """A fault of ours with one is that one's: the others were decided all the same."""
    if isinstance(found, Exception):
        return Decided(shown.request_id, error=found)
    if isinstance(found, BaseException):
        raise found
    return found


async def _one(desk: Desk, actor: Actor, shown: Shown, *, approve: bool, reason: str, mark: str) -> Decided:
    """`mark`: the same in the events of all that were decided together."""
    click = Click(Verb.APPROVE if approve else Verb.REJECT, shown.version, together=True)
    decision = vote.cast(actor, click, approve=approve, reason=reason, exception=VIA, bulk=mark)
    try:
        request = await desk.act(actor.id, shown.request_id, click, actor, decision)
    except Refusal as refusal:
        return await _left_out(desk, actor, shown, refusal, approve=approve)
    return Decided(request.now_version.headline, request)


async def _left_out(desk: Desk, actor: Actor, shown: Shown, refusal: Refusal, *, approve: bool) -> Decided:
    """Named as it was shown to them, whatever has become of it since."""
    request = await desk.store.load(shown.request_id)
    versions = await desk.store.versions(shown.request_id)
    headline = next((each.headline for each in versions if each.number == shown.version), shown.request_id)
    votes = request.votes if request else ()
    said = any((vote.person, vote.version, vote.approve) == (actor.id, shown.version, approve) for vote in votes)
    return Decided(headline, request if said else None, None if said else refusal, already=said)
