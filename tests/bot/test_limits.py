"""How much one may ask for, and that the same is asked for once: however many ask at the same instant."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Joined, TooMany
from bot.moves import cancel, draft, edit, submit, undo, vote
from bot.request import Actor, Asker, Draft, EffectKind, Plan, Request, State
from bot.route import Surface
from tests.bot.files import MONEY
from tests.bot.play import play, scenes
from tests.bot.room import ANA, ART, FAY, HEAD, HOUR, MINUTE, OWEN, Room, open_room

LIMITED = """
identities: []
limits:
  requester: {open: 2, hour: 4}
  client: {open: 3, hour: 5}
  actions: {payout: {open: 1, hour: 2}}
"""
ME, FINANCE = Actor("person", ANA, "command"), Actor("person", FAY, "card")
MYSELF, CI = Asker(person=ANA), Asker(client="ci", owner=OWEN, acts_for=ANA)
SURE = Plan("model", 0.99)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY, head=HEAD + LIMITED) as opened:
        yield opened


async def asks(room: Room, amount: float, asker: Asker = MYSELF, action: str = "charge") -> Request:
    key = "to" if action == "payout" else "order"
    return await submit.typed(room.desk, asker, ME, action, {key: "ord_1", "amount": amount})


async def says(room: Room, words: str, *drafts: Draft) -> Request:
    room.reader.drafts[words] = drafts
    return await submit.words(room.desk, MYSELF, ME, words)


async def reads(room: Room, words: str, *drafts: Draft) -> Request:
    request = await says(room, words, *drafts)
    await room.deliver(EffectKind.PLAN)
    return await room.request(request.id)


def understood(amount: float, confidence: float = 0.99) -> Draft:
    return Draft("ready", "charge", {"order": "ord_1", "amount": amount}, replace(SURE, confidence=confidence))


@pytest.mark.parametrize(
    "rows",
    scenes("""
what is open is limited, and what is decided makes room
    ana asks charge order=ord_1 amount=60     → pending
    ana asks charge order=ord_1 amount=61     → pending
    ana asks charge order=ord_1 amount=62     → refused too_many
    art asks charge order=ord_1 amount=62     → pending
    request 1                                 →
    fay rejects because no                    → rejected
    ana asks charge order=ord_1 amount=62     → pending
what is cancelled makes room, and still counts for the hour
    ana asks charge order=ord_1 amount=60     → pending
    ana cancels                               → cancelled
    ana asks charge order=ord_1 amount=61     → pending
    ana cancels                               → cancelled
    ana asks charge order=ord_1 amount=62     → pending
    ana cancels                               → cancelled
    ana asks charge order=ord_1 amount=63     → pending
    ana cancels                               → cancelled
    ana asks charge order=ord_1 amount=64     → refused too_many
    +59m                                      →
    ana asks charge order=ord_1 amount=64     → refused too_many
    +1m                                       →
    ana asks charge order=ord_1 amount=64     → pending
what was approved and not yet run is open
    ana asks charge order=ord_1 amount=60     → pending
    fay approves                              → approved
    ana asks charge order=ord_1 amount=61     → pending
    ana asks charge order=ord_1 amount=62     → refused too_many
    request 1                                 →
    it runs                                   → succeeded
    ana asks charge order=ord_1 amount=62     → pending
what is allowed and done is not open, but is counted within the hour
    ana asks charge order=ord_1 amount=10     → approved
    it runs                                   → succeeded
    ana asks charge order=ord_1 amount=11     → approved
    it runs                                   → succeeded
    ana asks charge order=ord_1 amount=12     → approved
    it runs                                   → succeeded
    ana asks charge order=ord_1 amount=13     → approved
    it runs                                   → succeeded
    ana asks charge order=ord_1 amount=14     → refused too_many
what the policy denies counts within the hour
    ana asks refund order=ord_1 amount=60000  → refused denied
    ana asks refund order=ord_1 amount=60001  → refused denied
    ana asks refund order=ord_1 amount=60002  → refused denied
    ana asks refund order=ord_1 amount=60003  → refused denied
    ana asks refund order=ord_1 amount=60     → refused too_many
an action with limits of its own is counted by itself
    ana asks charge order=ord_1 amount=60     → pending
    ana asks payout to=bob amount=60          → pending
    ana asks payout to=eve amount=60          → refused too_many
    ana asks charge order=ord_1 amount=61     → pending
    ana asks charge order=ord_1 amount=62     → refused too_many
a client is counted by itself, whoever it acts for
    agent asks charge order=ord_1 amount=60   → pending
    agent asks charge order=ord_1 amount=61   → pending
    agent asks charge order=ord_1 amount=62   → pending
    agent asks charge order=ord_1 amount=63   → refused too_many
    robot asks charge order=ord_1 amount=63   → pending
    ana asks charge order=ord_1 amount=60     → pending
two accounts of one person are counted as one
    ana asks charge order=ord_1 amount=60     → pending
    art asks charge order=ord_1 amount=61     → pending
    art asks charge order=ord_1 amount=62     → pending
    file "identities: []" "identities: [[U0ANA, U0ART]]" →
    ana asks charge order=ord_1 amount=63     → refused too_many
