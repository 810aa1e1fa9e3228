"""The demo's services and its sample catalogue: what is asked is really done, once, and can be seen to be."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.catalogue import resolve
from bot.outcome import Ending, Job, Outcome
from handlers.config import Book, load, run_cases
from handlers.demo.catalogue import catalogue
from handlers.demo.services import Mood, Services, cleanup, pages
from handlers.egress import Egress
from handlers.executors import NotDone
from handlers.executors.command import CommandExecutor
from handlers.executors.email import EmailExecutor, Security
from handlers.executors.http import HttpExecutor
from handlers.executors.python import PythonExecutor, load_callables

PEOPLE = {
    "channel": "#approvals",
    "fallback_channel": "#ops",
    "operators": "S0OPERATE1",
    "team": "S0TEAM0001",
    "finance": "S0FINANCE1",
    "directors": "S0DIRECT01",
}
REFUND = {"order_id": "ord_81", "amount": 50, "currency": "USD", "note": "parcel never came"}


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with Services(tmp_path / "demo") as running:
        yield running


@pytest.fixture
def book(services: Services, tmp_path: Path) -> Book:
    path = tmp_path / "signoff.yaml"
    path.write_text(catalogue(services.places() | PEOPLE), encoding="utf-8")
    return load(path)


async def run(services: Services, book: Book, way: Mapping[str, Any], key: str = "req_1.1", **how: Any) -> Outcome:
    """What Signoff's own executors make of a resolved way."""
    port = int(services.mail.url.rsplit(":", 1)[1])
    executors: dict[str, Any] = {
        "http": HttpExecutor(Egress()),
        "command": CommandExecutor(),
        "email": EmailExecutor(host="127.0.0.1", port=port, sender="demo@example.com", security=Security.NONE),
        "python": PythonExecutor(load_callables(book.callables)),
    }
    job = Job("req_1", 1, 1, key, way, how.get("timeout", 20.0))
    outcome: Outcome = await executors[way["kind"]].run(job, lambda _: None)
    return outcome


async def do(services: Services, book: Book, action: str, args: Mapping[str, Any], **how: Any) -> Outcome:
    entry = book.catalogue.actions[action]
    return await run(services, book, resolve(entry.run, entry.with_defaults(args)), **how)


# --- the sample catalogue -------------------------------------------------------------------------------------------


def test_the_sample_catalogue_is_sound_and_its_own_tests_hold(book: Book) -> None:
    results = run_cases(book)
    assert [str(result) for result in results if not result.passed] == []
    assert len(results) >= 7
    assert book.warnings == ()
    assert book.kinds == {"http", "command", "python", "email"}


def test_a_place_that_is_not_known_is_named() -> None:
    with pytest.raises(KeyError, match="billing, channel"):
        catalogue({})


def test_a_path_with_strange_characters_stays_that_path(services: Services, tmp_path: Path) -> None:
    odd = str(tmp_path / 'a "quoted" {name} \\ ü.db')
    path = tmp_path / "signoff.yaml"
    path.write_text(catalogue(services.places() | PEOPLE | {"database": odd}), encoding="utf-8")
    action = load(path).catalogue.actions["delete_old_rows"]
    way = resolve(action.run, {"table": "events", "before": "2025-01-01"})
    assert f"--database={odd}" in way["argv"]


EXAMPLES: dict[str, tuple[dict[str, Any], str, str]] = {
    "refund_payment": (REFUND, "billing", "Refunded 50.00 USD for order ord_81"),
    "pay_expense": (
        {"amount": 2500.5, "purpose": "team offsite", "receipt": True},
        "ledger",
        "Paid 2,500.50 USD for team offsite",
    ),
    "trade_shares": ({"side": "buy", "shares": 1200, "ticker": "ACME"}, "desk", "Bought 1,200 shares of ACME at 33.74"),
    "transfer_money": (
        {"amount": 80, "payee": "Jo Smith", "iban": "DE89370400440532013000"},
        "bank",
        "Transferred 80.00 EUR to Jo Smith (…3000)",
    ),
    "send_mail": (
        {"to": "dana@example.com", "subject": "Grüße – ord_81", "body": "Your refund\nis on its way."},
        "mail",
        "Sent mail to dana@example.com: Grüße – ord_81",
    ),
    "delete_old_rows": (
        {"table": "events", "before": "2025-01-01"},
        "database",
        "Deleted 3,079 rows of events older than 2025-01-01",
    ),
    "publish_page": (
        {"page": "status", "headline": "All <well>", "text": "Everything & all.\n\nAgain."},
        "pages",
        "Published status: All <well>",
    ),
}


