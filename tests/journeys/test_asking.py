"""Asking for something: typed, by the form, in words, about a message; and finding one's way."""

from typing import Any

import pytest

from handlers.demo.slack import Message, Person
from tests.journeys.stage import Stage


async def reply(stage: Stage, who: Person, line: str) -> str:
    """What a command says at once, privately."""
    answered = await who.command("#general", line)
    assert answered.message is not None, f"{line} said nothing"
    assert answered.message.ephemeral_to == who.id
    return who.reads(answered.message)


def labels(who: Person, shown: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(shown))]


# ── run ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("line", "told"), [
    ("run", "there is no action “”"),
    ("run refnud order=ord_81", "Did you mean refund?"),
    ("run launch_missiles now=true", "There are: "),
    ("run refund", "order: "),
    ("run refund order=ord_81", "amount: "),
    ("run refund order=81 amount=50", "order: "),
    ("run refund order=ord_81 amount=much", "amount: "),
    ("run refund order=ord_81 amount=20000", "amount: "),
    ("run refund order=ord_81 amount=50 currency=GBP", "currency: "),
    ("run refund order=ord_81 amount=50 colour=red", "colour: "),
    ("run refund order=ord_81 amount=50 amount=60", "amount: is given twice"),
    ("run refund order=ord_81 amount 50", "write name=value"),
    ('run refund order=ord_81 amount=50 note="half', "quotation mark is not closed"),
    ("run refund.undo order=ord_81", "there is no action"),
])  # fmt: skip
async def test_what_is_wrong_with_what_was_typed_is_named(stage: Stage, line: str, told: str) -> None:
    async with stage.unchanged():
        assert told in await reply(stage, stage.rita, f"/signoff {line}")


async def test_values_are_taken_as_they_were_typed(stage: Stage) -> None:
    await reply(
        stage,
        stage.rita,
        "/signoff run refund order=ord_81 amount=12.50 note=“50 < 60 & see https://shop.example/a?b=c, ask @fay”",
    )
    request = await stage.only()
    assert request.now_version.args == {
        "order": "ord_81",
        "amount": 12.5,
        "currency": "USD",
        "note": "50 < 60 & see https://shop.example/a?b=c, ask @U0FAY",
    }


async def test_who_may_ask_is_held_to(stage: Stage) -> None:
    async with stage.unchanged():
        told = await reply(stage, stage.rita, "/signoff run close_books month=may")
        assert "may be asked for by finance only" in told
    await reply(stage, stage.fay, "/signoff run close_books month=may")
    assert (await stage.only()).asker.person == stage.fay.id


# ── the form ────────────────────────────────────────────────────────────────────────────────────────────────────


async def opened(stage: Stage, who: Person, action: str) -> None:
    answered = await who.command("#general", "/signoff")
    assert answered.message is None
    form = await stage.form(who, "What do you need?")
    answer = await who.submit(form, {"action": action})
    assert answer.top is not None
    assert answer.top.title == action


async def test_the_form_has_an_input_for_every_kind_of_field(stage: Stage) -> None:
    await opened(stage, stage.rita, "everything")
    form = stage.rita.modal()
    assert form is not None
    kinds = {block["block_id"]: block["element"]["type"] for block in form.blocks if block["type"] == "input"}
    assert kinds == {
        "arg:text": "plain_text_input",
        "arg:long": "plain_text_input",
        "arg:whole": "number_input",
        "arg:decimal": "number_input",
        "arg:yes": "checkboxes",
        "arg:day": "datepicker",
        "arg:moment": "datetimepicker",
        "arg:mail": "email_text_input",
        "arg:link": "url_text_input",
        "arg:one": "static_select",
        "arg:number_of": "static_select",
        "arg:some": "checkboxes",
        "arg:many": "multi_static_select",
        "arg:lines": "plain_text_input",
        "arg:secret": "plain_text_input",
    }
    values: dict[str, Any] = {
        "arg:text": "a <b> & c",
        "arg:long": "two\nlines",
        "arg:whole": "7",
        "arg:decimal": "2.5",
        "arg:yes": ["true"],
        "arg:day": "2026-12-24",
        "arg:moment": 1_800_000_000,
        "arg:mail": "a@b.example",
        "arg:link": "https://a.example/x",
        "arg:one": "red",
        "arg:number_of": "3",
        "arg:some": ["a", "c"],
        "arg:many": ["m01", "m11"],
        "arg:lines": "x\n\ny",
        "arg:secret": "hunter2-hunter2",
    }
    answer = await stage.rita.submit(form, values)
    assert answer.top is None, answer.errors
    request = await stage.only()
    assert request.now_version.args == {
        "text": "a <b> & c",
        "long": "two\nlines",
        "whole": 7,
        "decimal": 2.5,
        "yes": True,
        "day": "2026-12-24",
        "moment": "2027-01-15T08:00:00Z",
        "mail": "a@b.example",
        "link": "https://a.example/x",
        "one": "red",
        "number_of": 3,
        "some": ["a", "c"],
        "many": ["m01", "m11"],
        "lines": ["x", "y"],
        "secret": "hunter2-hunter2",
    }
    card = await stage.card(stage.fay, "Do everything with a <b> & c")
    assert "hunter2" not in stage.fay.reads(card)

    mine = await stage.told(stage.rita, "Do everything", "Edit")  # and all of it comes back in the form of an edit
    await stage.rita.click(mine, "Edit")
    edit = await stage.form(stage.rita, "Edit")
    answered = await stage.rita.submit(edit, {"arg:text": "other"})
    assert answered.top is None, stage.rita.reads(answered.top)
    await stage.settled()
    now = await stage.request(request.id)
    assert now.now_version.args == {**request.now_version.args, "text": "other"}


