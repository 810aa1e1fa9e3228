"""Rules to risk and route. The model has no part in this: what it wrote can raise the risk, never lower it.

Conditions are CEL over `action`, `args`, `risk`, `requester`, `plan`, `context`, `now` and `history`. A condition
that errs never lets anything through: a `raise` rule applies its `to`; a route rule stops the search and the
default of max(risk, medium) is taken, an *allow* there becoming one approval.

Rules are not all asked one by one: those that name another action cannot hold, and of the rest a block at a time is
asked whether any of it holds (`a || b || …` is false only where each is, and none errs). `tell` hears of each all the
same, and then each is asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Generic, TypeVar

from cel_expr_python import cel

from bot.catalogue import Action, Group, Risk, highest
from bot.condition import Basis, Condition, View, answer, compiled
from bot.route import DAY, REQUESTER, Requirement, Route, Stage, Surface, Verdict

FLAGS = ("ambiguous", "missing_document", "policy_exception", "irreversible", "unusual", "conflicts_with_words")
BLOCK = 32  # rules asked at once


@dataclass(frozen=True, slots=True)
class RaiseRule:
    when: Condition
    to: Risk
    name: str


@dataclass(frozen=True, slots=True)
class RouteRule:
    name: str
    when: Condition
    then: "Ask | Verdict"  # Verdict.ALLOW or Verdict.DENY


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was tried, at this risk. `held` is None where its condition erred, and `error` says how."""

    rule: RaiseRule | RouteRule
    risk: Risk
    held: bool | None
    error: str = ""


Tell = Callable[[Tried], None]
Rule = TypeVar("Rule", RaiseRule, RouteRule)


@dataclass(frozen=True, slots=True)
class Block(Generic[Rule]):
    """Rules that are asked at once whether any of them holds. `any_of` is None where each is asked by itself."""

    rules: tuple[Rule, ...]
    any_of: cel.Expression | None = None
    names: tuple[str, ...] = ()

    def misses(self, view: View, risk: Risk) -> bool:
        """Whether it is certain that none holds and none errs."""
        if self.any_of is None:
            return False
        try:
            return not answer(self.any_of, view.activation(self.names, risk))
        except ValueError:
            return False


def blocks(rules: Sequence[Rule], action: str) -> Iterator[Block[Rule]]:
    """The rules that can hold for an action, in their order."""
    run: list[Rule] = []
    for rule in rules:
        if rule.when.actions is not None and action not in rule.when.actions:
            continue
        if rule.when.walks or len(run) == BLOCK:  # what a walk may take counts for a whole evaluation
            yield from _block(run)
            run = []
        if rule.when.walks:
            yield Block((rule,))
        else:
            run.append(rule)
    yield from _block(run)


def _block(rules: Sequence[Rule]) -> Iterator[Block[Rule]]:
    if len(rules) < 2:
        yield from (Block((rule,)) for rule in rules)
        return
    names = tuple(sorted({name for rule in rules for name in rule.when.names}))
    try:
        yield Block(tuple(rules), _any_of(tuple(rule.when.source for rule in rules), names), names)
    except ValueError:  # together they are nested too deeply
        yield Block(tuple(rules))


@lru_cache(maxsize=1024)
def _any_of(sources: tuple[str, ...], names: tuple[str, ...]) -> cel.Expression:
    return compiled(" || ".join(f"({source}\n)" for source in sources), names)


