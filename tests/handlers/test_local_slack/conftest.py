"""One workspace for these tests: two teams, all kinds of accounts, and the small bot."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import App, Command, LocalSlack, Person, Shortcut, sample
from tests.handlers.test_local_slack.bot import Bot, served


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def start() -> sample.Start:
    app = App(
        name="signoff",
        commands=(Command("/card"), Command("/raw", should_escape=False)),
        shortcuts=(Shortcut("about_this", "About this"),),
    )
    people = [
        sample.person("alice"),
        sample.person("bob"),
        sample.person("gus", is_restricted=True),
        sample.person("eve", team_id=sample.STRANGERS.id, is_stranger=True),
        sample.person("dan", deleted=True),
    ]
    return sample.build(
        app,
        people,
        channels={"general": ["alice", "bob", "gus"], "ops": ["alice", "eve"], "secret": ["bob"]},
        private=["secret"],
        groups={"finance": ["bob"]},
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[LocalSlack]:
    async with LocalSlack(**start(), now=clock, retries=(0, 0, 0)) as running:
        yield running


@pytest.fixture
def client(slack: LocalSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5)


@pytest.fixture
async def bot(slack: LocalSlack) -> AsyncIterator[Bot]:
    made = Bot(slack)
    async with served(made.handle) as url:
        slack.connect_http(url)
        yield made


@pytest.fixture
def alice(slack: LocalSlack) -> Person:
    return slack.person("alice")


@pytest.fixture
def bob(slack: LocalSlack) -> Person:
    return slack.person("bob")
