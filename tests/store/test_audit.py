"""The trail in the database: chained in the transaction of its move; what is done to it behind our back shows."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import digest, machine
from bot.request import Event, Remark
from bot.verify import verify
from store import StoreError, audit, open_trail
from tests.store.conftest import Database, Hand
from tests.store.values import (
    ALICE,
    BOB,
    CANARY,
    CAROL,
    CLAIM,
    NOW,
    approve,
    finish,
    on_one,
    person,
    reject,
    submit,
    version,
)


async def a_day(database: Database) -> None:
    """Nine events: one request runs, another is refused, somebody looks in vain."""
    async with database.open() as store:
        await store.transact([], submit("req_1", version("req_1", token=CANARY)))
        await store.transact([], submit("req_2"))
        await store.note([Event("refused", "req_1", person("U0EVE"), NOW, detail={"code": "not_an_approver"})])
        await store.transact(["req_1"], approve())
        await store.transact(["req_1"], CLAIM)
        await store.transact(["req_2"], reject(reason=f"never, {CANARY}"))
        await store.transact(["req_1"], finish({"said": CANARY}))
        await store.pause(Event("pause", "", person(BOB), NOW))
        await store.resume(Event("resume", "", person(BOB), NOW))


async def exported(database: Database, since: int | None = None, request: str | None = None) -> list[bytes]:
    async with database.trail() as trail:
        return [line async for line in trail.export(since, request)]


@contextmanager
def behind_our_back(database: Database) -> Iterator[Callable[..., sqlite3.Cursor]]:
    with closing(sqlite3.connect(database.file)) as raw:
        yield raw.execute
        raw.commit()


async def broken(database: Database, known: tuple[int, str] | None = None) -> tuple[int, str] | None:
    async with database.trail() as trail:
        return (await trail.check(known)).report.broken


async def test_every_move_writes_its_event(database: Database) -> None:
    await a_day(database)
    events = [json.loads(line)["event"] for line in await exported(database)]
    assert [event["seq"] for event in events] == list(range(1, 10))
    assert [(event["type"], event["request"], event["from"], event["to"]) for event in events] == [
        ("send", "req_1", None, "pending"),
        ("send", "req_2", None, "pending"),
        ("refused", "req_1", None, None),
        ("vote", "req_1", "pending", "approved"),
        ("claim", "req_1", "approved", "executing"),
        ("vote", "req_2", "pending", "rejected"),
        ("finish", "req_1", "executing", "succeeded"),
        ("pause", "", None, None),
        ("resume", "", None, None),
    ]
    assert events[3]["actor"] == {"kind": "person", "id": BOB, "via": "card"}
    assert events[3]["digest"] == version("req_1", token=CANARY).digest
    assert CANARY.encode() not in b"".join(await exported(database))


async def test_the_stored_bytes_are_canonical_and_verified_without_us(database: Database) -> None:
    await a_day(database)
    lines = await exported(database)
    for line in lines:
        whole = json.loads(line)
        assert line == digest.canonical(whole) + b"\n"
    report = verify(lines)
    assert (report.events, report.first, report.last, report.broken) == (9, 1, 9, None)
    async with database.trail() as trail:
        checked = await trail.check()
        assert checked.holds
        assert await trail.head() == (report.last, report.hash)
    assert report.states == {"req_1": "succeeded", "req_2": "rejected"}


async def test_an_export_is_the_same_bytes_each_time(database: Database) -> None:
    await a_day(database)
    assert await exported(database) == await exported(database)


async def test_an_export_of_one_request_or_since_a_time_verifies_too(database: Database, clock: Hand) -> None:
    async with database.open() as store:
        for n in range(20):
            clock.now = NOW + n * 1_000
            await store.transact([], submit(f"req_{n}"))
        await store.transact(["req_3"], reject())
    one = await exported(database, request="req_3")
    assert [json.loads(line)["event"]["seq"] for line in one] == [4, 21]
    assert verify(one, gaps=True).broken is None
    assert verify(one).broken is not None
    late = await exported(database, since=NOW + 15_500)
    assert [json.loads(line)["event"]["seq"] for line in late] == [17, 18, 19, 20, 21]
    assert verify(late, start=17).broken is None
    assert await exported(database, since=NOW + 99_000) == []
    assert len(await exported(database, since=0)) == 21


async def test_a_long_trail_is_read_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with database.open() as store:
        for n in range(7):
            await store.transact([], submit(f"req_{n}"))
        await store.note([Event("refused", "req_1", person(ALICE), NOW, detail={"n": n}) for n in range(2_100)])
    lines = await exported(database)
    assert verify(lines).events == 2_107
    assert len(await exported(database, request="req_1")) == 2_101
    async with database.open() as store:
        assert len(await store.story("req_1")) == 2_101
    async with database.trail() as trail:
        assert (await trail.check()).holds


async def test_the_story_of_a_request_is_the_events_it_was_written_from(database: Database) -> None:
    refusal = Event("refused", "req_1", person("U0EVE"), NOW, detail={"code": "not_an_approver"})
    async with database.open() as store:
        (sent,) = await store.transact([], submit("req_1"))
        await store.transact([], submit("req_2"))
        await store.note([refusal])
        (voted,) = await store.transact(["req_1"], approve())
        assert await store.story("req_1") == (*sent.events, refusal, *voted.events)
        assert await store.story("req_none") == ()


async def test_the_trail_is_read_while_moves_are_made(database: Database) -> None:
    async with database.open() as store, database.trail() as trail:
        await store.transact([], submit("req_1"))

        async def talk() -> None:
            remark = Remark("comment", BOB, "hm", NOW)
            for _ in range(60):
                await store.transact(["req_1"], on_one(lambda r, m: machine.remarked(r, remark, person(BOB), m)))

        talking = asyncio.create_task(talk())
        checks = []
        while not talking.done():
            checks.append(await trail.check())
        await talking
        assert all(checked.holds for checked in checks), checks
        assert (await trail.head())[0] == 61


# ── what is done behind our back ────────────────────────────────────────────────────────────────────────────────


async def test_an_edited_event_is_named(database: Database) -> None:
    await a_day(database)
    with behind_our_back(database) as run:
        run("UPDATE events SET body = CAST(REPLACE(CAST(body AS TEXT), ?, ?) AS BLOB) WHERE seq = 4", (BOB, CAROL))
    assert await broken(database) == (
        4,
        "event 4 does not give its hash: it was edited, or the one before it made anew",
    )


async def test_an_edited_event_with_its_hash_made_anew_is_found_at_the_next(database: Database) -> None:
    await a_day(database)
    lines = await exported(database)
    body = lines[3].split(b',"hash":')[0].removeprefix(b'{"event":').replace(BOB.encode(), CAROL.encode())
    forged = audit.hash_of(bytes.fromhex(json.loads(lines[3])["prev"]), body)
    with behind_our_back(database) as run:
        run("UPDATE events SET body = ?, hash = ? WHERE seq = 4", (body, forged))
    assert await broken(database) == (
        5,
        "event 5 does not give its hash: it was edited, or the one before it made anew",
    )
    with behind_our_back(database) as run:  # and with all that follow: only a head that was kept elsewhere tells
        before = forged
        for seq, rest in run("SELECT seq, body FROM events WHERE seq > 4 ORDER BY seq").fetchall():
            before = audit.hash_of(before, rest)
            run("UPDATE events SET hash = ? WHERE seq = ?", (before, seq))
    assert await broken(database) is None
    kept = json.loads(lines[6])["hash"]
    found = await broken(database, (7, kept))
    assert found == (7, "event 7 is not the one the head was taken of: the trail was written anew")


async def test_a_deleted_event_is_named(database: Database) -> None:
    await a_day(database)
    with behind_our_back(database) as run:
        run("DELETE FROM events WHERE seq = 5")
    assert await broken(database) == (5, "event 6 stands where event 5 belongs: events were taken out or moved")


async def test_swapped_events_are_named(database: Database) -> None:
    await a_day(database)
    with behind_our_back(database) as run:
        rows = dict(run("SELECT seq, body FROM events WHERE seq IN (5, 6)").fetchall())
        run("UPDATE events SET body = ? WHERE seq = 5", (rows[6],))
        run("UPDATE events SET body = ? WHERE seq = 6", (rows[5],))
    assert await broken(database) == (5, "event 6 stands where event 5 belongs: events were taken out or moved")


async def test_an_inserted_event_is_named(database: Database) -> None:
    await a_day(database)
    with behind_our_back(database) as run:
        run("UPDATE events SET seq = -seq WHERE seq > 5")
        run("UPDATE events SET seq = 1 - seq WHERE seq < 0")
        run("INSERT INTO events SELECT 6, body, hash, request_id FROM events WHERE seq = 3")
    assert await broken(database) == (6, "event 3 stands after event 5: it was moved or put in")


async def test_a_trail_cut_off_at_the_end_shows_against_a_head_and_against_the_tables(database: Database) -> None:
    await a_day(database)
    async with database.trail() as trail:
        known = await trail.head()
    with behind_our_back(database) as run:
        run("DELETE FROM events WHERE seq > 5")
    assert await broken(database, known) == (6, "event 9, which the head is of, is not there: the trail ends at 5")
    async with database.trail() as trail:
        checked = await trail.check()
    assert checked.report.broken is None
    assert not checked.holds
    assert checked.strays == (
        "request req_1 is succeeded in the tables, but executing by its events",
        "request req_2 is rejected in the tables, but pending by its events",
    )


async def test_a_request_moved_or_removed_in_the_tables_shows(database: Database) -> None:
    await a_day(database)
    with behind_our_back(database) as run:
        run("UPDATE requests SET state = 'approved' WHERE id = 'req_2'")
        run("PRAGMA foreign_keys=OFF")
        run("DELETE FROM requests WHERE id = 'req_1'")
    async with database.trail() as trail:
        assert (await trail.check()).strays == (
            "request req_2 is approved in the tables, but rejected by its events",
            "request req_1 has events, but is missing from the tables",
        )


async def test_a_chain_that_was_broken_goes_on_but_never_heals(database: Database) -> None:
    await a_day(database)
    with behind_our_back(database) as run:
        run("UPDATE events SET hash = zeroblob(32) WHERE seq = 9")
    async with database.open() as store:
        await store.transact([], submit("req_3"))
    assert await broken(database) == (
        9,
        "event 9 does not give its hash: it was edited, or the one before it made anew",
    )


async def test_there_must_be_a_database_to_look_at(database: Database) -> None:
    with pytest.raises(StoreError, match="There is no database"):
        async with open_trail(database.url):
            pytest.fail("opened nothing")
    assert list(database.folder.iterdir()) == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_the_quick_way_to_canonical_bytes_is_the_library_s(value: object) -> None:
    detail = {"detail": value}
    assert audit.bytes_of(detail) == digest.canonical(detail)


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: 2}, {"\ud800": 1}, b"x"])
def test_what_json_cannot_carry_exactly_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the words, it is the kind the caller knows
        audit.bytes_of({"detail": value})