@dataclass(frozen=True, slots=True)
class Ask:
    """`ask:` of the file, before the groups it names are fixed for a version."""

    stages: tuple[Stage, ...]
    expires: int = DAY


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy made of a basis."""

    risk: Risk
    raised_by: tuple[str, ...]  # the rules and flags that raised the risk, in words
    route: Route


@dataclass(frozen=True, slots=True)
class Policy:
    raises: tuple[RaiseRule, ...]
    flags: Mapping[str, Risk]
    routes: tuple[RouteRule, ...]
    defaults: Mapping[Risk, "Ask | Verdict"]
    groups: Mapping[str, Group]
    version: str = ""
    _raising: dict[str, tuple[Block[RaiseRule], ...]] = field(default_factory=dict, init=False, compare=False)
    _routing: dict[str, tuple[Block[RouteRule], ...]] = field(default_factory=dict, init=False, compare=False)

    def decide(self, basis: Basis, action: Action, tell: Tell | None = None) -> Decision:
        """`tell` hears of each rule that is tried, in their order; it has no part in what is decided."""
        view = View(basis)
        risk, raised_by = self._risk(view, tell)
        route = self._decided(view, risk, tuple(reason for reason in raised_by if reason.startswith(_ERRED)), tell)
        return Decision(risk=risk, raised_by=raised_by, route=hardened(route, risk, action))

    def asks_membership(self, group: str) -> bool:
        """Whether what is decided may depend on the requester's being in this group."""
        conditions = [*(rule.when for rule in self.raises), *(rule.when for rule in self.routes)]
        return any(condition.asks_membership(group) for condition in conditions)

    def _decided(self, view: View, risk: Risk, notes: tuple[str, ...], tell: Tell | None) -> Route:
        for block in _blocks(self.routes, self._routing, view.basis.action, tell):
            if block.misses(view, risk):
                continue
            for rule in block.rules:
                try:
                    held = _holds(rule, view, risk, tell)
                except ValueError as error:
                    return self._erred(risk, (*notes, f"{_ERRED} in rule “{rule.name}”: {error}"))
                if held:
                    return self._route(rule.then, rule.name, notes)
        return self._route(self.defaults[risk], f"default for {risk.value} risk", notes)

    def _risk(self, view: View, tell: Tell | None) -> tuple[Risk, tuple[str, ...]]:
        risk = view.basis.base_risk
        reasons: list[str] = []
        for block in _blocks(self.raises, self._raising, view.basis.action, tell):
            if block.misses(view, risk):
                continue
            for rule in block.rules:
                try:
                    holds, reason = _holds(rule, view, risk, tell), f"rule “{rule.name}”"
                except ValueError as error:
                    holds, reason = True, f"{_ERRED} in rule “{rule.name}”: {error}"
                if holds:
                    if rule.to.rank > risk.rank or reason.startswith(_ERRED):
                        reasons.append(reason)
                    risk = highest(risk, rule.to)
        for flag in view.basis.plan.get("flags", ()):
            to = self.flags.get(flag, Risk.HIGH)
            if to.rank > risk.rank:
                reasons.append(f"flag “{flag}”")
            risk = highest(risk, to)
        return risk, tuple(reasons)

    def _erred(self, risk: Risk, notes: tuple[str, ...]) -> Route:
        taken = highest(risk, Risk.MEDIUM)
        route = self._route(self.defaults[taken], f"default for {taken.value} risk", notes)
        if route.verdict is not Verdict.ALLOW:
            return route
        return self.looked_at(route, note="an allow becomes one approval where a condition errs")

    def looked_at(self, route: Route, *, note: str) -> Route:
        """An allow turned into one approval by those the file asks by default (nobody, where it asks nobody)."""
        asks = [ask for ask in (self.defaults[risk] for risk in Risk) if isinstance(ask, Ask)]
        stage = asks[0].stages[0] if asks else Stage(need=(Requirement(groups=()),))
        return replace(route, groups=self._groups_of((stage,))).one_approval(stage, note=note)

    def _route(self, then: "Ask | Verdict", rule: str, notes: tuple[str, ...]) -> Route:
        if isinstance(then, Verdict):
            return Route(verdict=then, rule=rule, notes=notes)
        return Route(
            verdict=Verdict.ASK,
            rule=rule,
            stages=then.stages,
            expires=then.expires,
            groups=self._groups_of(then.stages),
            notes=notes,
        )

    def _groups_of(self, stages: tuple[Stage, ...]) -> dict[str, Group]:
        named = frozenset[str]().union(*(stage.groups for stage in stages)) - {REQUESTER}
        return {name: self.groups[name] for name in sorted(named)}


_ERRED = "A condition erred"
_KEPT = 256  # actions whose blocks are kept; past requests may name others than those in the file


def _blocks(
    rules: tuple[Rule, ...], kept: dict[str, tuple[Block[Rule], ...]], action: str, tell: Tell | None
) -> tuple[Block[Rule], ...]:
    if tell is not None:
        return (Block(rules),)
    found = kept.get(action)
    if found is None:
        if len(kept) >= _KEPT:
            kept.clear()
        found = kept[action] = tuple(blocks(rules, action))
    return found


def _holds(rule: RaiseRule | RouteRule, view: View, risk: Risk, tell: Tell | None) -> bool:
    try:
        held = rule.when.holds(view.basis, risk, view)
    except ValueError as error:
        if tell is not None:
            tell(Tried(rule, risk, None, str(error)))
        raise
    if tell is not None:
        tell(Tried(rule, risk, held))
    return held


def hardened(route: Route, risk: Risk, action: Action) -> Route:
    """What risk asks of the click, whatever the rule: high a review, critical a typed confirmation."""
    if not route.asks:
        return route
    if action.confirm or risk is Risk.CRITICAL:
        return route.at_least(Surface.TYPED)
    return route.at_least(Surface.REVIEW) if risk is Risk.HIGH else route
