"""Scripted trouble and rate limits, as a real client meets them."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import ANY, Fault, LocalSlack, sample
from tests.handlers.test_local_slack.conftest import Clock

GENERAL, OPS = sample.channel_id("general"), sample.channel_id("ops")


@pytest.fixture
def client(slack: LocalSlack) -> AsyncWebClient:
    """A client that repeats nothing by itself."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, timeout=1, retry_handlers=[])


def texts(slack: LocalSlack) -> list[str]:
    return [message.text for message in slack.workspace.history(GENERAL)]


async def test_429_says_when_to_come_back(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.faults.next("chat.postMessage", Fault.rate_limited(7))
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=GENERAL, text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"
    assert refused.value.response["error"] == "ratelimited"
    assert texts(slack) == []
    await client.chat_postMessage(channel=GENERAL, text="y")
    assert texts(slack) == ["y"]


async def test_the_sdks_own_handler_gets_over_a_429(slack: LocalSlack, client: AsyncWebClient) -> None:
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    slack.faults.next("users.info", Fault.rate_limited(0))
    assert (await client.users_info(user="U0ALICE"))["user"]["name"] == "alice"


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_server_error_before_or_after_the_effect(
    slack: LocalSlack, client: AsyncWebClient, status: int, after_effect: bool
) -> None:
    slack.faults.next("chat.postMessage", Fault.http(status, after_effect=after_effect))
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=GENERAL, text="x")
    assert refused.value.response.status_code == status
    assert texts(slack) == (["x"] if after_effect else [])
    assert slack.calls[-1].carried_out is after_effect


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_dropped_connection(slack: LocalSlack, client: AsyncWebClient, after_effect: bool) -> None:
    slack.faults.next("chat.postMessage", Fault.dropped(after_effect=after_effect))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=GENERAL, text="x")
    assert texts(slack) == (["x"] if after_effect else [])


async def test_the_sdks_default_client_posts_twice_over_a_lost_acknowledgement(slack: LocalSlack) -> None:
    default = AsyncWebClient(slack.bot_token, base_url=slack.api_url, timeout=5)
    slack.faults.next("chat.postMessage", Fault.dropped(after_effect=True))
    await default.chat_postMessage(channel=GENERAL, text="x")
    assert texts(slack) == ["x", "x"]


@pytest.mark.parametrize("after_effect", [False, True])
async def test_no_answer_at_all(slack: LocalSlack, client: AsyncWebClient, after_effect: bool) -> None:
    slack.faults.next("chat.postMessage", Fault.silent(after_effect=after_effect))
    with pytest.raises(TimeoutError):
        await client.chat_postMessage(channel=GENERAL, text="x")
    assert texts(slack) == (["x"] if after_effect else [])


async def test_errors_slowness_and_any_method(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.faults.next(ANY, Fault.refused("internal_error"), times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError, match="internal_error"):
            await client.users_info(user="U0ALICE")
    assert slack.faults.left(ANY) == 0
    slack.faults.next("users.info", Fault.slow(0.05), Fault.http(500))
    loop = asyncio.get_running_loop()
    started = loop.time()
    await client.users_info(user="U0ALICE")
    assert loop.time() - started >= 0.05
    slack.faults.clear()
    await client.users_info(user="U0ALICE")


async def test_one_post_a_second_in_each_channel(slack: LocalSlack, client: AsyncWebClient, clock: Clock) -> None:
    await client.chat_postMessage(channel=GENERAL, text="1")
    await client.chat_postMessage(channel=GENERAL, text="2")
    slack.limits.on("chat.postMessage")
    await client.chat_postMessage(channel=GENERAL, text="3")
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=GENERAL, text="4")
    assert refused.value.response.headers["Retry-After"] == "1"
    await client.chat_postMessage(channel=OPS, text="elsewhere")
    clock.now += 1
    await client.chat_postMessage(channel=GENERAL, text="5")
    slack.limits.off("chat.postMessage")
    await client.chat_postMessage(channel=GENERAL, text="6")
    assert texts(slack) == ["1", "2", "3", "5", "6"]


async def test_a_tier_counts_calls_in_the_last_minute(slack: LocalSlack, client: AsyncWebClient, clock: Clock) -> None:
    slack.limits.on()
    for _ in range(20):
        await client.usergroups_list()
    with pytest.raises(SlackApiError) as refused:
        await client.usergroups_list()
    assert refused.value.response.headers["Retry-After"] == "60"
    await client.users_info(user="U0ALICE")
    clock.now += 60
    await client.usergroups_list()
    slack.limits.set("users.getPresence", 1)
    await client.users_getPresence(user="U0ALICE")
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.users_getPresence(user="U0ALICE")
