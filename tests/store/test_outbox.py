"""What is to be done outside: leased, done, put back, and never twice at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.ports import Moment, Parcel
from bot.request import BOT, Effect, EffectKind, Event, Request, Step
from store import SqlStore
from tests.store.conftest import Database, Hand
from tests.store.values import NOW, approve, blank, submit

SHOW, TELL, RUN, PLAN = EffectKind.SHOW, EffectKind.TELL, EffectKind.RUN, EffectKind.PLAN
EVERY_KIND = list(EffectKind)


def effect(key: str, kind: EffectKind = TELL, after: int = 0, **data: Any) -> Effect:
    return Effect(kind, "req_1", key, data, after)


async def taken(store: SqlStore, clock: Hand, limit: int = 99, kinds: Sequence[EffectKind] = EVERY_KIND) -> list[str]:
    return [parcel.key for parcel in await store.take(clock.now, 1_000, limit, kinds)]


async def one(store: SqlStore, clock: Hand) -> Parcel:
    (parcel,) = await store.take(clock.now, 1_000, 99, EVERY_KIND)
    return parcel


async def test_the_effects_of_a_move_are_there_once_it_is_committed(store: SqlStore, clock: Hand) -> None:
    await store.transact([], submit("req_1"))
    keys = await taken(store, clock)
    assert keys == ["mine", "card/1"]
    await store.transact(["req_1"], approve())
    parcels = await store.take(clock.now, 1_000, 9, [TELL, RUN])
    assert [(parcel.kind, parcel.key) for parcel in parcels] == [(TELL, "thread/2"), (RUN, "run/2")]
    assert parcels[0].data["event"]["detail"]["approve"] is True


async def test_a_parcel_is_leased_once_and_comes_back_when_the_lease_ends(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("a")])
    first = await one(store, clock)
    assert first == Parcel(first.id, TELL, "req_1", "a", {}, 0, NOW + 1_000)
    clock.now += 999
    assert await taken(store, clock) == []
    clock.now += 1
    second = await one(store, clock)
    assert (second.id, second.tries, second.lease_until) == (first.id, 0, NOW + 2_000)


async def test_what_is_done_is_gone(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("a")])
    await store.done(await one(store, clock))
    clock.now += 100_000
    assert await taken(store, clock) == []
    assert await store.next_due(EVERY_KIND) is None


async def test_a_worker_whose_lease_ran_out_ends_nothing(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("a")])
    late = await one(store, clock)
    clock.now += 1_000
    await one(store, clock)  # another worker has it now
    await store.done(late)
    await store.postpone(late, NOW, "I failed")
    assert await taken(store, clock) == []  # still under the other's lease
    clock.now += 1_000
    parcel = await one(store, clock)
    assert (parcel.key, parcel.tries) == ("a", 0)


async def test_what_failed_comes_back_later_and_knows_how_often(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("a")])
    await store.postpone(await one(store, clock), NOW + 500, "503")
    assert await taken(store, clock) == []
    assert await store.next_due([TELL]) == NOW + 500
    assert await store.next_due([RUN]) is None
    clock.now += 500
    parcel = await one(store, clock)
    assert parcel.tries == 1
    await store.postpone(parcel, NOW + 600, "paused", failed=False)
    clock.now += 100
    assert (await one(store, clock)).tries == 1


async def test_an_effect_is_not_begun_before_its_time(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("a", after=NOW + 10)])
    assert await taken(store, clock) == []
    clock.now += 10
    assert await taken(store, clock) == ["a"]


async def test_the_longest_due_goes_first_over_all_kinds_asked_for(store: SqlStore, clock: Hand) -> None:
    kinds = (TELL, PLAN, TELL, RUN, PLAN)
    for n, kind in enumerate(kinds):
        clock.now += 1
        await store.put([effect(f"{n}", kind)])
    assert await taken(store, clock, limit=2, kinds=[PLAN, TELL]) == ["0", "1"]
    assert await taken(store, clock, kinds=[PLAN, TELL]) == ["2", "4"]
    assert await taken(store, clock, kinds=[RUN]) == ["3"]


async def test_many_workers_never_share_a_parcel(store: SqlStore, clock: Hand) -> None:
    await store.put([effect(f"{n}") for n in range(100)])
    takes = await asyncio.gather(*(store.take(clock.now, 1_000, 7, EVERY_KIND) for _ in range(40)))
    keys = [parcel.key for parcels in takes for parcel in parcels]
    assert sorted(keys) == sorted(f"{n}" for n in range(100))


async def test_a_move_made_again_makes_no_second_effect(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("a", RUN, attempt=1)])
    await store.put([effect("a", RUN, attempt=2)])
    parcel = await one(store, clock)
    assert parcel.data == {"attempt": 1}
    await store.put([effect("a", RUN, attempt=3)])  # while it is being done
    await store.done(parcel)
    assert await taken(store, clock) == []


async def test_redraws_of_one_message_that_wait_are_one(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("card/1", SHOW, n=1), effect("card/2", SHOW)])
    await store.put([effect("card/1", SHOW, n=2)])
    await store.put([effect("card/1", SHOW, n=3), effect("card/1", TELL)])
    parcels = await store.take(clock.now, 1_000, 9, [SHOW])
    assert [(parcel.key, dict(parcel.data)) for parcel in parcels] == [("card/1", {"n": 3}), ("card/2", {})]


async def test_a_redraw_wanted_while_one_is_drawn_follows_it(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("card/1", SHOW, n=1)])
    drawing = await one(store, clock)
    await store.put([effect("card/1", SHOW, n=2)])
    await store.put([effect("card/1", SHOW, n=3)])
    assert await taken(store, clock) == []  # never two at once
    seen = store.stirs
    await store.done(drawing)
    assert store.stirs > seen  # whoever waits for work hears of it
    again = await one(store, clock)
    assert (again.data, again.tries) == ({"n": 3}, 0)
    await store.done(again)
    clock.now += 100_000
    assert await taken(store, clock) == []


async def test_a_redraw_wanted_during_a_lease_that_ran_out_is_drawn_once(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("card/1", SHOW)])
    await one(store, clock)  # its worker died
    await store.put([effect("card/1", SHOW)])
    clock.now += 1_000
    await store.done(await one(store, clock))
    clock.now += 100_000
    assert await taken(store, clock) == []


async def test_a_redraw_waits_as_long_as_slack_said(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("card/1", SHOW)])
    await store.postpone(await one(store, clock), NOW + 30_000, "429")
    await store.put([effect("card/1", SHOW)])
    assert await taken(store, clock) == []
    clock.now += 30_000
    assert await taken(store, clock) == ["card/1"]


async def test_a_redraw_at_once_brings_a_later_one_forward(store: SqlStore, clock: Hand) -> None:
    await store.put([effect("card/1", SHOW, after=NOW + 10_000)])
    await store.put([effect("card/1", SHOW)])
    assert await taken(store, clock) == ["card/1"]


async def test_an_effect_may_belong_to_no_request(store: SqlStore, clock: Hand) -> None:
    await store.put([Effect(SHOW, "", "home/U0BOB")])
    assert (await one(store, clock)).request_id == ""


async def test_effects_of_a_move_that_is_refused_never_were(store: SqlStore, clock: Hand) -> None:
    def refused(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        first = Step(blank("req_1"), (Event("draft", "req_1", BOT, NOW),), (effect("a", RUN),))
        return [first, Step(blank("req_2", revision=3), ())]

    with pytest.raises(Exception, match="without being loaded"):
        await store.transact([], refused)
    assert await taken(store, clock) == []


async def test_parcels_survive_a_restart_with_their_leases(database: Database, clock: Hand) -> None:
    async with database.open() as store:
        await store.put([effect("a"), effect("b")])
        await store.take(clock.now, 1_000, 1, EVERY_KIND)
    async with database.open() as store:
        assert await taken(store, clock) == ["b"]
        clock.now += 1_000
        assert sorted(await taken(store, clock)) == ["a", "b"]
