"""Ask, answer, comment, and deciding in words: what people say in and around a card's thread."""

import pytest

from handlers.demo.slack import Message, Person
from tests.journeys.stage import Stage

ONE = "refund order=ord_81 amount=50"
HIGH = "payout to=acme amount=70"
TWO = "both_of_finance what=x"


def thread(stage: Stage, card: Message) -> str:
    return "\n".join(stage.walt.reads(line) for line in stage.walt.thread(card))


# ── asking the requester ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_question_goes_to_the_requester_and_the_answer_to_the_thread(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Ask")
    form = await stage.form(stage.fay, "What do you want to know?", "Refund 50 USD for order ord_81")
    await stage.fay.submit(form, {"question": "Which parcel <!here>?"})
    await stage.settled()
    asked = await stage.request(request.id)
    assert asked.state == "pending"
    assert asked.question is not None
    assert "Which parcel <!here>?" in stage.walt.reads(card)
    assert "@fay asks @rita" in thread(stage, card)

    mine = await stage.told(stage.rita, "@fay asks you", "Which parcel <!here>?", "Answer")
    await stage.rita.click(mine, "Answer")
    form = await stage.form(stage.rita, "Your answer", "Which parcel <!here>?")
    await stage.rita.submit(form, {"answer": "The one of Monday"})
    await stage.settled()
    answered = await stage.request(request.id)
    assert answered.question is None
    assert "The one of Monday" in thread(stage, card)
    assert "Answer" not in [button.label for button in stage.rita.buttons(mine)]
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_only_those_who_are_asked_ask_and_only_the_requester_answers(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        for person, why in ((stage.walt, "not a member there now"), (stage.rita, "on the requester's side")):
            await person.click(card, "Ask")
            await stage.told(person, why)
            assert person.modal() is None
    await stage.fay.click(card, "Ask")
    await stage.fay.submit(await stage.form(stage.fay, "What do you want"), {"question": "Why?"})
    mine = await stage.told(stage.rita, "Why?", "Answer")
    await stage.rita.click(mine, "Answer")
    form = await stage.form(stage.rita, "Your answer")
    await stage.settled()
    async with stage.unchanged():
        ack = await stage.fay.forge_submit(form, {"answer": "because"})
        assert "Only the requester may do this" in str(ack.body)


async def test_an_answer_to_no_question_says_so(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Ask")
    await stage.fay.submit(await stage.form(stage.fay, "What do you want"), {"question": "Why?"})
    mine = await stage.told(stage.rita, "Why?", "Answer")
    kept = stage.rita.now(mine)
    assert isinstance(kept, Message)
    await stage.rita.click(mine, "Answer")
    await stage.rita.submit(await stage.form(stage.rita, "Your answer"), {"answer": "because"})
    await stage.settled()
    async with stage.unchanged():
        await stage.rita.forge_click(kept, "answer")
        await stage.told(stage.rita, "no open question")
    assert len((await stage.request(request.id)).remarks) == 2


# ── comments ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_comment_in_the_thread_is_kept_and_decides_nothing(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    said = [
        "I approve of this, but wait for @fay",
        "approve!",
        "Approved",
        "please approve",
        "rejected: no",
        "reject",
        "reject:",
        "reject because <x> & y",
        "wordy " * 1_000 + "to the end",
    ]
    for text in said:
        stage.fred.say("#approvals", text, card)
        await stage.settled()
    now = await stage.request(request.id)
    assert now.state == "pending"
    assert now.votes == ()
    assert [remark.text for remark in now.remarks] == [
        text.replace("@fay", "@U0FAY") for text in said
    ]  # & and < are as they were typed
    await stage.fay.click(card, "Details")
    await stage.form(stage.fay, "please approve", "reject because <x> & y")


async def test_what_is_said_beside_the_thread_or_by_strangers_is_not_kept(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    stage.fay.say("#approvals", "approve")  # no thread: about nothing
    lunch = stage.walt.say("#approvals", "lunch?")
    stage.fay.say("#approvals", "approve", lunch)
    stage.slack.person("gus").say("#approvals", "approve", card)
    stage.slack.person("eve").say("#approvals", "I am not even from here", card)
    await stage.settled()
    now = await stage.request(request.id)
    assert (now.state, now.votes, now.remarks) == ("pending", (), ())


async def test_a_chat_after_the_decision_is_only_a_chat(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    heard = len(stage.fred.sees("#approvals"))
    async with stage.unchanged():
        stage.fred.say("#approvals", "thanks", card)
    assert len(stage.fred.sees("#approvals")) == heard + 1  # nobody is lectured for it


# ── words that decide ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["approve", "Approve", " APPROVE "])
async def test_approve_exactly_so_in_the_thread_is_a_vote(stage: Stage, text: str) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    stage.fay.say("#approvals", text, card)
    done = await stage.reaches(request.id, "succeeded")
    assert [(vote.person, vote.via) for vote in done.votes] == [(stage.fay.id, "thread")]


async def test_reject_with_a_reason_in_the_thread_is_a_vote(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    stage.fay.say("#approvals", "Reject: it came <late> & broken\nsee the photo", card)
    done = await stage.reaches(request.id, "rejected")
    assert done.votes[0].reason == "it came <late> & broken\nsee the photo"
    await stage.told(stage.rita, "it came <late> & broken")


@pytest.mark.parametrize("text", ["approve", "reject: no"])
async def test_high_and_critical_are_not_decided_in_words(stage: Stage, text: str) -> None:
    for line in (HIGH, "drop_table table=users"):
        _, card = await stage.asked(stage.rita, line)
        await stage.settled()
        who = stage.fay if line == HIGH else stage.dora
        async with stage.unchanged():
            stage.walt.say("#general", "x")
            who.say("#approvals", text, card)
            told = await stage.told(who, "Review" if text == "approve" else "with its buttons")
            assert told.thread_ts == card.ts


async def test_those_who_may_not_decide_may_not_in_words_either(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    people: list[tuple[Person, str]] = [
        (stage.rita, "on the requester's side"),
        (stage.walt, "not a member there now"),
        (stage.slack.person("gus"), "is a guest"),
        (stage.slack.person("eve"), "another organisation"),
    ]
    async with stage.unchanged():
        for person, why in people:
            person.say("#approvals", "approve", card)
            await stage.told(person, why)


async def test_words_under_a_superseded_card_decide_nothing(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    mine = await stage.told(stage.rita, "Refund 50", "Edit")
    await stage.rita.click(mine, "Edit")
    await stage.rita.submit(await stage.form(stage.rita, "Edit"), {"amount": "60"})
    fresh = await stage.card(stage.fay, "version 2", request.id)
    await stage.settled()
    async with stage.unchanged():
        stage.fay.say("#approvals", "approve", card)
        await stage.told(stage.fay, "That was version 1; version 2 is the one to decide on now")
    stage.fay.say("#approvals", "approve", fresh)
    await stage.reaches(request.id, "succeeded")
    assert stage.target.runs()[0].body["amount"] == 60


async def test_words_older_than_the_card_they_stand_under_decide_nothing(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    event = {
        "type": "message",
        "channel": card.channel,
        "user": stage.fay.id,
        "text": "approve",
        "ts": f"{float(card.ts) - 5:.6f}",
        "thread_ts": card.ts,
        "channel_type": "channel",
        "team": "T0LOCAL",
    }
    async with stage.unchanged():
        stage.slack.events.send(event)
        await stage.told(stage.fay, "older than the card")


async def test_an_edited_message_is_no_vote(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    said = stage.fay.say("#approvals", "hm", card)
    await stage.settled()
    stage.slack.workspace.edit(said, text="approve")
    await stage.settled()
    assert (await stage.request(request.id)).votes == ()


async def test_without_the_optional_scopes_words_mean_nothing_and_the_rest_works(stage: Stage) -> None:
    scopes = stage.slack.app.scopes - {"channels:history", "groups:history"}
    stage.slack.workspace.change_app(scopes=scopes)
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    async with stage.unchanged():
        stage.fay.say("#approvals", "approve", card)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_a_refusal_is_private_says_why_and_what_to_do(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, TWO)
    await stage.fay.click(card, "Approve")
    await stage.settled()
    async with stage.unchanged():
        await stage.fay.click(card, "Approve")
        told = await stage.told(stage.fay, "You have voted on this version already; a vote is final")
    assert told.ephemeral_to == stage.fay.id
    assert all(told.ts != one.ts for one in stage.walt.sees("#approvals"))
