"""`run: slack`: one message to a channel, as plain text.

    Slack never reached, or rate limited     failed, may be tried again
    Slack answered that it will not          failed
    Slack answered with the message's ts     succeeded
    no answer, or one that is no decision    unknown

The text stands in a rich text block, where nothing is markup: no mention, no link, no channel call.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.ports import Ending, Job, Outcome
from handlers.executors.capped import one_line

EVENT_TYPE = "signoff_run"
LONGEST = 12_000
"""Characters. Slack refuses a message whose blocks hold some 13,000 in all."""

_NO_DECISION = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class Post(Protocol):
    """Posts once, with neither retries nor unfurling, and returns the message's `ts`.

    Raises what slack_sdk's client raises: SlackApiError, aiohttp.ClientError, TimeoutError.
    """

    async def __call__(
        self, channel: str, text: str, metadata: Mapping[str, Any], *, blocks: Sequence[Mapping[str, Any]]
    ) -> str: ...


class SlackExecutor:
    """`post` is the wrapper of Slack's client that keeps its pace."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        channel, text = str(job.way["channel"]), str(job.way["text"])
        if not text.strip():
            return Outcome(Ending.FAILED, "Not posted: the text is empty")
        if len(text) > LONGEST:
            return Outcome(Ending.FAILED, f"Not posted: the text has {len(text)} characters, Slack takes {LONGEST}")
        progress(one_line(f"Posting to {channel}"))
        payload = {"key": job.key, "request": job.request_id, "version": job.version}
        metadata = {"event_type": EVENT_TYPE, "event_payload": payload}
        try:
            async with asyncio.timeout(job.timeout):
                ts = await self._post(channel, escaped(text), metadata, blocks=[plain(text)])
        except SlackApiError as exc:
            return _answered(exc)
        except aiohttp.ClientConnectorError:
            return Outcome(Ending.FAILED, "Not posted: Slack could not be reached", again=True)
        except (aiohttp.ClientError, SlackClientError, OSError) as exc:
            why = "in time" if isinstance(exc, TimeoutError) else f"({type(exc).__name__})"
            return Outcome(Ending.UNKNOWN, f"Sent to Slack, which did not confirm it {why}")
        return Outcome(Ending.SUCCEEDED, one_line(f"Posted to {channel}"), {"channel": channel, "ts": ts})


def plain(text: str) -> dict[str, Any]:
    """A block in which the text is only text."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def escaped(text: str) -> str:
    """The same for the fallback, which notifications show and which is parsed as mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
