"""Conditions of the rules: compiled, and held to the names that there are.

CEL does not know the fields of `requester`, `plan` and `history`, nor which texts `action` and `risk` can equal; a
rule that names one that does not exist would never hold, and nobody would notice. So those are looked at here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.catalogue import Action, Risk
from bot.condition import Condition
from handlers.config.mistakes import Spot
from handlers.words import choice, near, quoted, there, use

KNOWN = ("action", "args", "risk", "requester", "plan", "context", "now", "history")
FIELDS = {
    "requester": ("id", "groups", "kind", "client"),
    "plan": ("source", "confidence", "flags"),
    "history": ("last_hour", "last_day", "last_week"),
}
_LITERAL = r"""("[^"\\]*"|'[^'\\]*')"""
_COMPARED = re.compile(
    rf"\b(action|risk|requester\.kind|plan\.source)\s*[!=]=\s*{_LITERAL}|{_LITERAL}\s*[!=]=\s*(action|risk|requester\.kind|plan\.source)\b"
)
_AMONG = re.compile(r"\b(action|risk)\s+in\s+\[([^\]]*)\]")
_FIELD = re.compile(r"\b(requester|plan|history)\.([A-Za-z_]\w*)")
_ARGUMENT = re.compile(r"\bargs\.([A-Za-z_]\w*)")
_ONLY_ACTION = re.compile(rf"""\baction\s*==\s*{_LITERAL}""")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What conditions may speak of: the actions in force, with those whose own mistakes are told elsewhere."""

    actions: Mapping[str, Action]
    broken: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter of every action that people may name."""
        offered = (action for action in self.actions.values() if action.undoes is None)
        return tuple(sorted({name for action in offered for name in action.params} - {"in", "true", "false", "null"}))

    def compiled(self, spot: Spot, source: str) -> Condition | None:
        """None where it does not compile; what is merely suspicious is told, too."""
        try:
            condition = Condition(source, self.names)
        except ValueError as error:
            if not (self.broken and "'args." in str(error)):
                spot.mistake(*_explained(str(error), source, self.names))
            return None
        self._literals(spot, source)
        self._arguments(spot, source)
        return condition

    def _literals(self, spot: Spot, source: str) -> None:
        for found in _COMPARED.finditer(source):
            name, text = (found[1], found[2]) if found[1] else (found[4], found[3])
            self._literal(spot, name, text[1:-1])
        for found in _AMONG.finditer(source):
            for text in re.findall(_LITERAL, found[2]):
                self._literal(spot, found[1], text[1:-1])
        for name, field in _FIELD.findall(source):
            if field not in FIELDS[name]:
                spot.mistake(
                    f"{name}.{field} is not known", use((f"{name}.{each}" for each in FIELDS[name]), f"{name}.{field}")
                )

    def _literal(self, spot: Spot, name: str, text: str) -> None:
        choices: dict[str, Iterable[str]] = {
            "action": [*(each for each, action in self.actions.items() if action.undoes is None), *self.broken],
            "risk": list(Risk),
            "requester.kind": ("person", "agent"),
            "plan.source": ("typed", "model"),
        }
        known = [str(each) for each in choices[name]]
        if text not in known:
            closest = near(text, known)
            spot.mistake(f"{name} is never {quoted(text)}", f"did you mean {closest}?" if closest else there(known))

    def _arguments(self, spot: Spot, source: str) -> None:
        only = [self.actions[text[1:-1]] for text in _ONLY_ACTION.findall(source) if text[1:-1] in self.actions]
        concerned = only or [action for action in self.actions.values() if action.undoes is None]
        for name in dict.fromkeys(_ARGUMENT.findall(source)):
            having = [action for action in concerned if name in action.params]
            if having and all(name in action.sensitive for action in having):
                spot.mistake(
                    f"args.{name} is sensitive, and its value takes no part in rules", "decide on another argument"
                )
            elif only and not having:
                names = choice(action.name for action in only)
                spot.warning(f"args.{name} is no parameter of {names}, so it is always null here", "check the name")


def _explained(error: str, source: str, arguments: Iterable[str]) -> tuple[str, str]:
    """What CEL says, in words, and the remedy."""
    what, _, remedy = error.partition("; ")
    if found := re.search(r"undeclared reference to '([\w.]+)'", what):
        return _undeclared(found[1], [f"args.{name}" for name in arguments])
    if not source.strip():
        return "is empty", "write a condition, such as args.amount > 1000, or true"
    if "Syntax error" in what:
        alone = re.search(r"(?<![=!<>])=(?!=)", source)
        remedy = "compare with ==" if alone else "compare with ==, join with && and ||, put text in quotes"
        return f"{quoted(source)} does not read as a condition", remedy
    return re.sub(r"^\d+:\d+: ", "", what).partition(" (in container")[0], remedy


def _undeclared(name: str, arguments: list[str]) -> tuple[str, str]:
    word = name.partition(".")[0]
    if word != "args":
        return f"{word} is not known in a condition", use(KNOWN, word)
    if word == name:
        return "args cannot be used as a whole", "name one, such as args.amount"
    return f"{name} is no parameter of any action", use(arguments, name)
