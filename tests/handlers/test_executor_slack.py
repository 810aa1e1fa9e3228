"""`run: slack` through slack_sdk's own client, against a server that answers as Slack does, or does not."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.outcome import Ending, Job, Outcome
from handlers.executors.slack import LONGEST, SlackExecutor
from tests.handlers.test_egress import listening

FAILED, UNKNOWN, SUCCEEDED = Ending.FAILED, Ending.UNKNOWN, Ending.SUCCEEDED


def job(text: str = "Order shipped", channel: str = "#sales", *, timeout: float = 5.0) -> Job:
    return Job("req_1", 3, 2, "req_1.3", {"kind": "slack", "channel": channel, "text": text}, timeout)


class Gave(Exception):
    """What a wrapper may make of the client's errors."""


class Client:
    """The thinnest wrapper that keeps the promise of `Post`; `wrapping` raises errors of its own from the client's."""

    def __init__(self, base_url: str, *, wrapping: bool = False) -> None:
        self._client = AsyncWebClient("xoxb-test", base_url=base_url, retry_handlers=[])
        self._wrapping = wrapping

    async def __call__(self, channel: str, text: str, metadata: Mapping[str, Any]) -> str:
        try:
            answer = await self._client.chat_postMessage(channel=channel, text=text, metadata=dict(metadata))
        except Exception as exc:
            if self._wrapping:
                raise Gave("up") from exc
            raise
        return str(answer["ts"])


@dataclass
class Slack:
    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)


@asynccontextmanager
async def slack(
    answer: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Slack]:
    """A Slack that takes chat.postMessage; `answer` is its JSON, its bytes, or an event to wait for first."""
    taken = Slack()
    said = {"ok": True, "channel": "C1", "ts": "1700000000.000100"} if answer is None else answer

    async def post(request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        taken.posts.append({key: _parsed(value) for key, value in body.items()})
        if isinstance(said, asyncio.Event):
            await said.wait()
        if isinstance(said, bytes):
            return web.Response(body=said, status=status, headers=headers)
        return web.json_response(said if isinstance(said, dict) else {}, status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/api/chat.postMessage", post)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    taken.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield taken
    finally:
        await runner.cleanup()


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value


async def run(url: str, what: Job, *, wrapping: bool = False) -> Outcome:
    lines: list[str] = []
    return await SlackExecutor(Client(url, wrapping=wrapping)).run(what, lines.append)


async def test_a_message_is_posted_with_its_key() -> None:
    async with slack() as server:
        outcome = await run(server.url, job())
        (post,) = server.posts
    assert outcome == Outcome(SUCCEEDED, "Posted to #sales", {"channel": "#sales", "ts": "1700000000.000100"})
    assert post["channel"] == "#sales"
    assert post["text"] == "Order shipped"
    assert post["metadata"] == {
        "event_type": "signoff_run",
        "event_payload": {"key": "req_1.3", "request": "req_1", "version": 3},
    }


@pytest.mark.parametrize(
    ("answer", "status", "headers", "ending", "again", "after"),
    [
        ({"ok": False, "error": "channel_not_found"}, 200, {}, FAILED, False, None),
        ({"ok": False, "error": "not_in_channel"}, 200, {}, FAILED, False, None),
        ({"ok": False, "error": "invalid_auth"}, 200, {}, FAILED, False, None),
        ({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "7"}, FAILED, True, 7.0),
        ({"ok": False, "error": "ratelimited"}, 429, {}, FAILED, True, None),
        ({"ok": False, "error": "ratelimited"}, 200, {"Retry-After": "x"}, FAILED, True, None),
        ({"ok": False, "error": "internal_error"}, 200, {}, UNKNOWN, False, None),
        ({"ok": False, "error": "fatal_error"}, 500, {}, UNKNOWN, False, None),
        ({"ok": False, "error": "service_unavailable"}, 503, {}, UNKNOWN, False, None),
        ({"ok": False, "error": "request_timeout"}, 200, {}, UNKNOWN, False, None),
        ({"ok": False, "error": "anything"}, 502, {}, UNKNOWN, False, None),
        ({"ok": False}, 200, {}, UNKNOWN, False, None),
        (b"<html>busy</html>", 502, {}, UNKNOWN, False, None),
        (b"<html>busy</html>", 200, {}, UNKNOWN, False, None),
        (b"", 200, {}, UNKNOWN, False, None),
        (b"[]", 200, {}, UNKNOWN, False, None),
    ],
)
@pytest.mark.parametrize("wrapping", [False, True])
async def test_each_answer_has_its_ending(
    answer: Any, status: int, headers: dict[str, str], ending: Ending, again: bool, after: float | None, wrapping: bool
) -> None:
    async with slack(answer, status=status, headers=headers) as server:
        outcome = await run(server.url, job(), wrapping=wrapping)
        assert len(server.posts) == 1
    assert (outcome.ending, outcome.again, outcome.retry_after) == (ending, again, after), outcome


async def test_no_acknowledgement_is_unknown() -> None:
    never = asyncio.Event()
    async with slack(never) as server:
        outcome = await run(server.url, job(timeout=0.2))
        assert len(server.posts) == 1
        never.set()
    assert outcome.ending is UNKNOWN
    assert not outcome.again


@pytest.mark.parametrize("wrapping", [False, True])
async def test_a_connection_that_breaks_off_is_unknown_and_posted_once(wrapping: bool) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async with listening(hang_up) as listener:
        outcome = await run(f"http://127.0.0.1:{listener.port}/api/", job(), wrapping=wrapping)
        assert len(listener.heard) == 1
    assert outcome.ending is UNKNOWN


@pytest.mark.parametrize("wrapping", [False, True])
async def test_slack_out_of_reach_is_failed_and_may_be_tried_again(wrapping: bool) -> None:
    async with slack() as server:
        pass
    outcome = await run(server.url, job(), wrapping=wrapping)
    assert outcome.ending is FAILED
    assert outcome.again


@pytest.mark.parametrize("text", ["", " \n\t", "x" * (LONGEST - 1), "\n" * 6000 + "x"])
async def test_what_slack_would_not_show_whole_is_not_posted(text: str) -> None:
    async with slack() as server:
        outcome = await run(server.url, job(text))
        assert server.posts == []
        assert (await run(server.url, job("x" * (LONGEST - 2)))).ending is SUCCEEDED
    assert outcome.ending is FAILED
    assert outcome.summary.startswith("Not posted")
