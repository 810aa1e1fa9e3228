"""Undo what succeeded: a request of its own, by the same rules, with the values it takes from the result shown."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from bot import limits, machine
from bot.authorize import Click, Verb, authorize
from bot.catalogue import Action
from bot.errors import BadInput, Problem, Refusal, WrongMoment
from bot.moves import submit
from bot.moves.desk import Desk
from bot.ports import Moment
from bot.request import OPEN, Actor, Asker, Plan, Request, State, Step

RESULT = "result."


async def undo(desk: Desk, actor: Actor, request_id: str) -> Request:
    """The undo request. One open undo at a time."""
    done = await desk.open(request_id)
    standing = await desk.standing(actor.id, done, fresh=True)
    click = Click(Verb.UNDO)
    try:
        authorize(click, done, standing, await desk.store.moment())
    except Refusal as refusal:
        await desk.note(refusal, request_id, actor)
        raise
    action = desk.in_force.catalogue.action(done.now_version.action.undo or "")
    base = submit.blank(desk, Asker(person=actor.id), actor, undo_of=done.id, context={"undo_of": done.id})
    known = await desk.known(base.asker, desk.clock())
    args = arguments(action, done)
    version = desk.composer.version(base, action, args, Plan(), known, desk.clock(), secrets.token_hex(16))
    if version.route.asks:
        await submit.somebody_to_ask(desk, base, version)
    earlier = [done.undone_by] if done.undone_by else []

    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        was, *others = requests
        authorize(click, was, standing, moment)
        if was.undone_by != done.undone_by or any(other.state in OPEN for other in others):
            raise WrongMoment("An undo of this request is open already.")
        limits.check(desk.in_force.catalogue.limits, moment.asked, action.name, moment.now)
        fresh = machine.sent(base.but(made_at=moment.now), version, actor, moment, fresh=True)
        if fresh.request.state is State.DENIED:
            return [fresh]
        return [fresh, machine.undo_asked(was, base.id, actor, moment)]

    return submit.refuse_denied(
        (await desk.store.transact([done.id, *earlier], decide, asking=desk.asking(base.asker)))[0].request
    )


def arguments(action: Action, done: Request) -> dict[str, Any]:
    """What the undo takes: of the arguments as they ran, and of the result. BadInput where the result lacks one."""
    result = done.attempts[-1].result if done.attempts else None
    taken: dict[str, Any] = {}
    for name in action.params:
        value = _at(result, name.removeprefix(RESULT)) if name.startswith(RESULT) else done.now_version.args.get(name)
        if value is None and name in action.required:
            raise BadInput(Problem(name, "what ran did not say this, so it cannot be undone from here"))
        if value is not None:
            taken[name] = value
    return taken


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str | int | float) else None
