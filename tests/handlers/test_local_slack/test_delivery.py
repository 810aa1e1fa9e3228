"""What reaches the bot over HTTP: signed, once or again, and what a person sees when it fails."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, web
from slack_sdk.signature import SignatureVerifier

from handlers.demo.slack import BotFailedError, LocalSlack, Message, Person, sample
from handlers.demo.slack.forge import rewritten
from tests.handlers.test_local_slack.bot import Bot, actions, button, section, served
from tests.handlers.test_local_slack.conftest import Clock, start

GENERAL = sample.channel_id("general")


class Raw:
    """A bot that answers what it is told to, and keeps each request."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.status = 200
        self.body = ""
        self.seconds = 0.0
        self.headers: dict[str, str] = {}

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((headers, await request.text()))
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return web.Response(status=self.status, text=self.body, headers=self.headers)


@pytest.fixture
async def raw(slack: LocalSlack) -> AsyncIterator[Raw]:
    made = Raw()
    async with served(made.handle) as url:
        slack.connect_http(url)
        yield made


async def card(bot: Bot) -> Message:
    blocks = [section("old"), actions(button("ask", "Ask", "nonce-1"))]
    answer = await bot.client.chat_postMessage(channel=GENERAL, text="card", blocks=blocks)
    posted = bot.slack.workspace.message(GENERAL, str(answer["ts"]))
    assert posted
    return posted


async def test_requests_are_signed_as_slack_signs(slack: LocalSlack, raw: Raw, alice: Person) -> None:
    await alice.command("#general", "/card x")
    headers, body = raw.requests[0]
    assert SignatureVerifier(slack.signing_secret).is_valid_request(body, headers)
    assert not SignatureVerifier("another").is_valid_request(body, headers)


async def test_the_request_url_is_challenged(slack: LocalSlack, bot: Bot) -> None:
    await slack.verify_url()


async def test_a_url_that_does_not_echo_is_refused(slack: LocalSlack, raw: Raw) -> None:
    raw.body = "hello"
    with pytest.raises(BotFailedError, match="not echoed"):
        await slack.verify_url()


async def test_a_late_answer_is_shown_as_a_timeout(clock: Clock) -> None:
    late = Raw()
    late.seconds = 30
    async with LocalSlack(**start(), now=clock, ack_seconds=0.1) as slack, served(late.handle) as url:
        slack.connect_http(url)
        alice = slack.person("alice")
        with pytest.raises(BotFailedError, match="operation_timeout"):
            await alice.command("#general", "/card x")
        assert alice.sees("#general")[-1].text == '/card failed with the error "operation_timeout"'
        assert slack.log[-1].ack.seconds < 5


async def test_a_refusing_or_absent_bot_is_shown_as_a_dispatch_failure(
    slack: LocalSlack, raw: Raw, alice: Person, bob: Person
) -> None:
    raw.status = 500
    with pytest.raises(BotFailedError, match="dispatch_failed"):
        await alice.command("#general", "/card x")
    assert alice.sees("#general")[-1].text == '/card failed with the error "dispatch_failed"'
    assert bob.sees("#general") == []
    slack.connect_http("http://127.0.0.1:9/slack/events")
    with pytest.raises(BotFailedError, match="dispatch_failed"):
        await alice.command("#general", "/card x")


async def test_a_command_answered_with_bad_blocks_is_shown_as_such(raw: Raw, alice: Person) -> None:
    raw.body = '{"blocks": [{"type": "sector"}]}'
    raw.headers = {"Content-Type": "application/json"}
    with pytest.raises(BotFailedError, match="invalid_command_response"):
        await alice.command("#general", "/card x")


async def test_a_command_may_be_answered_in_the_channel(raw: Raw, alice: Person, bob: Person) -> None:
    raw.body = '{"response_type": "in_channel", "text": "for all"}'
    await alice.command("#general", "/card x")
    assert bob.sees("#general")[-1].text == "for all"


async def test_without_should_escape_mentions_stay_as_typed(slack: LocalSlack, raw: Raw, alice: Person) -> None:
    await alice.command("#general", "/raw ask @bob & co")
    assert slack.log[-1].payload["text"] == "ask @bob &amp; co"


# ---- events ----------------------------------------------------------------------------------------------


