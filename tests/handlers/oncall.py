"""An on-call system: answers what it is told, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(slots=True)
class OnCallSystem:
    """`answer` is sent as JSON; `raw`, where set, as these bytes; with `silent` nothing is sent at all."""

    url: str = ""
    answer: Any = None
    raw: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.silent:
            await asyncio.Event().wait()
        body = self.raw if self.raw is not None else json.dumps(self.answer).encode()
        return web.Response(body=body, status=self.status, headers=self.headers, content_type="application/json")


@asynccontextmanager
async def on_call_system() -> AsyncIterator[OnCallSystem]:
    system = OnCallSystem()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", system.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    system.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield system
    finally:
        await runner.cleanup()


def pagerduty(*people: Mapping[str, Any], start: str | None = None, end: str | None = None) -> dict[str, Any]:
    """What GET /oncalls answers: an entry for each of the people, all for the same time."""
    policy = {"id": "PPOLICY", "type": "escalation_policy_reference", "summary": "Payments"}
    schedule = {"id": "PSCHED1", "type": "schedule_reference", "summary": "Primary"}
    return {
        "oncalls": [
            {
                "user": user,
                "schedule": schedule,
                "escalation_policy": policy,
                "escalation_level": level,
                "start": start,
                "end": end,
            }
            for level, user in enumerate(people, 1)
        ],
        "limit": 25,
        "offset": 0,
        "more": False,
        "total": None,
    }


def user(ident: str, email: str | None = None) -> dict[str, Any]:
    """One of PagerDuty's users: whole where `include[]=users` was asked for, else a reference."""
    base = {"id": ident, "summary": ident.title(), "self": f"https://api.pagerduty.com/users/{ident}"}
    return base | ({"type": "user", "email": email, "role": "user"} if email else {"type": "user_reference"})


def opsgenie(*, flat: Sequence[Any] | None = None, participants: Sequence[Any] | None = None) -> dict[str, Any]:
    """What GET /v2/schedules/{id}/on-calls answers."""
    data: dict[str, Any] = {"_parent": {"id": "d875alp4", "name": "Payments", "enabled": True}}
    if flat is not None:
        data["onCallRecipients"] = list(flat)
    if participants is not None:
        data["onCallParticipants"] = list(participants)
    return {"data": data, "took": 0.012, "requestId": "1d0f8c2e"}
