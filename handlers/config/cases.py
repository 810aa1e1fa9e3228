"""The `tests:` of the file: what the rules must say of a request, and whether they do."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.catalogue import Action, Catalogue, Risk
from bot.condition import Basis
from bot.policy import Decision, Policy
from bot.route import REQUESTER, Verdict
from handlers.config.mistakes import Spot, dotted
from handlers.config.shape.rules import Case
from handlers.schemas import JsonSchemas
from handlers.words import near, quoted, there

MONDAY_NOON = int(datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """A request, and what the rules must say of it."""

    place: str  # "signoff.yaml:93: tests[0]"
    action: str
    args: Mapping[str, Any]
    verdict: Verdict
    groups: tuple[frozenset[str], ...] | None = None  # of each stage, where the case names them
    risk: Risk | None = None
    requester: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, int] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    now: int = MONDAY_NOON

    @property
    def expected(self) -> str:
        asked = "" if self.groups is None else f" {_stages(self.groups)}"
        return self.verdict.value + asked + (f" at {self.risk} risk" if self.risk else "")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What the rules said of a case."""

    case: PolicyCase
    decision: Decision
    passed: bool

    @property
    def said(self) -> str:
        """What the rules say, as `expected` says what they should."""
        return _said(self.decision)

    def __str__(self) -> str:
        """One line for people: where, what was expected, what came, and by which rule."""
        said = self.said
        if self.passed:
            return f"{self.case.place}: {said}, as expected"
        because = "".join(f"; {reason}" for reason in (*self.decision.raised_by, *self.decision.route.notes))
        rule = self.decision.route.rule
        return f"{self.case.place}: expected {self.case.expected}, but the rules say {said} (“{rule}”{because})"


def run(catalogue: Catalogue, policy: Policy, cases: Iterable[PolicyCase]) -> tuple[CaseResult, ...]:
    """Each case decided as a request would be. Pure: nobody is looked up, nothing is asked."""
    return tuple(_decided(case, catalogue.action(case.action), policy) for case in cases)


def _decided(case: PolicyCase, action: Action, policy: Policy) -> CaseResult:
    filled = action.with_defaults(case.args)
    basis = Basis(
        action=action.base,
        args={name: value for name, value in filled.items() if name not in action.sensitive},
        base_risk=action.risk,
        requester=case.requester,
        plan=case.plan,
        history=case.history,
        now=case.now,
        context=case.context,
    )
    decision = policy.decide(basis, action)
    passed = (
        decision.route.verdict is case.verdict
        and (case.groups is None or _asked(decision) == case.groups)
        and case.risk in (None, decision.risk)
    )
    return CaseResult(case, decision, passed)


def _asked(decision: Decision) -> tuple[frozenset[str], ...]:
    """The groups of each stage, those it may escalate to not among them."""
    return tuple(frozenset(name for need in stage.need for name in need.groups) for stage in decision.route.stages)


def _said(decision: Decision) -> str:
    asked = f" {_stages(_asked(decision))}" if decision.route.asks else ""
    return f"{decision.route.verdict.value}{asked} at {decision.risk} risk"


def _stages(groups: Iterable[frozenset[str]]) -> str:
    return ", then ".join(" and ".join(sorted(stage)) or "nobody" for stage in groups)


def cases(
    spot: Spot,
    given: Iterable[Case | None],
    actions: Mapping[str, Action],
    groups: Iterable[str],
    wrong: frozenset[str],
) -> tuple[PolicyCase, ...]:
    """The cases of the file, each about an action and arguments that there are."""
    made = (_case(spot / at, case, actions, (*groups, REQUESTER), wrong) for at, case in enumerate(given) if case)
    return tuple(case for case in made if case)


def _case(
    spot: Spot, given: Case, actions: Mapping[str, Action], groups: tuple[str, ...], wrong: frozenset[str]
) -> PolicyCase | None:
    if given.action in wrong:  # what is wrong with it is told already
        return None
    if given.action not in actions:
        closest = near(given.action, actions)
        remedy = f"did you mean {closest}?" if closest else there(actions)
        (spot / "action").mistake(f"there is no action {quoted(given.action)}", remedy)
        return None
    for problem in JsonSchemas().problems(actions[given.action], given.args):
        (spot / "args" / problem.where).mistake(problem.message)
    verdict, stages = _expectation(spot / "expect", given, groups)
    mark = spot.tree.mark(spot.path)
    return PolicyCase(
        place=f"{spot.tree.file}:{mark.line}: {given.name or dotted(spot.path)}",
        action=given.action,
        args=given.args,
        verdict=verdict,
        groups=stages,
        risk=Risk(given.risk) if given.risk else None,
        requester=given.requester.model_dump(),
        plan=given.plan.model_dump(),
        history={"last_hour": 0, "last_day": 0, "last_week": 0} | given.history,
        context=given.context,
        now=_moment(spot / "now", given.now),
    )


def _expectation(spot: Spot, given: Case, groups: tuple[str, ...]) -> tuple[Verdict, tuple[frozenset[str], ...] | None]:
    if isinstance(given.expect, str):
        return Verdict(given.expect), None
    for at, stage in enumerate(given.expect.ask):
        for name in stage:
            if name not in groups:
                closest = near(name, groups)
                remedy = f"did you mean {closest}?" if closest else there(groups)
                (spot / "ask" / at).mistake(f"there is no group {quoted(name)} under people", remedy)
    return Verdict.ASK, tuple(map(frozenset, given.expect.ask))


def _moment(spot: Spot, text: str | None) -> int:
    """Milliseconds since the epoch; a fixed Monday at noon where the case says nothing."""
    if text is None:
        return MONDAY_NOON
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        spot.mistake(f"{quoted(text)} is not a moment", "write one with its zone, such as 2026-03-02T12:00:00Z")
        return MONDAY_NOON
    return int(moment.timestamp() * 1000)
