"""`run: http` over the wire: what leaves, and what each answer, or none, is taken for."""

import asyncio
import json
from collections.abc import Mapping
from email.utils import formatdate
from time import time
from typing import Any

import pytest

from bot.outcome import Ending, Job, Outcome
from handlers.egress import CAP, Egress
from handlers.executors.http import HttpExecutor
from tests.handlers.test_egress import Behaviour, Listener, listening

TOKEN = "s3cr3t-t0ken-value"
ENVIRONMENT = {"BILLING_TOKEN": TOKEN, "EMPTY": "", "BROKEN": "a\nb", "SLACK_BOT_TOKEN": "xoxb-1"}


def job(listener: Listener, **way: Any) -> Job:
    base = {"kind": "http", "method": "POST", "url": f"http://127.0.0.1:{listener.port}/refunds", "headers": {}}
    return Job("req_1", 3, 2, "req_1.3", base | way, 5.0)


async def run(what: Job, *, timeout: float | None = None) -> Outcome:  # noqa: ASYNC109 (of the job)
    lines: list[str] = []
    if timeout is not None:
        what = Job(what.request_id, what.version, what.attempt, what.key, what.way, timeout)
    return await HttpExecutor(Egress(), environment=ENVIRONMENT).run(what, lines.append)


def answering(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        if status not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return behave


# --- what leaves ----------------------------------------------------------------------------------------------------


async def test_the_request_carries_its_key_and_the_canonical_bytes_of_its_body() -> None:
    async with listening(answering(200, b"{}")) as listener:
        body = {"note": "späte Lieferung", "amount": 50.0, "order": "ord_81", "nested": {"b": None, "a": True}}
        headers = {"Authorization": "Bearer ${BILLING_TOKEN}", "X-Price": "$$5", "idempotency-key": "theirs"}
        outcome = await run(job(listener, json=body, headers=headers))
        head, _, sent = listener.heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert outcome.ending is Ending.SUCCEEDED
    assert lines[0] == "POST /refunds HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}" in lines
    assert "X-Price: $5" in lines
    assert [line for line in lines if line.lower().startswith("idempotency-key")] == ["Idempotency-Key: req_1.3"]
    assert "X-Signoff-Request: req_1" in lines
    assert "X-Signoff-Attempt: 2" in lines
    assert "Content-Type: application/json" in lines
    assert sent.decode() == '{"amount":50,"nested":{"a":true,"b":null},"note":"späte Lieferung","order":"ord_81"}'


@pytest.mark.parametrize(
    ("way", "sent", "kind"),
    [
        ({"body": "plain ü"}, "plain ü".encode(), "text/plain; charset=utf-8"),
        ({"body": "<a/>", "headers": {"content-type": "text/xml"}}, b"<a/>", "text/xml"),
        ({"json": None}, b"null", "application/json"),
        ({"json": [1], "headers": {"CONTENT-TYPE": "application/x+json"}}, b"[1]", "application/x+json"),
        ({"method": "GET"}, b"", None),
    ],
)
async def test_each_kind_of_body(way: dict[str, Any], sent: bytes, kind: str | None) -> None:
    async with listening(answering(200)) as listener:
        outcome = await run(job(listener, **way))
        head, _, body = listener.heard[0].partition(b"\r\n\r\n")
    kinds = [line.partition(": ")[2] for line in head.decode().split("\r\n") if line.lower().startswith("content-type")]
    assert outcome == Outcome(Ending.SUCCEEDED, "The target answered 200")
    assert body == sent
    assert kinds == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("Bearer ${MISSING_TOKEN}", "MISSING_TOKEN"),
        ("Bearer ${EMPTY}", "EMPTY"),
        ("Bearer ${SLACK_BOT_TOKEN}", "SLACK_BOT_TOKEN"),
        ("Bearer ${", r"\$\{NAME\}"),
        ("Bearer ${1X}", r"\$\{NAME\}"),
        ("Bearer ${BROKEN}", "Authorization"),
    ],
)
async def test_a_header_that_cannot_be_filled_sends_nothing_and_names_what_is_wrong(value: str, named: str) -> None:
    async with listening() as listener:
        outcome = await run(job(listener, headers={"Authorization": value}))
        assert listener.connections == 0
    assert outcome.ending is Ending.FAILED
    assert not outcome.again
    assert named.replace("\\", "") in outcome.summary


async def test_references_are_filled_in_headers_and_nowhere_else() -> None:
    async with listening(answering(200)) as listener:
        way = job(listener, json={"a": "${BILLING_TOKEN}"}).way
        await run(job(listener, json={"a": "${BILLING_TOKEN}"}, url=f"{way['url']}?a=$%7BBILLING_TOKEN%7D"))
        await run(job(listener, body="${BILLING_TOKEN}", headers={"X-Note": "$${BILLING_TOKEN} $$$${BILLING_TOKEN}"}))
        heard = b"".join(listener.heard)
    assert TOKEN.encode() not in heard
    assert b"X-Note: ${BILLING_TOKEN} $${BILLING_TOKEN}\r\n" in heard


async def test_a_refused_url_fails_and_is_not_tried_again() -> None:
    async with listening() as listener:
        outcome = await run(job(listener, url=f"http://billing.internal:{listener.port}/"))
        assert listener.connections == 0
    assert outcome.ending is Ending.FAILED
    assert not outcome.again
    assert "network.private" in outcome.summary


# --- what an answer is taken for ------------------------------------------------------------------------------------

