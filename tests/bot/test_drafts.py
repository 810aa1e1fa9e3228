"""From words to a request: what is sent by itself, and what waits for Send."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import BadInput, Denied, Joined, NotAMember, NotRequester, Problem, Refusal, TooLate, WrongMoment
from bot.moves import cancel, draft, edit, look, submit, tick, vote
from bot.request import Actor, Asker, Draft, EffectKind, Plan, Request, State
from bot.route import Surface
from tests.bot.files import MONEY
from tests.bot.room import ANA, ART, FAY, GUS, HOUR, OLGA, T0, Room, open_room

WORDS = "refund ord_1, sixty, the parcel never came"
SURE = Plan("model", 0.97, steps=("refund it",), impact="60 go back")
ASKS = Draft("ready", "refund", {"order": "ord_1", "amount": 60}, SURE)
ALLOWED = replace(ASKS, args={"order": "ord_1", "amount": 40})
ME = Actor("person", ANA, "command")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY) as made:
        yield made


async def say(room: Room, *understood: Draft, words: str = WORDS, who: str = ANA) -> Request:
    """Words, and what the planner makes of them when it is their turn."""
    room.reader.drafts[words] = understood
    return await submit.words(room.desk, Asker(person=who), Actor("person", who, "command"), words)


async def read(room: Room, request: Request) -> Request:
    await room.deliver(EffectKind.PLAN)
    return await room.request(request.id)


async def test_words_are_stored_before_anything_else_happens(room: Room) -> None:
    made = await say(room, ASKS)
    stored = await room.request(made.id)
    assert (stored.state, stored.words, stored.draft) == (State.DRAFTING, WORDS, Draft("reading"))
    assert stored.expires_at == T0 + 24 * HOUR
    assert room.reader.offered == []


async def test_what_is_complete_sure_and_asks_people_is_sent_by_itself(room: Room) -> None:
    got = await read(room, await say(room, ASKS))
    assert (got.state, got.now_version.number, got.now_version.plan) == (State.PENDING, 1, SURE)
    assert (got.words, got.batch) == (WORDS, None)
    assert got.expires_at == T0 + 4 * HOUR


@pytest.mark.parametrize(
    ("understood", "why"),
    [
        (ALLOWED, "what the route would allow always waits for Send"),
        (replace(ASKS, plan=replace(SURE, confidence=0.9499)), "not confident"),
        (replace(ASKS, plan=replace(SURE, flags=("unusual",))), "flagged"),
        (replace(ASKS, status="incomplete", args={"order": "ord_1"}, problems=(Problem("amount", "missing"),)), "gap"),
        (replace(ASKS, args={"order": "ord_1", "amount": 60_000}), "the route denies"),
    ],
)
async def test_everything_else_waits_for_its_requester(room: Room, understood: Draft, why: str) -> None:
    got = await read(room, await say(room, understood))
    assert got.state is State.DRAFTING, why
    assert got.draft is not None
    assert got.draft.status == understood.status
    assert room.target.calls == []


async def test_at_the_very_confidence_it_is_sent(room: Room) -> None:
    assert (await read(room, await say(room, replace(ASKS, plan=replace(SURE, confidence=0.95))))).state == "pending"


async def test_an_allow_from_words_runs_only_after_send(room: Room) -> None:
    request = await read(room, await say(room, ALLOWED))
    await room.deliver(EffectKind.RUN)
    assert room.target.calls == []
    sent = await draft.send(room.desk, ME, request.id)
    assert sent.state is State.APPROVED
    await room.deliver(EffectKind.RUN)
    assert (await room.request(request.id)).state is State.SUCCEEDED
    assert [job.way["json"] for job in room.target.calls] == [{"order": "ord_1", "amount": 40}]


@pytest.mark.parametrize("understood", [ALLOWED, replace(ALLOWED, status="incomplete")])
async def test_a_draft_is_its_requester_s_own(room: Room, understood: Draft) -> None:
    request = await read(room, await say(room, understood))
    for other in (FAY, OLGA, ART):
        actor = Actor("person", other, "home")
        for move in (
            draft.send(room.desk, actor, request.id),
            draft.regenerate(room.desk, actor, request.id),
            draft.change(room.desk, actor, request.id, "refund", ALLOWED.args),
            cancel.cancel(room.desk, actor, request.id),
        ):
            with pytest.raises(NotRequester):
                await move
    assert await room.request(request.id) == request


async def test_a_draft_cannot_be_voted_on(room: Room) -> None:
    request = await read(room, await say(room, ALLOWED))
    fay = Actor("person", FAY, "card")
    with pytest.raises(Refusal):
        await vote.approve(room.desk, fay, request.id, 0, Surface.TYPED)
    with pytest.raises(Refusal):
        await vote.reject(room.desk, fay, request.id, 0, "no")
    assert await room.request(request.id) == request


async def test_what_is_incomplete_cannot_be_sent_until_the_form_is_filled(room: Room) -> None:
    missing = replace(ASKS, status="incomplete", args={"order": "ord_1"}, problems=(Problem("amount", "is missing"),))
    request = await read(room, await say(room, missing))
    with pytest.raises(BadInput, match="amount: is missing"):
        await draft.send(room.desk, ME, request.id)
    with pytest.raises(BadInput, match="amount"):
        await draft.change(room.desk, ME, request.id, "refund", {"order": "ord_1"})
    await draft.change(room.desk, ME, request.id, "refund", {"order": "ord_1", "amount": 61})
    sent = await draft.send(room.desk, ME, request.id)
    assert (sent.state, dict(sent.now_version.args)) == (State.PENDING, {"order": "ord_1", "amount": 61})


async def test_another_action_chosen_in_the_form_is_typed(room: Room) -> None:
    request = await read(room, await say(room, replace(ASKS, plan=replace(SURE, confidence=0.5))))
    await draft.change(room.desk, ME, request.id, "charge", {"order": "ord_1", "amount": 61})
    sent = await draft.send(room.desk, ME, request.id)
    assert sent.now_version.plan == Plan("typed", 1.0)


async def test_a_denied_draft_says_the_rule(room: Room) -> None:
    request = await read(room, await say(room, replace(ASKS, args={"order": "ord_1", "amount": 60_000})))
    with pytest.raises(Denied, match="never"):
        await draft.send(room.desk, ME, request.id)
    assert (await room.request(request.id)).state is State.DENIED


async def test_a_draft_is_changed_in_its_form_only(room: Room) -> None:
    request = await read(room, await say(room, ALLOWED))
    with pytest.raises(BadInput, match="a draft is edited in its form"):
        await edit.edit(room.desk, ME, request.id, 0, {"amount": 41})


async def test_a_draft_is_sent_once(room: Room) -> None:
    request = await read(room, await say(room, ALLOWED))
    await draft.send(room.desk, ME, request.id)
    with pytest.raises(WrongMoment):
        await draft.send(room.desk, ME, request.id)


async def test_a_discarded_draft_stays_discarded_though_the_answer_comes_late(room: Room) -> None:
    request = await say(room, ASKS)
    room.reader.meanwhile = lambda: cancel.cancel(room.desk, ME, request.id)
    await draft_plan_refused(room, request)
    assert (await room.request(request.id)).state is State.CANCELLED


async def draft_plan_refused(room: Room, request: Request) -> None:
    """Whether the late answer is dropped or refused, nothing may come of it."""
    try:
        await draft.plan(room.desk, room.reader, request.id)
    except WrongMoment:
        return


async def test_what_was_typed_meanwhile_stands_against_the_planner_s_late_answer(room: Room) -> None:
    request = await say(room, ASKS)
    typed = {"order": "ord_9", "amount": 61}
    room.reader.meanwhile = lambda: draft.change(room.desk, ME, request.id, "refund", typed)
    await draft_plan_refused(room, request)
    got = await room.request(request.id)
    assert got.state is State.DRAFTING
    assert got.draft is not None
    assert got.draft.args == typed


async def test_a_draft_expires_after_24_hours(room: Room) -> None:
    request = await read(room, await say(room, ALLOWED))
    room.clock.now = T0 + 24 * HOUR - 1
    await tick.tick(room.desk)
    room.clock.now += 1
    with pytest.raises(TooLate):
        await draft.send(room.desk, ME, request.id)
    await tick.tick(room.desk)
    assert (await room.request(request.id)).state is State.EXPIRED


async def test_words_read_a_day_late_are_not_sent(room: Room) -> None:
    """The bot stood still for a day, and its planner is quicker than its clock."""
    request = await say(room, ASKS)
    room.clock.now = T0 + 25 * HOUR
    with pytest.raises(TooLate):
        await draft.plan(room.desk, room.reader, request.id)
    assert (await room.request(request.id)).state is State.DRAFTING
    await tick.tick(room.desk)
    assert (await room.request(request.id)).state is State.EXPIRED


async def test_five_actions_asked_in_one_breath_are_a_batch(room: Room) -> None:
    five = [replace(ASKS, args={"order": f"ord_{at}", "amount": 60 if at else 40}) for at in range(5)]
    request = await say(room, *five)
    await read(room, request)
    first = await room.request(request.id)
    assert first.batch is not None
    batch = [await room.request(each) for each in await room.store.batch_of(first.batch)]
    assert [each.state for each in batch] == [State.DRAFTING, *[State.PENDING] * 4]
    assert [each.words for each in batch] == [WORDS] * 5
    assert len({each.id for each in batch}) == 5
    assert {each.asker for each in batch} == {Asker(person=ANA)}
    await vote.approve(room.desk, Actor("person", FAY, "card"), batch[1].id, 1, Surface.CARD)
    after = [(await room.request(each.id)).state for each in batch]
    assert after == [State.DRAFTING, State.APPROVED, *[State.PENDING] * 3], "each is decided by itself"


async def test_a_sixth_is_not_made(room: Room) -> None:
    six = [replace(ASKS, args={"order": f"ord_{at}", "amount": 60}) for at in range(6)]
    request = await say(room, *six)
    await read(room, request)
    batch = await room.store.batch_of((await room.request(request.id)).batch or "")
    assert len(batch) == 5


async def test_regenerate_reads_again_and_tells_what_it_had_understood(room: Room) -> None:
    request = await read(room, await say(room, replace(ASKS, plan=replace(SURE, confidence=0.5))))
    await draft.regenerate(room.desk, ME, request.id)
    assert (await room.request(request.id)).draft == replace(
        ASKS, status="reading", plan=replace(SURE, confidence=0.5), readings=2
    )
    room.reader.drafts[WORDS] = (ASKS,)
    assert (await read(room, request)).state is State.PENDING


async def test_the_planner_is_never_offered_an_undo(room: Room) -> None:
    await read(room, await say(room, ASKS))
    assert room.reader.offered == ["refund", "charge", "payout", "close", "wipe", "label", "ship", "query"]


async def test_guests_do_not_ask(room: Room) -> None:
    with pytest.raises(NotAMember, match="is a guest"):
        await say(room, ASKS, who=GUS)
    with pytest.raises(NotAMember, match="is a guest"):
        await submit.typed(room.desk, Asker(person=GUS), ME, "refund", ASKS.args)
    for_a_guest = Asker(client="ci", owner=OLGA, acts_for=GUS)
    with pytest.raises(NotAMember, match="is a guest"):
        await submit.typed(room.desk, for_a_guest, ME, "refund", ASKS.args)
    assert await room.store.recent(5) == ()


@pytest.mark.parametrize("words", ["", "   ", "x" * 4_001])
async def test_words_have_a_length(room: Room, words: str) -> None:
    with pytest.raises(BadInput, match="1 to 4000"):
        await say(room, ASKS, words=words)


async def test_an_identical_open_request_keeps_a_draft_from_being_sent(room: Room) -> None:
    first = await read(room, await say(room, ASKS))
    second = await read(room, await say(room, ASKS, words="the same again"))
    assert (first.state, second.state) == (State.PENDING, State.DRAFTING)
    with pytest.raises(Joined, match=first.id):
        await draft.send(room.desk, ME, second.id)


async def test_slack_s_silence_leaves_a_ready_draft_to_its_requester(room: Room) -> None:
    request = await say(room, ASKS)
    room.people.silent = True
    await room.deliver(EffectKind.PLAN)
    room.people.silent = False
    got = await room.request(request.id)
    assert (got.state, got.draft) == (State.DRAFTING, ASKS)
    assert (await draft.send(room.desk, ME, request.id)).state is State.PENDING


async def test_a_draft_nobody_could_approve_says_so(room: Room) -> None:
    for person in ("U0FAY", "U0FRED", "U0FLO"):
        room.people.take_out("S0FINANCE", person)
    understood = Draft("ready", "payout", {"to": "bob", "amount": 60}, SURE)
    got = await read(room, await say(room, understood))
    assert got.draft is not None
    assert (got.state, got.draft.status) == (State.DRAFTING, "incomplete")
    assert "Nobody could approve this" in got.draft.note


async def test_only_its_requester_and_operators_see_a_draft(room: Room) -> None:
    request = await read(room, await say(room, ALLOWED))
    assert (await look.look(room.desk, ANA, request.id)).id == request.id
    for other in (FAY, ART):
        with pytest.raises(Refusal, match="There is no such request"):
            await look.look(room.desk, other, request.id)
