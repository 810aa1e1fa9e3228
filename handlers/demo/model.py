"""A chat-completions endpoint of one's own, on loopback: the demo's, and what the planner's tests are asked by.

    ModelServer     speaks `POST /v1/chat/completions` and `GET /v1/models`, as OpenAI-compatible servers do
    DemoModel       the demo's built-in stand-in for a language model (handlers/demo/reading.py)

It is no language model; what is real is everything between it and Signoff.
"""

import datetime
import json
import re
import time
from collections.abc import Mapping
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
            return refusal(400, "the body is not JSON")
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body["messages"]:
            return refusal(400, "'messages' must be a list with at least one message", "messages")
        return await self._model.reply(Call(body, dict(request.headers), request))

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": type(self._model).__name__, "object": "model", "created": 0, "owned_by": "signoff"}
        return web.json_response({"object": "list", "data": [model]})


class DemoModel:
    """The demo's stand-in: reads the catalogue and the words out of the prompt, as a model would have to."""

    async def reply(self, call: Call) -> web.StreamResponse:
        try:
            said, catalogue, today = _asked(call)
        except (LookupError, ValueError, TypeError):
            return completion(call, "I am the demo's stand-in for a language model: I only fill in Signoff's forms.")
        entries = plan(said, catalogue, today)
        return completion(call, formed({"actions": entries}, call))


def _asked(call: Call) -> tuple[str, list[dict[str, Any]], datetime.date]:
    said: dict[str, str] = {}
    for message in call.body["messages"]:
        said.setdefault(message["role"], message["content"])  # a correction comes later, and says nothing new
    catalogue = json.loads(_FENCE.findall(said["system"])[-1])
    words = json.loads(_FENCE.findall(said["user"])[0])["words"]
    today = _TODAY.search(said["system"])
    return words, catalogue, datetime.date.fromisoformat(today[1] if today else "1970-01-01")


def formed(answer: Mapping[str, Any], call: Call) -> str:
    """An answer as text: bare JSON where a form was asked for, else in a fence."""
    text = json.dumps(answer, ensure_ascii=False)
    return text if call.mode != "plain" else f"Here is the form:\n```json\n{text}\n```"


def completion(call: Call, content: str | None, *, finish: str = "stop", **message: Any) -> web.Response:
    """A chat completion; `message` adds fields to its message (`tool_calls`, `refusal`)."""
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


def refusal(status: int, message: str, param: str | None = None) -> web.Response:
    """An error as OpenAI words it."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message, "type": kind, "param": param, "code": None}
    return web.json_response({"error": error}, status=status)