FAILED, UNKNOWN, SUCCEEDED = Ending.FAILED, Ending.UNKNOWN, Ending.SUCCEEDED


@pytest.mark.parametrize("idempotent", [False, True])
@pytest.mark.parametrize(
    ("status", "ending"),
    [
        *[(status, SUCCEEDED) for status in (200, 201, 202, 204, 206, 299)],
        *[(status, FAILED) for status in (300, 301, 302, 303, 304, 307, 308)],
        *[(status, FAILED) for status in (400, 401, 403, 404, 405, 410, 412, 422, 451, 499)],
        *[(status, UNKNOWN) for status in (408, 409, 425, 429)],
        *[(status, UNKNOWN) for status in (500, 501, 502, 503, 504, 529, 599, 600, 999)],
    ],
)
async def test_each_status_has_its_ending(status: int, ending: Ending, idempotent: bool) -> None:
    async with listening(answering(status)) as listener:
        outcome = await run(job(listener, idempotent=idempotent))
        assert listener.connections == 1
    assert outcome.ending is ending
    assert outcome.again is (idempotent and ending is UNKNOWN)
    assert str(status) in outcome.summary


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [("7", 7, 7), ("0", 0, 0), ("99999999999999", 86400, 86400), (100, 90, 100), (-100, 0, 0)],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_passed_on(status: int, given: str | int, low: float, high: float) -> None:
    text = given if isinstance(given, str) else formatdate(time() + given, usegmt=True)  # its other form: a date
    async with listening(answering(status, headers={"Retry-After": text})) as listener:
        outcome = await run(job(listener, idempotent=True))
    assert outcome.again
    assert outcome.retry_after is not None
    assert low <= outcome.retry_after <= high


@pytest.mark.parametrize("given", ["", "soon", "-5", "1.5", "٣"])
async def test_a_retry_after_that_says_nothing_is_none(given: str) -> None:
    async with listening(answering(503, headers={"Retry-After": given})) as listener:
        assert (await run(job(listener, idempotent=True))).retry_after is None


async def test_never_connected_is_failed_and_may_be_tried_again() -> None:
    async with listening() as listener:
        what = job(listener)
    outcome = await run(what)
    assert outcome.ending is FAILED
    assert outcome.again
    assert "Nothing was sent" in outcome.summary


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


@pytest.mark.parametrize("idempotent", [False, True])
@pytest.mark.parametrize("behave", [_hang_up, _say_nothing, _half])
async def test_sent_and_no_whole_answer_is_unknown(behave: Behaviour, idempotent: bool) -> None:
    async with listening(behave) as listener:
        outcome = await run(job(listener, idempotent=idempotent), timeout=0.3)
        assert len(listener.heard) == 1
    assert outcome.ending is UNKNOWN
    assert outcome.again is idempotent


async def test_a_refusal_whose_body_breaks_off_is_still_a_refusal() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 422 No\r\nContent-Length: 100\r\n\r\nnot enough")

    async with listening(behave) as listener:
        outcome = await run(job(listener))
    assert outcome == Outcome(FAILED, "The target refused it: 422 not enough", "not enough")


# --- what is kept of an answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"id": "re_1", "amount": 50.5}', {"id": "re_1", "amount": 50.5}),
        (b"[1, true, null]", [1, True, None]),
        (b"", None),
        (b"done", "done"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"id": 9007199254740991}', {"id": 9007199254740991}),
        (b'{"id": 9007199254740993}', {"id": "9007199254740993"}),
        (b'{"id": -123456789012345678901234567890}', {"id": "-123456789012345678901234567890"}),
        (b'{"x": 1e999}', {"x": "1e999"}),
        (b'{"x": NaN}', '{"x": NaN}'),
        (b'{"x": "\\ud800"}', '{"x": "\\ud800"}'),
        (b"[" * 33 + b"]" * 33, "[" * 33 + "]" * 33),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
async def test_an_answer_is_kept_as_json_where_it_is_sound_and_as_text_otherwise(body: bytes, kept: Any) -> None:
    async with listening(answering(200, body)) as listener:
        outcome = await run(job(listener))
    assert outcome.ending is SUCCEEDED
    assert outcome.result == kept
    assert json.loads(json.dumps(outcome.result)) == kept


async def test_an_endless_answer_is_kept_up_to_the_cap_with_a_marker() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with listening(endless) as listener:
        outcome = await run(job(listener))
        async with asyncio.timeout(5):
            await listener.gone.wait()
    assert outcome.ending is SUCCEEDED
    assert outcome.result.startswith("x" * CAP + "\n[… more was sent; SHA-256 of the 1048576 bytes read: ")
    assert len(outcome.result) < CAP + 200


async def test_a_secret_that_the_target_echoes_is_kept_as_its_name() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"you sent": f"Bearer {TOKEN}"}).encode()
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async with listening(echo) as listener:
        outcome = await run(job(listener, headers={"Authorization": "Bearer ${BILLING_TOKEN}"}))
    assert outcome.result == {"you sent": "Bearer ${BILLING_TOKEN}"}
    assert TOKEN not in repr(outcome)


async def test_the_summary_is_one_plain_line_whatever_the_target_says() -> None:
    body = "evil\r\nline\x1b[31m \u2028 two\x00".encode() + b"y" * 10_000
    async with listening(answering(500, body)) as listener:
        outcome = await run(job(listener))
    assert outcome.summary.startswith("The target answered 500 evil line [31m two y")
    assert outcome.summary.isprintable()
    assert len(outcome.summary) < 300