the same is no second one, even beyond a limit
    ana asks charge order=ord_1 amount=60     → pending id=1
    ana asks charge order=ord_1 amount=61     → pending
    ana asks charge order=ord_1 amount=60     → pending id=1
an operator pauses whatever they have asked for
    olga asks charge order=ord_1 amount=60    → pending
    olga asks charge order=ord_1 amount=61    → pending
    olga asks charge order=ord_1 amount=62    → refused too_many
    olga pauses                               →
    olga resumes                              →
an edit is no new request
    ana asks charge order=ord_1 amount=60     → pending
    ana asks charge order=ord_1 amount=61     → pending
    ana edits amount=70                       → pending version=2
    ana edits amount=60                       → refused joined
a change of the file counts at once
    ana asks charge order=ord_1 amount=60     → pending
    ana asks charge order=ord_1 amount=61     → pending
    ana asks charge order=ord_1 amount=62     → refused too_many
    file "requester: {open: 2" "requester: {open: 3" →
    ana asks charge order=ord_1 amount=62     → pending
"""),
)
async def test_limits(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, LIMITED + MONEY, rows)


async def test_it_says_which_limit_and_when_there_is_room(room: Room) -> None:
    for amount in (60, 61):
        await asks(room, amount)
    room.clock.now += 20 * MINUTE
    with pytest.raises(TooMany) as refused:
        await asks(room, 62)
    assert refused.value.text == (
        "You have 2 requests open, and no more than 2 may be (limits.requester.open of signoff.yaml). There is room "
        "again when one of them is decided or cancelled, at the latest in 3 h 40 min."
    )
    assert refused.value.retry_at == room.clock() + 3 * HOUR + 40 * MINUTE


async def test_of_the_hour_it_says_when_the_first_is_an_hour_old(room: Room) -> None:
    for amount in (60, 61, 62, 63):
        await cancel.cancel(room.desk, ME, (await asks(room, amount)).id)
        room.clock.now += 10 * MINUTE
    with pytest.raises(TooMany) as refused:
        await asks(room, 64)
    assert refused.value.text == (
        "You have asked for 4 within the last hour, and no more than 4 may be (limits.requester.hour of signoff.yaml). "
        "There is room again in 20 min."
    )
    assert refused.value.retry_at is not None
    room.clock.now = refused.value.retry_at - 1
    with pytest.raises(TooMany):
        await asks(room, 64)
    room.clock.now += 1
    await asks(room, 64)


async def test_of_a_client_its_name_is_said(room: Room) -> None:
    for amount in (60, 61, 62):
        await asks(room, amount, CI)
    with pytest.raises(TooMany, match=r"^The client ci has 3 requests open, .* \(limits\.client\.open of"):
        await asks(room, 63, CI)


async def test_many_at_once_do_not_pass_a_limit(room: Room, tmp_path: Path) -> None:
    """Ten at the same instant, half of them through another replica."""
    async with open_room(tmp_path, MONEY, beside=room) as other:
        tried = [asks(room if n % 2 else other, 60 + n) for n in range(10)]
        got = await asyncio.gather(*tried, return_exceptions=True)
    assert sum(isinstance(each, Request) for each in got) == 2
    assert sum(isinstance(each, TooMany) for each in got) == 8
    assert len(await room.store.recent(20)) == 2


async def test_the_same_asked_by_many_at_once_is_one(room: Room, tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY, beside=room) as other:
        got = await asyncio.gather(*(asks(room if n % 2 else other, 60) for n in range(8)))
    assert len({request.id for request in got}) == 1
    assert len(await room.store.recent(20)) == 1
    events = [event["type"] for event in await room.events(got[0].id)]
    assert events.count("send") == 1
    assert 1 <= events.count("refused") <= 2  # joined: once a minute for each process, however often they ask


async def test_whoever_asks_again_hears_that_it_is_the_same(room: Room) -> None:
    first = await submit.ask(room.desk, MYSELF, ME, "charge", {"order": "ord_1", "amount": 60})
    again = await submit.ask(room.desk, MYSELF, ME, "charge", {"amount": 60, "order": "ord_1"})
    assert (first.joined, again.joined, again.request) == (False, True, first.request)


async def test_a_draft_sent_and_a_command_at_once_are_one(room: Room) -> None:
    """Each looks people up first: neither sees the other's until both save."""
    request = await reads(room, "charge it", understood(60, 0.5))
    assert request.state is State.DRAFTING
    room.people.meanwhile = lambda: asks(room, 60)
    with pytest.raises(Joined, match="You have asked for exactly this already: req-2 still waits for approval"):
        await draft.send(room.desk, ME, request.id)
    assert (await room.request(request.id)).state is State.DRAFTING
    assert len(await room.store.recent(20)) == 1
    await cancel.cancel(room.desk, ME, "req-2")
    assert (await draft.send(room.desk, ME, request.id)).state is State.PENDING  # it is no longer open


