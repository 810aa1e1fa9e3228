"""A small bot on slack-bolt that shows one of everything and says back what it was told."""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import LocalSlack
from tests.handlers.test_demo_page.kit import (
    EVERY_INPUT,
    Json,
    actions,
    button,
    confirm,
    field,
    modal,
    section,
)

ANY_ID = re.compile("")
WRITTEN = {"type": "plain_text_input"}


class Bot:
    """What it heard, in order: (kind, payload). `answers` holds what a form's submission is answered with."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.heard: list[tuple[str, Json]] = []
        self.answers: list[Json] = []
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5)
        self.app = AsyncApp(client=self.client, signing_secret=slack.signing_secret)
        self._commands()
        self._clicks()
        self._forms()
        self._rest()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))

    def of(self, kind: str) -> list[Json]:
        return [payload for heard, payload in self.heard if heard == kind]

    async def hears(self, kind: str, count: int = 1) -> Json:
        """The last payload of this kind, once there are `count`."""
        await self.slack.wait_for(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[-1]

    async def post(self, text: str, blocks: list[Json] | None = None, channel: str = "C0GENERAL", **more: Any) -> str:
        answer = await self.client.chat_postMessage(channel=channel, text=text, blocks=blocks, **more)
        return str(answer["ts"])

    async def whisper(self, person: str, text: str, blocks: list[Json] | None = None) -> None:
        await self.client.chat_postEphemeral(channel="C0GENERAL", user=person, text=text, blocks=blocks)

    def _commands(self) -> None:
        @self.app.command("/signoff")
        async def signoff(ack: Any, body: Json, client: AsyncWebClient) -> None:
            self.heard.append(("command", body))
            words = {"form": EVERY_INPUT, "steps": STEPS}
            if body["text"] in words:
                await ack()
                await client.views_open(trigger_id=body["trigger_id"], view=words[body["text"]])
            elif body["text"] == "fail":
                await ack(text="x", blocks=[{"type": "unheard of"}])
            else:
                await ack(f"read: {body['text']}")

        @self.app.command("/sign")
        async def sign(ack: Any, body: Json) -> None:
            self.heard.append(("command", body))
            await ack()

    def _clicks(self) -> None:
        @self.app.action("approve")
        async def approve(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            who, channel, ts = body["user"]["id"], body["channel"]["id"], body["container"]["message_ts"]
            await client.chat_update(channel=channel, ts=ts, text="done", blocks=[section(f"✅ Approved by <@{who}>")])
            await client.chat_postMessage(channel=channel, thread_ts=ts, text="It ran.")
            self.heard.append(("click", body))

        @self.app.action("check")
        async def check(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            fresh = modal(
                "Checked",
                section("now checked"),
                field("name", "Name", WRITTEN),
                field("more", "More", WRITTEN, optional=True),
                callback="second",
            )
            await client.views_update(view_id=body["view"]["id"], view=fresh)
            self.heard.append(("click", body))

        @self.app.action(ANY_ID)
        async def other(ack: Any, body: Json) -> None:
            await ack()
            self.heard.append(("click", body))

    def _forms(self) -> None:
        @self.app.view("form")
        async def form(ack: Any, body: Json) -> None:
            self.heard.append(("form", body))
            await ack(**(self.answers.pop(0) if self.answers else {}))

        @self.app.view("first")
        async def first(ack: Any, body: Json) -> None:
            self.heard.append(("form", body))
            await ack(response_action="push", view=SECOND)

        @self.app.view("second")
        async def second(ack: Any, body: Json) -> None:
            self.heard.append(("form", body))
            await ack(response_action="clear")

        @self.app.view_closed(ANY_ID)
        async def closed(ack: Any, body: Json) -> None:
            await ack()
            self.heard.append(("closed", body))

    def _rest(self) -> None:
        @self.app.shortcut("ask_about")
        async def ask(ack: Any, body: Json) -> None:
            await ack()
            self.heard.append(("shortcut", body))

        @self.app.event("app_home_opened")
        async def home(event: Json, client: AsyncWebClient) -> None:
            blocks = [section("*Waiting for you*"), actions(button("refresh", "Refresh"))]
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})
            self.heard.append(("home", event))

        @self.app.event("message")
        async def message(event: Json) -> None:
            self.heard.append(("message", event))


def values(payload: Mapping[str, Any]) -> Json:
    """{block_id: what was filled in}."""
    return {
        block: next(value for name, value in state["it"].items() if name != "type")
        for block, state in payload["view"]["state"]["values"].items()
    }


SURE = confirm("Approve exactly this?", "Refund 50 USD")
CARD = [
    {"type": "header", "text": {"type": "plain_text", "text": "Refund 50 USD for order ord_81"}},
    section("Asked by <@U0ALICE> · waiting for <!subteam^S0FINANCE>"),
    actions(button("approve", "Approve", style="primary", confirm=SURE), button("details", "Details")),
]
STEPS = modal(
    "First step",
    field("name", "Name", WRITTEN),
    actions(button("check", "Check"), button("note_it", "Note it")),
    callback="first",
    notify_on_close=True,
)
SECOND = modal("Second step", section("Nearly there"), callback="second", submit="Finish", notify_on_close=True)
