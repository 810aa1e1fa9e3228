"""The composition root: every object is built once, here, and all of them run in one TaskGroup."""

import asyncio
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.compose import Composer, InForce
from bot.deliver import Deliverer
from bot.errors import Unconfirmed
from bot.moves.desk import Desk
from bot.ports import Executor, NotDelivered, Parcel, Planner
from bot.request import EffectKind, Step
from bot.run import Runner
from bot.serving import Server
from bot.verify import verify
from handlers import checking, logs
from handlers.cards.card import fits
from handlers.channels.slack import SPACING, Pace, SlackChannel
from handlers.clock import Clock
from handlers.config import Book, ConfigError, load
from handlers.egress import Egress
from handlers.executors.command import CommandExecutor
from handlers.executors.email import EmailExecutor
from handlers.executors.http import HttpExecutor
from handlers.executors.python import BadCallables, PythonExecutor, load_callables
from handlers.executors.slack import SlackExecutor
from handlers.oncall import Lookups
from handlers.people import Home, SlackPeople
from handlers.planner import ModelPlanner, TextMatchPlanner, model_client
from handlers.reload import Fresh, NotTaken, Reloader
from handlers.schemas import JsonSchemas
from handlers.settings import Settings, SettingsError
from handlers.slack.app import slack_app
from handlers.slack.inbound import Office, Tasks
from handlers.slack.signed import Signature, endpoint
from handlers.slack.socket_mode import Socket
from handlers.slack_errors import UNANSWERED, code_of
from handlers.ticker import Ticker
from handlers.watch import News, Watch
from handlers.web import listen, web_app
from store import StoreError, open_roll, open_store
from store.past import Archive, open_archive
from store.store import open_trail

SLACK_TIMEOUT = 10  # seconds one call to Slack may take
CONNECT = 20  # seconds the first connection by Socket Mode may take
READING = 20.0  # seconds a model has to read words, in all its calls
GRACE = 20.0  # seconds a run that has begun may go on when we are told to stop
FAREWELL = 5.0  # seconds more for what people are then still to see
TELLING = (EffectKind.SHOW, EffectKind.TELL)
LANES: Mapping[tuple[EffectKind, ...], int] = {  # kinds that share a lane, and how many are under way at once
    TELLING: 16,
    (EffectKind.PLAN,): 8,
    (EffectKind.PREVIEW, EffectKind.PROBE): 8,
    (EffectKind.RUN,): 16,
}
SCOPES = ("chat:write", "commands", "im:write", "users:read", "usergroups:read", "channels:read", "groups:read")
ASK_EVERY = 0.2  # seconds
log = structlog.get_logger("main")


class StartError(Exception):
    """Signoff cannot start. The text is one sentence naming the thing and the remedy."""


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs."""

    settings: Settings
    desk: Desk
    client: AsyncWebClient
    home: Home
    channel: SlackChannel
    deliverer: Deliverer
    ticker: Ticker
    reloader: Reloader
    watch: Watch
    tasks: Tasks
    app: AsyncApp
    web: web.Application
    door: socket.socket  # where HTTP comes in
    socket_mode_url: str | None  # of the first connection by Socket Mode, where there is one
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def built(
    settings: Settings,
    book: Book,
    *,
    clock: Callable[[], int] | None = None,
    spacing: float = SPACING,
    reading: float = READING,
) -> AsyncIterator[House]:
    """The house, with its database open and Slack reached. Raises StartError, and leaves nothing behind.

    Everything outside is tried first, and the database opened last: a start that fails has made none.
    `spacing`: seconds between two posts in one channel; Slack wants one. `reading`: seconds the model has for words.
    """
    now = clock or Clock()
    in_force = InForce(book.catalogue, book.policy)
    egress, schemas, tasks, news = Egress(), JsonSchemas(), Tasks(), News()
    callables, private = equipped(settings, book), set(book.catalogue.private_hosts)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=True))
        planner = await stack.enter_async_context(planning(settings, schemas, reading))
        client = slack_client(settings, session, settings.bot_token)
        home = await reach_slack(client)
        socket_mode_url = await reach_socket_mode(settings, client)
        door = stack.enter_context(reserved(settings))
        sealed = settings.subkey("seal")
        store = await stack.enter_async_context(
            open_store(settings.database_url, key=sealed, clock=now, committed=news_of(news))
        )
        people = SlackPeople(client, home, looking_up(settings, private, egress))
        desk = Desk(store, people, Composer(in_force, schemas, fits), now, new_id, settings.subkey("fingerprint"))
        channel = SlackChannel(client, desk, Pace(spacing))
        executors = ways_to_run(settings, private, egress, channel, callables)
        runner = Runner(desk, executors)
        deliverer = Deliverer(desk, channel, planner, executors, runner, undelivered)
        office = Office(desk, home, executors, tasks, news)
        app = slack_app(office, client, slack_client(settings, session, None), people, schemas)
        slack = endpoint(app, Signature(settings.signing_secret)) if settings.signing_secret else None
        ticker = Ticker(desk)
        reloader = Reloader(
            store.roll,
            new_id(),
            f"{socket.gethostname()} (process {os.getpid()})",
            read=lambda: read_again(settings, in_force, callables, private),
            in_force=lambda: in_force.catalogue.version,
            note=store.note,
            tell=lambda text: tell_operators(desk, channel, text),
            clock=now,
        )
        yield House(
            settings=settings,
            desk=desk,
            client=client,
            home=home,
            channel=channel,
            deliverer=deliverer,
            ticker=ticker,
            reloader=reloader,
            watch=Watch(desk, news),
            tasks=tasks,
            app=app,
            web=web_app(slack, _well(desk, client)),
            door=door,
            socket_mode_url=socket_mode_url,
        )


def news_of(news: News) -> Callable[[Sequence[Step]], None]:
    """What hears of each move that was committed."""

    def moved(steps: Sequence[Step]) -> None:
        logs.moved(steps)
        news.moved(steps)

    return moved


def new_id() -> str:
    """A request's id: 128 random bits, written so that it can be read aloud in one line."""
    return secrets.token_hex(16)


