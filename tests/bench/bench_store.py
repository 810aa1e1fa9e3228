"""Durable moves a second, beside the floor: `python -m tests.bench.bench_store [MOVES]`.

The floor is raw sqlite3, one commit each, one at a time: for a submit three inserts, for a decision one update and
three inserts. The store loads and checks the whole request besides, and chains its event. Slices are interleaved and
the medians printed, because absolute figures move from machine to machine; the ratio is what counts.
"""

import asyncio
import itertools
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import bindparam, create_engine
from sqlalchemy.pool import StaticPool

from store import SqlStore, open_store
from store.engine import Statement, Transaction
from store.schema import messages, metadata
from tests.store.values import KEY, NOW, approve, submit

SLICES = 5
FLOOR = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE requests (id TEXT PRIMARY KEY, state TEXT, version INTEGER, body BLOB);
CREATE TABLE votes (request TEXT, version INTEGER, person TEXT, at INTEGER, UNIQUE (request, version, person));
CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB, hash BLOB);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, request TEXT, kind TEXT, data TEXT);
"""


class Floor:
    def __init__(self, path: Path) -> None:
        self._raw = sqlite3.connect(path, isolation_level=None)
        self._raw.executescript(FLOOR)

    def submit(self, request_id: str) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        self._raw.execute("INSERT INTO requests VALUES (?, 'pending', 1, ?)", (request_id, b"x" * 1500))
        self._rest(request_id)

    def decide(self, request_id: str) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        self._raw.execute("UPDATE requests SET state = 'approved' WHERE id = ? AND state = 'pending'", (request_id,))
        self._raw.execute("INSERT INTO votes VALUES (?, 1, 'U0BOB', ?)", (request_id, NOW))
        self._rest(request_id)

    def _rest(self, request_id: str) -> None:
        self._raw.execute("INSERT INTO events (body, hash) VALUES (?, ?)", (b"x" * 400, b"h" * 32))
        self._raw.execute("INSERT INTO outbox (request, kind, data) VALUES (?, 'show', '{}')", (request_id,))
        self._raw.execute("COMMIT")

    def close(self) -> None:
        self._raw.close()


async def at_once(width: int, ids: list[str], move: Callable[[str], Awaitable[object]]) -> float:
    """Moves a second, so many at once."""
    waiting = iter(ids)

    async def worker() -> None:
        for request_id in waiting:
            await move(request_id)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(width)))
    return len(ids) / (time.perf_counter() - begun)


def one_by_one(ids: list[str], move: Callable[[str], None]) -> float:
    begun = time.perf_counter()
    for request_id in ids:
        move(request_id)
    return len(ids) / (time.perf_counter() - begun)


async def measure(moves: int, folder: Path) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    numbers = itertools.count()
    floor = Floor(folder / "floor.db")

    def fresh() -> list[str]:
        return [f"req_{next(numbers):012}" for _ in range(moves)]

    async with open_store(f"sqlite:///{folder}/store.db", key=KEY, clock=lambda: NOW) as store:
        for _ in range(SLICES):
            ids = fresh()
            found.setdefault("floor c1 submit", []).append(one_by_one(ids, floor.submit))
            found.setdefault("floor c1 decide", []).append(one_by_one(ids, floor.decide))
            for width in (1, 32, 128):
                ids = fresh()
                found.setdefault(f"store c{width} submit", []).append(await at_once(width, ids, _submit(store)))
                found.setdefault(f"store c{width} decide", []).append(await at_once(width, ids, _decide(store)))
    floor.close()
    return {name: statistics.median(rates) for name, rates in found.items()}


def executions(folder: Path, rounds: int = 20_000) -> dict[str, float]:
    """A select by key, so many times a second: through Core's execution, and compiled once for the driver's cursor."""
    raw = sqlite3.connect(folder / "executions.db", isolation_level=None)
    core = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool).connect()
    metadata.create_all(core)
    select = messages.select().where(messages.c.nonce == bindparam("nonce"))
    statement, transaction = Statement(select), Transaction(core)
    by_core = _rate(rounds, lambda: core.execute(select, {"nonce": "n"}).mappings().all())
    by_driver = _rate(rounds, lambda: transaction.all(statement, nonce="n"))
    core.close()
    raw.close()
    return {"through Core": by_core, "compiled once": by_driver}


def _rate(rounds: int, run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(rounds):
        run()
    return rounds / (time.perf_counter() - begun)


def _submit(store: SqlStore) -> Callable[[str], Awaitable[object]]:
    return lambda request_id: store.transact([], submit(request_id))


def _decide(store: SqlStore) -> Callable[[str], Awaitable[object]]:
    return lambda request_id: store.transact([request_id], approve())


def main() -> None:
    moves = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(moves, Path(folder)))
        looks = executions(Path(folder))
    for name, rate in found.items():
        floor = found["floor c1 " + name.rsplit(" ", 1)[1]]
        sys.stdout.write(f"{name:<20}{rate:>10,.0f}/s{rate / floor:>8.2f} of the floor\n")
    for name, rate in looks.items():
        sys.stdout.write(f"select {name:<13}{rate:>10,.0f}/s\n")


if __name__ == "__main__":
    main()
