"""A parameter's JSON Schema as an input of a form.

    enum                          select; its values go by number, so that they come back as they are
    boolean                       one checkbox; left empty it says false
    integer, number               number input with bounds
    date, date-time, email, uri   their own inputs
    array of enum                 checkboxes up to ten, else a multiple select; beyond 500 typed
    array of text or numbers      several lines, one item each
    anything else                 text; objects and nested lists as JSON

An input's action_id names how `fields.READ` reads it. A value no input can hold (of more than 3,000 characters) gets
no input and stays as it is; nothing is shortened.
"""

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.cards.blocks import Json, plain
from handlers.cards.text import LONGEST, clip, shown, visible

ARGUMENT = "arg:"  # and the parameter's name: the block_id
OPTIONS, TICKS, OPTION = 100, 10, 75  # options of a select (or of one of its 100 groups), of checkboxes; characters
MOST_OPTIONS = 500  # a view may have 250 kB; of more the value is typed, and the schema says whether it is one of them
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter in a form: its schema, and the value it begins with (None: empty)."""

    name: str
    schema: Mapping[str, Any]
    required: bool = False
    begins: Any = None

    @property
    def sensitive(self) -> bool:
        return bool(self.schema.get("x-sensitive"))

    @property
    def stays(self) -> bool:
        """A sensitive value that is there is not shown again; left empty, it stays."""
        return self.sensitive and self.begins is not None

    @property
    def kind(self) -> str:
        kind = self.schema.get("type", "string")
        return str(next((each for each in kind if each != "null"), "string") if isinstance(kind, list) else kind)

    @property
    def items(self) -> Mapping[str, Any]:
        items = self.schema.get("items")
        return items if isinstance(items, Mapping) else {}


def block(field: Field) -> Json | None:
    """The input block, or None where no input can hold the value it begins with."""
    way = how(field)
    element = _DRAW[way](field)
    if element is None:
        return None
    drawn: Json = {
        "type": "input",
        "block_id": ARGUMENT + field.name,
        "label": plain(str(field.schema.get("title") or field.name), 2_000),
        "element": {"action_id": way} | element,
        "optional": way == "tick" or not field.required or field.stays,
    }
    hint = " ".join(part for part in (str(field.schema.get("description") or ""), _hint(field, way)) if part)
    return drawn | ({"hint": plain(hint, 2_000)} if hint else {})


def how(field: Field) -> str:
    """The way of reading that fits the schema and the value it begins with."""
    if field.sensitive:
        return {"string": "text", "integer": "whole", "number": "decimal"}.get(field.kind, "json")
    if 0 < len(field.schema.get("enum", ())) <= MOST_OPTIONS:
        return "pick"
    if field.kind == "string":
        return _how_text(field)
    if field.kind == "array":
        return _how_list(field)
    return {"boolean": "tick", "integer": "whole", "number": "decimal"}.get(field.kind, "json")


def _how_text(field: Field) -> str:
    match field.schema.get("format"):
        case "date" if field.begins is None or _is_date(field.begins):
            return "date"
        case "date-time" if field.begins is None or _seconds(field.begins) is not None:
            return "moment"
        case "email":
            return "email"
        case "uri":
            return "url"
    return "text"


def _how_list(field: Field) -> str:
    if 0 < len(field.items.get("enum", ())) <= MOST_OPTIONS:
        return "picks"
    simple = field.items.get("type") in ("string", "integer", "number")
    return "lines" if simple and _in_lines(field.begins) else "json"


def _in_lines(items: Any) -> bool:
    """Whether lines can say these items: none blank, none with a newline of its own."""
    texts = [item for item in items or () if isinstance(item, str)]
    return all(text.strip() and "\n" not in text for text in texts)


def _hint(field: Field, way: str) -> str:
    if field.sensitive:
        kept = " Left empty, it stays as it is." if field.stays else ""
        return f"Sensitive: hidden on cards and in logs, and never shown again here.{kept}"
    if way == "decimal" and "exclusiveMinimum" in field.schema:
        return f"More than {shown(field.schema['exclusiveMinimum'])}."
    return {"lines": "One item a line.", "json": "As JSON."}.get(way, "")


# ── drawing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _made(kind: str, **more: Any) -> Json:
    return {"type": kind} | {key: value for key, value in more.items() if value is not None}


def _text(field: Field) -> Json | None:
    """Text, one item a line, or JSON."""
    way = how(field)
    begins = "" if field.begins is None or field.sensitive else _written(field.begins, way)
    if len(begins) > LONGEST:
        return None
    long = bool(field.schema.get("x-long")) or way in ("lines", "json") or "\n" in begins
    lengths = _lengths(field, begins) if way == "text" else {}
    return _made("plain_text_input", multiline=long, initial_value=begins or None, **lengths)


def _written(value: Any, way: str) -> str:
    if way == "json":
        return json.dumps(value, ensure_ascii=False, indent=2)
    if way == "lines":
        return "\n".join(item if isinstance(item, str) else shown(item) for item in value)
    return value if isinstance(value, str) else shown(value)


def _lengths(field: Field, begins: str) -> Json:
    least, most = field.schema.get("minLength"), field.schema.get("maxLength")
    lengths: Json = {}
    if isinstance(most, int) and max(1, len(begins)) <= most <= LONGEST:
        lengths["max_length"] = most
    if isinstance(least, int) and 0 < least <= LONGEST and not field.stays:
        lengths["min_length"] = least
    return lengths


def _address(kind: str) -> Callable[[Field], Json | None]:
    def draw(field: Field) -> Json | None:
        begins = field.begins if isinstance(field.begins, str) and field.begins else None
        return None if begins and len(begins) > LONGEST else _made(kind, initial_value=begins)

    return draw


def _number(field: Field) -> Json | None:
    if field.sensitive:
        return _text(field)
    whole = field.kind == "integer"
    least, most = _bounds(field.schema, 1 if whole else 0)
    begins = field.begins if isinstance(field.begins, int | float) and not isinstance(field.begins, bool) else None
    if begins is not None and not (least is None or least <= begins) & (most is None or begins <= most):
        begins = None  # Slack would not open the form; what is wrong with it is told beside the field
    said = {"min_value": least, "max_value": most, "initial_value": begins}
    texts = {key: None if value is None else shown(value) for key, value in said.items()}
    return _made("number_input", is_decimal_allowed=not whole, **texts)


def _bounds(schema: Mapping[str, Any], step: int) -> tuple[Any, Any]:
    """The least and the most; an exclusive bound of a whole number is the next one, of a decimal one is only near."""
    low = [schema["minimum"]] if "minimum" in schema else []
    low += [schema["exclusiveMinimum"] + step] if "exclusiveMinimum" in schema else []
    high = [schema["maximum"]] if "maximum" in schema else []
    high += [schema["exclusiveMaximum"] - step] if "exclusiveMaximum" in schema else []
    return max(low, default=None), min(high, default=None)


def _tick(field: Field) -> Json:
    option = {"text": plain("Yes", OPTION), "value": "true"}
    return _made("checkboxes", options=[option], initial_options=[option] if field.begins is True else None)


def _date(field: Field) -> Json:
    return _made("datepicker", initial_date=field.begins)


def _moment(field: Field) -> Json:
    return _made("datetimepicker", initial_date_time=_seconds(field.begins))


def options(values: Sequence[Any]) -> list[Json]:
    """An option a value; a text too long for 75 characters ends in the number that tells it apart."""
    made: list[Json] = []
    for number, value in enumerate(values):
        seen = visible(value, one_line=True) if isinstance(value, str) and value.strip() else shown(value)
        text = seen if len(seen) <= OPTION else f"{clip(seen, 40)} #{number + 1}"
        made.append({"text": {"type": "plain_text", "text": text, "emoji": False}, "value": str(number)})
    return made


def choices(made: Sequence[Json]) -> Json:
    """Up to 100 options as they are, more in groups of 100."""
    if len(made) <= OPTIONS:
        return {"options": list(made)}
    groups = [list(made[at : at + OPTIONS]) for at in range(0, len(made), OPTIONS)]
    return {"option_groups": [_group(n * OPTIONS + 1, group) for n, group in enumerate(groups)]}


def _group(first: int, group: list[Json]) -> Json:
    return {"label": plain(f"{first} to {first + len(group) - 1}"), "options": group}


def position(values: Sequence[Any], value: Any) -> int | None:
    """Where a JSON value stands among others; true is not 1."""
    for at, each in enumerate(values):
        if each == value and isinstance(each, bool) is isinstance(value, bool):
            return at
    return None


def _pick(field: Field) -> Json:
    values = field.schema["enum"]
    made = options(values)
    at = position(values, field.begins) if field.begins is not None else None
    return _made("static_select", **choices(made), initial_option=None if at is None else made[at])


def _picks(field: Field) -> Json:
    values = field.items["enum"]
    made = options(values)
    begins = field.begins if isinstance(field.begins, list | tuple) else ()
    chosen = [made[at] for at in (position(values, each) for each in begins) if at is not None] or None
    if len(made) <= TICKS:
        return _made("checkboxes", options=made, initial_options=chosen)
    return _made("multi_static_select", **choices(made), initial_options=chosen)


def _is_date(value: Any) -> bool:
    try:
        return bool(datetime.date.fromisoformat(value).isoformat() == value)
    except (TypeError, ValueError):
        return False


def _seconds(value: Any) -> int | None:
    """Seconds since the epoch of a moment written as a date-time input gives it back: in UTC, to the second."""
    try:
        moment = datetime.datetime.strptime(value, MOMENT).replace(tzinfo=datetime.UTC)
    except (TypeError, ValueError):
        return None
    return int(moment.timestamp()) if moment.strftime(MOMENT) == value and moment.year >= 1970 else None


_DRAW: Mapping[str, Callable[[Field], Json | None]] = {
    "text": _text,
    "lines": _text,
    "json": _text,
    "email": _address("email_text_input"),
    "url": _address("url_text_input"),
    "whole": _number,
    "decimal": _number,
    "tick": _tick,
    "date": _date,
    "moment": _moment,
    "pick": _pick,
    "picks": _picks,
}