def slack_client(settings: Settings, session: aiohttp.ClientSession, token: str | None) -> AsyncWebClient:
    """One client for everything. It never sends a post twice by itself: a lost answer is ours to think about."""
    return AsyncWebClient(
        token=token,
        base_url=settings.slack_api_url,
        session=session,
        timeout=SLACK_TIMEOUT,
        retry_handlers=[],
    )


async def reach_slack(client: AsyncWebClient) -> Home:
    """Who we are, and whether the token may do what we need. StartError says what to do where not."""
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        raise _not_let_in(error, "SLACK_BOT_TOKEN", "copy the Bot User OAuth Token (xoxb-…) of the app") from error
    except UNANSWERED as error:
        raise StartError(
            f"Slack cannot be reached at {client.base_url} ({type(error).__name__}); check the network."
        ) from error
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",")}
    if missing := [scope for scope in SCOPES if scope not in granted]:
        raise StartError(
            f"The Slack app lacks the scope{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            "add what manifest.yml lists under OAuth & Permissions and install the app again."
        )
    return Home(answer["team_id"], answer.get("enterprise_id"), answer["user_id"])


async def reach_socket_mode(settings: Settings, client: AsyncWebClient) -> str | None:
    """Where to connect by Socket Mode; None where there is no app token.

    Asked here, because the SDK's own `connect` takes a refusal for a bad line and tries again for ever.
    """
    if not settings.app_token:
        return None
    try:
        answer = await client.apps_connections_open(app_token=settings.app_token)
    except SlackApiError as error:
        remedy = "make an app-level token (xapp-…) with the scope connections:write"
        raise _not_let_in(error, "SLACK_APP_TOKEN", remedy) from error
    except UNANSWERED as error:
        raise StartError(f"Socket Mode cannot connect ({type(error).__name__}); check the network.") from error
    return str(answer["url"])


def _not_let_in(error: SlackApiError, token: str, remedy: str) -> StartError:
    code = code_of(error)
    if code == "ratelimited" or code.startswith("http_"):
        return StartError(f"Slack does not work just now ({code}); wait a minute and start again.")
    return StartError(f"Slack does not accept {token} ({code}); {remedy}.")


@contextmanager
def reserved(settings: Settings) -> Iterator[socket.socket]:
    """The address of SIGNOFF_LISTEN, ours from now on. StartError where it cannot be had."""
    host, port = settings.listen
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no such host"
        raise StartError(
            f"{settings.listen_on} cannot be listened on ({why}); stop what uses it, or set SIGNOFF_LISTEN."
        ) from error
    with door:
        yield door


def equipped(settings: Settings, book: Book) -> dict[str, Callable[..., Any]]:
    """The callables signoff.yaml registers. StartError or BadCallables where what it needs is not on this machine."""
    if "email" in book.kinds and settings.smtp is None:
        raise StartError(
            "signoff.yaml sends e-mail, but SIGNOFF_SMTP_URL is not set; "
            "set it (smtp://user:password@host:587) and SIGNOFF_MAIL_FROM, or take the action out."
        )
    return load_callables(book.callables, folder=book.source.resolve().parent)


