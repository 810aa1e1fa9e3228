"""Why the policy says what it says: the rules it tried, what they saw, and who could approve now."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import MASK, Risk
from bot.errors import Refusal
from bot.explain import Explanation, Held, Reason, approvers, conjuncts, explain
from bot.moves import vote
from bot.policy import Policy, RaiseRule, RouteRule
from bot.request import Actor
from bot.route import Surface, Verdict
from tests.bot.files import MONEY
from tests.bot.play import Play
from tests.bot.room import DAN, DORA, FAY, FLO, FRED, GROUPS, HEAD, Room, open_room
from tests.bot.test_policy import ACTION, ERRS, FINANCE, basis, policy, when


def rule(name: str, source: str, then: Any = FINANCE) -> RouteRule:
    return RouteRule(name, when(source), then)


SMALL = rule("small", "action == 'act' && args.amount < 50 && args.ok", Verdict.ALLOW)
LARGE = rule("large", "args.amount >= 1000", FINANCE)
NEVER = rule("never", "args.text == 'a && b'", Verdict.DENY)
RAISE = RaiseRule(when("args.amount > 500 && requester.kind == 'agent'"), Risk.HIGH, "much")


def explained(of: Policy, **args: Any) -> Explanation:
    return explain(of, basis(args=args), ACTION)


def told(reasons: tuple[Reason, ...]) -> list[tuple[str, Held]]:
    return [(reason.rule.name, reason.held) for reason in reasons]


def test_the_first_that_holds_decides_and_those_below_it_are_not_tried() -> None:
    found = explained(policy(SMALL, LARGE, NEVER, raises=(RAISE,)), amount=2000, ok=True)
    assert told(found.routes) == [("small", Held.NO), ("large", Held.YES), ("never", Held.UNTRIED)]
    assert told(found.raises) == [("much", Held.NO)]
    assert found.decision.route.rule == "large"


def test_the_parts_that_are_not_true_are_named_with_what_they_saw() -> None:
    (reason, *_) = explained(policy(SMALL), amount=2000, ok=False).routes
    assert reason.failed == ("args.amount < 50", "args.ok")
    assert [(seen.name, seen.value) for seen in reason.seen] == [("args.amount", 2000), ("args.ok", False)]


def test_a_rule_that_holds_shows_all_it_saw() -> None:
    (reason,) = explained(policy(SMALL), amount=20, ok=True).routes
    assert reason.failed == ()
    assert [(seen.name, seen.value) for seen in reason.seen] == [
        ("action", "act"),
        ("args.amount", 20),
        ("args.ok", True),
    ]


def test_where_no_rule_holds_all_were_tried_and_the_default_decides() -> None:
    found = explained(policy(SMALL, NEVER), amount=70, ok=True, text="hi")
    assert told(found.routes) == [("small", Held.NO), ("never", Held.NO)]
    assert found.decision.route.rule == "default for medium risk"


def test_a_condition_that_errs_says_how_and_ends_the_search() -> None:
    found = explained(policy(rule("broken", f"{ERRS} && args.ok"), LARGE), text="hi", ok=True, amount=2000)
    assert told(found.routes) == [("broken", Held.ERRED), ("large", Held.UNTRIED)]
    broken = found.routes[0]
    assert broken.failed == ("args.text > 5",)
    assert broken.error
    assert broken.error in found.decision.route.notes[0]


def test_a_raise_sees_the_risk_so_far_and_flags_come_after() -> None:
    twice = RaiseRule(when("risk == 'high'"), Risk.CRITICAL, "twice")
    much = RaiseRule(when("args.amount > 500"), Risk.HIGH, "much")
    of = policy(raises=(much, twice), flags={"unusual": Risk.MEDIUM})
    plan = {"source": "model", "confidence": 0.5, "flags": ["unusual", "ambiguous"]}
    found = explain(of, basis(args={"amount": 600}, plan=plan), ACTION)
    assert told(found.raises) == [("much", Held.YES), ("twice", Held.YES)]
    assert found.raises[1].seen[0].value == "high"
    assert found.flags == (("unusual", Risk.MEDIUM), ("ambiguous", Risk.HIGH))
    assert found.decision.risk is Risk.CRITICAL


def test_values_of_every_kind_are_looked_up_as_the_condition_sees_them() -> None:
    source = (
        '"support" in requester.groups && plan.confidence > 2.0 && history.last_hour == 9 && now.getHours() == 99'
        " && args.gone == 1 && context.size() == 4 && context.ticket == 'x.args.amount'"
    )
    found = explain(policy(rule("all", source)), basis(context={"ticket": "T-1"}), ACTION)
    seen = {each.name: each.value for each in found.routes[0].seen}
    assert seen.pop("now").startswith("20")
    assert seen == {
        "plan.confidence": 1.0,
        "history.last_hour": 0,
        "args.gone": None,
        "context": {"ticket": "T-1"},
        "context.ticket": "T-1",
    }


def test_a_sensitive_value_is_never_shown() -> None:
    secret = replace(ACTION, params={**ACTION.params, "text": {"x-sensitive": True}})
    found = explain(policy(rule("secret", "args.text == 'other'")), basis(args={"text": "canary"}), secret)
    assert [each.value for each in found.routes[0].seen] == [MASK]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a && b&&c", ("a", "b", "c")),
        ("a", ()),
        ("a || b && c", ()),
        ("(a || b) && c", ("(a || b)", "c")),
        ("a ? b && c : d", ()),
        ('x == \'&&\' && y == "a \\" && b"', ("x == '&&'", 'y == "a \\" && b"')),
        ("x in ['a', 'b'] && f(a && b)", ("x in ['a', 'b']", "f(a && b)")),
        ("[1, 2].all(n, n > 0 && n < 3) && z", ("[1, 2].all(n, n > 0 && n < 3)", "z")),
    ],
)
def test_parts_are_split_where_each_must_be_true(source: str, parts: tuple[str, ...]) -> None:
    assert conjuncts(source) == parts


def test_a_condition_whose_parts_do_not_stand_alone_is_told_as_a_whole() -> None:
    (reason,) = explained(policy(rule("noted", "args.amount > 5 // && because\n && args.ok")), amount=1, ok=True).routes
    assert (reason.held, reason.failed) == (Held.NO, ())
    assert [each.name for each in reason.seen] == ["args.amount", "args.ok"]


SOURCES = ("args.amount > 5", "args.ok && args.amount < 9", ERRS, "risk == 'high'", "args.when == null", "true")


@given(
    routes=st.lists(st.sampled_from(SOURCES), max_size=4),
    raises=st.lists(st.tuples(st.sampled_from(SOURCES), st.sampled_from(list(Risk)[1:])), max_size=3),
    args=st.fixed_dictionaries({}, optional={"amount": st.integers(0, 12), "ok": st.booleans(), "text": st.just("hi")}),
)
def test_the_explanation_is_of_the_very_decision(routes: list[str], raises: Any, args: dict[str, Any]) -> None:
    of = policy(
        *(rule(f"r{at}", source) for at, source in enumerate(routes)),
        raises=tuple(RaiseRule(when(source), to, f"up{at}") for at, (source, to) in enumerate(raises)),
    )
    found = explained(of, **args)
    assert found.decision == of.decide(basis(args=args), ACTION)
    assert len(found.routes) == len(routes)
    tried = [reason for reason in found.routes if reason.held is not Held.UNTRIED]
    assert all(reason.held is Held.NO for reason in tried[:-1])
    if tried and tried[-1].held is Held.YES:
        assert found.decision.route.rule == tried[-1].rule.name
    else:
        assert found.decision.route.rule.startswith("default")
    for reason in tried:
        assert reason.held is not Held.YES or reason.failed == ()


# ── who could approve ───────────────────────────────────────────────────────────────────────────────────────────


async def _asked(made: Room, folder: Path, *rows: str) -> Play:
    stage = Play(made, folder, HEAD + MONEY)
    for number, row in enumerate(rows, 1):
        await stage.row(number, row)
    return stage


async def _roster(made: Room, stage: Play) -> dict[str, frozenset[str]]:
    request = await made.request(stage.it)
    return dict(await made.desk.roster(request.now_version.route.groups.values()))


async def test_who_could_approve_is_who_may_approve(tmp_path: Path) -> None:
    """Each person of the workspace is listed for the open stage if, and only if, their approval is then taken."""
    async with open_room(tmp_path, MONEY) as made:
        stage = await _asked(made, tmp_path, "fay asks refund order=ord_1 amount=6000 → pending")
        found = approvers(await made.request(stage.it), await _roster(made, stage))
        assert [need.people for stage_ in found.stages for need in stage_] == [{FRED, FLO}, {DORA, DAN}]
        assert found.enough
        for person in sorted(frozenset().union(*GROUPS.values())):
            taken = True
            try:
                await vote.approve(made.desk, Actor("person", person, "card"), stage.it, 1, Surface.CARD)
            except Refusal:
                taken = False
            assert taken == (person in {FRED, FLO}), person
        after = approvers(await made.request(stage.it), await _roster(made, stage))
        assert (after.first, [set(need.people) for need in after.stages[0]]) == (1, [{DORA, DAN}])


async def test_those_an_escalation_added_are_listed_and_those_to_come_are_not(tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY) as made:
        stage = await _asked(made, tmp_path, "ana asks refund order=ord_1 amount=60 → pending")
        ((need,),) = approvers(await made.request(stage.it), await _roster(made, stage)).stages
        assert (need.groups, set(need.people)) == (("finance",), {FAY, FRED, FLO})
        await stage.row(2, "+15m → pending steps=1")
        ((need,),) = approvers(await made.request(stage.it), await _roster(made, stage)).stages
        assert (need.groups, set(need.people)) == (("finance", "directors"), {FAY, FRED, FLO, DORA, DAN})


async def test_the_requester_is_listed_where_their_own_word_is_asked_and_too_few_is_said(tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY) as made:
        stage = await _asked(made, tmp_path, "ana asks refund order=ord_1 amount=555 → pending")
        roster = await _roster(made, stage)
        found = approvers(await made.request(stage.it), roster)
        assert found.stages[0][0].people == {"U0ANA"}
        assert not approvers(await made.request(stage.it), roster | {"finance": frozenset()}).enough
