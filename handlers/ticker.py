"""APScheduler as a clock: it wakes the process at the next due time, and holds no state of its own.

The next time is computed after the work, never within the job itself, where the wake-up could be lost; a slow
sweep catches whatever was missed.
"""

import asyncio
import datetime
from dataclasses import dataclass, field

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from bot.moves import summary
from bot.moves.desk import Desk
from bot.moves.tick import tick

SWEEP = 15.0  # seconds: the longest anything due can be overlooked
AFTER_A_FAULT = 5.0  # seconds to the next look where something due could not happen
CALM = 0.1  # seconds between two looks for an earlier due time, while much is being committed
log = structlog.get_logger("ticker")


@dataclass(slots=True)
class Ticker:
    desk: Desk
    scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=datetime.UTC))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, stopping: asyncio.Event) -> None:
        """Let everything happen when it is due, until told to stop."""
        self.scheduler.start()
        try:
            while not stopping.is_set():
                await self._once(stopping)
        finally:
            self.scheduler.shutdown(wait=False)

    async def _once(self, stopping: asyncio.Event) -> None:
        self._wake.clear()
        seen, at_most = self.desk.store.stirs, SWEEP
        try:
            await tick(self.desk)
            await summary.tick(self.desk)
            await self._set()
        except Exception as error:
            log.exception("tick_failed", error=repr(error))
            at_most = AFTER_A_FAULT
        await self._until_woken(seen, stopping, at_most)

    async def _set(self) -> None:
        """Have the scheduler wake us at the earliest time the database knows of."""
        at = await self.desk.store.next_wake()
        if at is None:
            self._unset()
            return
        ahead = max(0, at - self.desk.clock()) / 1000
        when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ahead)
        self.scheduler.add_job(
            self._wake.set, DateTrigger(when), id="next", replace_existing=True, misfire_grace_time=None
        )

    def _unset(self) -> None:
        if self.scheduler.get_job("next") is not None:
            self.scheduler.remove_job("next")

    async def _until_woken(self, seen: int, stopping: asyncio.Event, at_most: float) -> None:
        """Woken by the scheduler; or something was committed, and what is due next may have changed."""
        waking = asyncio.create_task(self._wake.wait())
        stirred = asyncio.create_task(self.desk.store.stirred(at_most, seen))
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait({waking, stirred, told}, return_when=asyncio.FIRST_COMPLETED)
        if stirred.done() and not waking.done():
            await asyncio.wait({waking, told}, timeout=CALM, return_when=asyncio.FIRST_COMPLETED)
        for task in (waking, stirred, told):
            task.cancel()

    def poke(self) -> None:
        """Look now: the clock was moved."""
        self._wake.set()
