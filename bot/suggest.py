"""Rules that past decisions would bear out: where people always said yes, with what speaks against it nearest by. Pure.

A suggestion bounds numbers and names a choice (an enum or a boolean), nothing else, and only at low and medium risk. It
needs at least twenty approvals within its bounds and not one version there that was rejected or rewritten. Bounds are
values that people really approved, never a guess beyond them. It is printed for a person to judge, never applied.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.catalogue import Action, Catalogue, Risk
from bot.digest import canonical
from bot.identity import Identities
from bot.replay import Answer, Past

LEAST = 20  # approvals within the bounds
NEAREST = 3  # counter-examples shown
_NO = (Answer.REJECTED, Answer.EDITED)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a suggestion may learn from one version: its arguments in clear, and whether people said yes."""

    request: str
    number: int
    args: Mapping[str, Any]
    yes: bool
    answer: Answer
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """`low` and `high` are themselves within; None where the action's own schema bounds that side."""

    name: str
    low: float | None
    high: float
    optional: bool = False  # it may be absent, and a comparison with nothing errs

    def distance(self, value: Any) -> float:
        """How far outside a value is; infinite for what is no number."""
        if not _number(value):
            return float("inf")
        below = self.low - value if self.low is not None else 0
        return float(max(below, value - self.high, 0))


@dataclass(frozen=True, slots=True)
class Counter:
    """A version that people rejected or rewrote, and how far outside the bounds it is (0: another choice)."""

    of: Decided
    distance: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    action: str
    bounds: Bounds | None
    choice: tuple[str, Any] | None  # argument and its value
    approvals: int
    people: int  # how many different people approved; linked accounts are one
    against: tuple[Counter, ...]  # the nearest first

    @property
    def when(self) -> str:
        """The condition, as signoff.yaml takes it."""
        parts = [f'action == "{self.action}"', 'risk in ["low", "medium"]']
        if self.choice:
            parts.append(f"args.{self.choice[0]} == {_cel(self.choice[1])}")
        if self.bounds and self.bounds.optional:
            parts.append(f"args.{self.bounds.name} != null")
        if self.bounds and self.bounds.low is not None:
            parts.append(f"args.{self.bounds.name} >= {_cel(self.bounds.low)}")
        if self.bounds:
            parts.append(f"args.{self.bounds.name} <= {_cel(self.bounds.high)}")
        return " && ".join(parts)


