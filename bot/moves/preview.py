"""What the action says it would do, asked just before people look, under the same guards as a run."""

from collections.abc import Mapping, Sequence

from bot import machine, templates
from bot.catalogue import resolve
from bot.conceal import Concealed
from bot.errors import Refusal
from bot.moves.desk import Desk
from bot.outcome import Ending, Job, Outcome
from bot.ports import Executor, Moment
from bot.request import Preview, Request, State, Step

TIMEOUT = 10.0  # seconds
LINES = 20


async def preview(desk: Desk, executors: Mapping[str, Executor], request_id: str) -> Request:
    """Run the preview of the current version and keep what it said; one that fails takes one-click away."""
    request = await desk.open(request_id)
    if request.state is not State.PENDING or request.now_version.action.preview is None:
        return request
    said = await _ask(executors, request, desk.clock())

    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        (current,) = requests
        same = current.state is State.PENDING and current.now_version.digest == request.now_version.digest
        return [machine.previewed(current, said, moment)] if same else []

    done = await desk.store.transact([request_id], decide)
    return done[0].request if done else await desk.open(request_id)


async def _ask(executors: Mapping[str, Executor], request: Request, now: int) -> Preview:
    version = request.now_version
    try:
        way = resolve(version.action.preview or {}, version.args)
    except Refusal as refusal:
        return Preview(ok=False, text=refusal.text, at=now)
    patience = min(TIMEOUT, way.get("timeout", TIMEOUT * 1000) / 1000)
    job = Job(request.id, version.number, 0, request.key, way, patience)
    outcome = Concealed.of(version).outcome(await executors[way["kind"]].run(job, lambda _: None))
    return Preview(outcome.ending is Ending.SUCCEEDED, _text(outcome), now)


def _text(outcome: Outcome) -> str:
    """The first lines of what was said; how many were left out is said too."""
    result = outcome.result
    said = result.get("stdout") if isinstance(result, Mapping) and "stdout" in result else result
    lines = templates.as_text(said).strip().splitlines() if outcome.ending is Ending.SUCCEEDED else [outcome.summary]
    more = len(lines) - LINES
    return "\n".join([*lines[:LINES], *([f"… and {more} lines more"] if more > 0 else [])])
