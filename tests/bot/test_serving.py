"""A lane goes on whatever the database or a delivery does, and ends what has begun when it is told to stop."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import deliver
from bot.errors import NotRecorded
from bot.moves import submit
from bot.ports import Parcel
from bot.request import Actor, Asker, EffectKind, Request
from tests.bot.files import MONEY
from tests.bot.room import ANA, Room, Wall, open_room

KINDS = (EffectKind.SHOW, EffectKind.TELL)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY) as made:
        yield made


class Troubled:
    """The store, some of whose answers fail first."""

    def __init__(self, room: Room, **failures: int) -> None:
        self._room = room
        self._failures = failures

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._room.store, name)
        if not self._failures.get(name):
            return real

        async def fails(*_: object, **__: object) -> object:
            self._failures[name] -= 1
            raise NotRecorded("another program is holding the database")

        return fails


async def asked(room: Room) -> Request:
    return await submit.typed(
        room.desk, Asker(person=ANA), Actor("person", ANA, "command"), "refund", {"order": "ord_1", "amount": 60}
    )


async def shown(room: Room) -> None:
    """When both of its messages stand."""
    async with asyncio.timeout(10):
        while len(room.wall.messages) < 2:
            await room.store.stirred(0.05)


@pytest.mark.parametrize("name", ["take", "next_due"])
async def test_a_database_that_does_not_answer_only_delays(
    room: Room, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "TROUBLED", 0.01)
    told: list[tuple[Parcel | None, BaseException]] = []
    desk = replace(room.desk, store=Troubled(room, **{name: 3}))
    lane = replace(room.deliverer, desk=desk, report=lambda parcel, error: told.append((parcel, error)))
    stopping = asyncio.Event()
    serving = asyncio.create_task(lane.serve(KINDS, 4, stopping, 1.0))
    async with asyncio.timeout(10):
        while len(told) < 3:
            await room.store.stirred(0.05)
    await asked(room)
    await shown(room)
    stopping.set()
    await serving
    assert [parcel for parcel, _ in told] == [None] * 3


async def test_a_delivery_that_cannot_even_be_put_back_comes_again_when_its_lease_ends(room: Room) -> None:
    await asked(room)
    told: list[BaseException] = []
    desk = replace(room.desk, store=Troubled(room, load=1, postpone=1))
    lane = replace(room.deliverer, desk=desk, report=lambda _, error: told.append(error))
    (parcel,) = await room.store.take(room.clock(), deliver.LEASE, 1, [EffectKind.SHOW])
    await lane.deliver(parcel)
    assert len(told) == 2  # that it failed, and that this could not be noted
    assert await room.store.next_due([EffectKind.SHOW]) is not None
    room.clock.now += deliver.LEASE
    await room.deliver(*KINDS)
    assert len(room.wall.messages) == 2


async def test_told_to_stop_it_ends_what_has_begun_and_begins_no_more(room: Room) -> None:
    stopping, gate, begun = asyncio.Event(), asyncio.Event(), asyncio.Semaphore(0)

    class Slow(Wall):
        async def show(self, request: Request, message: Any) -> None:
            begun.release()
            await gate.wait()
            await room.wall.show(request, message)

    lane = replace(room.deliverer, channel=Slow(room.store))
    serving = asyncio.create_task(lane.serve(KINDS, 1, stopping, 5.0))
    await asked(room)
    await begun.acquire()
    stopping.set()
    gate.set()
    await serving
    assert len(room.wall.messages) == 1
    assert await room.deliver(*KINDS) == 1


async def test_the_last_to_stop_still_begins_what_is_due(room: Room) -> None:
    await asked(room)
    stopping = asyncio.Event()
    stopping.set()
    await room.deliverer.serve(KINDS, 4, stopping, 5.0, last=True)
    assert len(room.wall.messages) == 2
