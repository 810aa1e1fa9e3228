"""Small HTTP services that take a request, do what it says by writing it down, and can be made to misbehave.

    POST /<noun>              do it; 201 with the record
    GET  /<noun>              all records
    GET  /<noun>/by-key/<key> what was done under an Idempotency-Key: 200, or 404 where nothing was
    POST /<noun>/<id>/reverse undo it, where that can be done; doing so twice is answered alike

One that honours keys answers the same key with the same record, done once, and 422 where the body differs (as
Stripe does). One that does not does it again: a double shows.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web

from handlers.demo.services.records import Effect, Record, Records, now


class Mood(StrEnum):
    """How the next request is treated."""

    LATE = "late"  # done; the answer comes late
    ERROR = "error"  # done; answered with 500
    RESET = "reset"  # done; the connection is cut in place of an answer
    BUSY = "busy"  # not done; answered with 503
    REFUSE = "refuse"  # not done; answered with 422


class Refused(Exception):
    """Why a request is not done, in words for whoever asked."""


Check = Callable[[Mapping[str, Any]], None]
_KINDS: Mapping[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "whole": (int,), "flag": (bool,)}


@dataclass(frozen=True, slots=True)
class Trade:
    """What one service does. `fields`: name → text, number, whole or flag; with `?` where it may be absent."""

    name: str
    noun: str
    prefix: str
    fields: Mapping[str, str]
    say: Callable[[Record], str]
    honours_keys: bool = True
    reversible: bool = False
    check: Check = field(default=lambda content: None)
    keep: Callable[[Record], Record] = field(default=lambda content: content)  # what is written down of it


class Service:
    """One of them, on loopback. Its records are kept in `folder`; `url` is its root."""

    def __init__(self, trade: Trade, folder: Path, *, port: int = 0) -> None:
        self.trade = trade
        self.records = Records(folder / f"{trade.name}.json", trade.prefix)
        self.arrivals = 0  # requests to do something, done or not
        self.url = ""
        self._port = port
        self._moods: list[tuple[Mood, float]] = []
        self._patience = asyncio.Event()
        self.held = asyncio.Event()
        """Set while an answer is held back."""
        self._runner: web.AppRunner | None = None

    def next(self, mood: Mood, *, times: int = 1, seconds: float = 30.0) -> None:
        """Treat the next requests so. `seconds` is how late a late answer comes at most."""
        self._moods += [(mood, seconds)] * times

    def release(self) -> None:
        """Let the answers go that are held back."""
        self._patience.set()
        self._patience = asyncio.Event()

    def effects(self) -> list[Effect]:
        return self.records.effects(self.trade.name, self.trade.say)

    async def start(self) -> str:
        noun = self.trade.noun
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_post(f"/{noun}", self._do)
        app.router.add_get(f"/{noun}", self._list)
        app.router.add_get(f"/{noun}/by-key/{{key}}", self._by_key)
        if self.trade.reversible:
            app.router.add_post(f"/{noun}/{{id}}/reverse", self._reverse)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        self.release()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _do(self, request: web.Request) -> web.StreamResponse:
        self.arrivals += 1
        mood, seconds = self._moods.pop(0) if self._moods else (None, 0.0)
        if mood is Mood.BUSY:
            return _problem(503, "busy, nothing was done")
        if mood is Mood.REFUSE:
            return _problem(422, "refused, nothing was done")
        try:
            content = _content(await request.text(), self.trade.fields)
            self.trade.check(content)
        except Refused as error:
            return _problem(422, str(error))
        key = request.headers.get("Idempotency-Key")
        earlier = self.records.by_key(key) if key and self.trade.honours_keys else None
        digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        if earlier is not None and earlier["sha256"] != digest:
            return _problem(422, "this Idempotency-Key was used for another request")
        record = earlier or self.records.add(key, {**self.trade.keep(content), "sha256": digest})
        return await self._answer(request, record, mood, seconds, status=200 if earlier else 201)

    async def _answer(
        self, request: web.Request, record: Record, mood: Mood | None, seconds: float, *, status: int
    ) -> web.StreamResponse:
        if mood is Mood.ERROR:
            return _problem(500, "something went wrong")
        if mood is Mood.RESET and request.transport is not None:
            request.transport.abort()
        if mood is Mood.LATE:
            self.held.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._patience.wait()
            self.held.clear()
        return web.json_response(_shown(record), status=status)

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({self.trade.noun: [_shown(record) for record in self.records]})

    async def _by_key(self, request: web.Request) -> web.Response:
        record = self.records.by_key(request.match_info["key"])
        return web.json_response(_shown(record)) if record else _problem(404, "nothing was done under this key")

    async def _reverse(self, request: web.Request) -> web.Response:
        record = self.records.by_id(request.match_info["id"])
        if record is None:
            return _problem(404, f"there is no {request.match_info['id']}")
        if not record.get("reversed_at"):
            record = self.records.change(record["id"], reversed_at=now())
        return web.json_response(_shown(record))


def _content(text: str, fields: Mapping[str, str]) -> Record:
    """The body as these fields. Refused names what does not fit."""
    try:
        body = json.loads(text)
    except ValueError:
        raise Refused("the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused("the body is not an object")
    for name in body:
        if name not in fields:
            raise Refused(f"{name}: there is no such field")
    for name, kind in fields.items():
        value, wanted = body.get(name), kind.rstrip("?")
        if value is None and kind.endswith("?"):
            continue
        if not isinstance(value, _KINDS[wanted]) or (isinstance(value, bool) and wanted != "flag"):
            raise Refused(f"{name}: must be a {wanted}")
    return {name: body[name] for name in fields if body.get(name) is not None}


def _shown(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "sha256"}


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)
