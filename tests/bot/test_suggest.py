"""Suggestions from history: what people always approved, bounded, and never anything they refused."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Action, Catalogue, Group, Risk
from bot.condition import Basis, Condition
from bot.replay import Answer, Past
from bot.route import Requirement, Route, Stage, Verdict
from bot.suggest import LEAST, Evidence, Suggestion
from tests.build import T0

PARAMS: dict[str, dict[str, Any]] = {
    "amount": {"type": "number", "exclusiveMinimum": 0},
    "change": {"type": "integer"},
    "currency": {"type": "string", "enum": ["USD", "EUR"]},
    "rush": {"type": "boolean"},
    "note": {"type": "string"},
    "pin": {"type": "integer", "x-sensitive": True},
}
ROUTE = Route(Verdict.ASK, "looked at", (Stage(need=(Requirement(("finance",)),)),))
YES, NO = Answer.APPROVED, Answer.REJECTED


def action(*names: str, required: tuple[str, ...] | None = None) -> Action:
    params = {name: PARAMS[name] for name in names}
    return Action("pay", "Pay", {"kind": "caller"}, params=params, required=names if required is None else required)


def past(of: Action, args: dict[str, Any], answer: Answer = YES, risk: Risk = Risk.MEDIUM, n: int = 0) -> Past:
    basis = Basis("pay", args, risk, {"id": "U1"}, {"flags": []}, {}, T0).as_json()
    by = ("U0FAY" if n % 2 else "U0FRED",)
    return Past(
        request=f"req-{n}",
        number=1,
        action=of,
        basis=basis,
        risk=risk,
        route=ROUTE,
        made_at=T0,
        answer=answer,
        waited=60_000,
        approved_by=by if answer is YES else (),
        rejected_by=by if answer is NO else (),
    )


def suggested(of: Action, told: Iterable[Past], least: int = LEAST) -> tuple[Suggestion, ...]:
    evidence = Evidence(Catalogue({"pay": of}, {}, Group("operators"), "#x"))
    for each in told:
        evidence.add(each)
    return evidence.suggestions(least)


def amounts(of: Action, yes: Iterable[float], no: Iterable[float] = (), **more: Any) -> list[Past]:
    given_ = [({"amount": value} | more, YES) for value in yes] + [({"amount": value} | more, NO) for value in no]
    return [past(of, args, answer, n=n) for n, (args, answer) in enumerate(given_)]


AMOUNT = action("amount")


def test_the_bound_is_the_largest_approved_below_the_first_refused() -> None:
    (only,) = suggested(AMOUNT, amounts(AMOUNT, [*range(1, 31), 99, 101], [100, 250]))
    assert only.when == 'action == "pay" && risk in ["low", "medium"] && args.amount <= 99'
    assert (only.approvals, only.people) == (31, 2)
    assert [(each.of.args["amount"], each.distance) for each in only.against] == [(100, 1), (250, 151)]


@pytest.mark.parametrize(("yes", "count"), [(19, 0), (20, 1)])
def test_it_takes_twenty(yes: int, count: int) -> None:
    assert len(suggested(AMOUNT, amounts(AMOUNT, range(1, yes + 1)))) == count


def test_fewer_than_twenty_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        suggested(AMOUNT, [], least=19)


def test_a_refusal_amid_the_approvals_parts_them() -> None:
    yes = [*range(1, 26), *range(40, 100)]
    (only,) = suggested(AMOUNT, amounts(AMOUNT, yes, [30]))
    assert only.when.endswith("args.amount >= 40 && args.amount <= 99")


def test_the_same_value_approved_and_refused_is_no_bound() -> None:
    told = amounts(AMOUNT, [5.5] * 50, [5.5])
    assert suggested(AMOUNT, told) == ()


def test_where_the_schema_sets_no_lower_end_the_smallest_seen_does() -> None:
    of = action("change")
    told = [past(of, {"change": value}, n=value) for value in range(-3, 25)]
    (only,) = suggested(of, told)
    assert only.when.endswith("args.change >= -3 && args.change <= 24")


@pytest.mark.parametrize("answer", [Answer.EDITED, Answer.REJECTED])
def test_what_was_rewritten_speaks_against_as_what_was_rejected(answer: Answer) -> None:
    told = [*amounts(AMOUNT, range(1, 31)), past(AMOUNT, {"amount": 31}, answer, n=99), past(AMOUNT, {"amount": 40})]
    (only,) = suggested(AMOUNT, told)
    assert only.bounds is not None
    assert only.bounds.high == 30
    assert only.against[0].of.answer is answer


@pytest.mark.parametrize("answer", [Answer.EXPIRED, Answer.CANCELLED, Answer.WAITING, Answer.UNASKED])
def test_what_nobody_decided_says_nothing(answer: Answer) -> None:
    told = [past(AMOUNT, {"amount": value}, answer, n=value) for value in range(1, 60)]
    assert suggested(AMOUNT, told) == ()
    (only,) = suggested(AMOUNT, [*amounts(AMOUNT, range(1, 31)), past(AMOUNT, {"amount": 5}, answer)])
    assert only.bounds is not None
    assert only.bounds.high == 30


def test_a_yes_at_high_risk_does_not_count_but_a_no_does() -> None:
    high = [past(AMOUNT, {"amount": value}, risk=Risk.HIGH, n=value) for value in range(1, 60)]
    assert suggested(AMOUNT, high) == ()
    no = past(AMOUNT, {"amount": 25}, NO, risk=Risk.HIGH, n=100)
    (only,) = suggested(AMOUNT, [*amounts(AMOUNT, range(1, 31)), no])
    assert only.bounds is not None
    assert only.bounds.high == 24


def test_a_choice_is_named_where_it_makes_the_difference() -> None:
    of = action("amount", "currency")
    euros = amounts(of, range(1, 41), currency="EUR")
    dollars = amounts(of, [], range(1, 41), currency="USD")
    (only,) = suggested(of, [*euros, *dollars])
    assert only.when == ('action == "pay" && risk in ["low", "medium"] && args.currency == "EUR" && args.amount <= 40')
    assert all(each.of.args["currency"] == "USD" for each in only.against)


def test_a_choice_that_makes_no_difference_is_not_named() -> None:
    of = action("amount", "currency")
    told = [*amounts(of, range(1, 41), currency="EUR"), *amounts(of, range(1, 41), [50], currency="USD")]
    (only,) = suggested(of, told)
    assert only.choice is None
    assert only.approvals == 80


def test_a_choice_alone_is_enough_only_where_no_number_is_left_open() -> None:
    of = action("rush", "note")
    told = [past(of, {"rush": n % 2 == 0, "note": "x"}, YES if n % 2 == 0 else NO, n=n) for n in range(50)]
    (only,) = suggested(of, told)
    assert only.when.endswith("args.rush == true")
    of = action("amount", "rush")
    told = [past(of, {"rush": True, "amount": n % 2 + 1}, YES if n % 2 else NO, n=n) for n in range(38)]
    assert suggested(of, told) == ()


def test_text_and_what_is_sensitive_are_never_spoken_of() -> None:
    of = action("note", "pin")
    told = [past(of, {"note": "same", "pin": 7}, n=n) for n in range(40)]
    assert suggested(of, told) == ()
    shown = action("amount", "pin")
    (only,) = suggested(shown, [past(shown, {"amount": n, "pin": 9876}, n=n) for n in range(1, 40)])
    assert "9876" not in repr(only)
    now = replace(shown, params={"amount": PARAMS["amount"], "pin": {"type": "integer"}})
    assert "pin" not in suggested(now, [past(shown, {"amount": n, "pin": 9876}, n=n) for n in range(1, 40)])[0].when


def test_an_optional_number_is_asked_to_be_there() -> None:
    of = action("amount", required=())
    (only,) = suggested(of, amounts(of, range(1, 31)))
    assert "args.amount != null && args.amount <= 30" in only.when


ARGS = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.integers(0, 40) | st.floats(0, 40).map(lambda value: round(value, 1)),
        "change": st.integers(-5, 5),
        "currency": st.sampled_from(["USD", "EUR"]),
        "rush": st.booleans(),
        "note": st.text(max_size=3),
    },
)


@given(
    yes=st.lists(ARGS, min_size=20, max_size=60),
    no=st.lists(ARGS, max_size=8),
    required=st.sets(st.sampled_from(["amount", "change"])),
)
def test_no_suggestion_ever_holds_for_what_was_refused(yes: Any, no: Any, required: set[str]) -> None:
    """As the policy itself evaluates it: a rule that errs or holds there would be wrong; twenty approvals hold."""
    of = action("amount", "change", "currency", "rush", "note", required=tuple(required))
    filled = [dict.fromkeys(required, 1) | args for args in yes], [dict.fromkeys(required, 1) | args for args in no]
    told = [past(of, args, n=n) for n, args in enumerate(filled[0])]
    told += [past(of, args, NO, n=1000 + n) for n, args in enumerate(filled[1])]
    for each in suggested(of, told):
        condition = Condition(each.when, tuple(of.params))

        def holds(args: dict[str, Any], condition: Condition = condition) -> bool:
            return condition.holds(Basis("pay", args, Risk.MEDIUM, {}, {}, {}, T0), Risk.MEDIUM)

        assert not any(map(holds, filled[1])), each.when
        assert sum(map(holds, filled[0])) == each.approvals >= LEAST
        assert not condition.holds(Basis("pay", filled[0][0], Risk.HIGH, {}, {}, {}, T0), Risk.HIGH)
