"""Time passes: what fell due happens once, never early, and a long stop makes no flood."""

import asyncio
from collections.abc import Sequence
from functools import partial

from bot import breakage, machine, timing
from bot.moves import away
from bot.moves.desk import Desk, with_original
from bot.moves.reach import reached
from bot.ports import Moment
from bot.request import Request, Step

AT_ONCE = 64  # requests looked at side by side: the store commits their steps together


async def tick(desk: Desk) -> None:
    """Let everything happen that is due. What fails holds up nothing else; it is raised when the rest is done."""
    failed: list[Exception] = []
    await away.ended(desk)
    while ids := await desk.store.due(desk.clock(), AT_ONCE):
        found = await asyncio.gather(*(_catch_up(desk, request_id) for request_id in ids), return_exceptions=True)
        failed += [each for each in found if isinstance(each, Exception)]
        if len(ids) < AT_ONCE or len(failed) >= AT_ONCE:
            break
    if failed:
        raise ExceptionGroup("some of what is due could not happen", failed)


async def _catch_up(desk: Desk, request_id: str) -> None:
    """All that is due of one request, one step a transaction, at most as often as it has steps."""
    request = await desk.open(request_id)
    while waiting := timing.due(request, desk.clock()):
        people = await _reached(desk, request, waiting)
        done = await desk.store.transact(with_original(request), partial(_next, request.revision, people))
        if not done:
            return  # somebody else moved it: the next tick looks again
        request = done[0].request


def _next(revision: int, people: tuple[str, ...], requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
    """The step that is due, unless the request moved since its people were looked up."""
    request, *others = requests
    due = timing.due(request, moment.now)
    if not due or request.revision != revision:
        return []
    return machine.with_undone([_happens(request, due, people, moment)], others, moment)


def _happens(request: Request, due: tuple[timing.Due, ...], people: tuple[str, ...], moment: Moment) -> Step:
    """The first thing that is due; expiry before anything else, so that nobody is asked about what is over."""
    over = next((step for step in due if step.kind == "expire"), None)
    if over is not None:
        return machine.expired(request, moment)
    first = due[0]
    match first.kind:
        case "remind":
            return machine.reminded(request, first.index, moment)
        case "escalate":
            return machine.escalated(request, first.index, first.loop, people, moment)
        case "overdue":
            return breakage.overdue(request, first.index, moment)
        case _:
            return machine.recovered(request, moment)


async def _reached(desk: Desk, request: Request, due: tuple[timing.Due, ...]) -> tuple[str, ...]:
    first = due[0]
    if first.kind != "escalate" or any(step.kind == "expire" for step in due):
        return ()
    return await reached(desk, request, first.index)
