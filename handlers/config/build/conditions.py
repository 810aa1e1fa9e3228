"""Conditions of the rules: compiled, and held to what there is: names, kinds of values, what a value can be.

CEL by itself knows neither the fields of `requester`, `plan` and `history`, nor the types of arguments, nor which texts
can be equalled; a rule that asks for what cannot be would never hold, and nobody would notice.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot import expression
from bot.catalogue import Action
from bot.condition import Condition
from handlers.config.build.condition import FUNCTIONS, KNOWN, checked
from handlers.config.mistakes import Spot
from handlers.words import near, quoted, there, use


@dataclass(frozen=True, slots=True)
class Conditions:
    """What conditions may speak of: the actions in force, with those whose own mistakes are told elsewhere."""

    actions: Mapping[str, Action]
    broken: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter of every action that people may name."""
        offered = (action for action in self.actions.values() if action.undoes is None)
        return tuple(sorted({name for action in offered for name in action.params} - {"in", "true", "false", "null"}))

    def compiled(self, spot: Spot, source: str) -> Condition | None:
        """None where it cannot be used; what is merely suspicious is told, too."""
        try:
            found = checked(expression.parsed(source), self.actions, self.broken, self.groups)
        except ValueError as error:
            spot.mistake(*_explained(str(error), source, self.names))
            return None
        for what, remedy in found.warnings:
            spot.warning(what, remedy)
        for what, remedy in found.mistakes:
            spot.mistake(what, remedy)
        if found.mistakes:
            return None
        try:
            return Condition(source, self.names)
        except ValueError as error:
            if not (self.broken and "'args." in str(error)):
                spot.mistake(*_explained(str(error), source, self.names))
        return None


def _explained(error: str, source: str, arguments: Iterable[str]) -> tuple[str, str]:
    """What CEL says, in words, and the remedy."""
    what, _, remedy = error.partition("; ")
    if found := re.search(r"undeclared reference to '([\w.]+)'", what):
        called = re.search(rf"\b{re.escape(found[1])}\s*\(", source)
        return _no_function(found[1]) if called else _undeclared(found[1], [f"args.{name}" for name in arguments])
    if found := re.search(r"no matching overload for '(\S+)' applied to '(.+)'", what):
        return _no_overload(found[1], found[2])
    if not source.strip():
        return "is empty", "write a condition, such as args.amount > 1000, or true"
    if "Syntax error" in what:
        alone = re.search(r"(?<![=!<>])=(?!=)", source)
        remedy = "compare with ==" if alone else "compare with ==, join with && and ||, put text in quotes"
        return f"{quoted(source)} does not read as a condition", remedy
    return re.sub(r"^\d+:\d+: ", "", what).partition(" (in container")[0], remedy


def _no_function(name: str) -> tuple[str, str]:
    if name in FUNCTIONS:
        return f"{name} is not called like that", "look at how many values it takes, and whether one stands before it"
    closest = near(name, FUNCTIONS)
    return f"there is no function {name}", f"did you mean {closest}?" if closest else there(FUNCTIONS)


def _no_overload(function: str, operands: str) -> tuple[str, str]:
    """CEL compares whole and decimal numbers by value, but not where its own functions say which of them it is."""
    numbers = "double" in operands and "int" in operands
    remedy = "write whole numbers as decimals there, such as 100.0" if numbers else "look at what it takes"
    return f"{function.strip('_')} cannot be applied to {operands}", remedy


def _undeclared(name: str, arguments: list[str]) -> tuple[str, str]:
    word = name.partition(".")[0]
    if word != "args":
        return f"{word} is not known in a condition", use(KNOWN, word)
    if word == name:
        return "args cannot be used as a whole", "name one, such as args.amount"
    return f"{name} is no parameter of any action", use(arguments, name)