@pytest.mark.parametrize("action", EXAMPLES)
async def test_each_sample_action_has_its_effect(action: str, services: Services, book: Book) -> None:
    args, service, what = EXAMPLES[action]
    assert services.effects() == []
    outcome = await do(services, book, action, args)
    assert outcome.ending is Ending.SUCCEEDED, outcome.summary
    (effect,) = services.effects()
    assert (effect["service"], effect["what"]) == (service, what)
    assert effect["at"].endswith("+00:00")
    assert json.loads(json.dumps(effect)) == effect


def test_every_sample_action_has_an_example_here(book: Book) -> None:
    assert {action.name for action in book.catalogue.offered()} == set(EXAMPLES)


async def test_what_was_done_is_still_known_after_a_restart(tmp_path: Path, services: Services, book: Book) -> None:
    for action, (args, _, __) in EXAMPLES.items():
        assert (await do(services, book, action, args, key=f"req_{action}.1")).ending is Ending.SUCCEEDED
    before = services.effects()
    assert [effect["service"] for effect in before] == [service for _, service, __ in EXAMPLES.values()]
    async with Services(tmp_path / "demo") as again:
        assert again.effects() == before
        assert cleanup.count(again.database, "events") == 5_000 - 3_079
        again_done = await do(again, book, "publish_page", EXAMPLES["publish_page"][0], key="req_publish_page.1")
    assert again_done.ending is Ending.SUCCEEDED
    assert again.effects() == before


# --- billing: keys, probe, undo, and trouble ------------------------------------------------------------------------


async def test_the_same_key_is_one_refund_however_often_it_comes(services: Services, book: Book) -> None:
    first = await do(services, book, "refund_payment", REFUND)
    second = await do(services, book, "refund_payment", REFUND)
    third = await do(services, book, "refund_payment", REFUND, key="req_2.1")
    assert first.result == second.result
    assert third.result["id"] != first.result["id"]
    assert (services.billing.arrivals, len(services.billing.records)) == (3, 2)


async def test_the_same_key_with_another_body_is_refused(services: Services, book: Book) -> None:
    await do(services, book, "refund_payment", REFUND)
    outcome = await do(services, book, "refund_payment", REFUND | {"amount": 51})
    assert outcome.ending is Ending.FAILED
    assert "Idempotency-Key" in outcome.summary
    assert len(services.billing.records) == 1


async def test_many_of_the_same_key_at_once_are_one_refund(services: Services, book: Book) -> None:
    outcomes = await asyncio.gather(*(do(services, book, "refund_payment", REFUND) for _ in range(20)))
    assert {outcome.ending for outcome in outcomes} == {Ending.SUCCEEDED}
    assert len(services.billing.records) == 1


DONE = {Mood.ERROR: True, Mood.RESET: True, Mood.LATE: True, Mood.BUSY: False}


@pytest.mark.parametrize("mood", DONE)
async def test_a_refund_whose_answer_is_lost_is_unknown_until_the_probe_tells(
    mood: Mood, services: Services, book: Book
) -> None:
    services.billing.next(mood)
    outcome = await do(services, book, "refund_payment", REFUND, timeout=0.5 if mood is Mood.LATE else 10)
    assert outcome.ending is Ending.UNKNOWN
    probed = await probe(services, book, "req_1.1")
    assert probed.ending is (Ending.SUCCEEDED if DONE[mood] else Ending.FAILED)
    assert len(services.effects()) == DONE[mood]
    again = await do(services, book, "refund_payment", REFUND)
    assert again.ending is Ending.SUCCEEDED
    assert len(services.effects()) == 1


async def probe(services: Services, book: Book, key: str) -> Outcome:
    way = resolve(book.catalogue.actions["refund_payment"].probe or {}, REFUND | {"key": key})
    return await run(services, book, way, key)


