"""People drive the bot over signed HTTP; their Slack shows them what it should, and no more."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import (
    BotFailedError,
    ClientRefusesError,
    LocalSlack,
    Message,
    NotThereError,
    Person,
    Shortcut,
    sample,
)
from tests.handlers.test_local_slack.bot import FORM, Bot, actions, button, field, modal, section

GENERAL = sample.channel_id("general")


async def carded(slack: LocalSlack, person: Person) -> Message:
    """The card the bot posts on /card."""
    await person.command("#general", "/card order 81")
    return await slack.wait_for(lambda: next((one for one in person.sees("#general") if person.buttons(one)), None))


async def test_a_command_is_acknowledged_privately_and_answered_in_the_channel(
    slack: LocalSlack, bot: Bot, alice: Person, bob: Person
) -> None:
    reply = await alice.command("#general", "/card for @bob in #ops & <3 at https://x.example/?a=1")
    assert reply.message
    assert alice.reads(reply.message) == "working on it"
    assert reply.message not in bob.sees("#general")
    body = (await slack.wait_for(lambda: bot.named("command")))[0]
    mention, room = "<@U0BOB|bob>", "<#C0OPS|ops>"
    assert body["text"] == f"for {mention} in {room} &amp; &lt;3 at <https://x.example/?a=1>"
    assert (body["user_id"], body["team_id"], body["channel_id"]) == (alice.id, "T0LOCAL", GENERAL)


async def test_a_click_reaches_the_bot_and_the_card_is_redrawn(
    slack: LocalSlack, bot: Bot, alice: Person, bob: Person
) -> None:
    card = await carded(slack, alice)
    await bob.click(card, "Approve & go")
    await slack.wait_for(lambda: bob.reads(card) == "approved by @bob")
    body = bot.named("click")[0]
    assert body["actions"][0]["value"] == "n1"
    assert body["actions"][0]["text"]["text"] == "Approve &amp; go"
    assert body["user"] == {"id": bob.id, "username": "bob", "name": "bob", "team_id": "T0LOCAL"}
    assert body["container"]["message_ts"] == body["message"]["ts"] == card.ts
    with pytest.raises(NotThereError, match="nothing to press"):
        await bob.click(card, "Approve & go")


async def test_saying_no_in_the_confirm_dialog_sends_nothing(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    card = await carded(slack, alice)
    sent = len(slack.log)
    assert await alice.click(card, "approve", accept=False) is None
    assert len(slack.log) == sent
    with pytest.raises(NotThereError, match="no confirmation"):
        await alice.click(card, "ask", accept=False)


async def test_a_form_is_checked_by_the_client_then_sent(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    card = await carded(slack, alice)
    await alice.click(card, "ask")
    form = await slack.wait_for(alice.modal)
    with pytest.raises(ClientRefusesError) as refused:
        await alice.submit(form, {"Reason": "no", "Amount": "1.5"})
    assert set(refused.value.problems) == {"reason", "amount"}
    with pytest.raises(ClientRefusesError, match="100 or less"):
        await alice.submit(form, {"Reason": "because", "amount": 101})
    assert not bot.named("form")
    result = await alice.submit(form, {"Reason": "because", "amount": 7})
    assert result.top is None
    view = bot.named("form")[0]["view"]
    assert view["state"]["values"]["reason"]["it"] == {"type": "plain_text_input", "value": "because"}
    assert view["state"]["values"]["amount"]["it"]["value"] == "7"
    assert view["private_metadata"] == "request-7"
    with pytest.raises(NotThereError):
        await alice.submit(form, {"Reason": "again"})


async def test_a_form_answers_errors_update_push_and_clear(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    await alice.click(await carded(slack, alice), "ask")
    form = await slack.wait_for(alice.modal)
    values = {"Reason": "because"}

    bot.answer_to_form = {"response_action": "errors", "errors": {"reason": "too vague"}}
    assert (await alice.submit(form, values)).errors == {"reason": "too vague"}
    assert alice.modal() is not None

    bot.answer_to_form = {"response_action": "update", "view": modal(section("thanks"), title="Two")}
    updated = (await alice.submit(form, values)).top
    assert updated
    assert (updated.id, updated.title) == (form.id, "Two")
    assert updated.hash != form.hash

    bot.answer_to_form = {"response_action": "push", "view": FORM}
    pushed = (await alice.submit(updated)).top
    assert pushed
    assert (pushed.previous_id, pushed.root_id) == (form.id, form.id)
    with pytest.raises(NotThereError):
        await alice.submit(updated)

    bot.answer_to_form = {"response_action": "clear"}
    assert (await alice.submit(pushed, values)).top is None


async def test_errors_for_a_block_that_is_no_input_are_a_failure(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    await alice.click(await carded(slack, alice), "ask")
    await slack.wait_for(alice.modal)
    bot.answer_to_form = {"response_action": "errors", "errors": {"nonsense": "?"}}
    with pytest.raises(BotFailedError, match="invalid_response"):
        await alice.submit(None, {"Reason": "because"})
    assert alice.modal()


async def test_closing_is_told_where_the_view_asks_for_it(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    await alice.click(await carded(slack, alice), "ask")
    await slack.wait_for(alice.modal)
    await alice.close()
    assert alice.modal() is None
    assert (await slack.wait_for(lambda: bot.named("closed")))[0]["is_cleared"] is False


async def test_the_home_tab_opens(slack: LocalSlack, bot: Bot, alice: Person, bob: Person) -> None:
    await alice.open_home()
    home = await slack.wait_for(alice.home)
    assert alice.reads(home) == "welcome"
    assert bob.home() is None
    with pytest.raises(NotThereError):
        await bob.click(home, "anything")


async def test_a_message_shortcut_carries_the_message(slack: LocalSlack, bot: Bot, alice: Person, bob: Person) -> None:
    said = bob.say("#general", "please refund ord_81")
    await alice.shortcut(said, "about_this")
    body = (await slack.wait_for(lambda: bot.named("shortcut")))[0]
    assert (body["message"]["text"], body["message"]["user"]) == ("please refund ord_81", bob.id)
    with pytest.raises(NotThereError):
        await alice.shortcut(said, "unknown")


async def test_a_menu_in_a_message_is_chosen_and_remembered(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    city = {
        "type": "external_select",
        "action_id": "city",
        "placeholder": {"type": "plain_text", "text": "City"},
        "min_query_length": 1,
    }
    posted = await bot.client.chat_postMessage(channel=GENERAL, text="where", blocks=[actions(city)])
    message = next(one for one in alice.sees("#general") if one.ts == posted["ts"])
    assert await alice.suggest(message, "city", "Heidel") == ["Heidelberg"]
    option = {"text": {"type": "plain_text", "text": "Heidelberg"}, "value": "Heidelberg"}
    await alice.click(message, "city", option)
    body = (await slack.wait_for(lambda: bot.named("click")))[0]
    assert body["state"]["values"]["buttons"]["city"]["selected_option"] == option


async def test_nobody_presses_what_is_not_theirs(slack: LocalSlack, client: AsyncWebClient) -> None:
    press = [actions(button("go", "Go"))]
    private = await client.chat_postMessage(channel=sample.channel_id("secret"), text="x", blocks=press)
    whisper = await client.chat_postEphemeral(channel=GENERAL, user=sample.user_id("alice"), text="x", blocks=press)
    messages = slack.workspace.messages
    secret = messages[sample.channel_id("secret")][str(private["ts"])]
    await client.chat_postMessage(channel=sample.channel_id("ops"), text="x", blocks=press)
    public = slack.person("bob").sees("#ops")[0]
    quiet = messages[GENERAL][str(whisper["message_ts"])]
    with pytest.raises(NotThereError, match="sees no conversation"):
        await slack.person("alice").click(secret, "go")
    with pytest.raises(NotThereError, match="not a member"):
        await slack.person("bob").click(public, "go")
    with pytest.raises(NotThereError, match="not there for @bob"):
        await slack.person("bob").click(quiet, "go")
    with pytest.raises(NotThereError, match="deactivated"):
        await slack.person("dan").click(quiet, "go")
    with pytest.raises(NotThereError, match="sees no conversation"):
        slack.person("gus").sees("#ops")
    with pytest.raises(NotThereError, match="not a valid command"):
        await slack.person("eve").command("#ops", "/card x")
    with pytest.raises(NotThereError, match="not a valid command"):
        await slack.person("alice").command("#ops", "/unknown x")


async def test_a_button_for_some_people_is_there_for_them_only(
    slack: LocalSlack, client: AsyncWebClient, alice: Person, bob: Person
) -> None:
    mine = button("go", "Go", visible_to_user_ids=[bob.id])
    await client.chat_postMessage(channel=GENERAL, text="x", blocks=[actions(mine, button("other", "Other"))])
    message = alice.sees("#general")[-1]
    assert [one.action_id for one in alice.buttons(message)] == ["other"]
    assert [one.action_id for one in bob.buttons(message)] == ["go", "other"]


async def test_every_kind_of_field_takes_its_kind_of_value(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    options = [{"text": {"type": "plain_text", "text": name.title()}, "value": name} for name in ("red", "blue")]
    view = modal(
        field("colour", "Colour", {"type": "static_select", "options": options}),
        field("some", "Some", {"type": "checkboxes", "options": options}),
        field("who", "Who", {"type": "users_select"}),
        field("rooms", "Rooms", {"type": "multi_channels_select", "max_selected_items": 1}),
        field("day", "Day", {"type": "datepicker", "initial_date": "2026-01-02"}),
        field("mail", "Mail", {"type": "email_text_input"}, optional=True),
    )
    await bot.client.views_open(trigger_id=slack.core.tickets.trigger(alice.id), view=view)
    good = {"Colour": "Red", "some": ["blue"], "Who": "@bob", "Rooms": ["#general"]}
    with pytest.raises(ClientRefusesError, match="required"):
        await alice.submit(None, {"Colour": "Red"})
    with pytest.raises(ClientRefusesError, match="email"):
        await alice.submit(None, {**good, "Mail": "nobody"})
    with pytest.raises(ClientRefusesError, match="more than 1"):
        await alice.submit(None, {**good, "Rooms": ["#general", "#ops"], "Mail": None})
    with pytest.raises(NotThereError, match="no option 'green'"):
        await alice.submit(None, {"Colour": "green"})
    await alice.submit(None, {**good, "Mail": ""})
    values = bot.named("form")[0]["view"]["state"]["values"]
    assert values["colour"]["it"]["selected_option"]["value"] == "red"
    assert [one["value"] for one in values["some"]["it"]["selected_options"]] == ["blue"]
    assert values["who"]["it"]["selected_user"] == "U0BOB"
    assert values["rooms"]["it"]["selected_channels"] == [GENERAL]
    assert values["day"]["it"]["selected_date"] == "2026-01-02"
    assert values["mail"]["it"] == {"type": "email_text_input", "value": None}


async def test_a_stranger_in_a_shared_channel_clicks_under_their_own_team(
    slack: LocalSlack, bot: Bot, alice: Person
) -> None:
    ops = sample.channel_id("ops")
    await bot.client.chat_postMessage(channel=ops, text="x", blocks=[actions(button("ask", "Ask"))])
    eve = slack.person("eve")
    await eve.click(eve.sees("#ops")[0], "ask")
    body = (await slack.wait_for(lambda: bot.named("click")))[0]
    assert (body["team"]["id"], body["user"]["team_id"]) == ("T0LOCAL", "T0OTHER")


async def test_a_deactivated_account_stays_in_its_groups(
    slack: LocalSlack, client: AsyncWebClient, bob: Person
) -> None:
    slack.workspace.deactivate(bob.id)
    listed = await client.usergroups_users_list(usergroup=sample.group_id("finance"))
    assert listed["users"] == [bob.id]
    assert (await client.users_info(user=bob.id))["user"]["deleted"]
    with pytest.raises(NotThereError, match="deactivated"):
        bob.sees("#general")


async def test_a_global_shortcut(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    slack.workspace.change_app(shortcuts=(Shortcut("about_this", "About", "global"),))
    await alice.global_shortcut("about_this")
    assert (await slack.wait_for(lambda: bot.named("shortcut")))[0]["type"] == "shortcut"
    with pytest.raises(NotThereError):
        await alice.shortcut(alice.say("#general", "x"), "about_this")


async def test_an_app_without_interactivity_cannot_be_pressed(
    slack: LocalSlack, client: AsyncWebClient, alice: Person
) -> None:
    await client.chat_postMessage(channel=GENERAL, text="x", blocks=[actions(button("go", "Go"))])
    slack.workspace.change_app(interactive=False)
    with pytest.raises(BotFailedError, match="not_interactive"):
        await alice.click(alice.sees("#general")[0], "go")


async def test_where_nothing_can_be_typed(slack: LocalSlack, bot: Bot, alice: Person) -> None:
    slack.workspace.change_app(messages_read_only=True)
    with pytest.raises(NotThereError, match="no field to type in"):
        alice.say("@signoff", "hello")
    with pytest.raises(NotThereError, match="no field to type in"):
        await alice.command("@signoff", "/card x")
    slack.workspace.change_channel(GENERAL, archived=True)
    with pytest.raises(NotThereError, match="archived"):
        alice.say("#general", "hello")


async def test_secrets_are_not_shown(slack: LocalSlack) -> None:
    shown = repr(slack.app)
    assert not any(secret in shown for secret in (slack.bot_token, slack.app_token, slack.signing_secret))
