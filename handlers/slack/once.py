"""Whatever Slack sends is taken once, however often it comes.

Slack sends an event again that was not answered in time, and Socket Mode may deliver an envelope twice over two
connections. What comes again while the first is under way waits for the same answer; what failed
is forgotten, so that the next delivery is a new try. Several processes share nothing here: between them a move
made twice is refused by its request.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

REMEMBERED = 600.0  # seconds; Slack's last repetition of an event comes after six minutes
MOST = 20_000
Kept = tuple[float, asyncio.Task[BoltResponse]]


class OnceApp(AsyncApp):
    """A Bolt app that answers a repetition with the answer it gave."""

    def __init__(self, **bolt: Any) -> None:
        super().__init__(**bolt)
        self._taken: OrderedDict[str, Kept] = OrderedDict()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        if req.body.get("type") == "block_actions" and not req.body.get("actions"):
            return BoltResponse(status=200)  # Bolt takes the first without asking whether there is one
        key = key_of(req.body)
        if key is None:
            return await super().async_dispatch(req)
        self._forget_old()
        kept = self._taken.get(key)
        if kept is None:
            kept = (time.monotonic(), asyncio.create_task(super().async_dispatch(req)))
            self._taken[key] = kept
            kept[1].add_done_callback(lambda task: self._ended(key, task))
        return await asyncio.shield(kept[1])

    def _ended(self, key: str, task: asyncio.Task[BoltResponse]) -> None:
        if task.cancelled() or task.exception() is not None or task.result().status >= 500:
            self._taken.pop(key, None)

    def _forget_old(self) -> None:
        old = time.monotonic() - REMEMBERED
        while self._taken and (len(self._taken) > MOST or next(iter(self._taken.values()))[0] < old):
            self._taken.popitem(last=False)


def key_of(body: Mapping[str, Any]) -> str | None:
    """What Slack keeps the same when it sends a thing again: an event's id, an interaction's trigger."""
    for name in ("event_id", "trigger_id"):
        if value := body.get(name):
            return f"{name} {value}"
    return None
