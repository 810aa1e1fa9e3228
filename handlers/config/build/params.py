"""The parameters of an action: each a JSON Schema property that a form can show and the validator can hold to."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from handlers.config.mistakes import Spot
from handlers.config.shape.params import FITTING, Param
from handlers.schemas import fault, value_problem
from handlers.words import choice, quoted, use

TAKEN = {"key": "{key} is the idempotency key in templates"}
UNSPEAKABLE = frozenset({"true", "false", "null", "in"})  # CEL cannot say args.in
OPTIONS = 1_000  # of a form's select: a Slack view may have 250 kB


def check(spot: Spot, params: Mapping[str, Param], raw: Mapping[str, Mapping[str, Any]]) -> None:
    """Every mistake in the parameters of an action. `raw` is what the file says, word for word."""
    for name, param in params.items():
        here = spot / name
        if name in TAKEN:
            here.mistake(f'"{name}" cannot name a parameter: {TAKEN[name]}', "choose another name")
        if name in UNSPEAKABLE:
            here.mistake(f'"{name}" cannot name a parameter: conditions could not speak of it', "choose another name")
        _fits_type(here, param, raw[name])
        _options(here / "enum", param.enum or ())
        _options(here / "items" / "enum", (param.items and param.items.enum) or ())
        _is_schema(here, raw[name])


def _fits_type(spot: Spot, param: Param, raw: Mapping[str, Any]) -> None:
    special = frozenset[str]().union(*FITTING.values())
    for keyword in raw:
        if keyword in special and keyword not in FITTING[param.type]:
            fitting = sorted(kind for kind, words in FITTING.items() if keyword in words)
            what = f'"{keyword}" says nothing about {_a(param.type)}'
            (spot / keyword).mistake(what, f"remove it, or make the type {choice(fitting)}")
    if param.type == "array" and param.items is None:
        spot.mistake("does not say what its entries are", "add items: {type: string}")
    if param.enum is not None and param.type in ("array", "boolean"):
        remedy = "put it under items" if param.type == "array" else "remove it: a boolean is true or false"
        (spot / "enum").mistake(f"an enum of {_a(param.type)} cannot be shown in a form", remedy)
    if param.sensitive and "default" in raw:
        (spot / "default").mistake("a sensitive value cannot stand in the file", "remove the default")
    if param.pattern and not (param.pattern.startswith("^") and param.pattern.endswith("$")):
        what = f"{quoted(param.pattern)} is looked for anywhere in the text"
        (spot / "pattern").warning(what, "write ^…$ to match the whole of it")


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _is_schema(spot: Spot, raw: Mapping[str, Any]) -> None:
    """That the validator takes it, and that the values it names itself are valid by it."""
    bare = {key: value for key, value in raw.items() if key not in ("default", "enum", "examples")}
    if wrong := fault(bare):
        path, what, remedy = wrong
        spot.under(path).mistake(what, remedy)
        return
    for least, most in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if raw.get(least, 0) > raw.get(most, math.inf):
            (spot / least).mistake(f"nothing is at least {raw[least]} and at most {raw[most]}", "correct one of them")
            return
    for keyword in ("enum", "examples"):
        for at, value in enumerate(raw.get(keyword, ())):
            _valid(spot / keyword / at, bare, value)
    if "default" in raw:
        _valid(spot / "default", raw, raw["default"])


def _valid(spot: Spot, schema: Mapping[str, Any], value: Any) -> None:
    if problem := value_problem(schema, value):
        spot.mistake(f"{quoted(value)} is no value of this parameter", f"it {problem.partition(', got')[0]}")


def _options(spot: Spot, values: Sequence[Any]) -> None:
    if len(values) > OPTIONS:
        spot.mistake(f"a form can offer {OPTIONS} values, here are {len(values)}", "use a pattern in place of the enum")
    for at, value in enumerate(values[:OPTIONS]):
        if any(value == each and type(value) is type(each) for each in values[:at]):
            (spot / at).mistake(f"{quoted(value)} is there twice", "remove one")


def existing(spot: Spot, names: Iterable[str], params: Mapping[str, Param]) -> tuple[str, ...]:
    """Names under `required` or `editable`, each checked to be a parameter."""
    for at, name in enumerate(names):
        if name not in params:
            remedy = use(params, name) if params else "add it under params"
            (spot / at).mistake(f"there is no parameter {quoted(name)}", remedy)
    return tuple(dict.fromkeys(names))


def always(raw: Mapping[str, Mapping[str, Any]], required: Iterable[str]) -> frozenset[str]:
    """Those that have a value in every request."""
    return frozenset(required) | {name for name, schema in raw.items() if schema.get("default") is not None}
