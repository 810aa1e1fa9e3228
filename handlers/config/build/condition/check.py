"""The walk over a condition: every name that does not exist, and every comparison that can never be meant.

It reads the tree, not the text. What may err for some requests and not for others is a warning: it is taken to the safe
side when it happens (`bot.policy`), and asks people for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import expression
from bot.catalogue import Action
from bot.expression import Call, Items, Literal, Loop, Member, Name, Node, Struct
from handlers.config.build.condition.kinds import (
    ANY,
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    MAP,
    NUMBERS,
    TEXT,
    TIME,
    Kind,
    kind,
    list_of,
    members,
    of_literal,
    union,
    variables,
)
from handlers.config.build.condition.scene import Scene
from handlers.config.build.condition.written import written
from handlers.words import every, near, quoted, there, use

Told = tuple[str, str]  # what is wrong, and the remedy


@dataclass(frozen=True, slots=True)
class Checked:
    mistakes: tuple[Told, ...]
    warnings: tuple[Told, ...]


def checked(tree: Node, actions: Mapping[str, Action], broken: frozenset[str], groups: Iterable[str]) -> Checked:
    """`broken`: names of actions that are known by name only; `groups`: those under `people`."""
    offered = tuple(action for action in actions.values() if action.undoes is None and action.name not in broken)
    known = [*(action.name for action in offered), *sorted(broken)]
    walk = _Walk(variables(known), members(groups), tuple(offered))
    walk.truth(tree, Scene(offered, broken), "must be true or false, but is {}")
    return Checked(tuple(dict.fromkeys(walk.mistakes)), tuple(dict.fromkeys(walk.warnings)))


_ORDERED = frozenset({"_<_", "_<=_", "_>_", "_>=_"})
_SUMS = frozenset({"_+_", "_-_", "_*_", "_/_", "_%_"})
_OF_TEXT = ("startsWith", "endsWith", "contains", "matches")
_OF_TIME = ("FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes", "Seconds")
_SIZED = kind("text", "list", "map", "bytes")
_TIMED = kind("time", "duration", "text")  # the time zone is text
_TAKES: Mapping[str, Kind] = {
    "!_": BOOL,
    "-_": kind("int", "double", "duration"),
    "size": _SIZED,
    **dict.fromkeys(_OF_TEXT, TEXT),
    **{f"get{each}": _TIMED for each in (*_OF_TIME, "Milliseconds")},
}
_DOUBLED = "write double(…) around what is not decimal, and decimals as 2.0"
FUNCTIONS = tuple(name for name in (*_TAKES, "int", "double", "string", "timestamp", "duration") if name.isalpha())
_GIVES: Mapping[str, Kind] = {
    **dict.fromkeys(("!_", "@not_strictly_false", "bool", *_ORDERED, *_OF_TEXT), BOOL),
    **{f"get{each}": INT for each in (*_OF_TIME, "Milliseconds")},
    "size": INT,
    "int": INT,
    "uint": kind("uint"),
    "double": DOUBLE,
    "string": TEXT,
    "timestamp": TIME,
    "duration": DURATION,
    "bytes": kind("bytes"),
    "type": kind("type"),
}


@dataclass(slots=True)
class _Walk:
    variables: Mapping[str, Kind]
    members: Mapping[str, Mapping[str, Kind]]
    offered: tuple[Action, ...]
    mistakes: list[Told] = field(default_factory=list)
    warnings: list[Told] = field(default_factory=list)
    locals: dict[str, Kind] = field(default_factory=dict)

    def mistake(self, what: str, remedy: str) -> None:
        self.mistakes.append((what, remedy))

    def warning(self, what: str, remedy: str) -> None:
        self.warnings.append((what, remedy))

    def kind(self, node: Node, scene: Scene) -> Kind:  # noqa: PLR0911 - one for each kind of node
        match node:
            case Literal():
                return of_literal(node)
            case Name(name):
                return self.locals.get(name) or self.variables.get(name, ANY)  # CEL itself tells an unknown one
            case Member():
                return self._member(node, scene)
            case Call():
                return self._call(node, scene)
            case Items(items):
                return list_of(union(self.kind(item, scene) for item in items))
            case Struct(parts):
                for part in parts:
                    self.kind(part, scene)
                return MAP
            case Loop():
                return self._loop(node, scene)

    # ── names ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _member(self, node: Member, scene: Scene) -> Kind:
        match node.of:
            case Name("args") if "args" not in self.locals:
                return self._argument(node.name, scene, tested=node.tested)
            case Name(whole) if whole in self.members and whole not in self.locals:
                found = self._part(whole, node.name)
            case _:
                of = self.kind(node.of, scene)
                if not of.may_be("map"):
                    self.mistake(f"{written(node)}: {written(node.of)} is {of.words}, which has no parts", "remove it")
                found = ANY
        return BOOL if node.tested else found

    def _part(self, whole: str, name: str) -> Kind:
        parts = self.members[whole]
        if name not in parts:
            self.mistake(f"{whole}.{name} is not known", use((f"{whole}.{each}" for each in parts), f"{whole}.{name}"))
        return parts.get(name, ANY)

    def _argument(self, name: str, scene: Scene, *, tested: bool) -> Kind:
        having = scene.having(name)
        if tested:
            self.mistake(f"has(args.{name}) cannot be asked: what is absent is null", f"write args.{name} != null")
        elif having and all(name in action.sensitive for action in having) and not scene.broken:
            self.mistake(
                f"args.{name} is sensitive, and its value takes no part in rules", "decide on another argument"
            )
        elif having or scene.broken:
            return scene.argument(name)
        else:
            of = "any action" if len(scene.actions) == len(self.offered) else every(each.name for each in scene.actions)
            names = sorted({f"args.{each}" for action in scene.actions for each in action.params})
            remedy = use(names, f"args.{name}") if names else "it takes none"
            self.mistake(f"args.{name} is no parameter of {of}", remedy)
        return ANY

    def _index(self, of: Node, key: Node, scene: Scene) -> Kind:
        match of, key:
            case Name(whole), Literal(str() as name) if whole in self.members and whole not in self.locals:
                return self._part(whole, name)
        found = self.kind(of, scene)
        self.kind(key, scene)
        if not found.may_be("list", "map"):
            self.mistake(f"{written(of)} is {found.words}, which has no items", "remove the [ ]")
        return found.item_kind if found.of == frozenset({"list"}) else ANY

    # ── operators and functions ─────────────────────────────────────────────────────────────────────────────────

    def _call(self, node: Call, scene: Scene) -> Kind:
        match node:
            case Call("_&&_" | "_||_"):
                return self._joined(node, scene)
            case Call("_?_:_", (condition, this, that)):
                return self._choice(condition, this, that, scene)
            case Call("_[_]", (of, key)):
                return self._index(of, key, scene)
            case Call("@in", (item, of)):
                return self._among(node, item, of, scene)
            case Call("_==_" | "_!=_", (left, right)):
                return self._equal(node, left, right, scene)
            case _:
                parts = node.args if node.target is None else (node.target, *node.args)
                return self._applied(node, parts, [self.kind(each, scene) for each in parts])

    def _applied(self, node: Call, parts: Sequence[Node], kinds: list[Kind]) -> Kind:
        """A function or an operator whose operands are all looked at. CEL itself tells a wrong number of them."""
        name = node.function
        if name in _ORDERED:
            self._ordered(node, *kinds)
        elif name in _SUMS:
            return self._sum(node, *kinds)
        elif name in _TAKES:
            for part, found in zip(parts, kinds, strict=True):
                self._needs(node, part, found, _TAKES[name])
        return kinds[0] if name == "-_" else _GIVES.get(name, ANY)

    def _needs(self, node: Node, part: Node, found: Kind, wanted: Kind) -> None:
        if not found.may_be(*wanted.of):
            self.mistake(f"{written(node)} takes {wanted.words}, and {written(part)} is {found.words}", "correct it")
        else:
            self._may_be_absent(part, found)

    def _may_be_absent(self, part: Node, found: Kind) -> None:
        """An argument that may be null, where a null errs."""
        if "null" in found.of and found != ANY and isinstance(part, Member):
            name = written(part)
            remedy = f"say which action it is about, or write {name} != null && …"
            self.warning(f"{name} is null where it is not given, and the condition then errs", remedy)

    def _joined(self, node: Call, scene: Scene) -> Kind:
        """`a && b`: each part is read as if the others were true; `a || b`: false."""
        parts = list(expression.joined(node, node.function))
        truth = node.function == "_&&_"
        if truth and not scene.impossible and scene.where(node, True).impossible:
            before = len(self.mistakes)
            for part in parts:
                self.truth(part, scene)
            if len(self.mistakes) == before:  # an action that does not exist is told as that
                self.mistake(f"{written(node)} is never true: no action is left that it could be about", "correct it")
            return BOOL
        for at, part in enumerate(parts):
            there_ = scene
            for other in (*parts[:at], *parts[at + 1 :]):
                there_ = there_.where(other, truth)
            self.truth(part, there_ if not there_.impossible else scene)
        return BOOL

    def truth(self, part: Node, scene: Scene, otherwise: str = "{1} is {0}, not true or false") -> None:
        """Where one of true and false belongs. `otherwise`: what is said of another kind of value."""
        found = self.kind(part, scene)
        if not found.may_be("bool"):
            self.mistake(otherwise.format(found.words, written(part)), "compare it with something")
        elif found.may_be("null") and found != ANY:
            self.warning(
                f"{written(part)} may be absent, and the condition then errs", f"write {written(part)} == true"
            )

    def _choice(self, condition: Node, this: Node, that: Node, scene: Scene) -> Kind:
        self.truth(condition, scene)
        scenes = (scene.where(condition, True), scene.where(condition, False))
        return union(
            self.kind(each, scene if found.impossible else found)
            for each, found in zip((this, that), scenes, strict=True)
        )

    # ── comparisons ─────────────────────────────────────────────────────────────────────────────────────────────

    def _equal(self, node: Call, left: Node, right: Node, scene: Scene) -> Kind:
        kinds = self.kind(left, scene), self.kind(right, scene)
        never = "always true" if node.function == "_!=_" else "never true"
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right, kinds = right, left, kinds[::-1]
        if isinstance(right, Literal) and self._never(node, left, kinds[0], right):
            return BOOL
        if not kinds[0].plain & kinds[1].plain and not _null(kinds):
            self.mistake(f"{written(node)} is {never}: {_are(left, right, *kinds)}", _remedy(left, right, *kinds))
        return BOOL

    def _never(self, node: Call, part: Node, found: Kind, literal: Literal) -> bool:
        """Tell a value that it never has, by its schemas; whether that was told."""
        value = literal.value
        if value is None or isinstance(value, bytes) or (why := found.problem(value)) is None:
            return False
        if found.options:
            texts = [str(option) for option in found.options]
            closest = near(str(value), texts)
            remedy = f"did you mean {closest}?" if closest else there(texts)
            self.mistake(f"{written(part)} is never {quoted(value)}", remedy)
        else:
            self.mistake(
                f"{written(part)} is never {quoted(value)}: it {why.partition(', got ')[0]}",
                _remedy(part, literal, found, of_literal(literal)),
            )
        return True

    def _among(self, node: Call, item: Node, of: Node, scene: Scene) -> Kind:
        wanted, found = self.kind(item, scene), self.kind(of, scene)
        if not found.may_be("list", "map"):
            remedy = f"write {written(of)}.contains({written(item)})" if found.may_be("text") else "write [ ] around it"
            self.mistake(f"{written(of)} is {found.words}, not a list", remedy)
            return BOOL
        self._may_be_absent(of, found)
        if isinstance(of, Items):
            for each in of.items:
                self._equal(Call("_==_", (item, each)), item, each, scene)
        elif isinstance(item, Literal) and found.item is not None:
            self._item(node, of, found.item, item)
        elif found.item is not None and not wanted.plain & found.item.plain:
            self.mistake(f"{written(node)} is never true: {_are(item, of, wanted, found)}", "correct it")
        return BOOL

    def _item(self, node: Call, of: Node, kind_: Kind, item: Literal) -> None:
        if item.value is None or isinstance(item.value, bytes) or (why := kind_.problem(item.value)) is None:
            return
        texts = [str(option) for option in kind_.options]
        closest = near(str(item.value), texts) if texts else None
        remedy = f"did you mean {closest}?" if closest else there(texts) if texts else f"an entry {why}"
        self.mistake(f"{quoted(item.value)} is never in {written(of)}", remedy)

    def _ordered(self, node: Call, left: Kind, right: Kind) -> None:
        this, that = node.args
        if any(part == Name("risk") for part in node.args):
            self.mistake(
                f"{written(node)} compares the words, and “low” comes after “high”",
                'write risk in ["high", "critical"]',
            )
        elif not left.plain & right.plain & {"double", "text", "time", "duration", "bool", "bytes"}:
            self.mistake(
                f"{written(node)} cannot be compared: {_are(this, that, left, right)}", _order(this, that, left, right)
            )
        else:
            self._may_be_absent(this, left)
            self._may_be_absent(that, right)

    def _sum(self, node: Call, left: Kind, right: Kind) -> Kind:
        this, that = node.args
        numbers = (left.of & NUMBERS, right.of & NUMBERS)
        same = left.of & right.of - {"null"}
        timed = left.may_be("time", "duration") and right.may_be("time", "duration")
        if not same and not timed:
            remedy = _DOUBLED if all(numbers) else "correct it"
            self.mistake(f"{written(node)} cannot be computed: {_are(this, that, left, right)}", remedy)
            return ANY
        self._may_be_absent(this, left)
        self._may_be_absent(that, right)
        if all(numbers) and ANY not in (left, right) and numbers[0] != numbers[1]:
            what = f"{written(node)} errs where one is whole and the other is not"
            self.warning(what, _DOUBLED)
        return Kind(frozenset({"time", "duration"}) if timed and ANY not in (left, right) else same, left.item)

    def _loop(self, node: Loop, scene: Scene) -> Kind:
        over = self.kind(node.over, scene)
        if not over.may_be("list", "map"):
            self.mistake(f"{written(node)} walks a list, and {written(node.over)} is {over.words}", "correct it")
        self._may_be_absent(node.over, over)
        start = self.kind(node.start, scene)
        outer = dict(self.locals)
        self.locals |= {
            node.variable: over.item_kind if over.of - {"null"} == frozenset({"list"}) else ANY,
            node.accumulator: ANY if start.may_be("list") else start,
        }
        self.kind(node.condition, scene)
        step = self.kind(node.step, scene)
        self.locals[node.accumulator] = union((start, step)) if start.may_be("list") else start
        result = self.kind(node.result, scene)
        self.locals = outer
        return result


def _null(kinds: tuple[Kind, Kind]) -> bool:
    """Whether one side is the word null itself: what is never null may be asked all the same."""
    return any(each.of == frozenset({"null"}) for each in kinds)


def _are(this: Node, that: Node, left: Kind, right: Kind) -> str:
    return f"{written(this)} is {left.words}, {written(that)} is {right.words}"


def _remedy(left: Node, right: Node, this: Kind, that: Kind) -> str:
    if this.may_be("list") and not that.may_be("list"):
        return f"write {written(right)} in {written(left)}"
    if isinstance(right, Literal) and (other := _as(right.value, this)) is not None:
        return f"write {written(left)} == {other}"
    return f"compare it with {this.words}"


def _order(this: Node, that: Node, left: Kind, right: Kind) -> str:
    for part, other in ((this, right), (that, left)):
        if isinstance(part, Literal) and (written_ := _as(part.value, other)) is not None:
            return f"write {written_}"
        if isinstance(part, Literal) and other.plain == TIME.of:
            return 'write timestamp("2026-01-01T00:00:00Z")'
    if "list" in left.of | right.of:
        return "write size(…) of the list"
    return "compare like with like"


def _as(value: Any, wanted: Kind) -> str | None:
    """The same value as the kind that is wanted, where only its quotes are wrong."""
    if isinstance(value, str) and wanted.may_be("double", "int") and not wanted.may_be("text"):
        return value if value.replace(".", "", 1).isdecimal() else None
    if isinstance(value, str) and wanted.plain == BOOL.of and value in ("true", "false"):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f'"{value}"' if number and wanted.plain == TEXT.of else None
