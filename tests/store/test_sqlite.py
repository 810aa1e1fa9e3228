"""What is particular to SQLite: kills, full disks, locks, files that are not what they should be."""

import asyncio
import multiprocessing
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from bot.errors import NotRecorded
from store import SqlStore, StoreError, open_store, open_trail
from store.engine import Transaction
from tests.store.conftest import Database
from tests.store.values import BOB, KEY, NOW, approve, submit

FORK = multiprocessing.get_context("fork")
NOBODY = 65_534


# ── kills ───────────────────────────────────────────────────────────────────────────────────────────────────────


def move_until_killed(url: str, acknowledged: Connection, turn: int) -> None:
    """Submits and approves, eight at once, and says each only when the store has."""

    async def one(store: SqlStore, request_id: str) -> None:
        await store.transact([], submit(request_id))
        acknowledged.send((request_id, "pending"))
        await store.transact([request_id], approve())
        acknowledged.send((request_id, "approved"))

    async def run() -> None:
        async with open_store(url, key=KEY, clock=lambda: NOW) as store:
            for n in range(10_000):
                await asyncio.gather(*(one(store, f"req_{turn}_{n}_{k}") for k in range(8)))

    asyncio.run(run())


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/signoff.db"
    told: dict[str, str] = {}
    for turn in range(20):
        here, there = FORK.Pipe(duplex=False)
        child = FORK.Process(target=move_until_killed, args=(url, there, turn))
        child.start()
        there.close()
        for _ in range(5 + 7 * turn):  # at another moment each time
            request_id, state = here.recv()
            told[request_id] = state
        child.kill()
        child.join()
        while True:  # what it had still said
            try:
                request_id, state = here.recv()
            except (EOFError, OSError):
                break
            told[request_id] = state
        here.close()

    async def look() -> None:
        async with open_store(url, key=KEY, clock=lambda: NOW) as store, open_trail(url) as trail:
            for request_id, state in told.items():
                request = await store.load(request_id)
                assert request is not None, f"{request_id} was acknowledged as {state} and is gone"
                assert request.state in (state, "approved")
            checked = await trail.check()
            assert checked.holds, checked

    asyncio.run(look())
    assert len(told) > 20 * 5 / 2


# ── what the disk cannot do ─────────────────────────────────────────────────────────────────────────────────────


async def fill(store: SqlStore) -> set[str]:
    """Requests, sixteen at once and then one by one, until none can be recorded; those that were."""
    made: set[str] = set()
    for width in (16, 1):
        recorded = width
        while recorded == width:
            assert len(made) < 20_000, "the disk never filled up"
            ids = [f"req_{width}_{len(made)}_{n}" for n in range(width)]
            answers = await asyncio.gather(*(store.transact([], submit(each)) for each in ids), return_exceptions=True)
            kept = {each for each, answer in zip(ids, answers, strict=True) if not isinstance(answer, BaseException)}
            others = [answer for answer in answers if isinstance(answer, BaseException)]
            assert {type(answer) for answer in others} <= {NotRecorded}, others
            made |= kept
            recorded = len(kept)
    return made


async def only_what_was_recorded(store: SqlStore, url: str, made: set[str]) -> None:
    assert {row.id for row in await store.pending(30_000)} == made
    async with open_trail(url) as trail:
        checked = await trail.check()
    assert checked.holds, checked
    assert checked.report.events == len(made)


def fill_to_a_limit(url: str, answers: Connection) -> None:
    """In a process of its own: no file may grow beyond 400 KB, then any may."""

    async def run() -> str:
        async with open_store(url, key=KEY, clock=lambda: NOW) as store:
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
            made = await fill(store)
            with pytest.raises(NotRecorded) as refused:
                await store.transact([], submit("req_more"))
            await only_what_was_recorded(store, url, made)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await store.transact([], submit("req_after"))  # nobody had to restart it
            await only_what_was_recorded(store, url, made | {"req_after"})
            return refused.value.text

    answers.send(asyncio.run(run()))


def test_a_file_that_cannot_grow_records_nothing_and_says_so(tmp_path: Path) -> None:
    here, there = FORK.Pipe(duplex=False)
    child = FORK.Process(target=fill_to_a_limit, args=(f"sqlite:///{tmp_path}/signoff.db", there))
    child.start()
    there.close()
    assert here.poll(60), "no answer"
    assert "not recorded, and nothing has happened: the disk could not be read or written" in here.recv()
    child.join()
    assert child.exitcode == 0


