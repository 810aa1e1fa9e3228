"""An unknown outcome: a person who is no maker says what came of it, or that it is to run again."""

from bot import machine
from bot.authorize import Click, Standing, Verb
from bot.errors import BadInput, Problem, WrongMoment
from bot.moves.desk import Desk, with_original
from bot.outcome import Ending, Outcome
from bot.ports import Moment
from bot.request import Actor, Request, State, Step

SAYS = {"done": Ending.SUCCEEDED, "not_done": Ending.FAILED}


async def settle(desk: Desk, actor: Actor, request_id: str, version: int, says: str, reason: str) -> Request:
    """`says`: done, not_done or again."""
    if not reason.strip():
        raise BadInput(Problem("reason", "say how you know, so that others can follow it"))

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        if says == "again" and not machine.same_definition(request.now_version, desk.in_force.catalogue.actions):
            raise WrongMoment("Its definition in signoff.yaml changed since it was approved; ask for it anew.")
        if says == "again":
            return machine.again(request, actor, moment)
        return machine.settled(request, SAYS[says], actor, moment, reason.strip())

    return await desk.act(actor.id, request_id, Click(Verb.SETTLE, version), actor, decide)


async def probed(desk: Desk, request_id: str, attempt: int, outcome: Outcome) -> None:
    """A probe's answer; it settles only what is still unknown, and says nothing where it could not tell."""
    if outcome.ending is not Ending.SUCCEEDED and not outcome.denies:
        return

    def decide(requests: tuple[Request, ...], moment: Moment) -> list[Step]:
        request, *others = requests
        if request.state is not State.UNKNOWN or request.attempts[-1].number != attempt or request.again_by:
            return []
        probe = Actor("bot", "", "probe")
        settled = machine.settled(request, outcome.ending, probe, moment, outcome.summary, outcome.result)
        return machine.with_undone([settled], others, moment)

    await desk.store.transact(with_original(await desk.open(request_id)), decide)


async def report(desk: Desk, actor: Actor, request_id: str, outcome: Outcome) -> Request:
    """A `caller` action: whoever ran it says what came of it."""

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        return machine.finished(request, request.attempts[-1].number, outcome, moment, actor)

    return await desk.act(actor.id, request_id, Click(Verb.REPORT), actor, decide)
