"""The real bot behind a local Slack, over signed HTTP: what every journey stands on."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.request import Request
from bot.sight import CALM
from handlers import main
from handlers.clock import Clock
from handlers.config import load
from handlers.demo.slack import App, Channel, LocalSlack, Message, Person, View, sample
from handlers.settings import Settings
from store.store import open_trail
from tests.journeys.proof import proven
from tests.journeys.target import Target, target

ROOT = Path(__file__).parents[2]
PEOPLE = ("rita", "fay", "fred", "dora", "dan", "olga", "walt")  # requester, finance, directors, operator, bystander
KEY = "4e" * 32
PATIENCE = 10.0  # seconds anything may take that does not wait for a time of its own


@dataclass(slots=True)
class Stage:
    """A workspace, a bot, a target. `people` are driven; the clock is moved on."""

    slack: LocalSlack
    house: main.House
    target: Target
    clock: Clock
    settings: Settings

    def __getattr__(self, name: str) -> Person:
        if name not in PEOPLE:
            raise AttributeError(name)
        return self.slack.person(name)

    def forward(self, **delta: float) -> None:
        """Move the bot's clock on: seconds=, minutes=, hours=."""
        seconds = delta.get("seconds", 0) + 60 * delta.get("minutes", 0) + 3600 * delta.get("hours", 0)
        self.clock.forward(int(seconds * 1000))
        self.house.ticker.poke()

    async def later(self, **delta: float) -> None:
        """Move the clock on; returns when all that fell due by then has happened, and people have been told."""
        self.forward(**delta)
        store, until = self.house.desk.store, time.monotonic() + PATIENCE
        while await store.due(self.clock(), 1):
            left = until - time.monotonic()
            assert left > 0, "something is due that does not happen"
            await store.stirred(min(left, 0.5))
        await self.settled()

    async def card(self, who: Person, *words: str, where: str | Channel = "#approvals") -> Message:
        """The newest message there that holds all these words, when it comes."""
        found = await self.slack.wait_for(lambda: newest(who, where, words), timeout=PATIENCE)
        assert found is not None
        return found

    async def asked(self, who: Person, line: str, where: str = "#approvals") -> tuple[Request, Message]:
        """`/signoff run <line>` by somebody: the request it made, and its card in the channel."""
        reply = await who.command("#general", f"/signoff run {line}")
        rows = await self.house.desk.store.of_asker(who.id, 1)
        assert rows, reply.message and who.reads(reply.message)
        card = await self.card(self.walt, rows[0].id, where=where)
        return await self.request(rows[0].id), card

    async def request(self, request_id: str) -> Request:
        """The request as it stands in the database now."""
        request = await self.house.desk.store.load(request_id)
        assert request is not None
        return request

    async def reaches(self, request_id: str, state: str) -> Request:
        """The request, as soon as it is in that state."""
        store, until = self.house.desk.store, time.monotonic() + PATIENCE
        while True:
            seen = store.stirs
            request = await self.request(request_id)
            if request.state.value == state:
                return request
            left = until - time.monotonic()
            assert left > 0, f"the request is {request.state}, not {state}: {request.reason}"
            await store.stirred(min(left, 1.0), seen)

    async def told(self, who: Person, *words: str) -> Message:
        """The newest message that only this person sees, ephemeral or in the DM with the bot, with all these words."""
        found = await self.slack.wait_for(lambda: newest_private(who, words), timeout=PATIENCE)
        assert found is not None
        return found

    async def form(self, who: Person, *words: str, reads: bool = True) -> View:
        """The modal on top, when it holds all these words. `reads`: whoever reviews takes a few seconds for it."""

        def there() -> View | None:
            view = who.modal()
            return view if view is not None and all(word in who.reads(view) for word in words) else None

        found = await self.slack.wait_for(there, timeout=PATIENCE)
        assert found is not None
        if reads and found.callback_id == "review":
            self.clock.forward(int(1.5 * CALM))
        return found

    async def rejects(self, who: Person, card: Message, reason: str) -> None:
        """Press Reject, give the reason, send the form; it closes."""
        await who.click(card, "reject")
        answered = await who.submit(await self.form(who, "Why not?"), {"reason": reason})
        assert answered.top is None, who.reads(answered.top)

    async def settled(self) -> None:
        """When nothing is under way: every delivery answered, every answer said, every effect done."""
        await self.slack.quiet(PATIENCE)
        await self.house.tasks.finish()
        until = time.monotonic() + PATIENCE
        store = self.house.desk.store
        while True:
            seen = store.stirs
            kinds = [kind for lane in main.LANES for kind in lane]
            due = await store.next_due(kinds)
            if due is None:
                break
            left = until - time.monotonic()
            assert left > 0, "there are still effects to be delivered"
            await store.stirred(min(left, 0.5), seen)
        await self.slack.quiet(PATIENCE)

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Nothing that happens within changes a request, reaches the target, or adds an event but refusals."""
        store = self.house.desk.store
        events, arrivals = await self.events(), len(self.target.runs())
        before = {event["request"]: await store.load(event["request"]) for event in events}
        yield
        await self.settled()
        after = {request: await store.load(request) for request in before}
        assert after == before
        assert len(self.target.runs()) == arrivals
        more = [event["type"] for event in (await self.events())[len(events) :]]
        assert set(more) <= {"refused"}, more

    async def events(self, request_id: str | None = None) -> list[dict[str, Any]]:
        """The audit trail so far, of one request or of all."""
        async with open_trail(self.settings.database_url) as trail:
            return [json.loads(line)["event"] async for line in trail.export(request=request_id)]

    async def state(self, request_id: str) -> str:
        request = await self.house.desk.store.load(request_id)
        assert request is not None
        return request.state.value

    async def only(self) -> Any:
        """The one request there is."""
        made = {event["request"] for event in await self.events() if event["to"] is not None}
        assert len(made) == 1, made
        return await self.house.desk.store.load(made.pop())


def newest(who: Person, where: str | Channel, words: tuple[str, ...]) -> Message | None:
    for message in reversed(who.sees(where)):
        if all(word in who.reads(message) for word in words):
            return message
    return None


def newest_private(who: Person, words: tuple[str, ...]) -> Message | None:
    rooms = [who.sees(room) for room in who.rooms()]
    alone = {room.id for room in who.rooms() if room.kind == "im"}
    seen = [one for room in rooms for one in room if one.ephemeral_to == who.id or one.channel in alone]
    for message in sorted(seen, key=lambda one: one.ts, reverse=True):
        if all(word in who.reads(message) for word in words):
            return message
    return None


def workspace(more: Sequence[str] = ()) -> LocalSlack:
    """`more`: names of further people, all of them in finance."""
    everybody = [*PEOPLE, *more]
    app = App.from_manifest(YAML(typ="safe").load(ROOT / "manifest.yml"))
    return LocalSlack(
        **sample.build(
            app,
            [
                *(sample.person(name) for name in everybody),
                sample.person("gus", is_restricted=True),
                sample.person("left", deleted=True),
                sample.person("eve", team_id=sample.STRANGERS.id, is_stranger=True),
            ],
            channels={
                "approvals": [*everybody, "gus", "eve"],
                "ops": ["olga"],
                "security": ["walt"],
                "general": everybody,
            },
            groups={"finance": ["fay", "fred", *more], "operators": ["olga"], "oncall": ["rita", "fay"]},
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
async def running(
    slack: LocalSlack, settings: Settings, clock: Clock, *, spacing: float = 0.0, reading: float = main.READING
) -> AsyncIterator[main.House]:
    """The bot as `signoff serve` runs it, in this process.

    `spacing`: seconds between two posts in a channel. `reading`: seconds the model has for words.
    """
    book = load(settings.config, settings.environment)
    async with main.built(settings, book, clock=clock, spacing=spacing, reading=reading) as house:
        up = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(main.run(house, listening=up.set_result))
        await asyncio.wait({serving, up}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        if settings.app_token is None:
            slack.connect_http(f"{up.result()}/slack/events")
        try:
            yield house
        finally:
            house.stopping.set()
            with suppress(asyncio.CancelledError):
                await serving


@dataclass(frozen=True, slots=True)
class World:
    """What outlives the bot: Slack, the target, the clock, the database."""

    slack: LocalSlack
    target: Target
    clock: Clock
    settings: Settings

    @asynccontextmanager
    async def stage(self, *, spacing: float = 0.0, reading: float = main.READING) -> AsyncIterator[Stage]:
        """The bot, from its start to its end; a second time is a restart."""
        async with running(self.slack, self.settings, self.clock, spacing=spacing, reading=reading) as house:
            yield Stage(self.slack, house, self.target, self.clock, self.settings)


@asynccontextmanager
async def world(
    folder: Path,
    *,
    yaml_text: str | None = None,
    people: Sequence[str] = (),
    socket_mode: bool = False,
    proof: bool = True,
    **more: str,
) -> AsyncIterator[World]:
    """All but the bot. A journey that went well is held to its proof at the end: `proof.proven`.

    `people`: more members of finance; `proof`: False where the trail is broken on purpose; `more`: further
    environment variables.
    """
    async with target() as aim, workspace(people) as slack:
        text = yaml_text or (Path(__file__).parent / "signoff.yaml").read_text()
        (folder / "signoff.yaml").write_text(text.replace("TARGET", aim.url))
        environment = environment_for(slack, folder, **more)
        if socket_mode:
            del environment["SLACK_SIGNING_SECRET"]
            environment["SLACK_APP_TOKEN"] = slack.app_token
        settings = Settings.read(environment=environment, env_file=None)
        yield World(slack, aim, Clock(), settings)
        if proof:
            await proven(settings, aim)


@asynccontextmanager
async def staged(
    folder: Path, *, yaml_text: str | None = None, people: Sequence[str] = (), socket_mode: bool = False, **more: str
) -> AsyncIterator[Stage]:
    """All of it, from the beginning to the end: see `world`."""
    async with (
        world(folder, yaml_text=yaml_text, people=people, socket_mode=socket_mode, proof=True, **more) as made,
        made.stage() as stage,
    ):
        yield stage
