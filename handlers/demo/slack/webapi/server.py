"""The Web API over HTTP: reads a request as Slack does, checks token, limit and scope, calls the method."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from handlers.demo.slack.core import Core
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.faults import Fault, Faults
from handlers.demo.slack.limits import RateLimits
from handlers.demo.slack.values import Json
from handlers.demo.slack.webapi import METHODS
from handlers.demo.slack.webapi.call import Args, Call, Method
from handlers.demo.slack.webapi.chat import response_url_post


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call the bot made, without its token. `error` is None when Slack said ok.

    `carried_out` tells an answer that was lost from a call that did nothing.
    """

    method: str
    args: Mapping[str, Any]
    answer: Json
    error: str | None
    carried_out: bool
    at: float


class WebApi:
    """Answers `/api/<method>` and response URLs, and remembers each call in `calls`."""

    def __init__(self, core: Core, faults: Faults, limits: RateLimits) -> None:
        self._core = core
        self._faults = faults
        self._limits = limits
        self.calls: list[ApiCall] = []

    def routes(self) -> list[web.RouteDef]:
        """What to add to an aiohttp application."""
        return [
            web.route("*", "/api/{method}", self._method),
            web.post("/actions/{number}/{secret}", self._response_url),
        ]

    async def _method(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        fault = self._faults.take(name)
        try:
            values, token = await _arguments(request)
        except ApiError as refused:
            return self._json(refused.body())
        if fault and not fault.after_effect:
            early = await self._misbehave(request, fault)
            if early is not None:
                self._note(name, values, {"ok": False, "error": fault.error or fault.kind}, carried_out=False)
                return early
        answer, headers = self._answer(name, values, token)
        self._note(name, values, answer, carried_out=answer["ok"])
        if fault and fault.after_effect:
            lost = await self._misbehave(request, fault)
            if lost is not None:
                return lost
        if "Retry-After" in headers:
            return self._json(answer, status=429, headers=headers)
        return self._json(answer, headers=headers)

    def _answer(self, name: str, values: Mapping[str, Any], token: str) -> tuple[Json, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            return {"ok": True} | self._carry_out(name, values, token, headers), headers
        except ApiError as refused:
            return refused.body(), headers

    def _carry_out(self, name: str, values: Mapping[str, Any], token: str, headers: dict[str, str]) -> Json:
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        scopes: frozenset[str] = self._authenticate(method, token)
        headers["x-oauth-scopes"] = ",".join(sorted(scopes))
        headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        wait = self._limits.wait(name, str(values.get("channel")))
        if wait is not None:
            headers["Retry-After"] = str(wait)
            raise ApiError("ratelimited")
        if missing := [scope for scope in method.scopes if scope not in scopes]:
            raise ApiError("missing_scope", needed=",".join(missing), provided=",".join(sorted(scopes)))
        return method.run(Call(name, Args(values), self._core))

    def _authenticate(self, method: Method, token: str) -> frozenset[str]:
        app = self._core.app
        if not token:
            raise ApiError("not_authed")
        if token in app.revoked_tokens:
            raise ApiError("token_revoked")
        if token not in {app.bot_token, app.app_token}:
            raise ApiError("invalid_auth")
        if not app.installed:
            raise ApiError("account_inactive")
        if token != (app.app_token if method.caller == "app" else app.bot_token):
            raise ApiError("not_allowed_token_type")
        return app.app_scopes if method.caller == "app" else app.scopes

    async def _misbehave(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            return None
        if fault.kind == "hang":
            await asyncio.get_running_loop().create_future()
        if fault.kind == "drop" and request.transport:
            request.transport.abort()
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        if fault.kind == "error" or fault.status == 429:
            return self._json({"ok": False, "error": fault.error}, status=fault.status, headers=headers)
        return web.Response(status=fault.status, text="", headers=headers)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        try:
            values, _ = await _arguments(request)
            response_url_post(Call("response_url", Args(values), self._core), request.path)
        except ApiError as refused:
            self._note("response_url", {}, refused.body(), carried_out=False)
            status = 404 if refused.code in {"used_url", "expired_url"} else 400
            return self._json(refused.body(), status=status)
        self._note("response_url", values, {"ok": True}, carried_out=True)
        return self._json({"ok": True})

    def _note(self, name: str, values: Mapping[str, Any], answer: Json, *, carried_out: bool) -> None:
        error = None if answer["ok"] else str(answer["error"])
        now = self._core.workspace.now()
        self.calls.append(ApiCall(name, dict(values), answer, error, carried_out, now))
        self._core.workspace.changes.touch()

    def _json(self, body: Json, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
        return web.json_response(body, status=status, headers=headers)


async def _arguments(request: web.Request) -> tuple[dict[str, Any], str]:
    """The arguments without the token, and the token."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        try:
            body = json.loads(await request.text())
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(body, dict):
            raise ApiError("json_not_object")
        values |= body
    elif request.can_read_body:
        values |= dict(await request.post())
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = values.pop("token", "")
    return values, bearer.strip() if scheme.lower() == "bearer" else str(given)
