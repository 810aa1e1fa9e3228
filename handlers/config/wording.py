"""Pydantic's errors in our words: where in the file, what is wrong, what would be right."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from handlers.config.mistakes import Spot
from handlers.config.shape import File
from handlers.config.tree import Path
from handlers.words import choice, quoted, use


def tell(root: Spot, error: ErrorDetails) -> None:
    path = _path(error["loc"], root.tree.value)
    spot, value, context = root.under(path), error["input"], error.get("ctx", {})
    last = str(error["loc"][-1]) if error["loc"] else ""
    match error["type"]:
        case "value_error":
            what, _, remedy = str(context["error"]).partition("; ")
            spot.mistake(what, remedy)
        case _ if value is None and error["type"] != "missing":
            spot.mistake("has no value", "write one, or remove the line")
        case "missing":
            spot.mistake(f'"{last}" is missing', _how_to_add(path, last))
        case "extra_forbidden":
            known = sorted(name for schema in _schemas(path[:-1]) for name in schema.get("properties", ()))
            spot.mistake(f'"{last}" is not known here', use(known, last) if known else "remove it")
        case "literal_error" if "[key]" in error["loc"]:
            spot.mistake(f"{quoted(value)} is not known here", use(_literals(context), str(value)))
        case "literal_error":
            spot.mistake(f"{quoted(value)} is not {_noun(path)}", use(_literals(context), str(value)))
        case kind:
            what, remedy = _WORDS.get(kind, ("{value} cannot stand here", ""))
            spot.mistake(what.format(value=quoted(value)), remedy.format(**context))


_NOUNS = {
    "risk": "a risk",
    "to": "a risk to raise to",
    "low": "a verdict",
    "medium": "a verdict",
    "high": "a verdict",
    "critical": "a verdict",
    "then": "a verdict",
    "expect": "a verdict",
    "method": "a method",
    "type": "a type that a form can show",
    "format": "a format",
    "run": "a way to run",
    "undo": "a way to undo",
    "version": "a version that is known",
}
_HAS_ITS_OWN = {"run": "caller, or name the way: {http: …}, {command: […]}, {python: …}, {email: …} or {slack: …}"}


def _noun(path: Path) -> str:
    for step in reversed(path):
        if isinstance(step, str):
            return "a risk" if path[:2] == ("rules", "flags") else _NOUNS.get(step, "possible here")
    return "possible here"


def _literals(context: Mapping[str, Any]) -> list[str]:
    """`'a', 'b' or 'c'`, as pydantic writes it, as words."""
    return [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]


_WORDS = {
    "string_type": ("{value} stands where text belongs", "write text; quote what looks like a number"),
    "bool_type": ("{value} is neither true nor false", "write true or false, without quotes"),
    "int_type": ("{value} is not a whole number", "write one such as 2, without quotes"),
    "int_from_float": ("{value} is not a whole number", "write one such as 2"),
    "float_type": ("{value} is not a number", "write one such as 0.95, without quotes"),
    "dict_type": ("{value} stands where names with values belong", "write name: value, one to a line"),
    "model_type": ("{value} stands where names with values belong", "write name: value, one to a line"),
    "model_attributes_type": ("{value} stands where names with values belong", "write name: value, one to a line"),
    "list_type": ("{value} stands where a list belongs", "write [a, b], or one to a line with - before it"),
    "greater_than_equal": ("{value} is too little", "use {ge} or more"),
    "greater_than": ("{value} is too little", "use more than {gt}"),
    "less_than_equal": ("{value} is too much", "use {le} or less"),
    "too_short": ("is empty", "write at least one"),
    "string_too_short": ("is empty", "write something"),
    "too_long": ("holds too many", "at most {max_length} may stand here"),
    "string_too_long": ("is too long", "at most {max_length} characters may stand here"),
}


def _path(location: tuple[str | int, ...], value: Any) -> Path:
    """Pydantic's location without what is not in the file: the tags of unions, and what is missing."""
    path: list[str | int] = []
    for step in location:
        inside = (isinstance(value, dict) and step in value) or (isinstance(value, list) and step in range(len(value)))
        if inside:
            path.append(step)
            value = value[step]
    return tuple(path)


_SCHEMA = File.model_json_schema()


def _schemas(path: Path) -> list[dict[str, Any]]:
    """What the file's JSON Schema says of a place; several where there is a choice."""
    found = list(_alternatives(_SCHEMA))
    for step in path:
        found = [way for schema in found for child in _children(schema, step) for way in _alternatives(child)]
    return found


def _alternatives(schema: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield from _alternatives(_SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    for choice_ in schema.get("anyOf", ()) or schema.get("oneOf", ()):
        yield from _alternatives(choice_)
    yield schema


def _children(schema: Mapping[str, Any], step: str | int) -> Iterable[Any]:
    if isinstance(step, int):
        return [schema.get("items")]
    if step in schema.get("properties", ()):
        return [schema["properties"][step]]
    return [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]


def _how_to_add(path: Path, name: str) -> str:
    if name in _HAS_ITS_OWN:
        return f"add {name}: {_HAS_ITS_OWN[name]}"
    for schema in _schemas((*path, name)):
        if examples := schema.get("examples"):
            return f"add {name}: {json.dumps(examples[0], ensure_ascii=False)}"
        if "enum" in schema:
            return f"add {name}: {choice(map(str, schema['enum']))}"
        if "const" in schema:
            return f"add {name}: {schema['const']}"
    return f"add {name}: …"
