"""Pause stops every new run everywhere, not votes; resume lets them go; release lets one go that waited long."""

from bot import machine
from bot.authorize import Click, Verb, operate
from bot.moves.desk import Desk
from bot.request import Actor, Event, Request


async def pause(desk: Desk, actor: Actor) -> None:
    operate(await desk.standing(actor.id, fresh=True))
    await desk.store.pause(Event("pause", "", actor, desk.clock()))


async def resume(desk: Desk, actor: Actor) -> None:
    operate(await desk.standing(actor.id, fresh=True))
    await desk.store.resume(Event("resume", "", actor, desk.clock()))


async def release(desk: Desk, actor: Actor, request_id: str) -> Request:
    return await desk.act(
        actor.id,
        request_id,
        Click(Verb.RELEASE),
        actor,
        lambda request, _, moment: machine.released(request, actor, moment),
    )
