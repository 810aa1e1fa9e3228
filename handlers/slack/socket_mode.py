"""What comes over a socket is looked at as what comes by HTTP is: made as Slack makes it, or not read at all."""

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from handlers.slack.inbound import log
from handlers.slack.shape import malformed


class Socket(AsyncSocketModeHandler):
    """Bolt's connection, which reads parts of a payload without asking what they are."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """What is malformed is not answered, as if it had not come."""
        if part := malformed(req.payload):
            log.warning("malformed_payload", part=part)
            return
        await super().handle(client, req)
