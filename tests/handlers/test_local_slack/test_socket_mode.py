"""Socket Mode with slack-bolt's own handler, and with bare connections where its order matters."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import BotFailedError, LocalSlack, Person, sample
from tests.handlers.test_local_slack.bot import Bot, actions
from tests.handlers.test_local_slack.conftest import Clock, start

GENERAL = sample.channel_id("general")


@pytest.fixture
async def bot(slack: LocalSlack) -> AsyncIterator[Bot]:
    """The small bot, connected by Socket Mode instead of a request URL."""
    made = Bot(slack)
    handler = AsyncSocketModeHandler(made.app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for(lambda: slack.sockets.count == 1)
    yield made
    await handler.close_async()  # type: ignore[no-untyped-call]
    if handler.client.aiohttp_client_session:
        await handler.client.aiohttp_client_session.close()


class Wire:
    """A bare Socket Mode connection."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.session = session
        self.socket = socket

    @classmethod
    async def open(cls, slack: LocalSlack) -> "Wire":
        client = AsyncWebClient(base_url=slack.api_url)
        url = str((await client.apps_connections_open(app_token=slack.app_token))["url"])
        session = aiohttp.ClientSession()
        wire = cls(session, await session.ws_connect(url))
        assert (await wire.hear())["type"] == "hello"
        return wire

    async def hear(self) -> Mapping[str, Any]:
        return dict(await self.socket.receive_json(timeout=5))

    async def ack(self, envelope: Mapping[str, Any], payload: Any = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]}
        await self.socket.send_json(answer | ({"payload": payload} if payload else {}))

    async def close(self) -> None:
        await self.socket.close()
        await self.session.close()


async def test_a_bolt_app_works_over_sockets(slack: LocalSlack, bot: Bot, alice: Person, bob: Person) -> None:
    reply = await alice.command("#general", "/card over sockets")
    assert reply.message
    assert reply.message.text == "working on it"
    card = await slack.wait_for(lambda: next((one for one in bob.sees("#general") if bob.buttons(one)), None))
    await bob.click(card, "ask")
    form = await slack.wait_for(bob.modal)
    bot.answer_to_form = {"response_action": "errors", "errors": {"reason": "no"}}
    assert (await bob.submit(form, {"Reason": "because"})).errors == {"reason": "no"}
    alice.say("#general", "hello")
    await slack.wait_for(lambda: any(body["event"]["text"] == "hello" for body in bot.named("message")))
    assert await alice.open_home() or await slack.wait_for(alice.home)
    await slack.quiet()
    assert {delivery.ack.status for delivery in slack.log} == {200}


async def test_options_come_over_sockets(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    city = {"type": "external_select", "action_id": "city", "min_query_length": 1}
    await bot.client.chat_postMessage(channel=GENERAL, text="where", blocks=[actions(city)])
    assert await alice.suggest(alice.sees("#general")[-1], "city", "Heidel") == ["Heidelberg"]


async def test_an_address_serves_one_connection(slack: LocalSlack) -> None:
    url = slack.sockets.url()
    async with aiohttp.ClientSession() as session:
        first = await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == 403
        await first.close()


async def test_ten_connections_and_no_more(slack: LocalSlack) -> None:
    wires = [await Wire.open(slack) for _ in range(10)]
    with pytest.raises(SlackApiError, match="too_many_websockets"):
        await Wire.open(slack)
    for wire in wires:
        await wire.close()
    await slack.wait_for(lambda: slack.sockets.count == 0)


async def test_each_envelope_goes_to_one_connection_in_turn(slack: LocalSlack, alice: Person) -> None:
    wires = [await Wire.open(slack) for _ in range(2)]

    async def answering(wire: Wire, count: int) -> list[str]:
        heard = []
        for _ in range(count):
            envelope = await wire.hear()
            heard.append(str(envelope["payload"]["text"]))
            await wire.ack(envelope, {"text": "done"})
        return heard

    listeners = [asyncio.create_task(answering(wire, 2)) for wire in wires]
    for number in range(4):
        await alice.command("#general", f"/card {number}")
    first, second = await asyncio.gather(*listeners)
    assert sorted(first + second) == ["0", "1", "2", "3"]
    for wire in wires:
        await wire.close()


async def test_an_event_without_acknowledgement_is_delivered_again(clock: Clock) -> None:
    async with LocalSlack(**start(), now=clock, retries=(0,), ack_seconds=0.2) as slack:
        wire = await Wire.open(slack)
        slack.person("alice").say("#general", "hello")
        first = await wire.hear()
        second = await wire.hear()
        await wire.ack(second)
        await slack.quiet()
        assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
        assert (first["retry_reason"], second["retry_reason"]) == ("", "timeout")
        assert first["payload"] == second["payload"]
        assert first["accepts_response_payload"] is False
        await wire.close()


async def test_the_same_envelope_can_come_twice(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    await alice.command("#general", "/card x")
    sent = next(delivery for delivery in slack.log if delivery.what == "command")
    assert (await slack.replay(sent)).status == 200
    first, second = await slack.wait_for(lambda: bot.named("command") if len(bot.named("command")) == 2 else None)
    assert first == second


async def test_silence_is_a_timeout_and_a_cut_line_too(clock: Clock) -> None:
    async with LocalSlack(**start(), now=clock, ack_seconds=0.2) as slack:
        alice = slack.person("alice")
        with pytest.raises(BotFailedError, match="dispatch_failed"):
            await alice.command("#general", "/card x")
        wire = await Wire.open(slack)
        with pytest.raises(BotFailedError, match="operation_timeout"):
            await alice.command("#general", "/card x")
        await slack.sockets.cut()
        with pytest.raises(BotFailedError, match="dispatch_failed"):
            await alice.command("#general", "/card x")
        await wire.close()


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled"])
async def test_a_connection_told_to_go_is_closed(slack: LocalSlack, reason: str) -> None:
    wire = await Wire.open(slack)
    await asyncio.gather(slack.sockets.disconnect("warning"), wire.hear())
    assert slack.sockets.count == 1
    leaving = asyncio.create_task(slack.sockets.disconnect(reason))
    said = await wire.hear()
    assert (said["type"], said["reason"]) == ("disconnect", reason)
    assert (await wire.socket.receive(timeout=5)).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    await leaving
    assert slack.sockets.count == 0
    await wire.close()


async def test_bolt_comes_back_after_a_refresh(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    before = sum(call.method == "apps.connections.open" for call in slack.calls)
    await slack.sockets.disconnect()
    await slack.wait_for(
        lambda: (
            slack.sockets.count == 1 and sum(call.method == "apps.connections.open" for call in slack.calls) > before
        ),
        timeout=20,
    )
    await alice.command("#general", "/card after the refresh")
    assert (await slack.wait_for(lambda: bot.named("command")))[0]["text"] == "after the refresh"


async def test_noise_from_the_bot_means_nothing(slack: LocalSlack, alice: Person) -> None:
    wire = await Wire.open(slack)
    for noise in ("not json", "[]", '{"envelope_id": "unknown"}'):
        await wire.socket.send_str(noise)
    sending = asyncio.create_task(alice.command("#general", "/card x"))
    await wire.ack(await wire.hear())
    assert (await sending).message is None
    await wire.close()
