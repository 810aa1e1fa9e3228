"""Edit an open request: schema and policy run again, earlier votes fall, the new version is what may run."""

import secrets
from collections.abc import Mapping
from typing import Any

from bot import digest, machine
from bot.authorize import Click, Standing, Verb
from bot.catalogue import MASK
from bot.compose import Known
from bot.errors import BadInput, Denied, Joined, NobodyToAsk, Problem, Refusal, Unconfirmed
from bot.moves import submit
from bot.moves.desk import Desk
from bot.people import Roster, Unsaid
from bot.ports import Asking, Moment
from bot.request import Actor, Request, Step, Version
from bot.route import Verdict


async def edit(desk: Desk, actor: Actor, request_id: str, version: int, changes: Mapping[str, Any]) -> Request:
    """`changes`: parameter → new value, None to leave an optional one out. Where the policy denies, nothing changes."""
    seen = await desk.open(request_id)
    if seen.version is None:
        raise BadInput(Problem("", "a draft is edited in its form"))
    known = await desk.known(seen.asker, desk.clock())
    salt = secrets.token_hex(16)
    asked, unsaid, asking = await _asked(desk, seen, actor, changes, known)

    def decide(request: Request, standing: Standing, moment: Moment) -> Step:
        args = changed(request, actor.id, changes)
        following = desk.composer.next_version(request, args, known, moment.now, salt, editor=actor.id)
        if following.route.verdict is Verdict.DENY:
            raise Denied(f"The policy does not allow this: denied by {following.route.rule}. Nothing is changed.")
        if not submit.could_be_approved(request, following, {**standing.roster, **asked}):
            for why in unsaid.values():
                raise Unconfirmed(why)
            raise NobodyToAsk("Nobody could approve it like this. Nothing is changed.")
        mark = _mark(desk, request, following)
        twin = moment.twins.get(mark)
        if twin is not None and twin.id != request.id:
            raise Joined(f"It would be the same as {twin.id}, which is open already. Nothing is changed.", request.id)
        return machine.edited(request.but(fingerprint=mark), following, actor, moment)

    return await desk.act(actor.id, request_id, Click(Verb.EDIT, version), actor, decide, asking=asking)


async def _asked(
    desk: Desk, seen: Request, actor: Actor, changes: Mapping[str, Any], known: Known
) -> tuple[Roster, Unsaid, Asking | None]:
    """Members of the groups that the edited version would ask, and what else must not be open then."""
    try:
        args = changed(seen, actor.id, changes)
        following = desk.composer.next_version(seen, args, known, desk.clock(), "", editor=actor.id)
    except Refusal:
        return {}, {}, None  # the move itself says why, to whom it may be said
    roster, unsaid = await desk.rosters(following.route.groups.values())
    return roster, unsaid, desk.asking(seen.asker, _mark(desk, seen, following), without=seen.id)


def _mark(desk: Desk, request: Request, version: Version) -> str:
    return digest.fingerprint(desk.fingerprint_key, request.asker.id, version.action.name, version.args)


def changed(request: Request, person: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The new arguments. BadInput for a field this person may not change, or when nothing changes."""
    was = request.now_version
    real = {name: value for name, value in changes.items() if value != MASK and was.args.get(name) != value}
    if person not in request.requesters:
        locked = sorted(set(real) - set(was.action.editable))
        if locked:
            raise BadInput(
                *(Problem(name, "an approver may not change this one; ask the requester") for name in locked)
            )
    if was.action.undoes is not None:
        raise BadInput(Problem("", "an undo takes back what ran, as it ran; cancel it and ask for something else"))
    if not real:
        raise BadInput(Problem("", "nothing was changed"))
    return {name: value for name, value in {**was.args, **real}.items() if value is not None}
