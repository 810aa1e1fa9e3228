"""What came from Slack, read once: who, where, which message. Shared by every listener."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import NotAMember, NotFound, Refusal, Superseded
from bot.moves.desk import Desk
from bot.ports import Executor, Message
from bot.request import Actor
from handlers.people import Home
from handlers.slack_errors import code_of
from handlers.tokens import Token
from handlers.watch import News

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
    """What the listeners need: the desk, who we are at home, the ways to preview, the work left for later, the news."""

    desk: Desk
    home: Home
    executors: Mapping[str, Executor]
    tasks: Tasks
    news: News


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
        return await _listed(office, token, channel, ts)
    ours = message.request_id == token.request_id and (message.version == token.version or message.place == "mine")
    if not ours:
        raise NotFound
    if channel is not None and ts is not None:
        await _stands_there(office, message, channel, ts)
    return token


async def _listed(office: Office, token: Token, channel: str | None, ts: str | None) -> Token:
    """A button of a roundup, which names that in place of a message: it counts as one of the card it stands for."""
    store = office.desk.store
    roundup = await store.roundup(token.nonce)
    if roundup is None:
        raise Superseded("This card was replaced by a newer one; please use that.")
    if (token.request_id, token.version) not in roundup.entries:
        raise NotFound
    if channel is not None and ts is not None:
        if roundup.ts is None:
            await store.roundup_posted(roundup.id, channel, ts)  # pressed before Slack's answer was noted
        elif (roundup.channel, roundup.ts) != (channel, ts):
            raise Superseded("This list was replaced by a newer one; please use that.")
    card = await store.message(token.request_id, token.version, "card")
    return Token(token.request_id, token.version, card.nonce)


async def _stands_there(office: Office, message: Message, channel: str, ts: str) -> None:
    """A button counts only in the message it was posted with."""
    there = message if message.ts is not None else await office.desk.store.by_ts(channel, ts)
    if there is None:
        await office.desk.store.posted(message.nonce, channel, ts)  # pressed before Slack's answer was noted
    elif (there.nonce, there.channel, there.ts) != (message.nonce, channel, ts):
        raise NotFound


def in_words(error: Exception) -> Refusal:
    """What a person hears of an error: a refusal as it is, Slack's troubles as such, ours without their insides."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, SlackApiError) and code_of(error) in _TRIGGER_GONE:
        return Refusal("Slack waited too long to open the window. Nothing is recorded; press again.")
    if isinstance(error, SlackClientError | aiohttp.ClientError | TimeoutError):
        log.warning("slack_failed", error=type(error).__name__, detail=str(error)[:200])
        return Refusal("Slack did not open the window. Nothing is recorded; press again.")
    log.error("listener_failed", error=repr(error), exc_info=error)
    return Refusal("Something went wrong on our side. Look at the card to see what is recorded, then try again.")


_TRIGGER_GONE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"})


async def refused(office: Office, error: Refusal, user: Mapping[str, Any], via: str, about: str = "") -> None:
    """Every refusal is an event, rate-limited; one that a move wrote is not written twice. `about`: a token, or not."""
    request_id = ""
    with suppress(Refusal):
        request_id = Token.read(about.partition("#")[0]).request_id
    with suppress(Refusal):  # what cannot be recorded was said to the person all the same
        await office.desk.note(error, request_id, Actor("person", str(user.get("id") or ""), via))
