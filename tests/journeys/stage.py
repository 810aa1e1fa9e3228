"""The real bot behind a local Slack, over signed HTTP: what every journey stands on."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from handlers import main
from handlers.clock import Clock
from handlers.config import load
from handlers.demo.slack import App, LocalSlack, Message, Person, sample
from handlers.settings import Settings
from tests.journeys.target import Target, target

ROOT = Path(__file__).parents[2]
PEOPLE = ("rita", "fay", "fred", "dora", "dan", "olga", "walt")  # requester, finance, directors, operator, bystander
KEY = "4e" * 32


@dataclass(slots=True)
class Stage:
    """A workspace, a bot, a target. `people` are driven; the clock is moved on."""

    slack: LocalSlack
    house: main.House
    target: Target
    clock: Clock

    def __getattr__(self, name: str) -> Person:
        if name not in PEOPLE:
            raise AttributeError(name)
        return self.slack.person(name)

    def forward(self, **delta: float) -> None:
        """Move the bot's clock on: seconds=, minutes=, hours=."""
        seconds = delta.get("seconds", 0) + 60 * delta.get("minutes", 0) + 3600 * delta.get("hours", 0)
        self.clock.forward(int(seconds * 1000))
        self.house.ticker.poke()

    async def card(self, who: Person, *words: str, where: str = "#approvals") -> Message:
        """The newest message there that holds all these words, when it comes."""
        found = await self.slack.wait_for(lambda: newest(who, where, words), timeout=10)
        assert found is not None
        return found

    async def state(self, request_id: str) -> str:
        request = await self.house.desk.store.load(request_id)
        assert request is not None
        return request.state.value

    async def only(self) -> Any:
        """The one request there is."""
        rows = await self.house.desk.store.recent(10)
        assert len(rows) == 1, rows
        return await self.house.desk.store.load(rows[0].id)


def newest(who: Person, where: str, words: tuple[str, ...]) -> Message | None:
    for message in reversed(who.sees(where)):
        if all(word in who.reads(message) for word in words):
            return message
    return None


def workspace() -> LocalSlack:
    app = App.from_manifest(YAML(typ="safe").load(ROOT / "manifest.yml"))
    return LocalSlack(
        **sample.build(
            app,
            [
                *(sample.person(name) for name in PEOPLE),
                sample.person("gus", is_restricted=True),
                sample.person("left", deleted=True),
                sample.person("eve", team_id=sample.STRANGERS.id, is_stranger=True),
            ],
            channels={"approvals": [*PEOPLE, "gus", "eve"], "ops": ["olga"], "general": [*PEOPLE]},
            groups={"finance": ["fay", "fred"], "operators": ["olga"]},
        )
    )


def environment_for(slack: LocalSlack, folder: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "SIGNOFF_CONFIG": str(folder / "signoff.yaml"),
        "SIGNOFF_DATABASE_URL": f"sqlite:///{folder / 'signoff.db'}",
        "SIGNOFF_SECRET_KEY": KEY,
        "SIGNOFF_LISTEN": "127.0.0.1:0",
        **more,
    }


@asynccontextmanager
async def running(slack: LocalSlack, settings: Settings, clock: Clock) -> AsyncIterator[main.House]:
    """The bot as `signoff serve` runs it, in this process."""
    book = load(settings.config, settings.environment)
    async with main.built(settings, book, clock=clock, spacing=0.0) as house:
        up = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(main.run(house, listening=up.set_result))
        await asyncio.wait({serving, up}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        slack.connect_http(f"{up.result()}/slack/events")
        try:
            yield house
        finally:
            house.stopping.set()
            with suppress(asyncio.CancelledError):
                await serving


@asynccontextmanager
async def staged(folder: Path, *, yaml_text: str | None = None, **more: str) -> AsyncIterator[Stage]:
    clock = Clock()
    async with target() as aim, workspace() as slack:
        text = yaml_text or (Path(__file__).parent / "signoff.yaml").read_text()
        (folder / "signoff.yaml").write_text(text.replace("TARGET", aim.url))
        settings = Settings.read(environment=environment_for(slack, folder, **more), env_file=None)
        async with running(slack, settings, clock) as house:
            yield Stage(slack, house, aim, clock)
