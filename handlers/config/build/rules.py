"""The policy: raises, flags, routes and defaults."""

from collections.abc import Mapping

from bot.catalogue import Action, Group, Risk
from bot.condition import Condition
from bot.identity import Identities
from bot.policy import Ask, Policy, RaiseRule, RouteRule
from bot.route import Verdict
from handlers.config.build.conditions import Conditions
from handlers.config.build.people import named
from handlers.config.build.stages import Stages
from handlers.config.mistakes import Spot
from handlers.config.shape import rules as shape
from handlers.config.structure import Parts
from handlers.words import every, quoted

APPROVERS = "approvers"  # the group that is asked where the file does not say who
APPROVALS = {Risk.MEDIUM: 1, Risk.HIGH: 1, Risk.CRITICAL: 2}


def policy(
    spot: Spot,
    parts: Parts,
    actions: Mapping[str, Action],
    groups: Mapping[str, Group],
    version: str,
    links: Identities,
) -> Policy:
    """The policy in force; where something of it is wrong, that is told and left out."""
    broken = frozenset(name for name, given in parts.actions.items() if given is None)
    conditions = Conditions(actions, broken, tuple(groups))
    stages = Stages(groups, links, _escalation(spot / "escalation", parts.escalation, groups))
    return Policy(
        raises=_raises(spot / "raise", parts, conditions),
        flags={flag: Risk(risk) for flag, risk in parts.flags.items()},
        routes=_routes(spot / "route", parts, conditions, stages),
        defaults=_defaults(spot / "default", parts, groups, stages),
        groups=groups,
        version=version,
    )


def _escalation(spot: Spot, given: shape.Escalation | None, groups: Mapping[str, Group]) -> shape.Escalation | None:
    if given is not None:
        named(spot / "to", given.to, groups)
    return given


def _raises(spot: Spot, parts: Parts, conditions: Conditions) -> tuple[RaiseRule, ...]:
    made = []
    for at, given in enumerate(parts.raises):
        if given is not None and (when := conditions.compiled(spot / at / "when", given.when)):
            made.append(RaiseRule(when, Risk(given.to), given.name or f"raise {at + 1}: {given.when}"))
    return tuple(made)


def _routes(spot: Spot, parts: Parts, conditions: Conditions, stages: Stages) -> tuple[RouteRule, ...]:
    made = []
    seen: set[str] = set()
    for at, given in enumerate(parts.routes):
        if given is None:
            continue
        name = given.name or f"route {at + 1}"
        if name in seen:
            (spot / at / "name").mistake(f"two rules are called {quoted(name)}", "give each a name of its own")
        seen.add(name)
        when = conditions.compiled(spot / at / "when", given.when)
        grave = when is not None and _grave(when, conditions.actions)
        then = stages.then(spot / at / "then", given.then, grave=grave)
        if when:
            made.append(RouteRule(name, when, then))
    return tuple(made)


def _grave(when: Condition, actions: Mapping[str, Action]) -> bool:
    """Whether a rule is for sure about actions of high or critical risk: it names them."""
    return bool(when.actions) and all(name in actions and actions[name].risk.grave for name in when.actions or ())


def _defaults(spot: Spot, parts: Parts, groups: Mapping[str, Group], stages: Stages) -> dict[Risk, Ask | Verdict]:
    made: dict[Risk, Ask | Verdict] = {}
    unsaid = []
    for risk in Risk:
        if risk.value in parts.defaults:
            given = parts.defaults[risk.value]
            made[risk] = Verdict.DENY if given is None else stages.then(spot / risk, given, grave=risk.grave)
            if given == "allow" and risk.grave:
                (spot / risk).warning(f"what is of {risk.value} risk runs without anyone looking", "ask someone")
        elif risk is Risk.LOW:
            made[risk] = Verdict.ALLOW
        elif APPROVERS in groups:
            made[risk] = stages.then(spot / risk, _asking_approvers(risk))
        else:
            unsaid.append(risk.value)
            made[risk] = Verdict.DENY
    if unsaid:
        own = f"rules.default.{unsaid[0]}: {{ask: [{{need: [{{from: [a group]}}]}}]}}"
        remedy = f"add a group called {APPROVERS} under people, or {own}"
        spot.mistake(f"nobody is named to ask for {every(unsaid)} risk", remedy)
    return made


def _asking_approvers(risk: Risk) -> shape.Ask:
    """One approval, or two for critical risk, where the file says nothing."""
    return shape.Ask.model_validate({"ask": [{"need": [{"from": APPROVERS, "approvals": APPROVALS[risk]}]}]})
