"""The small texts of the file: durations, ids, names. Each says what is wrong and what would be right.

A ValueError's text reads "what is wrong; the remedy"; it becomes the mistake that is told with its line.
"""

import re
import zoneinfo
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from handlers.words import quoted

Risk = Literal["low", "medium", "high", "critical"]
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")


def milliseconds(text: str) -> int:
    """`15m` as 900000. ValueError where it is no duration."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{quoted(text)} is not a duration; write a whole number and ms, s, m, h or d, such as 15m")
    return int(found[1]) * UNITS[found[2]]


@dataclass(frozen=True, slots=True)
class Duration:
    """For `Annotated[int, Duration(…)]`: text such as `15m`, read into milliseconds."""

    least: str
    most: str

    def read(self, value: Any) -> int:
        match value:
            case str():
                return self._within(value)
            case int() | float() if not isinstance(value, bool):
                raise ValueError(f"{value:g} has no unit; write {value:g}s for seconds or {value:g}m for minutes")
            case _:
                raise ValueError(f"{quoted(value)} is not a duration; write a whole number and a unit, such as 15m")

    def _within(self, text: str) -> int:
        length = milliseconds(text)
        if not milliseconds(self.least) <= length <= milliseconds(self.most):
            raise ValueError(f"{text} is out of bounds; use {self.least} to {self.most}")
        return length

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{_DURATION.pattern}$", "description": f"{self.least} to {self.most}"}


Timeout = Annotated[int, Duration("100ms", "24h")]
Wait = Annotated[int, Duration("1s", "90d")]


@dataclass(frozen=True, slots=True)
class Text:
    """For `Annotated[str, Text(…)]`: one line of a certain form."""

    form: str
    what: str
    remedy: str

    def check(self, value: str) -> str:
        if not re.fullmatch(self.form, value):
            raise ValueError(f"{quoted(value)} is not {self.what}; {self.remedy}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": f"^(?:{self.form})$"}


_NAMED = "use small letters, digits and _, beginning with a letter, at most 64"
ActionName = Annotated[str, Text(r"[a-z][a-z0-9_]{0,63}", "a name for an action", _NAMED)]
GroupName = Annotated[str, Text(r"[a-z][a-z0-9_-]{0,63}", "a name for a group", f"{_NAMED} (and -)")]
ParamName = Annotated[
    str,
    Text(
        r"[A-Za-z][A-Za-z0-9_]{0,63}",
        "a name for a parameter",
        "use letters, digits and _, beginning with a letter, at most 64",
    ),
]
CallableName = Annotated[str, Text(r"[a-z][a-z0-9_.]{0,63}", "a name for a callable", _NAMED)]
CallablePath = Annotated[
    str,
    Text(
        r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*",
        "a callable",
        "write module:function, such as ops.keys:rotate",
    ),
]
EnvironmentName = Annotated[
    str, Text(r"[A-Za-z_][A-Za-z0-9_]*", "a name for an environment variable", "use letters, digits and _")
]
HeaderName = Annotated[
    str, Text(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "the name of a header", "use letters, digits and -, such as X-Team")
]

_COPY = "in Slack, open the profile, ⋮, Copy member ID"
USER = r"[UW][A-Z0-9]{2,20}"
USER_GROUP = r"S[A-Z0-9]{2,20}"
CHANNEL = r"[CG][A-Z0-9]{2,20}"
UserId = Annotated[str, Text(USER, "the id of a Slack user", f"write U… or W… ({_COPY})")]
UserGroupId = Annotated[
    str, Text(USER_GROUP, "the id of a Slack user group", "write S…, the end of the group's address in Slack")
]
ChannelId = Annotated[
    str, Text(CHANNEL, "the id of a Slack channel", "write C…, found at the end of the channel's details in Slack")
]
_PLACE = re.compile(rf"#[^\s#A-Z.,;:/\\\"'<>&]{{1,80}}|{CHANNEL}")


def channel(value: str) -> str:
    if not _PLACE.fullmatch(value):
        name = re.sub(r"[^\w-]+", "-", value.lower()).strip("-") or "approvals"
        raise ValueError(f'{quoted(value)} is not a channel; write "#{name}" (in quotes) or its id C…')
    return value


Channel = Annotated[
    str, AfterValidator(channel), Field(json_schema_extra={"pattern": f"^(?:{_PLACE.pattern})$", "examples": ["#ops"]})
]


def _hours(value: str) -> str:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", value)
    if not found or value[:5] == value[6:]:
        raise ValueError(f'{quoted(value)} are not opening hours; write "08:00-18:00", from and to, in 24 hours')
    return value


Hours = Annotated[str, AfterValidator(_hours), Field(json_schema_extra={"examples": ["08:00-18:00"]})]


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKLY = rf"off|(?:{'|'.join(DAYS)}) (?:[01]\d|2[0-3]):[0-5]\d"


def _weekly(value: str) -> str:
    if not re.fullmatch(_WEEKLY, value):
        raise ValueError(f'{quoted(value)} is not a time of the week; write one such as "monday 09:00", or off')
    return value


Weekly = Annotated[
    str,
    AfterValidator(_weekly),
    Field(json_schema_extra={"pattern": f"^(?:{_WEEKLY})$", "examples": ["monday 09:00", "off"]}),
]


def _time_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{quoted(value)} is not a time zone; write one such as Europe/Berlin or UTC") from None
    return value


TimeZone = Annotated[str, AfterValidator(_time_zone), Field(json_schema_extra={"examples": ["Europe/Berlin"]})]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
Names = Annotated[
    list[str], BeforeValidator(_listed), Field(min_length=1), WithJsonSchema(_ONE_OR_MORE)
]  # one name, or a list of them
