"""Who is away: kept with its event, or not at all."""

from collections.abc import Sequence

import pytest

from bot.absence import Absence, Absences, Change
from bot.errors import WrongMoment
from bot.request import Actor, Effect, EffectKind, Event
from store import SqlStore
from tests.store.conftest import Database, Hand
from tests.store.values import NOW, submit

FAY = Actor("person", "U0FAY", "command")
GONE = Absence("U0FAY", NOW, NOW + 60_000, "U0FRED")


def change(absence: Absence | None, *effects: Effect) -> Change:
    event = Event("away" if absence else "back", "", FAY, NOW)
    return Change("U0FAY", absence, event, effects)


async def test_it_is_kept_replaced_and_taken_out(store: SqlStore) -> None:
    await store.change_absence(lambda _, __: [change(GONE)])
    assert await store.absences() == {"U0FAY": GONE}
    longer = Absence("U0FAY", NOW + 1, None, None)
    await store.change_absence(lambda _, __: [change(longer)])
    assert await store.absences() == {"U0FAY": longer}
    await store.change_absence(lambda _, __: [change(None)])
    assert await store.absences() == {}


async def test_it_outlives_the_process_with_its_event(database: Database) -> None:
    async with database.open() as store:
        await store.change_absence(
            lambda _, __: [change(GONE, Effect(EffectKind.TELL, "", "away/1", {"to": "U0FRED"}))]
        )
    async with database.open() as store, database.trail() as trail:
        assert await store.absences() == {"U0FAY": GONE}
        assert [parcel.data for parcel in await store.take(NOW, 1_000, 9, [EffectKind.TELL])] == [{"to": "U0FRED"}]
        (line,) = [line async for line in trail.export()]
        assert b'"type":"away"' in line


async def test_what_is_refused_leaves_nothing(store: SqlStore, database: Database) -> None:
    def refuses(stored: Absences, now: int) -> Sequence[Change]:
        assert (dict(stored), now) == ({}, NOW)
        raise WrongMoment("no")

    with pytest.raises(WrongMoment):
        await store.change_absence(refuses)
    assert await store.absences() == {}
    async with database.trail() as trail:
        assert await trail.head() == (0, "00" * 32)


async def test_its_end_wakes_as_anything_due_does(store: SqlStore, clock: Hand) -> None:
    await store.change_absence(lambda _, __: [change(GONE)])
    assert await store.next_wake() == await store.next_back() == NOW + 60_000
    clock.now += 60_000
    assert await store.absences() == {}  # over at its very time, before anybody takes it out
    seen: list[Absences] = []
    await store.change_absence(lambda stored, _: seen.append(stored) or [change(None)])  # type: ignore[func-returns-value]
    assert seen == [{"U0FAY": GONE}]
    assert await store.next_back() is None


async def test_what_waits_for_the_same_is_found_by_its_mark(store: SqlStore) -> None:
    for name in ("req_1", "req_2", "req_3"):
        await store.transact([], submit(name))
    mark = await store.next_mark("")
    assert mark is not None
    assert await store.next_mark(mark) is None
    first = await store.waiting_as(mark, None, 2)
    assert [each.id for each in first] == ["req_3", "req_2"]
    assert [each.id for each in await store.waiting_as(mark, first[-1].n, 2)] == ["req_1"]