async def test_messages_and_mentions_are_told_where_the_bot_is(
    slack: LocalSlack, bot: Bot, alice: Person, bob: Person
) -> None:
    said = alice.say("#general", "hello @signoff")
    slack.workspace.leave(sample.channel_id("secret"), slack.app.bot_user)
    bob.say("#secret", "not for bots")
    alice.say("@signoff", "in private")
    await slack.quiet()
    events = [delivery.payload["event"] for delivery in slack.log if delivery.what == "event"]
    told = [(event["type"], event.get("channel_type"), event.get("text")) for event in events]
    text = f"hello <@{slack.app.bot_user}>"
    assert ("message", "channel", text) in told
    assert ("app_mention", None, text) in told
    assert ("message", "im", "in private") in told
    assert "not for bots" not in str(events)
    assert next(event for event in events if event["type"] == "app_mention")["ts"] == said.ts
    body = bot.named("message")[0]
    assert (body["team_id"], body["api_app_id"], body["type"]) == ("T0LOCAL", slack.app.id, "event_callback")
    assert body["authorizations"][0]["user_id"] == slack.app.bot_user


async def test_events_need_a_subscription_and_a_scope(slack: LocalSlack, raw: Raw, alice: Person) -> None:
    slack.workspace.change_app(events=frozenset({"message.channels", "user_change"}), scopes=frozenset({"users:read"}))
    alice.say("#general", "hello")
    slack.workspace.set_group(sample.group_id("finance"), [])
    slack.workspace.change_user(alice.id, presence="away")
    await slack.quiet()
    assert [delivery.payload["event"]["type"] for delivery in slack.log] == ["user_change"]


async def test_changes_of_the_workspace_are_told(slack: LocalSlack, raw: Raw, bob: Person) -> None:
    workspace = slack.workspace
    workspace.deactivate(bob.id, from_groups=True)
    workspace.join(GENERAL, sample.user_id("eve"))
    workspace.leave(GENERAL, slack.app.bot_user)
    workspace.change_channel(sample.channel_id("ops"), archived=True)
    workspace.uninstall()
    await slack.quiet()
    told = [delivery.payload["event"] for delivery in slack.log]
    assert {event["type"] for event in told} == {
        "subteam_members_changed",
        "subteam_updated",
        "user_change",
        "member_joined_channel",
        "member_left_channel",
        "channel_archive",
        "tokens_revoked",
        "app_uninstalled",
    }
    members = next(event for event in told if event["type"] == "subteam_members_changed")
    assert members["removed_users"] == [bob.id]


async def test_edits_and_deletions_are_told(slack: LocalSlack, bot: Bot) -> None:
    posted = await card(bot)
    await bot.client.chat_update(channel=GENERAL, ts=posted.ts, text="new")
    await bot.client.chat_delete(channel=GENERAL, ts=posted.ts)
    await slack.quiet()
    events = [delivery.payload["event"] for delivery in slack.log]
    assert [event.get("subtype") for event in events] == [None, "message_changed", "message_deleted"]
    assert events[2]["deleted_ts"] == posted.ts


