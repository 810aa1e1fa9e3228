"""A condition is bounded in size and time, whatever it says and whatever it is asked of."""

import time
from typing import Any

import pytest

from bot.catalogue import Action, Group, Risk
from bot.condition import MAX_CONDITION, MAX_WALKED, Basis, Condition
from bot.policy import Ask, Policy, RouteRule
from bot.route import Requirement, Stage, Verdict
from tests.build import T0

ARGS = ("tags", "text")
FINANCE = Ask((Stage(need=(Requirement(("finance",)),)),))
LONG = 1.0  # seconds; the slowest of these takes a hundredth of it


def basis(**args: Any) -> Basis:
    return Basis("act", args, Risk.LOW, {}, {}, {}, T0)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 990 + "true" + ")" * 990,
        "[" * 990 + "]" * 990 + " == []",
        "{1:" * 400 + "1" + "}" * 400 + " == 1",
        "true ? true : " * 140 + "true",
        "1" + " + 1" * 480 + " == 2",
        "args.text" + ".a" * 900 + " == 1",
        "size(" * 300 + "args.text" + ")" * 300 + " == 1",
    ],
)
def test_what_is_nested_too_deeply_is_refused(source: str) -> None:
    assert len(source) <= MAX_CONDITION
    with pytest.raises(ValueError, match="is nested too deeply; write it as several rules"):
        Condition(source, ARGS)


@pytest.mark.parametrize(
    "source",
    [
        "args.tags.all(x, args.tags.exists(y, x == y))",
        "args.tags.//\nall(x, args.tags./*\nexists(y, x == y)) || true//*/exists(y, x == y))",
        "args.tags.all(x, x > 'a') && args.tags.exists(y, y == 'b')",
        "size(args.tags.map(x, x)) > 1 || args.tags.exists_one(y, y == 'b')",
    ],
)
def test_a_second_walk_is_refused_however_it_is_spelled(source: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Condition(source, ARGS)


def test_a_walk_hidden_behind_a_comment_is_seen() -> None:
    with pytest.raises(ValueError, match="one all/exists/map/filter"):
        Condition("args.tags.//\nall(x, args.tags.//\nexists(y, x == y))", ARGS)


@pytest.mark.parametrize(
    "source",
    [
        "args.tags.map(t, t + t).size() > 5",
        "args.tags.filter(t, t in args.tags).size() > 5",
        "args.tags.all(t, t in args.tags)",
        "args.tags.exists(t, args.text.matches('(' + t + '*)*$'))",
        "args.tags.exists(t, t.matches('^(a|a)*(a|aa)*$'))",
    ],
)
@pytest.mark.parametrize("length", [MAX_WALKED, MAX_WALKED + 1, 100_000])
def test_a_walk_takes_little_time_or_errs(source: str, length: int) -> None:
    condition = Condition(source, ARGS)
    asked = basis(tags=[f"{'a' * 50}{number}" for number in range(length)], text="a" * 1_000)
    begun = time.perf_counter()
    if length > MAX_WALKED:
        with pytest.raises(ValueError, match=f"a list of {length} is too long to walk; {MAX_WALKED} is the most"):
            condition.holds(asked, Risk.LOW)
    else:
        assert condition.holds(asked, Risk.LOW) in (True, False)
    assert time.perf_counter() - begun < LONG


def test_a_walk_over_what_is_deep_in_the_context_is_bounded_too() -> None:
    asked = Basis("act", {}, Risk.LOW, {}, {}, {}, T0, {"a": [{"b": list(range(MAX_WALKED + 1))}]})
    with pytest.raises(ValueError, match="too long to walk"):
        Condition("context.a[0].b.exists(x, x == -1)", ARGS).holds(asked, Risk.LOW)


def test_a_pattern_that_would_run_for_ever_elsewhere_does_not() -> None:
    condition = Condition("args.text.matches('^(([a-z])+.)+[A-Z]([a-z])+$')", ARGS)
    begun = time.perf_counter()
    assert condition.holds(basis(text="a" * 100_000), Risk.LOW) is False
    assert time.perf_counter() - begun < LONG


def test_what_is_too_long_to_walk_never_allows() -> None:
    rules = (RouteRule("none of them", Condition("!args.tags.exists(t, t == 'x')", ARGS), Verdict.ALLOW),)
    policy = Policy((), {}, rules, dict.fromkeys(Risk, FINANCE), {"finance": Group("finance")})
    action = Action("act", "Act", {"kind": "caller"})
    assert policy.decide(basis(tags=["a"] * MAX_WALKED), action).route.verdict is Verdict.ALLOW
    route = policy.decide(basis(tags=["a"] * (MAX_WALKED + 1)), action).route
    assert route.verdict is Verdict.ASK
    assert "too long to walk" in route.notes[0]
