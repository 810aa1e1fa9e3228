"""Filling `{name}` in the strings of an action, by where the string stands.

    text(…)     titles, subjects, bodies: a value as people write it
    tree(…)     JSON bodies and keyword arguments: "{x}" alone keeps x's type, an absent optional drops its key
    url(…)      path and query are percent-encoded; a segment `..` is refused; scheme, host and port are literal
    argv(…)     an item that would begin with `-` is refused unless written `--flag={x}` or after a literal `--`

In a URL and an argument list nothing may be absent: what is left out there makes another call, not a smaller one.

`{{` and `}}` stand for themselves. A name that is not among the values is absent.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.errors import BadInput, Problem

_FIELD = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_ALONE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_ENVIRONMENT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_ENCODED_SLASH = re.compile(r"%2f|%5c", re.IGNORECASE)
_OWN_OPTION = re.compile(r"--[^={}]+=")
ABSENT = object()


def names(template: Any) -> frozenset[str]:
    """Every name a template, or a tree of templates, takes."""
    if isinstance(template, str):
        return frozenset(m[1] for m in _FIELD.finditer(_ENVIRONMENT.sub("", template)) if m[1])
    if isinstance(template, Mapping):
        return frozenset().union(*map(names, template.values()))
    if isinstance(template, Sequence):
        return frozenset().union(*map(names, template))
    return frozenset()


def as_text(value: Any) -> str:
    """A value as people write it: 50 rather than 50.0, true, and compact JSON for lists and objects."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def text(template: str, values: Mapping[str, Any]) -> str:
    return _fill(template, values, as_text)


def tree(template: Any, values: Mapping[str, Any]) -> Any:
    """The JSON value, or ABSENT where the template is one absent optional name alone."""
    if isinstance(template, str):
        if alone := _ALONE.fullmatch(template):
            value = values.get(alone[1])
            return ABSENT if value is None else value
        return text(template, values)
    if isinstance(template, Mapping):
        filled = {key: tree(item, values) for key, item in template.items()}
        return {key: item for key, item in filled.items() if item is not ABSENT}
    if isinstance(template, list | tuple):
        return [item for item in (tree(each, values) for each in template) if item is not ABSENT]
    return template


def authority(template: str) -> str:
    """Scheme, host and port of a URL template: the part in which no name may stand."""
    found = _AUTHORITY.match(template)
    return found[0] if found else ""


def url(template: str, values: Mapping[str, Any]) -> str:
    """BadInput where a value is missing, or would climb out of its place in the path."""
    if names(authority(template)) or not authority(template):
        raise BadInput(Problem("url", f"{template!r} must begin with a literal scheme and host"))
    _all_there(template, values, "the URL")
    filled = _fill(template, values, lambda value: quote(as_text(value), safe=""))
    for written, segment in zip(_segments(template), _segments(filled), strict=True):
        if names(written) and not _stays(segment):
            where = ", ".join(sorted(names(written)))
            raise BadInput(Problem(where, "must not be empty, nor '.' or '..' between slashes: it stands in a URL"))
    return filled


def _segments(url: str) -> list[str]:
    return url[len(authority(url)) :].split("?", 1)[0].split("#", 1)[0].split("/")


def _stays(segment: str) -> bool:
    """A target may decode %2F before it follows dots, and an empty last segment names the whole collection."""
    return segment != "" and not any(_DOTS.fullmatch(piece) for piece in _ENCODED_SLASH.split(segment))


def argv(template: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """BadInput for a value that is missing, that the program would read as an option, or that no argument can hold."""
    filled = []
    literal_after = False
    for item in template:
        _all_there(item, values, "the command")
        value = text(item, values)
        taken = ", ".join(sorted(names(item)))
        if "\0" in value:
            raise BadInput(Problem(taken, "must not contain a NUL character"))
        if taken and value.startswith("-") and not (literal_after or _OWN_OPTION.match(item)):
            raise BadInput(Problem(taken, f"must not begin with '-' (it would be read as an option): {value!r}"))
        literal_after = literal_after or item == "--"
        filled.append(value)
    return filled


def _all_there(template: str, values: Mapping[str, Any], place: str) -> None:
    missing = sorted(name for name in names(template) if values.get(name) is None)
    if missing:
        raise BadInput(*(Problem(name, f"is missing, and {place} cannot do without it") for name in missing))


def _fill(template: str, values: Mapping[str, Any], write: Any) -> str:
    parts: list[str] = []
    at = 0
    for reference in _ENVIRONMENT.finditer(template):
        parts += [_fill_names(template[at : reference.start()], values, write), reference[0]]
        at = reference.end()
    parts.append(_fill_names(template[at:], values, write))
    return "".join(parts)


def _fill_names(template: str, values: Mapping[str, Any], write: Any) -> str:
    return _FIELD.sub(lambda m: write(values.get(m[1])) if m[1] else m[0][0], template)
