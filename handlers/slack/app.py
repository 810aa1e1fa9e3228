"""The Bolt app: every listener in one place, one pattern each and a table behind it.

`process_before_response` is on: a listener answers Slack when its move is committed, and whatever it has to say
after that goes on as a task of its own. Bolt's default runner polls for the answer and loses it when a listener
raises soon after it.
"""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.moves import submit
from bot.request import Asker
from handlers.cards import lists
from handlers.people import Home, SlackPeople
from handlers.schemas import JsonSchemas
from handlers.slack import actions, commands, events, views
from handlers.slack.inbound import Office, actor, in_words, log, refused
from handlers.slack.once import OnceApp
from handlers.slack.replies import replies_to

COMMAND = "/signoff"
SHORTCUT = "ask_for_signoff"
_ANY = re.compile(r".*", re.DOTALL)


def slack_app(
    office: Office, client: AsyncWebClient, bare: AsyncWebClient, people: SlackPeople, schemas: JsonSchemas
) -> OnceApp:
    """The app with all its listeners. It makes no call by itself: who we are was asked at the start.

    `bare` has no token: Bolt is told it with each request, and warns about a second one.
    """
    app = OnceApp(
        client=bare,
        signing_secret="checked by handlers.slack.signed",  # noqa: S106 - Bolt's own check is off
        authorize=_authorized(office.home, client),
        process_before_response=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
    )

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        drawn = await commands.command(office, client, schemas, body)
        await ack(text=drawn.text, blocks=drawn.blocks, response_type="ephemeral") if drawn else await ack()

    @app.action(_ANY)
    async def on_action(ack: AsyncAck, body: dict[str, Any]) -> None:
        await actions.pressed(office, client, body)
        await ack()

    @app.view(_ANY)
    async def on_view(ack: AsyncAck, body: dict[str, Any]) -> None:
        answer = await views.submitted(office, client, body)
        await ack(**answer) if answer else await ack()

    @app.shortcut(SHORTCUT)
    async def on_shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _asked_about_message(office, client, body)
        await ack()

    @app.event("app_home_opened")
    async def on_home(event: dict[str, Any]) -> None:
        await events.home_opened(office, client, event)

    @app.event("message")
    async def on_message(body: dict[str, Any]) -> None:
        await events.said(office, client, body)

    for name in events.NEWS_OF_PEOPLE:

        @app.event(name)
        async def on_people(event: dict[str, Any]) -> None:
            await events.people_changed(office, people, event)

    for name in events.NEWS_OF_THE_APP:

        @app.event(name)
        async def on_app(event: dict[str, Any]) -> None:
            log.critical("app_removed", kind=event.get("type"))

    @app.error
    async def on_error(error: Exception) -> None:
        log.error("listener_failed", error=repr(error), exc_info=error)

    return app


def _authorized(home: Home, client: AsyncWebClient) -> Any:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=home.enterprise_id,
            team_id=home.team_id,
            bot_user_id=home.bot_user_id,
            bot_token=client.token,
        )

    return authorize


async def _asked_about_message(office: Office, client: AsyncWebClient, body: Mapping[str, Any]) -> None:
    """The message shortcut *Ask for sign-off*: a message's text as the words."""
    replies = replies_to(office, client, body)
    try:
        who = actor(office, body["user"], "shortcut")
        message = body.get("message") or {}
        text = commands.plain(str(message.get("text") or ""))
        where = {"channel": (body.get("channel") or {}).get("id"), "message_ts": message.get("ts")}
        request = await submit.words(office.desk, Asker(person=who.id), who, text, where)
        await replies.privately(lists.reading(request))
    except Exception as error:  # noqa: BLE001 - the person must hear something
        told = in_words(error)
        await replies.privately(lists.refusal(told))
        await refused(office, told, body["user"], "shortcut")
