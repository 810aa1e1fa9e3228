"""From Slack to the bot: signed HTTP requests or Socket Mode envelopes, each with how the bot answered.

Slack gives the bot three seconds. What a person sees when it fails is named as Slack names it:
`operation_timeout` (no answer in time) or `dispatch_failed` (refused, unreachable, not 200).
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias
from urllib.parse import urlencode

import aiohttp

from handlers.demo.slack.changes import Changes
from handlers.demo.slack.errors import BotFailedError
from handlers.demo.slack.values import Json

What: TypeAlias = Literal["command", "interactive", "options", "event"]

VERIFICATION_TOKEN = "local-slack-verification-token"  # noqa: S105 - Slack's deprecated public token field


@dataclass(frozen=True, slots=True)
class Ack:
    """How the bot answered.

    Attributes:
        status: HTTP status (200 for a Socket Mode acknowledgement), None without an answer.
        body: decoded JSON, or text, or None when empty.
        seconds: how long it took.
        error: `operation_timeout`, `dispatch_failed`, or None when all went well.
        headers: HTTP headers, in lower case.
    """

    status: int | None
    body: Any
    seconds: float
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def checked(self) -> "Ack":
        """Itself, or BotFailedError when the person would have seen a failure."""
        if self.error:
            raise BotFailedError(self.error, f"status {self.status} after {self.seconds:.2f} s, body {self.body!r}")
        return self


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The very bytes of a delivery over HTTP; sending them again is a replay."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing sent to the bot: `request` over HTTP, `envelope_id` in Socket Mode."""

    what: What
    payload: Json
    ack: Ack
    retry: int = 0
    request: SignedRequest | None = None
    envelope_id: str | None = None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's `v0` signature: HMAC-SHA256 over `v0:timestamp:body`."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encoded(what: What, payload: Json) -> tuple[bytes, str]:
    """A payload as Slack puts it on the wire, and its content type."""
    if what == "event":
        return json.dumps(payload).encode(), "application/json"
    form = payload if what == "command" else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def signed(what: What, payload: Json, secret: str, extra: Mapping[str, str] | None = None) -> SignedRequest:
    """A signed request. Its timestamp is real time, whatever the workspace's clock says: the bot's verifier
    compares it with real time."""
    body, content_type = encoded(what, payload)
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(secret, timestamp, body),
    }
    return SignedRequest(body, headers | dict(extra or {}))


class Door(Protocol):
    """A way to the bot."""

    @property
    def ready(self) -> bool:
        """Whether the bot ever came this way."""

    async def deliver(self, what: What, payload: Json, retry: int, reason: str) -> Delivery:
        """Hand one payload over and wait for the answer."""


class HttpDoor:
    """The bot's request URL."""

    def __init__(self, url: str, secret: Callable[[], str], seconds: float) -> None:
        self.url = url
        self._secret = secret
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def ready(self) -> bool:
        """A request URL is given once and for all."""
        return True

    async def deliver(self, what: What, payload: Json, retry: int, reason: str) -> Delivery:
        """POST one payload, signed."""
        extra = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else None
        request = signed(what, payload, self._secret(), extra)
        return Delivery(what, payload, await self.post(request), retry, request)

    async def post(self, request: SignedRequest) -> Ack:
        """POST exactly these bytes."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        started = time.monotonic()
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._session.post(
                    self.url, data=request.body, headers=request.headers, allow_redirects=False
                ) as response,
            ):
                text = await response.text()
                headers = {name.lower(): value for name, value in response.headers.items()}
                error = None if response.status == 200 else "dispatch_failed"
                return Ack(response.status, decoded(text), time.monotonic() - started, error, headers)
        except TimeoutError:
            return Ack(None, None, time.monotonic() - started, "operation_timeout")
        except aiohttp.ClientError as failure:
            return Ack(None, str(failure), time.monotonic() - started, "dispatch_failed")

    async def close(self) -> None:
        """Close its connections."""
        if self._session:
            await self._session.close()


def decoded(text: str) -> Any:
    """A body as JSON where it is JSON, else as text, None when empty."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


class Deliveries:
    """Sends everything to the bot and remembers it in `log`."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.http: HttpDoor | None = None
        self.sockets: Door | None = None
        self.log: list[Delivery] = []
        self.under_way = 0

    @property
    def door(self) -> Door | None:
        """The request URL when there is one, else Socket Mode once the bot connected."""
        return next((door for door in (self.http, self.sockets) if door and door.ready), None)

    async def send(self, what: What, payload: Json, *, retry: int = 0, reason: str = "") -> Ack:
        """Deliver one payload; never raises for what the bot does."""
        door = self.door
        self.under_way += 1
        try:
            if door is None:
                delivery = Delivery(what, payload, Ack(None, "no way to the bot", 0.0, "dispatch_failed"), retry)
            else:
                delivery = await door.deliver(what, payload, retry, reason)
            self.log.append(delivery)
            return delivery.ack
        finally:
            self.under_way -= 1
            self._changes.touch()

    async def resend(self, request: SignedRequest) -> Ack:
        """POST exactly these bytes to the request URL: a replay, or a forged request."""
        if self.http is None:
            raise RuntimeError("raw requests need a request URL: call connect_http first")
        self.under_way += 1
        try:
            return await self.http.post(request)
        finally:
            self.under_way -= 1
            self._changes.touch()
