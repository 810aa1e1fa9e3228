"""Why the policy says what it says: each rule it tried, what its condition saw, and which part of it did not hold.

The decision is the policy's own; this only listens (`Policy.decide`'s `tell`). Pure.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot import quorum
from bot.catalogue import MASK, Action, Risk
from bot.condition import Basis, Condition
from bot.people import Roster
from bot.policy import Decision, Policy, RaiseRule, RouteRule, Tried
from bot.request import Request, State

_TEXT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_NAMES = re.compile(
    r"(?<![\w.])(?:args\.(?P<arg>\w+)"
    r"|(?P<map>requester|plan|history|context)(?:\.(?P<field>\w+)\b(?!\s*\())?"
    r"|(?P<plain>action|risk|now)\b)"
)


class Held(StrEnum):
    YES = "holds"
    NO = "does not hold"
    ERRED = "errs"
    UNTRIED = "not tried"  # a rule above it decided


@dataclass(frozen=True, slots=True)
class Seen:
    """A name that a condition speaks of, and its value then."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule, whether it held, and why. `failed`: the parts between && that were not true, where it has several."""

    rule: RaiseRule | RouteRule
    held: Held
    seen: tuple[Seen, ...] = ()
    failed: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    basis: Basis
    raises: tuple[Reason, ...]
    routes: tuple[Reason, ...]  # all of them, those below the one that decided among them
    flags: tuple[tuple[str, Risk], ...]  # of the plan, and what each raises the risk to
    decision: Decision


def explain(policy: Policy, basis: Basis, action: Action) -> Explanation:
    tried: list[Tried] = []
    decision = policy.decide(basis, action, tried.append)
    reasons = [_reason(each, basis, action) for each in tried]
    routes = [reason for reason in reasons if isinstance(reason.rule, RouteRule)]
    below = policy.routes[len(routes) :]
    return Explanation(
        basis=basis,
        raises=tuple(reason for reason in reasons if isinstance(reason.rule, RaiseRule)),
        routes=(*routes, *(Reason(rule, Held.UNTRIED) for rule in below)),
        flags=tuple((flag, policy.flags.get(flag, Risk.HIGH)) for flag in basis.plan.get("flags", ())),
        decision=decision,
    )


def _reason(tried: Tried, basis: Basis, action: Action) -> Reason:
    held = Held.ERRED if tried.held is None else Held.YES if tried.held else Held.NO
    condition = tried.rule.when
    failed = () if held is Held.YES else tuple(_failing(condition, basis, tried.risk))
    seen = tuple(_seen(" ".join(failed) or condition.source, basis, tried.risk, action))
    return Reason(tried.rule, held, seen, failed, tried.error)


def _failing(condition: Condition, basis: Basis, risk: Risk) -> Iterator[str]:
    """The parts joined by && that are not true; none where the condition is one part, or is joined otherwise."""
    try:
        parts = [Condition(part, condition.names) for part in conjuncts(condition.source)]
    except ValueError:
        return
    for part in parts:
        try:
            held = part.holds(basis, risk)
        except ValueError:
            held = False
        if not held:
            yield part.source


def conjuncts(source: str) -> tuple[str, ...]:
    """The parts of `a && b && c`, each true where the whole is; () where there are not several."""
    parts, depth, begin = [], 0, 0
    bare = _TEXT.sub(lambda text: "_" * len(text[0]), source)
    for at, letter in enumerate(bare):
        depth += (letter in "([{") - (letter in ")]}")
        if depth:
            continue
        if letter == "?" or bare.startswith("||", at):
            return ()
        if bare.startswith("&&", at):
            parts.append(source[begin:at].strip())
            begin = at + 2
    return (*parts, source[begin:].strip()) if parts else ()


def _seen(source: str, basis: Basis, risk: Risk, action: Action) -> Iterator[Seen]:
    told = set()
    for found in _NAMES.finditer(_TEXT.sub('""', source)):
        name = found[0]
        if name not in told:
            told.add(name)
            yield Seen(name, _value(found, basis, risk, action))


def _value(found: re.Match[str], basis: Basis, risk: Risk, action: Action) -> Any:
    if arg := found["arg"]:
        return MASK if arg in action.sensitive else basis.args.get(arg)
    if found["map"]:
        whole: Mapping[str, Any] = getattr(basis, found["map"])
        return whole.get(found["field"]) if found["field"] else dict(whole)
    match found["plain"]:
        case "action":
            return basis.action
        case "risk":
            return risk.value
        case _:
            return datetime.datetime.fromtimestamp(basis.now / 1000, datetime.UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement of a stage: from which groups, how many, and who could approve for it now."""

    groups: tuple[str, ...]
    approvals: int
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who could approve, stage by stage from the open one. `enough`: whether they could approve all that is left."""

    stages: tuple[tuple[Need, ...], ...]
    first: int  # the index of the open stage
    enough: bool


def approvers(request: Request, roster: Roster) -> Approvers:
    """Who could approve a request that waits, as `quorum` counts them; those who have voted are not among them."""
    waiting = request.but(state=State.PENDING)
    stages = waiting.now_version.route.stages
    everybody = frozenset[str]().union(request.requesters, *roster.values()) - request.spent
    found = []
    for index in range(waiting.stage, len(stages)):
        at = waiting.but(stage=index)
        counts = {person: quorum.meets(at, person, roster) for person in everybody}
        found.append(tuple(_need(at, which, counts) for which in range(len(stages[index].need))))
    return Approvers(tuple(found), waiting.stage, quorum.reachable(waiting, roster))


def _need(at: Request, which: int, counts: Mapping[str, tuple[int, ...]]) -> Need:
    approvals = at.now_version.route.stages[at.stage].need[which].approvals
    able = sorted(account for account, meets in counts.items() if which in meets)
    people = {at.identities.person(account): account for account in reversed(able)}  # one account for each person
    return Need(at.groups_for(which), approvals, frozenset(people.values()))
