"""Cancel an open request, or discard a draft."""

from bot import machine
from bot.authorize import Click, Verb
from bot.moves.desk import Desk
from bot.request import Actor, Request


async def cancel(desk: Desk, actor: Actor, request_id: str, reason: str = "") -> Request:
    return await desk.act(
        actor.id,
        request_id,
        Click(Verb.CANCEL),
        actor,
        lambda request, _, moment: machine.cancelled(request, actor, moment, reason),
    )
