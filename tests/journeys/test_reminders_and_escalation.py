"""Time passes while a stage waits: reminders in the thread, then a DM to whoever comes next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from handlers.demo.slack import Fault, Message, Person
from tests.journeys.stage import Stage, World, world

ASKED = (
    "charge order=ord_1 amount=50"  # finance; reminded each 5 minutes, the directors after 15, expires after an hour
)
HEADLINE = "Charge 50 to ord_1"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


def lines(stage: Stage, card: Message, *words: str) -> list[Message]:
    """Lines of the thread that hold all these words, oldest first."""
    return [one for one in stage.walt.thread(card) if all(word in stage.walt.reads(one) for word in words)]


def copies(who: Person, *words: str) -> list[Message]:
    """Cards in their DM with the bot that hold all these words."""
    roots = [one for one in who.sees(who.dm()) if one.thread_ts in (None, one.ts)]
    return [one for one in roots if all(word in who.reads(one) for word in words)]


async def fired(stage: Stage, request_id: str) -> Sequence[tuple[str, int, int]]:
    request = await stage.request(request_id)
    return [(each.kind, each.index, each.loop) for each in request.fired]


async def test_those_asked_are_reminded_in_the_thread_until_it_escalates(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.later(minutes=4, seconds=58)
    assert lines(stage, card, "Still waiting for") == []

    await stage.later(seconds=3)
    (first,) = lines(stage, card, "Still waiting for")
    assert {"type": "usergroup", "usergroup_id": "S0FINANCE"} in first.blocks[0]["elements"][0]["elements"]

    await stage.later(minutes=5)
    assert len(lines(stage, card, "Still waiting for")) == 2

    await stage.later(minutes=5)
    assert len(lines(stage, card, "Nobody decided in time", "@dora", "@dan", "directors")) == 1
    reminded = len(lines(stage, card, "Still waiting for"))

    await stage.later(minutes=20)
    assert len(lines(stage, card, "Still waiting for")) == reminded
    assert [kind for kind, _, __ in await fired(stage, request.id)].count("escalate") == 1


async def test_an_escalation_is_a_dm_with_the_whole_card_and_its_buttons_decide(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    assert copies(stage.dora) == []
    await stage.later(minutes=15)

    (dora,), (dan,) = copies(stage.dora, HEADLINE), copies(stage.dan, HEADLINE)
    for who, copy in ((stage.dora, dora), (stage.dan, dan)):
        assert labels(who, copy) == ["Approve", "Reject", "Edit", "Ask", "Details"]
        shown = who.reads(copy)
        assert "You have this because it has waited" in shown
        assert all(word in shown for word in ("order   ord_1", "amount  50", "Asked by @rita", "finance or directors"))

    await stage.dora.click(dora, "Approve")
    done = await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert [vote.person for vote in done.votes] == [stage.dora.id]
    for who, copy in ((stage.walt, card), (stage.dora, dora), (stage.dan, dan)):
        assert "✅ Done" in who.reads(copy)
        assert "Approved by @dora" in who.reads(copy)
        assert labels(who, copy) == ["Details"]
    assert len(stage.target.runs()) == 1


async def test_what_the_channel_decides_every_copy_shows(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.later(minutes=15)
    await stage.rejects(stage.fay, card, "We do not charge on Saturdays")
    await stage.settled()
    for who in (stage.dora, stage.dan):
        (copy,) = copies(who, HEADLINE)
        assert "We do not charge on Saturdays" in who.reads(copy)
        assert labels(who, copy) == ["Details"]
    assert (await stage.request(request.id)).state == "rejected"


async def test_an_edit_leaves_old_copies_dead_and_those_escalated_to_are_not_asked_of_the_next_version(
    stage: Stage,
) -> None:
    request, _ = await stage.asked(stage.rita, "refund order=ord_1 amount=50")
    await stage.later(minutes=15)
    (copy,) = copies(stage.dora, "Refund 50")

    mine = await stage.told(stage.rita, "Refund 50", "Edit")
    await stage.rita.click(mine, "edit")
    form = await stage.form(stage.rita, "Refund 50")
    answered = await stage.rita.submit(form, {"arg:amount": "60"})
    assert answered.top is None, stage.rita.reads(answered.top)
    await stage.settled()

    assert "superseded" in stage.dora.reads(copy)
    assert labels(stage.dora, copy) == []
    async with stage.unchanged():
        await stage.dora.forge_click(copy, "approve")
    assert copies(stage.dora, "Refund 60") == []
    await stage.later(minutes=15)
    assert len(copies(stage.dora, "Refund 60", "Approve")) == 1
    assert (await stage.request(request.id)).now_version.number == 2


async def test_who_only_hears_of_it_has_no_vote_and_no_buttons_for_one(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "onward what=it how=told")
    await stage.later(minutes=15)
    (copy,) = copies(stage.dora, "Go on with it")
    assert "For your information" in stage.dora.reads(copy)
    assert labels(stage.dora, copy) == ["Details"]
    assert "finance or directors" not in stage.walt.reads(card)

    for button in ("approve", "reject"):
        async with stage.unchanged():
            await stage.dora.forge_click(copy, button, token_of(copy))
            await stage.told(stage.dora, "This stage asks finance, and you are not a member there now")

    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert "✅ Done" in stage.dora.reads(copy)


def token_of(message: Message) -> str:
    """What its Details button carries."""
    buttons = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]
    return next(str(each["value"]) for each in buttons if each["action_id"] == "details")


async def test_a_later_step_may_give_a_vote_to_those_who_only_heard_of_it(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, "onward what=it how=both")
    await stage.later(minutes=10)
    (copy,) = copies(stage.dora, "Go on with it")
    assert labels(stage.dora, copy) == ["Details"]
    await stage.later(minutes=10)
    assert copies(stage.dora, "Go on with it") == [stage.dora.now(copy)]
    await stage.dora.click(copy, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_steps_follow_each_other_and_the_list_is_repeated(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "onward what=it how=turn")
    for _ in range(12):
        await stage.later(minutes=5)
    escalations = [each for each in await fired(stage, request.id) if each[0] == "escalate"]
    assert escalations == [("escalate", 0, 0), ("escalate", 1, 0), ("escalate", 0, 1), ("escalate", 1, 1)]
    kept = await stage.request(request.id)
    at = [round((each.at - kept.stage_at) / 60_000) for each in kept.fired if each.kind == "escalate"]
    assert at == [15, 25, 40, 50]
    assert len(copies(stage.dora, "Go on with it")) == 1  # told again in the thread, the copy is one and the same
    assert len(lines(stage, card, "escalated to", "directors")) == 2
    assert len(lines(stage, card, "escalated to", "@olga")) == 2


async def test_the_card_says_who_comes_next_and_when(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ASKED)
    assert "Escalates to directors" in stage.walt.reads(card)
    await stage.later(minutes=15)
    shown = stage.walt.reads(card)
    assert "Escalates to" not in shown
    assert "finance or directors 0 of 1" in shown


async def test_a_decision_and_an_escalation_in_the_same_moment(stage: Stage) -> None:
    """Whichever is first: it runs once, and nobody is left with buttons."""
    cards = [await stage.asked(stage.rita, f"charge order=ord_{number} amount=50") for number in range(6)]
    stage.forward(minutes=15)
    await asyncio.gather(*(stage.fay.click(card, "Approve") for _, card in cards))
    await stage.later(seconds=1)
    for request, card in cards:
        assert (await stage.reaches(request.id, "succeeded")).attempts[-1].number == 1
        assert labels(stage.walt, card) == ["Details"]
    await stage.settled()
    for who in (stage.dora, stage.dan):
        for copy in copies(who):
            assert labels(who, copy) == ["Details"], who.reads(copy)
    assert len(stage.target.runs()) == len(cards)


async def test_a_question_holds_reminders_and_escalations_until_it_is_answered(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.later(minutes=3)
    await stage.fay.click(card, "ask")
    await stage.fay.submit(await stage.form(stage.fay, "What do you want to know?"), {"question": "Which parcel?"})
    await stage.later(minutes=25)
    assert await fired(stage, request.id) == []

    asked = await stage.told(stage.rita, "Which parcel?", "Answer")
    await stage.rita.click(asked, "answer")
    await stage.rita.submit(await stage.form(stage.rita, "Your answer"), {"answer": "The blue one"})
    await stage.settled()
    assert len(lines(stage, card, "answers", "The blue one")) == 1
    await stage.later(minutes=1)
    assert await fired(stage, request.id) == []
    await stage.later(minutes=2)  # 3 minutes before the question, 3 after the answer
    assert [kind for kind, _, __ in await fired(stage, request.id)] == ["remind"]
    await stage.later(minutes=10)
    assert "escalate" in [kind for kind, _, __ in await fired(stage, request.id)]


async def test_a_question_holds_them_an_hour_at_most_and_never_the_end(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.fay.click(card, "ask")
    await stage.fay.submit(await stage.form(stage.fay, "What do you want to know?"), {"question": "Which parcel?"})
    await stage.later(minutes=61)
    assert (await stage.request(request.id)).state == "expired"
    assert copies(stage.dora) == []


async def test_decided_nobody_is_reminded_or_escalated_to_any_more(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.rejects(stage.fay, card, "No")
    await stage.settled()
    before = len(stage.walt.thread(card))
    await stage.later(minutes=50)
    assert await fired(stage, request.id) == []
    assert len(stage.walt.thread(card)) == before
    assert copies(stage.dora) == []


async def test_slack_not_answering_who_is_in_a_group_holds_no_escalation_up(stage: Stage) -> None:
    """Directors are named in the file by id: they are reached all the same."""
    request, _ = await stage.asked(stage.rita, ASKED)
    stage.slack.faults.next("users.info", *[Fault.http(503)] * 10)
    await stage.later(minutes=15)
    stage.slack.faults.clear()
    assert "escalate" in [kind for kind, _, __ in await fired(stage, request.id)]
    assert len(copies(stage.dora, HEADLINE)) == 1


async def test_a_dm_slack_does_not_take_is_tried_again_and_the_other_has_theirs(stage: Stage) -> None:
    await stage.asked(stage.rita, ASKED)
    stage.slack.faults.next("conversations.open", Fault.http(503))
    await stage.later(minutes=15)
    assert len(copies(stage.dora, HEADLINE, "Approve")) == 1
    assert len(copies(stage.dan, HEADLINE, "Approve")) == 1


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


async def test_a_restart_exactly_when_a_step_is_due_neither_misses_nor_repeats_it(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, ASKED)
    due = request.stage_at + 15 * 60_000
    town.clock.forward(due - town.clock())
    async with town.stage() as stage:
        await stage.later()
        assert len(copies(stage.dora, HEADLINE)) == 1
        assert len(lines(stage, card, "escalated to")) == 1
    async with town.stage() as stage:
        await stage.later()
        assert [each for each in await fired(stage, request.id) if each[0] == "escalate"] == [("escalate", 0, 0)]
        assert len(copies(stage.dora, HEADLINE)) == 1
        assert len(lines(stage, card, "escalated to")) == 1
        await stage.dora.click(copies(stage.dora, HEADLINE)[0], "Approve")
        await stage.reaches(request.id, "succeeded")


async def test_what_a_long_stop_missed_is_made_up_without_a_flood(town: World) -> None:
    async with town.stage() as stage:
        turns, its_card = await stage.asked(stage.rita, "onward what=it how=turn")
        request, card = await stage.asked(stage.rita, ASKED)
    town.clock.forward(58 * 60_000)
    async with town.stage() as stage:
        await stage.later()
        for each, of in ((its_card, turns), (card, request)):
            assert len(lines(stage, each, "Still waiting for")) <= 1
            assert len(lines(stage, each, "escalated to")) == 1
            assert [kind for kind, _, __ in await fired(stage, of.id)].count("escalate") == 1
        assert len(copies(stage.dora, "Go on with it")) == 1
        await stage.later(minutes=10)
        assert len(lines(stage, its_card, "escalated to")) == 2  # counted from when the one before really happened


async def test_what_expired_during_a_long_stop_is_only_told_to_be_over(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, ASKED)
    town.clock.forward(3 * 3_600_000)
    async with town.stage() as stage:
        await stage.later()
        assert (await stage.request(request.id)).state == "expired"
        assert await fired(stage, request.id) == []
        assert copies(stage.dora) == []
        assert "Expired" in stage.walt.reads(card)
