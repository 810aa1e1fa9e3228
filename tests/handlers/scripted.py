"""A model that answers what a test wrote down, with each fault an endpoint can have; `ModelServer` serves it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from handlers.demo.model import Call, completion, formed, refusal

Reply = Callable[[Call], Awaitable[web.StreamResponse]]


class ScriptedModel:
    """Gives its replies one after the other; the last one for ever. `calls` keeps all it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.calls: list[Call] = []
        self._replies = list(replies)

    def then(self, *replies: Reply) -> None:
        """Forget what was left to say, and say these from now on."""
        self._replies = list(replies)

    async def reply(self, call: Call) -> web.StreamResponse:
        self.calls.append(call)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return await reply(call)


def saying(content: str | None, *, finish: str = "stop", **message: Any) -> Reply:
    """A completion with this text; `message` adds fields to it."""

    async def reply(call: Call) -> web.StreamResponse:
        return completion(call, content, finish=finish, **message)

    return reply


def answering(*entries: Mapping[str, Any], **more: Any) -> Reply:
    """The object that was asked for, with these entries."""

    async def reply(call: Call) -> web.StreamResponse:
        return completion(call, formed({"actions": list(entries)} | more, call))

    return reply


def calling_a_tool(name: str, arguments: Mapping[str, Any]) -> Reply:
    """A tool call in place of a text."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": "call_1", "type": "function", "function": function}
    return saying(None, finish="tool_calls", tool_calls=[call])


def failing(status: int, message: str = "", *, param: str | None = None) -> Reply:
    """An error as OpenAI words it."""

    async def reply(call: Call) -> web.StreamResponse:
        return refusal(status, message or f"status {status}", param)

    return reply


def refusing(*modes: str, then: Reply) -> Reply:
    """400 for these forms of answer, as an endpoint without them does; else the other reply."""

    async def reply(call: Call) -> web.StreamResponse:
        if call.mode in modes:
            return refusal(400, f"'response_format' of type '{call.mode}' is not supported", "response_format")
        return await then(call)

    return reply


def sending(body: bytes, *, content_type: str = "application/json", status: int = 200, **headers: str) -> Reply:
    """These very bytes."""

    async def reply(call: Call) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=body, status=status, headers={"Content-Type": content_type, **named})

    return reply


def hanging(begun: asyncio.Event | None = None) -> Reply:
    """Nothing, until the other side gives up. `begun` is set when the question is here."""

    async def reply(call: Call) -> web.StreamResponse:
        if begun is not None:
            begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nothing sets it")

    return reply


def dripping(pause: float = 0.01) -> Reply:
    """A blank every `pause` seconds, for ever: a read timeout never fires."""

    async def reply(call: Call) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(call.request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(pause)

    return reply


def resetting() -> Reply:
    """The connection reset before a byte of an answer."""

    async def reply(call: Call) -> web.StreamResponse:
        if call.request.transport is not None:
            call.request.transport.abort()
        return web.Response()

    return reply


def closing_half_way(content: str) -> Reply:
    """A completion of which the second half never comes."""

    async def reply(call: Call) -> web.StreamResponse:
        whole = completion(call, content).body
        body = whole if isinstance(whole, bytes) else b""
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await response.prepare(call.request)
        await response.write(body[: len(body) // 2])
        if call.request.transport is not None:
            call.request.transport.close()
        return response

    return reply
