"""A small bot on slack-bolt, as real bots are written: a card with buttons, a form, a home tab."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import LocalSlack

Body = dict[str, Any]


def section(text: str) -> Body:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, label: str, value: str = "v", **more: Any) -> Body:
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": label},
        "value": value,
        **more,
    }


def actions(*elements: Body, block_id: str = "buttons") -> Body:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def field(block_id: str, label: str, element: Body, **more: Any) -> Body:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": "it", **element},
        **more,
    }


def modal(*blocks: Body, title: str = "Form", **more: Any) -> Body:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **more,
    }


FORM = modal(
    field("reason", "Reason", {"type": "plain_text_input", "min_length": 3, "max_length": 20}),
    field(
        "amount",
        "Amount",
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "100"},
        optional=True,
    ),
    private_metadata="request-7",
    notify_on_close=True,
)


class Bot:
    """What the bot was told, in order, and how it should answer."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.heard: list[tuple[str, Body]] = []
        self.answer_to_form: Body | None = None
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5)
        self.app = AsyncApp(client=self.client, signing_secret=slack.signing_secret)
        self._listen()

    def named(self, kind: str) -> list[Body]:
        return [body for name, body in self.heard if name == kind]

    def _listen(self) -> None:
        app = self.app

        @app.command("/card")
        async def card(ack: Any, body: Body, client: AsyncWebClient) -> None:
            await ack("working on it")
            self.heard.append(("command", body))
            confirm = {
                "title": {"type": "plain_text", "text": "Sure?"},
                "text": {"type": "plain_text", "text": "Really"},
                "confirm": {"type": "plain_text", "text": "Yes"},
                "deny": {"type": "plain_text", "text": "No"},
            }
            buttons = actions(
                button("approve", "Approve & go", "n1", style="primary", confirm=confirm),
                button("ask", "Ask", "n1"),
            )
            blocks = [section(f"*Card* {body['text']}"), buttons]
            await client.chat_postMessage(channel=body["channel_id"], text="a card", blocks=blocks)

        @app.action("approve")
        async def approve(ack: Any, body: Body, client: AsyncWebClient) -> None:
            await ack()
            self.heard.append(("click", body))
            await client.chat_update(
                channel=body["channel"]["id"],
                ts=body["container"]["message_ts"],
                text="done",
                blocks=[section(f"approved by <@{body['user']['id']}>")],
            )

        @app.action("ask")
        async def ask(ack: Any, body: Body, client: AsyncWebClient) -> None:
            await ack()
            self.heard.append(("click", body))
            try:
                await client.views_open(trigger_id=body["trigger_id"], view=FORM)
            except SlackApiError as refused:
                # Raised into Bolt this soon after ack, it would undo the ack (bolt 1.30).
                self.heard.append(("refused", dict(refused.response.data)))

        @app.view("form")
        async def form(ack: Any, body: Body) -> None:
            self.heard.append(("form", body))
            await ack(**(self.answer_to_form or {}))

        @app.view_closed("form")
        async def closed(ack: Any, body: Body) -> None:
            await ack()
            self.heard.append(("closed", body))

        @app.shortcut("about_this")
        async def about(ack: Any, body: Body) -> None:
            await ack()
            self.heard.append(("shortcut", body))

        @app.event("app_home_opened")
        async def home(event: Body, client: AsyncWebClient) -> None:
            self.heard.append(("home", event))
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("welcome")]})

        @app.event("message")
        async def message(body: Body) -> None:
            self.heard.append(("message", body))

        @app.event("subteam_members_changed")
        async def members(event: Body) -> None:
            self.heard.append(("members", event))

        @app.options("city")
        async def cities(ack: Any, payload: Body) -> None:
            text = f"{payload['value']}berg"
            await ack(options=[{"text": {"type": "plain_text", "text": text}, "value": text}])

        @app.action("city")
        async def city(ack: Any, body: Body) -> None:
            await ack()
            self.heard.append(("click", body))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))


@asynccontextmanager
async def served(handler: Any) -> AsyncIterator[str]:
    """An aiohttp handler on loopback; gives its URL."""
    application = web.Application()
    application.router.add_post("/slack/events", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()
