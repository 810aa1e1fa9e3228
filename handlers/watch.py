"""Has every open request people left who are there? Looked at when somebody went, and slowly for what nobody told.

Three things make it look: a move that opened a stage or spent a person (that request only), news of people from Slack
or from `/signoff away` (all that is pending, by their marks), and time. It holds nothing that must outlive the
process: the first look after a start takes in all.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from bot.errors import NotFound, Unconfirmed
from bot.moves import lost
from bot.moves.desk import Desk
from bot.request import State, Step

SWEEP = 300.0  # seconds between two looks at everything where there is no news
UNSURE = 30.0  # seconds to the next one where Slack did not confirm everybody
CALM = 1.0  # seconds between two looks that news asked for: Slack may have much to tell
AT_ONCE = 16  # requests looked at side by side
log = structlog.get_logger("watch")


@dataclass(slots=True)
class News:
    """What there is to look at."""

    requests: dict[str, None] = field(default_factory=dict)  # ids, in the order they moved
    of_people: bool = True
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def moved(self, steps: Sequence[Step]) -> None:
        """Moves were committed; those count that opened a stage, or after which fewer are left."""
        for step in steps:
            if step.request.state is State.PENDING and any(event.type in lost.OPENS for event in step.events):
                self.requests[step.request.id] = None
                self.stirred.set()

    def somebody_went(self) -> None:
        self.of_people = True
        self.stirred.set()

    def take(self) -> list[str]:
        taken = list(self.requests)[:AT_ONCE]
        for request_id in taken:
            del self.requests[request_id]
        return taken


@dataclass(frozen=True, slots=True)
class Watch:
    desk: Desk
    news: News

    async def serve(self, stopping: asyncio.Event) -> None:
        """Look, until told to stop. What fails is looked at again with everything else."""
        told = asyncio.create_task(stopping.wait())
        clock = asyncio.get_running_loop().time
        calm_until, sweep_at = 0.0, 0.0
        try:
            while not stopping.is_set():
                self.news.stirred.clear()
                if not await self._those_that_moved():
                    sweep_at = min(sweep_at, clock() + UNSURE)
                if clock() >= (min(sweep_at, calm_until) if self.news.of_people else sweep_at):
                    self.news.of_people = False
                    sure = await self._all()
                    calm_until, sweep_at = clock() + CALM, clock() + (SWEEP if sure else UNSURE)
                until = min(sweep_at, calm_until) if self.news.of_people else sweep_at
                await self._until_stirred(until - clock(), told)
        finally:
            told.cancel()

    async def _those_that_moved(self) -> bool:
        """Whether Slack confirmed everybody they ask."""
        sure = True
        while ids := self.news.take():
            found = await asyncio.gather(*(self._one(request_id) for request_id in ids))
            sure = sure and all(found)
        return sure

    async def _one(self, request_id: str) -> bool:
        try:
            await lost.check(self.desk, request_id)
        except NotFound:
            return True
        except Unconfirmed:
            return False
        except Exception as error:
            log.exception("not_looked_at", request=request_id, error=repr(error))
            return False
        return True

    async def _all(self) -> bool:
        try:
            return await lost.sweep(self.desk)
        except Exception as error:
            log.exception("not_looked_at", error=repr(error))
            return False

    async def _until_stirred(self, seconds: float, told: asyncio.Task[bool]) -> None:
        if self.news.requests:
            return
        stirred = asyncio.create_task(self.news.stirred.wait())
        await asyncio.wait({stirred, told}, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        stirred.cancel()