def read_again(
    settings: Settings, in_force: InForce, callables: dict[str, Callable[..., Any]], private: set[str]
) -> Fresh:
    """The file as it is now, with what takes it over. NotTaken where it cannot be used here. It may take a while."""
    try:
        book = load(settings.config, settings.environment)
        registered = equipped(settings, book)
    except (ConfigError, StartError, BadCallables) as error:
        raise NotTaken(str(error).splitlines()) from error

    def take() -> None:
        in_force.catalogue, in_force.policy = book.catalogue, book.policy
        callables.clear()
        callables.update(registered)
        private.clear()
        private.update(book.catalogue.private_hosts)

    stale = [f"{name} in {settings.env_file} has changed: that takes a restart" for name in settings.stale()]
    return Fresh(book.catalogue.version, (*map(str, book.warnings), *stale), take)


async def tell_operators(desk: Desk, channel: SlackChannel, text: str) -> None:
    """Each operator by direct message. Where Slack does not take it the log says so."""
    try:
        operators = await desk.people.members(desk.in_force.catalogue.operators, fresh=False)
        await channel.whisper(operators, text)
    except (NotDelivered, Unconfirmed) as error:
        log.warning("operators_not_told", error=str(error))


def ways_to_run(
    settings: Settings,
    private: Collection[str],
    egress: Egress,
    channel: SlackChannel,
    callables: Mapping[str, Callable[..., Any]],
) -> dict[str, Executor]:
    executors: dict[str, Executor] = {
        "http": HttpExecutor(egress, private=private, environment=settings.environment),
        "command": CommandExecutor(environment=settings.environment),
        "python": PythonExecutor(callables),
        "slack": SlackExecutor(channel.post),
    }
    if settings.smtp is not None:
        executors["email"] = EmailExecutor(**settings.smtp)
    return executors


def looking_up(settings: Settings, private: Collection[str], egress: Egress | None = None) -> Lookups:
    return Lookups(egress or Egress(), private=private, environment=settings.environment)


@asynccontextmanager
async def planning(settings: Settings, schemas: JsonSchemas, seconds: float) -> AsyncIterator[Planner]:
    if settings.model is None:
        yield TextMatchPlanner()
        return
    async with model_client(settings.openai_base_url, settings.openai_key) as client:
        yield ModelPlanner(client, settings.model, schemas, seconds=seconds)


def undelivered(parcel: Parcel | None, error: BaseException) -> None:
    if parcel is None:
        log.error("outbox_not_read", error=str(error))
        return
    log.warning("undelivered", kind=parcel.kind.value, request=parcel.request_id, tries=parcel.tries, error=str(error))


def _well(desk: Desk, client: AsyncWebClient) -> Callable[[], Awaitable[dict[str, str]]]:
    async def ready() -> dict[str, str]:
        troubles: dict[str, str] = {}
        try:
            await desk.store.moment()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is why we are not ready
            troubles["database"] = f"{type(error).__name__}"
        try:
            async with asyncio.timeout(2):
                await client.api_call("auth.test")
        except UNANSWERED as error:
            troubles["slack"] = type(error).__name__
        return troubles

    return ready


async def serve(settings: Settings, book: Book) -> None:
    """`signoff serve`, until SIGINT or SIGTERM."""
    async with built(settings, book) as house:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, house)
        loop.add_signal_handler(signal.SIGHUP, house.reloader.call)
        await run(house, listening=lambda address: log.info("listening", address=address))
        log.info("stopped")


def _stop(house: House) -> None:
    log.info("stopping")
    house.stopping.set()


async def run(house: House, *, listening: Callable[[str], None] = lambda _: None) -> None:
    """Serve until `house.stopping` is set; then let what has begun come to its end, and stop."""
    async with AsyncExitStack() as stack:
        await house.desk.store.take_over()
        address = await _listening(house, stack)
        await _by_socket_mode(house, stack)
        listening(address)
        await _working(house)
        await house.tasks.finish()


async def _working(house: House) -> None:
    """Every lane and the clock. People are told to the last, so that they see what came of what was under way."""
    done = asyncio.Event()
    async with asyncio.TaskGroup() as telling:
        telling.create_task(house.deliverer.serve(TELLING, LANES[TELLING], done, FAREWELL, last=True))
        async with asyncio.TaskGroup() as working:
            for kinds, width in LANES.items():
                if kinds != TELLING:
                    working.create_task(house.deliverer.serve(kinds, width, house.stopping, GRACE))
            working.create_task(house.ticker.serve(house.stopping))
            working.create_task(house.reloader.serve(house.stopping))
            working.create_task(house.watch.serve(house.stopping))
        done.set()


async def _listening(house: House, stack: AsyncExitStack) -> str:
    runner = await listen(house.web, house.door)
    stack.push_async_callback(runner.cleanup)
    host, port = house.settings.listen[0], house.door.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _by_socket_mode(house: House, stack: AsyncExitStack) -> None:
    """Connect by Socket Mode where an app token is set; Slack then needs no way in.

    Twice: Slack ends each connection every few hours, and the SDK closes the old one before it opens the new one.
    """
    if house.socket_mode_url is None:
        return
    await _connected(house, stack, house.socket_mode_url)
    try:
        await _connected(house, stack, await reach_socket_mode(house.settings, house.client) or "")
    except StartError as error:  # Slack lets an app have ten, all its processes together
        log.warning("one_connection_only", error=str(error))