ON_A_FULL_DISK = """
import asyncio, sys
from pathlib import Path
import pytest
from bot.errors import NotRecorded
from store import open_store
from tests.store.test_sqlite import fill, only_what_was_recorded
from tests.store.values import KEY, NOW, submit

folder = Path(sys.argv[1])
url = f"sqlite:///{folder}/signoff.db"

async def run():
    async with open_store(url, key=KEY, clock=lambda: NOW) as store:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(2_000_000))
        made = await fill(store)
        with pytest.raises(NotRecorded, match="the disk is full"):
            await store.transact([], submit("req_more"))
        await only_what_was_recorded(store, url, made)
        ballast.unlink()
        await store.transact([], submit("req_after"))
        await only_what_was_recorded(store, url, made | {"req_after"})
    async with open_store(url, key=KEY, clock=lambda: NOW) as store:
        await only_what_was_recorded(store, url, made | {"req_after"})

asyncio.run(run())
"""


def test_a_full_disk_records_nothing_and_says_so(tmp_path: Path) -> None:
    """A disk of 4 MB, seen by that process alone."""
    mount = f"mount -t tmpfs -o size=4m tmpfs '{tmp_path}'"
    unshare = shutil.which("unshare")
    if unshare is None or _run([unshare, "-m", "sh", "-c", mount]).returncode:
        pytest.skip("a small disk cannot be mounted here")
    script = f'{mount} && exec "$0" -c "$1" \'{tmp_path}\''
    done = _run([unshare, "-m", "sh", "-c", script, sys.executable, ON_A_FULL_DISK])
    assert done.returncode == 0, done.stderr


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own


async def test_a_commit_that_fails_is_believed_by_nobody(database: Database) -> None:
    """A constraint that is only looked at when all is committed fails the commit itself, for all the moves in it."""

    def breaks_the_commit(transaction: Transaction) -> None:
        run = transaction.connection.exec_driver_sql
        run("PRAGMA defer_foreign_keys=ON")
        run("INSERT INTO remarks VALUES ('req_none', 0, 'comment', 'U', 'text', 1)")

    async with database.open() as store:
        engine: Any = store._engine
        await store.transact([], submit("req_0"))
        moves = [store.transact([], submit(f"req_{n}")) for n in range(1, 6)]
        moves.insert(3, engine.write(breaks_the_commit))
        answers = await asyncio.gather(*moves, return_exceptions=True)
        assert [type(answer) for answer in answers] == [NotRecorded] * 6
        assert "FOREIGN KEY constraint failed" in str(answers[0])
        assert [row.id for row in await store.pending(9)] == ["req_0"]
        await store.transact([], submit("req_1"))  # the same moves succeed without it
        async with database.trail() as trail:
            checked = await trail.check()
        assert (checked.holds, checked.report.events) == (True, 2)


