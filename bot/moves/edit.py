"""Edit an open request: schema and policy run again, earlier votes fall, the new version is what may run."""

import secrets
from collections.abc import Mapping
from typing import Any

from bot import machine
from bot.authorize import Click, Standing, Verb
from bot.catalogue import MASK
from bot.errors import BadInput, Denied, NobodyToAsk, Problem
from bot.moves import submit
from bot.moves.desk import Desk
from bot.ports import Moment
from bot.request import Actor, Request, Step
from bot.route import Verdict


async def edit(desk: Desk, actor: Actor, request_id: str, version: int, changes: Mapping[str, Any]) -> Request:
    """`changes`: parameter → new value, None to leave an optional one out. Where the policy denies, nothing changes."""
    seen = await desk.open(request_id)
    if seen.version is None:
        raise BadInput(Problem("", "a draft is edited in its form"))
    known = await desk.known(seen.asker, desk.clock())
    salt = secrets.token_hex(16)

    def decide(request: Request, standing: Standing, moment: Moment) -> Step:
        args = changed(request, actor.id, changes)
        following = desk.composer.next_version(request, args, known, moment.now, salt, editor=actor.id)
        if following.route.verdict is Verdict.DENY:
            raise Denied(f"The policy does not allow this: denied by {following.route.rule}. Nothing is changed.")
        groups = set(following.route.groups)
        if groups <= set(standing.roster) and not submit.could_be_approved(request, following, standing.roster):
            raise NobodyToAsk("Nobody could approve it like this. Nothing is changed.")
        return machine.edited(request, following, actor, moment)

    return await desk.act(actor.id, request_id, Click(Verb.EDIT, version), actor, decide)


def changed(request: Request, person: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The new arguments. BadInput for a field this person may not change, or when nothing changes."""
    was = request.now_version
    real = {name: value for name, value in changes.items() if value != MASK and was.args.get(name) != value}
    if person not in request.asker.makers:
        locked = sorted(set(real) - set(was.action.editable))
        if locked:
            raise BadInput(
                *(Problem(name, "an approver may not change this one; ask the requester") for name in locked)
            )
    if not real:
        raise BadInput(Problem("", "nothing was changed"))
    return {name: value for name, value in {**was.args, **real}.items() if value is not None}
