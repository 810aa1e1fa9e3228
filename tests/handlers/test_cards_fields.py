"""Forms: an input for every schema, and back out of it the very value that was put in."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.catalogue import Action
from bot.errors import Problem
from handlers.cards import fields, inputs, modals
from handlers.demo.slack.modals import initial_values
from handlers.schemas import JsonSchemas
from tests.build import REFUND, action, request, version
from tests.corpus import HOSTILE
from tests.handlers.drawings import TOKEN, assert_view, everything, nodes, same

EMPTY: dict[str, dict[str, Any]] = {
    "plain_text_input": {"value": None},
    "number_input": {"value": None},
    "email_text_input": {"value": None},
    "url_text_input": {"value": None},
    "static_select": {"selected_option": None},
    "multi_static_select": {"selected_options": []},
    "checkboxes": {"selected_options": []},
    "datepicker": {"selected_date": None},
    "datetimepicker": {"selected_date_time": None},
}


def submitted(view: dict[str, Any], **put_in: Any) -> dict[str, Any]:
    """`view.state.values` of a view as it was opened, with some inputs changed: parameter → what Slack sends."""
    begun = initial_values(tuple(view["blocks"]))
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            values = begun.get(block["block_id"], {}).get(element["action_id"])
            values = values or {"type": element["type"], **EMPTY[element["type"]]}
            name = block["block_id"].removeprefix("arg:")
            state[block["block_id"]] = {element["action_id"]: values | put_in.get(name, {})}
    return state


def element(schema: dict[str, Any], begins: Any = None) -> dict[str, Any]:
    view = modals.fields(action({"x": schema}), {} if begins is None else {"x": begins}, TOKEN)
    assert_view(view)
    return next(block["element"] for block in view["blocks"] if block["type"] == "input")


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "enum": ["USD", "EUR"]}, "static_select"),
        ({"enum": [1, 2.5, True, None, "x"]}, "static_select"),
        ({"type": "string", "enum": [str(n) for n in range(500)]}, "static_select"),
        ({"type": "string", "enum": [str(n) for n in range(501)]}, "plain_text_input"),
        ({"type": "boolean"}, "checkboxes"),
        ({"type": "integer"}, "number_input"),
        ({"type": "number"}, "number_input"),
        ({"type": ["number", "null"]}, "number_input"),
        ({"type": "string"}, "plain_text_input"),
        ({}, "plain_text_input"),
        ({"type": "string", "format": "date"}, "datepicker"),
        ({"type": "string", "format": "date-time"}, "datetimepicker"),
        ({"type": "string", "format": "email"}, "email_text_input"),
        ({"type": "string", "format": "uri"}, "url_text_input"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "checkboxes"),
        ({"type": "array", "items": {"enum": list("abcdefghijklm")}}, "multi_static_select"),
        ({"type": "array", "items": {"type": "string"}}, "plain_text_input"),
        ({"type": "object"}, "plain_text_input"),
        ({"type": "number", "x-sensitive": True}, "plain_text_input"),
    ],
)
def test_each_schema_has_its_input(schema: dict[str, Any], kind: str) -> None:
    assert element(schema)["type"] == kind


def test_bounds_and_lengths_reach_the_input() -> None:
    whole = element({"type": "integer", "exclusiveMinimum": 0, "maximum": 10})
    assert (whole["is_decimal_allowed"], whole["min_value"], whole["max_value"]) == (False, "1", "10")
    decimal = element({"type": "number", "minimum": 0.5, "exclusiveMaximum": 1e20})
    assert (decimal["is_decimal_allowed"], decimal["min_value"], decimal["max_value"]) == (True, "0.5", "1" + "0" * 20)
    text = element({"type": "string", "minLength": 3, "maxLength": 20, "x-long": True})
    assert (text["min_length"], text["max_length"], text["multiline"]) == (3, 20, True)
    assert "max_length" not in element({"type": "string", "maxLength": 5_000}), "Slack takes at most 3,000"


def test_title_description_and_what_is_required_are_told() -> None:
    view = modals.fields(REFUND, {}, TOKEN)
    blocks = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert blocks["arg:order_id"]["label"]["text"] == "Order"
    assert blocks["arg:amount"]["hint"]["text"] == "More than 0."
    assert [blocks[f"arg:{name}"]["optional"] for name in ("order_id", "amount", "note")] == [False, False, True]
    assert blocks["arg:currency"]["element"]["initial_option"]["text"]["text"] == "USD", "its default"
    assert "never shown again" in blocks["arg:iban"]["hint"]["text"]
    assert view["submit"]["text"] == "Keep"
    assert modals.fields(REFUND, {}, "")["submit"]["text"] == "Send"


FILLED: list[tuple[dict[str, Any], Any]] = [
    ({"type": "number"}, 50),
    ({"type": "number"}, 50.25),
    ({"type": "number"}, 1e-7),
    ({"type": "integer"}, -3),
    ({"type": "integer"}, 2**53 - 1),
    ({"type": "boolean"}, True),
    ({"type": "boolean"}, False),
    ({"enum": [1, 2.5, True, None, "1", "x" * 300]}, "x" * 300),
    ({"enum": [1, True, "1"]}, True),
    ({"enum": [1, True, "1"]}, "1"),
    ({"type": "string", "enum": [f"value {n}" for n in range(450)]}, "value 449"),
    ({"type": "string", "format": "date"}, "2026-02-28"),
    ({"type": "string", "format": "date"}, "not yet known"),
    ({"type": "string", "format": "date-time"}, "2026-02-28T12:30:45Z"),
    ({"type": "string", "format": "date-time"}, "2026-02-28T12:30:45.250+02:00"),
    ({"type": "string", "format": "email"}, "ops@example.com"),
    ({"type": "string", "format": "uri"}, "https://example.com/a?b=c"),
    ({"type": "array", "items": {"enum": ["a", 2, True]}}, [2, True]),
    ({"type": "array", "items": {"enum": list("abcdefghijklm")}}, ["m", "a"]),
    ({"type": "array", "items": {"type": "string"}}, ["one", "two words", "3"]),
    ({"type": "array", "items": {"type": "integer"}}, [1, 2, 3]),
    ({"type": "array", "items": {"type": "number"}}, [1.5, 2]),
    ({"type": "array", "items": {"type": "string"}}, ["with\na newline", ""]),
    ({"type": "array", "items": {"type": "object"}}, [{"a": 1}]),
    ({"type": "object"}, {"a": [1, 2.5, None, "x\ny"], "b": {"c": True}}),
    ({"type": "string", "x-long": True}, "line\n\n  indented\n"),
]


@pytest.mark.parametrize(("schema", "value"), FILLED, ids=range(len(FILLED)))
def test_what_a_form_begins_with_comes_back_exactly(schema: dict[str, Any], value: Any) -> None:
    of = action({"x": schema}, required=("x",))
    view = modals.fields(of, {"x": value}, TOKEN)
    assert_view(view)
    args, problems = fields.read(of, submitted(view))
    assert problems == ()
    assert same(args, {"x": value})
    assert type(args["x"]) is type(value)


written = st.text(min_size=1, max_size=80) | st.sampled_from([text for text in HOSTILE if text])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.tuples(
            st.just({"type": "string"}), st.text(min_size=1, max_size=80) | st.sampled_from([h for h in HOSTILE if h])
        ),
        st.tuples(st.just({"type": "integer"}), st.integers(-(2**53) + 1, 2**53 - 1)),
        st.tuples(st.just({"type": "number"}), st.floats(-1e15, 1e15, allow_nan=False).filter(lambda f: f != 0)),
        st.tuples(st.just({"type": "array", "items": {"type": "string"}}), st.lists(st.text(max_size=20), min_size=1)),
        st.tuples(st.just({"type": "object"}), st.dictionaries(st.text(max_size=5), json_values, max_size=4)),
    )
)
def test_any_value_that_has_an_input_comes_back_exactly(case: tuple[dict[str, Any], Any]) -> None:
    schema, value = case
    of = action({"x": schema})
    view = modals.fields(of, {"x": value}, TOKEN)
    args, problems = fields.read(of, submitted(view))
    assert problems == ()
    if fields.offered(of, submitted(view)):
        assert same(args, {"x": value})
    else:
        assert "stays as it is" in everything(view["blocks"]), "too long for an input of Slack's"


def test_nothing_put_in_is_absent_but_an_empty_checkbox_says_false() -> None:
    of = action(
        {
            "flag": {"type": "boolean"},
            "note": {},
            "count": {"type": "integer"},
            "when": {"type": "string", "format": "date"},
            "pick": {"enum": [1]},
            "many": {"type": "array", "items": {"enum": [1]}},
            "data": {"type": "object"},
        }
    )
    view = modals.fields(of, {}, TOKEN)
    assert fields.read(of, submitted(view)) == ({"flag": False}, ())
    assert len(fields.offered(of, submitted(view))) == 7


@pytest.mark.parametrize(
    ("schema", "typed", "told"),
    [
        ({"type": "integer"}, "12.5", "must be a whole number"),
        ({"type": "integer"}, "9007199254740993", "too large to be kept exactly"),
        ({"type": "number"}, "fifty", "must be a number"),
        ({"type": "number"}, "1e999", "must be a number"),
        ({"type": "number"}, "NaN", "must be a number"),
        ({"type": "number"}, "0.1234567890123456789", "more digits than can be kept exactly"),
        ({"type": "array", "items": {"type": "integer"}}, "1\ntwo", "must be a whole number"),
        ({"type": "object"}, "{", "is not JSON"),
        ({"type": "object"}, "[NaN]", "must not hold NaN"),
        ({"type": "object"}, "[" * 50_000, "nested too deeply"),
        ({"type": "object"}, '{"a": 9007199254740993}', "too large to be kept exactly"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(schema: dict[str, Any], typed: str, told: str) -> None:
    of = action({"x": schema})
    state = submitted(modals.fields(of, {}, TOKEN), x={"value": typed})
    args, (problem,) = fields.read(of, state)
    assert args == {}
    assert problem.where == "x"
    assert told in problem.message
    assert fields.block_of(problem.where, set(state)) == "arg:x"


@pytest.mark.parametrize(("typed", "number"), [("50", 50), ("50.00", 50), ("50.10", 50.1), ("-0.5", -0.5), ("007", 7)])
def test_numbers_are_numbers(typed: str, number: float) -> None:
    of = action({"x": {"type": "number"}})
    args, _ = fields.read(of, submitted(modals.fields(of, {}, TOKEN), x={"value": typed}))
    assert args == {"x": number}
    assert type(args["x"]) is type(number)


def test_a_choice_that_is_gone_is_refused() -> None:
    of = action({"x": {"enum": ["a"]}})
    state = submitted(modals.fields(of, {}, TOKEN), x={"selected_option": {"value": "7"}})
    assert fields.read(of, state)[1] == (Problem("x", "this choice is no longer offered; choose again"),)


def test_schema_problems_find_their_block() -> None:
    of = Action("act", "Act", {"kind": "caller"}, params={"amount": {"type": "number", "maximum": 5}, "a.b": {}})
    state = submitted(modals.fields(of, {}, TOKEN), amount={"value": "50"})
    args, _ = fields.read(of, state)
    (problem,) = JsonSchemas().problems(of, args)
    assert fields.block_of(problem.where, set(state)) == "arg:amount"
    assert fields.block_of("a.b.c[0]", set(state)) == "arg:a.b"
    assert fields.block_of("other", set(state)) is None
    assert fields.block_of("reason", {"reason"}) == "reason"
    view = modals.fields(of, args, TOKEN, (problem,))
    assert_view(view)
    assert problem.message in everything(view["blocks"])


def test_a_value_that_does_not_fit_its_input_does_not_keep_the_form_from_opening() -> None:
    assert "initial_value" not in element({"type": "number", "maximum": 10}, 5_000)
    assert "initial_value" not in element({"type": "integer"}, "fifty")
    assert "initial_option" not in element({"enum": ["a"]}, "z")
    assert "initial_date" not in element({"type": "string", "format": "date"}, "tomorrow")


# ── editing ─────────────────────────────────────────────────────────────────────────────────────────────────────

IBAN = "DE89370400440532013000"
SECRET = {"order_id": "ord_81", "amount": 50, "iban": IBAN}


def test_an_approver_sees_what_they_may_not_change_and_has_inputs_for_the_rest() -> None:
    view = modals.edit(request(version(args=SECRET)), TOKEN, only=("amount", "note"))
    assert_view(view)
    assert [b["block_id"] for b in view["blocks"] if b["type"] == "input"] == ["arg:amount", "arg:note"]
    assert "order_id  ord_81" in everything(view["blocks"])
    nothing = modals.edit(request(version(args=SECRET)), TOKEN, only=())
    assert_view(nothing)
    assert "submit" not in nothing
    assert modals.place(view["private_metadata"]) == modals.Place(TOKEN, 0, "refund_payment")


def test_a_sensitive_value_is_never_put_into_a_form_again_and_stays_when_left_empty() -> None:
    view = modals.edit(request(version(args=SECRET)), TOKEN)
    assert IBAN not in str(view)
    iban = next(block for block in view["blocks"] if block.get("block_id") == "arg:iban")
    assert iban["optional"] is True
    assert "iban" not in fields.read(REFUND, submitted(view))[0]
    assert fields.read(REFUND, submitted(view, iban={"value": "FR1"}))[0]["iban"] == "FR1"


def test_what_no_input_can_hold_stays_and_is_not_offered() -> None:
    of = action({"body": {"type": "string", "x-long": True}, "n": {"type": "integer"}})
    view = modals.edit(request(version(of, {"body": "x" * 3_001, "n": 1})), TOKEN)
    assert_view(view)
    assert "a value of 3,001 characters is too long for a form; it stays as it is" in everything(view["blocks"])
    assert fields.offered(of, submitted(view)) == ("n",)


# ── choosing an action ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 100, 101, 1_000])
def test_any_number_of_actions_can_be_chosen_from(count: int) -> None:
    actions = [action({}, name=f"action_{n:04}", about="What it does, in a sentence or so.") for n in range(count)]
    view = modals.form(actions, TOKEN, begins="action_0000")
    assert_view(view)
    options = [node for node in nodes(view) if "value" in node and "text" in node]
    assert {option["value"] for option in options} == {each.name for each in actions}
    (block,) = (block for block in view["blocks"] if block["type"] == "input")
    state = {"action": {"action": {"selected_option": block["element"]["initial_option"]}}}
    assert fields.chosen(state) == "action_0000"


def test_with_nothing_to_ask_for_the_form_says_so() -> None:
    view = modals.form([], "")
    assert_view(view)
    assert "nothing you may ask for" in everything(view["blocks"])


def test_a_form_with_more_fields_than_a_view_can_hold_says_how_to_give_the_rest() -> None:
    of = action({f"p{n}": {"type": "string"} for n in range(60)}, required=("p59",))
    view = modals.fields(of, {}, TOKEN)
    assert_view(view)
    assert "arg:p59" in {block.get("block_id") for block in view["blocks"]}, "what is required comes first"
    assert "20 optional fields more" in everything(view["blocks"])


def test_options_too_long_for_slack_are_told_apart() -> None:
    made = inputs.options(["x" * 100 + "a", "x" * 100 + "b"])
    assert made[0]["text"] != made[1]["text"]
    assert all(len(option["text"]["text"]) <= 75 for option in made)
