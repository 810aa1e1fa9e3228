"""One condition of a rule, in CEL: compiled once, and bounded in size and time.

It holds at most 2,000 characters, 32 levels of nesting (the library's own limit) and one all/exists/map/filter, which
walks at most 500 items; there are no other loops, and `matches` takes linear time (RE2).
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from bot import expression
from bot.catalogue import Risk
from bot.expression import Call, Literal, Member, Name

MAX_CONDITION = 2_000  # characters
MAX_WALKED = 500  # items that all/exists/map/filter may walk: map and filter take time by the square of it


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
    """A compiled CEL condition. ValueError when it does not compile or is unbounded.

    `actions`: those it can hold for, where it names them; None where it may hold for any.
    """

    __slots__ = ("_compiled", "actions", "names", "source", "walks")

    def __init__(self, source: str, args: Iterable[str]) -> None:
        if len(source) > MAX_CONDITION:
            raise ValueError(f"a condition may be {MAX_CONDITION} characters long; this one has {len(source)}")
        self.source = source
        self.names = tuple(args)
        try:
            tree = expression.parsed(source)
            self._compiled = compiled(source, self.names)
        except ValueError as error:
            raise ValueError(_explained(str(error), self.names)) from error
        loops = sum(isinstance(node, expression.Loop) for node in expression.walk(tree))
        if loops > 1:
            raise ValueError("one all/exists/map/filter is the most a condition may use, so that it stays fast")
        if self._compiled.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
            raise ValueError(f"must be true or false, but is {self._compiled.return_type().name().lower()}")
        self.walks = loops > 0
        self.actions = _named(tree)

    def holds(self, basis: Basis, risk: Risk, view: "View | None" = None) -> bool:
        """Whether it holds. ValueError when it errs or answers something else than true or false.

        `view`: what other conditions of the same decision have looked at.
        """
        if self.actions is not None and basis.action not in self.actions:
            return False
        view = view or View(basis)
        if self.walks and view.longest > MAX_WALKED:
            raise ValueError(f"a list of {view.longest} is too long to walk; {MAX_WALKED} is the most")
        return answer(self._compiled, view.activation(self.names, risk))

    def asks_membership(self, group: str) -> bool:
        """Whether it may depend on `"group" in requester.groups`; any other use of the groups depends on all."""
        return _asks(expression.parsed(self.source), group)


def _asks(node: expression.Node, group: str) -> bool:
    match node:
        case Call("@in", (Literal(str() as named), Member(Name("requester"), "groups"))):
            return named == group
        case Member(Name("requester"), "id" | "kind" | "client"):
            return False
        case Name("requester"):
            return True
    return any(_asks(child, group) for child in expression.children(node))


def answer(condition: cel.Expression, activation: cel.Activation) -> bool:
    """ValueError where it errs, or is neither true nor false."""
    try:
        value = condition.eval(activation)
    except RuntimeError as error:  # the library's own limit of what one evaluation may take
        raise ValueError(str(error)) from error
    if value.type() != cel.Type.BOOL:  # an error comes back as a value, and that value is truthy
        raise ValueError(str(value.value()) if value.type() == cel.Type.ERROR else "not true or false")
    return bool(value.value())


def compiled(source: str, names: tuple[str, ...]) -> cel.Expression:
    """`names`: the arguments it may speak of. ValueError where it does not compile."""
    try:
        return _environment(names).compile(source)
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def _named(tree: expression.Node) -> frozenset[str] | None:
    """The actions without one of which it is false, whatever else it says: `action == "x" && …`."""
    named: frozenset[str] | None = None
    for part in expression.joined(tree, "_&&_"):
        texts = expression.among(part, "action")
        if texts is not None:
            named = texts if named is None else named & texts
    return named


class View:
    """A basis as conditions see it, made once for all the rules of a decision."""

    __slots__ = ("_longest", "_made", "basis")

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self._made: dict[tuple[tuple[str, ...], Risk], cel.Activation] = {}
        self._longest: int | None = None

    @property
    def longest(self) -> int:
        """How many items the longest list or mapping has, of all that a condition can see."""
        if self._longest is None:
            basis = self.basis
            seen = (basis.args, basis.requester, basis.plan, basis.context, basis.history)
            self._longest = max(len(each) for each in _collections(seen))
        return self._longest

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


def _collections(value: Any) -> Iterator[Sequence[Any] | Mapping[str, Any]]:
    if isinstance(value, Mapping | list | tuple):
        yield value
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _collections(each)


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
