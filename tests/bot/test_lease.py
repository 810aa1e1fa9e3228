"""A run holds its lease, or sends nothing: whoever stood still past it may no longer be the one that counts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.moves import submit, tick, vote
from bot.outcome import Ending, Outcome
from bot.ports import Parcel
from bot.request import Actor, Asker, EffectKind, Request, State
from bot.route import Surface
from bot.run import Runner
from tests.bot.files import MONEY
from tests.bot.room import ANA, FAY, SECOND, Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY) as made:
        yield made


async def approved(room: Room, action: str, **args: Any) -> tuple[Request, Parcel]:
    """Approved, and the parcel that runs it."""
    ana, fay = Actor("person", ANA, "command"), Actor("person", FAY, "card")
    request = await submit.typed(room.desk, Asker(person=ANA), ana, action, args)
    request = await vote.approve(room.desk, fay, request.id, 1, Surface.CARD)
    (parcel,) = await room.store.take(room.clock(), 120_000, 1, [EffectKind.RUN])
    return request, parcel


class StandsStill:
    """The store, on a machine that sleeps for a while once the claim is kept."""

    def __init__(self, room: Room, asleep: int) -> None:
        self._room = room
        self._asleep = asleep

    def __getattr__(self, name: str) -> Any:
        return getattr(self._room.store, name)

    async def done(self, parcel: Parcel) -> None:
        await self._room.store.done(parcel)
        self._room.clock.now += self._asleep


def runner(room: Room, asleep: int) -> Runner:
    return replace(room.runner, desk=replace(room.desk, store=StandsStill(room, asleep)))


@pytest.mark.parametrize(("asleep", "calls"), [(29 * SECOND, 1), (30 * SECOND, 0), (3_600 * SECOND, 0)])
async def test_asleep_past_its_lease_it_sends_nothing(room: Room, asleep: int, calls: int) -> None:
    request, parcel = await approved(room, "refund", order="ord_1", amount=60)
    await runner(room, asleep).run(parcel)
    assert len(room.target.calls) == calls
    kept = await room.request(request.id)
    if calls:
        assert kept.state is State.SUCCEEDED
        return
    assert kept.state is State.EXECUTING
    await tick.tick(room.desk)
    assert (await room.request(request.id)).state is State.UNKNOWN
    assert room.target.calls == []


async def test_who_took_it_over_runs_it_and_the_sleeper_does_not(room: Room) -> None:
    """The target honours the key: the one that recovered it sends it again."""
    request, parcel = await approved(room, "charge", order="ord_1", amount=60)

    class TakenOver(StandsStill):
        async def done(self, parcel: Parcel) -> None:
            await super().done(parcel)
            await tick.tick(room.desk)
            await room.deliver(EffectKind.RUN)

    sleeper = replace(room.runner, desk=replace(room.desk, store=TakenOver(room, 31 * SECOND)))
    await sleeper.run(parcel)
    assert [job.attempt for job in room.target.calls] == [2]
    kept = await room.request(request.id)
    assert (kept.state, len(kept.attempts)) == (State.SUCCEEDED, 2)


async def test_an_outcome_that_comes_after_the_lease_changes_nothing(room: Room) -> None:
    request, parcel = await approved(room, "refund", order="ord_1", amount=60)

    class Slow:
        async def run(self, job: object, progress: object) -> Outcome:
            room.clock.now += 31 * SECOND
            await tick.tick(room.desk)
            return Outcome(Ending.SUCCEEDED, "done, at last")

    await replace(room.runner, executors={"http": Slow()}).run(parcel)
    kept = await room.request(request.id)
    assert kept.state is State.UNKNOWN
    assert kept.reason != "done, at last"


async def test_a_renewal_that_fails_does_not_take_the_outcome_with_it(room: Room) -> None:
    request, parcel = await approved(room, "refund", order="ord_1", amount=60)

    beats = asyncio.Semaphore(0)

    class Forgetful(StandsStill):
        async def beat(self, *_: object) -> bool:
            beats.release()
            raise OSError("the disk is away")

    class Patient:
        async def run(self, job: object, progress: object) -> Outcome:
            for _ in range(3):
                await beats.acquire()
            return Outcome(Ending.SUCCEEDED, "done")

    desk = replace(room.desk, store=Forgetful(room, 0))
    await Runner(desk, {"http": Patient()}, beat=0.001).run(parcel)
    assert (await room.request(request.id)).state is State.SUCCEEDED
