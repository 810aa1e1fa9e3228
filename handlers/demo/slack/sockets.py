"""Socket Mode: the bot's WebSocket connections, envelopes and acknowledgements.

Up to ten connections; each envelope goes to one of them, in turn. A connection can be told to go
(`disconnect`), as Slack does every few hours, or be cut (`cut`).
"""

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import WSMsgType, web

from handlers.demo.slack.core import Core
from handlers.demo.slack.delivery import Ack, Delivery, What
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.values import Json

MOST_CONNECTIONS = 10
TYPES: dict[What, str] = {
    "command": "slash_commands",
    "interactive": "interactive",
    "options": "interactive",
    "event": "events_api",
}
REASONS = {"http_timeout": "timeout", "http_error": "error", "connection_failed": "disconnected"}


class Sockets:
    """The connections that are open, and what waits for an acknowledgement on them."""

    def __init__(self, core: Core, seconds: float) -> None:
        self._core = core
        self._seconds = seconds
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._turn = 0
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._used = False

    @property
    def ready(self) -> bool:
        """Whether the bot ever connected."""
        return self._used

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def url(self) -> str:
        """The address of one new connection; it serves once."""
        if self.count >= MOST_CONNECTIONS:
            raise ApiError("too_many_websockets")
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        root = self._core.base_url.replace("http://", "ws://", 1)
        return f"{root}/link/?ticket={ticket}&app_id={self._core.app.id}"

    def routes(self) -> list[web.RouteDef]:
        """What to add to an aiohttp application."""
        return [web.get("/link/", self._connect)]

    async def deliver(
        self, what: What, payload: Json, retry: int, reason: str, envelope_id: str | None = None
    ) -> Delivery:
        """Send one envelope over one connection and wait for its acknowledgement.

        Args:
            envelope_id: an id that was used before makes it the same envelope delivered again.
        """
        ident = envelope_id or secrets.token_hex(16)
        envelope: Json = {
            "envelope_id": ident,
            "payload": payload,
            "type": TYPES[what],
            "accepts_response_payload": what != "event",
        }
        if what == "event":
            envelope |= {"retry_attempt": retry, "retry_reason": REASONS.get(reason, reason)}
        started = time.monotonic()
        ack = await self._exchange(ident, envelope, started)
        return Delivery(what, payload, ack, retry, envelope_id=ident)

    async def _exchange(self, ident: str, envelope: Json, started: float) -> Ack:
        if not self._open:
            return Ack(None, "no connection is open", 0.0, "dispatch_failed")
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[ident] = answer
        try:
            await socket.send_json(envelope)
            async with asyncio.timeout(self._seconds):
                body = await answer
        except TimeoutError:
            return Ack(None, None, time.monotonic() - started, "operation_timeout")
        except ConnectionError as failure:
            return Ack(None, str(failure), time.monotonic() - started, "dispatch_failed")
        finally:
            self._acks.pop(ident, None)
        return Ack(200, body or None, time.monotonic() - started)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="unknown or used ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open.append(socket)
        if request.transport:
            self._transports[socket] = request.transport
        self._used = True
        await socket.send_json(self._hello())
        self._core.workspace.changes.touch()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._heard(message.data)
        finally:
            self._transports.pop(socket, None)
            self._forget(socket)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.count,
            "connection_info": {"app_id": self._core.app.id},
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
        }

    def _heard(self, text: str) -> None:
        """An acknowledgement; anything else a client says means nothing to Slack."""
        try:
            said = json.loads(text)
        except ValueError:
            return
        answer = self._acks.get(said.get("envelope_id", "")) if isinstance(said, dict) else None
        if answer and not answer.done():
            answer.set_result(said.get("payload"))

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
        self._core.workspace.changes.touch()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go: `warning` (about 10 s before), `refresh_requested`, `link_disabled`."""
        for socket in list(self._open):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
            if reason != "warning":
                self._forget(socket)
                await socket.close()

    async def cut(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self._open):
            self._forget(socket)
            transport = self._transports.pop(socket, None)
            if transport:
                transport.abort()

    async def close(self) -> None:
        """Close all connections."""
        for socket in list(self._open):
            self._forget(socket)
            await socket.close()
