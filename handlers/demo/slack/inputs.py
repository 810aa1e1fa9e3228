"""What a Slack client does with what a person chooses or types: turns it into state, or refuses it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from handlers.demo.slack.anatomy import SLOTS
from handlers.demo.slack.errors import NotThereError
from handlers.demo.slack.render import options_of, unescaped
from handlers.demo.slack.values import Json

REQUIRED = "Please complete this required field."
MOST_CHARACTERS = 3000

Resolve = Callable[[str, str], str]
"""(element type, name or id) → id of a user, channel or conversation; raises NotThereError."""


def state_of(element: Json, value: Any, resolve: Resolve) -> Json:
    """The state entry for a value a person gives.

    Options are named by value or label; people and channels by id or name; dates are `date` or
    `YYYY-MM-DD`; a datetime is seconds since 1970; None empties.

    Raises:
        NotThereError: no such option, person or channel to choose.
    """
    kind = element["type"]
    slot = SLOTS[kind]
    many = slot.endswith("s")
    if value is None or value == "":
        return {"type": kind, slot: [] if many else None}
    if slot in {"selected_option", "selected_options"}:
        chosen: Any = [_option(element, one) for one in _several(value)] if many else _option(element, value)
    elif kind.startswith(("users", "channels", "conversations", "multi_")):
        chosen = [resolve(kind, str(one)) for one in _several(value)] if many else resolve(kind, str(value))
    elif kind == "datetimepicker":
        chosen = _seconds(value)
    else:
        chosen = _written(value)
    return {"type": kind, slot: chosen}


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple | set | frozenset) else [value]


def _written(value: Any) -> str:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


def _seconds(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise NotThereError(f"a date with time is chosen in seconds since 1970, not as {value!r}") from None


def _option(element: Json, wanted: Any) -> Json:
    if element["type"] == "external_select" and isinstance(wanted, dict):
        return wanted
    for option in options_of(element):
        if wanted in (option.get("value"), option["text"]["text"], unescaped(option["text"]["text"])):
            return {name: option[name] for name in ("text", "value", "description") if name in option}
    labels = ", ".join(option["text"]["text"] for option in options_of(element))
    raise NotThereError(f"no option {wanted!r} to choose; there are: {labels}")


def problem(block: Json, state: Json | None) -> str | None:
    """What Slack's client says against an input before it sends the form, or None."""
    element = block["element"]
    kind = element["type"]
    value = (state or {}).get(SLOTS[kind])
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    checks: Mapping[str, Callable[[Json, Any], str | None]] = {
        "plain_text_input": _text,
        "number_input": _number,
        "email_text_input": _email,
        "url_text_input": _url,
        "datepicker": _date,
        "timepicker": _time,
    }
    if kind in checks:
        return checks[kind](element, value)
    most = element.get("max_selected_items")
    if most and isinstance(value, list) and len(value) > most:
        return f"Please select no more than {most} items."
    return None


def _text(element: Json, value: Any) -> str | None:
    shortest = element.get("min_length", 0)
    longest = element.get("max_length", MOST_CHARACTERS)
    if len(value) < shortest:
        return f"Please enter at least {shortest} characters."
    if len(value) > longest:
        return f"Please enter no more than {longest} characters."
    if "\n" in value and not element.get("multiline"):
        return "This field takes one line."
    return None


def _number(element: Json, value: Any) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "Please enter a valid number."
    lowest, highest = element.get("min_value"), element.get("max_value")
    found = None
    if not number.is_finite():
        found = "Please enter a valid number."
    elif not element["is_decimal_allowed"] and number != number.to_integral_value():
        found = "Please enter a whole number."
    elif lowest is not None and number < Decimal(lowest):
        found = f"Please enter a number of {lowest} or more."
    elif highest is not None and number > Decimal(highest):
        found = f"Please enter a number of {highest} or less."
    return found


def _email(element: Json, value: Any) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) else "Please enter a valid email address."


def _url(element: Json, value: Any) -> str | None:
    return None if re.fullmatch(r"https?://\S+", value) else "Please enter a valid URL."


def _date(element: Json, value: Any) -> str | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return "Please enter a valid date."
    return None


def _time(element: Json, value: Any) -> str | None:
    return None if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) else "Please enter a valid time."
