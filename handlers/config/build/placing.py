"""Where a `{name}` may stand in the strings of an action, and which.

What a template shows to people holds no sensitive parameter; what must be whole (a URL, an argument list, what is to
be typed) holds only parameters that every request has.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from bot import templates
from handlers.config.build.machine import Machine
from handlers.config.mistakes import Spot
from handlers.words import near, quoted, there

RESULT = "result."
_ESCAPED = re.compile(r"\{\{|\}\}")
_NAMED = re.compile(r"\{[A-Za-z_][A-Za-z0-9_.]*\}")
_REFERENCE = re.compile(r"\$\{[^}]*\}?")


@dataclass(frozen=True, slots=True)
class Names:
    """What may stand in a template."""

    params: frozenset[str]
    certain: frozenset[str] = frozenset()  # they have a value in every request
    secret: frozenset[str] = frozenset()
    key: bool = False  # {key}, the idempotency key
    result: bool = False  # {result.…}, of what is undone

    def known(self, name: str) -> bool:
        if name.startswith(RESULT):
            return self.result and ".." not in name and not name.endswith(".")
        return name in self.params or (self.key and name == "key")

    def always(self, name: str) -> bool:
        return name in self.certain or name.startswith(RESULT) or name == "key"


@dataclass(frozen=True, slots=True)
class Template:
    """One check of one text; `machine` is given where `${NAME}` may stand."""

    names: Names
    shown: bool = False  # to people: no sensitive parameter
    whole: bool = False  # no parameter that may be absent
    line: bool = False  # no line breaks
    literal: str = ""  # why no name may stand here at all, where none may
    machine: Machine | None = field(default=None, repr=False)

    def check(self, spot: Spot, text: str) -> None:
        self._references(spot, text)
        if self.line and re.search(r"[\r\n\0]", text):
            spot.mistake("must be one line", "take the line breaks out")
        loose = _NAMED.sub("", _ESCAPED.sub("", _REFERENCE.sub("", text)))
        if "{" in loose or "}" in loose:
            spot.mistake(
                f"{quoted(text)} has a brace that stands alone", "write {name}, or {{ and }} for a brace itself"
            )
        taken = sorted(templates.names(text))
        if self.literal and taken:
            spot.mistake(f"{{{taken[0]}}} may not stand here: {self.literal}", "write it out")
            return
        for name in taken:
            self._name(spot, name)

    def check_tree(self, spot: Spot, value: Any) -> None:
        """Every string in a JSON value."""
        match value:
            case str():
                self.check(spot, value)
            case dict():
                for key, each in value.items():
                    self.check_tree(spot / key, each)
            case list():
                for at, each in enumerate(value):
                    self.check_tree(spot / at, each)

    def _references(self, spot: Spot, text: str) -> None:
        if self.machine:
            self.machine.references(spot, text)
        elif found := _REFERENCE.search(text):
            what = f"{found[0]} would be taken as it stands here"
            spot.mistake(what, "the environment is for the values of headers and of a command's env")

    def _name(self, spot: Spot, name: str) -> None:
        if not self.names.known(name):
            spot.mistake(f"{{{name}}} is no parameter of this action", _remedy(name, self.names))
        elif self.shown and name in self.names.secret:
            spot.mistake(f"{{{name}}} is sensitive and would be shown here", "take it out")
        elif self.whole and not self.names.always(name):
            what = f"{{{name}}} may be absent, and something must stand here"
            spot.mistake(what, f"add {name} under required, or give it a default")


def _remedy(name: str, names: Names) -> str:
    if name.startswith(RESULT) and not names.result:
        return "only an undo can take values from a result"
    if name == "key" and not names.key:
        return (
            "the idempotency key stands in a probe; a run is sent it anyway (Idempotency-Key, SIGNOFF_IDEMPOTENCY_KEY)"
        )
    known = [*sorted(names.params), *(["key"] if names.key else ()), *(["result.…"] if names.result else ())]
    if not known:
        return "add it under params, or take it out"
    closest = near(name, known) if len(known) > 1 else None
    return there(known) + (f" (did you mean {{{closest}}}?)" if closest else "")
