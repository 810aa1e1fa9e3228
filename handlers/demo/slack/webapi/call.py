"""One call of a Web API method: its arguments, as Slack reads them, and what a method is."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from handlers.demo.slack.core import Core
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.values import Channel, Json, Message


@dataclass(frozen=True, slots=True)
class Args:
    """Arguments from a query, a form (everything text, structures as JSON) or a JSON body."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A text argument; absent when empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, dict | list):
            raise ApiError("invalid_arguments", [f"[ERROR] must provide a string [json-pointer:/{name}]"])
        return str(value)

    def required(self, name: str) -> str:
        """A text argument that must be there."""
        value = self.text(name)
        if value is None:
            raise ApiError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def boolean(self, name: str) -> bool:
        """`true`, `1` or JSON true."""
        return str(self.values.get(name, "")).lower() in {"true", "1"}

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(name)
        try:
            return default if value in {None, ""} else int(str(value))
        except ValueError:
            message = f"[ERROR] must provide an integer [json-pointer:/{name}]"
            raise ApiError("invalid_arguments", [message]) from None

    def structure(self, name: str, error: str = "invalid_arguments") -> Any:
        """A JSON argument, given as JSON or as text holding JSON; None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(error) from None


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passed authentication and scopes."""

    method: str
    args: Args
    core: Core

    def channel(self, name: str = "channel") -> Channel:
        """The conversation an argument names, if the bot can know of it.

        Raises:
            ApiError: `channel_not_found`: unknown, or private and without the bot.
        """
        return self.visible(self.args.text(name))

    def visible(self, ident: str | None) -> Channel:
        """The conversation with this id; see `channel`."""
        found = self.core.workspace.channels.get(ident or "")
        if found is None or (found.kind != "public" and self.core.app.bot_user not in found.members):
            raise ApiError("channel_not_found")
        return found

    def message(self, channel: Channel, name: str) -> Message:
        """The message an argument names by ts; ephemerals are not found, as in Slack."""
        found = self.core.workspace.message(channel.id, self.args.required(name))
        if found is None or found.ephemeral_to is not None:
            raise ApiError("message_not_found")
        return found

    def need(self, *scopes: str) -> None:
        """Refuse with `missing_scope` unless the bot has all of these."""
        granted = self.core.app.scopes
        if missing := [scope for scope in scopes if scope not in granted]:
            raise ApiError("missing_scope", needed=",".join(missing), provided=",".join(sorted(granted)))

    def page(self, items: list[Json], key: str, default: int = 100) -> Json:
        """One page of a list, with the cursor of the next."""
        limit = self.args.whole("limit", default)
        if not 1 <= limit <= 1000:
            raise ApiError("invalid_limit")
        start = _offset(self.args.text("cursor"))
        if start > len(items):
            raise ApiError("invalid_cursor")
        end = start + limit
        following = f"from:{end}" if end < len(items) else ""
        return {key: items[start:end], "response_metadata": {"next_cursor": following}}


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    number = cursor.removeprefix("from:")
    if not cursor.startswith("from:") or not number.isdecimal():
        raise ApiError("invalid_cursor")
    return int(number)


Handler: TypeAlias = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method: what it does, the scopes it needs, how often it may be called in a
    minute, and whether the bot token or the app-level token calls it."""

    name: str
    run: Handler
    scopes: tuple[str, ...] = ()
    per_minute: int = 50
    caller: Literal["bot", "app"] = "bot"
