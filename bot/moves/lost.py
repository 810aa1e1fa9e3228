"""Nobody left: an open stage that loses its last eligible person who is there goes on at once, and says so.

Its next step of escalation fires, whatever the time: it is nobody else's to decide, so a group's hours and an open
question do not hold it. Where no step is left, its requester and the operators are told, once. Whoever Slack does
not confirm is not lost: nothing happens then, and it is looked at again.

What is pending is never read whole: requests that wait for the same of the same groups share a mark
(`quorum.mark`), and one of them tells for all whether there are people enough.
"""

from collections.abc import Callable, Sequence
from functools import partial

from bot import machine, quorum, timing
from bot.errors import Unconfirmed
from bot.moves.desk import Desk
from bot.moves.reach import present, reached
from bot.people import Roster
from bot.ports import Moment
from bot.request import Asker, Move, Request, State, Step
from bot.route import REQUESTER

PAGE = 200  # rows read at once of those that wait for the same
OPENS = frozenset({Move.SEND, Move.EDIT, Move.VOTE, Move.REOPEN, Move.ESCALATE})  # who is asked, or left, may be others


async def check(desk: Desk, request_id: str, *, confirmed: bool = False) -> None:
    """Let a request go on that nobody who is there could decide. Raises Unconfirmed where Slack does not say.

    `confirmed`: what is remembered of people was read just now; else it is read anew before anything happens.
    """
    request = await desk.open(request_id)
    while await _abandoned(desk, request, confirmed=confirmed):
        step = timing.next_step(request)
        people = await reached(desk, request, step.index) if step else ()
        done = await desk.store.transact([request_id], partial(_next, request.revision, step, people))
        if not done:
            return  # it moved meanwhile: whoever moved it has it looked at again
        request = done[0].request


async def sweep(desk: Desk) -> bool:
    """Look at all that is pending. False where Slack did not confirm everybody: then it is to be done again soon."""
    sure, mark = True, await desk.store.next_mark("")
    while mark is not None:
        try:
            await _sweep(desk, mark)
        except Unconfirmed:
            sure = False
        mark = await desk.store.next_mark(mark)
    return sure


async def _sweep(desk: Desk, mark: str) -> None:
    """All that share a mark. Makers alone tell them apart; where somebody has voted, each is looked at for itself."""
    first = await desk.store.waiting_as(mark, None, 1)
    sample = await desk.open(first[0].id) if first else None
    if sample is None or sample.open_stage is None:
        return
    alike = quorum.mark(sample) == mark
    if alike and quorum.ample(sample, await present(desk, sample)):
        return
    manned = _manned_for(sample, await present(desk, sample, fresh=True))
    before: int | None = None
    while rows := await desk.store.waiting_as(mark, before, PAGE):
        for row in rows:
            if alike and not sample.votes and manned(row.asker):
                continue
            await check(desk, row.id, confirmed=alike)
        before = rows[-1].n


def _manned_for(sample: Request, roster: Roster) -> Callable[[Asker], bool]:
    """Whether a request like the sample would have people enough, had somebody else asked for it."""
    known: dict[Asker | frozenset[str], bool] = {}
    everybody = frozenset[str]().union(*roster.values())
    confirms = REQUESTER in sample.stage_groups

    def manned(asker: Asker) -> bool:
        same = asker if confirms else sample.identities.widened(asker.makers) & everybody  # all that makes a difference
        if same not in known:
            known[same] = quorum.manned(sample.but(asker=asker), roster)
        return known[same]

    return manned


async def _abandoned(desk: Desk, request: Request, *, confirmed: bool) -> bool:
    if request.open_stage is None or request.alone:
        return False
    if _there(request, await present(desk, request)):
        return False
    return confirmed or not _there(request, await present(desk, request, fresh=True))


def _there(request: Request, roster: Roster) -> bool:
    return quorum.ample(request, roster) or quorum.manned(request, roster)


def _next(
    revision: int,
    step: timing.Due | None,
    people: tuple[str, ...],
    requests: tuple[Request, ...],
    moment: Moment,
) -> Sequence[Step]:
    (request,) = requests
    over = request.state is not State.PENDING or moment.now >= request.expires_at
    if over or request.revision != revision:
        return []
    if step is None:
        return [machine.left_alone(request, moment)]
    return [machine.escalated(request, step.index, step.loop, people, moment, early=step.at > moment.now)]
