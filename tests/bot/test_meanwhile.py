"""What is true when a move is decided, not when its people were looked up or its target was asked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import Superseded, WrongMoment
from bot.moves import cancel, claim, edit, settle, submit, undo, vote
from bot.outcome import Job
from bot.request import Actor, Asker, EffectKind, Request, State
from bot.route import Surface
from tests.bot import room as rooms
from tests.bot.files import MONEY
from tests.bot.room import ANA, DONE, FAY, FRED, HEAD, LOST, OLGA, Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY) as made:
        yield made


def by(who: str) -> Actor:
    return Actor("person", who, "card")


async def approved(room: Room, action: str = "refund", **args: object) -> Request:
    given = {"order": "ord_1", "amount": 60} | args
    request = await submit.typed(room.desk, Asker(person=ANA), by(ANA), action, given)
    return await vote.approve(room.desk, by(FAY), request.id, 1, Surface.CARD)


async def test_a_click_while_a_new_version_comes_decides_nothing(room: Room) -> None:
    args = {"order": "ord_1", "amount": 60}
    request = await submit.typed(room.desk, Asker(person=ANA), by(ANA), "refund", args)
    room.people.meanwhile = lambda: edit.edit(room.desk, by(FRED), request.id, 1, {"amount": 61})
    with pytest.raises(Superseded):
        await vote.approve(room.desk, by(FAY), request.id, 1, Surface.CARD)
    after = await room.request(request.id)
    assert (after.state, after.now_version.number, after.votes) == (State.PENDING, 2, ())


async def test_a_vote_while_another_one_decides_comes_too_late(room: Room) -> None:
    args = {"order": "ord_1", "amount": 60}
    request = await submit.typed(room.desk, Asker(person=ANA), by(ANA), "refund", args)
    room.people.meanwhile = lambda: vote.reject(room.desk, by(FRED), request.id, 1, "no")
    with pytest.raises(WrongMoment):
        await vote.approve(room.desk, by(FAY), request.id, 1, Surface.CARD)
    assert (await room.request(request.id)).state is State.REJECTED


async def test_what_is_cancelled_while_it_is_asked_again_stays_cancelled(room: Room, tmp_path: Path) -> None:
    request = await approved(room)
    book = rooms.read_file(tmp_path, HEAD + MONEY.replace("Refund {amount} for", "Pay back {amount} for"))
    room.desk.in_force.catalogue, room.desk.in_force.policy = book.catalogue, book.policy
    room.people.meanwhile = lambda: cancel.cancel(room.desk, by(OLGA), request.id)
    assert await claim.claim(room.desk, request.id) is None
    assert (await room.request(request.id)).state is State.CANCELLED


async def test_what_another_replica_asks_again_is_asked_again_once(room: Room, tmp_path: Path) -> None:
    request = await approved(room)
    book = rooms.read_file(tmp_path, HEAD + MONEY.replace("Refund {amount} for", "Pay back {amount} for"))
    room.desk.in_force.catalogue, room.desk.in_force.policy = book.catalogue, book.policy
    async with open_room(tmp_path, MONEY, beside=room) as other:
        room.people.meanwhile = lambda: claim.claim(other.desk, request.id)
        assert await claim.claim(room.desk, request.id) is None
    after = await room.request(request.id)
    assert (after.state, after.now_version.number) == (State.PENDING, 2)


async def unknown(room: Room) -> Request:
    """A charge whose outcome nobody knows, and whose probe is about to be asked."""
    request = await approved(room, "charge")
    room.target.answers.append(LOST)
    await room.deliver(EffectKind.RUN)
    return await room.request(request.id)


@pytest.mark.parametrize(("says", "state"), [("not_done", State.FAILED), ("again", State.UNKNOWN)])
async def test_a_person_s_word_stands_against_a_probe_that_answers_later(room: Room, says: str, state: State) -> None:
    request = await unknown(room)

    async def meanwhile(job: Job) -> None:
        if job.attempt == 0:
            await settle.settle(room.desk, by(OLGA), request.id, 1, says, "I asked")

    room.target.sees = meanwhile
    room.target.answers.append(DONE)
    await room.deliver(EffectKind.PROBE)
    assert (await room.request(request.id)).state is state


async def test_a_probe_of_an_earlier_attempt_settles_nothing(room: Room) -> None:
    request = await unknown(room)
    await settle.probed(room.desk, request.id, 7, DONE)
    assert (await room.request(request.id)).state is State.UNKNOWN
    await settle.probed(room.desk, request.id, 1, DONE)
    assert (await room.request(request.id)).state is State.SUCCEEDED


async def test_two_undos_at_once_are_one(room: Room) -> None:
    request = await approved(room)
    await room.deliver(EffectKind.RUN)
    room.people.meanwhile = lambda: undo.undo(room.desk, by(FAY), request.id)
    with pytest.raises(WrongMoment, match="open already"):
        await undo.undo(room.desk, by(ANA), request.id)
    assert len(await room.store.recent(10)) == 2


async def test_two_that_ask_the_same_at_once_get_the_same(room: Room) -> None:
    args = {"order": "ord_1", "amount": 60}
    got: list[Request] = []

    async def ask() -> None:
        got.append(await submit.typed(room.desk, Asker(person=ANA), by(ANA), "refund", args))

    room.people.meanwhile = ask
    await ask()
    assert len({request.id for request in got}) == 1
    assert len(await room.store.recent(10)) == 1
