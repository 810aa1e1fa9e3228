"""Arguments held to an action's JSON Schema (2020-12), and what is wrong with them in people's words.

Formats are asserted, and patterns run on an engine whose time is linear in the text: no pattern of the file can be
made to hang (so look-around and back references are not to be had).
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import EmailOptions, RegexOptions, ValidationError, ValidationErrorKind, Validator

from bot.catalogue import Action
from bot.digest import canonical, exactly_representable
from bot.errors import Problem
from bot.templates import as_text
from handlers.words import choice, near, quoted, there

Schema = Mapping[str, Any]
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


class JsonSchemas:
    """Implements `bot.ports.Schemas`. Holds nothing: what is compiled is shared by all of them."""

    def problems(self, action: Action, args: Mapping[str, Any]) -> tuple[Problem, ...]:
        """What is wrong with arguments as typed values, in the order of the parameters; () where all is well.

        A default fills what is absent, as it does when the request is made. A sensitive value is never repeated.
        """
        unknown = [_unknown(action, name) for name in args if name not in action.params]
        given = {name: value for name, value in args.items() if name in action.params}
        return (*unknown, *_problems(action.schema, action.with_defaults(given), action.sensitive))

    def from_text(self, action: Action, pairs: Mapping[str, str]) -> tuple[dict[str, Any], tuple[Problem, ...]]:
        """Typed arguments from the `name=text` of `/signoff run`, with what is wrong with them.

        Numbers are written 1000 or 0.5, dates 2026-03-31, lists a,b,c. What could not be read is not among the
        arguments, and is told once.
        """
        args: dict[str, Any] = {}
        unread: list[Problem] = []
        for name, text in pairs.items():
            if name not in action.params:
                unread.append(_unknown(action, name))
                continue
            schema = action.params[name]
            try:
                args[name] = _typed(schema, text)
            except ValueError:
                got = "" if name in action.sensitive else f", got {quoted(text)}"
                unread.append(Problem(name, f"must be {expected(schema)}{got}"))
        told = {problem.where for problem in unread}
        return args, (*unread, *(each for each in self.problems(action, args) if each.where not in told))


def fault(schema: Schema) -> tuple[tuple[str | int, ...], str, str] | None:
    """Why a property is no schema: where in it, what is wrong, the remedy. None where it is one."""
    try:
        _compile(dict(schema))
    except ValidationError as error:
        where = tuple(error.instance_path)
        if where and where[-1] == "pattern":
            remedy = "check it; look-ahead, look-behind and back references cannot be used, nor huge repetitions"
            return where, f"{quoted(error.instance)} is not a pattern that can be used", remedy
        return where, f"{quoted(error.instance)} cannot stand here: {error.message}", ""
    except jsonschema_rs.ReferencingError as error:
        return (), f"a reference cannot be followed ({error.message})", "write the schema out"
    return None


def value_problem(schema: Schema, value: Any) -> str | None:
    """What is wrong with one value by a property's schema; None where nothing is."""
    whole = {"type": "object", "properties": {"value": dict(schema)}}
    return next((problem.message for problem in _problems(whole, {"value": value}, frozenset())), None)


def expected(schema: Schema) -> str:
    """What a value must be: `a number more than 0 and at most 10000`."""
    if "enum" in schema:
        return choice(as_text(option) for option in schema["enum"])
    kinds = schema.get("type", "string")
    words = choice(_KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if kinds == "string" and schema.get("format") in _FORMATS:
        words = _FORMATS[schema["format"]]
    elif kinds == "string" and "pattern" in schema:
        words = f"text {_like(schema)}"
    elif kinds == "array" and "enum" in schema.get("items", {}):
        words = f"a list of {choice(schema['items']['enum'])}"
    bounds = [phrase.format(as_text(schema[word])) for word, phrase in _BOUNDS.items() if word in schema]
    return " ".join((words, " and ".join(bounds))) if bounds else words


_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list (a,b,c)",
}
_FORMATS = {
    "date": "a date as YYYY-MM-DD",
    "date-time": "a time as YYYY-MM-DDThh:mm:ssZ",
    "time": "a time as hh:mm:ssZ",
    "email": "an address like name@example.com",
    "uri": "a URL with its scheme, like https://example.com",
    "uuid": "a UUID",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}


def _like(schema: Schema) -> str:
    examples = [as_text(example) for example in schema.get("examples", ())]
    return f"like {choice(examples[:3])}" if examples else f"that matches {schema['pattern']}"


def _unknown(action: Action, name: str) -> Problem:
    if not action.params:
        return Problem(name, f"is no parameter: {action.name} takes none")
    closest = near(name, action.params)
    known = f"did you mean {closest}?" if closest else there(action.params)
    return Problem(name, f"is no parameter of {action.name}; {known}")


