"""A CEL expression as a tree, as the library's own parser reads it.

The library gives the tree only as bytes: `cel.expr.ParsedExpr` of the CEL specification (syntax.proto), in protobuf's
wire format. Those few messages are read here, so that a condition can be bounded and typed by what it is, and not by
how it is spelled. Macros (`exists`, `all`, `map`, `filter`) come expanded, as a `Loop`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from cel_expr_python import cel


@dataclass(frozen=True, slots=True)
class Literal:
    value: bool | int | float | str | bytes | None
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name`; `tested`: has(of.name)."""

    of: "Node"
    name: str
    tested: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An operator (`_&&_`, `_==_`, `@in`, `_[_]`, `_?_:_`, …) or a function; `target.function(…)` where it has one."""

    function: str
    args: tuple["Node", ...]
    target: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Items:
    """[a, b]"""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """{key: value}: its keys and values, one after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A comprehension: `over` is walked with `variable`; `accumulator` begins as `start` and becomes `step`."""

    variable: str
    over: "Node"
    accumulator: str
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node: TypeAlias = Literal | Name | Member | Call | Items | Struct | Loop


@lru_cache(maxsize=4096)
def parsed(source: str) -> Node:
    """ValueError where it is no CEL. The library reads no more than 32 levels of nesting, so the tree is never deep."""
    try:
        message = _grammar().compile(source, disable_check=True).serialize()
    except RuntimeError as error:
        deep = "recursion" in str(error)
        raise ValueError("is nested too deeply; write it as several rules" if deep else str(error)) from error
    return _node(_last(_last(message, 2), 2))


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Member():
            return (node.of,)
        case Call():
            return node.args if node.target is None else (node.target, *node.args)
        case Items():
            return node.items
        case Struct():
            return node.parts
        case Loop():
            return (node.over, node.start, node.condition, node.step, node.result)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from walk(child)


def joined(node: Node, operator: str) -> Iterator[Node]:
    """The parts of `a && b && c` (`_&&_`), or of `a || b || c` (`_||_`), in their order; else the node itself."""
    if isinstance(node, Call) and node.function == operator:
        for part in node.args:
            yield from joined(part, operator)
    else:
        yield node


def among(node: Node, name: str) -> frozenset[str] | None:
    """The texts of `name == "text"`, either way round, or of `name in ["a", "b"]`; None where it is neither."""
    match node:
        case Call("_==_", (Name(found), Literal(str() as text)) | (Literal(str() as text), Name(found))):
            return frozenset({text}) if found == name else None
        case Call("@in", (Name(found), Items(items))) if found == name:
            texts = [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
            return frozenset(texts) if len(texts) == len(items) else None
        case _:
            return None


# ── protobuf's wire format ──────────────────────────────────────────────────────────────────────────────────────

_Field: TypeAlias = tuple[int, int | bytes]


@lru_cache(maxsize=1)
def _grammar() -> cel.Env:
    return cel.NewEnv()


def _fields(message: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
            case 2:
                length, at = _varint(message, at)
                yield key >> 3, message[at : at + length]
                at += length
            case width:
                length = {1: 8, 5: 4}[width]
                yield key >> 3, message[at : at + length]
                at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def _all(message: bytes, number: int) -> list[bytes]:
    return [value for each, value in _fields(message) if each == number and isinstance(value, bytes)]


def _last(message: bytes, number: int) -> bytes:
    found = _all(message, number)
    return found[-1] if found else b""


def _text(message: bytes, number: int) -> str:
    return _last(message, number).decode()


def _flag(message: bytes, number: int) -> bool:
    return any(each == number and value for each, value in _fields(message))


def _node(message: bytes) -> Node:  # noqa: PLR0911 - one for each kind
    """One `Expr`: the field that is set says of what kind."""
    kind, value = next((number, value) for number, value in _fields(message) if number > 2)
    if not isinstance(value, bytes):
        raise TypeError(f"an expression of kind {kind} that holds no message")

    match kind:
        case 3:
            return _literal(value)
        case 4:
            return Name(_text(value, 1))
        case 5:
            return Member(_node(_last(value, 1)), _text(value, 2), _flag(value, 3))
        case 6:
            target = _all(value, 1)
            return Call(_text(value, 2), tuple(map(_node, _all(value, 3))), _node(target[0]) if target else None)
        case 7:
            return Items(tuple(map(_node, _all(value, 1))))
        case 8:
            entries = _all(value, 2)
            return Struct(tuple(_node(_last(entry, part)) for entry in entries for part in (3, 4)))
        case 9:
            over, start, condition, step, result = (_node(_last(value, number)) for number in (2, 4, 5, 6, 7))
            return Loop(_text(value, 1), over, _text(value, 3), start, condition, step, result)
        case _:
            raise ValueError(f"an expression of kind {kind} is not known")


def _literal(message: bytes) -> Literal:  # noqa: PLR0911 - one for each kind
    """One `Constant`. A null is its field alone."""
    number, value = next(_fields(message))
    match number, value:
        case 2, int():
            return Literal(bool(value))
        case 3, int():
            return Literal(value - (1 << 64) if value >> 63 else value)
        case 4, int():
            return Literal(value, unsigned=True)
        case 5, bytes():
            return Literal(float(struct.unpack("<d", value)[0]))
        case 6, bytes():
            return Literal(value.decode())
        case 7, bytes():
            return Literal(value)
        case _:
            return Literal(None)
