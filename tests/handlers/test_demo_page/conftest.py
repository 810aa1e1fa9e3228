"""A workspace with the page, a small bot behind it, and Chromium in front of it."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

import handlers.demo
from handlers.demo.slack import App, Command, LocalSlack, Shortcut, sample
from handlers.demo.slack.errors import PanelError
from handlers.demo.slack.ui import Panel
from tests.handlers.test_demo_page.bot import Bot
from tests.handlers.test_local_slack.bot import served

PAGE = Path(handlers.demo.__file__).parent / "page"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
NOW = 1_767_258_000.0  # 2026-01-01 09:00:00 UTC


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def workspace() -> sample.Start:
    app = App(
        name="signoff",
        commands=(
            Command("/signoff", description="Ask for something", usage_hint="what you need, in words · run · list"),
            Command("/sign"),
        ),
        messages_read_only=True,
        shortcuts=(Shortcut("ask_about", "Ask about this"),),
    )
    people = [
        sample.person("alice", "Alice Adams"),
        sample.person("bob", "Bob Brown", tz="America/New_York"),
        sample.person("gus", "Gus Gray", is_restricted=True),
    ]
    return sample.build(
        app,
        people,
        channels={"general": ["alice", "bob", "gus"], "ops": ["alice", "bob"], "secret": ["bob"]},
        private=["secret"],
        groups={"finance": ["bob"]},
    )


@pytest_asyncio.fixture(loop_scope="session")
async def slack(clock: Clock) -> AsyncIterator[LocalSlack]:
    async with LocalSlack(**workspace(), now=clock, page=PAGE, retries=(0,), ack_seconds=1.0) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def bot(slack: LocalSlack) -> AsyncIterator[Bot]:
    made = Bot(slack)
    async with served(made.handle) as url:
        slack.connect_http(url)
        yield made


@dataclass(slots=True)
class Extras:
    """The panels beside the chat: a clock to be moved, what happened, what to try."""

    slack: LocalSlack
    clock: Clock
    effects: list[dict[str, Any]] = field(default_factory=list)

    def add(self) -> None:
        async def now() -> Any:
            return {"now": int(self.clock.now * 1000)}

        async def forward(operation: str, args: Mapping[str, Any]) -> Any:
            if self.clock.now + args["forward"] / 1000 > NOW + 2 * 86_400:
                raise PanelError("The demo's clock does not go that far.")
            self.clock.now += args["forward"] / 1000
            self.slack.ui.touch()

        async def effects() -> Any:
            return self.effects

        async def examples() -> Any:
            return [
                {"as": "alice", "channel": "ops", "text": "/signoff refund order ord_81"},
                {"as": "bob", "channel": "secret", "text": "/signoff buy 100 shares"},
            ]

        async def nothing(operation: str, args: Mapping[str, Any]) -> Any:
            raise PanelError("There is nothing to do here.")

        for panel in (Panel("clock", "Clock", now, forward), Panel("effects", "Effects", effects, nothing)):
            self.slack.ui.add(panel)
        self.slack.ui.add(Panel("examples", "Try", examples, nothing))


@pytest.fixture
def extras(slack: LocalSlack, clock: Clock) -> Extras:
    made = Extras(slack, clock)
    made.add()
    return made


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: these tests drive the page in one")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    made = await chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    made.set_default_timeout(5000)
    yield made
    await made.close()


Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def complaints(context: BrowserContext, slack: LocalSlack) -> AsyncIterator[list[str]]:
    """What the browser complained about: console errors, broken policies, requests that left this server.

    A test that means to cause one empties the list; anything left in it fails the test.
    """
    found: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith((slack.page_url, "data:")):
            found.append(f"asked elsewhere: {request.url}")

    context.on("console", console)
    context.on("weberror", lambda error: found.append(f"threw: {error.error}"))
    context.on("request", asked)
    yield found
    assert found == []


@pytest.fixture
def open_page(context: BrowserContext, slack: LocalSlack, complaints: list[str]) -> Open:
    """Open the page with a query such as `as="alice"` (written `as_`), and wait until it shows somebody's screen."""

    async def opened(as_: str = "alice", **query: str) -> Page:
        page = await context.new_page()
        await page.goto(f"{slack.page_url}?{urlencode({'as': as_, **query})}")
        await page.get_by_role("region", name="'s screen").first.wait_for()
        return page

    return opened
