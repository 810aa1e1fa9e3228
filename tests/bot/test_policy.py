"""Conditions, risk and route: what is decided on, and that nothing that errs lets anything through."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import Action, Group, Risk, highest
from bot.condition import Basis, Condition
from bot.policy import FLAGS, Ask, Policy, RaiseRule, RouteRule
from bot.route import REQUESTER, Requirement, Route, Stage, Surface, Verdict
from tests.build import T0

ARGS = ("amount", "text", "ok", "when", "tags", "gone")
ACTION = Action(name="act", title="Act", run={"kind": "caller"}, params={name: {} for name in ARGS})
GROUPS = {"finance": Group("finance", users=("U1",)), "directors": Group("directors", users=("U2",))}
FINANCE = Ask((Stage(need=(Requirement(("finance",)),)),), expires=3_600_000)
DIRECTORS = Ask((Stage(need=(Requirement(("directors",), 2),)),))
DEFAULTS: dict[Risk, Ask | Verdict] = {
    Risk.LOW: Verdict.ALLOW,
    Risk.MEDIUM: FINANCE,
    Risk.HIGH: DIRECTORS,
    Risk.CRITICAL: DIRECTORS,
}
ERRS = "args.text > 5"  # text is text: it compiles, and errs when asked


def when(source: str) -> Condition:
    return Condition(source, ARGS)


def basis(risk: Risk = Risk.MEDIUM, **rest: Any) -> Basis:
    given_: dict[str, Any] = {
        "action": "act",
        "args": {"text": "hi"},
        "base_risk": risk,
        "requester": {"id": "U9", "groups": ["support"], "kind": "person", "client": ""},
        "plan": {"source": "typed", "confidence": 1.0, "flags": []},
        "history": {"last_hour": 0, "last_day": 0, "last_week": 0},
        "now": T0,
    }
    return Basis(**(given_ | rest))


def policy(*routes: RouteRule, raises: tuple[RaiseRule, ...] = (), defaults: Any = None, flags: Any = None) -> Policy:
    return Policy(raises, flags or {}, routes, DEFAULTS if defaults is None else defaults, GROUPS)


def holds(source: str, **rest: Any) -> bool:
    return when(source).holds(basis(**rest), Risk.MEDIUM)


# ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "args", "expected"),
    [
        ("args.amount == 1000", {"amount": 1000}, True),
        ("args.amount == 1000", {"amount": 1000.0}, True),
        ("args.amount == 1000.0", {"amount": 1000}, True),
        ("args.amount >= 1000", {"amount": 999.99}, False),
        ("args.amount >= 1000", {"amount": 1000.01}, True),
        ("args.amount < 50", {"amount": 49.99}, True),
        ("args.amount < 49.995", {"amount": 49}, True),
        ("args.amount > 9007199254740990", {"amount": 9007199254740991}, True),
        ("args.amount == 0", {"amount": -0.0}, True),
        ("args.amount == 1000", {"amount": "1000"}, False),
        ("args.amount != 1000", {"amount": "1000"}, True),
        ("args.gone == null", {}, True),
        ("args.gone != null", {}, False),
        ("args.gone == null", {"gone": None}, True),
        ("args.gone != null && args.gone > 5", {}, False),
        ("args.gone == 0", {}, False),
        ("args.gone == ''", {}, False),
        ("args.gone == false", {}, False),
        ("args.ok", {"ok": True}, True),
        ("args.ok == true", {"ok": True}, True),
        ("!args.ok", {"ok": True}, False),
        ("args.ok == 1", {"ok": True}, False),
        ("'a' in args.tags", {"tags": ["a", "b"]}, True),
        ("size(args.tags) > 2", {"tags": ["a", "b"]}, False),
        ("args.tags.exists(t, t.startsWith('x'))", {"tags": ["a", "xb"]}, True),
        ("args.text.matches('^h.$')", {"text": "hi"}, True),
        ("args.text in ['ho', 'hi']", {"text": "hi"}, True),
        ("args.when < '2026-06-01'", {"when": "2026-05-28"}, True),
        ("action == 'other' && args.amount > 5", {"amount": "text"}, False),
    ],
)
def test_what_a_condition_makes_of_arguments(source: str, args: dict[str, Any], expected: bool) -> None:
    assert holds(source, args=args) is expected


@given(st.floats(-1e15, 1e15), st.integers(-(10**15), 10**15))
def test_whole_and_decimal_numbers_compare_by_value(amount: float, bound: int) -> None:
    for value in (amount, int(amount)):
        for sign, truth in (("<", value < bound), ("==", value == bound), (">=", value >= bound)):
            assert holds(f"args.amount {sign} {bound}", args={"amount": value}) is truth
            assert holds(f"args.amount {sign} {bound}.0", args={"amount": value}) is truth


@pytest.mark.parametrize(
    ("source", "rest"),
    [
        ("requester.id == 'U9' && requester.kind == 'person' && requester.client == ''", {}),
        ("'support' in requester.groups", {}),
        ("requester.kind == 'agent' && requester.client == 'ci'", {"requester": {"kind": "agent", "client": "ci"}}),
        ("plan.source == 'typed' && plan.confidence >= 1 && plan.confidence >= 0.95", {}),
        ("plan.confidence < 1 && 'unusual' in plan.flags", {"plan": {"confidence": 0.9, "flags": ["unusual"]}}),
        ("history.last_hour == 0 && history.last_day < 5", {}),
        ("history.last_hour > 20", {"history": {"last_hour": 21}}),
        ("risk == 'medium' && action == 'act'", {}),
        ("context.ticket == 'T-1'", {"context": {"ticket": "T-1"}}),
        ("now.getHours('UTC') == 20 && now.getHours('Europe/Berlin') == 22", {}),
        ("now.getDayOfWeek('Europe/Berlin') == 4", {}),
        ("now > timestamp('2026-05-28T20:26:39Z') && now < timestamp('2026-05-28T20:26:41Z')", {}),
    ],
)
def test_what_else_a_condition_may_speak_of(source: str, rest: dict[str, Any]) -> None:
    assert holds(source, **rest)


@pytest.mark.parametrize(
    "source",
    [
        ERRS,
        "args.gone > 5",
        "args.gone < 5",
        "args.text + 1 == 2",
        "args.tags.size() > 1",
        "context.missing == 1",
        "plan.nothing == 1",
        "args.text",
        "args.amount",
        "args.tags",
        "args.gone",
        "args.amount / 0 == 1",
        "args.text.matches(args.text + '(')",
    ],
)
def test_what_errs_or_is_not_true_or_false_is_never_taken_for_true(source: str) -> None:
    """An error comes back from CEL as a value, and that value is truthy."""
    with pytest.raises(ValueError, match=r"\w"):
        holds(source, args={"text": "hi", "amount": 7, "tags": 5})


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("args.amount >", "Syntax error"),
        ("", "."),
        ("args.other > 5", "the arguments there are: amount, gone"),
        ("args > 5", "the arguments there are"),
        ("amount > 5", "undeclared reference"),
        ("1 + 1", "must be true or false, but is int"),
        ("'yes'", "must be true or false"),
        ("action > 5", "no matching overload"),
        ("x" * 2001, "2000 characters long; this one has 2001"),
        ("args.tags.all(x, args.tags.exists(y, x == y))", "one all/exists/map/filter"),
        ("args.tags . map (x, x).filter(y, true)", "one all/exists/map/filter"),
    ],
)
def test_what_is_no_condition_is_refused_when_the_file_is_read(source: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        when(source)


@given(st.dictionaries(st.sampled_from(ARGS), st.none() | st.booleans() | st.integers(-9, 9) | st.text()))
def test_an_answer_is_true_or_false_or_an_error(args: dict[str, Any]) -> None:
    for source in ("args.amount > 5", "args.ok", "args.text.startsWith('a')", "args.tags == [] || args.ok"):
        try:
            assert holds(source, args=args) in (True, False)
        except ValueError:
            continue


# ── risk ────────────────────────────────────────────────────────────────────────────────────────────────────────

BIG = RaiseRule(when("args.amount > 100"), Risk.HIGH, "big")
MILD = RaiseRule(when("true"), Risk.MEDIUM, "mild")


@pytest.mark.parametrize("risk", Risk)
def test_a_rule_raises_and_never_lowers(risk: Risk) -> None:
    decided = policy(raises=(MILD,)).decide(basis(risk), ACTION)
    assert decided.risk is highest(risk, Risk.MEDIUM)
    assert decided.raised_by == (("rule “mild”",) if risk is Risk.LOW else ())


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_raises_to_high_unless_the_file_says_otherwise(flag: str) -> None:
    flagged = basis(Risk.LOW, plan={"source": "model", "confidence": 1.0, "flags": [flag]})
    assert policy().decide(flagged, ACTION).risk is Risk.HIGH
    assert policy(flags={flag: Risk.MEDIUM}).decide(flagged, ACTION).risk is Risk.MEDIUM
    lowered = policy(flags={flag: Risk.LOW}).decide(replace(flagged, base_risk=Risk.CRITICAL), ACTION)
    assert (lowered.risk, lowered.raised_by) == (Risk.CRITICAL, ())
    assert policy().decide(flagged, ACTION).raised_by == (f"flag “{flag}”",)


def test_a_raise_that_errs_applies_and_says_so() -> None:
    erring = RaiseRule(when(ERRS), Risk.CRITICAL, "words")
    decided = policy(raises=(erring,)).decide(basis(Risk.LOW), ACTION)
    assert decided.risk is Risk.CRITICAL
    (reason,) = decided.raised_by
    assert reason.startswith("A condition erred in rule “words”: ")
    assert decided.route.notes == (reason,)


def test_a_raise_that_errs_is_told_even_where_it_raises_nothing() -> None:
    erring = RaiseRule(when(ERRS), Risk.MEDIUM, "words")
    assert policy(raises=(erring,)).decide(basis(Risk.HIGH), ACTION).route.notes != ()


@given(
    st.sampled_from(Risk),
    st.integers(0, 200),
    st.lists(st.sampled_from(FLAGS), unique=True),
    st.sampled_from(Risk),
    st.integers(0, 200),
    st.lists(st.sampled_from(FLAGS), unique=True),
)
def test_raising_an_input_never_lowers_the_risk(
    base: Risk, amount: int, flags: list[str], more: Risk, extra: int, others: list[str]
) -> None:
    rules = policy(raises=(MILD, BIG), flags={"ambiguous": Risk.MEDIUM, "policy_exception": Risk.CRITICAL})

    def risk(base: Risk, amount: int, flags: list[str]) -> int:
        plan = {"source": "model", "confidence": 1.0, "flags": flags}
        return rules.decide(basis(base, args={"amount": amount}, plan=plan), ACTION).risk.rank

    assert risk(highest(base, more), amount + extra, [*flags, *others]) >= risk(base, amount, flags)


# ── route ───────────────────────────────────────────────────────────────────────────────────────────────────────


def rule(name: str, source: str, then: Ask | Verdict) -> RouteRule:
    return RouteRule(name, when(source), then)


def test_the_first_rule_that_holds_decides() -> None:
    rules = (
        rule("no", "args.amount > 100", Verdict.DENY),
        rule("yes", "args.amount > 10", Verdict.ALLOW),
        rule("also", "true", Verdict.DENY),
    )
    for order, amount, verdict in ((rules, 200, "deny"), (rules, 20, "allow"), (rules[1:], 200, "allow")):
        decided = policy(*order).decide(basis(args={"amount": amount}), ACTION)
        assert decided.route.verdict == verdict
    assert policy(*rules).decide(basis(args={"amount": 20}), ACTION).route.rule == "yes"


@pytest.mark.parametrize("risk", Risk)
def test_with_none_the_default_of_the_risk_decides(risk: Risk) -> None:
    route = policy(rule("never", "false", Verdict.DENY)).decide(basis(risk), ACTION).route
    then = DEFAULTS[risk]
    assert route.rule == f"default for {risk.value} risk"
    assert (route.verdict, route.stages) == ((then, ()) if isinstance(then, Verdict) else (Verdict.ASK, then.stages))


@pytest.mark.parametrize("base", Risk)
@pytest.mark.parametrize("then", [Verdict.ALLOW, Verdict.DENY, FINANCE])
def test_a_route_rule_that_errs_stops_the_search(base: Risk, then: Ask | Verdict) -> None:
    """The default of max(risk, medium) is taken, whatever the rule, or those after it, would have said."""
    rules = policy(rule("words", ERRS, then), rule("then", "true", Verdict.ALLOW))
    route = rules.decide(basis(base), ACTION).route
    taken = highest(base, Risk.MEDIUM)
    expected = DEFAULTS[taken]
    assert isinstance(expected, Ask)
    assert (route.verdict, route.stages) == (Verdict.ASK, expected.stages)
    assert route.rule == f"default for {taken.value} risk"
    (note,) = route.notes
    assert note.startswith("A condition erred in rule “words”: ")


def test_a_rule_before_the_one_that_errs_still_decides() -> None:
    rules = policy(rule("first", "true", Verdict.ALLOW), rule("words", ERRS, Verdict.DENY))
    assert rules.decide(basis(), ACTION).route.verdict is Verdict.ALLOW


def test_where_the_default_is_an_allow_an_error_makes_it_one_approval() -> None:
    mild: dict[Risk, Ask | Verdict] = {**DEFAULTS, Risk.MEDIUM: Verdict.ALLOW}
    route = policy(rule("words", ERRS, Verdict.ALLOW), defaults=mild).decide(basis(), ACTION).route
    assert (route.verdict, route.stages) == (Verdict.ASK, (Stage(need=(Requirement(("directors",), 1),)),))
    assert route.groups == {"directors": GROUPS["directors"]}
    assert len(route.notes) == 2


def test_where_nobody_is_ever_asked_an_error_asks_nobody() -> None:
    free: dict[Risk, Ask | Verdict] = dict.fromkeys(Risk, Verdict.ALLOW)
    route = policy(rule("words", ERRS, Verdict.ALLOW), defaults=free).decide(basis(), ACTION).route
    assert (route.verdict, route.stages[0].need) == (Verdict.ASK, (Requirement(()),)), "nobody can approve it"


def test_a_deny_stays_a_deny_where_a_condition_errs() -> None:
    hard: dict[Risk, Ask | Verdict] = {**DEFAULTS, Risk.MEDIUM: Verdict.DENY}
    route = policy(rule("words", ERRS, Verdict.ALLOW), defaults=hard).decide(basis(), ACTION).route
    assert route.verdict is Verdict.DENY


@pytest.mark.parametrize(
    ("risk", "confirm", "surface"),
    [
        (Risk.LOW, None, Surface.CARD),
        (Risk.MEDIUM, None, Surface.CARD),
        (Risk.HIGH, None, Surface.REVIEW),
        (Risk.CRITICAL, None, Surface.TYPED),
        (Risk.LOW, "{text}", Surface.TYPED),
        (Risk.MEDIUM, "{text}", Surface.TYPED),
        (Risk.HIGH, "{text}", Surface.TYPED),
    ],
)
def test_how_strong_a_click_the_risk_asks_for(risk: Risk, confirm: str | None, surface: Surface) -> None:
    rules = policy(rule("asked", "true", FINANCE))
    assert rules.decide(basis(risk), replace(ACTION, confirm=confirm)).route.surface is surface


def test_a_route_carries_the_groups_it_names_as_they_were() -> None:
    named = Ask((Stage(need=(Requirement(("finance", REQUESTER)),)), *DIRECTORS.stages), expires=5)
    route = policy(rule("r", "true", named)).decide(basis(), ACTION).route
    assert (dict(route.groups), route.expires) == (GROUPS, 5)
    assert Route.from_json(route.as_json()) == route


@given(st.permutations([BIG, MILD, RaiseRule(when(ERRS), Risk.CRITICAL, "err")]), st.integers(0, 200))
def test_the_order_of_raise_rules_does_not_matter(raises: list[RaiseRule], amount: int) -> None:
    args = {"amount": amount, "text": "hi"}
    assert policy(raises=tuple(raises)).decide(basis(Risk.LOW, args=args), ACTION).risk is Risk.CRITICAL
    mild = tuple(each for each in raises if each.name != "err")
    risk = policy(raises=mild).decide(basis(Risk.LOW, args=args), ACTION).risk
    assert risk is (Risk.HIGH if amount > 100 else Risk.MEDIUM)


def test_a_decision_can_be_replayed_from_what_was_stored() -> None:
    rules = policy(rule("small", "args.amount < 5", Verdict.ALLOW), raises=(BIG,))
    for amount, risk in itertools.product((1, 7, 700), Risk):
        seen = basis(risk, args={"amount": amount}, context={"a": 1})
        stored = seen.as_json()
        again = Basis(**{**stored, "base_risk": Risk(stored["base_risk"])})
        assert rules.decide(again, ACTION) == rules.decide(seen, ACTION)


def test_from_the_field() -> None:
    """Expenses under 1,000 run when the model is at least 95 % sure; to 10,000 finance; above, also a director."""
    in_order = Ask((*FINANCE.stages, *DIRECTORS.stages))
    rules = policy(
        rule("small", "args.amount < 1000 && plan.confidence >= 0.95", Verdict.ALLOW),
        rule("large", "args.amount > 10000", in_order),
        rule("else", "true", FINANCE),
    )

    def asked(amount: float, confidence: float) -> list[str]:
        plan = {"source": "model", "confidence": confidence, "flags": []}
        route = rules.decide(basis(args={"amount": amount}, plan=plan), ACTION).route
        return [group for stage in route.stages for need in stage.need for group in need.groups]

    assert asked(999.99, 0.95) == []
    assert asked(999.99, 0.9499) == ["finance"]
    assert asked(1000, 1.0) == ["finance"]
    assert asked(10000, 1.0) == ["finance"]
    assert asked(10000.01, 1.0) == ["finance", "directors"]
