"""Lists and counts: rows by index, never whole requests."""

import sqlite3
from contextlib import closing

from bot import machine
from bot.catalogue import Risk
from bot.ports import Row
from bot.request import Asker, State
from bot.route import Verdict
from store import SqlStore, views
from store.engine import Statement
from tests.store.conftest import Database, Hand
from tests.store.values import (
    ALICE,
    BOB,
    CAROL,
    CLAIM,
    NOW,
    approve,
    finish,
    on_one,
    person,
    reject,
    route,
    submit,
    version,
)

HOUR = 3_600_000


async def test_a_row_says_enough_to_show_a_line(store: SqlStore) -> None:
    await store.transact([], submit("req_1", version("req_1", token="s3cret")))
    row = Row(
        "req_1", State.PENDING, "Refund ord_81 by 50", "refund_payment", Risk.MEDIUM, ALICE, NOW, NOW + 86_400_000, 1
    )
    assert await store.pending(9) == (row,)
    await store.transact(["req_1"], reject())
    assert await store.pending(9) == ()
    assert [each.state for each in await store.recent(9)] == ["rejected"]


async def test_what_waits_longest_stands_first_and_what_is_newest_in_the_other_lists(store: SqlStore) -> None:
    for each in ("req_1", "req_2", "req_3"):
        await store.transact([], submit(each))
    assert [row.id for row in await store.pending(2)] == ["req_1", "req_2"]
    assert [row.id for row in await store.recent(2)] == ["req_3", "req_2"]
    assert [row.id for row in await store.of_asker(ALICE, 2)] == ["req_3", "req_2"]
    assert await store.of_asker(BOB, 9) == ()


async def test_drafts_are_listed_to_their_requester_alone(store: SqlStore) -> None:
    asker = Asker(person=ALICE)
    await store.transact([], lambda _, moment: [machine.received("req_1", asker, person(ALICE), "my words", moment)])
    (row,) = await store.of_asker(ALICE, 9)
    assert (row.id, row.state, row.version, row.headline) == ("req_1", "drafting", 0, "")
    assert await store.recent(9) == ()
    assert await store.pending(9) == ()


async def test_an_agents_requests_are_listed_to_the_person_it_acts_for(store: SqlStore) -> None:
    await store.transact([], submit("req_1", asker=Asker(client="cli_1", owner=BOB, acts_for=CAROL)))
    assert [(row.id, row.asker) for row in await store.of_asker(CAROL, 9)] == [("req_1", "cli_1")]
    assert await store.of_asker(BOB, 9) == ()


async def test_history_counts_what_was_sent_lately(store: SqlStore, clock: Hand) -> None:
    for n, hours in enumerate((0, 0.5, 2, 23, 30, 200)):
        await store.transact([], submit(f"req_{n}", made_at=NOW - int(hours * HOUR)))
    await store.transact([], submit("req_other", asker=Asker(person=BOB)))
    await store.transact(
        [], lambda _, moment: [machine.received("req_d", Asker(person=ALICE), person(ALICE), "w", moment)]
    )
    assert await store.history(ALICE, NOW) == {"last_hour": 2, "last_day": 4, "last_week": 5}
    assert await store.history(CAROL, NOW) == {"last_hour": 0, "last_day": 0, "last_week": 0}


async def test_similar_are_those_that_people_decided(store: SqlStore, clock: Hand) -> None:
    async def made(request_id: str, minutes: int, *moves: object) -> None:
        clock.now = NOW + minutes * 60_000
        await store.transact([], submit(request_id))
        for move in moves:
            await store.transact([request_id], move)  # type: ignore[arg-type]

    await made("ran", 1, approve(), CLAIM, finish())
    await made("refused", 2, reject())
    await made("waits", 3)
    await made("withdrawn", 4, on_one(lambda request, moment: machine.cancelled(request, person(ALICE), moment)))
    await made("approved", 5, approve())
    await store.transact([], submit("allowed", version("allowed", by=route(verdict=Verdict.ALLOW))))
    later = NOW + 99 * 60_000
    assert [row.id for row in await store.similar("refund_payment", later, 9)] == ["approved", "refused", "ran"]
    assert [row.id for row in await store.similar("refund_payment", later, 1)] == ["approved"]
    assert [row.id for row in await store.similar("refund_payment", NOW + 2 * 60_000, 9)] == ["ran"]
    assert await store.similar("reboot", later, 9) == ()


async def test_states_are_counted(store: SqlStore) -> None:
    for each in ("req_1", "req_2", "req_3"):
        await store.transact([], submit(each))
    await store.transact(["req_1"], reject())
    assert await store.states() == {"pending": 2, "rejected": 1}


async def test_no_list_reads_the_whole_table(store: SqlStore, database: Database) -> None:
    """Whatever a list looks for it finds by an index, in the order it shows: SQLite says so itself."""
    listed = [value for value in vars(views).values() if isinstance(value, Statement)]
    assert len(listed) == 8
    await store.transact([], submit("req_1"))
    with closing(sqlite3.connect(database.file)) as raw:
        for statement in listed:
            compiled = statement.compiled(store._engine._transaction.dialect)  # type: ignore[attr-defined]
            values = dict.fromkeys(compiled.order, 1)
            plan = raw.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.parameters(values)).fetchall()
            steps = [step[3] for step in plan]
            assert not [step for step in steps if "TEMP B-TREE" in step], (compiled.sql, steps)
            walks = [step for step in steps if step.startswith("SCAN") and "INDEX" not in step]
            if "ORDER BY requests.n DESC" in compiled.sql:
                continue  # the newest of all: from the end of the table until there are enough
            assert not walks, (compiled.sql, steps)
