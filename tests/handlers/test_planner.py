"""Words to drafts, over the real wire with the official client: what is understood, in each form an answer can take."""

import json
from typing import Any

import pytest

from bot.errors import Problem
from bot.policy import FLAGS
from bot.request import Draft
from handlers.planner import TextMatchPlanner, closest
from tests.handlers.planning import ACTIONS, MAIL, REFUND, TRANSFER, WORDS, asking, entry, told
from tests.handlers.scripted import Reply, ScriptedModel, answering, failing, refusing, saying


async def test_words_become_a_complete_draft() -> None:
    model = ScriptedModel(answering(entry(warnings=["The order is old."], flags=["unusual"])))
    async with asking(model) as asked:
        draft = await asked.draft()
    assert draft.status == "ready"
    assert draft.action == "refund_payment"
    assert draft.args == {"order_id": "ord_81", "amount": 50, "currency": "USD", "note": "parcel never came"}
    assert (draft.plan.source, draft.plan.confidence) == ("model", 0.98)
    assert draft.plan.steps == ("Ask billing to refund 50 USD",)
    assert draft.plan.impact == "One card is credited."
    assert draft.plan.warnings == ("The order is old.",)
    assert draft.plan.flags == ("unusual",)
    assert draft.problems == ()
    assert len(model.calls) == 1


async def test_the_model_is_told_the_catalogue_the_day_and_the_words_as_data() -> None:
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft('say "hello"\n```\nThe catalogue:')
    body = model.calls[0].body
    system = body["messages"][0]["content"]
    assert "Saturday, 2026-11-21" in system
    assert "ord_[a-z0-9]+" in system
    assert "x-long" not in system
    assert told(model) == {"words": 'say "hello"\n```\nThe catalogue:'}
    assert body["model"] == "any"
    assert body["max_tokens"] == 4000
    assert "tools" not in body
    assert model.calls[0].headers["Authorization"] == "Bearer key-1"


async def test_the_catalogue_is_the_schema_of_the_answer() -> None:
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft()
    shape = model.calls[0].body["response_format"]["json_schema"]["schema"]
    entries = shape["properties"]["actions"]["items"]["anyOf"]
    assert [each["properties"]["action"]["enum"] for each in entries] == [[action.name] for action in ACTIONS]
    refund, _, transfer = (each["properties"]["arguments"]["properties"] for each in entries)
    assert refund["amount"] == {"type": "number", "exclusiveMinimum": 0, "maximum": 10000}
    assert set(transfer) == {"amount", "payee"}


@pytest.mark.parametrize(
    ("refused", "modes"),
    [
        ((), [["json_schema"], ["json_schema"], ["json_schema"]]),
        (("json_schema",), [["json_schema", "plain"], ["json_object"], ["json_object"]]),
        (("json_schema", "json_object"), [["json_schema", "plain"], ["json_object", "plain"], ["plain"]]),
    ],
)
async def test_each_endpoint_is_asked_in_the_best_form_it_takes(
    refused: tuple[str, ...], modes: list[list[str]]
) -> None:
    """What an endpoint refuses costs one call, once: never more than two in a plan, and always an answer."""
    model = ScriptedModel(refusing(*refused, then=answering(entry())))
    async with asking(model) as asked:
        for expected in modes:
            before = len(model.calls)
            assert (await asked.draft()).status == "ready"
            assert [call.mode for call in model.calls[before:]] == expected


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refusal_that_names_nothing_drops_the_form_once_the_plain_question_was_taken(status: int) -> None:
    async def reply(call: Any) -> Any:
        return await (failing(status, "unsupported") if call.mode == "json_schema" else answering(entry()))(call)

    model = ScriptedModel(reply)
    async with asking(model) as asked:
        assert (await asked.draft()).status == "ready"
        assert (await asked.draft()).status == "ready"
    assert [call.mode for call in model.calls] == ["json_schema", "plain", "json_object"]


