"""What Slack sends is made as its documents say, or it is not read at all.

Bolt reads these parts without asking what they are, before any listener sees them; so they are asked about here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_OBJECTS = ("user", "team", "enterprise", "channel", "container", "view", "message", "event")
_LISTS = ("actions", "authorizations", "response_urls")
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "": ("type", "trigger_id", "event_id", "response_url", "command", "text", "user_id", "team_id", "channel_id"),
    "user": ("id", "team_id"),
    "channel": ("id",),
    "container": ("type", "channel_id", "message_ts", "thread_ts"),
    "view": ("id", "hash", "private_metadata"),
    "event": ("type", "ts", "thread_ts"),
}
_OF_PEOPLE = frozenset({"message", "app_home_opened"})  # in other events `user` and `channel` may be whole objects


def malformed(body: Mapping[str, Any]) -> str | None:
    """The first part that is not what Slack sends, by its name; None where all of them are."""
    return next(_wrong(body), None)


def _wrong(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in _OBJECTS if not isinstance(body.get(name), dict | None))
    for name in _LISTS:
        entries = body.get(name)
        if not isinstance(entries, list | None) or not all(isinstance(each, dict) for each in entries or ()):
            yield name
    for where, names in _TEXTS.items():
        part = body if where == "" else body.get(where) or {}
        yield from (f"{where}.{name}".lstrip(".") for name in names if not isinstance(part.get(name), str | None))
    yield from _lacking(body)


def _lacking(body: Mapping[str, Any]) -> Iterator[str]:
    """What Bolt, or we, must find to know whose it is."""
    kind, view, event = body.get("type"), body.get("view") or {}, body.get("event") or {}
    if kind == "view_submission":
        yield from (f"view.{name}" for name in ("type", "callback_id") if not isinstance(view.get(name), str))
    if kind == "block_actions":
        actions = body.get("actions") or ()
        yield from ("actions.action_id" for each in actions if not isinstance(each.get("action_id"), str))
    if kind == "message_action" and not (body.get("user") or {}).get("id"):
        yield "user.id"
    if kind == "event_callback" and not event:
        yield "event"
    if event.get("type") in _OF_PEOPLE:
        yield from (f"event.{name}" for name in ("user", "channel") if not isinstance(event.get(name), str | None))
