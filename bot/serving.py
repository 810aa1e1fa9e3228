"""Which processes serve one database, and what each made of being asked to load signoff.yaml again.

What is asked and answered stands in the database, so that it is the same for one process and for many.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

BEAT = 10_000  # milliseconds between two signs of life
GONE = 3 * BEAT  # after so long without one, a process is taken for gone


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of it in one process. `version`: SHA-256 of the file in force afterwards."""

    taken: bool
    version: str
    told: tuple[str, ...] = ()  # mistakes where it was not taken, else what should be looked at

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Reloaded":
        return Reloaded(data["taken"], data["version"], tuple(data["told"]))


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves. `heard`: the number of the last reload it answered, and `answer` what it said."""

    id: str
    name: str  # for people: host and process id
    since: int
    seen_at: int
    heard: int
    answer: Reloaded | None = None


class Roll(Protocol):
    """The list of processes that serve, in the database."""

    async def arrive(self, ident: str, name: str) -> int:
        """Be on the list. The number of the newest reload that was asked for: this process has just read the file."""

    async def leave(self, ident: str) -> None: ...
    async def beat(self, ident: str) -> None:
        """A sign of life."""

    async def asked(self) -> int:
        """The number of the newest reload that was asked for; 0 where there was none."""

    async def answer(self, ident: str, number: int, answer: Reloaded) -> bool:
        """Whether no process that did not take it has answered before: whoever is first tells people."""

    async def ask(self) -> int:
        """Ask every process to load its file again. Its number."""

    async def servers(self) -> tuple[Server, ...]:
        """Those that have shown a sign of life, the longest there first."""
