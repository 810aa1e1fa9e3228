"""What kind of value a part of a condition is: what CEL makes of it, and by which JSON Schemas it came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.catalogue import Risk
from bot.expression import Literal
from bot.policy import FLAGS
from handlers.schemas import fault, value_problem
from handlers.words import choice

Schema = Mapping[str, Any]
NUMBERS = frozenset({"int", "uint", "double"})
_WORDS = {
    "int": "a whole number",
    "uint": "a whole number",
    "double": "a number",
    "text": "text",
    "bool": "true or false",
    "list": "a list",
    "map": "a mapping",
    "null": "null",
    "time": "a time",
    "duration": "a duration",
    "bytes": "bytes",
    "type": "a type",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """`of`: names of CEL's types, any of which it may be. `schemas`: what values it can have; none where all."""

    of: frozenset[str]
    item: "Kind | None" = None  # of a list
    schemas: tuple[Schema, ...] = ()

    @property
    def plain(self) -> frozenset[str]:
        """Without null; numbers are one, for they compare by value."""
        return frozenset("double" if each in NUMBERS else each for each in self.of - {"null"})

    @property
    def words(self) -> str:
        """`text`, `a whole number`, `text or a list`"""
        told = (self.of - {"null"} or self.of) - ({"int", "uint"} if "double" in self.of else set())
        return choice(sorted({_WORDS[each] for each in told}))

    @property
    def item_kind(self) -> "Kind":
        return self.item or ANY

    def may_be(self, *kinds: str) -> bool:
        return bool(self.of & frozenset(kinds))

    def problem(self, value: Any) -> str | None:
        """Why it is never this value; None where it may be."""
        found = [value_problem(schema, value) for schema in self.schemas if fault(schema) is None]
        return found[0] if found and all(found) and len(found) == len(self.schemas) else None

    @property
    def options(self) -> tuple[Any, ...]:
        """The values to choose from, where there are only such."""
        if not self.schemas or any("enum" not in schema for schema in self.schemas):
            return ()
        return tuple(dict.fromkeys(option for schema in self.schemas for option in schema["enum"]))


def kind(*of: str) -> Kind:
    return Kind(frozenset(of))


ANY = Kind(frozenset(_WORDS))
BOOL, INT, DOUBLE, TEXT, TIME, DURATION, NULL = map(kind, ("bool", "int", "double", "text", "time", "duration", "null"))
MAP = kind("map")


def list_of(item: Kind) -> Kind:
    return Kind(frozenset({"list"}), item)


def union(kinds: Iterable[Kind]) -> Kind:
    """What may be any of these. Whatever may have any value among them has any."""
    those = list(kinds)
    if not those:
        return ANY
    of = frozenset[str]().union(*(each.of for each in those))
    items = [each.item for each in those if "list" in each.of]
    valued = [each for each in those if each.of != NULL.of]
    known = all(each.schemas for each in valued)
    return Kind(
        of,
        union(each for each in items if each is not None) if items and None not in items else None,
        tuple(schema for each in valued for schema in each.schemas) if known else (),
    )


_OF_SCHEMA = {"string": TEXT.of, "integer": INT.of, "number": frozenset({"int", "double"}), "boolean": BOOL.of}


def of_schema(schema: Schema) -> Kind:
    """A parameter, where it is given."""
    if schema.get("type") == "array":
        return Kind(frozenset({"list"}), of_schema(schema.get("items", {"type": "string"})), (schema,))
    return Kind(_OF_SCHEMA.get(schema.get("type", ""), ANY.of), None, (schema,))


def of_literal(literal: Literal) -> Kind:
    match literal.value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return kind("uint") if literal.unsigned else INT
        case float():
            return DOUBLE
        case str():
            return TEXT
        case _:
            return kind("bytes")


# ── what there is besides arguments ─────────────────────────────────────────────────────────────────────────────


def one_of(options: Iterable[str]) -> Schema:
    return {"type": "string", "enum": [*options]}


def variables(actions: Iterable[str]) -> dict[str, Kind]:
    """The names that stand alone. `actions`: the names of those there are."""
    return {
        "action": of_schema(one_of(actions)),
        "risk": of_schema(one_of(Risk)),
        "now": TIME,
        "requester": MAP,
        "plan": MAP,
        "context": MAP,
        "history": MAP,
    }


def members(groups: Iterable[str]) -> dict[str, dict[str, Kind]]:
    """What `requester`, `plan` and `history` hold. `groups`: the names of those under `people`."""
    counted = of_schema({"type": "integer", "minimum": 0})
    known = list(groups)
    return {
        "requester": {
            "id": TEXT,
            "groups": list_of(of_schema(one_of(known)) if known else TEXT),
            "kind": of_schema(one_of(("person", "agent"))),
            "client": TEXT,
        },
        "plan": {
            "source": of_schema(one_of(("typed", "model"))),
            "confidence": Kind(DOUBLE.of, None, ({"type": "number", "minimum": 0, "maximum": 1},)),
            "flags": list_of(of_schema(one_of(FLAGS))),
        },
        "history": {"last_hour": counted, "last_day": counted, "last_week": counted},
    }


KNOWN = ("action", "args", "risk", "requester", "plan", "context", "now", "history")