async def test_a_late_answer_comes_when_it_is_let_go(services: Services, book: Book) -> None:
    services.billing.next(Mood.LATE, seconds=60)
    running = asyncio.create_task(do(services, book, "refund_payment", REFUND))
    async with asyncio.timeout(5):
        await services.billing.held.wait()
    assert len(services.effects()) == 1
    assert not running.done()
    services.billing.release()
    assert (await running).ending is Ending.SUCCEEDED


async def test_a_refund_can_be_undone_and_only_once(services: Services, book: Book) -> None:
    refund = await do(services, book, "refund_payment", REFUND)
    undo = book.catalogue.actions["refund_payment.undo"]
    for _ in range(2):
        outcome = await run(services, book, resolve(undo.run, REFUND | {"result.id": refund.result["id"]}), "req_2.1")
        assert outcome.ending is Ending.SUCCEEDED
    (effect,) = services.effects()
    assert effect["undone"] is True
    missing = await run(services, book, resolve(undo.run, REFUND | {"result.id": "rf_9999"}), "req_3.1")
    assert missing.ending is Ending.FAILED


async def test_an_order_that_was_never_made_is_refused(services: Services, book: Book) -> None:
    outcome = await do(services, book, "refund_payment", REFUND | {"order_id": "ord_none1"})
    assert outcome.ending is Ending.FAILED
    assert "there is no order" in outcome.summary
    assert services.effects() == []


