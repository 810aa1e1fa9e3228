"""Arguments held to an action's schema, and what people are told of those that do not fit."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue import Action
from bot.errors import Problem
from handlers.schemas import JsonSchemas, fault

SCHEMAS = JsonSchemas()
ACTION = Action(
    name="refund_payment",
    title="Refund {amount}",
    run={"kind": "caller"},
    params={
        "order_id": {"type": "string", "pattern": "^ord_[a-z0-9]+$", "examples": ["ord_81"]},
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 10000},
        "count": {"type": "integer", "minimum": 1, "multipleOf": 2},
        "currency": {"type": "string", "enum": ["USD", "EUR"], "default": "USD"},
        "urgent": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "mail": {"type": "string", "format": "email"},
        "page": {"type": "string", "format": "uri"},
        "note": {"type": "string", "minLength": 2, "maxLength": 5},
        "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 2, "uniqueItems": True},
        "words": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "iban": {"type": "string", "pattern": "^DE[0-9]+$", "x-sensitive": True},
        "pin": {"type": "integer", "maximum": 9999, "x-sensitive": True},
    },
    required=("order_id", "amount"),
)
GOOD: dict[str, Any] = {"order_id": "ord_81", "amount": 50}


def told(**args: Any) -> list[str]:
    return [str(problem) for problem in SCHEMAS.problems(ACTION, GOOD | args)]


def test_good_arguments_have_no_problems() -> None:
    everything = {
        "count": 4,
        "currency": "EUR",
        "urgent": True,
        "day": "2026-03-31",
        "at": "2026-03-31T12:00:00Z",
        "mail": "a@example.com",
        "page": "https://example.com/",
        "note": "😀😀😀😀😀",
        "tags": ["a", "b"],
        "words": ["x"],
        "iban": "DE1",
        "pin": 1234,
    }
    assert told(**everything) == []
    assert told(amount=50.0) == []


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"amount": 20000}, "amount: must be at most 10000, got 20000"),
        ({"amount": 10000.5}, "amount: must be at most 10000, got 10000.5"),
        ({"amount": 0}, "amount: must be more than 0, got 0"),
        ({"amount": "50"}, 'amount: must be a number more than 0 and at most 10000, got "50"'),
        ({"amount": True}, "amount: must be a number more than 0 and at most 10000, got true"),
        ({"count": 1.5}, "count: must be a whole number at least 1, got 1.5"),
        ({"count": 3}, "count: must be a multiple of 2, got 3"),
        ({"order_id": "81"}, 'order_id: must be text like ord_81, got "81"'),
        ({"order_id": "ord_81\n"}, 'order_id: must be text like ord_81, got "ord_81\\n"'),
        ({"order_id": 81}, "order_id: must be text like ord_81, got 81"),
        ({"currency": "usd"}, 'currency: must be USD or EUR, got "usd"; did you mean USD?'),
        ({"currency": "GBP"}, 'currency: must be USD or EUR, got "GBP"'),
        ({"urgent": "yes"}, 'urgent: must be true or false, got "yes"'),
        ({"day": "31.3.2026"}, 'day: must be a date as YYYY-MM-DD, got "31.3.2026"'),
        ({"day": "2026-02-30"}, 'day: must be a date as YYYY-MM-DD, got "2026-02-30"'),
        ({"at": "2026-03-31T12:00"}, 'at: must be a time as YYYY-MM-DDThh:mm:ssZ, got "2026-03-31T12:00"'),
        ({"mail": "alice"}, 'mail: must be an address like name@example.com, got "alice"'),
        ({"mail": "a@b.de\r\nBcc: c@d.de"}, "mail: must be an address like name@example.com"),
        ({"mail": "Alice <a@b.de>"}, "mail: must be an address like name@example.com"),
        ({"page": "example.com"}, "page: must be a URL with its scheme"),
        ({"note": "x"}, "note: must have at least 2 characters, has 1"),
        ({"note": "abcdef"}, "note: must have at most 5 characters, has 6"),
        ({"tags": ["a", "c"]}, 'tags[1]: must be a or b, got "c"'),
        ({"tags": ["a", "a"]}, "tags: must not hold an entry twice"),
        ({"tags": "a"}, 'tags: must be a list of a or b, got "a"'),
        ({"words": []}, "words: must have at least 1 entries"),
        ({"words": ["x", 1]}, "words[1]: must be text, got 1"),
        ({"amout": 5}, "amout: is no parameter of refund_payment; did you mean amount?"),
        ({"amount": 2**53}, "amount: holds half a character, or a number that JSON cannot carry exactly"),
        ({"amount": float("nan")}, "amount: holds half a character, or a number that JSON cannot carry exactly"),
        ({"note": "\ud800"}, "note: holds half a character"),
        ({"words": ["\udfff"]}, "words: holds half a character"),
    ],
)
def test_problems_are_in_people_s_words(args: dict[str, Any], text: str) -> None:
    found = told(**args)
    assert len(found) == 1, found
    assert found[0].startswith(text)


def test_what_is_missing_is_told_with_what_it_must_be() -> None:
    assert [str(problem) for problem in SCHEMAS.problems(ACTION, {})] == [
        "order_id: is missing; it must be text like ord_81",
        "amount: is missing; it must be a number more than 0 and at most 10000",
    ]


def test_every_problem_is_told_in_the_order_of_the_parameters() -> None:
    found = SCHEMAS.problems(ACTION, {"note": "x", "amount": -1, "zzz": 1, "order_id": "!"})
    assert [problem.where for problem in found] == ["zzz", "order_id", "amount", "note"]


def test_a_default_fills_what_is_absent() -> None:
    needed = Action("a", "t", {"kind": "caller"}, params={"n": {"type": "integer", "default": 1}}, required=("n",))
    assert SCHEMAS.problems(needed, {}) == ()
    assert SCHEMAS.problems(needed, {"n": None}) == ()


def test_an_action_without_parameters_takes_none() -> None:
    (problem,) = SCHEMAS.problems(Action("a", "t", {"kind": "caller"}), {"x": 1})
    assert problem.message == "is no parameter: a takes none"


@pytest.mark.parametrize("args", [{"iban": "FR7630006000"}, {"iban": 7630006000}, {"pin": 123456}, {"pin": "seven"}])
def test_a_sensitive_value_is_never_repeated(args: dict[str, Any]) -> None:
    (text,) = told(**args)
    assert str(next(iter(args.values()))) not in text
    _, (problem, *_) = SCHEMAS.from_text(ACTION, {"order_id": "ord_1", "amount": "1", "pin": "s3cret"})
    assert problem.where == "pin"
    assert "s3cret" not in problem.message


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("amount", "50", 50),
        ("amount", " 0.5 ", 0.5),
        ("amount", "1e3", 1000.0),
        ("count", "4", 4),
        ("urgent", "yes", True),
        ("urgent", "FALSE", False),
        ("urgent", "off", False),
        ("urgent", "1", True),
        ("currency", "EUR", "EUR"),
        ("day", "2026-03-31", "2026-03-31"),
        ("tags", "a, b", ["a", "b"]),
        ("words", "one", ["one"]),
        ("note", " a ", " a "),
        ("note", "007", "007"),
    ],
)
def test_text_becomes_what_the_parameter_is(name: str, text: str, value: Any) -> None:
    args, problems = SCHEMAS.from_text(ACTION, {"order_id": "ord_81", "amount": "1", name: text})
    assert problems == ()
    assert args[name] == value
    assert type(args[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("amount", "fifty", 'amount: must be a number more than 0 and at most 10000, got "fifty"'),
        ("amount", "1,000", 'amount: must be a number more than 0 and at most 10000, got "1,000"'),
        ("amount", "nan", 'amount: must be a number more than 0 and at most 10000, got "nan"'),
        ("amount", "1e999", "amount: holds half a character, or a number that JSON cannot carry"),
        ("amount", "0x10", 'amount: must be a number more than 0 and at most 10000, got "0x10"'),
        ("amount", "", 'amount: must be a number more than 0 and at most 10000, got ""'),
        ("count", "2.5", "count: must be a whole number at least 1, got 2.5"),
        ("count", "9007199254740993", "count: holds half a character, or a number that JSON cannot carry exactly"),
        ("count", "٤", 'count: must be a whole number at least 1, got "٤"'),
        ("urgent", "maybe", 'urgent: must be true or false, got "maybe"'),
        ("currency", "eur", 'currency: must be USD or EUR, got "eur"; did you mean EUR?'),
        ("day", "tomorrow", 'day: must be a date as YYYY-MM-DD, got "tomorrow"'),
        ("tags", "a,c", 'tags[1]: must be a or b, got "c"'),
        ("words", " , ", "words: must have at least 1 entries"),
        ("curency", "EUR", "curency: is no parameter of refund_payment; did you mean currency?"),
    ],
)
def test_text_that_does_not_fit_names_the_parameter(name: str, text: str, problem: str) -> None:
    _, problems = SCHEMAS.from_text(ACTION, {"order_id": "ord_81", "amount": "1", name: text})
    assert len(problems) == 1, problems
    assert str(problems[0]).startswith(problem)


def test_everything_wrong_in_a_line_is_told_once() -> None:
    args, problems = SCHEMAS.from_text(ACTION, {"amount": "x", "note": "too long", "color": "red"})
    assert sorted(problem.where for problem in problems) == ["amount", "color", "note", "order_id"]
    assert args == {"note": "too long"}


def test_a_value_of_several_types_takes_the_first_that_fits() -> None:
    undo = Action("u", "t", {"kind": "caller"}, params={"result.id": {"type": ["integer", "string"]}})
    assert SCHEMAS.from_text(undo, {"result.id": "12"}) == ({"result.id": 12}, ())
    assert SCHEMAS.from_text(undo, {"result.id": "re_1"}) == ({"result.id": "re_1"}, ())
    assert SCHEMAS.problems(undo, {"result.id": []}) == (
        Problem("result.id", "must be a whole number or text, got a list"),
    )


def test_a_pattern_cannot_be_made_to_hang() -> None:
    hostile = Action("a", "t", {"kind": "caller"}, params={"x": {"type": "string", "pattern": "^(a+)+(b|a)*$"}})
    begun = time.perf_counter()
    assert SCHEMAS.problems(hostile, {"x": "a" * 50_000 + "!"})
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("pattern", ["(?=a)b", "(a)\\1", "(a", "[a-z]{1000}{1000}", "(?<!x)y"])
def test_a_pattern_that_needs_backtracking_is_a_fault_of_the_schema(pattern: str) -> None:
    found = fault({"type": "string", "pattern": pattern})
    assert found is not None
    assert found[0] == ("pattern",)


def test_a_schema_that_looks_elsewhere_is_a_fault() -> None:
    assert fault({"$ref": "https://example.com/schema.json"}) is not None
    assert fault({"type": "string", "maxLength": 3}) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from((*ACTION.params, "other", ""))


@given(st.dictionaries(_NAMES, _JSON))
@settings(max_examples=150, deadline=None)
def test_any_arguments_are_judged(args: dict[str, Any]) -> None:
    for problem in SCHEMAS.problems(ACTION, args):
        assert problem.message


@given(st.dictionaries(_NAMES, st.text(max_size=20) | st.sampled_from(("1", "-0", "1e5", "true", "a,b", "2026-01-01"))))
@settings(max_examples=150, deadline=None)
def test_what_is_read_from_any_text_without_problems_is_valid(pairs: dict[str, str]) -> None:
    args, problems = SCHEMAS.from_text(ACTION, pairs)
    if not problems:
        assert SCHEMAS.problems(ACTION, args) == ()
        assert set(args) == set(pairs)
