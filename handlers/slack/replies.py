"""Answering one person privately: in the channel where they pressed, seen by nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.cards.blocks import Drawn
from handlers.slack.inbound import Office, Tasks, log
from handlers.slack_errors import UNANSWERED


@dataclass(frozen=True, slots=True)
class Replies:
    """Where to answer. A `response_url` is good for half an hour and is never logged or stored."""

    client: AsyncWebClient
    tasks: Tasks
    user: str
    channel: str | None = None
    response_url: str | None = None
    thread_ts: str | None = None

    async def privately(self, drawn: Drawn) -> None:
        """Say it after the answer to Slack, which never waits for it."""
        self.tasks.start(self._say(drawn))

    async def _say(self, drawn: Drawn) -> None:
        try:
            if not await self._by_url(drawn):
                await self._by_post(drawn)
        except UNANSWERED as error:
            log.warning("private_answer_lost", user=self.user, error=type(error).__name__)

    async def _by_url(self, drawn: Drawn) -> bool:
        """Whether it was said by the interaction's own URL, which needs no right to post there."""
        if not self.response_url:
            return False
        webhook = AsyncWebhookClient(self.response_url, session=self.client.session)
        try:
            answer = await webhook.send(
                text=drawn.text, blocks=drawn.blocks, response_type="ephemeral", replace_original=False
            )
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
        return answer.status_code == 200

    async def _by_post(self, drawn: Drawn) -> None:
        channel = self.channel
        if channel is None or channel.startswith("D"):
            opened = await self.client.conversations_open(users=self.user)
            channel = opened["channel"]["id"]
            await self.client.chat_postMessage(channel=channel, text=drawn.text, blocks=drawn.blocks)
            return
        await self.client.chat_postEphemeral(
            channel=channel, user=self.user, text=drawn.text, blocks=drawn.blocks, thread_ts=self.thread_ts
        )


def replies_to(office: Office, client: AsyncWebClient, body: Mapping[str, Any]) -> Replies:
    """Where whoever sent this interaction or command is answered."""
    container, user = body.get("container") or {}, body.get("user") or {"id": body.get("user_id")}
    channel = container.get("channel_id") or (body.get("channel") or {}).get("id") or body.get("channel_id")
    return Replies(client, office.tasks, str(user["id"]), channel, body.get("response_url"), container.get("thread_ts"))