async def test_what_does_not_fit_is_told_at_its_field_and_nothing_is_lost(stage: Stage) -> None:
    await opened(stage, stage.rita, "everything")
    form = stage.rita.modal()
    assert form is not None
    async with stage.unchanged():
        wrong = {"arg:text": "x", "arg:whole": "7", "arg:decimal": "0.12345678901234567891", "arg:long": "kept"}
        answer = await stage.rita.submit(form, wrong)
        assert set(answer.errors) == {"arg:decimal"}
        assert "more digits than can be kept exactly" in answer.errors["arg:decimal"]
        assert answer.top is not None
        assert "kept" in stage.rita.reads(answer.top)
    answer = await stage.rita.submit(answer.top, {"arg:decimal": "0.123"})
    assert answer.top is None


async def test_an_optional_field_left_empty_is_absent(stage: Stage) -> None:
    await opened(stage, stage.rita, "refund")
    await stage.rita.submit(None, {"arg:order": "ord_81", "arg:amount": "50"})
    request = await stage.only()
    assert request.now_version.args == {"order": "ord_81", "amount": 50, "currency": "USD"}


async def test_a_denied_form_keeps_what_was_typed(stage: Stage) -> None:
    await opened(stage, stage.rita, "payout")
    answer = await stage.rita.submit(None, {"arg:to": "mallory", "arg:amount": "5"})
    assert answer.top is not None
    assert "denied by never to mallory" in stage.rita.reads(answer.top)
    assert (await stage.only()).state == "denied"


async def test_the_form_offers_what_one_may_ask_for(stage: Stage) -> None:
    for who, offered in ((stage.rita, False), (stage.fay, True)):
        await who.command("#general", "/signoff")
        form = await stage.form(who, "What do you need?")
        (select,) = [one for one in who.buttons(form) if one.action_id == "action"]
        assert ("close_books" in select.options) is offered
        assert not [option for option in select.options if option.endswith(".undo")]


# ── words, without a model ──────────────────────────────────────────────────────────────────────────────────────


async def test_words_lead_to_the_form_of_the_closest_action_and_a_draft_one_may_look_at(stage: Stage) -> None:
    told = await reply(stage, stage.rita, "/signoff refund order ord_81 fifty dollars, the parcel never came")
    assert "reading your words" in told
    draft = await stage.told(stage.rita, "Your words were not read", "matched your words to refund", "Open the form")
    assert "the parcel never came" in stage.rita.reads(draft)
    assert stage.walt.sees("#approvals") == []

    await stage.rita.click(draft, "Open the form")
    await stage.form(stage.rita, "refund")
    answer = await stage.rita.submit(None, {"arg:order": "ord_81", "arg:amount": "50", "arg:note": "late"})
    assert answer.top is None
    draft = await stage.told(stage.rita, "Refund 50 USD for order ord_81", "Draft", "1 of finance")
    assert labels(stage.rita, draft) == ["Send", "Edit", "Regenerate", "Discard"]
    assert (await stage.only()).state == "drafting"

    await stage.rita.click(draft, "Edit")
    form = await stage.form(stage.rita, "refund")
    assert "late" in stage.rita.reads(form)
    await stage.rita.submit(form, {"arg:amount": "55"})
    draft = await stage.told(stage.rita, "Refund 55 USD for order ord_81", "Send")

    await stage.rita.click(draft, "Send")
    request = await stage.only()
    assert request.state == "pending"
    card = await stage.card(stage.fay, "Refund 55 USD", "In the requester's own words", "the parcel never came")
    await stage.settled()
    assert "Waiting for" in stage.rita.reads(draft)  # the same message goes on
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_a_draft_is_nobody_elses(stage: Stage) -> None:
    await reply(stage, stage.rita, "/signoff refund order ord_81 fifty dollars")
    draft = await stage.told(stage.rita, "Open the form")
    await stage.settled()
    request = await stage.only()
    async with stage.unchanged():
        for person in (stage.fay, stage.walt):
            assert "no such request" in await reply(stage, person, f"/signoff show {request.id}")
            assert "no such request" in await reply(stage, person, f"/signoff cancel {request.id}")
        await stage.rita.click(draft, "Open the form")
        form = await stage.form(stage.rita, "refund")
        ack = await stage.fay.forge_submit(form, {"arg:order": "ord_1", "arg:amount": "9"})
        assert "Only the requester" in str(ack.body)


