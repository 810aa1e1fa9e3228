"""A target of actions: counts what arrives, by key and in all, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Arrival:
    method: str
    path: str
    key: str
    attempt: str
    body: Any
    headers: dict[str, str]


@dataclass(slots=True)
class Target:
    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)  # the next ones; when they are used up, 200
    done: dict[str, Any] = field(default_factory=dict)  # by key: what a target that honours it has done
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def runs(self) -> list[Arrival]:
        """What arrived to be done; probes and previews are not among them."""
        return [arrival for arrival in self.arrivals if arrival.method == "POST"]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        key = request.headers.get("Idempotency-Key", "")
        attempt = request.headers.get("X-Signoff-Attempt", "")
        self.arrivals.append(Arrival(request.method, request.path, key, attempt, body, dict(request.headers)))
        self.arrived.set()
        if self.answers:
            return await self.answers.pop(0)(request)
        if request.method == "GET" and request.path.startswith("/by-key/"):
            found = self.done.get(request.path.removeprefix("/by-key/"))
            return web.json_response(found) if found else web.json_response({"error": "unknown"}, status=404)
        result = self.done.setdefault(key, {"id": f"re_{len(self.done) + 1}"})
        return web.json_response(result)


@asynccontextmanager
async def target() -> AsyncIterator[Target]:
    served = Target()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await runner.cleanup()


async def drop(request: web.Request) -> web.StreamResponse:
    """Take the request and hang up without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def status(code: int, *, headers: dict[str, str] | None = None, **body: Any) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=code, headers=headers)

    return answer


def held(gate: asyncio.Event) -> Answer:
    """Answer only when the gate opens."""

    async def answer(_: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response({"id": "re_held"})

    return answer
