"""What is secret is nowhere on the disk in clear, and opens only in its place and with its key."""

import asyncio
import base64
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from bot import machine
from bot.errors import Problem
from bot.request import Draft, Effect, EffectKind, Preview
from store import SqlStore, StoreError, open_store
from store.seal import Seal, plain
from tests.store.conftest import Database
from tests.store.values import (
    ACTION,
    ALICE,
    CANARY,
    CLAIM,
    KEY,
    NOW,
    approve,
    blank,
    finish,
    on_one,
    person,
    submit,
    version,
)

OTHER_KEY = bytes(reversed(range(32)))


async def a_life_with_secrets(store: SqlStore) -> None:
    """The canary goes wherever a secret may come: words, draft, arguments, preview, result, an effect's data."""
    draft = Draft("ready", ACTION.name, {"token": CANARY}, problems=(Problem("token", CANARY),), note=CANARY)
    await store.transact([], lambda *_: [machine.received("req_1", blank("x").asker, person(ALICE), CANARY, _[1])])
    await store.transact(["req_1"], on_one(lambda request, moment: machine.planned(request, draft, moment)))
    secret = version("req_1", token=CANARY)
    await store.transact(
        ["req_1"], on_one(lambda request, moment: machine.sent(request, secret, person(ALICE), moment))
    )
    preview = Preview(ok=True, text=f"would use {CANARY}", at=NOW)
    await store.transact(["req_1"], on_one(lambda request, moment: machine.previewed(request, preview, moment)))
    await store.transact(["req_1"], approve())
    await store.transact(["req_1"], CLAIM)
    await store.transact(["req_1"], finish({"echo": [CANARY]}))
    await store.put([Effect(EffectKind.TELL, "req_1", "k", {"text": CANARY})])


async def test_a_secret_stands_nowhere_on_the_disk(database: Database) -> None:
    async with database.open() as store:
        await a_life_with_secrets(store)
        while_open = database.bytes()
        request = await store.load("req_1")
        parcels = await store.take(NOW, 1, 99, [EffectKind.TELL])
    closed = database.bytes()
    assert b"ord_81" in while_open  # the canary would be seen there
    for disk in (while_open, closed):
        for clear in (CANARY, CANARY.upper(), CANARY[::-1], CANARY[:10]):
            assert clear.encode() not in disk
        assert base64.b64encode(CANARY.encode())[:8] not in disk
        assert version("req_1").salt.encode() not in disk  # with it, the digest would tell a short secret by trying
    assert request is not None
    assert (request.words, request.now_version.args["token"]) == (CANARY, CANARY)
    assert request.now_version.preview == Preview(ok=True, text=f"would use {CANARY}", at=NOW)
    assert request.attempts[0].result == {"echo": [CANARY]}
    assert {"text": CANARY} in [parcel.data for parcel in parcels]


async def test_what_is_not_secret_stays_readable(database: Database) -> None:
    harmless = replace(
        ACTION, params={name: ACTION.params[name] for name in ("order", "amount")}, run={"kind": "caller"}
    )
    async with database.open() as store:
        await store.transact([], submit("req_1", version("req_1", action=harmless)))
    with closing(sqlite3.connect(database.file)) as raw:
        snapshot, shown = raw.execute("SELECT snapshot, args_shown_json FROM versions").fetchone()
    assert b'"order":"ord_81"' in snapshot
    assert json.loads(shown) == {"order": "ord_81", "amount": 50}


async def test_views_of_a_secret_are_masked(database: Database) -> None:
    async with database.open() as store:
        await store.transact([], submit("req_1", version("req_1", token=CANARY)))
    with closing(sqlite3.connect(database.file)) as raw:
        (shown,) = raw.execute("SELECT args_shown_json FROM versions").fetchone()
    assert "token" in shown
    assert CANARY not in shown


async def test_another_key_opens_nothing_and_says_so_at_once(database: Database) -> None:
    async with database.open():
        pass
    with pytest.raises(StoreError, match=r"SIGNOFF_SECRET_KEY is another key .*start Signoff with that one"):
        async with database.open(key=OTHER_KEY):
            pytest.fail("opened with another key")
    async with database.open():
        pass


async def test_a_short_key_is_refused_before_anything_is_made(database: Database) -> None:
    with pytest.raises(StoreError, match="SIGNOFF_SECRET_KEY has 31 bytes"):
        async with database.open(key=KEY[:31]):
            pytest.fail("opened with a short key")
    assert list(database.folder.iterdir()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE versions SET snapshot = (SELECT snapshot FROM versions AS v WHERE v.request_id = 'req_2')",
        "UPDATE versions SET snapshot = salt",
        "UPDATE versions SET snapshot = CAST(snapshot || x'00' AS BLOB)",
        "UPDATE versions SET snapshot = x''",
    ],
)
async def test_a_sealed_value_that_was_changed_or_moved_is_not_used(database: Database, statement: str) -> None:
    async with database.open() as store:
        for each in ("req_1", "req_2"):
            await store.transact([], submit(each, version(each, token=CANARY)))
    with closing(sqlite3.connect(database.file)) as raw:
        raw.execute(statement + " WHERE request_id = 'req_1'")
        raw.commit()
    async with database.open() as store:
        for look in (store.load("req_1"), store.transact(["req_1"], approve())):
            with pytest.raises(StoreError, match=r"versions\.snapshot"):
                await look
        assert await store.load("req_2") is not None


async def test_a_snapshot_laid_in_clear_in_its_stead_is_told_by_the_digest(database: Database) -> None:
    """The store reads it, the claim does not: `machine.untrue` computes the digest from these very bytes."""
    async with database.open() as store:
        await store.transact([], submit("req_1", version("req_1", token=CANARY)))
    forged = plain(version("req_1", token="mine").snapshot)
    with closing(sqlite3.connect(database.file)) as raw:
        raw.execute("UPDATE versions SET snapshot = ?", (forged,))
        raw.commit()
    async with database.open() as store:
        request = await store.load("req_1")
    assert request is not None
    assert machine.untrue(request) == "the stored bytes do not match the digest that was approved"


def test_a_seal_binds_to_its_place_and_differs_each_time() -> None:
    seal = Seal(KEY)
    stored = seal.close(b"value", "column", "req_1", 2)
    assert seal.open(stored, "column", "req_1", 2) == b"value"
    assert stored != seal.close(b"value", "column", "req_1", 2)
    places: list[tuple[Any, ...]] = [("column", "req_1", 1), ("other", "req_1", 2), ("column", "req_12"), ("column",)]
    for place in places:
        with pytest.raises(StoreError):
            seal.open(stored, *place)
    for at in range(len(stored)):
        with pytest.raises(StoreError):
            seal.open(stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :], "column", "req_1", 2)
    with pytest.raises(StoreError, match="another key"):
        Seal(OTHER_KEY).open(stored, "column", "req_1", 2)


async def test_databases_may_be_open_side_by_side_with_their_own_keys(database: Database) -> None:
    other = f"sqlite:///{database.folder}/other.db"
    async with database.open() as one, open_store(other, key=OTHER_KEY, clock=database.clock) as two:
        await asyncio.gather(
            one.transact([], submit("req_1", version("req_1", token=CANARY))),
            two.transact([], submit("req_1", version("req_1", token="another"))),
        )
        first, second = await one.load("req_1"), await two.load("req_1")
    assert first is not None
    assert second is not None
    assert (first.now_version.args["token"], second.now_version.args["token"]) == (CANARY, "another")