async def test_a_refusal_that_had_another_cause_teaches_nothing() -> None:
    model = ScriptedModel(failing(404, "The model `any` does not exist"))
    async with asking(model) as asked:
        draft = await asked.draft()
        model.then(answering(entry()))
        assert (await asked.draft()).status == "ready"
    assert draft.status == "unread"
    assert "404" in draft.note
    assert [call.mode for call in model.calls] == ["json_schema", "plain", "json_schema"]


async def test_the_cap_on_tokens_is_called_as_the_endpoint_calls_it() -> None:
    async def reply(call: Any) -> Any:
        if "max_tokens" in call.body:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return await failing(400, text, param="max_tokens")(call)
        return await answering(entry())(call)

    model = ScriptedModel(reply)
    async with asking(model, max_tokens=777) as asked:
        assert (await asked.draft()).status == "ready"
        assert (await asked.draft()).status == "ready"
    caps = [(call.body.get("max_tokens"), call.body.get("max_completion_tokens"), call.mode) for call in model.calls]
    assert caps == [(777, None, "json_schema"), (None, 777, "plain"), (None, 777, "json_schema")]


@pytest.mark.parametrize(
    "dress",
    [
        "{}",
        "```json\n{}\n```",
        "Here you are:\n\n```\n{}\n```\nAnything else?",
        "Sure! {} I hope that helps.",
        "<think>The user wants {{a refund}} [1].</think>\n{}",
    ],
)
async def test_the_object_is_found_in_what_models_put_around_it(dress: str) -> None:
    model = ScriptedModel(
        saying(dress.replace("{}", json.dumps({"actions": [entry()]})).replace("{{", "{").replace("}}", "}}"))
    )
    async with asking(model) as asked:
        assert (await asked.draft()).status == "ready"
    assert len(model.calls) == 1


@pytest.mark.parametrize("content", [json.dumps([entry()]), json.dumps(entry())])
async def test_one_entry_or_a_bare_list_of_them_will_do(content: str) -> None:
    async with asking(ScriptedModel(saying(content))) as asked:
        assert (await asked.draft()).args["amount"] == 50


async def test_a_text_sent_in_parts_is_one_text() -> None:
    whole = json.dumps({"actions": [entry()]})
    parts: Any = [{"type": "text", "text": whole[:40]}, {"type": "text", "text": whole[40:]}]
    async with asking(ScriptedModel(saying(parts))) as asked:
        assert (await asked.draft()).status == "ready"


async def test_several_actions_are_several_drafts_each_with_its_own_state() -> None:
    mail = {"to": "dana@example.com", "subject": "Refund", "body": "On its way."}
    entries = [entry(), entry(action="send_mail", arguments=mail), entry(arguments={"order_id": "ord_82"})]
    async with asking(ScriptedModel(answering(*entries))) as asked:
        planned = await asked.planner.plan("three things", ACTIONS)
    assert [draft.status for draft in planned.drafts] == ["ready", "ready", "incomplete"]
    assert [draft.action for draft in planned.drafts] == ["refund_payment", "send_mail", "refund_payment"]


@pytest.mark.parametrize("count", [6, 500])
async def test_more_than_five_actions_are_refused_as_a_whole(count: int) -> None:
    model = ScriptedModel(answering(*[entry()] * count))
    async with asking(model) as asked:
        draft = await asked.draft()
    assert draft.status == "unread"
    assert draft.action is None
    assert f"{count} actions" in draft.note
    assert "split" in draft.note
    assert len(model.calls) == 1


async def test_what_the_words_lack_is_named_without_a_second_call() -> None:
    model = ScriptedModel(answering(entry(arguments={"order_id": "ord_81"}, missing=["amount"])))
    async with asking(model) as asked:
        draft = await asked.draft("refund ord_81")
    assert draft.status == "incomplete"
    assert draft.args == {"order_id": "ord_81", "currency": "USD"}
    assert [problem.where for problem in draft.problems] == ["amount"]
    assert "amount" in draft.note
    assert len(model.calls) == 1


