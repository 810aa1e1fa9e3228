"""The weekly summary to operators: how requests were decided, and when each of them gets it. Pure.

Whoever approves everything within seconds no longer looks: that is told, with what could be done about it
(security.md, finding 10). It holds counts, names of actions and people's ids; no argument, no reason, no word.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.request import CLOCK, Effect, EffectKind, Event
from bot.weekly import When, next_at

DAY = 86_400_000  # milliseconds
WEEK = 7 * DAY
AGAIN = 5 * 60_000  # milliseconds to the next try where Slack did not say who the operators are
FAST = 5_000  # milliseconds within which nobody reads a card
LEAST, NEARLY_ALL = 20, 0.98  # decisions in a week, and the share of them, from which a rule should be considered
LOOK = ""  # in place of a person: when to look next for what is due


# ── who gets it when ────────────────────────────────────────────────────────────────────────────────────────────

Dues = Mapping[str, int]  # by operator; `LOOK` among them


@dataclass(frozen=True, slots=True)
class Next:
    """When somebody's next one is due (None: never again), and what is to be done now. Stored whole, or not at all."""

    person: str
    due: int | None
    effects: tuple[Effect, ...] = ()
    events: tuple[Event, ...] = ()


Decide = Callable[[Dues, int], Sequence[Next]]


def looks(dues: Dues, now: int) -> bool:
    return dues.get(LOOK, 0) <= now


def following(when: When, zones: Mapping[str, str], dues: Dues, now: int) -> list[Next]:
    """What is due is told, once; everybody else's time is as the file and their own clock now say.

    `zones`: the operators of this moment, and the time zone of each. A long stop makes no flood: one week is told.
    """
    nexts = [Next(person, None) for person in dues if person not in (*zones, LOOK)]
    for person, zone in sorted(zones.items()):
        due, then = dues.get(person), next_at(when, zone, now)
        if due is not None and due <= now:
            nexts.append(_told(person, then, due, now))
        elif due != then:
            nexts.append(Next(person, then))
    coming = [next_at(when, zone, now) for zone in zones.values()]
    return [*nexts, Next(LOOK, min([*coming, now + DAY]))]


def _told(person: str, then: int, due: int, now: int) -> Next:
    data = {"to": person, "what": "summary", "since": now - WEEK, "until": now}
    event = Event("summary", "", CLOCK, now, detail={"to": person})
    return Next(person, then, (Effect(EffectKind.TELL, "", f"summary/{person}/{due}", data),), (event,))


# ── what it says ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Decided:
    """A request that people decided: how long it took, and how long the last stage of it was open (milliseconds)."""

    action: str
    approved: bool
    took: int
    open_for: int
    votes: tuple[tuple[str, bool], ...] = ()  # who, and whether they approved


@dataclass(frozen=True, slots=True)
class OfAction:
    """A week of one action. `median`: milliseconds to a decision, None where there was none."""

    action: str
    approved: int = 0
    rejected: int = 0
    expired: int = 0
    fast: int = 0  # approved within `FAST`
    median: int | None = None

    @property
    def decided(self) -> int:
        return self.approved + self.rejected

    @property
    def consider_a_rule(self) -> bool:
        """Whether nearly all of many were approved faster than anybody reads."""
        return self.decided >= LEAST and self.fast >= NEARLY_ALL * self.decided


@dataclass(frozen=True, slots=True)
class Week:
    since: int
    until: int
    actions: tuple[OfAction, ...] = ()  # the most decided first
    people: tuple[tuple[str, int, int], ...] = ()  # who, how often they approved and rejected

    @property
    def empty(self) -> bool:
        return not self.actions


def week(since: int, until: int, decided: Iterable[Decided], expired: Mapping[str, int]) -> Week:
    by_action: dict[str, list[Decided]] = {name: [] for name in expired}
    votes: Counter[tuple[str, bool]] = Counter()
    for each in decided:
        by_action.setdefault(each.action, []).append(each)
        votes.update(each.votes)
    actions = [_of_action(name, found, expired.get(name, 0)) for name, found in by_action.items()]
    people = sorted({person for person, _ in votes})
    return Week(
        since,
        until,
        tuple(sorted(actions, key=lambda each: (-each.decided, -each.expired, each.action))),
        tuple((person, votes[person, True], votes[person, False]) for person in people),
    )


def _of_action(name: str, decided: Sequence[Decided], expired: int) -> OfAction:
    approved = [each for each in decided if each.approved]
    return OfAction(
        action=name,
        approved=len(approved),
        rejected=len(decided) - len(approved),
        expired=expired,
        fast=sum(each.open_for < FAST for each in approved),
        median=int(statistics.median(each.took for each in decided)) if decided else None,
    )
