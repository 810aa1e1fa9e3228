"""The claim: committed before a byte leaves. What was approved is compared with what would run, one last time."""

import secrets
from collections.abc import Callable, Sequence

from bot import machine
from bot.errors import Refusal, TooLate, Unconfirmed, Untrue, WrongMoment
from bot.moves.desk import TRIES, Desk, with_original
from bot.ports import Moment
from bot.request import BOT, Request, State, Step, Vote


async def claim(desk: Desk, request_id: str) -> Request | None:
    """The request in `executing`, ours to run; None when there is nothing to run. Raises Paused, to be tried later.

    Where the action's definition changed, or an approver of a high one is no longer entitled, people are asked again
    about the next version; where the stored bytes are not what was approved, nothing ever runs.
    """
    for _ in range(TRIES):
        seen = await desk.open(request_id)
        try:
            if seen.state is State.APPROVED and (reason := await _asked_again(desk, seen)):
                await _reopen(desk, seen, reason)
                return None
            return await _claim(desk, seen)
        except Changed:
            continue
    return None


async def _claim(desk: Desk, seen: Request) -> Request | None:
    def decide(request: Request, moment: Moment) -> Sequence[Step]:
        same = machine.same_definition(request.now_version, desk.in_force.catalogue.actions)
        if not same and machine.untrue(request) is None:
            if request.state is State.APPROVED:
                raise Changed  # reloaded since it was looked at: people are asked again
            return _not_again(request, "its definition in signoff.yaml changed since it was approved", moment)
        if machine.should_wait(request, moment) and not request.waits_for_release:
            return [machine.held(request, moment)]
        try:
            return [machine.claimed(request, moment)]
        except (TooLate, Untrue) as refusal:
            if request.state is not State.APPROVED:
                return _not_again(request, refusal.text, moment)
            late = isinstance(refusal, TooLate)
            return [machine.expired(request, moment) if late else machine.cancelled(request, BOT, moment, refusal.text)]

    try:
        done = await _as_seen(desk, seen, decide)
    except WrongMoment as refusal:
        if refusal.code == WrongMoment.code:
            return None
        raise
    return next((step.request for step in done if step.request.state is State.EXECUTING), None)


def _not_again(request: Request, reason: str, moment: Moment) -> Sequence[Step]:
    return [machine.not_again(request, reason, moment)] if request.again_by else []


async def _asked_again(desk: Desk, request: Request) -> str | None:
    """Why people must look again before this may run, or None."""
    version = request.now_version
    if machine.untrue(request):
        return None  # the claim itself tells it
    if not machine.same_definition(version, desk.in_force.catalogue.actions):
        return "the action's definition in signoff.yaml changed after it was approved"
    if version.risk.grave:
        if (broken := request.broken) is not None and not await _still_breaks(desk, request, broken.person):
            return "whoever broke the glass is no longer entitled to"
        for vote in request.votes:
            if vote.approve and not await _entitled(desk, request, vote):
                return "somebody who approved it is no longer entitled to"
    return None


async def _entitled(desk: Desk, request: Request, vote: Vote) -> bool:
    """Whether they could still give that vote: full member, and in a group that counted for it."""
    if (await desk.people.person(vote.person, fresh=True)).problem:
        return False
    groups = request.now_version.route.groups
    named = {name for at in vote.meets for name in request.groups_for(at, vote.stage)} & set(groups)
    roster, unsaid = await desk.rosters([groups[name] for name in sorted(named)], fresh=True)
    entitled = any(vote.person in members for members in roster.values())
    for why in () if entitled else unsaid.values():
        raise Unconfirmed(why)
    return entitled


async def _still_breaks(desk: Desk, request: Request, person: str) -> bool:
    """Whether they could still break the glass: full member, and in a group that the file in force lets do so."""
    standing = await desk.standing(person, fresh=True, breaks=request.now_version.action)
    return standing.breaks and not standing.person.problem


async def _reopen(desk: Desk, seen: Request, reason: str) -> None:
    known = await desk.known(seen.asker, desk.clock())
    salt = secrets.token_hex(16)

    def decide(request: Request, moment: Moment) -> Sequence[Step]:
        try:
            args = request.now_version.args
            following = desk.composer.next_version(request, args, known, moment.now, salt, editor=None)
        except Refusal as refusal:
            text = f"{reason}; it can no longer be asked for as it was: {refusal.text}"
            return [machine.cancelled(request, BOT, moment, text)]
        return [machine.reopened(request, following, reason, moment)]

    await _as_seen(desk, seen, decide)


async def _as_seen(desk: Desk, seen: Request, decide: Callable[[Request, Moment], Sequence[Step]]) -> tuple[Step, ...]:
    """Decide, as long as it is what was looked at; else Changed. An undo that ends is told to what it undoes."""

    def move(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        request, *others = requests
        if request.revision != seen.revision:
            raise Changed
        return machine.with_undone(decide(request, moment), others, moment)

    return await desk.store.transact(with_original(seen), move)


class Changed(Exception):
    """The request, or the catalogue, is not what was looked at: it is looked at anew."""
