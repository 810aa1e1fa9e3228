"""Short-lived permissions Slack hands out with an interaction: trigger ids and response URLs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from handlers.demo.slack.errors import ApiError

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5


@dataclass(slots=True)
class Trigger:
    """Permission to open one modal for `user`, once, within three seconds.

    `view` is the modal the person acted in, which `views.push` needs.
    """

    id: str
    user: str
    view: str | None
    expires: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Permission to answer an interaction five times within half an hour."""

    path: str
    user: str
    channel: str
    message_ts: str | None
    thread_ts: str | None
    expires: float
    uses: int = 0


class Tickets:
    """What was handed out and not forgotten yet."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def trigger(self, user: str, view: str | None = None) -> str:
        """A new trigger id."""
        numbers = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**10)}"
        made = Trigger(f"{numbers}.{secrets.token_hex(16)}", user, view, self._now() + TRIGGER_SECONDS)
        self._triggers[made.id] = made
        return made.id

    def peek(self, trigger_id: str) -> Trigger:
        """The trigger if it could be used now; refused views leave it unused, as in Slack.

        Raises:
            ApiError: `invalid_trigger_id`, `exchanged_trigger_id`, `expired_trigger_id`.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._now() > trigger.expires:
            raise ApiError("expired_trigger_id")
        return trigger

    def response_url(self, user: str, channel: str, message_ts: str | None, thread_ts: str | None) -> str:
        """A new response URL's path."""
        path = f"/actions/{secrets.token_hex(8)}/{secrets.token_urlsafe(18)}"
        expires = self._now() + RESPONSE_SECONDS
        self._urls[path] = ResponseUrl(path, user, channel, message_ts, thread_ts, expires)
        return path

    def answer(self, path: str) -> ResponseUrl:
        """Use a response URL once.

        Raises:
            ApiError: `expired_url` (unknown or too old), `used_url` (five times used).
        """
        ticket = self._urls.get(path)
        if ticket is None or self._now() > ticket.expires:
            raise ApiError("expired_url")
        if ticket.uses >= RESPONSE_USES:
            raise ApiError("used_url")
        ticket.uses += 1
        return ticket
