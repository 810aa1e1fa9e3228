"""`LocalSlack`: a Slack workspace on loopback, from start to stop."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from handlers.demo.slack.app import App
from handlers.demo.slack.core import Core
from handlers.demo.slack.delivery import Ack, Deliveries, Delivery, HttpDoor, SignedRequest
from handlers.demo.slack.errors import NotThereError
from handlers.demo.slack.events import SLACK_RETRIES, Events
from handlers.demo.slack.faults import Faults
from handlers.demo.slack.limits import RateLimits
from handlers.demo.slack.people import Person
from handlers.demo.slack.render import plain
from handlers.demo.slack.seeing import Sight
from handlers.demo.slack.sockets import Sockets
from handlers.demo.slack.ui import UiApi
from handlers.demo.slack.values import Channel, Message, Team, User, UserGroup
from handlers.demo.slack.webapi import METHODS
from handlers.demo.slack.webapi.server import ApiCall, WebApi
from handlers.demo.slack.workspace import Workspace

T = TypeVar("T")
ACK_SECONDS = 3.0


class LocalSlack:
    """One workspace with one app, served on loopback between `async with` and its end.

    Args:
        team, app, users, channels, groups, other_teams: what the workspace starts with; see `sample.build`.
        now: the workspace's clock in seconds since 1970. Message times, trigger and response-URL expiry and
            rate limits follow it; the three seconds for an answer and signatures are real time.
        ack_seconds: how long the bot has to answer.
        retries: seconds before each repetition of an event that was not acknowledged.
        page: a folder with the web page (`index.html` and more); see `ui`.
        host, port: where to listen; port 0 takes a free one.
    """

    def __init__(
        self,
        team: Team,
        app: App,
        *,
        users: Iterable[User] = (),
        channels: Iterable[Channel] = (),
        groups: Iterable[UserGroup] = (),
        other_teams: Iterable[Team] = (),
        now: Callable[[], float] = time.time,
        ack_seconds: float = ACK_SECONDS,
        retries: Sequence[float] = SLACK_RETRIES,
        page: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.workspace = Workspace(
            team, app, now, users=users, channels=channels, groups=groups, other_teams=other_teams
        )
        self.core = Core(self.workspace)
        self.faults = Faults()
        self.limits = RateLimits({name: method.per_minute for name, method in METHODS.items()}, now)
        self.deliveries = Deliveries(self.workspace.changes)
        self.events = Events(self.core, self.deliveries, retries)
        self.workspace.announce = self.events.announce
        self.sockets = Sockets(self.core, ack_seconds)
        self.core.socket_url = self.sockets.url
        self.deliveries.sockets = self.sockets
        self.ui = UiApi(self.core, self.person, page)
        self._web_api = WebApi(self.core, self.faults, self.limits)
        self._ack_seconds = ack_seconds
        self._doors: list[HttpDoor] = []
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    # ---- from start to stop ------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=4 * 1024 * 1024)
        application.add_routes([*self._web_api.routes(), *self.sockets.routes(), *self.ui.routes()])
        # A call that hangs on purpose ends when its client gives up, or when the server stops.
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.core.base_url = f"http://{self._host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.events.close()
        await self.sockets.close()
        for door in self._doors:
            await door.close()
        if self._runner:
            await self._runner.cleanup()

    # ---- what the bot is told ----------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """The Web API's root, for `AsyncWebClient(base_url=…)`; ends in `/`."""
        return f"{self.core.base_url}/api/"

    @property
    def page_url(self) -> str:
        """Where the web page is, if there is one."""
        return f"{self.core.base_url}/"

    @property
    def app(self) -> App:
        """The installed app as it is now."""
        return self.workspace.app

    @property
    def bot_token(self) -> str:
        """`xoxb-…`"""
        return self.app.bot_token

    @property
    def app_token(self) -> str:
        """`xapp-…`, for Socket Mode."""
        return self.app.app_token

    @property
    def signing_secret(self) -> str:
        """What requests to the bot are signed with."""
        return self.app.signing_secret

    def connect_http(self, request_url: str) -> None:
        """Send everything to this URL from now on (one URL for events, commands and interactions)."""
        door = HttpDoor(request_url, lambda: self.app.signing_secret, self._ack_seconds)
        self._doors.append(door)
        self.deliveries.http = door

    async def verify_url(self) -> None:
        """Challenge the request URL as Slack does when it is entered; BotFailedError when it fails."""
        await self.events.verify()

    # ---- people ------------------------------------------------------------------------------------------

    def person(self, who: str) -> Person:
        """Somebody to drive, by id or name; NotThereError when there is no such account."""
        user = self.workspace.user_named(who)
        if user is None:
            raise NotThereError(f"there is no user {who}")
        return Person(Sight(self.core, user.id), self.deliveries, self.events)

    # ---- waiting and looking -----------------------------------------------------------------------------

    async def wait_for(
        self,
        predicate: Callable[[], T | None],
        timeout: float = 5.0,  # noqa: ASYNC109 - it bounds a condition, and its end explains what was seen
    ) -> T:
        """The first true value of `predicate`, tried now and whenever something changes here.

        Raises:
            TimeoutError: with a picture of the workspace, when it is not true in time (real seconds).
        """

        async def found() -> T | None:
            return predicate()

        return await self.wait_until(found, timeout)

    async def wait_until(
        self,
        predicate: Callable[[], Awaitable[T | None]],
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> T:
        """`wait_for` with a condition that is awaited, such as a look into the bot's database."""
        return await self.workspace.changes.until(predicate, timeout, self.describe)

    async def quiet(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until nothing is under way to the bot and every event is acknowledged or given up."""
        await self.wait_for(lambda: self.deliveries.under_way == 0 and self.events.pending == 0, timeout)

    @property
    def calls(self) -> list[ApiCall]:
        """Every Web API call of the bot so far."""
        return self._web_api.calls

    @property
    def log(self) -> list[Delivery]:
        """Everything sent to the bot so far, with its answers."""
        return self.deliveries.log

    async def replay(self, delivery: Delivery) -> Ack:
        """Send the same signed bytes, or the same envelope, again."""
        if delivery.request:
            return await self.deliveries.resend(delivery.request)
        again = await self.sockets.deliver(
            delivery.what, delivery.payload, delivery.retry, "", envelope_id=delivery.envelope_id
        )
        return again.ack

    async def send_raw(self, request: SignedRequest) -> Ack:
        """POST any bytes and headers to the request URL; see `forge.rewritten`."""
        return await self.deliveries.resend(request)

    def describe(self) -> str:
        """The workspace as text: each channel's messages, open modals, the last calls and deliveries."""
        lines = []
        for channel in self.workspace.channels.values():
            for message in self.workspace.messages.get(channel.id, {}).values():
                where = f"#{channel.name}" if channel.name else f"DM {', '.join(channel.members)}"
                lines.append(f"{where} {message.ts} {_for(message)}{plain(message)}")
        for user in self.workspace.users:
            lines += [f"modal of {user}: {plain(view)}" for view in self.core.modals.stack(user)]
        lines += [
            f"call {one.method} → {one.error or 'ok'} {one.answer if one.error else ''}" for one in self.calls[-8:]
        ]
        for delivery in self.log[-8:]:
            kind = delivery.payload.get("type") or delivery.payload.get("command")
            lines.append(f"sent {delivery.what} {kind} → {delivery.ack.status} {delivery.ack.error or ''}")
        return "\n".join(lines) or "nothing has happened in this workspace"


def _for(message: Message) -> str:
    return f"(only {message.ephemeral_to}) " if message.ephemeral_to else ""
