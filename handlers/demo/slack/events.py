"""The Events API: which changes of the workspace the bot hears of, in what envelope, how often again."""

import asyncio
import secrets
from collections.abc import Sequence

from handlers.demo.slack.core import Core
from handlers.demo.slack.delivery import VERIFICATION_TOKEN, Ack, Deliveries
from handlers.demo.slack.errors import BotFailedError
from handlers.demo.slack.values import CHANNEL_TYPES, Channel, Json

SLACK_RETRIES = (0.0, 60.0, 300.0)
"""Seconds before each repetition: at once, after a minute, after five minutes."""

HISTORY = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
NEEDS = {
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "subteam_created": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "subteam_members_changed": "usergroups:read",
    "user_change": "users:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
}
REASONS = {"operation_timeout": "http_timeout", "dispatch_failed": "http_error"}


class Events:
    """Turns what the workspace announces into deliveries, in tasks of their own."""

    def __init__(self, core: Core, deliveries: Deliveries, retries: Sequence[float]) -> None:
        self._core = core
        self._deliveries = deliveries
        self._retries = tuple(retries)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """Events not acknowledged and not given up yet."""
        return len(self._tasks)

    def announce(self, event: Json) -> None:
        """Send an event to the bot if it subscribed to it, may hear it, and is where it happened."""
        for name, heard in self._heard(event):
            if self._deliveries.door and self._wanted(name, heard):
                self.send(heard)

    def send(self, event: Json) -> None:
        """Send one event in its envelope, whatever is subscribed."""
        task = asyncio.create_task(self._deliver(self.envelope(event)))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def envelope(self, event: Json) -> Json:
        """The outer object of the Events API."""
        core = self._core
        team = core.workspace.team
        channel = _channel(core, event)
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": team.id,
            "api_app_id": core.app.id,
            "event": {"event_ts": core.workspace.next_ts()} | event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(6).upper()}",
            "event_time": int(core.workspace.now()),
            "authorizations": [
                {
                    "enterprise_id": team.enterprise_id,
                    "team_id": team.id,
                    "user_id": core.app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": bool(channel and channel.is_ext_shared),
        }

    async def verify(self) -> None:
        """Ask the request URL to echo a challenge, as Slack does when it is entered.

        Raises:
            BotFailedError: it did not.
        """
        challenge = secrets.token_hex(16)
        payload: Json = {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        ack = (await self._deliveries.send("event", payload)).checked()
        echoed = ack.body.get("challenge") if isinstance(ack.body, dict) else ack.body
        if echoed != challenge:
            raise BotFailedError("url_verification", f"the challenge was not echoed: {ack.body!r}")

    async def close(self) -> None:
        """Stop repeating."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._core.workspace.changes.touch()

    async def _deliver(self, envelope: Json) -> None:
        ack = await self._deliveries.send("event", envelope)
        for number, seconds in enumerate(self._retries, start=1):
            if _settled(ack):
                return
            await asyncio.sleep(seconds)
            ack = await self._deliveries.send("event", envelope, retry=number, reason=_reason(ack))

    def _heard(self, event: Json) -> list[tuple[str, Json]]:
        """The subscriptions an event falls under, and its form for each."""
        channel = _channel(self._core, event)
        if event["type"] != "message" or channel is None:
            return [(event["type"], event)]
        kind = CHANNEL_TYPES[channel.kind]
        said = event | {"channel_type": kind}
        names = {"channel": "message.channels", "group": "message.groups"}
        heard = [(names.get(kind, f"message.{kind}"), said)]
        mention = f"<@{self._core.app.bot_user}>" in str(event.get("text", ""))
        if mention and channel.kind != "im" and not event.get("subtype"):
            heard.append(("app_mention", event | {"type": "app_mention"}))
        return heard

    def _wanted(self, name: str, event: Json) -> bool:
        app = self._core.app
        channel = _channel(self._core, event)
        scope = NEEDS.get(name)
        if name.startswith("message.") and channel:
            scope = f"{HISTORY[channel.kind]}:history"
        elif scope == "channels:read" and channel and channel.kind == "private":
            scope = "groups:read"
        present = channel is None or app.bot_user in channel.members or event.get("user") == app.bot_user
        return app.installed and name in app.events and present and (scope is None or scope in app.scopes)


def _channel(core: Core, event: Json) -> Channel | None:
    ident = event.get("channel") or event.get("item", {}).get("channel")
    return core.workspace.channels.get(ident) if isinstance(ident, str) else None


def _settled(ack: Ack) -> bool:
    accepted = ack.status is not None and 200 <= ack.status < 300
    return accepted or ack.headers.get("x-slack-no-retry") == "1"


def _reason(ack: Ack) -> str:
    if ack.error == "dispatch_failed" and ack.status is None:
        return "connection_failed"
    return REASONS.get(ack.error or "", "http_error")