async def _connected(house: House, stack: AsyncExitStack, url: str) -> None:
    handler = Socket(house.app, house.settings.app_token)
    handler.client.wss_uri = url
    stack.push_async_callback(handler.close_async)
    try:
        async with asyncio.timeout(CONNECT):
            await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt leaves it untyped
    except UNANSWERED as error:
        raise StartError(f"Socket Mode cannot connect ({type(error).__name__}); check the network.") from error


async def troubles(settings: Settings, book: Book) -> list[str]:
    """`signoff check`: what this machine lacks, and what Slack would have against this file."""
    equipped(settings, book)
    async with aiohttp.ClientSession(trust_env=True) as session:
        client = slack_client(settings, session, settings.bot_token)
        people = SlackPeople(client, await reach_slack(client), looking_up(settings, book.catalogue.private_hosts))
        await reach_socket_mode(settings, client)
        try:
            return [trouble async for trouble in checking.troubles(client, people, book.catalogue)]
        except SlackApiError as error:
            raise StartError(f"Slack does not list its channels ({code_of(error)}); try again in a minute.") from error
        except UNANSWERED as error:
            raise StartError(f"Slack stopped answering ({type(error).__name__}); check the network.") from error


@dataclass(frozen=True, slots=True)
class Asked:
    """`signoff reload`: what those that serve made of it, and those that did not answer in time."""

    answered: tuple[Server, ...]
    silent: tuple[Server, ...]


async def ask_to_reload(settings: Settings, patience: float) -> Asked:
    """Ask every process that serves this database to load its file again, and wait for what each says."""
    async with open_roll(settings.database_url, clock=Clock()) as roll:
        asked, until = await roll.ask(), time.monotonic() + patience
        while True:
            servers = await roll.servers()
            silent = tuple(server for server in servers if server.heard < asked)
            if not silent or time.monotonic() > until:
                return Asked(tuple(server for server in servers if server.heard >= asked and server.answer), silent)
            await asyncio.sleep(ASK_EVERY)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the audit trail found, in words, and the exit status for it."""

    text: str
    status: int


def verify_export(path: Path, *, gaps: bool = False) -> Verified:
    """`signoff audit verify FILE`: offline, by the same verifier an auditor may run without us.

    `gaps`: it is the export of one request.
    """
    wants = "name a file that signoff audit export wrote"
    try:
        with path.open("rb") as lines:
            report = verify(lines, gaps=gaps)
    except OSError as error:
        return Verified(f"{path} cannot be read ({error.strerror}); {wants}.", 3)
    if report.broken:
        return Verified(f"{path}:{report.broken[0]}: {report.broken[1]}", 1)
    if not report.events:
        return Verified(f"{path} is empty, so it proves nothing; {wants}.", 3)
    return Verified(f"All {report.events} events are as they were written. The last is {report.last}:{report.hash}", 0)


async def verify_database(settings: Settings) -> Verified:
    """`signoff audit verify` on the database; it works while Signoff runs."""
    async with open_trail(settings.database_url) as trail:
        checked = await trail.check()
        report = checked.report
    if report.broken:
        line, why = report.broken
        return Verified(f"Broken at event {line}: {why}", 1)
    if checked.strays:
        return Verified("\n".join(["The events are whole, but the tables do not agree with them:", *checked.strays]), 1)
    return Verified(f"All {report.events} events are as they were written. The last is {report.last}:{report.hash}", 0)


async def export(settings: Settings, out: BinaryIO, request: str | None) -> int:
    """`signoff audit export`: the trail as JSON lines; how many they were."""
    written = 0
    async with open_trail(settings.database_url) as trail:
        async for line in trail.export(request=request):
            out.write(line)
            written += 1
    return written


@asynccontextmanager
async def archive(settings: Settings) -> AsyncIterator[Archive]:
    """What was decided, to be looked at; it works while Signoff runs."""
    async with open_archive(settings.database_url, key=settings.subkey("seal")) as found:
        yield found


@asynccontextmanager
async def slack_people(settings: Settings, book: Book) -> AsyncIterator[SlackPeople]:
    """Who is who in Slack now, for a command."""
    async with aiohttp.ClientSession(trust_env=True) as session:
        client = slack_client(settings, session, settings.bot_token)
        yield SlackPeople(client, await reach_slack(client), looking_up(settings, book.catalogue.private_hosts))


STOPS = (StartError, StoreError, SettingsError, BadCallables)  # what ends a command with a sentence
