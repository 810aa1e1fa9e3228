"""signoff.yaml loaded again while Signoff serves: by SIGHUP, or where `signoff reload` asked for it in the database.

A file with a mistake in it changes nothing: the one in force stays. What is open keeps the rules it was made with,
whatever comes; only new versions see new rules. Settings come from the environment and are read at the start only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from bot.request import Actor, Event
from bot.serving import BEAT, Reloaded, Roll

POLL = 1.0  # seconds between two looks whether it was asked for
SHOWN = 10  # mistakes that operators are told in Slack; all of them are in the log
log = structlog.get_logger("reload")


class NotTaken(Exception):
    """The file cannot be used. `told`: every mistake, with its line and remedy."""

    def __init__(self, told: Sequence[str]) -> None:
        super().__init__("\n".join(told))
        self.told = tuple(told)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A file that was read and found sound. `take` puts it in force, at once and whole."""

    version: str
    warnings: tuple[str, ...]
    take: Callable[[], None]


@dataclass(slots=True)
class Reloader:
    """`read` looks at the file and raises NotTaken; `tell` reaches the operators, and `note` the audit trail."""

    roll: Roll
    ident: str
    name: str  # for people: host and process id
    read: Callable[[], Fresh]
    in_force: Callable[[], str]  # the version of the file in force
    note: Callable[[Sequence[Event]], Awaitable[None]]
    tell: Callable[[str], Awaitable[None]]
    clock: Callable[[], int]
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: int | None = None  # the newest reload that is done; None before this process is on the list
    _beaten: float = 0.0

    def call(self) -> None:
        """SIGHUP: this process loads its file again."""
        self._called.set()

    async def serve(self, stopping: asyncio.Event) -> None:
        """Be on the list of those that serve, and answer, until told to stop."""
        while not stopping.is_set():
            try:
                await self._look()
            except Exception as error:
                log.exception("reload_failed", error=repr(error))
            await self._until(stopping)
        try:
            await self.roll.leave(self.ident)
        except Exception as error:
            log.exception("not_left", error=repr(error))

    async def _until(self, stopping: asyncio.Event) -> None:
        waiting = [asyncio.create_task(each.wait()) for each in (stopping, self._called)]
        await asyncio.wait(waiting, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _look(self) -> None:
        if self._heard is None:
            self._heard = await self.roll.arrive(self.ident, self.name)
            self._beaten = time.monotonic()
        if time.monotonic() - self._beaten > BEAT / 1000:
            await self.roll.beat(self.ident)
            self._beaten = time.monotonic()
        if self._called.is_set():
            self._called.clear()
            answer = await self._load("SIGHUP")
            if not answer.taken:
                await self._tell(answer)
        if (number := await self.roll.asked()) > self._heard:
            answer = await self._load("signoff reload")
            self._heard = number
            if await self.roll.answer(self.ident, number, answer):
                await self._tell(answer)

    async def _load(self, by: str) -> Reloaded:
        before = self.in_force()
        try:
            fresh = await asyncio.to_thread(self.read)
        except NotTaken as error:
            answer = Reloaded(taken=False, version=before, told=error.told)
            log.warning("not_reloaded", by=by, in_force=before, mistakes=str(error))
        else:
            fresh.take()
            answer = Reloaded(taken=True, version=fresh.version, told=fresh.warnings)
            log.info("reloaded", by=by, in_force=fresh.version, changed=fresh.version != before)
        detail = {"server": self.name, "taken": answer.taken, "file": answer.version}
        await self.note([Event("reload", "", Actor("bot", "", by), self.clock(), detail=detail)])
        return answer

    async def _tell(self, answer: Reloaded) -> None:
        more = len(answer.told) - SHOWN
        lines = ["🚩 signoff.yaml was changed and cannot be used, so the one from before stays in force.", ""]
        lines += [*answer.told[:SHOWN], *([f"… and {more} more, in Signoff's log."] if more > 0 else [])]
        await self.tell("\n".join(lines))