async def test_an_event_that_is_not_acknowledged_comes_three_times_more(
    slack: LocalSlack, raw: Raw, alice: Person
) -> None:
    raw.status = 503
    alice.say("#general", "hello")
    await slack.quiet()
    retries = [(headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason")) for headers, _ in raw.requests]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len({body for _, body in raw.requests}) == 1


async def test_a_bot_may_ask_for_no_retries(slack: LocalSlack, raw: Raw, alice: Person) -> None:
    raw.status, raw.headers = 500, {"X-Slack-No-Retry": "1"}
    alice.say("#general", "hello")
    await slack.quiet()
    assert len(raw.requests) == 1


async def test_retries_say_when_nobody_was_there(slack: LocalSlack, alice: Person) -> None:
    slack.connect_http("http://127.0.0.1:9/slack/events")
    alice.say("#general", "hello")
    await slack.quiet()
    headers = slack.log[-1].request.headers if slack.log[-1].request else {}
    assert (headers["X-Slack-Retry-Num"], headers["X-Slack-Retry-Reason"]) == ("3", "connection_failed")


# ---- what no real Slack would send -----------------------------------------------------------------------


async def test_the_bot_refuses_what_is_not_signed_right(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    posted = await card(bot)
    old = str(int(time.time()) - 3600)
    assert (await alice.forge_click(posted, "ask", secret="not the secret")).status == 401
    assert (await alice.forge_click(posted, "ask", signature="v0=00")).status == 401
    assert (await alice.forge_click(posted, "ask", timestamp=old)).status == 401
    malformed = await alice.forge_click(posted, "ask", timestamp="soon")
    assert malformed.status == 500  # slack-bolt's verifier raises; our bot must look before it
    assert bot.named("click") == []


async def test_a_stale_copy_and_made_up_values_can_be_sent(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    stale = await card(bot)
    await bot.client.chat_update(channel=GENERAL, ts=stale.ts, text="decided", blocks=[section("decided")])
    assert (await alice.forge_click(stale, "ask")).status == 200
    strange = {"user": {"team_id": "T0OTHER"}, "actions": [{"type": "button", "action_id": "ask", "value": "other"}]}
    await alice.forge_click(stale, "ask", changes=strange)
    await alice.forge_click(stale, "ask", "nonce-2")
    await slack.wait_for(lambda: len(bot.named("click")) == 3)
    first, second, third = bot.named("click")
    assert first["actions"][0]["value"] == "nonce-1"
    assert first["message"]["text"] == "card"
    assert (second["user"]["id"], second["user"]["team_id"]) == (alice.id, "T0OTHER")
    assert second["actions"][0]["value"] == "other"
    assert third["actions"][0]["value"] == "nonce-2"


async def test_the_same_bytes_can_be_sent_again(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    await alice.click(await card(bot), "ask")
    sent = next(delivery for delivery in slack.log if delivery.what == "interactive")
    again = await slack.replay(sent)
    assert again.status == 200
    await slack.wait_for(lambda: len(bot.named("click")) == 2)
    first, second = bot.named("click")
    assert first == second


async def test_a_form_can_be_forged(slack: LocalSlack, bot: Bot, alice: Person, bob: Person) -> None:
    await alice.click(await card(bot), "ask")
    form = await slack.wait_for(alice.modal)
    await alice.close()
    sent = await bob.forge_submit(form, {"reason": "x"}, changes={"view": {"private_metadata": "request-8"}})
    assert sent.status == 200
    body = bot.named("form")[0]
    assert (body["user"]["id"], body["view"]["private_metadata"]) == (bob.id, "request-8")
    assert body["view"]["state"]["values"]["reason"]["it"]["value"] == "x"


async def test_any_bytes_can_be_sent(slack: LocalSlack, bot: Bot) -> None:
    request = rewritten("interactive", {"type": "unheard_of"}, slack.signing_secret)
    assert (await slack.send_raw(request)).status == 404


# ---- response URLs ---------------------------------------------------------------------------------------


async def respond(url: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.json()


async def test_a_response_url_serves_five_times_in_half_an_hour(
    slack: LocalSlack, raw: Raw, alice: Person, bob: Person, clock: Clock
) -> None:
    await alice.command("#general", "/card x")
    url = slack.log[-1].payload["response_url"]
    for number in range(5):
        assert await respond(url, {"text": f"answer {number}"}) == (200, {"ok": True})
    assert (await respond(url, {"text": "six"})) == (404, {"ok": False, "error": "used_url"})
    assert [one.text for one in alice.sees("#general")] == [f"answer {number}" for number in range(5)]
    assert bob.sees("#general") == []
    await alice.command("#general", "/card x")
    clock.now += 30 * 60 + 1
    late = await respond(slack.log[-1].payload["response_url"], {"text": "late"})
    assert late == (404, {"ok": False, "error": "expired_url"})


async def test_a_response_url_replaces_and_deletes_what_was_clicked(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    whisper = await bot.client.chat_postEphemeral(
        channel=GENERAL, user=alice.id, text="x", blocks=[actions(button("ask", "Ask"))]
    )
    quiet = alice.sees("#general")[-1]
    assert quiet.ts == whisper["message_ts"]
    await alice.click(quiet, "ask")
    body = (await slack.wait_for(lambda: bot.named("click")))[0]
    assert "message" not in body
    assert body["container"]["is_ephemeral"]
    await respond(body["response_url"], {"text": "changed", "replace_original": True})
    assert [one.text for one in alice.sees("#general")] == ["changed"]
    assert alice.sees("#general")[0].ephemeral_to == alice.id
    await respond(body["response_url"], {"delete_original": True})
    assert alice.sees("#general") == []
    await respond(body["response_url"], {"text": "to all", "response_type": "in_channel"})
    assert slack.person("bob").sees("#general")[-1].text == "to all"
    refused = await respond(body["response_url"], {})
    assert refused == (400, {"ok": False, "error": "no_text"})
