"""A request that was read is not made of its rows again while it waits for people, and never is an old one for it."""

import sqlite3

import pytest

from bot.errors import WrongMoment
from bot.ports import Moment
from bot.request import Request, State, Step
from store import SqlStore, StoreError
from tests.store.conftest import Database
from tests.store.values import BOB, CAROL, approve, route, submit, version

TWO = version("req_1", by=route(approvals=2))


async def read(store: SqlStore) -> Request:
    found = await store.load("req_1")
    assert found is not None
    return found


async def test_it_is_the_same_value_until_it_moves(store: SqlStore) -> None:
    await store.transact([], submit("req_1", TWO))
    first = await read(store)
    assert await read(store) is first
    await store.transact(["req_1"], approve(BOB))
    assert [vote.person for vote in (await read(store)).votes] == [BOB]


async def test_what_another_process_moves_is_seen_by_the_next_look_and_the_next_move(database: Database) -> None:
    async with database.open() as here, database.open() as there:
        await here.transact([], submit("req_1", TWO))
        await read(here)
        await there.transact(["req_1"], approve(BOB))
        assert [vote.person for vote in (await read(here)).votes] == [BOB]
        (voted,) = await here.transact(["req_1"], approve(CAROL))
        assert [vote.person for vote in voted.request.votes] == [BOB, CAROL]


async def test_a_move_that_came_to_nothing_leaves_nothing_to_read(store: SqlStore) -> None:
    """Its revision comes again, with another vote."""
    await store.transact([], submit("req_1", TWO))

    def fails(requests: tuple[Request, ...], moment: Moment) -> list[Step]:
        approve(BOB)(requests, moment)
        raise WrongMoment("the disk was full")

    with pytest.raises(WrongMoment):
        await store.transact(["req_1"], fails)
    await store.transact(["req_1"], approve(CAROL))
    assert [vote.person for vote in (await read(store)).votes] == [CAROL]


async def test_what_is_approved_is_read_from_its_bytes_each_time(store: SqlStore, database: Database) -> None:
    await store.transact([], submit("req_1"))
    await read(store)
    await store.transact(["req_1"], approve(BOB))
    assert (await read(store)).state is State.APPROVED
    with sqlite3.connect(database.file) as raw:
        raw.execute("UPDATE versions SET snapshot = salt")
    with pytest.raises(StoreError, match="changed in the database"):
        await read(store)
