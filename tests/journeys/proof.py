"""What must hold at the end of every journey, whatever happened in it."""

from collections import Counter

from bot.request import Request, State
from handlers.settings import Settings
from store import open_store
from store.store import open_trail
from tests.journeys.target import Arrival, Target

TRIED = {State.EXECUTING, State.SUCCEEDED, State.FAILED, State.UNKNOWN, State.UNDONE}


async def proven(settings: Settings, target: Target) -> None:
    """The audit trail verifies, the tables agree with it, and nothing reached the target but what was approved."""
    async with open_trail(settings.database_url) as trail:
        checked = await trail.check()
    assert checked.holds, (checked.report.broken, checked.strays)
    async with open_store(settings.database_url, key=settings.subkey("seal"), clock=lambda: 0) as store:
        for key, arrivals in _by_key(target).items():
            request_id, _, version = key.rpartition(".")
            request = await store.load(request_id)
            assert request is not None, f"the target was called with {key!r}, which is no request"
            _approved(request, int(version), arrivals)


def _by_key(target: Target) -> dict[str, list[Arrival]]:
    found: dict[str, list[Arrival]] = {}
    for arrival in target.runs():
        found.setdefault(arrival.key, []).append(arrival)
    return found


def _approved(request: Request, version: int, arrivals: list[Arrival]) -> None:
    """It was run as the version that was approved, by those asked, and no oftener than it may have been started."""
    current = request.now_version
    assert request.state in TRIED, f"{request.id} is {request.state}, but the target was called"
    assert version == current.number, f"version {version} ran, but {current.number} is the one that was approved"
    yes = [vote for vote in request.votes if vote.approve]
    broken = request.broken
    assert not current.route.asks or yes or broken, f"{request.id} ran without an approval"
    assert broken is None or broken.digest == current.digest, f"{request.id} ran as other bytes than were shown"
    assert broken is None or request.asker.client is None, f"{request.id}: an agent broke the glass"
    assert all(vote.digest == current.digest for vote in yes), f"{request.id} ran on an approval of other bytes"
    if not current.way.get("idempotent"):
        times = Counter(arrival.attempt for arrival in arrivals)
        assert max(times.values()) == 1, f"one attempt of {request.id} reached the target more than once: {times}"
        assert len(arrivals) <= len(request.attempts), f"{request.id} reached the target oftener than it was started"
