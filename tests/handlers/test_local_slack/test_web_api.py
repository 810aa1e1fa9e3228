"""The Web API through the real client: what works, and what is refused with Slack's own codes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from handlers.demo.slack import Dnd, LocalSlack, Person, sample
from handlers.demo.slack.app import ALL_SCOPES
from tests.handlers.test_local_slack.bot import actions, button, section

GENERAL, OPS, SECRET = (sample.channel_id(name) for name in ("general", "ops", "secret"))
BOB, ALICE = sample.user_id("bob"), sample.user_id("alice")
Call = Callable[[AsyncWebClient], Awaitable[AsyncSlackResponse]]


async def refusal(call: Awaitable[AsyncSlackResponse]) -> Mapping[str, Any]:
    with pytest.raises(SlackApiError) as refused:
        await call
    data = refused.value.response.data
    assert isinstance(data, dict)
    return data


async def error(call: Awaitable[AsyncSlackResponse]) -> str:
    return str((await refusal(call))["error"])


# ---- tokens and scopes -----------------------------------------------------------------------------------


async def test_the_token_is_checked(slack: LocalSlack, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["team_id"] == "T0LOCAL"
    assert await error(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    assert await error(AsyncWebClient("xoxb-wrong", base_url=slack.api_url).auth_test()) == "invalid_auth"
    app_client = AsyncWebClient(slack.app_token, base_url=slack.api_url)
    assert await error(app_client.auth_test()) == "not_allowed_token_type"
    assert await error(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    slack.workspace.change_app(revoked_tokens=frozenset({slack.bot_token}))
    assert await error(client.auth_test()) == "token_revoked"
    slack.workspace.change_app(revoked_tokens=frozenset())
    slack.workspace.uninstall()
    assert await error(client.auth_test()) == "account_inactive"


async def test_scopes_are_reported_and_required(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.workspace.change_app(scopes=frozenset({"chat:write", "users:read"}))
    answer = await client.auth_test()
    assert answer.headers["x-oauth-scopes"] == "chat:write,users:read"
    data = await refusal(client.usergroups_list())
    assert (data["error"], data["needed"]) == ("missing_scope", "usergroups:read")
    assert data["provided"] == "chat:write,users:read"
    user = await client.users_info(user=ALICE)
    assert "email" not in user["user"]["profile"]
    for call in (
        client.conversations_info(channel=GENERAL),
        client.conversations_open(users=ALICE),
        client.conversations_history(channel=GENERAL),
        client.users_lookupByEmail(email="alice@example.com"),
        client.dnd_info(user=ALICE),
        client.reactions_add(channel=GENERAL, name="eyes", timestamp="1.1"),
    ):
        assert await error(call) == "missing_scope"
    slack.workspace.change_app(scopes=frozenset({"channels:read", "groups:read"}))
    assert await error(client.chat_postMessage(channel=GENERAL, text="x")) == "missing_scope"
    assert (await client.conversations_info(channel=SECRET))["channel"]["is_private"]
    assert await error(client.conversations_list(types="im")) == "missing_scope"


async def test_an_unknown_method_is_refused(client: AsyncWebClient) -> None:
    assert await error(client.api_call("chat.shout")) == "unknown_method"


async def test_json_and_form_bodies_are_read(slack: LocalSlack, client: AsyncWebClient) -> None:
    posted = await client.api_call("chat.postMessage", json={"channel": GENERAL, "text": "as json"})
    assert posted["message"]["text"] == "as json"
    form = {"channel": GENERAL, "blocks": '[{"type":"divider"}]', "token": slack.bot_token}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + "chat.postMessage", data=form) as response,
    ):
        assert (await response.json())["ok"]
        assert slack.calls[-1].args == {"channel": GENERAL, "blocks": '[{"type":"divider"}]'}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + "auth.test", data="{", headers={"Content-Type": "application/json"}) as response,
    ):
        assert (await response.json())["error"] == "invalid_json"


# ---- posting ---------------------------------------------------------------------------------------------

LONG = [section("x" * 3000)] * 5


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": SECRET, "text": "x"}, "channel_not_found"),
        ({"channel": OPS, "text": "x"}, "not_in_channel"),
        ({"channel": GENERAL}, "no_text"),
        ({"channel": GENERAL, "text": "x", "blocks": [{"type": "sector"}]}, "invalid_blocks"),
        ({"channel": GENERAL, "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": GENERAL, "text": "x", "blocks": LONG}, "msg_blocks_too_long"),
        ({"channel": GENERAL, "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"channel": GENERAL, "text": "x", "thread_ts": "1.1"}, "thread_not_found"),
        ({"channel": GENERAL, "text": "x", "username": "CEO"}, "missing_scope"),
        ({"channel": GENERAL, "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
async def test_a_post_is_refused(
    slack: LocalSlack, client: AsyncWebClient, arguments: dict[str, Any], code: str
) -> None:
    slack.workspace.leave(SECRET, slack.app.bot_user)
    slack.workspace.leave(OPS, slack.app.bot_user)
    assert await error(client.api_call("chat.postMessage", json=arguments)) == code
    assert slack.workspace.history(GENERAL) == []


async def test_refused_blocks_say_where(client: AsyncWebClient) -> None:
    data = await refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=[section("")]))
    messages = data["response_metadata"]["messages"]
    assert messages == ["[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"]


async def test_an_archived_channel_takes_nothing(slack: LocalSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="before")
    slack.workspace.change_channel(GENERAL, archived=True)
    assert await error(client.chat_postMessage(channel=GENERAL, text="x")) == "is_archived"
    assert await error(client.chat_update(channel=GENERAL, ts=posted["ts"], text="y")) == "is_inactive"
    assert await error(client.reactions_add(channel=GENERAL, name="eyes", timestamp=posted["ts"])) == "is_archived"


async def test_timestamps_are_unique_and_grow(client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel=GENERAL, text=str(n)))["ts"] for n in range(3)]
    assert stamps == sorted(set(stamps))


async def test_long_text_is_cut_when_posted_and_refused_when_updated(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert await error(client.chat_update(channel=GENERAL, ts=posted["ts"], text="x" * 4_001)) == "msg_too_long"
    assert await error(client.chat_update(channel=GENERAL, ts=posted["ts"], text="ü" * 2_001)) == "msg_too_long"


async def test_a_post_to_a_person_is_a_direct_message(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    opened = await client.conversations_open(users=ALICE)
    posted = await client.chat_postMessage(channel=ALICE, text="hello")
    assert posted["channel"] == opened["channel"]["id"] == alice.dm().id
    assert [one.text for one in alice.sees("@signoff")] == ["hello"]
    slack.workspace.change_app(messages_tab=False)
    assert await error(client.chat_postMessage(channel=ALICE, text="x")) == "messages_tab_disabled"


async def test_who_cannot_be_written_to(slack: LocalSlack, client: AsyncWebClient) -> None:
    assert await error(client.conversations_open(users="U0NOBODY")) == "user_not_found"
    assert await error(client.conversations_open(users=sample.user_id("dan"))) == "user_disabled"
    assert await error(client.conversations_open(users=slack.app.bot_user)) == "cannot_dm_bot"
    assert await error(client.conversations_open(users="")) == "users_list_not_supplied"
    assert await error(client.conversations_open(channel=GENERAL)) == "method_not_supported_for_channel_type"
    group = await client.conversations_open(users=f"{ALICE},{BOB}", return_im=True)
    assert group["channel"]["is_mpim"]
    direct = await client.conversations_open(users=BOB)
    slack.workspace.deactivate(BOB)
    posting = client.chat_postMessage(channel=direct["channel"]["id"], text="x")
    assert await error(posting) == "channel_not_found"


async def test_an_ephemeral_message_is_seen_once_and_cannot_be_changed(
    client: AsyncWebClient, alice: Person, bob: Person
) -> None:
    sent = await client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="psst")
    assert [one.text for one in alice.sees("#general")] == ["psst"]
    assert bob.sees("#general") == []
    ts = sent["message_ts"]
    assert await error(client.chat_update(channel=GENERAL, ts=ts, text="x")) == "message_not_found"
    assert await error(client.chat_delete(channel=GENERAL, ts=ts)) == "message_not_found"
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []
    eve = sample.user_id("eve")
    assert await error(client.chat_postEphemeral(channel=GENERAL, user=eve, text="x")) == "user_not_in_channel"
    assert await error(client.chat_postEphemeral(channel=GENERAL, user="U0X", text="x")) == "user_not_found"


async def test_an_update_replaces_and_text_alone_removes_blocks(client: AsyncWebClient, alice: Person) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="a", blocks=[actions(button("go", "Go"))])
    ts = str(posted["ts"])
    await client.chat_update(channel=GENERAL, ts=ts, text="b", blocks=[section("new")])
    first = alice.sees("#general")[0]
    assert (first.text, first.edits, alice.buttons(first), first.edited_ts) == ("b", 1, [], None)
    await client.chat_update(channel=GENERAL, ts=ts, text="only text")
    second = alice.sees("#general")[0]
    assert second.blocks == ()
    assert second.edited_ts
    assert await error(client.chat_update(channel=GENERAL, ts="1.1", text="x")) == "message_not_found"
    assert await error(client.api_call("chat.update", json={"channel": GENERAL, "ts": ts})) == "no_text"
    said = alice.say("#general", "mine")
    assert await error(client.chat_update(channel=GENERAL, ts=said.ts, text="x")) == "cant_update_message"
    assert await error(client.chat_delete(channel=GENERAL, ts=said.ts)) == "cant_delete_message"


async def test_a_deleted_message_cannot_be_updated(slack: LocalSlack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="a")
    slack.workspace.delete_message(GENERAL, posted["ts"])
    assert await error(client.chat_update(channel=GENERAL, ts=posted["ts"], text="b")) == "message_not_found"


async def test_a_permalink(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="a")
    link = await client.chat_getPermalink(channel=GENERAL, message_ts=posted["ts"])
    assert link["permalink"].endswith(f"/archives/{GENERAL}/p{posted['ts'].replace('.', '')}")


async def test_reactions(client: AsyncWebClient, alice: Person) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="a")
    await client.reactions_add(channel=GENERAL, name="eyes", timestamp=posted["ts"])
    again = client.reactions_add(channel=GENERAL, name="eyes", timestamp=posted["ts"])
    assert await error(again) == "already_reacted"
    assert alice.sees("#general")[0].reactions == (("eyes", "U0LOCALBOT"),)


# ---- reading ---------------------------------------------------------------------------------------------


async def test_threads_and_history_with_metadata(client: AsyncWebClient, alice: Person) -> None:
    metadata = {"event_type": "card", "event_payload": {"request": "r1"}}
    head = await client.chat_postMessage(channel=GENERAL, text="head", metadata=metadata)
    answer = alice.say("#general", "reply", alice.sees("#general")[0])
    await client.chat_postMessage(channel=GENERAL, text="two", thread_ts=answer.ts)
    plain = await client.conversations_history(channel=GENERAL)
    assert [one["text"] for one in plain["messages"]] == ["head"]
    assert "metadata" not in plain["messages"][0]
    full = await client.conversations_history(channel=GENERAL, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata
    thread = await client.conversations_replies(channel=GENERAL, ts=head["ts"], include_all_metadata=True)
    assert [one["text"] for one in thread["messages"]] == ["head", "reply", "two"]
    assert {one["thread_ts"] for one in thread["messages"]} == {head["ts"]}
    assert await error(client.conversations_replies(channel=GENERAL, ts="1.1")) == "thread_not_found"


async def test_history_windows_and_pages(client: AsyncWebClient, slack: LocalSlack) -> None:
    stamps = [(await client.chat_postMessage(channel=GENERAL, text=str(n)))["ts"] for n in range(5)]
    page = await client.conversations_history(channel=GENERAL, limit=2)
    assert [one["text"] for one in page["messages"]] == ["4", "3"]
    assert page["has_more"]
    cursor = page["response_metadata"]["next_cursor"]
    following = await client.conversations_history(channel=GENERAL, limit=2, cursor=cursor)
    assert [one["text"] for one in following["messages"]] == ["2", "1"]
    window = await client.conversations_history(channel=GENERAL, oldest=stamps[3], inclusive=True)
    assert [one["text"] for one in window["messages"]] == ["4", "3"]
    assert await error(client.conversations_history(channel=GENERAL, cursor="nonsense")) == "invalid_cursor"
    assert await error(client.conversations_history(channel=GENERAL, limit=0)) == "invalid_limit"
    slack.workspace.leave(GENERAL, slack.app.bot_user)
    assert await error(client.conversations_history(channel=GENERAL)) == "not_in_channel"


async def test_conversations(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.workspace.change_channel(OPS, is_ext_shared=True, connected_teams=("T0LOCAL", "T0OTHER"))
    shape = (await client.conversations_info(channel=OPS))["channel"]
    assert (shape["is_ext_shared"], shape["name"], shape["is_member"]) == (True, "ops", True)
    both = await client.conversations_list(types="public_channel,private_channel")
    assert {one["id"] for one in both["channels"]} == {GENERAL, OPS, SECRET}
    members = await client.conversations_members(channel=GENERAL, limit=2)
    assert members["members"] == [ALICE, BOB]
    slack.workspace.leave(SECRET, slack.app.bot_user)
    assert await error(client.conversations_info(channel=SECRET)) == "channel_not_found"
    assert await error(client.conversations_members(channel="C0X")) == "channel_not_found"


async def test_people_as_the_bot_sees_them(slack: LocalSlack, client: AsyncWebClient) -> None:
    guest = (await client.users_info(user=sample.user_id("gus")))["user"]
    stranger = (await client.users_info(user=sample.user_id("eve")))["user"]
    gone = (await client.users_info(user=sample.user_id("dan")))["user"]
    assert (guest["is_restricted"], stranger["is_stranger"], gone["deleted"]) == (True, True, True)
    assert stranger["team_id"] == "T0OTHER"
    assert await error(client.users_info(user="U0X")) == "user_not_found"
    found = await client.users_lookupByEmail(email="ALICE@example.com")
    assert found["user"]["id"] == ALICE
    for name in ("dan", "eve", "nobody"):  # deactivated, of another organisation, unknown
        assert await error(client.users_lookupByEmail(email=f"{name}@example.com")) == "users_not_found"
    page = await client.users_list(limit=2)
    assert len(page["members"]) == 2
    assert page["response_metadata"]["next_cursor"]
    slack.workspace.change_user(ALICE, presence="away", dnd=Dnd(enabled=True, next_start=1, next_end=2))
    assert (await client.users_getPresence(user=ALICE))["presence"] == "away"
    assert (await client.dnd_info(user=ALICE))["dnd_enabled"]
    bot = (await client.bots_info(bot=slack.app.bot_id))["bot"]
    assert bot["user_id"] == slack.app.bot_user
    assert (await client.team_info())["team"]["id"] == "T0LOCAL"


async def test_user_groups(slack: LocalSlack, client: AsyncWebClient) -> None:
    finance = sample.group_id("finance")
    assert (await client.usergroups_users_list(usergroup=finance))["users"] == [BOB]
    slack.workspace.add_to_group(finance, ALICE)
    slack.workspace.deactivate(BOB, from_groups=True)
    listed = (await client.usergroups_list(include_users=True))["usergroups"]
    assert [(one["handle"], one["users"]) for one in listed] == [("finance", [ALICE])]
    assert await error(client.usergroups_users_list(usergroup="S0X")) == "no_such_subteam"
    slack.workspace.change_group(finance, disabled=True)
    assert await error(client.usergroups_users_list(usergroup=finance)) == "no_such_subteam"
    assert (await client.usergroups_list())["usergroups"] == []
    slack.workspace.paid = False
    assert await error(client.usergroups_list()) == "plan_upgrade_required"
    assert await error(client.usergroups_users_list(usergroup=finance)) == "plan_upgrade_required"


async def test_a_manifest_grants_what_it_says(slack: LocalSlack) -> None:
    manifest = {
        "display_information": {"name": "Signoff"},
        "features": {
            "bot_user": {"display_name": "signoff"},
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
            "slash_commands": [{"command": "/signoff", "should_escape": True}],
            "shortcuts": [{"name": "Ask", "type": "message", "callback_id": "ask"}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write"], "bot_optional": ["dnd:read"]}},
        "settings": {"event_subscriptions": {"bot_events": ["app_home_opened"]}, "interactivity": {"is_enabled": True}},
    }
    app = type(slack.app).from_manifest(manifest)
    assert app.scopes == {"chat:write", "dnd:read"} < ALL_SCOPES
    assert app.events == {"app_home_opened"}
    assert (app.commands[0].name, app.shortcuts[0].callback_id, app.messages_tab) == ("/signoff", "ask", False)
    assert type(slack.app).from_manifest(manifest, optional_scopes=False).scopes == {"chat:write"}
