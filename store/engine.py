"""What runs statements: one writer that commits several moves at once, and a reader beside it.

Statements are written in SQLAlchemy Core and compiled once for each kind of database; the driver's own cursor
runs them. Going through SQLAlchemy's execution each time costs two to three times the statement itself on SQLite,
through its asyncio layer ten times (tests/bench/bench_store.py).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import Executable, TableClause

from store.errors import StoreError

T = TypeVar("T")
Row = dict[str, Any]
BATCH = 32  # moves in one commit


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    order: tuple[str, ...]  # names of the parameters, as they stand
    fixed: Mapping[str, Any]  # values that stand in the statement itself
    columns: tuple[str, ...]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        if self.fixed:
            values = {**self.fixed, **values}
        return tuple([values[name] for name in self.order])


class Statement:
    """A Core statement, or what makes one for a dialect. `sets`: the columns an insert or an update is given."""

    __slots__ = ("_compiled", "_make", "_sets")

    def __init__(self, make: Executable | Callable[[str], Executable], sets: Iterable[str] = ()) -> None:
        self._make = make
        self._sets = list(sets)
        self._compiled: dict[str, _Compiled] = {}

    def compiled(self, dialect: Dialect) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> _Compiled:
        statement = self._make if isinstance(self._make, Executable) else self._make(dialect.name)
        compiled = statement.compile(dialect=dialect, column_keys=self._sets or None)  # type: ignore[attr-defined]
        given = compiled.params
        return _Compiled(
            sql=str(compiled),
            order=tuple(compiled.positiontup),
            fixed={name: given[name] for bind, name in compiled.bind_names.items() if not bind.required},
            columns=tuple(statement.selected_columns.keys()) if isinstance(statement, Select) else (),
        )


def upsert(dialect: str, table: TableClause) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what follows a conflict: the same words in both dialects."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


class Transaction:
    """An open transaction. What it must remember between moves stands in `memory`, forgotten when one is undone.

    `read` is shared by all of a process: what they made of rows, of use only for the very same rows. Only one that
    `looks` adds to it, since what it sees is committed.
    """

    __slots__ = ("_cursor", "connection", "dialect", "looks", "memory", "read")

    def __init__(self, connection: Connection, read: dict[str, Any], *, looks: bool) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self.memory: dict[str, Any] = {}
        self.read = read
        self.looks = looks
        self._cursor = connection.connection.cursor

    def all(self, statement: Statement, **values: Any) -> list[Row]:
        compiled = statement.compiled(self.dialect)
        cursor = self._cursor()
        cursor.execute(compiled.sql, compiled.parameters(values))
        return [dict(zip(compiled.columns, row, strict=True)) for row in cursor.fetchall()]

    def first(self, statement: Statement, **values: Any) -> Row | None:
        rows = self.all(statement, **values)
        return rows[0] if rows else None

    def run(self, statement: Statement, **values: Any) -> int:
        """How many rows it changed."""
        return self.run_with(statement, values)

    def run_with(self, statement: Statement, values: Mapping[str, Any]) -> int:
        compiled = statement.compiled(self.dialect)
        cursor = self._cursor()
        cursor.execute(compiled.sql, compiled.parameters(values))
        return int(cursor.rowcount)


Move = Callable[[Transaction], T]
Outcome = tuple[Any, BaseException | None]
Then = Callable[[T], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    move: Move[Any]
    future: asyncio.Future[Any]
    then: Then[Any] | None


class Engine(Protocol):
    async def write(self, move: Move[T], then: Then[T] | None = None) -> T:
        """Run it in the writer's transaction. Returns once it is durable; NotRecorded where it could not be kept.

        `then` is called with what the move returned once it is durable, even where nobody waits for it any more.
        """

    async def read(self, query: Move[T]) -> T:
        """Run it in a transaction that sees one committed state and changes nothing."""

    async def close(self) -> None: ...


class Queue:
    """Moves that wait for the one writer. It takes all that are waiting, up to `BATCH`, as one commit.

    `commit` gets the moves and answers, in their order, what each returned or raised, when all of it is durable.
    """

    def __init__(self, commit: Callable[[Sequence[Move[Any]]], Awaitable[Sequence[Outcome]]]) -> None:
        self._commit = commit
        self._waiting: deque[_Waiting] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    async def put(self, move: Move[T], then: Then[T] | None = None) -> T:
        if self._closed:
            raise StoreError("the database is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(move, future, then))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while batch := self._next():
                for waiting, (value, error) in zip(batch, await self._outcomes(batch), strict=True):
                    _settle(waiting, value, error)
        finally:
            self._worker = None

    async def _outcomes(self, batch: list[_Waiting]) -> Sequence[Outcome]:
        try:
            return await self._commit([waiting.move for waiting in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits must hear it, and the next ones be served
            return [(None, StoreError(f"the writer failed: {error!r}")) for _ in batch]
        except asyncio.CancelledError:
            for waiting in batch:
                waiting.future.cancel()
            raise

    def _next(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < BATCH:
            waiting = self._waiting.popleft()
            if not waiting.future.done():  # nobody waits for it any more: it is not begun
                batch.append(waiting)
        return batch

    async def close(self) -> None:
        """What is waiting is still carried out."""
        self._closed = True
        if self._worker is not None:
            await self._worker


def _settle(waiting: _Waiting, value: Any, error: BaseException | None) -> None:
    if error is None and waiting.then is not None:
        asyncio.get_running_loop().call_soon(waiting.then, value)
    if waiting.future.done():
        return
    if error is None:
        waiting.future.set_result(value)
    else:
        waiting.future.set_exception(error)
