"""The API of the web page: what a person sees, live, and everything they can do, under `/ui/`.

Who may call
    Only a page served from here. Every request must have this server's `Host` (127.0.0.1 or localhost with
    the right port), an `Origin` of the same address if it has one, and the page token: in the header
    `X-Page-Token`, or as `token=` of the WebSocket's address. Otherwise 403. The token is random for each
    run; `GET /` answers `index.html` of the page's folder with every `__PAGE_TOKEN__` replaced by it.
    Other files of the folder are at `/page/<path>`; scripts must be such files, none inline (CSP).
    There is no login: the page says who it acts as.

    GET /ui/people
        [{id, name, real_name, is_bot, guest, external, deleted, presence, tz}]

    GET /ui/snapshot?person=<id>
        What this person sees now:
        {version, now,                          a count that grows with each change; the workspace's clock (s)
         team: {id, name},
         app: {id, name, user, commands: [{name, description, usage_hint}], home_tab, takes_messages, dm,
               shortcuts: [{callback_id, name, type}]},
                                                takes_messages: whether people may write to the bot;
                                                dm: id of this person's direct message with the bot
         person: {…as in /ui/people}, people: […],
         groups: [{id, handle, users: [id]}],
         channels: [{id, name, kind, archived, external, members: [id], messages: [message]}],
                                                only those the person is in; kind: public private im mpim
         modals: [view],                        open modals, the visible one last
         home: view | null,
         extras: [name]}                        extra panels, see below
        message: Slack's message (ts, user, text, blocks, attachments, thread_ts, reactions, edited) and
            ephemeral (bool), edits (int), chosen (state.values of menus in it), as_text (plain text);
            oldest first, replies among them (thread_ts differs from ts)
        view: Slack's view (id, type, title, submit, close, blocks, hash, state.values, callback_id, …)
        Buttons meant for other people are left out.

    WebSocket /ui/live?person=<id>&token=<token>
        Sends {"type": "snapshot", "snapshot": …} at once and after every change. What it receives means
        nothing. To act as somebody else, connect anew.

    POST /ui/do/<operation>        body: {"person": id, …} as JSON
        command          where (channel id), line ("/signoff …")          → {ephemeral: text | null}
        say              where, text, thread? (ts)                        → {ts}
        click            shown, what (action_id), block_id?, value?, accept? (confirm dialog; default true)
        fill             shown, values                                    (remembers, sends nothing)
        submit           view (id), values                                → {errors: {block_id: text}, open: bool}
        close            view (id), everything? (the cross: all modals)
        home             -                                                (opens the home tab)
        shortcut         shown (a message), callback_id
        global_shortcut  callback_id
        suggest          shown, what, query                               → {options: [label]}
        react            shown (a message), name
        `shown` is {"channel": id, "ts": ts} or {"view": id}. `values` is {block_id or label: value}; a value
        is text, a number, an option's value (a list of them for checkboxes and multi-selects), an id of a
        person or channel, `YYYY-MM-DD`, `HH:MM`, seconds since 1970 for a date with time, or null.
        The same checks as everywhere apply: what the person does not see cannot be pressed.
        Answer: {"ok": true, …} or, also with status 200,
            {"ok": false, "error": "not_there", "message": text}       not there, or not theirs
            {"ok": false, "error": "client", "problems": {block_id: text}, "message": text}
            {"ok": false, "error": "bot", "code": "operation_timeout", "message": text}   Slack shows a failure
        A request that is not understood gets 400 {"ok": false, "error": "request", "message": text}.

    Extra panels (the demo's clock, effects, …)
        `ui.add(Panel(name, title, show, operate))`.
        GET /ui/extra                      → [{name, title}]
        GET /ui/extra/<name>               → whatever `show()` gives
        POST /ui/extra/<name>  {"operation": text, "args": {…}}  → {"ok": true, "result": …} or
            {"ok": false, "error": "panel", "message": text} when `operate` raises PanelError.
        A panel that changed calls `ui.touch()`, which makes live pages ask again (`version` grows).
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from handlers.demo.slack.core import Core
from handlers.demo.slack.errors import BotFailedError, ClientRefusesError, NotThereError, PanelError
from handlers.demo.slack.operations import OPERATIONS, RequestError
from handlers.demo.slack.people import Person
from handlers.demo.slack.snapshot import people, snapshot
from handlers.demo.slack.values import Json

TOKEN_MARK = "__PAGE_TOKEN__"  # noqa: S105 - a placeholder in the page
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws://127.0.0.1:* ws://localhost:*; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Show(Protocol):
    """What a panel shows, as JSON."""

    def __call__(self) -> Awaitable[Any]:
        """Make it."""


class Operate(Protocol):
    """One operation of a panel; raises PanelError with a text for people."""

    def __call__(self, operation: str, args: Mapping[str, Any]) -> Awaitable[Any]:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """An extra panel of the page."""

    name: str
    title: str
    show: Show
    operate: Operate


class UiApi:
    """Serves the page and its API. `token` is the page token of this run."""

    def __init__(self, core: Core, person: Callable[[str], Person], page: Path | None) -> None:
        self._core = core
        self._person = person
        self._page = page
        self._panels: dict[str, Panel] = {}
        self.token = secrets.token_urlsafe(24)

    def add(self, panel: Panel) -> None:
        """Register an extra panel."""
        self._panels[panel.name] = panel
        self.touch()

    def touch(self) -> None:
        """Something the page shows has changed."""
        self._core.workspace.changes.touch()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to an aiohttp application."""
        api: list[web.AbstractRouteDef] = [
            web.get("/ui/people", self._guarded(self._people)),
            web.get("/ui/snapshot", self._guarded(self._snapshot)),
            web.get("/ui/live", self._guarded(self._live)),
            web.post("/ui/do/{operation}", self._guarded(self._do)),
            web.get("/ui/extra", self._guarded(self._extras)),
            web.get("/ui/extra/{name}", self._guarded(self._extra)),
            web.post("/ui/extra/{name}", self._guarded(self._operate)),
        ]
        page: list[web.AbstractRouteDef] = [
            web.get("/", self._index),
            web.get("/page/{path:.+}", self._file),
        ]
        return api + (page if self._page else [])

    # ---- who may call ------------------------------------------------------------------------------------

    def _here(self, request: web.Request) -> bool:
        """Whether the request is addressed to this server and comes from its own page, if from any."""
        port = urlsplit(self._core.base_url).port
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        host = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        return host in hosts and (origin is None or origin == f"http://{host}")

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("X-Page-Token") or request.query.get("token", "")
            if not self._here(request) or not secrets.compare_digest(given.encode(), self.token.encode()):
                return _json({"ok": False, "error": "forbidden", "message": "not from this page"}, status=403)
            try:
                return await handler(request)
            except RequestError as wrong:
                return _json({"ok": False, "error": "request", "message": str(wrong)}, status=400)
            except NotThereError as missing:
                return _json({"ok": False, "error": "not_there", "message": str(missing)})

        return guarded

    # ---- the page ----------------------------------------------------------------------------------------

    async def _index(self, request: web.Request) -> web.StreamResponse:
        if not self._here(request) or self._page is None:
            return web.Response(status=403, text="not addressed to this server")
        text = (self._page / "index.html").read_text("utf-8").replace(TOKEN_MARK, self.token)
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if not self._here(request) or self._page is None:
            return web.Response(status=403, text="not addressed to this server")
        root = self._page.resolve()
        path = (root / request.match_info["path"]).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return web.Response(status=404, text="no such file")
        return web.FileResponse(path, headers=HEADERS)

    # ---- seeing ------------------------------------------------------------------------------------------

    async def _people(self, request: web.Request) -> web.StreamResponse:
        return _json(people(self._core))

    async def _snapshot(self, request: web.Request) -> web.StreamResponse:
        return _json(self._seen(self._asked(request)))

    def _asked(self, request: web.Request) -> Person:
        return self._person(request.query.get("person", ""))

    def _seen(self, person: Person) -> Json:
        return snapshot(self._core, person, self._panels)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        person = self._asked(request)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        sender = asyncio.create_task(self._send(socket, person))
        try:
            async for _ in socket:
                pass
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def _send(self, socket: web.WebSocketResponse, person: Person) -> None:
        changes = self._core.workspace.changes
        while not socket.closed:
            count = changes.count
            try:
                await socket.send_json({"type": "snapshot", "snapshot": self._seen(person)})
            except (ConnectionError, NotThereError):
                await socket.close()
                return
            await changes.after(count)

    # ---- doing -------------------------------------------------------------------------------------------

    async def _do(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        operation = OPERATIONS.get(request.match_info["operation"])
        if operation is None:
            raise RequestError(f"no operation {request.match_info['operation']!r}; there are {', '.join(OPERATIONS)}")
        person = self._person(str(body.get("person", "")))
        try:
            return _json({"ok": True} | await operation(self._core, person, body))
        except ClientRefusesError as refused:
            answer = {"ok": False, "error": "client", "problems": refused.problems, "message": str(refused)}
            return _json(answer)
        except BotFailedError as failed:
            return _json({"ok": False, "error": "bot", "code": failed.code, "message": failed.detail})

    # ---- extra panels ------------------------------------------------------------------------------------

    async def _extras(self, request: web.Request) -> web.StreamResponse:
        return _json([{"name": panel.name, "title": panel.title} for panel in self._panels.values()])

    def _panel(self, request: web.Request) -> Panel:
        name = request.match_info["name"]
        if name not in self._panels:
            raise RequestError(f"no panel {name!r}; there are {', '.join(self._panels) or 'none'}")
        return self._panels[name]

    async def _extra(self, request: web.Request) -> web.StreamResponse:
        return _json(await self._panel(request).show())

    async def _operate(self, request: web.Request) -> web.StreamResponse:
        panel, body = self._panel(request), await _body(request)
        args = body.get("args") or {}
        if not isinstance(body.get("operation"), str) or not isinstance(args, dict):
            raise RequestError('expected {"operation": text, "args": {…}}')
        try:
            return _json({"ok": True, "result": await panel.operate(body["operation"], args)})
        except PanelError as refused:
            return _json({"ok": False, "error": "panel", "message": str(refused)})


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise RequestError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise RequestError("the body is not a JSON object")
    return body


def _json(value: Any, *, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, headers=HEADERS)
