"""The JSON Schema of signoff.yaml, for editors: what stands where, with a word on each."""

from collections.abc import Mapping
from typing import Any

from handlers.config.shape import File

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL = {"type": "null"}


def file_schema() -> dict[str, Any]:
    """JSON Schema (2020-12). It says less than `signoff check`: only structure, not how the parts fit each other."""
    return {"$schema": DIALECT, "title": "signoff.yaml"} | _plain(File.model_json_schema())


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without what pydantic adds by itself: titles made of names, nulls for what may be left out, inner defaults."""
    plain = {key: _inside(key, value) for key, value in schema.items() if key != "title"}
    choices = [each for each in plain.pop("anyOf", ()) if each != _NULL]
    if len(choices) == 1:
        plain = choices[0] | plain
    elif choices:
        plain["anyOf"] = choices
    default = plain.get("default", "")
    if default is None or (plain.get("type") == "string" and not isinstance(default, str)):  # milliseconds, within
        del plain["default"]
    return plain


def _inside(key: str, value: Any) -> Any:
    match value:
        case dict() if key in ("properties", "$defs", "patternProperties"):
            return {name: _plain(each) for name, each in value.items()}
        case dict() if key in ("items", "additionalProperties"):
            return _plain(value)
        case list() if key in ("anyOf", "oneOf"):
            return [_plain(each) for each in value]
        case _:
            return value
