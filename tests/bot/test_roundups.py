"""Cards beyond a rate are listed together; what is listed is decided as any other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.moves import cancel, edit, look, submit, vote
from bot.request import Actor, Asker, EffectKind, Request
from bot.roundup import GATHERS, LIVES, MOST
from bot.route import Surface
from tests.bot.files import MONEY
from tests.bot.room import ANA, FAY, MINUTE, SECOND, WALT, Room, open_room

FEW = """
version: 1
slack: {channel: "#approvals", operators: [S0OPERATORS], cards: {per_minute: 3}}
people:
  finance: {user_groups: [S0FINANCE]}
  directors: {users: [U0DORA, U0DAN]}
  leads: {user_groups: [S0LEADS]}
limits: {requester: {open: 100, hour: 100}}
"""
ME, FINANCE = Actor("person", ANA, "command"), Actor("person", FAY, "review")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY, head=FEW) as opened:
        yield opened


async def asked(room: Room, count: int, since: int = 60) -> list[Request]:
    made = []
    for n in range(count):
        args = {"order": "ord_1", "amount": since + n}
        made.append(await submit.typed(room.desk, Asker(person=ANA), ME, "charge", args))
        await room.deliver(EffectKind.SHOW)
    await redrawn(room)
    return made


async def redrawn(room: Room) -> None:
    """Everything that is due is shown, and what changed within the last second too."""
    await room.deliver(EffectKind.SHOW)
    room.clock.now += GATHERS
    await room.deliver(EffectKind.SHOW)


def cards(room: Room) -> list[str]:
    return sorted(request for request, place, _, __ in room.wall.messages if place == "card")


def lists(room: Room) -> list[dict[str, str]]:
    return list(room.wall.roundups.values())


async def test_beyond_the_rate_they_are_listed(room: Room) -> None:
    made = await asked(room, 5)
    assert cards(room) == [each.id for each in made[:3]]
    assert lists(room) == [{"req-4 v1": "pending", "req-5 v1": "pending"}]


async def test_when_the_flood_ends_new_ones_have_cards_again(room: Room) -> None:
    await asked(room, 5)
    room.clock.now += MINUTE
    await asked(room, 1, 70)
    assert cards(room) == ["req-1", "req-2", "req-3", "req-6"]


async def test_a_critical_one_always_has_a_card(room: Room) -> None:
    await asked(room, 5)
    args = {"name": "acme"}
    critical = await submit.typed(room.desk, Asker(person=ANA), ME, "close", args)
    await redrawn(room)
    assert critical.id in cards(room)
    assert len(lists(room)[0]) == 2


async def test_a_list_is_redrawn_as_they_are_decided(room: Room) -> None:
    made = await asked(room, 6)
    await vote.approve(room.desk, FINANCE, made[3].id, 1, Surface.REVIEW)
    await vote.reject(room.desk, FINANCE, made[4].id, 1, "no")
    await cancel.cancel(room.desk, ME, made[5].id)
    await redrawn(room)
    assert lists(room) == [{"req-4 v1": "approved", "req-5 v1": "rejected", "req-6 v1": "cancelled"}]
    await room.deliver(EffectKind.RUN)
    await redrawn(room)
    assert lists(room)[0]["req-4 v1"] == "succeeded"
    assert cards(room) == ["req-1", "req-2", "req-3"]


async def test_many_changes_within_a_second_are_one_redraw(room: Room) -> None:
    made = await asked(room, 6)
    for request in made[3:]:
        await vote.reject(room.desk, FINANCE, request.id, 1, "no")
        await room.deliver(EffectKind.SHOW)
    room.clock.now += GATHERS - 1
    assert await room.deliver(EffectKind.SHOW) == 0
    room.clock.now += 1
    assert await room.deliver(EffectKind.SHOW) == 1


async def test_a_full_list_is_followed_by_another_one(room: Room) -> None:
    await asked(room, 3 + MOST + 2)
    assert [len(each) for each in lists(room)] == [MOST, 2]


async def test_an_old_list_takes_no_more(room: Room) -> None:
    await asked(room, 4)
    room.clock.now += LIVES
    await asked(room, 4, 70)
    assert [len(each) for each in lists(room)] == [1, 1]


async def test_an_edited_one_is_placed_anew(room: Room) -> None:
    """The list says that its version is superseded; the next version has a card of its own, where there is room."""
    made = await asked(room, 4)
    room.clock.now += MINUTE
    await edit.edit(room.desk, ME, made[3].id, 1, {"amount": 99})
    await redrawn(room)
    assert room.wall.messages["req-4", "card", 2, ""] == "pending"
    assert "req-4 v1" in lists(room)[0]


async def test_where_it_stands_is_kept_over_a_restart_and_beside_a_replica(room: Room, tmp_path: Path) -> None:
    made = await asked(room, 5)
    async with open_room(tmp_path, MONEY, beside=room) as other:
        await vote.reject(other.desk, FINANCE, made[4].id, 1, "no")
        await redrawn(other)
        assert lists(other) == [{"req-4 v1": "pending", "req-5 v1": "rejected"}]
        assert cards(other) == []
        await asked(other, 1, 70)
        assert lists(other) == [{"req-4 v1": "pending", "req-5 v1": "rejected", "req-6 v1": "pending"}]


async def test_placed_at_the_same_instant_no_more_have_cards_than_may(room: Room, tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY, beside=room) as other:
        for n in range(10):
            await submit.typed(room.desk, Asker(person=ANA), ME, "charge", {"order": "ord_1", "amount": 60 + n})
        parcels = await room.store.take(room.clock(), 120 * SECOND, 50, [EffectKind.SHOW])
        await asyncio.gather(*((room, other)[n % 2].deliverer.deliver(parcel) for n, parcel in enumerate(parcels)))
        await redrawn(room)
        assert len(cards(room)) + len(cards(other)) == 3
        assert sum(map(len, lists(room))) == 7


async def test_those_in_the_channel_of_a_list_may_look(room: Room) -> None:
    made = await asked(room, 4)
    room.people.channel = frozenset({WALT})
    assert (await look.look(room.desk, WALT, made[3].id)).id == made[3].id


async def test_what_nobody_is_asked_about_is_not_listed(room: Room) -> None:
    made = await asked(room, 5)
    assert (await room.store.placed(made[0].id, 1)) is not None
    allowed = await submit.typed(room.desk, Asker(person=ANA), ME, "charge", {"order": "ord_1", "amount": 10})
    await redrawn(room)
    assert await room.store.placed(allowed.id, 1) is None
