"""`run: slack`: one message to a channel, as plain text.

Slack never reached, or rate limited     failed, may be tried again
Slack answered that it will not          failed
Slack answered with the message's ts     succeeded
no answer, or one that is no decision    unknown
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.outcome import Ending, Job, Outcome
from handlers.executors.capped import one_line

EVENT_TYPE = "signoff_run"
LONGEST = 11_000
"""Characters, as JSON. Slack refuses a message whose blocks hold some 13,000 in all."""

_NO_DECISION = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class Post(Protocol):
    """Posts once, without retries, in the channel's turn, and returns the message's `ts`.

    The text is shown as it is: a rich text block, in which nothing is a mention, a link or markup. What Slack or the
    wire did is raised as slack_sdk and aiohttp raise it, or with that as the cause.
    """

    async def __call__(self, channel: str, text: str, metadata: Mapping[str, Any]) -> str: ...


class SlackExecutor:
    """`post` is the one that keeps Slack's pace."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        channel, text = str(job.way["channel"]), str(job.way["text"])
        if not text.strip():
            return Outcome(Ending.FAILED, "Not posted: the text is empty")
        if (length := len(json.dumps(text, ensure_ascii=False))) > LONGEST:
            return Outcome(Ending.FAILED, f"Not posted: the text is {length} characters long, Slack takes {LONGEST}")
        progress(one_line(f"Posting to {channel}"))
        payload = {"key": job.key, "request": job.request_id, "version": job.version}
        metadata = {"event_type": EVENT_TYPE, "event_payload": payload}
        try:
            async with asyncio.timeout(job.timeout):
                ts = await self._post(channel, text, metadata)
        except Exception as exc:  # noqa: BLE001 (whatever is raised, Slack may have posted it)
            return _failed(exc)
        return Outcome(Ending.SUCCEEDED, one_line(f"Posted to {channel}"), {"channel": channel, "ts": ts})


def _failed(exc: Exception) -> Outcome:
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, SlackApiError):
            return _answered(cause)
        if isinstance(cause, aiohttp.ClientConnectorError):
            return Outcome(Ending.FAILED, "Not posted: Slack could not be reached", again=True)
        cause = cause.__cause__
    why = "in time" if isinstance(exc, TimeoutError) else f"({type(exc).__name__})"
    return Outcome(Ending.UNKNOWN, f"Sent to Slack, which did not confirm it {why}")


def _answered(exc: SlackApiError) -> Outcome:
    response: Any = exc.response
    status = getattr(response, "status_code", 200)
    error = response.get("error") if isinstance(getattr(response, "data", response), dict) else None
    if error == "ratelimited" or status == 429:
        wait = str(getattr(response, "headers", {}).get("Retry-After", ""))
        after = float(wait) if wait.isascii() and wait.isdecimal() else None
        return Outcome(Ending.FAILED, "Not posted: Slack asks to wait", again=True, retry_after=after)
    if error is None or error in _NO_DECISION or status >= 500:
        return Outcome(Ending.UNKNOWN, one_line(f"Slack answered {error or status}: it may have been posted"))
    return Outcome(Ending.FAILED, one_line(f"Not posted: Slack answered {error}"))
