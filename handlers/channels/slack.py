"""Cards, private messages and thread lines in Slack, at the pace Slack allows.

A message is known by its nonce before it is posted. A post that was not acknowledged may stand in Slack or not:
its nonce is given up, so that whatever it shows decides nothing, and another is posted.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import faults
from bot.breakage import of_version
from bot.deliver import LASTING
from bot.moves import draft, reach
from bot.moves.desk import Desk
from bot.ports import Message, NotDelivered, Parcel
from bot.request import Actor, Event, Move, Request, State, Version
from bot.roundup import REMINDS, Roundup
from handlers.cards import glass
from handlers.cards import roundup as roundups
from handlers.cards.away import stands_in
from handlers.cards.blocks import Drawn
from handlers.cards.card import card, superseded
from handlers.cards.lines import alone_alert, line, operator_alert
from handlers.cards.lists import posted, said
from handlers.cards.mine import mine
from handlers.cards.summary import summary
from handlers.slack_errors import UNANSWERED, code_of
from handlers.tokens import Token

SPACING = 1.02  # seconds between two posts in one channel
_GONE = frozenset({"message_not_found", "thread_not_found"})
_UNREACHABLE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})
_FINAL = frozenset({"user_not_found", "user_disabled", "cannot_dm_bot", "account_inactive_user"})
_FIXED = {"edit_window_closed", "cant_update_message", "is_inactive"}


@dataclass(slots=True)
class Pace:
    """One post a second for each channel, in the order they came; a `Retry-After` holds its method back."""

    spacing: float = SPACING
    now: Callable[[], float] = time.monotonic
    _next: dict[str, float] = field(default_factory=dict)

    async def turn(self, key: str, spacing: float) -> None:
        at = max(self.now(), self._next.get(key, 0.0))
        self._next[key] = at + spacing
        if len(self._next) > 10_000:
            self._next = {k: v for k, v in self._next.items() if v > self.now()}
        await asyncio.sleep(max(0.0, at - self.now()))

    def hold(self, key: str, seconds: float) -> None:
        self._next[key] = max(self._next.get(key, 0.0), self.now() + seconds)


@dataclass(slots=True)
class SlackChannel:
    """`bot.ports.Channel` over chat.postMessage, chat.update and conversations.open."""

    client: AsyncWebClient
    desk: Desk
    pace: Pace = field(default_factory=Pace)
    _dms: dict[str, str] = field(default_factory=dict)

    async def show(self, request: Request, message: Message) -> None:
        first = message.posting_since is None
        if message.ts is not None and message.channel is not None:
            if await self._update(request, message):
                return
            message = await self.desk.store.lost(message.nonce)
        elif not first:
            message = await self.desk.store.lost(message.nonce)
        if _over(request, message):
            return
        await self._post(request, message, first=first)

    async def tell(self, request: Request, parcel: Parcel) -> None:
        event = event_of(parcel.data["event"])
        match parcel.data["to"]:
            case "thread":
                await self._in_thread(request, event)
            case "requester":
                await self._to_requester(request, event)
            case "glass":
                await self._of_break(request, event, str(parcel.data["where"]))
            case _:
                alert = alone_alert if event.type == Move.ALONE else operator_alert
                await self._to_operators(alert(request))

    async def alarm(self, text: str) -> None:
        await self._to_operators(said(f"🚩 {text}"))

    async def whisper(self, people: Iterable[str], text: str) -> None:
        """Plain text to each of these people, by direct message. NotDelivered names those it did not reach."""
        missed = []
        for person in sorted(people):
            try:
                await self._say_gently(await self.dm(person), said(text))
            except NotDelivered as error:
                missed.append(f"{person}: {error}")
        if missed:
            raise NotDelivered("; ".join(missed), final=True)

    async def inform(self, parcel: Parcel) -> None:
        about = parcel.data
        match about["what"]:
            case "summary":
                week = await self.desk.store.week(
                    list(self.desk.in_force.catalogue.actions), about["since"], about["until"]
                )
                drawn = None if week.empty else summary(week)  # a week in which nothing was decided makes no message
            case _:
                drawn = stands_in(str(about["person"]), about["until"])
        if drawn is not None:
            await self._say_gently(await self.dm(str(about["to"])), drawn)

    # ── cards ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _update(self, request: Request, message: Message) -> bool:
        """Redraw it where it stands. False when it is gone from Slack and must be posted again."""
        faults.point("F7")
        return await self._redrawn(message.channel or "", message.ts or "", await self._draw(request, message))

    async def _redrawn(self, channel: str, ts: str, drawn: Drawn) -> bool:
        try:
            await self._call("chat.update", channel, channel=channel, ts=ts, text=drawn.text, blocks=drawn.blocks)
        except SlackApiError as error:
            code = code_of(error)
            if code in _GONE:
                return False
            if code in _FIXED or code in _UNREACHABLE:
                raise NotDelivered(f"Slack would not redraw the message: {code}", final=True) from error
            raise NotDelivered(f"chat.update: {code}") from error
        return True

    async def _post(self, request: Request, message: Message, *, first: bool) -> None:
        drawn = await self._draw(request, message)
        channel = await self._channel(request, message)
        await self.desk.store.posting(message.nonce, self.desk.clock())
        faults.point("F3")
        try:
            answer = await self._posted(channel, drawn, message)
        except _Unreachable as error:
            if message.place not in ("card", "security"):
                raise NotDelivered(str(error), final=True) from error
            answer = await self._posted_elsewhere(request, drawn, message, error, first=first)
        faults.point("F4")
        await self.desk.store.posted(message.nonce, answer["channel"], answer["ts"])

    async def _posted_elsewhere(
        self, request: Request, drawn: Drawn, message: Message, why: Exception, *, first: bool
    ) -> Mapping[str, Any]:
        """A card whose channel takes no posts goes to the fallback; where that takes none, the requester hears."""
        fallback = self.desk.in_force.catalogue.fallback_channel
        try:
            if fallback:
                await self._say(fallback, said(f"{why} The card of {request.id} is here instead."))
                return await self._posted(fallback, drawn, message)
        except _Unreachable as error:
            why = error
        if first and request.asker.told:
            told = f"The card of “{request.now_version.headline}” cannot be posted, so nobody sees it yet. {why}"
            await self._say_gently(await self.dm(request.asker.told), said(f"{told} Please tell the operators."))
        raise NotDelivered(str(why), retry_after=60) from why

    async def _posted(self, channel: str, drawn: Drawn, message: Message) -> Mapping[str, Any]:
        metadata = {"event_type": "signoff_message", "event_payload": {"nonce": message.nonce}}
        return await self._say(channel, drawn, metadata=metadata)

    async def _draw(self, request: Request, message: Message) -> Drawn:
        current = request.version
        if message.place == "mine":  # one message for all versions: its buttons are about the one it shows
            token = Token(request.id, current.number if current else 0, message.nonce).text
            action, decision = await draft.outlook(self.desk, request)
            covers = await reach.covers(self.desk, request)
            return mine(request, token, action=action, decision=decision, now=self.desk.clock(), covers=covers)
        if message.place == "security":
            return await self._draw_security(request, message)
        token = Token(request.id, message.version, message.nonce).text
        if current is None or current.number != message.version:
            earlier = await self.desk.store.versions(request.id)
            was = next((version.headline for version in earlier if version.number == message.version), None)
            return superseded(request, message.version, was)
        may_vote = message.place == "card" or dict(request.escalated_to).get(message.person, False)
        similar = await self.desk.store.similar(current.action.name, current.made_at, 3)
        return card(
            request,
            token,
            copy=message.place == "dm",
            may_vote=may_vote,
            similar=similar,
            now=self.desk.clock(),
            covers=await reach.covers(self.desk, request),
            whose=message.person,
        )

    async def _draw_security(self, request: Request, message: Message) -> Drawn:
        broken = of_version(request, message.version)
        token = Token(request.id, message.version, message.nonce).text
        return glass.security(request, broken, await self._version(request, message.version), token, self.desk.clock())

    async def _version(self, request: Request, number: int) -> Version:
        """That version, which may be an earlier one."""
        if request.now_version.number == number:
            return request.now_version
        return next(each for each in await self.desk.store.versions(request.id) if each.number == number)

    async def _channel(self, request: Request, message: Message) -> str:
        if message.person:
            return await self.dm(message.person)
        if message.place == "security":
            return self._security_channel
        return self.desk.in_force.catalogue.channel_of(request.now_version.action)

    # ── roundups ────────────────────────────────────────────────────────────────────────────────────────────────

    async def show_roundup(self, roundup: Roundup) -> None:
        drawn = roundups.roundup(roundup.id, await self._entries(roundup))
        if roundup.ts is not None and roundup.channel is not None:
            if await self._redrawn(roundup.channel, roundup.ts, drawn):
                return
            await self.desk.store.roundup_posted(roundup.id, None, None)
        metadata = {"event_type": "signoff_roundup", "event_payload": {"roundup": roundup.id}}
        fallback = self.desk.in_force.catalogue.fallback_channel
        try:
            answer = await self._say(roundup.aim, drawn, metadata=metadata)
        except _Unreachable as error:
            if not fallback:
                raise NotDelivered(str(error), retry_after=60) from error
            answer = await self._say_or_later(fallback, drawn, metadata=metadata)
        await self.desk.store.roundup_posted(roundup.id, answer["channel"], answer["ts"])

    async def _entries(self, roundup: Roundup) -> list[roundups.Entry]:
        return [roundups.Entry(await self.desk.open(each), version) for each, version in roundup.entries]

    async def _say_or_later(self, channel: str, drawn: Drawn, **more: Any) -> Mapping[str, Any]:
        try:
            return await self._say(channel, drawn, **more)
        except _Unreachable as error:
            raise NotDelivered(str(error), retry_after=60) from error

    async def _remind(self, roundup: Roundup) -> None:
        """One line for all that wait in it: a flood of requests makes no flood of reminders."""
        now, last = self.desk.clock(), roundup.reminded_at
        if last is not None and now - last < REMINDS:
            return
        drawn = roundups.reminder(await self._entries(roundup))
        if roundup.ts is None:
            raise NotDelivered("its roundup is not posted yet", retry_after=1)
        if drawn is None or not await self.desk.store.roundup_reminded(roundup.id, last, now):
            return
        try:
            await self._say_gently(roundup.channel or "", drawn, thread_ts=roundup.ts)
        except NotDelivered:
            await self.desk.store.roundup_reminded(roundup.id, now, last)
            raise

    # ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _in_thread(self, request: Request, event: Event) -> None:
        """Under the card of the event's version; that there is a next one is told under the one it replaces."""
        covers = await reach.covers(self.desk, request) if event.type == Move.REMIND else ()
        drawn = line(event, request, covers)
        if drawn is None:
            return
        number = event.version - (event.type in (Move.EDIT, Move.REOPEN))
        posted = [m for m in await self.desk.store.messages(request.id) if m.place == "card" and m.ts]
        if not posted:
            listing = await self.desk.store.listing(request.id)
            if listing is None:
                raise NotDelivered("its card is not posted yet", retry_after=1)
            if event.type == Move.REMIND:  # all else is told by the roundup itself, which is redrawn
                await self._remind(listing)
            return
        root = max(posted, key=lambda m: (m.version <= number, -abs(m.version - number)))
        await self._say_gently(root.channel or "", drawn, thread_ts=root.ts)

    async def _to_requester(self, request: Request, event: Event) -> None:
        drawn = line(event, request)
        person = request.asker.told
        if drawn is None or person is None:
            return
        own = next((m for m in await self.desk.store.messages(request.id) if m.place == "mine" and m.ts), None)
        thread = {"thread_ts": own.ts, "reply_broadcast": True} if own else {}
        await self._say_gently(await self.dm(person), drawn, **thread)

    async def _to_operators(self, drawn: Drawn) -> None:
        catalogue = self.desk.in_force.catalogue
        await self._say_gently(catalogue.fallback_channel or catalogue.channel, drawn)

    async def _of_break(self, request: Request, event: Event, where: str) -> None:
        """To those who were passed over, at once; to operators and the security channel, what is new of it."""
        broken = of_version(request, event.version)
        version = await self._version(request, event.version)
        match where:
            case "security":
                await self._say_gently(self._security_channel, glass.news(event, request, broken, version))
            case "operators":
                await self._to_operators(glass.news(event, request, broken, version))
            case person:
                await self._say_gently(await self.dm(person), glass.skipped(request, broken, version))

    @property
    def _security_channel(self) -> str:
        catalogue = self.desk.in_force.catalogue
        return catalogue.security_channel or catalogue.fallback_channel or catalogue.channel

    async def post(self, channel: str, text: str, metadata: Mapping[str, Any]) -> str:
        """A plain message for the `slack` executor: text as text, nothing in it a mention or a link."""
        answer = await self._say(channel, posted(text), metadata=metadata)
        return str(answer["ts"])

    async def dm(self, person: str) -> str:
        """The id of the direct message channel with a person."""
        if person not in self._dms:
            try:
                answer = await self._call("conversations.open", "", users=person)
            except SlackApiError as error:
                code = code_of(error)
                raise NotDelivered(f"no direct message to {person}: {code}", final=code in _FINAL) from error
            self._dms[person] = answer["channel"]["id"]
        return self._dms[person]

    # ── the wire ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _say_gently(self, channel: str, drawn: Drawn, **more: Any) -> None:
        try:
            await self._say(channel, drawn, **more)
        except _Unreachable as error:
            raise NotDelivered(str(error), final=True) from error

    async def _say(self, channel: str, drawn: Drawn, **more: Any) -> Mapping[str, Any]:
        quiet = {"unfurl_links": False, "unfurl_media": False}
        try:
            return await self._call(
                "chat.postMessage", channel, channel=channel, text=drawn.text, blocks=drawn.blocks, **quiet, **more
            )
        except SlackApiError as error:
            code = code_of(error)
            if code in _UNREACHABLE:
                raise _Unreachable(f"Slack would not take a message in {channel}: {code}.") from error
            raise NotDelivered(f"chat.postMessage: {code}", final=code in _FINAL) from error

    async def _call(self, method: str, in_channel: str, **body: Any) -> Mapping[str, Any]:
        """One call in its turn. SlackApiError for what Slack refused, NotDelivered for what may be tried again."""
        await self.pace.turn(method, 0.0)
        if method == "chat.postMessage":
            await self.pace.turn(in_channel, self.pace.spacing)
        try:
            answer = await self.client.api_call(method, json=body)
        except SlackApiError as error:
            if error.response.status_code == 429:
                wait = float(error.response.headers.get("Retry-After", 1))
                self.pace.hold(method, wait)
                raise NotDelivered(f"{method}: Slack asks to wait {wait:g} s", retry_after=wait) from error
            if error.response.status_code >= 500:
                raise NotDelivered(f"{method}: Slack answered {error.response.status_code}") from error
            raise
        except UNANSWERED as error:
            raise NotDelivered(f"{method}: no answer from Slack ({type(error).__name__})") from error
        found: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        return found


class _Unreachable(Exception):
    """This channel cannot be posted to: archived, unknown, or the bot is not in it."""


def _over(request: Request, message: Message) -> bool:
    """A message that was never posted, of a version that no longer counts."""
    current = request.version
    return message.place not in LASTING and (current is None or current.number != message.version)


def event_of(data: Mapping[str, Any]) -> Event:
    """The event a TELL was made for, from its JSON."""
    return Event(
        type=data["type"],
        request_id=data["request_id"],
        actor=Actor(**data["actor"]),
        at=data["at"],
        version=data.get("version", 0),
        before=State(data["before"]) if "before" in data else None,
        after=State(data["after"]) if "after" in data else None,
        digest=data.get("digest", ""),
        detail=data.get("detail", {}),
    )
