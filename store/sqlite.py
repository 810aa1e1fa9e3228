"""SQLite: one thread that writes, one that reads, each with a connection of its own.

A whole commit, and a whole query, is one hop to its thread: what costs is the hop, not the SQL (measured: 503 moves
a second with a hop for each statement, 1,798 with one for each transaction). WAL with synchronous=FULL: what is
acknowledged survives a loss of power.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from bot.errors import NotRecorded
from store.engine import Move, Outcome, Queue, Then, Transaction
from store.errors import StoreError

T = TypeVar("T")

# What the database could not do, as against what was asked of it wrongly (https://www.sqlite.org/rescode.html),
# and what an operator can do about it.
_UNABLE = {
    sqlite3.SQLITE_BUSY: ("another program is holding the database", "stop it, or wait until it is done"),
    sqlite3.SQLITE_LOCKED: ("another program is holding the database", "stop it, or wait until it is done"),
    sqlite3.SQLITE_FULL: ("the disk is full", "make room on it"),
    sqlite3.SQLITE_IOERR: ("the disk could not be read or written", "look at the disk and its limits"),
    sqlite3.SQLITE_READONLY: ("the file cannot be written", "let Signoff's user write it and its directory"),
    sqlite3.SQLITE_CANTOPEN: ("the file cannot be opened", "let Signoff's user write it and its directory"),
    sqlite3.SQLITE_NOMEM: ("there is no memory left", "give it more"),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", "restore a backup"),
    sqlite3.SQLITE_NOTADB: ("the file is not a database", "name another one, or restore a backup"),
}


class _Thread(aiosqlite.Connection):
    """A SQLite connection in a thread of its own, under SQLAlchemy Core there."""

    _core: Connection | None = None

    async def start(self) -> None:
        try:
            await self
        except BaseException:
            self._thread.join()  # it was told to end, but aiosqlite does not wait for it
            raise

    def begun(self, read: dict[str, Any], *, looks: bool) -> Transaction:
        """In that thread: what runs statements on it. Core begins and commits nothing by itself."""
        self.raw.execute("PRAGMA synchronous=FULL")
        self.raw.execute("PRAGMA foreign_keys=ON")
        engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        self._core = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return Transaction(self._core, read, looks=looks)

    async def hop(self, function: Callable[[], T]) -> T:
        """Run a function in that thread, in one hop there and back."""
        result: T = await self._execute(function)  # type: ignore[no-untyped-call] # aiosqlite leaves it untyped
        return result

    @property
    def raw(self) -> sqlite3.Connection:
        """Only to be used in that thread."""
        return self._conn

    async def close(self) -> None:
        core, self._core = self._core, None
        if core is not None:
            await self.hop(core.close)
            await self.hop(core.engine.dispose)
        await super().close()


class Reading:
    """A connection that looks and changes nothing."""

    def __init__(self, path: Path, patience: int, read: dict[str, Any] | None = None) -> None:
        self._thread = _Thread(lambda: _connect(path, patience), iter_chunk_size=64)
        self._read: dict[str, Any] = {} if read is None else read
        self._transaction: Transaction

    async def open(self) -> None:
        await self._thread.start()
        self._transaction = await self._thread.hop(self._begun)

    def _begun(self) -> Transaction:
        transaction = self._thread.begun(self._read, looks=True)
        self._thread.raw.execute("PRAGMA query_only=ON")
        return transaction

    async def read(self, query: Move[T]) -> T:
        return await self._thread.hop(lambda: self._query(query))

    def _query(self, query: Move[T]) -> T:
        raw = self._thread.raw
        try:
            raw.execute("BEGIN")
            return query(self._transaction)
        except (sqlite3.Error, DBAPIError) as error:
            if why := unable(error):
                raise StoreError(f"The database cannot be read: {why[0]}; {why[1]}") from error
            raise
        finally:
            self._transaction.memory.clear()
            if raw.in_transaction:
                raw.execute("ROLLBACK")

    async def close(self) -> None:
        await self._thread.close()


class SQLite:
    """The engine over one file. `patience`: how long to wait for another program's lock, in milliseconds."""

    def __init__(self, path: Path, patience: int) -> None:
        self._path = path
        self._thread = _Thread(lambda: _made(path, patience), iter_chunk_size=64)
        self._read: dict[str, Any] = {}
        self._reading = Reading(path, patience, self._read)
        self._queue = Queue(lambda moves: self._thread.hop(lambda: self._commit(moves)))
        self._transaction: Transaction

    async def open(self, prepare: Callable[[Connection], None]) -> None:
        """Connect; `prepare` brings the schema up to date, in one transaction, before anything else is done."""
        try:
            await self._thread.start()
            await self._thread.hop(lambda: self._prepared(prepare))
            await self._reading.open()
        except BaseException as error:
            await self.close()
            why = unable(error)
            if isinstance(error, OSError):
                why = (f"the file cannot be made ({error.strerror})", "let Signoff's user write its directory")
            if why is None:
                raise
            raise StoreError(f"{self._path} cannot be used: {why[0]}; {why[1]}") from error

    def _prepared(self, prepare: Callable[[Connection], None]) -> None:
        raw = self._thread.raw
        self._transaction = self._thread.begun(self._read, looks=False)
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("BEGIN IMMEDIATE")
        try:
            prepare(self._transaction.connection)
            raw.execute("COMMIT")
        finally:
            if raw.in_transaction:
                raw.execute("ROLLBACK")

    async def write(self, move: Move[T], then: Then[T] | None = None) -> T:
        return await self._queue.put(move, then)

    async def read(self, query: Move[T]) -> T:
        return await self._reading.read(query)

    async def close(self) -> None:
        await self._queue.close()
        await self._reading.close()
        await self._thread.close()

    def _commit(self, moves: Sequence[Move[Any]]) -> list[Outcome]:
        """All the moves as one commit. One that raises is undone alone; where the commit fails, none has happened."""
        raw, transaction = self._thread.raw, self._transaction
        transaction.memory.clear()
        try:
            raw.execute("BEGIN IMMEDIATE")
            outcomes = [_kept(raw, transaction, move) for move in moves]
            raw.execute("COMMIT")
        except (sqlite3.Error, DBAPIError) as error:
            why, _ = unable(error) or (f"the database failed ({error})", "")
            return [(None, NotRecorded(why)) for _ in moves]
        finally:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
        return outcomes


def _kept(raw: sqlite3.Connection, transaction: Transaction, move: Move[Any]) -> Outcome:
    """What the move returned or raised, in a savepoint of its own. Raises only where the database itself fails."""
    raw.execute("SAVEPOINT move")
    try:
        value = move(transaction)
    except BaseException as error:
        if unable(error):
            raise
        if not raw.in_transaction:  # SQLite undid the moves before it too
            raise sqlite3.OperationalError("the transaction was rolled back") from error
        transaction.memory.clear()
        raw.execute("ROLLBACK TO move")
        raw.execute("RELEASE move")
        return None, error
    raw.execute("RELEASE move")
    return value, None


def unable(error: BaseException) -> tuple[str, str] | None:
    """Why the database could not do it, and the remedy; None where the fault lies in what was asked."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return None
    return _UNABLE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)


def _made(path: Path, patience: int) -> sqlite3.Connection:
    if not path.exists():
        path.touch(mode=0o600)  # nobody else's to read, nor the files SQLite lays beside it
    return _connect(path, patience)


def _connect(path: Path, patience: int) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=patience / 1000, isolation_level=None, cached_statements=512)