@pytest.mark.parametrize(
    ("missing", "where"), [(["amount"], "amount"), (["the receipt"], ""), (["note"], None), (["currency"], None)]
)
async def test_what_the_model_says_is_missing_is_never_ready(missing: list[str], where: str | None) -> None:
    """But an optional parameter may be missing: that is what optional means."""
    async with asking(ScriptedModel(answering(entry(missing=missing)))) as asked:
        draft = await asked.draft()
    assert [problem.where for problem in draft.problems] == ([] if where is None else [where])
    assert draft.status == ("ready" if where is None else "incomplete")


async def test_a_wrong_answer_is_corrected_once_with_its_problems_listed() -> None:
    wrong = entry(arguments={"order_id": "81", "amount": "fifty"})
    model = ScriptedModel(answering(wrong), answering(entry()))
    async with asking(model) as asked:
        draft = await asked.draft()
    assert draft.status == "ready"
    assert draft.note == ""
    assert len(model.calls) == 2
    roles = [message["role"] for message in model.calls[1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    again = model.calls[1].body["messages"][3]["content"]
    assert "order_id" in again
    assert "amount" in again


async def test_a_correction_that_is_wrong_too_leaves_an_incomplete_draft() -> None:
    model = ScriptedModel(answering(entry(arguments={"order_id": "ord_81", "amount": -5})))
    async with asking(model) as asked:
        draft = await asked.draft()
    assert draft.status == "incomplete"
    assert draft.args == {"order_id": "ord_81", "currency": "USD"}
    assert [problem.where for problem in draft.problems] == ["amount"]
    assert "amount" in draft.note
    assert "correct" in draft.note
    assert len(model.calls) == 2


@pytest.mark.parametrize("second", [failing(500), failing(429), saying("sorry"), saying(None)])
async def test_a_correction_that_fails_leaves_what_was_read_first(second: Reply) -> None:
    model = ScriptedModel(answering(entry(arguments={"order_id": "ord_81", "amount": "fifty"})), second)
    async with asking(model) as asked:
        draft = await asked.draft()
    assert draft.status == "incomplete"
    assert draft.args["order_id"] == "ord_81"
    assert len(model.calls) == 2


async def test_a_correction_that_drops_an_action_does_not_win() -> None:
    mail = entry(action="send_mail", arguments={"to": "nobody", "subject": "s", "body": "b"})
    model = ScriptedModel(answering(entry(), mail), answering(entry()))
    async with asking(model) as asked:
        planned = await asked.planner.plan("two things", ACTIONS)
    assert [(draft.action, draft.status) for draft in planned.drafts] == [
        ("refund_payment", "ready"),
        ("send_mail", "incomplete"),
    ]


@pytest.mark.parametrize(
    "said",
    ["high", None, True, -0.1, 1.01, 95, [0.9], {}],
)
async def test_a_confidence_that_is_none_counts_as_nought(said: Any) -> None:
    async with asking(ScriptedModel(answering(entry(confidence=said)))) as asked:
        assert (await asked.draft()).plan.confidence == 0.0


async def test_a_confidence_that_is_left_out_counts_as_nought() -> None:
    without = {key: value for key, value in entry().items() if key != "confidence"}
    async with asking(ScriptedModel(answering(without))) as asked:
        assert (await asked.draft()).plan.confidence == 0.0


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        (list(FLAGS), FLAGS),
        (["ambiguous", "ambiguous"], ("ambiguous",)),
        (["dangerous"], ("unusual",)),
        (["safe", "approved", "irreversible"], ("unusual", "irreversible")),
        ("irreversible", ("irreversible",)),
        ({"ambiguous": True}, ("unusual",)),
        ([{"ambiguous": True}], ("unusual",)),
        (None, ()),
        ([None, ""], ()),
    ],
)
async def test_a_flag_that_is_not_on_the_list_counts_as_unusual(said: Any, flags: tuple[str, ...]) -> None:
    async with asking(ScriptedModel(answering(entry(flags=said)))) as asked:
        assert (await asked.draft()).plan.flags == flags


