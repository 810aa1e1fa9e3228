"""A fresh database for each test. Another kind of database is another parameter of `database`."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from store import SqlStore, open_store, open_trail
from store.audit import Trail
from tests.store.values import KEY, NOW


@dataclass(slots=True)
class Hand:
    """A clock that is moved by hand."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True, slots=True)
class Database:
    url: str
    folder: Path
    clock: Hand = field(default_factory=Hand)

    def open(self, key: bytes = KEY, patience: int = 5_000) -> AbstractAsyncContextManager[SqlStore]:
        return open_store(self.url, key=key, clock=self.clock, patience=patience)

    def trail(self) -> AbstractAsyncContextManager[Trail]:
        return open_trail(self.url)

    @property
    def file(self) -> Path:
        return self.folder / "signoff.db"

    def bytes(self) -> bytes:
        """Everything of it that stands on the disk."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.iterdir()))


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return Database(f"{request.param}:///{tmp_path}/signoff.db", tmp_path)


@pytest.fixture
def clock(database: Database) -> Hand:
    return database.clock


@pytest.fixture
async def store(database: Database) -> AsyncIterator[SqlStore]:
    async with database.open() as opened:
        yield opened
