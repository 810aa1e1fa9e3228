"""Rules to risk and route. The model has no part in this: what it wrote can raise the risk, never lower it.

Conditions are CEL over `action`, `args`, `risk`, `requester`, `plan`, `context`, `now` and `history`. A condition
that errs never lets anything through: a `raise` rule applies its `to`; a route rule stops the search and the
default of max(risk, medium) is taken, an *allow* there becoming one approval.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from bot.catalogue import Action, Group, Risk, highest
from bot.route import DAY, REQUESTER, Requirement, Route, Stage, Surface, Verdict

FLAGS = ("ambiguous", "missing_document", "policy_exception", "irreversible", "unusual", "conflicts_with_words")
MAX_CONDITION = 2_000  # characters
_COMPREHENSION = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything a route is decided on; stored with the version so that it can be explained and replayed."""

    action: str
    args: Mapping[str, Any]  # as masked: sensitive values take no part in rules
    base_risk: Risk
    requester: Mapping[str, Any]  # id, groups, kind, client
    plan: Mapping[str, Any]  # source, confidence, flags
    history: Mapping[str, int]  # counts of this requester's recent requests
    now: int
    context: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "args": dict(self.args),
            "base_risk": self.base_risk.value,
            "requester": dict(self.requester),
            "plan": dict(self.plan),
            "history": dict(self.history),
            "now": self.now,
            "context": dict(self.context),
        }


class Condition:
    """A compiled CEL condition. ValueError when it does not compile or is unbounded."""

    __slots__ = ("_compiled", "names", "source")

    def __init__(self, source: str, args: Iterable[str]) -> None:
        if len(source) > MAX_CONDITION:
            raise ValueError(f"a condition may be {MAX_CONDITION} characters long; this one has {len(source)}")
        if len(_COMPREHENSION.findall(source)) > 1:
            raise ValueError("one all/exists/map/filter is the most a condition may use, so that it stays fast")
        self.source = source
        self.names = tuple(args)
        try:
            self._compiled = _environment(self.names).compile(source)
        except RuntimeError as error:
            raise ValueError(_explained(str(error), self.names)) from error
        if self._compiled.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
            raise ValueError(f"must be true or false, but is {self._compiled.return_type().name().lower()}")

    def holds(self, basis: Basis, risk: Risk, view: "View | None" = None) -> bool:
        """Whether it holds. ValueError when it errs or answers something else than true or false.

        `view`: what other conditions of the same decision have looked at.
        """
        value = self._compiled.eval((view or View(basis)).activation(self.names, risk))
        if value.type() != cel.Type.BOOL:  # an error comes back as a value, and that value is truthy
            raise ValueError(str(value.value()) if value.type() == cel.Type.ERROR else "not true or false")
        return bool(value.value())


class View:
    """A basis as conditions see it, made once for all the rules of a decision."""

    __slots__ = ("_made", "basis")

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self._made: dict[tuple[tuple[str, ...], Risk], cel.Activation] = {}

    def activation(self, names: tuple[str, ...], risk: Risk) -> cel.Activation:
        made = self._made.get((names, risk))
        if made is None:
            made = self._made[names, risk] = _environment(names).Activation(self._data(names, risk))
        return made

    def _data(self, names: tuple[str, ...], risk: Risk) -> dict[str, Any]:
        basis = self.basis
        data: dict[str, Any] = {
            "action": basis.action,
            "risk": risk.value,
            "requester": {"id": "", "groups": [], "kind": "person", "client": ""} | dict(basis.requester),
            "plan": dict(basis.plan),
            "context": dict(basis.context),
            "now": datetime.datetime.fromtimestamp(basis.now / 1000, datetime.UTC),
            "history": dict(basis.history),
        }
        return data | {f"args.{name}": basis.args.get(name) for name in names}


@lru_cache(maxsize=64)
def _environment(names: tuple[str, ...]) -> cel.Env:
    kind = cel.Type
    mapping = kind.Map(kind.STRING, kind.DYN)
    variables: dict[str, Any] = {
        "action": kind.STRING,
        "risk": kind.STRING,
        "requester": mapping,
        "plan": mapping,
        "context": mapping,
        "now": kind.TIMESTAMP,
        "history": mapping,
    }
    return cel.NewEnv(variables=variables | {f"args.{name}": kind.DYN for name in names})


def _explained(error: str, names: tuple[str, ...]) -> str:
    first = error.removeprefix("INVALID_ARGUMENT: ").splitlines()[0].removeprefix("ERROR: <input>:")
    if re.search(r"undeclared reference to 'args\b", error):
        return f"{first}; the arguments there are: {', '.join(sorted(names)) or 'none'}"
    return first


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

    def decide(self, basis: Basis, action: Action, tell: Tell | None = None) -> Decision:
        """`tell` hears of each rule that is tried, in their order; it has no part in what is decided."""
        view = View(basis)
        risk, raised_by = self._risk(view, tell)
        notes = tuple(reason for reason in raised_by if reason.startswith(_ERRED))
        for rule in self.routes:
            try:
                if not _holds(rule, view, risk, tell):
                    continue
            except ValueError as error:
                note = f"{_ERRED} in rule “{rule.name}”: {error}"
                route = self._erred(risk, (*notes, note))
                break
            route = self._route(rule.then, rule.name, notes)
            break
        else:
            route = self._route(self.defaults[risk], f"default for {risk.value} risk", notes)
        return Decision(risk=risk, raised_by=raised_by, route=hardened(route, risk, action))

    def _risk(self, view: View, tell: Tell | None) -> tuple[Risk, tuple[str, ...]]:
        risk = view.basis.base_risk
        reasons: list[str] = []
        for rule in self.raises:
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
