"""YAML read into plain values, each with the line it stands on.

YAML 1.2's core schema: `true`, `null`, numbers and text; a date is text, `yes` and `no` are text. Refused with the
line: keys given twice, tags, merge keys, several documents, numbers that JSON cannot carry, and files made to hurt
(size, depth, anchors that multiply).
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from bot.digest import SAFE_INTEGER

Path = tuple[str | int, ...]

LARGEST = 1024 * 1024  # bytes
DEEPEST = 40
MOST = 50_000  # values, with those that aliases repeat


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The plain value of a file, and where each part of it stands."""

    file: str
    value: Any
    values: Mapping[Path, Mark] = field(default_factory=dict)
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    blocks: frozenset[Path] = frozenset()  # mappings and lists: their key says better where they are
    faults: "tuple[Unreadable, ...]" = ()  # what is wrong with it as YAML, where reading could go on

    def mark(self, path: Path) -> Mark:
        """Where a path stands; for one that is missing, where it would belong."""
        exact = True
        while path:
            first, second = (self.values, self.keys) if exact and path not in self.blocks else (self.keys, self.values)
            if found := first.get(path) or second.get(path):
                return found
            path, exact = path[:-1], False
        return Mark(1, 1)


class Unreadable(Exception):
    """The text, or a part of it, is not YAML as this file may use it."""

    def __init__(self, mark: Mark, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.mark, self.what, self.remedy = mark, what, remedy


@dataclass(frozen=True, slots=True)
class _Scalar:
    mark: Mark
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class _List:
    mark: Mark
    items: "list[_Node]"


@dataclass(frozen=True, slots=True)
class _Mapping:
    mark: Mark
    pairs: "list[tuple[str, Mark, _Node]]"


_Node = _Scalar | _List | _Mapping


def read(file: str, text: str) -> Tree:
    """Raises Unreadable where nothing can be made of it; lesser faults are in the tree."""
    parser = _Parser(text)
    try:
        root = parser.document()
    except MarkedYAMLError as error:
        raise _explained(error) from error
    except YAMLError as error:  # the reader's: a character that no YAML may hold
        raise Unreadable(_unprintable(text), "a character stands here that YAML does not allow", "remove it") from error
    except (ValueError, OverflowError) as error:  # the scanner's, for an escape or a directive beyond all bounds
        raise Unreadable(Mark(1, 1), f"this cannot be read as YAML ({error})") from error
    return _flattened(file, root, tuple(parser.faults))


class _Parser:
    """Events to nodes. Built on events, since they come one by one: what is too deep ends before it costs time."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, _Node] = {}
        self._deep = 0
        self._count = 0
        self.faults: list[Unreadable] = []

    def document(self) -> _Node:
        root: _Node | None = None
        for event in self._events:
            match event:
                case StreamStartEvent() | StreamEndEvent() | DocumentEndEvent():
                    continue
                case DocumentStartEvent() if root is not None:
                    raise Unreadable(_mark(event), "a second document begins here", "keep one to a file: remove ---")
                case NodeEvent():
                    root = self._node(event)
        return root or _Scalar(Mark(1, 1), None)

    def _node(self, event: NodeEvent) -> _Node:
        mark = _mark(event)
        self._count += 1
        if self._count > MOST:
            raise Unreadable(mark, f"the file holds more than {MOST} values", "make it smaller")
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise Unreadable(mark, f"there is no &{event.anchor} above", "quote a text that begins with *")
            return self._anchors[event.anchor]
        node = self._scalar(event) if isinstance(event, ScalarEvent) else self._collection(event)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _collection(self, event: NodeEvent) -> _Node:
        mark = _mark(event)
        if getattr(event, "tag", None):
            self._fault(mark, "tags (!…) are not used here", "remove it")
        self._deep += 1
        if self._deep > DEEPEST:
            raise Unreadable(mark, f"this stands more than {DEEPEST} levels deep", "flatten it")
        node = _List(mark, self._items()) if isinstance(event, SequenceStartEvent) else _Mapping(mark, self._pairs())
        self._deep -= 1
        return node

    def _items(self) -> list[_Node]:
        items = []
        while isinstance(event := next(self._events), NodeEvent):
            items.append(self._node(event))
        return items

    def _pairs(self) -> list[tuple[str, Mark, _Node]]:
        pairs: dict[str, tuple[str, Mark, _Node]] = {}
        while isinstance(event := next(self._events), NodeEvent):
            mark = _mark(event)
            if not isinstance(event, ScalarEvent):
                raise Unreadable(mark, "a key must be a plain name", 'quote a text that begins with { or [: "{name}"')
            key = self._text(event)
            if key == "<<" and event.style is None:
                self._fault(mark, "merge keys (<<) are not used here", "write the keys out")
            if key in pairs:
                self._fault(mark, f'"{key}" is given twice, first on line {pairs[key][1].line}', "keep one of them")
            pairs[key] = (key, mark, self._node(next(self._events)))
        return list(pairs.values())

    def _scalar(self, event: ScalarEvent) -> _Scalar:
        mark, text = _mark(event), self._text(event)
        plain = event.style is None and event.tag is None
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self._fault(mark, "tags (!…) are not used here", "remove it; quote what is text")
        try:
            return _Scalar(mark, _typed(text) if plain else text)
        except OverflowError:
            self._fault(
                mark, f"JSON cannot carry the number {text[:40]} exactly", f'if it is text, quote it: "{text[:40]}"'
            )
            return _Scalar(mark, 0)

    def _text(self, event: ScalarEvent) -> str:
        if any("\ud800" <= letter <= "\udfff" for letter in event.value):
            self._fault(_mark(event), "an escape here stands for half a character", "write the character itself")
            return ""
        return str(event.value)

    def _fault(self, mark: Mark, what: str, remedy: str) -> None:
        self.faults.append(Unreadable(mark, what, remedy))


def _mark(event: Event) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


_WORDS: dict[str, bool | None] = (
    dict.fromkeys(("", "~", "null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def _typed(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema. OverflowError for a number that JSON does not carry exactly."""
    if text in _WORDS:
        return _WORDS[text]
    number: int | float
    if _WHOLE.fullmatch(text):
        number = int(text, {"0o": 8, "0x": 16}.get(text[:2], 10)) if len(text) < 40 else math.inf
    elif _DECIMAL.fullmatch(text):
        number = float(text)
    elif _NO_NUMBER.fullmatch(text):
        number = math.inf
    else:
        return text
    if not math.isfinite(number) or (isinstance(number, int) and abs(number) > SAFE_INTEGER):
        raise OverflowError
    return number


def _flattened(file: str, root: _Node, faults: tuple[Unreadable, ...]) -> Tree:
    values: dict[Path, Mark] = {}
    keys: dict[Path, Mark] = {}
    blocks: set[Path] = set()

    def plain(node: _Node, path: Path) -> Any:
        values[path] = node.mark
        if len(values) > MOST:
            raise Unreadable(node.mark, f"with its aliases the file holds more than {MOST} values", "use fewer aliases")
        if isinstance(node, _Scalar):
            return node.value
        if len(path) >= DEEPEST:
            raise Unreadable(node.mark, f"this stands more than {DEEPEST} levels deep", "flatten it")
        blocks.add(path)
        if isinstance(node, _List):
            return [plain(item, (*path, at)) for at, item in enumerate(node.items)]
        filled = {}
        for key, mark, item in node.pairs:
            keys[*path, key] = mark
            filled[key] = plain(item, (*path, key))
            if filled[key] is None:  # nothing stands after the colon; it would be found on a later line
                values[*path, key] = mark
        return filled

    return Tree(file, plain(root, ()), values, keys, frozenset(blocks), faults)


_SENTENCES: tuple[tuple[str, str, str], ...] = (
    (r"character '\\t'", "a tab stands where YAML wants spaces", "indent with spaces"),
    (
        r"mapping values are not allowed",
        "a colon stands where none can",
        "quote a text that holds a colon, or check the indentation",
    ),
    (r"character ('[@`%]')", "a text may not begin with {0}", "quote it"),
    (r"unexpected (?:end of stream|document)", "a quote is opened here and never closed", "close it"),
    (
        r"expected ',' or '(.)', but got",
        "a bracket is opened here and not closed",
        "close it with {0}, or quote the text",
    ),
    (r"could not find expected ':'", "this line has no colon", "write name: value, or indent it under the line above"),
    (
        r"expected <block end>",
        "this does not continue what stands before it",
        "line it up with the lines above; quote a text as a whole",
    ),
    (
        r"unknown escape",
        "double quotes hold a backslash that means nothing",
        "use single quotes, or double the backslash",
    ),
)


def _explained(error: MarkedYAMLError) -> Unreadable:
    """The scanner's complaint in words, and the remedy where there is a usual one."""
    problem = str(error.problem or error.context or "")
    for pattern, what, remedy in _SENTENCES:
        if found := re.search(pattern, problem):
            opened = error.context_mark if "opened here" in what else None
            return Unreadable(
                _place(opened or error.problem_mark), what.format(*found.groups()), remedy.format(*found.groups())
            )
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in problem).split())
    return Unreadable(_place(error.problem_mark or error.context_mark), f"this cannot be read as YAML: {words[:200]}")


def _place(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)


_PRINTABLE = re.compile("[\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def _unprintable(text: str) -> Mark:
    before = _PRINTABLE.match(text)
    lines = before[0].split("\n") if before else [""]
    return Mark(len(lines), len(lines[-1]) + 1)