async def test_discarded_words_are_gone_for_good(stage: Stage) -> None:
    await reply(stage, stage.rita, "/signoff refund order ord_81 fifty dollars")
    draft = await stage.told(stage.rita, "Open the form")
    kept = stage.rita.now(draft)
    assert isinstance(kept, Message)
    await stage.rita.click(draft, "Discard")
    await stage.settled()
    assert (await stage.only()).state == "cancelled"
    assert labels(stage.rita, draft) == []
    async with stage.unchanged():
        for what in ("open_form", "regenerate", "discard"):
            await stage.rita.forge_click(kept, what)
            await stage.settled()
        await stage.told(stage.rita, "⛔")


async def test_regenerate_reads_the_words_again(stage: Stage) -> None:
    await reply(stage, stage.rita, "/signoff refund order ord_81 fifty dollars")
    draft = await stage.told(stage.rita, "Regenerate")
    await stage.rita.click(draft, "Regenerate")
    await stage.settled()
    assert "Your words were not read" in stage.rita.reads(draft)
    assert [event["type"] for event in await stage.events((await stage.only()).id)].count("plan") == 3


async def test_words_like_no_action_lead_to_the_choice(stage: Stage) -> None:
    await reply(stage, stage.rita, "/signoff xyzzy plugh quux zork frotz")
    draft = await stage.told(stage.rita, "no action is like your words", "Open the form")
    await stage.rita.click(draft, "Open the form")
    form = await stage.form(stage.rita, "What do you need?")
    await stage.rita.submit(form, {"action": "note"})
    await stage.rita.submit(await stage.form(stage.rita, "note"), {"arg:text": "Order paper"})
    draft = await stage.told(stage.rita, "Write down Order paper", "it will run at once when you press Send")
    assert stage.target.runs() == []
    await stage.rita.click(draft, "Send")
    await stage.reaches((await stage.only()).id, "succeeded")


async def test_a_draft_the_policy_denies_has_nothing_to_send(stage: Stage) -> None:
    await reply(stage, stage.rita, "/signoff payout of 5 to mallory please")
    draft = await stage.told(stage.rita, "Open the form")
    await stage.rita.click(draft, "Open the form")
    await stage.rita.submit(await stage.form(stage.rita, "payout"), {"arg:to": "mallory", "arg:amount": "5"})
    draft = await stage.told(stage.rita, "the policy does not allow it", "never to mallory")
    assert "Send" not in labels(stage.rita, draft)


async def test_too_many_words_are_refused_with_their_number(stage: Stage) -> None:
    async with stage.unchanged():
        assert "these are 5000" in await reply(stage, stage.rita, f"/signoff {'word ' * 999}{'x' * 5}")


# ── about a message ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_shortcut_asks_for_what_a_message_says(stage: Stage) -> None:
    message = stage.walt.say("#general", "Please refund order ord_81, fifty dollars & sorry <b>")
    await stage.rita.shortcut(message, "ask_for_signoff")
    await stage.told(stage.rita, "I am reading your words")
    draft = await stage.told(stage.rita, "Open the form", "Please refund order ord_81, fifty dollars & sorry <b>")
    assert "refund" in stage.rita.reads(draft)
    request = await stage.only()
    assert request.asker.person == stage.rita.id
    assert request.via == "shortcut"
    assert request.context["channel"] == "C0GENERAL"


async def test_the_shortcut_on_a_message_without_words_says_so(stage: Stage) -> None:
    message = stage.walt.say("#general", "")
    async with stage.unchanged():
        await stage.rita.shortcut(message, "ask_for_signoff")
        await stage.told(stage.rita, "say what you need")


# ── finding one's way ───────────────────────────────────────────────────────────────────────────────────────────


async def test_help_says_what_can_be_typed_and_asked_for(stage: Stage) -> None:
    told = await reply(stage, stage.rita, "/signoff help")
    for line in ("/signoff run", "/signoff list", "/signoff show", "/signoff cancel", "pause", "refund", "Sends money"):
        assert line in told


@pytest.mark.parametrize(("line", "near"), [
    ("lsit", "list"), ("hlep", "help"), ("cancle", "cancel"), ("resum", "resume"), ("list mien", "mine"),
])  # fmt: skip
async def test_a_slip_of_the_finger_is_named(stage: Stage, line: str, near: str) -> None:
    async with stage.unchanged():
        assert near in await reply(stage, stage.rita, f"/signoff {line}")


@pytest.mark.parametrize("words", [
    "cancel my subscription of the newspaper please",
    "show me the money of last month",
    "list everything that is in the warehouse",
    "run the marathon with the team",
    "pause the newsletter for august",
    "help me to refund an order",
])  # fmt: skip
async def test_a_sentence_is_words_even_when_it_begins_like_a_command(stage: Stage, words: str) -> None:
    assert "reading your words" in await reply(stage, stage.rita, f"/signoff {words}")
    assert (await stage.only()).words == words
    assert not (await stage.house.desk.store.moment()).paused
