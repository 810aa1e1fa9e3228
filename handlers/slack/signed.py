"""Slack's requests over HTTP: verified over the raw bytes, decoded once, handed to Bolt.

The check is ours and comes before Bolt, because Bolt answers 500 to a malformed timestamp, logs the hostile body,
and keeps no memory of what it has seen. Bolt gets the decoded body as it does in Socket Mode.
"""

import hashlib
import hmac
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from yarl import URL

from handlers.slack.inbound import log
from handlers.slack.shape import malformed

WINDOW = 300  # seconds a signature is good for
REMEMBERED = 600  # seconds a signature is remembered, so that the same bytes are not taken twice
MAX_BODY = 1 << 20
_TIMESTAMP = re.compile(r"\d{10}", re.ASCII)


@dataclass(slots=True)
class Signature:
    """Slack's `v0` signature: HMAC-SHA256 over version, timestamp and the raw body, compared in constant time."""

    secret: str
    now: Callable[[], float] = time.time
    _seen: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        if not self.secret:
            raise ValueError("SLACK_SIGNING_SECRET is empty; without it anybody could press the buttons")

    def accepts(self, timestamp: str, signature: str, body: bytes) -> bool:
        """Whether Slack signed these bytes within the last five minutes."""
        if not _TIMESTAMP.fullmatch(timestamp) or abs(self.now() - int(timestamp)) > WINDOW:
            return False
        expected = (
            "v0="
            + hmac.new(self.secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        )
        return hmac.compare_digest(expected.encode(), signature.encode())

    def first_time(self, signature: str) -> bool:
        """Whether these bytes come for the first time. What Slack itself sends again is signed anew."""
        now = self.now()
        while self._seen and next(iter(self._seen.values())) < now - REMEMBERED:
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True


def endpoint(app: AsyncApp, signature: Signature) -> Callable[[web.Request], Any]:
    """The aiohttp handler for `/slack/events`: events, interactivity and commands."""

    async def slack(request: web.Request) -> web.StreamResponse:
        if (request.content_length or 0) > MAX_BODY:
            return web.Response(status=413)
        raw = await request.read()
        signed = request.headers.get("X-Slack-Signature", "")
        if not signature.accepts(request.headers.get("X-Slack-Request-Timestamp", ""), signed, raw):
            return web.Response(status=401)
        body = _decoded(request.content_type, raw)
        if body is None:
            return web.Response(status=400)
        if body.get("type") == "url_verification":
            return web.json_response({"challenge": body.get("challenge")})
        if body.get("ssl_check") or not signature.first_time(signed):
            return web.Response(status=200)
        retries = {name: value for name, value in request.headers.items() if name.lower().startswith("x-slack-retry")}
        answer = await app.async_dispatch(AsyncBoltRequest(body=body, headers={**retries}, mode="socket_mode"))
        return await to_aiohttp_response(answer)

    return slack


def _decoded(content_type: str, raw: bytes) -> dict[str, Any] | None:
    try:
        if content_type == "application/json":
            body = orjson.loads(raw)
        else:
            form = dict(URL.build(query_string=raw.decode(), encoded=True).query)
            body = orjson.loads(form["payload"]) if "payload" in form else form
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    if part := malformed(body):
        log.warning("malformed_payload", part=part)
        return None
    return body
