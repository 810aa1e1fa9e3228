"""The HTTP server: Slack's endpoint, and whether we are well."""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

SLACK_PATH = "/slack/events"
MAX_BODY = 1 << 20
log = structlog.get_logger("web")
Ready = Callable[[], Awaitable[dict[str, str]]]


def web_app(slack: Callable[[web.Request], Any] | None, ready: Ready) -> web.Application:
    """`slack` is None in Socket Mode. `ready` names what is not well; an empty answer is well."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        troubles = await ready()
        return web.json_response({"ready": not troubles, "troubles": troubles}, status=503 if troubles else 200)

    app = web.Application(client_max_size=MAX_BODY, middlewares=[_no_traceback])
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    if slack is not None:
        app.router.add_post(SLACK_PATH, slack)
    return app


@web.middleware
async def _no_traceback(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:
        log.exception("request_failed", path=request.path, error=repr(error))
        return web.Response(status=500, text="Something went wrong on our side.")


async def listen(app: web.Application, door: socket.socket) -> web.AppRunner:
    """Serve on a socket that listens, until the runner is cleaned up."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    await web.SockSite(runner, door).start()
    return runner
