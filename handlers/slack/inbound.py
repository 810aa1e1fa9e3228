"""What came from Slack, read once: who, where, which message. Shared by every listener."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.errors import NotAMember, NotFound, Refusal, Superseded
from bot.moves.desk import Desk
from bot.ports import Executor
from bot.request import Actor
from handlers.people import Home
from handlers.tokens import Token

log = structlog.get_logger("slack")


@dataclass(slots=True)
class Tasks:
    """Work that goes on after the answer: kept from being collected, its failures logged."""

    running: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._watched(work))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            log.exception("after_answer_failed", error=repr(error))

    async def finish(self) -> None:
        await asyncio.gather(*self.running, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Office:
    """What the listeners need: the desk, who we are at home, the ways to preview, and the work left for later."""

    desk: Desk
    home: Home
    executors: Mapping[str, Executor]
    tasks: Tasks


def actor(office: Office, user: Mapping[str, Any], via: str) -> Actor:
    """The person behind a payload. Slack puts the clicker's own team in `user.team_id`; Bolt's context does not."""
    team = user.get("team_id")
    enterprise = user.get("enterprise_id") or (user.get("enterprise_user") or {}).get("enterprise_id")
    same_grid = office.home.enterprise_id is not None and enterprise == office.home.enterprise_id
    if team != office.home.team_id and not same_grid:
        raise NotAMember("Only members of this workspace may do this; your account belongs to another organisation.")
    return Actor("person", str(user["id"]), via)


async def shown(office: Office, text: str, channel: str | None = None, ts: str | None = None) -> Token:
    """The token of a message we really posted there. Raises Superseded for one that no longer counts."""
    token = Token.read(text)
    message = await office.desk.store.by_nonce(token.nonce)
    if message is None:
        raise Superseded("This card was replaced by a newer one; please use that.")
    if (message.request_id, message.version) != (token.request_id, token.version):
        raise NotFound
    if channel is not None and message.ts is not None and (message.channel, message.ts) != (channel, ts):
        raise NotFound
    if channel is not None and ts is not None and message.ts is None:
        await office.desk.store.posted(message.nonce, channel, ts)  # its post was never acknowledged; now we know
    return token


def unexpected(error: Exception) -> Refusal:
    """A fault of ours, told without its insides."""
    log.error("listener_failed", error=repr(error), exc_info=error)
    return Refusal("Something went wrong on our side. Look at the card to see what is recorded, then try again.")
