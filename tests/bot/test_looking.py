"""Who may look, what is revealed to whom, and what is noted of refusals."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import IsMaker, NotAMember, NotAnApprover, NotFound, Refusal, Superseded, WrongMoment
from bot.moves import edit, look, submit, tick, vote
from bot.request import Actor, Asker, EffectKind, Request
from bot.route import Surface
from tests.bot.files import MONEY
from tests.bot.room import (
    ANA,
    ART,
    DAN,
    DORA,
    FAY,
    FRED,
    GUS,
    MINUTE,
    OLGA,
    OWEN,
    T0,
    WALT,
    Room,
    open_room,
)

IBAN = "DE02-canary-0001"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY) as made:
        yield made


def by(who: str) -> Actor:
    return Actor("person", who, "card")


async def ask(room: Room, asker: Asker | None = None, action: str = "refund", **args: Any) -> Request:
    given = {"order": "ord_1", "amount": 60} | args if action == "refund" else args
    return await submit.typed(room.desk, asker or Asker(person=ANA), by(ANA), action, given)


async def sees(room: Room, who: str, request: Request) -> bool:
    try:
        return (await look.look(room.desk, who, request.id)).id == request.id
    except NotFound:
        return False


async def test_the_requester_s_side_those_asked_and_operators_see_it(room: Room) -> None:
    request = await ask(room, Asker(client="ci", owner=OWEN, acts_for=ANA))
    assert [who for who in (ANA, OWEN, FAY, FRED, OLGA) if not await sees(room, who, request)] == []


async def test_to_others_it_does_not_exist(room: Room) -> None:
    request = await ask(room)
    assert [who for who in (WALT, ART, OWEN) if await sees(room, who, request)] == []
    with pytest.raises(NotFound) as unseen:
        await look.look(room.desk, WALT, request.id)
    with pytest.raises(NotFound) as missing:
        await look.look(room.desk, WALT, "req-9999")
    assert unseen.value.text == missing.value.text


async def test_a_guest_sees_nothing_though_the_group_lists_them(room: Room) -> None:
    request = await ask(room)
    with pytest.raises(NotFound):
        await look.look(room.desk, GUS, request.id)


async def test_those_an_escalation_may_reach_see_it_when_it_has(room: Room) -> None:
    request = await ask(room)
    assert not await sees(room, DORA, request)
    room.clock.now += 15 * MINUTE
    await tick.tick(room.desk)
    assert await sees(room, DORA, request)


async def test_those_of_a_later_stage_see_it_when_it_is_theirs(room: Room) -> None:
    request = await ask(room, amount=5000)
    assert not await sees(room, DAN, request)
    for who in (FAY, FRED):
        await vote.approve(room.desk, by(who), request.id, 1, Surface.CARD)
    assert await sees(room, DAN, request)


async def test_who_voted_sees_it_though_they_have_left(room: Room) -> None:
    request = await ask(room)
    await vote.approve(room.desk, by(FAY), request.id, 1, Surface.CARD)
    room.people.take_out("S0FINANCE", FAY)
    room.people.take_out("S0FINANCE", FRED)
    assert await sees(room, FAY, request)
    assert not await sees(room, FRED, request)


async def test_live_members_of_the_channel_the_card_is_in_see_it(room: Room) -> None:
    request = await ask(room)
    room.people.channel = frozenset({WALT})
    assert not await sees(room, WALT, request), "the card is not posted yet"
    await room.deliver(EffectKind.SHOW)
    assert await sees(room, WALT, request)
    room.people.channel = frozenset()
    assert not await sees(room, WALT, request)


async def test_the_lists_hold_what_one_may_see_and_decide(room: Room) -> None:
    refund, payout = await ask(room), await ask(room, action="payout", to="bob", amount=60)
    allowed = await ask(room, amount=40)

    def ids(*requests: Request) -> set[str]:
        return {request.id for request in requests}

    assert {row.id for row in await look.visible(room.desk, FAY, 10)} == ids(refund, payout)
    assert {row.id for row in await look.visible(room.desk, OLGA, 10)} == ids(refund, payout, allowed)
    assert {row.id for row in await look.visible(room.desk, WALT, 10)} == set()
    assert {row.id for row in await look.mine(room.desk, ANA, 10)} == ids(refund, payout, allowed)
    assert {row.id for row in await look.waiting(room.desk, FAY, 10)} == ids(refund, payout)
    assert await look.waiting(room.desk, ANA, 10) == ()
    await vote.approve(room.desk, by(FAY), refund.id, 1, Surface.CARD)
    assert {row.id for row in await look.waiting(room.desk, FAY, 10)} == ids(payout)


async def test_a_sensitive_value_is_revealed_to_an_eligible_approver_and_that_is_an_event(room: Room) -> None:
    request = await ask(room, iban=IBAN)
    assert await look.reveal(room.desk, by(FAY), request.id, 1, "iban") == IBAN
    (event,) = [each for each in await room.events(request.id) if each["type"] == "reveal"]
    assert event["actor"] == {"kind": "person", "id": FAY, "via": "card"}
    assert (event["version"], event["digest"], event["detail"]) == (1, request.now_version.digest, {"name": "iban"})


@pytest.mark.parametrize(
    ("who", "why"),
    [(ANA, IsMaker), (WALT, NotAnApprover), (DORA, NotAnApprover), (OLGA, NotAnApprover), (GUS, NotAMember)],
)
async def test_to_nobody_else(room: Room, who: str, why: type[Refusal]) -> None:
    request = await ask(room, iban=IBAN)
    with pytest.raises(why):
        await look.reveal(room.desk, by(who), request.id, 1, "iban")
    assert not await look.may_reveal(room.desk, who, request)
    assert [each["type"] for each in await room.events(request.id)] == ["send", "refused"]


async def test_nothing_is_revealed_of_another_version_nor_when_it_is_decided(room: Room) -> None:
    request = await ask(room, iban=IBAN)
    assert await look.may_reveal(room.desk, FAY, request)
    edited = await edit.edit(room.desk, by(ANA), request.id, 1, {"amount": 61})
    with pytest.raises(Superseded):
        await look.reveal(room.desk, by(FAY), request.id, 1, "iban")
    with pytest.raises(NotFound):
        await look.reveal(room.desk, by(FAY), request.id, 2, "currency")
    decided = await vote.approve(room.desk, by(FAY), edited.id, 2, Surface.CARD)
    with pytest.raises(WrongMoment):
        await look.reveal(room.desk, by(FRED), request.id, 2, "iban")
    assert not await look.may_reveal(room.desk, FRED, decided)


async def test_a_sensitive_value_stays_out_of_headline_basis_and_events(room: Room) -> None:
    request = await ask(room, iban=IBAN)
    version = request.now_version
    assert IBAN not in version.headline
    assert IBAN not in json.dumps(dict(version.basis))
    assert IBAN not in json.dumps(await room.events(request.id))
    assert IBAN in version.snapshot.decode(), "it is what will run, so it is digested"


async def test_every_refusal_is_an_event_but_not_a_flood(room: Room) -> None:
    request = await ask(room)

    async def press(who: str) -> None:
        with pytest.raises(NotAnApprover):
            await vote.approve(room.desk, by(who), request.id, 1, Surface.CARD)

    async def refused() -> int:
        events = await room.events(request.id)
        assert {each["to"] for each in events if each["type"] == "refused"} == {None}
        return len(events) - 1

    for _ in range(5):
        await press(WALT)
    assert await refused() == 1
    await press(ART)
    assert await refused() == 2, "another person's is another one"
    room.clock.now = T0 + MINUTE - 1
    await press(WALT)
    assert await refused() == 2
    room.clock.now += 1
    await press(WALT)
    assert await refused() == 3


async def test_for_high_and_critical_nothing_is_taken_from_the_cache(room: Room) -> None:
    payout = await ask(room, action="payout", to="bob", amount=60)
    refund = await ask(room)
    room.people.asked.clear()
    await vote.approve(room.desk, by(FAY), refund.id, 1, Surface.CARD)
    assert {fresh for _, fresh in room.people.asked} == {False}
    room.people.asked.clear()
    await room.has_read(payout.id, FAY)
    await vote.approve(room.desk, by(FAY), payout.id, 1, Surface.REVIEW)
    assert {fresh for _, fresh in room.people.asked} == {True}
    room.people.asked.clear()
    await room.deliver(EffectKind.RUN)
    fresh = {what for what, fresh in room.people.asked if fresh}
    assert fresh == {FAY, "finance"}, "and once more at the claim, of those who approved"


async def test_a_hundred_who_may_not_change_nothing(room: Room) -> None:
    request = await ask(room)
    for number in range(100):
        with pytest.raises(NotAnApprover):
            await vote.approve(room.desk, by(f"U0CROWD{number}"), request.id, 1, Surface.TYPED)
    assert await room.request(request.id) == request