async def test_a_refusal_is_a_failure_and_nothing_was_done(services: Services, book: Book) -> None:
    services.billing.next(Mood.REFUSE)
    assert (await do(services, book, "refund_payment", REFUND)).ending is Ending.FAILED
    assert services.effects() == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "order"),
        (b'{"order": 5, "amount": 1, "currency": "USD"}', "order: must be a text"),
        (b'{"order": "ord_1", "amount": "1", "currency": "USD"}', "amount: must be a number"),
        (b'{"order": "ord_1", "amount": true, "currency": "USD"}', "amount: must be a number"),
        (b'{"order": "ord_1", "amount": 1, "currency": "USD", "approved": true}', "approved: there is no such"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_name(body: bytes, word: str, services: Services) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{services.billing.url}/refunds", data=body) as answer:
        assert answer.status == 422
        assert word in (await answer.json())["error"]
    assert services.effects() == []


async def test_all_refunds_can_be_listed_and_looked_up(services: Services, book: Book) -> None:
    await do(services, book, "refund_payment", REFUND)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{services.billing.url}/refunds") as answer:
            (refund,) = (await answer.json())["refunds"]
        async with session.get(f"{services.billing.url}/refunds/by-key/req_1.1") as answer:
            assert await answer.json() == refund
        async with session.get(f"{services.billing.url}/refunds/by-key/req_2.1") as answer:
            assert answer.status == 404
    assert refund["amount"] == 50


async def test_the_trade_desk_does_it_twice_if_it_is_asked_twice(services: Services, book: Book) -> None:
    """It honours no keys: here a double would show."""
    for _ in range(2):
        await do(services, book, "trade_shares", {"side": "sell", "shares": 1, "ticker": "ACME"})
    assert len(services.effects()) == 2


async def test_the_bank_writes_no_account_down(services: Services, book: Book, tmp_path: Path) -> None:
    await do(services, book, "transfer_money", EXAMPLES["transfer_money"][0])
    assert "DE8937040044" not in "".join(path.read_text() for path in (tmp_path / "demo").glob("*.json"))


# --- mail, database, pages ------------------------------------------------------------------------------------------


async def test_a_mail_is_kept_as_it_was_written(services: Services, book: Book) -> None:
    await do(services, book, "send_mail", EXAMPLES["send_mail"][0])
    (effect,) = services.effects()
    assert effect["details"] == {
        "from": "demo@example.com",
        "to": ["dana@example.com"],
        "subject": "Grüße – ord_81",
        "text": "Your refund\nis on its way.",
    }


async def test_the_preview_tells_what_would_go_and_deletes_nothing(services: Services, book: Book) -> None:
    action = book.catalogue.actions["delete_old_rows"]
    way = resolve(action.preview or {}, {"table": "sessions", "before": "2023-01-01"})
    outcome = await run(services, book, way)
    assert outcome.ending is Ending.SUCCEEDED
    assert outcome.result["stdout"] == "Would delete 165 of 800 rows of sessions older than 2023-01-01.\n  2022: 165\n"
    assert cleanup.count(services.database, "sessions") == 800
    assert services.effects() == []


async def test_exactly_the_old_rows_are_deleted(services: Services, book: Book) -> None:
    await do(services, book, "delete_old_rows", {"table": "events", "before": "2025-01-01"})
    with closing(sqlite3.connect(services.database)) as connection:
        (oldest,) = connection.execute("SELECT min(day) FROM events").fetchone()
    assert oldest == "2025-01-01"
    assert cleanup.count(services.database, "events") == 5_000 - 3_079
    assert cleanup.count(services.database, "sessions") == 800


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--table=users", "--before=2025-01-01"], 2, "--table"),
        (["--table=events; DROP TABLE events", "--before=2025-01-01"], 2, "--table"),
        (["--table=events", "--before=yesterday"], 2, "--before"),
        (["--table=events", "--before=2025-01-01' OR 1=1"], 2, "--before"),
        (["--table=events"], 2, "--before"),
        (["--table=events", "--before=2025-01-01", "--dry"], 2, "--dry"),
    ],
)
def test_cleanup_refuses_what_it_does_not_know(arguments: list[str], code: int, word: str, tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    cleanup.prepare(database)
    ended = cleaned(*arguments, f"--database={database}")
    assert ended.returncode == code
    assert word in ended.stderr
    assert (cleanup.count(database, "events"), cleanup.effects(database)) == (5_000, [])


@pytest.mark.parametrize("content", [None, b"this is no database at all, not by far" * 50])
def test_cleanup_says_when_the_database_cannot_be_used(content: bytes | None, tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    if content is not None:
        database.write_bytes(content)
    ended = cleaned("--table=events", "--before=2025-01-01", f"--database={database}")
    assert ended.returncode == 1
    assert "cleanup: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert database.exists() is (content is not None)


def cleaned(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "handlers.demo.services.cleanup", *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603


def test_a_published_page_shows_text_and_never_markup(tmp_path: Path) -> None:
    asked = {"page": "status", "headline": "<b>1 & 2</b>", "text": "One\n<script>alert(1)</script>\n"}
    done = pages.publish(**asked, folder=str(tmp_path), idempotency_key="k1")
    text = (tmp_path / "status.html").read_text("utf-8")
    assert "<h1>&lt;b&gt;1 &amp; 2&lt;/b&gt;</h1>" in text
    assert "<p>One</p>" in text
    assert "<script>" not in text
    assert done["bytes"] == len(text.encode())


def test_publishing_twice_by_the_same_key_does_not_bring_an_old_page_back(tmp_path: Path) -> None:
    for key, headline in (("k1", "first"), ("k2", "second"), ("k1", "first")):
        pages.publish(page="status", headline=headline, text="x", folder=str(tmp_path), idempotency_key=key)
    assert "second" in (tmp_path / "status.html").read_text()
    assert [effect["details"]["headline"] for effect in pages.effects(tmp_path)] == ["first", "second"]


@pytest.mark.parametrize(
    ("page", "folder"),
    [("../escape", "."), ("a/b", "."), ("", "."), ("Status", "."), (".", "."), ("status", "nowhere")],
)
def test_a_page_is_only_written_into_its_folder(page: str, folder: str, tmp_path: Path) -> None:
    with pytest.raises(NotDone):
        pages.publish(page=page, headline="h", text="t", folder=str(tmp_path / folder), idempotency_key="k")
    assert list(tmp_path.rglob("*")) == []


async def test_services_that_cannot_all_start_leave_none_running(tmp_path: Path) -> None:
    async with Services(tmp_path / "one") as first:
        taken = int(first.desk.url.rsplit(":", 1)[1])
        second = Services(tmp_path / "two", ports={"desk": taken})
        with pytest.raises(OSError, match="in use"):
            await second.__aenter__()
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectionError):
                await session.get(second.billing.url)
