"""What was put into a form, read back as exact values: numbers as numbers, nothing where nothing was put in."""

import datetime
import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from bot.catalogue import Action
from bot.digest import SAFE_INTEGER
from bot.errors import Problem
from handlers.cards.inputs import ARGUMENT, MOMENT, Field

State = Mapping[str, Mapping[str, Mapping[str, Any]]]  # view.state.values: block_id → action_id → what was put in
_WHOLE = re.compile(r"-?\d{1,20}")
_DECIMAL = re.compile(r"-?\d{1,400}(?:\.\d{1,400})?")
EMPTY = object()


def read(action: Action, state: State) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The arguments that were put in, and what cannot be read. An empty optional one is absent."""
    args: dict[str, Any] = {}
    problems: list[Problem] = []
    for name in offered(action, state):
        (way, put_in), *_ = state[ARGUMENT + name].items()
        field = Field(name, action.params[name])
        try:
            value = READ[way](put_in, field) if way in READ else EMPTY
        except ValueError as error:
            problems.append(Problem(name, str(error)))
        else:
            if value is not EMPTY:
                args[name] = value
    return args, tuple(problems)


def offered(action: Action, state: State) -> tuple[str, ...]:
    """The parameters the form had an input for."""
    return tuple(name for name in action.params if state.get(ARGUMENT + name))


def block_of(where: str, blocks: Collection[str | None]) -> str | None:
    """The block a problem belongs to: a parameter's (also for something within its value), or one named so."""
    if where in blocks:
        return where
    names = [block.removeprefix(ARGUMENT) for block in blocks if block and block.startswith(ARGUMENT)]
    within = [name for name in names if where == name or where.startswith((f"{name}.", f"{name}[", f"{name}/"))]
    return ARGUMENT + max(within, key=len) if within else None


def selected(state: State, block: str) -> str:
    """The value of the option chosen in a block, or the empty string."""
    for put_in in state.get(block, {}).values():
        return str((put_in.get("selected_option") or {}).get("value") or "")
    return ""


def chosen(state: State) -> str:
    """The name of the action chosen in `form`."""
    return selected(state, "action")


# ── one way of reading each ─────────────────────────────────────────────────────────────────────────────────────


def _text(put_in: Mapping[str, Any], _: Field) -> Any:
    return put_in.get("value") or EMPTY


def _whole(put_in: Mapping[str, Any], _: Field) -> Any:
    text = str(put_in.get("value") or "").strip()
    return whole(text) if text else EMPTY


def _decimal(put_in: Mapping[str, Any], _: Field) -> Any:
    text = str(put_in.get("value") or "").strip()
    return decimal(text) if text else EMPTY


def whole(text: str) -> int:
    """ValueError says what would be right."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("must be a whole number, such as 12")
    if abs(int(text)) > SAFE_INTEGER:
        raise ValueError(f"is too large to be kept exactly; at most {SAFE_INTEGER}")
    return int(text)


def decimal(text: str) -> int | float:
    """The number, whole where it is whole. ValueError where it could not be kept exactly as it was typed."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("must be a number, such as 12 or 12.50")
    exact = Decimal(text)
    if exact == exact.to_integral_value() and abs(exact) <= SAFE_INTEGER:
        return int(exact)
    near = float(exact)
    if not math.isfinite(near) or Decimal(repr(near)) != exact:
        raise ValueError("has more digits than can be kept exactly; use fewer")
    return near


def _tick(put_in: Mapping[str, Any], _: Field) -> Any:
    return bool(put_in.get("selected_options"))


def _date(put_in: Mapping[str, Any], _: Field) -> Any:
    return put_in.get("selected_date") or EMPTY


def _moment(put_in: Mapping[str, Any], _: Field) -> Any:
    seconds = put_in.get("selected_date_time")
    return EMPTY if seconds is None else datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime(MOMENT)


def _pick(put_in: Mapping[str, Any], field: Field) -> Any:
    option = put_in.get("selected_option")
    return EMPTY if option is None else _of(field.schema.get("enum", ()), option)


def _picks(put_in: Mapping[str, Any], field: Field) -> Any:
    options = put_in.get("selected_options") or []
    return [_of(field.items.get("enum", ()), option) for option in options] or EMPTY


def _of(values: Any, option: Mapping[str, Any]) -> Any:
    at = str(option.get("value"))
    if not at.isdecimal() or int(at) >= len(values):
        raise ValueError("this choice is no longer offered; choose again")
    return values[int(at)]


def _lines(put_in: Mapping[str, Any], field: Field) -> Any:
    lines = [line for line in str(put_in.get("value") or "").split("\n") if line.strip()]
    read_item: Callable[[str], Any] = {"integer": whole, "number": decimal}.get(str(field.items.get("type")), str)
    return [read_item(line if read_item is str else line.strip()) for line in lines] or EMPTY


def _json(put_in: Mapping[str, Any], _: Field) -> Any:
    text = str(put_in.get("value") or "").strip()
    if not text:
        return EMPTY
    try:
        return json.loads(text, parse_int=whole, parse_float=_float, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def _float(text: str) -> int | float:
    return decimal(format(Decimal(text), "f"))


def _no_constant(text: str) -> None:
    raise ValueError(f"must not hold {text}")


READ: Mapping[str, Callable[[Mapping[str, Any], Field], Any]] = {
    "text": _text,
    "email": _text,
    "url": _text,
    "lines": _lines,
    "json": _json,
    "whole": _whole,
    "decimal": _decimal,
    "tick": _tick,
    "date": _date,
    "moment": _moment,
    "pick": _pick,
    "picks": _picks,
}
