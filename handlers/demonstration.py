"""`signoff demo`: a local Slack, small services to act upon, and the real bot between them, all on loopback."""

import asyncio
import os
import secrets
import signal
import socket
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import typer
from ruamel.yaml import YAML

from handlers import config, main
from handlers.clock import Clock
from handlers.demo import cast
from handlers.demo.model import DemoModel, ModelServer
from handlers.demo.services import Services
from handlers.demo.slack import LocalSlack
from handlers.demo.slack.errors import PanelError
from handlers.demo.slack.ui import Panel
from handlers.demo.tour import Scene, play
from handlers.manifest import manifest
from handlers.settings import Settings

PAGE = Path(__file__).parent / "demo" / "page"
LONGEST_LEAP = 7 * 86_400_000  # milliseconds the clock may be moved on at once


@dataclass(frozen=True, slots=True)
class Show:
    """The demo while it runs."""

    slack: LocalSlack
    services: Services
    house: main.House
    clock: Clock
    settings: Settings


@asynccontextmanager
async def showing(folder: Path, *, port: int = 0) -> AsyncIterator[Show]:
    """Everything the demo is made of; what it does stays in `folder`."""
    clock = Clock()
    slack = LocalSlack(
        **cast.workspace(YAML(typ="safe").load(manifest())), page=PAGE, port=port, now=lambda: clock() / 1000
    )
    async with Services(folder) as services, ModelServer(DemoModel()) as model, slack:
        book = _catalogue(folder, {**services.places(), **cast.places()})
        settings = _settings(folder, slack, model, services)
        read = config.load(book, settings.environment)
        async with main.built(settings, read, clock=clock, spacing=0.0) as house, _serving(slack, house):
            yield Show(slack, services, house, clock, settings)


def _catalogue(folder: Path, places: Mapping[str, str]) -> Path:
    text = (resources.files("handlers.demo") / "catalogue.yaml").read_text()
    for name, value in places.items():
        text = text.replace(f"@{name}@", value)
    path = folder / "signoff.yaml"
    path.write_text(text)
    return path


def _settings(folder: Path, slack: LocalSlack, model: ModelServer, services: Services) -> Settings:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "OPENAI_BASE_URL": model.url,
        "SIGNOFF_MODEL": "demo",
        "SIGNOFF_CONFIG": str(folder / "signoff.yaml"),
        "SIGNOFF_DATABASE_URL": f"sqlite:///{folder / 'signoff.db'}",
        "SIGNOFF_SECRET_KEY": secrets.token_hex(32),
        "SIGNOFF_LISTEN": "127.0.0.1:0",
        "SIGNOFF_SMTP_URL": services.mail.url,
        "SIGNOFF_MAIL_FROM": "signoff@example.com",
    }
    return Settings.read(environment=environment, env_file=None)


@asynccontextmanager
async def _serving(slack: LocalSlack, house: main.House) -> AsyncIterator[None]:
    up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(main.run(house, listening=up.set_result))
    serving.add_done_callback(lambda _: up.done() or up.cancel())
    try:
        address = await up
    except asyncio.CancelledError:
        await serving  # raises what kept it from listening
        raise
    slack.connect_http(f"{address}/slack/events")
    try:
        yield
    finally:
        house.stopping.set()
        await serving


async def demo(port: int, *, browser: bool) -> int:
    """Until Ctrl-C."""
    if port and (taken := _taken(port)):
        raise main.StartError(f"Port {port} cannot be listened on ({taken}); try signoff demo --port 0.")
    with tempfile.TemporaryDirectory(prefix="signoff-demo-") as folder:
        async with showing(Path(folder), port=port) as show:
            with_panels(show)
            typer.echo(_WELCOME.format(url=show.slack.page_url, folder=folder))
            if browser:
                await asyncio.to_thread(_open, show.slack.page_url)
            await _told_to_stop()
    return 0


def _taken(port: int) -> str:
    """Why nothing can listen there; empty where it can."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError) as error:
        return getattr(error, "strerror", None) or "there are 65,535 ports"
    return ""


def _open(url: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(url)


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def with_panels(show: Show) -> None:
    """The clock, the effects and the examples beside the chat."""

    async def clock() -> Any:
        return {"now": show.clock()}

    async def forward(operation: str, args: Mapping[str, Any]) -> Any:
        ahead = args.get("forward")
        if operation != "forward" or not isinstance(ahead, int) or not 0 < ahead <= LONGEST_LEAP:
            raise PanelError("The clock is only moved on: by 1 millisecond up to 7 days at once.")
        show.clock.forward(ahead)
        show.house.ticker.poke()
        show.slack.ui.touch()
        return {"now": show.clock()}

    async def effects() -> Any:
        return show.services.effects()

    async def examples() -> Any:
        return cast.EXAMPLES

    async def nothing(operation: str, args: Mapping[str, Any]) -> Any:
        raise PanelError(f"There is no operation {operation!r} here, nor what {sorted(args)} would be for.")

    show.slack.ui.add(Panel("clock", "Clock", clock, forward))
    show.slack.ui.add(Panel("effects", "What really happened", effects, nothing))
    show.slack.ui.add(Panel("examples", "Try", examples, nothing))


async def tour(say: Callable[[str], None] = typer.echo) -> int:
    """One approval of each kind, in the terminal. Exit status 0 only if every effect was really seen."""
    with tempfile.TemporaryDirectory(prefix="signoff-tour-") as folder:
        async with showing(Path(folder)) as show:
            scene = Scene(
                slack=show.slack,
                services=show.services,
                forward=_mover(show),
                verify=lambda: _verified(show.settings),
                say=say,
            )
            return await play(scene)


def _mover(show: Show) -> Callable[[int], None]:
    def forward(milliseconds: int) -> None:
        show.clock.forward(milliseconds)
        show.house.ticker.poke()

    return forward


async def _verified(settings: Settings) -> str:
    return (await main.verify_database(settings)).text


_WELCOME = """\
A small Slack is open at {url}

  You are Rita. Try:  /signoff refund order ord_81 fifty dollars, parcel never came
  Then be Tom (press his name), look at the card in #approvals, and approve it.
  What really happened stands beside the chat. Everything it does stays in {folder} until you stop it.

Stop with Ctrl-C."""