def _problems(schema: Schema, args: Mapping[str, Any], secret: frozenset[str]) -> Iterator[Problem]:
    broken = {name for name, value in args.items() if not exactly_representable(value)}
    for name in broken:
        yield Problem(name, "holds half a character, or a number that JSON cannot carry exactly (beyond 2^53, or none)")
    errors = list(_validator(canonical(schema)).iter_errors({k: v for k, v in args.items() if k not in broken}))
    mistyped = [error.instance_path for error in errors if isinstance(error.kind, ValidationErrorKind.Type)]
    found: dict[str, list[Problem]] = {}
    for error in errors:
        if error.instance_path in mistyped and not isinstance(error.kind, ValidationErrorKind.Type):
            continue  # one word on a value is enough where its type is wrong
        name, problem = _problem(error, schema["properties"], secret)
        if name not in broken:
            found.setdefault(name, []).append(problem)
    for name in schema["properties"]:
        yield from found.get(name, ())


def _problem(error: ValidationError, properties: Schema, secret: frozenset[str]) -> tuple[str, Problem]:
    """The parameter, and what is wrong with it."""
    if isinstance(error.kind, ValidationErrorKind.Required):
        name = error.kind.property
        return name, Problem(name, f"is missing; it must be {expected(properties.get(name, {}))}")
    name, where = _where(error)
    return name, Problem(where, _message(error, properties.get(name, {}), secret=name in secret))


@lru_cache(maxsize=2048)
def _validator(schema: bytes) -> Validator:
    return _compile(json.loads(schema))


def _compile(schema: dict[str, Any]) -> Validator:
    return jsonschema_rs.Draft202012Validator(
        schema,
        validate_formats=True,
        ignore_unknown_formats=False,
        pattern_options=RegexOptions(),
        email_options=EmailOptions(allow_domain_literal=False, allow_display_text=False),
        offline=True,
    )


def _where(error: ValidationError) -> tuple[str, str]:
    """The parameter, and the place in it."""
    name, *inside = error.instance_path or [""]
    return str(name), str(name) + "".join(f"[{step}]" for step in inside)


def _message(error: ValidationError, schema: Schema, *, secret: bool) -> str:
    kind, value = error.kind, error.instance
    at_entry = schema.get("items", {}) if len(error.instance_path) > 1 else schema
    if phrase := _PHRASES.get(type(kind)):
        text = phrase.format(as_text(kind.value))
    elif isinstance(kind, ValidationErrorKind.Pattern):
        text = f"must be text {_like(at_entry)}"
    else:
        text = f"must be {expected(at_entry)}"
    return text if secret else f"{text}, {_had(kind, value)}"


_PHRASES: dict[type[ValidationErrorKind], str] = {
    ValidationErrorKind.Minimum: "must be at least {}",
    ValidationErrorKind.Maximum: "must be at most {}",
    ValidationErrorKind.ExclusiveMinimum: "must be more than {}",
    ValidationErrorKind.ExclusiveMaximum: "must be less than {}",
    ValidationErrorKind.MultipleOf: "must be a multiple of {}",
    ValidationErrorKind.MinLength: "must have at least {} characters",
    ValidationErrorKind.MaxLength: "must have at most {} characters",
    ValidationErrorKind.MinItems: "must have at least {} entries",
    ValidationErrorKind.MaxItems: "must have at most {} entries",
    ValidationErrorKind.UniqueItems: "must not hold an entry twice",
}


def _had(kind: ValidationErrorKind, value: Any) -> str:
    """What there was, as far as it helps."""
    if isinstance(kind, ValidationErrorKind.MinLength | ValidationErrorKind.MaxLength):
        return f"has {len(str(value))}"
    got = f"got {quoted(value) if isinstance(value, str | list | dict) else as_text(value) or 'nothing'}"
    if isinstance(kind, ValidationErrorKind.Enum):
        options = map(as_text, kind.options)
        meant = next((option for option in options if option.lower() == as_text(value).lower()), None)
        return f"{got}; did you mean {meant}?" if meant else got
    return got


def _typed(schema: Schema, text: str) -> Any:
    """The value that a text stands for. ValueError where it stands for none of its type."""
    kinds = schema.get("type", "string")
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        try:
            return _of_kind(kind, text, schema)
        except ValueError:
            continue
    raise ValueError(text)


def _of_kind(kind: str, text: str, schema: Schema) -> Any:
    bare = text.strip()
    match kind:
        case "number" | "integer":
            if not _NUMBER.fullmatch(bare):
                raise ValueError(text)
            number = float(bare)
            return int(bare) if re.fullmatch(r"[-+]?[0-9]+", bare) else number
        case "boolean":
            if bare.lower() not in _TRUE | _FALSE:
                raise ValueError(text)
            return bare.lower() in _TRUE
        case "array":
            return [entry.strip() for entry in text.split(",") if entry.strip()]
        case _:
            return bare if "format" in schema or "enum" in schema else text
