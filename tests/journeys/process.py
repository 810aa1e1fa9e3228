"""`signoff serve` as a process of its own, brought up again by a supervisor when it dies, as systemd would."""

import asyncio
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handlers.demo.slack import BotFailedError, Channel, LocalSlack, Message, Person
from handlers.settings import Settings
from tests.journeys.proof import proven
from tests.journeys.stage import PEOPLE, environment_for, newest, workspace
from tests.journeys.target import Target, target

PATIENCE = 30.0  # seconds; nothing here takes that long, but the machine may be busy
FILE = Path(__file__).parent / "signoff.yaml"


@dataclass(slots=True)
class Play:
    """A workspace and a target in this process, the bot in another one."""

    slack: LocalSlack
    target: Target
    folder: Path
    environment: dict[str, str]
    starts: int = 0
    exits: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # its log, line by line
    up: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    died: asyncio.Event = field(default_factory=asyncio.Event)
    ending: bool = False
    process: asyncio.subprocess.Process | None = None

    def __getattr__(self, name: str) -> Person:
        if name not in PEOPLE:
            raise AttributeError(name)
        return self.slack.person(name)

    async def supervise(self, fault: str) -> None:
        """Run it, the first time with the fault, until it ends because it was told to."""
        while not self.ending:
            await self._start({"SIGNOFF_FAULT": fault} if self.starts == 0 else {})
            assert self.process is not None
            code = await self.process.wait()
            self.up.clear()
            self.exits.append(code)
            if code != -signal.SIGKILL:
                return
            self.died.set()

    async def begun(self, supervisor: asyncio.Task[None]) -> None:
        """When it listens for the first time; what it said where it does not."""
        up = asyncio.create_task(self.up.wait())
        await asyncio.wait({up, supervisor}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        assert self.up.is_set(), (self.exits, self.said[-20:])

    async def _start(self, more: dict[str, str]) -> None:
        self.starts += 1
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "handlers.cli", "serve",
            env=self.environment | more, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        asyncio.create_task(self._follow(self.process.stderr)).add_done_callback(lambda task: task.exception())

    async def _follow(self, stderr: asyncio.StreamReader | None) -> None:
        assert stderr is not None
        async for line in stderr:
            self.said.append(line.decode())
            if b'"event": "listening"' in line:
                self.up.set()
            if b'"event": "stopping"' in line:
                self.stopping.set()

    async def again(self, doing: Callable[[], Awaitable[object]]) -> None:
        """What a person does who gets an error from Slack: the same once more, when it works again."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.up.wait()
            await doing()
        except BotFailedError:
            await self.revived()
            await doing()

    async def revived(self) -> None:
        """When it has died and is up again."""
        async with asyncio.timeout(PATIENCE):
            await self.died.wait()
            await self.up.wait()

    async def shown(self, who: Person, *words: str, where: str | Channel = "#approvals") -> Message:
        """The newest message there that holds all these words, when it comes."""
        return await self.slack.wait_for(lambda: newest(who, where, words), timeout=PATIENCE)

    def look(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The database, as it stands on the disk."""
        connection = sqlite3.connect(f"file:{self.folder / 'signoff.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    @property
    def states(self) -> list[str]:
        return [state for (state,) in self.look("SELECT state FROM requests ORDER BY n")]

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        self.ending = True
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def verify(self) -> int:
        """`signoff audit verify`: its exit status."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "handlers.cli", "audit", "verify",
            env=self.environment, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            return await process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def playing(folder: Path, fault: str = "") -> AsyncIterator[Play]:
    """From start to end. Told to stop it stops by itself, and then it is held to its proof: `proof.proven`."""
    async with target() as aim, workspace() as slack:
        (folder / "signoff.yaml").write_text(FILE.read_text().replace("TARGET", aim.url))
        address = f"127.0.0.1:{free_port()}"
        environment = environment_for(slack, folder, SIGNOFF_LISTEN=address)
        slack.connect_http(f"http://{address}/slack/events")
        play = Play(slack, aim, folder, environment)
        supervisor = asyncio.create_task(play.supervise(fault))
        try:
            await play.begun(supervisor)
            yield play
            assert await play.stop() == 0, play.said[-3:]
            await proven(Settings.read(environment=environment, env_file=None), aim)
        finally:
            supervisor.cancel()
            await asyncio.wait({supervisor})
            if play.process is not None and play.process.returncode is None:
                play.process.kill()
                await play.process.wait()
