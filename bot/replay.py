"""Past decisions through another policy: what it would have said, and what that would have cost or saved. Pure.

A version is decided again on what was stored with it (groups, history, time, plan, context); from the changed file
come the action's own risk, its defaults, which of its parameters are sensitive, and the rules. Arguments are not held
to its schema again.
"""

import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.catalogue import Action, Catalogue, Risk
from bot.condition import Basis
from bot.policy import Decision, Policy, hardened
from bot.route import Route, Verdict


class Answer(StrEnum):
    """What people made of one version."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EDITED = "edited"  # a next version took its place
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WAITING = "waiting"
    BREAK_GLASS = "break-glass"  # its requester ran it without them
    UNASKED = "unasked"  # it was allowed or denied without them


@dataclass(frozen=True, slots=True)
class Past:
    """A version as it was decided on, and what people made of it. Times in milliseconds."""

    request: str
    number: int
    action: Action  # as defined then
    basis: Mapping[str, Any]  # `Basis.as_json`
    risk: Risk
    route: Route
    made_at: int
    answer: Answer
    waited: int | None = None  # on people, to the end of the waiting; None where nobody was asked, or it goes on
    approved_by: tuple[str, ...] = ()
    rejected_by: tuple[str, ...] = ()


class Change(StrEnum):
    """How the changed file's word differs."""

    SAME = "same"
    ALLOWED = "now allowed"
    DENIED = "now denied"
    ASKED = "now asked"
    ASKED_OTHERWISE = "asked differently"  # others, more or fewer of them, or a stronger or weaker click
    NEVER_MADE = "never made"  # an edit of what would not have waited for anybody


@dataclass(frozen=True, slots=True)
class Replayed:
    past: Past
    risk: Risk
    route: Route  # by the changed file
    change: Change


def basis_of(stored: Mapping[str, Any]) -> Basis:
    """The basis as it was stored. ValueError where it is not one."""
    try:
        return Basis(
            action=stored["action"],
            args=stored["args"],
            base_risk=Risk(stored["base_risk"]),
            requester=stored["requester"],
            plan=stored["plan"],
            history=stored["history"],
            now=stored["now"],
            context=stored.get("context", {}),
        )
    except KeyError as error:
        raise ValueError(f"what it was decided on was not stored ({error.args[0]} is missing)") from error


def renewed(basis: Basis, was: Action, action: Action) -> Basis:
    """A stored basis as the action's definition of today gives it: its risk, its defaults, what is sensitive now.

    The value of a parameter that was sensitive then was never stored: it stays absent, whatever it is now.
    """
    given = {name: value for name, value in basis.args.items() if name in action.params}
    filled = {name: value for name, value in action.with_defaults(given).items() if name not in was.sensitive}
    clear = {name: value for name, value in filled.items() if name not in action.sensitive}
    return replace(basis, action=action.base, base_risk=action.risk, args=clear)


def decided(past: Past, catalogue: Catalogue, policy: Policy) -> Decision:
    """What this catalogue and policy say of it. ValueError where its basis was not stored."""
    action = catalogue.actions.get(past.action.name)
    if action is None:
        unknown = Route(Verdict.DENY, f"there is no action {past.action.name}")
        return Decision(past.risk, (), unknown)
    decision = policy.decide(renewed(basis_of(past.basis), past.action, action), action)
    if past.route.standing is not None and decision.route.one_click and not decision.risk.grave:
        return replace(decision, route=past.route)  # the standing approval would speak for it as it did
    if past.number > 1 and decision.route.verdict is Verdict.ALLOW:
        looked_at = hardened(_looked_at(past, decision.route, policy), decision.risk, action)
        return replace(decision, route=looked_at)
    return decision


def _looked_at(past: Past, route: Route, policy: Policy) -> Route:
    """An edited version that would be allowed still takes one approval, of those who were asked."""
    note = "an edited version still takes one approval"
    if not past.route.asks:
        return policy.looked_at(route, note=note)
    return replace(route, groups=past.route.groups).one_approval(past.route.stages[0], note=note)


def replayed(past: Past, catalogue: Catalogue, policy: Policy) -> Replayed:
    """ValueError where its basis was not stored."""
    decision = decided(past, catalogue, policy)
    return Replayed(past, decision.risk, decision.route, _change(past.route, decision.route))


_CHANGES = {Verdict.ALLOW: Change.ALLOWED, Verdict.DENY: Change.DENIED, Verdict.ASK: Change.ASKED}


def _change(before: Route, after: Route) -> Change:
    if before.verdict is not after.verdict:
        return _CHANGES[after.verdict]
    return Change.SAME if asks(before) == asks(after) else Change.ASKED_OTHERWISE


def asks(route: Route) -> tuple[object, ...]:
    """Whom a route asks, how many of them, and for how strong a click; the order of names does not matter."""
    stages = (
        (Counter((frozenset(need.groups), need.approvals) for need in stage.need), stage.rejects)
        for stage in route.stages
    )
    return (route.surface, *stages) if route.asks else ()


@dataclass(slots=True)
class Tally:
    """What a replay adds up to. Versions are added in the order of their requests, the first version first."""

    versions: int = 0
    unknown: int = 0  # their basis was not stored
    changes: Counter[Change] = field(default_factory=Counter)
    answers: Counter[tuple[Change, Answer]] = field(default_factory=Counter)
    cards_saved: int = 0
    saved: int = 0  # milliseconds of waiting
    added: Counter[str] = field(default_factory=Counter)  # cards that would have been shown, by action
    waits: dict[str, list[int]] = field(default_factory=dict)  # of those that people decided, by action
    _gone: str = ""  # the request whose first card would not have been shown

    def add(self, past: Past, catalogue: Catalogue, policy: Policy) -> Replayed | None:
        """The version replayed; None where its basis was not stored."""
        self.versions += 1
        if past.waited is not None and past.answer in (Answer.APPROVED, Answer.REJECTED):
            self.waits.setdefault(past.action.name, []).append(past.waited)
        try:
            made = replayed(past, catalogue, policy)
        except ValueError:
            self.unknown += 1
            return None
        if past.request == self._gone:
            made = replace(made, change=Change.NEVER_MADE)
        elif past.number == 1 and made.change in (Change.ALLOWED, Change.DENIED):
            self._gone = past.request
        self._count(made)
        return made

    def _count(self, made: Replayed) -> None:
        past = made.past
        self.changes[made.change] += 1
        self.answers[made.change, past.answer] += 1
        if made.change is Change.ASKED:
            self.added[past.action.name] += 1
        elif past.request == self._gone and past.route.asks:  # an edit denied leaves the version before it waiting
            self.cards_saved += 1
            self.saved += past.waited or 0

    @property
    def cards_added(self) -> int:
        return self.added.total()

    @property
    def wait_added(self) -> int | None:
        """An estimate, in milliseconds: the median wait of the same action, else of all. None where there is none."""
        if not self.added:
            return 0
        every = [wait for waits in self.waits.values() for wait in waits]
        if not every:
            return None
        usual = statistics.median(every)
        own = {action: statistics.median(waits) for action, waits in self.waits.items()}
        return round(sum(count * own.get(action, usual) for action, count in self.added.items()))