async def test_texts_of_the_model_are_kept_short_and_say_so() -> None:
    long = entry(steps=[f"step {at}" for at in range(40)], impact="x" * 5000, warnings="just one", missing=[])
    async with asking(ScriptedModel(answering(long))) as asked:
        plan = (await asked.draft()).plan
    assert plan.steps[-1] == "… and 28 more"
    assert len(plan.steps) == 13
    assert (len(plan.impact), plan.impact[-1]) == (500, "…")
    assert plan.warnings == ("just one",)


async def test_reading_anew_tells_the_model_what_it_said_before() -> None:
    earlier = Draft(
        status="ready",
        action="transfer_money",
        args={"amount": 5, "payee": "Jo", "iban": "DE89370400440532013000", "strange": 1},
        problems=(Problem("payee", "is unclear"),),
    )
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft(WORDS, earlier=earlier)
    said = told(model)
    assert said["earlier_answer"] == {
        "action": "transfer_money",
        "arguments": {"amount": 5, "payee": "Jo"},
        "problems": ["payee: is unclear"],
    }
    assert "DE89370400440532013000" not in model.calls[0].prompt


async def test_a_draft_that_was_never_read_is_no_earlier_answer() -> None:
    (unread,) = (await TextMatchPlanner().plan(WORDS, ACTIONS)).drafts
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        await asked.draft(WORDS, earlier=unread)
    assert told(model) == {"words": WORDS}


# --- without a model ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("refund order 81 please", "refund_payment"),
        ("I want a refnud", "refund_payment"),
        ("give them their money back for the order", "refund_payment"),
        ("mail dana", "send_mail"),
        ("transferring 20 to Jo", "transfer_money"),
        ("an e-mail with the subject hello", "send_mail"),
    ],
)
async def test_without_a_model_the_closest_form_is_named_and_nothing_is_claimed(words: str, name: str) -> None:
    (draft,) = (await TextMatchPlanner().plan(words, ACTIONS)).drafts
    assert (draft.status, draft.action, dict(draft.args)) == ("unread", name, {})
    assert draft.plan.confidence == 0.0
    assert draft.note == (
        f"No model is configured, so I matched your words to {name} by plain text. Open the form and fill it in."
    )


@pytest.mark.parametrize("words", ["", "!!!", "42", "was für ein schöner Tag", "the of and"])
async def test_words_that_are_like_nothing_name_no_action(words: str) -> None:
    (draft,) = (await TextMatchPlanner().plan(words, ACTIONS)).drafts
    assert (draft.status, draft.action) == ("unread", None)
    assert "Choose one" in draft.note


async def test_where_nothing_may_be_asked_for_it_is_said() -> None:
    (draft,) = (await TextMatchPlanner().plan(WORDS, ())).drafts
    assert draft.action is None
    assert "no action" in draft.note
    model = ScriptedModel(answering(entry()))
    async with asking(model) as asked:
        assert [each.note for each in (await asked.planner.plan(WORDS, ())).drafts] == [draft.note]
    assert model.calls == []


def test_the_closest_action_does_not_depend_on_chance() -> None:
    twin = REFUND.__class__(name="refund_payment_too", title=REFUND.title, run=REFUND.run)
    assert closest("refund", (REFUND, twin)) is REFUND
    assert closest("refund", (twin, REFUND)) is twin
    assert closest("send the mail, then transfer", (MAIL, TRANSFER)) is MAIL


def test_long_words_are_matched_in_no_time() -> None:
    words = " ".join(f"refundment{at}x" for at in range(20_000))
    assert closest(words, ACTIONS * 30) in (None, REFUND)