@contextmanager
def held_by_another_program(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_locked_database_records_nothing_and_says_so(database: Database) -> None:
    async with database.open(patience=50) as store:
        await store.transact([], submit("req_1"))
        with held_by_another_program(database.file):
            with pytest.raises(NotRecorded, match="another program is holding the database"):
                await store.transact(["req_1"], approve())
            request = await store.load("req_1")  # looking goes on
            assert request is not None
            assert request.state == "pending"
        (step,) = await store.transact(["req_1"], approve())
        assert step.request.state == "approved"


async def test_a_lock_that_is_let_go_in_time_only_delays(database: Database) -> None:
    async with database.open() as store:
        with held_by_another_program(database.file):
            waiting = asyncio.create_task(store.transact([], submit("req_1")))
            assert await store.load("req_1") is None
            assert not waiting.done()
        await waiting
        assert await store.load("req_1") is not None


async def test_two_processes_on_one_file_take_turns(database: Database) -> None:
    async with database.open() as one, database.open() as two:
        await one.transact([], submit("req_1"))
        found = await two.load("req_1")
        assert found is not None
        moves = [
            store.transact([], submit(f"req_{name}_{n}")) for n in range(40) for name, store in (("a", one), ("b", two))
        ]
        await asyncio.gather(*moves)
        await two.transact(["req_1"], approve(BOB))
        async with database.trail() as trail:
            checked = await trail.check()
        assert (checked.holds, checked.report.events) == (True, 82)


# ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_database_may_be_opened_twice_at_once(database: Database) -> None:
    async def once(n: int) -> None:
        async with database.open() as store:
            await store.transact([], submit(f"req_{n}"))

    await asyncio.gather(*(once(n) for n in range(6)))
    async with database.open() as store:
        assert len(await store.pending(9)) == 6


async def test_the_file_is_its_owners_alone(database: Database) -> None:
    async with database.open() as store:
        await store.transact([], submit("req_1"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.folder.iterdir()}
    assert modes == {"signoff.db": 0o600, "signoff.db-wal": 0o600, "signoff.db-shm": 0o600}


async def test_it_keeps_what_it_acknowledges_over_a_loss_of_power(database: Database) -> None:
    """Write-ahead log, synced at each commit: https://www.sqlite.org/pragma.html#pragma_synchronous."""

    def settings(transaction: Transaction) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        run = transaction.connection.exec_driver_sql
        return [run(f"PRAGMA {name}").scalar() for name in names]

    async with database.open() as store:
        engine: Any = store._engine
        assert await engine.write(settings) == ["wal", 2, 1]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("signoff.db", "SIGNOFF_DATABASE_URL is 'signoff.db'; it must look like sqlite:///signoff.db"),
        ("sqlite://", "A database in memory forgets every decision"),
        ("sqlite:///:memory:", "A database in memory forgets every decision"),
        ("mysql://u@h/d", "SIGNOFF_DATABASE_URL names 'mysql'; it must be sqlite:///path"),
        ("postgresql://u:p4ssw0rd@h/d", "PostgreSQL comes in a later version"),
        ("sqlite:///{}/none/signoff.db", "/none of the database does not exist; create it first"),
        ("sqlite:///{}", "is a directory; the database must be a file"),
    ],
)
async def test_what_is_no_place_for_a_database_is_named(tmp_path: Path, url: str, text: str) -> None:
    with pytest.raises(StoreError) as refused:
        async with open_store(url.format(tmp_path), key=KEY, clock=lambda: NOW):
            pytest.fail("opened")
    assert text in str(refused.value)
    assert "p4ssw0rd" not in str(refused.value)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - in a coroutine, where pathlib is frowned on


async def test_a_file_that_is_no_database_is_left_alone(database: Database) -> None:
    database.file.write_bytes(b"dear diary, " * 500)
    with pytest.raises(StoreError, match=r"signoff\.db cannot be used: the file is not a database"):
        async with database.open():
            pytest.fail("opened")
    assert database.file.read_bytes() == b"dear diary, " * 500


async def test_a_database_of_something_else_is_left_alone(database: Database) -> None:
    with closing(sqlite3.connect(database.file)) as raw:
        raw.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match=r"is a database of something else \(it has a table 'recipes'\)"):
        async with database.open():
            pytest.fail("opened")
    with closing(sqlite3.connect(database.file)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


async def test_a_relative_path_stands_beside_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_store("sqlite:///signoff.db", key=KEY, clock=lambda: NOW) as store:
        await store.transact([], submit("req_1"))
    assert (tmp_path / "signoff.db").is_file()


def opened_by_nobody(url: str, answers: Connection) -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    async def run() -> str:
        async with open_store(url, key=KEY, clock=lambda: NOW):
            return "opened"

    try:
        answers.send(asyncio.run(run()))
    except StoreError as error:
        answers.send(str(error))


@pytest.mark.parametrize("there_already", [True, False])
def test_a_file_that_may_not_be_written_is_named(there_already: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="signoff-"))
    try:
        url = f"sqlite:///{folder}/signoff.db"
        if there_already:
            asyncio.run(_opened_once(url))
            (folder / "signoff.db").chmod(0o444)
        folder.chmod(0o555)
        here, there = FORK.Pipe(duplex=False)
        child = FORK.Process(target=opened_by_nobody, args=(url, there))
        child.start()
        there.close()
        assert here.poll(60), "no answer"
        said = here.recv()
        child.join()
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)
    assert f"{folder}/signoff.db cannot be used" in said
    assert "write" in said


async def _opened_once(url: str) -> None:
    async with open_store(url, key=KEY, clock=lambda: NOW):
        pass