class Evidence:
    """Past versions of all actions, kept as far as suggestions need them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._of: dict[str, list[Decided]] = {}

    def add(self, past: Past) -> None:
        """Only what people answered counts: an expiry or a cancellation is no word on it."""
        action = self._catalogue.actions.get(past.action.name)
        if action is None or action.undoes or past.answer not in (Answer.APPROVED, *_NO):
            return
        yes = past.answer is Answer.APPROVED
        if yes and past.risk.rank > Risk.MEDIUM.rank:
            return  # a yes after a review tells nothing of what may run unseen; a no counts at any risk
        hidden = action.sensitive | past.action.sensitive
        args = {name: value for name, value in past.basis.get("args", {}).items() if name not in hidden}
        people = past.approved_by if yes else past.rejected_by
        made = Decided(past.request, past.number, args, yes, past.answer, people)
        self._of.setdefault(action.name, []).append(made)

    def suggestions(self, least: int = LEAST) -> tuple[Suggestion, ...]:
        """The best supported first. ValueError for fewer than twenty decisions."""
        if least < LEAST:
            raise ValueError(f"a suggestion takes at least {LEAST} decisions, not {least}")
        found = [
            suggestion
            for name, decided in sorted(self._of.items())
            for suggestion in _best(self._catalogue.actions[name], decided, least, self._catalogue.identities)
        ]
        return tuple(sorted(found, key=lambda each: -each.approvals))


def _best(action: Action, decided: Sequence[Decided], least: int, identities: Identities) -> Iterator[Suggestion]:
    """Suggestions for one action, without those that allow nothing a simpler or larger one does not."""
    numbers = [name for name, schema in action.params.items() if schema.get("type") in ("number", "integer")]
    bounded = [name for name in numbers if any(_number(each.args.get(name)) for each in decided)]
    found: list[tuple[frozenset[tuple[str, int]], Suggestion]] = []
    for choice in (None, *_choices(action, decided)):
        within = [each for each in decided if choice is None or _chosen(each, choice)]
        for inside, bounds in _boxes(action, within, bounded, choice):
            if len(inside) >= least:
                keys = frozenset((each.request, each.number) for each in inside)
                found.append((keys, _made(action, choice, bounds, inside, decided, identities)))
    found.sort(key=lambda each: (-len(each[0]), each[1].choice is not None))
    taken: list[frozenset[tuple[str, int]]] = []
    for keys, suggestion in found:
        if not any(keys <= larger for larger in taken):
            taken.append(keys)
            yield suggestion


def _choices(action: Action, decided: Iterable[Decided]) -> list[tuple[str, Any]]:
    """Each value that was given of a parameter with few values, as the schema has them now."""
    found: dict[bytes, tuple[str, Any]] = {}
    for each in decided:
        for name, value in each.args.items():
            schema = action.params.get(name, {})
            if value in schema.get("enum", ()) or (schema.get("type") == "boolean" and isinstance(value, bool)):
                found[canonical([name, value])] = (name, value)
    return list(found.values())


def _chosen(decided: Decided, choice: tuple[str, Any]) -> bool:
    name, value = choice
    given = decided.args.get(name)
    return type(given) is type(value) and given == value


def _boxes(
    action: Action, within: Sequence[Decided], bounded: Sequence[str], choice: tuple[str, Any] | None
) -> Iterator[tuple[list[Decided], Bounds | None]]:
    if not bounded:  # where there are numbers, a rule that leaves them open says more than was ever shown
        if choice is not None and all(each.yes for each in within):
            yield list(within), None
        return
    for name in bounded:
        numbered = [each for each in within if _number(each.args.get(name))]
        run = _longest(sorted(numbered, key=lambda each: each.args[name]), name)
        if run:
            low = None if _schema_bounds_below(action, name) and _no_below(run, numbered, name) else run[0].args[name]
            optional = name not in action.required and "default" not in action.params[name]
            yield run, Bounds(name, low, run[-1].args[name], optional)


def _longest(ordered: Sequence[Decided], name: str) -> list[Decided]:
    """The longest run of approvals with no value in it that was ever refused."""
    refused = {each.args[name] for each in ordered if not each.yes}
    runs = itertools.groupby(ordered, key=lambda each: each.args[name] in refused)
    return max((list(run) for no, run in runs if not no), key=len, default=[])


def _no_below(run: Sequence[Decided], numbered: Iterable[Decided], name: str) -> bool:
    return all(each.yes or each.args[name] > run[0].args[name] for each in numbered)


def _schema_bounds_below(action: Action, name: str) -> bool:
    return any(key in action.params[name] for key in ("minimum", "exclusiveMinimum"))


def _made(
    action: Action,
    choice: tuple[str, Any] | None,
    bounds: Bounds | None,
    inside: Sequence[Decided],
    decided: Iterable[Decided],
    identities: Identities,
) -> Suggestion:
    against = sorted(
        (
            Counter(each, bounds.distance(each.args.get(bounds.name)) if bounds else 0.0)
            for each in decided
            if not each.yes
        ),
        key=lambda each: (choice is not None and not _chosen(each.of, choice), each.distance),
    )
    people = identities.persons(person for each in inside for person in each.people)
    return Suggestion(action.name, bounds, choice, len(inside), len(people), tuple(against[:NEAREST]))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cel(value: Any) -> str:
    """A value as a CEL literal: canonical JSON writes numbers, truth and text as CEL reads them."""
    return canonical(value).decode()
