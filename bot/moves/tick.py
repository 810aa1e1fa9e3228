"""Time passes: what fell due happens once, never early, and a long stop makes no flood."""

from collections.abc import Sequence

from bot import machine, timing
from bot.catalogue import Group
from bot.errors import Unconfirmed
from bot.moves.desk import Desk
from bot.ports import Moment
from bot.request import Request, Step

BATCH = 200


async def tick(desk: Desk) -> int:
    """Let everything happen that is due. Returns how many requests moved."""
    moved = 0
    for request_id in await desk.store.due(desk.clock(), BATCH):
        moved += await _catch_up(desk, request_id)
    return moved


async def _catch_up(desk: Desk, request_id: str) -> bool:
    """All that is due of one request, one step a transaction, at most as often as it has steps."""
    moved = False
    while True:
        request = await desk.open(request_id)
        waiting = timing.due(request, desk.clock())
        if not waiting:
            return moved
        people = await _reached(desk, request, waiting)
        before = request.revision

        def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
            (current,) = requests
            due = timing.due(current, moment.now)
            if current.revision != before or not due:  # noqa: B023 - used within this turn of the loop only
                return []
            return [_happens(current, due, people, moment)]  # noqa: B023 - likewise

        if not await desk.store.transact([request_id], decide):
            return moved
        moved = True


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
        case _:
            return machine.recovered(request, moment)


async def _reached(desk: Desk, request: Request, due: tuple[timing.Due, ...]) -> tuple[str, ...]:
    """Who an escalation step reaches: its groups' members at this moment, without the makers.

    Where Slack does not say, those the file names by id are reached: a look-up never holds an escalation up.
    """
    first = due[0]
    if first.kind != "escalate" or any(step.kind == "expire" for step in due):
        return ()
    version = request.now_version
    found: dict[str, None] = {}
    for name in version.route.stages[request.stage].escalate[first.index].to:
        for person in await _members(desk, version.route.groups[name]):
            found[person] = None
    return tuple(person for person in sorted(found) if person not in request.makers)


async def _members(desk: Desk, group: Group) -> frozenset[str]:
    try:
        return await desk.people.members(group)
    except Unconfirmed:
        return frozenset(group.users)
