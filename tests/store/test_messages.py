"""Where requests are shown: one live message a place, known by a nonce that nobody can guess."""

import asyncio
import re

import pytest

from bot.errors import NotFound
from bot.ports import Message
from store import SqlStore
from tests.store.conftest import Hand
from tests.store.values import BOB, CAROL, NOW, submit


async def test_a_message_is_made_once_for_its_place(store: SqlStore, clock: Hand) -> None:
    await store.transact([], submit("req_1"))
    made = await store.message("req_1", 1, "card")
    assert made == Message(made.nonce, "req_1", 1, "card", created_at=NOW)
    clock.now += 5
    assert await store.message("req_1", 1, "card") == made
    others = {
        (await store.message("req_1", version, place, person)).nonce
        for version, place, person in ((2, "card", ""), (1, "dm", BOB), (1, "dm", CAROL), (1, "mine", BOB))
    }
    assert len(others | {made.nonce}) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", nonce) for nonce in others)


async def test_many_who_ask_at_once_get_the_same_message(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))
    made = await asyncio.gather(*(store.message("req_1", 1, "card") for _ in range(50)))
    assert len({message.nonce for message in made}) == 1


async def test_a_message_needs_its_request(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        await store.message("req_none", 1, "card")


async def test_where_it_was_posted_is_kept(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))
    made = await store.message("req_1", 1, "card")
    await store.posting(made.nonce, NOW + 3)
    begun = await store.by_nonce(made.nonce)
    assert begun is not None
    assert (begun.posting_since, begun.ts) == (NOW + 3, None)
    await store.posted(made.nonce, "C0CARDS", "1790000000.000100")
    posted = Message(made.nonce, "req_1", 1, "card", "", "C0CARDS", "1790000000.000100", NOW)
    assert await store.by_nonce(made.nonce) == posted
    assert await store.by_ts("C0CARDS", "1790000000.000100") == posted
    assert await store.by_ts("C0OTHER", "1790000000.000100") is None
    assert await store.messages("req_1") == (posted,)


async def test_the_nonce_of_a_lost_message_decides_nothing(store: SqlStore, clock: Hand) -> None:
    await store.transact([], submit("req_1"))
    old = await store.message("req_1", 1, "card")
    await store.posted(old.nonce, "C0CARDS", "1.1")
    clock.now += 9
    fresh = await store.lost(old.nonce)
    assert fresh == Message(fresh.nonce, "req_1", 1, "card", created_at=NOW + 9)
    assert fresh.nonce != old.nonce
    assert await store.by_nonce(old.nonce) is None
    assert await store.by_ts("C0CARDS", "1.1") is None
    assert await store.messages("req_1") == (fresh,)
    for late in (store.posted(old.nonce, "C0CARDS", "1.2"), store.posting(old.nonce, 1), store.lost(old.nonce)):
        with pytest.raises(NotFound):
            await late


async def test_a_nonce_that_was_never_made_is_unknown(store: SqlStore) -> None:
    assert await store.by_nonce("") is None
    assert await store.by_nonce("A" * 22) is None
