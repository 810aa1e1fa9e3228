"""Run what was approved: claim committed, executor called, outcome committed. At most one attempt at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot import digest, effects, machine
from bot.catalogue import resolve
from bot.conceal import Concealed
from bot.errors import Paused, Refusal, WrongMoment
from bot.moves import claim, settle
from bot.moves.desk import Desk, with_original
from bot.outcome import Ending, Job, Outcome
from bot.ports import Executor, Moment, Parcel
from bot.request import Request, State, Step

BEAT = 3.0  # seconds between two renewals of the lease
RAREST = 20  # beats between two redraws of a long run: they begin with each beat, and become rarer
PROBE_TIMEOUT = 10.0
FIRST_RETRY, LONGEST_RETRY = 1.0, 30.0  # seconds, doubling


@dataclass(frozen=True, slots=True)
class Runner:
    desk: Desk
    executors: Mapping[str, Executor]
    beat: float = BEAT

    async def run(self, parcel: Parcel) -> None:
        """Raises Paused where it must wait; the parcel is then taken again later."""
        request = await self._ours(parcel)
        await self.desk.store.done(parcel)
        if request is None or request.now_version.by_caller:
            return
        number = request.attempts[-1].number
        outcome = await self._execute(request, number)
        if outcome is not None:
            await self._finish(request, number, outcome)

    async def probe(self, parcel: Parcel) -> None:
        """Ask the target, by the key, what came of an unknown attempt."""
        request = await self.desk.open(parcel.request_id)
        if request.state is not State.UNKNOWN or request.now_version.action.probe is None:
            return
        version = request.now_version
        try:
            way = resolve(version.action.probe or {}, {**version.args, "key": request.key})
        except Refusal:
            return
        patience = min(PROBE_TIMEOUT, way.get("timeout", PROBE_TIMEOUT * 1000) / 1000)
        job = Job(request.id, version.number, 0, request.key, way, patience)
        said = await self.executors[way["kind"]].run(job, lambda _: None)
        outcome = Concealed.of(version).outcome(said)
        await settle.probed(self.desk, request.id, request.attempts[-1].number, outcome)

    async def _ours(self, parcel: Parcel) -> Request | None:
        number = parcel.data.get("attempt")
        if number is None:
            return await claim.claim(self.desk, parcel.request_id)
        request = await self.desk.open(parcel.request_id)
        if request.state is not State.EXECUTING or request.attempts[-1].number != number:
            return None
        if (await self.desk.store.moment()).paused:
            raise Paused("Signoff is paused; it is not tried again until an operator resumes it.")
        return request

    async def _execute(self, request: Request, number: int) -> Outcome | None:
        """The outcome, tried again with the same key only where the target is declared idempotent.

        Nothing is sent where the lease is over by then: the process stood still, and somebody else may be at it. None
        where nothing was sent at all.
        """
        way = request.now_version.way
        retries = int(way.get("max_retries", 3)) if way.get("idempotent") else 0
        hold, lost = _Hold(request.attempts[-1].lease_until), False
        outcome: Outcome | None = None
        beating = asyncio.create_task(self._beat(request, number, hold))
        try:
            for turn in range(retries + 1):
                if self.desk.clock() >= hold.until:
                    break
                outcome = machine.still_unknown(await self._once(request, number, hold), lost=lost)
                lost = lost or outcome.ending is Ending.UNKNOWN
                if not outcome.again or turn == retries:
                    break
                pause = outcome.retry_after if outcome.retry_after is not None else FIRST_RETRY * 2**turn
                await asyncio.sleep(min(pause, LONGEST_RETRY))
            return outcome
        finally:
            beating.cancel()
            await asyncio.wait({beating})

    async def _once(self, request: Request, number: int, hold: "_Hold") -> Outcome:
        """One try. The way is read from the approved bytes each time: no target can change it for those after it."""
        version = request.now_version
        way = digest.parse(version.snapshot)["way"]
        job = Job(request.id, version.number, number, request.key, way, version.action.timeout / 1000)
        concealed = Concealed.of(version)
        return concealed.outcome(await self.executors[way["kind"]].run(job, concealed.line(hold.say)))

    async def _beat(self, request: Request, number: int, hold: "_Hold") -> None:
        """Renew the lease as long as the attempt counts, and now and then show how far it is."""
        beats, shown_at = 0, 0
        while True:
            await asyncio.sleep(self.beat)
            beats += 1
            until = self.desk.clock() + machine.LEASE
            try:
                if not await self.desk.store.beat(request.id, number, until, hold.line):
                    hold.until = 0
                    return
                hold.until = until
                if beats - shown_at >= min(shown_at, RAREST):
                    await self.desk.store.put(effects.shows(request))
                    shown_at = beats
            except Exception:  # noqa: BLE001, S112 - the next beat renews it; where none can, the lease runs out
                continue

    async def _finish(self, request: Request, number: int, outcome: Outcome) -> None:
        """Where the outcome cannot be recorded the lease runs out, and it is unknown: never guessed."""

        def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
            current, *others = requests
            return machine.with_undone([machine.finished(current, number, outcome, moment)], others, moment)

        with suppress(WrongMoment):  # another attempt counts by now: this one came back from the dead
            await self.desk.store.transact(with_original(request), decide)


@dataclass(slots=True)
class _Hold:
    """What a run holds while it goes on: its lease, and the last line it said, capped."""

    until: int
    line: str = ""

    def say(self, line: str) -> None:
        self.line = line[:500]
