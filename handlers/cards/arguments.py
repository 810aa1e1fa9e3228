"""The exact arguments, and what will run, as rich text: every leaf of them, or how much is missing.

Short values stand in one table, a line each; a value of several lines or of many characters has a box of its own,
so that no value can pretend to be the next line of the table. Sensitive ones are masked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.catalogue import MASK, Action, resolve
from bot.errors import Refusal
from bot.request import Version
from handlers.cards.blocks import Json, bold, pre, section, weight
from handlers.cards.text import pieces, shown, suspicious, visible

SHORT = 60  # characters of a value in the table: one line on a laptop, two on a telephone
HIDDEN = f"{MASK}  (sensitive, hidden)"
CARD_ROOM, CARD_LINES = 4_000, 60  # what a card gives its arguments: characters, and lines on a wide screen
LINE = 90


@dataclass(frozen=True, slots=True)
class Box:
    """Visible text under a label."""

    label: str
    text: str

    def drawn(self) -> list[Json]:
        label = [section([bold(self.label)])] if self.label else []
        return [*label, pre(self.text, ready=True)]

    @property
    def lines(self) -> int:
        return sum(1 + len(line) // LINE for line in self.text.split("\n")) + bool(self.label)


@dataclass(frozen=True, slots=True)
class Shown:
    """Boxes, and how many characters of the arguments are not in them."""

    boxes: list[Box]
    left: int = 0


def boxes(action: Action, args: Mapping[str, Any]) -> list[Box]:
    """All arguments, whole."""
    short: list[tuple[str, str]] = []
    long: list[Box] = []
    for name in in_order(action, args):
        value = HIDDEN if name in action.sensitive else shown(args[name])
        label = visible(name, one_line=True)
        if "\n" in value or len(value) > SHORT:
            long.append(Box(label, value))
        else:
            short.append((label, value))
    return [*_table(short), *long]


def _table(rows: list[tuple[str, str]]) -> list[Box]:
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"{name.ljust(width)}  {value}" for name, value in rows]
    return [Box("", "\n".join(lines))] if lines else []


def in_order(action: Action, args: Mapping[str, Any]) -> list[str]:
    """The required ones as the file lists them, then the others by name: the same at every look."""
    required = [name for name in action.required if name in args]
    return [*required, *sorted(set(args) - set(required))]


def on_card(version: Version) -> Shown:
    """The arguments as far as a card can hold them."""
    whole = boxes(version.action, version.args)
    if weight([box.drawn() for box in whole]) <= CARD_ROOM and sum(box.lines for box in whole) <= CARD_LINES:
        return Shown(whole)
    kept: list[Box] = []
    left, room, rows = 0, CARD_ROOM, CARD_LINES
    for box in whole:
        most = room if not box.label else min(room, CARD_ROOM // 3)
        part, missing = _cut(box, most - 200, rows if not box.label else min(rows, CARD_LINES // 3))
        left += missing
        if part is not None:
            kept.append(part)
            room -= weight(part.drawn())
            rows -= part.lines
    return Shown(kept, left)


def _cut(box: Box, characters: int, rows: int) -> tuple[Box | None, int]:
    """As much of a box as there is room for, and how much is missing; the box itself says so too."""
    if weight(box.text) <= characters and box.lines <= rows:
        return box, 0
    if characters < 100 or rows < 3:
        return None, len(box.label) + len(box.text)
    begun = "\n".join(box.text.split("\n")[: rows - 2])
    kept = pieces(begun, min(characters // 2, (rows - 2) * LINE))[0]  # JSON may need two characters for one
    missing = len(box.text) - len(kept)
    return replace(box, text=f"{kept}… {missing:,} more characters in Review"), missing


def doubts(version: Version) -> list[tuple[str, str]]:
    """(argument, why one look at it may deceive), for all that is shown."""
    found: list[tuple[str, str]] = []
    for name in in_order(version.action, version.args):
        if name not in version.action.sensitive:
            found += [(name, why) for leaf in leaves(version.args[name]) for why in suspicious(leaf)]
    return list(dict.fromkeys(found))


def leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included."""
    match value:
        case str():
            yield value
        case Mapping():
            for key, item in value.items():
                yield str(key)
                yield from leaves(item)
        case list() | tuple():
            for item in value:
                yield from leaves(item)


def sensitive_names(version: Version) -> list[str]:
    """Names of the masked arguments it has, in the order of the `reveal:<n>` buttons."""
    return [name for name in in_order(version.action, version.args) if name in version.action.sensitive]


def way(version: Version) -> dict[str, Any]:
    """What will run, resolved; with masks where a sensitive argument stands in it."""
    resolved = dict(version.way)
    if sensitive_names(version):
        try:
            resolved = resolve(version.action.run, version.action.masked(version.args))
        except Refusal:
            resolved = dict(version.action.run)
    if version.args and version.way.get("args") == version.args:
        resolved["args"] = "the arguments above, as they are"
    return resolved


def without_secrets(text: str, version: Version | None) -> str:
    """Text from elsewhere (a preview, a result, a model) with the sensitive arguments masked, should it echo them."""
    if version is None:
        return text
    for name in sensitive_names(version):
        for secret in leaves(version.args[name]):
            if len(secret) > 3:
                text = text.replace(secret, MASK)
    return text
