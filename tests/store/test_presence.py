"""What a process that died had under way is due at once, but only where no other process serves."""

import asyncio
from dataclasses import replace

from bot import machine
from bot.request import EffectKind, Request, State, Step
from store import SqlStore, open_store
from tests.store.conftest import Database, Hand
from tests.store.values import ACTION, CLAIM, KEY, approve, finish, on_one, submit, version

RECOVER = on_one(machine.recovered)


async def executing(store: SqlStore, request_id: str, **changes: object) -> Request:
    await store.transact([], submit(request_id, version(request_id, action=replace(ACTION, **changes))))
    await store.transact([request_id], approve())
    return (await store.transact([request_id], CLAIM))[0].request


async def test_alone_what_was_under_way_is_due_at_once(database: Database, clock: Hand) -> None:
    async with database.open() as store:
        await store.take_over()
        await executing(store, "req_a")
        taken = await store.take(clock.now, 120_000, 50, list(EffectKind))
        assert taken
        assert await store.take(clock.now, 120_000, 50, list(EffectKind)) == ()
    clock.now += 1_000
    async with database.open() as store:
        assert await store.due(clock.now, 10) == ()
        assert await store.take_over()
        assert await store.due(clock.now, 10) == ("req_a",)
        again = await store.take(clock.now, 120_000, 50, list(EffectKind))
        assert {parcel.id for parcel in again} == {parcel.id for parcel in taken}
        (step,) = await store.transact(["req_a"], RECOVER)
        assert step.request.state is State.UNKNOWN


async def test_beside_another_that_serves_leases_stand(database: Database, clock: Hand) -> None:
    async with database.open() as first:
        assert await first.take_over()
        await executing(first, "req_a")
        taken = await first.take(clock.now, 120_000, 50, list(EffectKind))
        async with database.open() as second:
            assert not await second.take_over()
            assert await second.due(clock.now, 10) == ()
            assert await second.take(clock.now, 120_000, 50, list(EffectKind)) == ()
        (step,) = await first.transact(["req_a"], finish())
        assert step.request.state is State.SUCCEEDED
        await first.done(taken[0])


async def test_the_second_takes_over_when_the_first_is_gone(database: Database, clock: Hand) -> None:
    async with database.open() as third:
        async with database.open() as first:
            await first.take_over()
            async with database.open() as second:
                assert not await second.take_over()
                assert not await third.take_over()
            assert not await third.take_over()
        assert await third.take_over()


async def test_of_many_that_begin_together_none_waits_forever(database: Database) -> None:
    async with database.open() as one, database.open() as two, database.open() as three:
        async with asyncio.timeout(10):
            alone = await asyncio.gather(one.take_over(), two.take_over(), three.take_over())
        assert any(alone)


async def test_what_a_caller_runs_goes_on(database: Database, clock: Hand) -> None:
    async with database.open() as store:
        await executing(store, "req_a", run={"kind": "caller"}, timeout=600_000)
        assert await store.take_over()
        assert await store.due(clock.now, 10) == ()
        assert await store.due(clock.now + 600_000, 10) == ("req_a",)


async def test_a_lease_that_ran_out_is_not_made_longer(database: Database, clock: Hand) -> None:
    async with database.open() as store:
        made = await executing(store, "req_a")
        clock.now += 3_600_000
        await store.take_over()
        kept = await store.load("req_a")
        assert kept is not None
        assert kept.attempts == made.attempts


async def test_the_steps_of_each_commit_are_told_once_they_are_durable(database: Database) -> None:
    told: list[tuple[Step, ...]] = []
    async with open_store(
        database.url, key=KEY, clock=database.clock, committed=lambda s: told.append(tuple(s))
    ) as store:
        made = await store.transact([], submit("req_a"))
        assert told == [made]

        def refused(*_: object) -> list[Step]:
            raise ValueError("no")

        try:
            await store.transact(["req_a"], refused)
        except ValueError:
            assert told == [made]
        await store.transact(["req_a"], lambda *_: [])
        assert told == [made]
