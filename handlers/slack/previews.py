"""A preview asked anew when somebody looks, and their window drawn again with what it says."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.moves import preview
from bot.request import Request
from handlers.slack.inbound import Office
from handlers.tokens import Token

Draw = Callable[[Request, str], Awaitable[dict[str, Any]]]  # of the request and a token: the window


async def previewed(office: Office, client: AsyncWebClient, token: Token, view: Mapping[str, Any], draw: Draw) -> None:
    """`view`: as Slack answered when it was opened. What was typed into it stays."""
    request = await preview.preview(office.desk, office.executors, token.request_id)
    if request.version is not None and request.version.number == token.version:
        drawn = await draw(request, token.text)
        with suppress(SlackApiError):  # closed, turned to another page or sent meanwhile: the door looks at it anew
            await client.views_update(view_id=view["id"], hash=view["hash"], view=drawn)