async def test_two_drafts_of_the_same_sent_at_once_are_one(room: Room) -> None:
    one, two = [await reads(room, words, understood(60, 0.5)) for words in ("charge it", "charge it please")]
    got = await asyncio.gather(*(draft.send(room.desk, ME, each.id) for each in (one, two)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in got) == ["Joined", "Request"]
    assert len(await room.store.recent(20)) == 1


async def test_words_and_a_command_at_once_are_one(room: Room) -> None:
    """While the words are read the very same is typed: they stay a draft, which says what is open already."""
    room.reader.meanwhile = lambda: asks(room, 60)
    request = await reads(room, "charge it", understood(60))
    assert request.state is State.DRAFTING
    assert request.draft is not None
    assert request.draft.note.startswith("You have asked for exactly this already: req-2")
    assert len(await room.store.recent(20)) == 1


async def test_the_same_words_while_they_are_read_are_read_once(room: Room) -> None:
    got = await asyncio.gather(*(says(room, "charge it", understood(60)) for _ in range(5)))
    assert len({request.id for request in got}) == 1
    assert await room.deliver(EffectKind.PLAN) == 1
    later = await says(room, "charge it", understood(60))
    assert later.id != got[0].id  # they were read: it may be meant again


async def test_words_are_limited_by_the_hour_before_anybody_reads_them(room: Room) -> None:
    for n in range(4):
        await cancel.cancel(room.desk, ME, (await says(room, f"charge {n}", understood(60 + n))).id)
    with pytest.raises(TooMany, match=r"limits\.requester\.hour"):
        await says(room, "charge it", understood(60))
    await submit.words(room.desk, Asker(person=ART), ME, "charge 1")


async def test_drafts_ask_nobody_and_do_not_count_as_open(room: Room) -> None:
    for n in range(3):
        assert (await reads(room, f"charge {n}", understood(60 + n, 0.5))).state is State.DRAFTING
    await asks(room, 70)


async def test_words_wait_where_too_much_is_open(room: Room) -> None:
    """The draft says so, an event too; it can be sent when there is room again."""
    first = await asks(room, 60)
    request = await reads(room, "both", understood(61), understood(62))
    assert request.state is State.PENDING
    (other,) = [row for row in await room.store.of_asker(ANA, 10) if row.state is State.DRAFTING]
    waits = await room.request(other.id)
    assert waits.draft is not None
    assert waits.draft.note.startswith("You have 2 requests open")
    details = [event["detail"] for event in await room.events(other.id) if event["type"] == "refused"]
    assert details == [{"code": "too_many"}]
    with pytest.raises(TooMany):
        await draft.send(room.desk, ME, other.id)
    await cancel.cancel(room.desk, ME, first.id)
    assert (await draft.send(room.desk, ME, other.id)).state is State.PENDING


async def test_a_draft_is_counted_once_when_it_is_sent(room: Room) -> None:
    for n in range(3):
        await cancel.cancel(room.desk, ME, (await asks(room, 60 + n)).id)
    request = await reads(room, "charge it", understood(70, 0.5))  # the fourth of four
    assert (await draft.send(room.desk, ME, request.id)).state is State.PENDING


async def test_words_are_read_again_only_so_often(room: Room) -> None:
    request = await reads(room, "charge it", understood(60, 0.5))
    for _ in range(4):
        await draft.regenerate(room.desk, ME, request.id)
        await room.deliver(EffectKind.PLAN)
    with pytest.raises(TooMany, match="These words were read 5 times"):
        await draft.regenerate(room.desk, ME, request.id)
    await draft.change(room.desk, ME, request.id, "charge", {"order": "ord_1", "amount": 61})
    with pytest.raises(TooMany):
        await draft.regenerate(room.desk, ME, request.id)


async def test_an_undo_is_a_request_as_any(room: Room) -> None:
    done = await submit.typed(room.desk, MYSELF, ME, "refund", {"order": "ord_1", "amount": 60})
    await vote.approve(room.desk, FINANCE, done.id, 1, Surface.CARD)
    await room.deliver(EffectKind.RUN)
    for amount in (60, 61):
        await asks(room, amount)
    with pytest.raises(TooMany):
        await undo.undo(room.desk, ME, done.id)
    assert (await room.request(done.id)).undone_by is None


async def test_an_edit_never_makes_two_of_the_same(room: Room) -> None:
    await asks(room, 60)
    other = await asks(room, 61)
    with pytest.raises(Joined, match=r"It would be the same as req-1, which is open already\. Nothing is changed"):
        await edit.edit(room.desk, ME, other.id, 1, {"amount": 60})
    assert (await room.request(other.id)).now_version.number == 1


async def test_a_refusal_is_an_event_once_a_minute(room: Room) -> None:
    for amount in (60, 61):
        await asks(room, amount)
    for _ in range(5):
        with pytest.raises(TooMany) as refused:
            await asks(room, 62)
        await room.desk.note(refused.value, "", ME)
    noted = [event for event in await room.events("") if event["type"] == "refused"]
    assert [event["detail"] for event in noted] == [{"code": "too_many"}]
