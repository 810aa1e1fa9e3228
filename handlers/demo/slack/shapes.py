"""A small language for the shapes Block Kit accepts; `blocks.py` writes Slack's rules in it.

A `Check` looks at one value and reports problems in Slack's words with a JSON pointer, as in the
`response_metadata.messages` of `invalid_blocks`: `must be less than 151 characters [json-pointer:/blocks/0]`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any, str, "Problems"], None]


@dataclass(slots=True)
class Problems:
    """What was found wrong so far, in order."""

    messages: list[str] = field(default_factory=list)

    def add(self, text: str, pointer: str) -> None:
        """Report one."""
        self.messages.append(f"[ERROR] {text} [json-pointer:{pointer}]")


def string(longest: int, shortest: int = 1) -> Check:
    """A string of a bounded length (characters)."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add("must provide a string", pointer)
        elif len(value) < shortest:
            problems.add(f"must be more than {shortest - 1} characters", pointer)
        elif len(value) > longest:
            problems.add(f"must be less than {longest + 1} characters", pointer)

    return check


def boolean(value: Any, pointer: str, problems: Problems) -> None:
    """true or false."""
    if not isinstance(value, bool):
        problems.add("must provide a boolean", pointer)


def whole(lowest: int, highest: int) -> Check:
    """A whole number between two bounds."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.add("must provide an integer", pointer)
        elif not lowest <= value <= highest:
            problems.add(f"must be between {lowest} and {highest}", pointer)

    return check


def one_of(*allowed: str) -> Check:
    """One of a closed list."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if value not in allowed:
            problems.add(f"unsupported value: {value!r}, must be one of {', '.join(allowed)}", pointer)

    return check


def anything(value: Any, pointer: str, problems: Problems) -> None:
    """No rule of ours."""


def list_of(check: Check, most: int, least: int = 1) -> Check:
    """A list with a bounded number of items, each passing `check`."""

    def check_list(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, list | tuple):
            problems.add("must provide an array", pointer)
            return
        if len(value) > most:
            problems.add(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            problems.add(f"no fewer than {least} items allowed", pointer)
        for index, item in enumerate(value):
            check(item, f"{pointer}/{index}", problems)

    return check_list


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""
    known = {**(optional or {}), **required}

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add("must provide an object", pointer)
            return
        for name in required:
            if value.get(name) is None:
                problems.add(f"missing required field: {name}", pointer)
        for name, content in value.items():
            if name not in known:
                problems.add(f"invalid additional property: {name}", pointer)
            elif content is not None:
                known[name](content, f"{pointer}/{name}", problems)

    return check


def typed(kinds: Mapping[str, Check], allowed: Iterable[str] | None = None) -> Check:
    """An object told apart by its `type`, of one of the `allowed` kinds (default: all of them)."""
    accepted = frozenset(kinds if allowed is None else allowed)

    def check(value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add("must provide an object", pointer)
        elif value.get("type") not in accepted or value["type"] not in kinds:
            problems.add(f"unsupported type: {value.get('type')}", f"{pointer}/type")
        else:
            kinds[value["type"]](value, pointer, problems)

    return check


def both(*checks: Check) -> Check:
    """Several checks on the same value."""

    def check(value: Any, pointer: str, problems: Problems) -> None:
        for one in checks:
            one(value, pointer, problems)

    return check


def text_object(longest: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn"), shortest: int = 1) -> Check:
    """A text object; `plain_text` may carry `emoji`, `mrkdwn` may carry `verbatim`."""
    plain = record({"type": anything, "text": string(longest, shortest)}, {"emoji": boolean})
    marked = record({"type": anything, "text": string(longest, shortest)}, {"verbatim": boolean})
    return typed({"plain_text": plain, "mrkdwn": marked}, kinds)


def plain(longest: int) -> Check:
    """A `plain_text` object."""
    return text_object(longest, ("plain_text",))
