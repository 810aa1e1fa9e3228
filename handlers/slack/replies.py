"""Answering one person privately: in the channel where they pressed, seen by nobody else."""

from dataclasses import dataclass

from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from handlers.cards.blocks import Drawn
from handlers.slack.inbound import Tasks, log


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
            if self.response_url:
                webhook = AsyncWebhookClient(self.response_url, session=self.client.session)
                answer = await webhook.send(
                    text=drawn.text, blocks=drawn.blocks, response_type="ephemeral", replace_original=False
                )
                if answer.status_code == 200:
                    return
            channel = self.channel
            if channel is None or channel.startswith("D"):
                opened = await self.client.conversations_open(users=self.user)
                channel = opened["channel"]["id"]
                await self.client.chat_postMessage(channel=channel, text=drawn.text, blocks=drawn.blocks)
                return
            await self.client.chat_postEphemeral(
                channel=channel, user=self.user, text=drawn.text, blocks=drawn.blocks, thread_ts=self.thread_ts
            )
        except (SlackClientError, OSError, TimeoutError) as error:
            log.warning("private_answer_lost", user=self.user, error=type(error).__name__)
