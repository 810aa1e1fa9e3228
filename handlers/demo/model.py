"""A chat-completions endpoint of one's own, on loopback, for the tests and for the demo.

    ModelServer     speaks `POST /v1/chat/completions` and `GET /v1/models`, as OpenAI-compatible servers do
    ScriptedModel   answers with what a test wrote down, and with each fault an endpoint can have
    DemoModel       the demo's built-in stand-in for a language model (handlers/demo/reading.py)

Neither of the two models is a language model; what is real is everything between them and Signoff.
"""

import asyncio
import datetime
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from aiohttp import web

from handlers.demo.reading import plan

_FENCE = re.compile(r"```json\n(.*?)\n```", re.DOTALL)
_TODAY = re.compile(r"Today is [A-Za-z]+, (\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a completion, as it came."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    request: web.Request

    @property
    def mode(self) -> str:
        """The form of answer asked for: json_schema, json_object or plain."""
        return str((self.body.get("response_format") or {}).get("type", "plain"))

    @property
    def prompt(self) -> str:
        """Every text of every message, one after the other."""
        return "\n".join(str(message.get("content")) for message in self.body["messages"])


class Model(Protocol):
    async def reply(self, call: Call) -> web.StreamResponse: ...


class ModelServer:
    """The endpoint of a model. Use it as a context manager, or start and stop it; `url` is its base, with /v1."""

    def __init__(self, model: Model, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._model = model
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> str:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        address = self._runner.addresses[0]
        self.url = f"http://{self._host}:{address[1]}/v1"
        return self.url

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.json()
        except ValueError:
            return _error(400, "the body is not JSON")
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body["messages"]:
            return _error(400, "'messages' must be a list with at least one message", "messages")
        return await self._model.reply(Call(body, dict(request.headers), request))

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": type(self._model).__name__, "object": "model", "created": 0, "owned_by": "signoff"}
        return web.json_response({"object": "list", "data": [model]})


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
    """A completion with this text; `message` adds fields to it (`tool_calls`, `refusal`)."""

    async def reply(call: Call) -> web.StreamResponse:
        return _completion(call, content, finish=finish, **message)

    return reply


def answering(*entries: Mapping[str, Any], **more: Any) -> Reply:
    """The object that was asked for, with these entries, as bare JSON where a form was asked for, else in a fence."""

    async def reply(call: Call) -> web.StreamResponse:
        return _completion(call, _formed({"actions": list(entries)} | more, call))

    return reply


def calling_a_tool(name: str, arguments: Mapping[str, Any]) -> Reply:
    """A tool call in place of a text."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"id": "call_1", "type": "function", "function": function}
    return saying(None, finish="tool_calls", tool_calls=[call])


def failing(status: int, message: str = "", *, param: str | None = None) -> Reply:
    """An error as OpenAI words it."""

    async def reply(call: Call) -> web.StreamResponse:
        return _error(status, message or f"status {status}", param)

    return reply


def refusing(*modes: str, then: Reply) -> Reply:
    """400 for these forms of answer, as an endpoint without them does; else the other reply."""

    async def reply(call: Call) -> web.StreamResponse:
        if call.mode in modes:
            return _error(400, f"'response_format' of type '{call.mode}' is not supported", "response_format")
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
        whole = _completion(call, content).body
        body = whole if isinstance(whole, bytes) else b""
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await response.prepare(call.request)
        await response.write(body[: len(body) // 2])
        if call.request.transport is not None:
            call.request.transport.close()
        return response

    return reply


class DemoModel:
    """The demo's stand-in: reads the catalogue and the words out of the prompt, as a model would have to."""

    async def reply(self, call: Call) -> web.StreamResponse:
        try:
            said, catalogue, today = _asked(call)
        except (LookupError, ValueError, TypeError):
            return _completion(call, "I am the demo's stand-in for a language model: I only fill in Signoff's forms.")
        entries = plan(said, catalogue, today)
        return _completion(call, _formed({"actions": entries}, call))


def _asked(call: Call) -> tuple[str, list[dict[str, Any]], datetime.date]:
    said: dict[str, str] = {}
    for message in call.body["messages"]:
        said.setdefault(message["role"], message["content"])  # a correction comes later, and says nothing new
    catalogue = json.loads(_FENCE.findall(said["system"])[-1])
    words = json.loads(_FENCE.findall(said["user"])[0])["words"]
    today = _TODAY.search(said["system"])
    return words, catalogue, datetime.date.fromisoformat(today[1] if today else "1970-01-01")


def _formed(answer: Mapping[str, Any], call: Call) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if call.mode != "plain" else f"Here is the form:\n```json\n{text}\n```"


def _completion(call: Call, content: str | None, *, finish: str = "stop", **message: Any) -> web.Response:
    asked = sum(len(str(each.get("content"))) for each in call.body["messages"]) // 4
    answered = len(content or "") // 4
    return web.json_response(
        {
            "id": f"chatcmpl-{id(call):x}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": call.body.get("model", ""),
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content} | message,
                    "finish_reason": finish,
                    "logprobs": None,
                }
            ],
            "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
        }
    )


def _error(status: int, message: str, param: str | None = None) -> web.Response:
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message, "type": kind, "param": param, "code": None}
    return web.json_response({"error": error}, status=status)
