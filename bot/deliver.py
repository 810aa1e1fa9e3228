"""Drain the outbox. SHOW, TELL, PLAN, PREVIEW and PROBE happen at least once; RUN at most once (`bot.run`)."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot import roundup
from bot.errors import Paused, Refusal
from bot.moves import draft, preview
from bot.moves.desk import Desk
from bot.ports import Channel, Executor, NotDelivered, Parcel, Planner
from bot.request import EffectKind, Request
from bot.roundup import Placed
from bot.run import Runner

LEASE = 120_000  # of a parcel; longer than any one delivery may take
IDLE = 5.0  # seconds: the slow sweep that catches what no signal told
FIRST_RETRY, LONGEST_RETRY = 1_000, 60_000
PAUSED_FOR = 2_000
LASTING = frozenset({"mine", "security"})  # places of messages that say something of a version that is replaced, too
TROUBLED = 1.0  # seconds to the next look where the database could not be asked
Report = Callable[[Parcel | None, BaseException], None]


@dataclass(frozen=True, slots=True)
class Deliverer:
    desk: Desk
    channel: Channel
    planner: Planner
    executors: Mapping[str, Executor]
    runner: Runner
    report: Report  # hears of every delivery that failed, and of the database where it could not be asked

    async def serve(
        self, kinds: Sequence[EffectKind], width: int, stopping: asyncio.Event, grace: float, *, last: bool = False
    ) -> None:
        """Deliver parcels, up to `width` at once, until told to stop; what has begun then gets `grace` seconds.

        `last`: what is due at that moment is still begun.
        """
        running: set[asyncio.Task[None]] = set()
        try:
            while not stopping.is_set():
                seen = self.desk.store.stirs
                try:
                    begun = await self._begin(kinds, width, running)
                    if not begun:
                        await self._wait(kinds, running, seen if len(running) < width else None, stopping)
                except Exception as error:  # noqa: BLE001 - it will answer again: nothing is lost by waiting
                    self.report(None, error)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stopping.wait(), TROUBLED)
            if last:
                await self._begin(kinds, width, running)
            if running:
                await asyncio.wait(running, timeout=grace)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _begin(self, kinds: Sequence[EffectKind], width: int, running: set[asyncio.Task[None]]) -> int:
        """Begin what is due, as much as there is room for. How much that was."""
        room = width - len(running)
        parcels = await self.desk.store.take(self.desk.clock(), LEASE, room, kinds) if room else ()
        for parcel in parcels:
            task = asyncio.create_task(self.deliver(parcel))
            running.add(task)
            task.add_done_callback(running.discard)
        return len(parcels)

    async def _wait(
        self, kinds: Sequence[EffectKind], running: set[asyncio.Task[None]], seen: int | None, stopping: asyncio.Event
    ) -> None:
        """Until one of ours is done or, where there is room, something was committed since `seen` or falls due."""
        watching: list[asyncio.Task[Any]] = [asyncio.create_task(stopping.wait())]
        if seen is not None:
            due = await self.desk.store.next_due(kinds)
            idle = IDLE if due is None else min(IDLE, max(0, due - self.desk.clock()) / 1000)
            watching.append(asyncio.create_task(self.desk.store.stirred(idle, seen)))
        await asyncio.wait({*watching, *running}, return_when=asyncio.FIRST_COMPLETED)
        for task in watching:
            task.cancel()

    async def deliver(self, parcel: Parcel) -> None:
        """Deliver one parcel; what fails is put back with a growing pause, never lost."""
        try:
            await self._delivered(parcel)
        except Exception as error:  # noqa: BLE001 - not even that could be noted: its lease runs out, and it comes again
            self.report(parcel, error)

    async def _delivered(self, parcel: Parcel) -> None:
        store = self.desk.store
        try:
            await _WAYS[parcel.kind](self, parcel)
        except Paused:
            await store.postpone(parcel, self.desk.clock() + PAUSED_FOR, "paused", failed=False)
        except NotDelivered as error:
            self.report(parcel, error)
            if error.final:
                await store.done(parcel)
            else:
                await store.postpone(parcel, self._later(parcel, error.retry_after), str(error))
        except Refusal as error:
            self.report(parcel, error)
            await store.postpone(parcel, self._later(parcel), error.text)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the others nor lose the parcel
            self.report(parcel, error)
            await store.postpone(parcel, self._later(parcel), repr(error))
            if parcel.kind is EffectKind.RUN and not parcel.tries:
                what = f"Request {parcel.request_id} was approved, but it cannot be run and nothing has run"
                await self.channel.alarm(f"{what} ({type(error).__name__}). Signoff's log says why.")
        else:
            if parcel.kind is not EffectKind.RUN:  # a run is done with its parcel once it is claimed
                await store.done(parcel)

    def _later(self, parcel: Parcel, retry_after: float | None = None) -> int:
        pause = min(FIRST_RETRY * 2 ** min(parcel.tries, 10), LONGEST_RETRY)
        wanted = int(retry_after * 1000) if retry_after is not None else pause
        return self.desk.clock() + wanted + random.randrange(250)  # noqa: S311 - jitter, no secret

    async def show(self, parcel: Parcel) -> None:
        """Draw the latest state of one message; an old version's message is redrawn only where it was posted."""
        place, _, rest = parcel.key.partition("/")
        if place == roundup.PLACE:
            await self._show_roundup(rest)
            return
        request = await self.desk.open(parcel.request_id)
        number, _, person = rest.partition("/")
        version = int(number or 0)
        if place not in LASTING and request.version is not None and version != request.version.number:
            posted = await self.desk.store.messages(request.id)
            if not any(m.ts and (m.place, m.version, m.person) == (place, version, person) for m in posted):
                await self._relist(await self.desk.store.placed(request.id, version) if place == "card" else None)
                return
        message = await self.desk.store.message(request.id, version, place, person or self._told(request, place))
        if place == "card" and message.ts is None and message.posting_since is None:
            placed = await self._placed(request, version)
            if placed.roundup is not None:
                await self._relist(placed)
                return
        await self.channel.show(request, message)

    async def _placed(self, request: Request, version: int) -> Placed:
        """Whether it has a card of its own: asked when it is first to be shown, and kept."""
        known = await self.desk.store.placed(request.id, version)
        if known is not None or request.version is None:
            return known or Placed()
        catalogue = self.desk.in_force.catalogue
        aim, most = catalogue.channel_of(request.version.action), catalogue.cards_per_minute
        return await self.desk.store.place(request.id, version, aim, most, urgent=roundup.urgent(request))

    async def _relist(self, placed: Placed | None) -> None:
        """A request that is listed moved: what lists it is redrawn, once for all that move within a second."""
        if placed is not None and placed.roundup is not None:
            await self.desk.store.put([roundup.redraw(placed.roundup, self.desk.clock())])

    async def _show_roundup(self, roundup_id: str) -> None:
        found = await self.desk.store.roundup(roundup_id)
        if found is not None:
            await self.channel.show_roundup(found)

    def _told(self, request: Request, place: str) -> str:
        return (request.asker.told or "") if place == "mine" else ""

    async def tell(self, parcel: Parcel) -> None:
        if not parcel.request_id:
            await self.channel.inform(parcel)
            return
        await self.channel.tell(await self.desk.open(parcel.request_id), parcel)

    async def plan(self, parcel: Parcel) -> None:
        await draft.plan(self.desk, self.planner, parcel.request_id)

    async def preview(self, parcel: Parcel) -> None:
        await preview.preview(self.desk, self.executors, parcel.request_id)

    async def run(self, parcel: Parcel) -> None:
        await self.runner.run(parcel)

    async def probe(self, parcel: Parcel) -> None:
        await self.runner.probe(parcel)


_WAYS: Mapping[EffectKind, Callable[[Deliverer, Parcel], Awaitable[None]]] = {
    EffectKind.SHOW: Deliverer.show,
    EffectKind.TELL: Deliverer.tell,
    EffectKind.PLAN: Deliverer.plan,
    EffectKind.PREVIEW: Deliverer.preview,
    EffectKind.RUN: Deliverer.run,
    EffectKind.PROBE: Deliverer.probe,
}
