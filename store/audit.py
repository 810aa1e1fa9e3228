"""The audit trail: one event for each move, in the same transaction, each hashed over the one before it.

    hash_n = SHA256("signoff-audit-v1" ‖ 0x00 ‖ hash_{n-1} ‖ RFC 8785 bytes of event_n),  hash_0 = 32 zero bytes

The bytes are stored as they were hashed. An export is JSON Lines, which `bot.verify` checks without this program:

    {"event":<the stored bytes>,"hash":"<hex>","prev":"<hex>"}

Looking at the trail only reads, on a connection of its own, so it works while Signoff runs.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import bindparam, insert, literal, select

from bot import digest
from bot.request import Actor, Event, State
from bot.verify import DOMAIN, GENESIS, Report, verify
from store.engine import Move, Row, Statement, T, Transaction
from store.schema import events, requests

_HEAD = Statement(select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(literal(1)))
_NEW = Statement(insert(events), sets=[column.name for column in events.c])
Head = tuple[int, bytes]
_CHUNK = 1_000
_before = events.alias("before")
_LINES = (
    select(events.c.seq, events.c.body, events.c.hash, _before.c.hash.label("prev"))
    .select_from(events.outerjoin(_before, _before.c.seq == events.c.seq - 1))
    .where(events.c.seq >= bindparam("start"))
    .order_by(events.c.seq)
    .limit(literal(_CHUNK))
)
_ALL = Statement(_LINES)
_OF_ONE = Statement(_LINES.where(events.c.request_id == bindparam("request")))
_AT = Statement(select(events.c.body).where(events.c.seq == bindparam("its_seq")))
_STATES = Statement(
    select(requests.c.n, requests.c.id, requests.c.state)
    .where(requests.c.n > bindparam("after"))
    .order_by(requests.c.n)
    .limit(literal(_CHUNK))
)


def append(transaction: Transaction, written: Sequence[Event]) -> None:
    """Gapless: the writer holds the only transaction that can write, so the head stands still until it commits."""
    seq, before = head(transaction)
    for event in written:
        seq += 1
        body = bytes_of(body_of(seq, event))
        before = hash_of(before, body)
        transaction.run(_NEW, seq=seq, body=body, hash=before, request_id=event.request_id)
    transaction.memory["head"] = (seq, before)


def hash_of(before: bytes, body: bytes) -> bytes:
    return hashlib.sha256(DOMAIN + before + body).digest()


def head(transaction: Transaction) -> Head:
    """The last event's number and hash; (0, the genesis hash) where there is none."""
    known: Head | None = transaction.memory.get("head")
    if known is not None:
        return known
    row = transaction.first(_HEAD)
    return (row["seq"], row["hash"]) if row else (0, GENESIS)


def body_of(seq: int, event: Event) -> dict[str, object]:
    return {
        "seq": seq,
        "at": event.at,
        "type": event.type,
        "request": event.request_id,
        "version": event.version,
        "actor": {"kind": event.actor.kind, "id": event.actor.id, "via": event.actor.via},
        "from": event.before.value if event.before else None,
        "to": event.after.value if event.after else None,
        "digest": event.digest,
        "detail": dict(event.detail),
    }


def bytes_of(body: dict[str, object]) -> bytes:
    """RFC 8785. Where there are no decimals, nor keys beyond ASCII, the standard library's sorted JSON is just that,
    in a quarter of the time (tests/store/test_audit.py holds it to the library)."""
    if not _simple(body):
        return digest.canonical(body)
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _simple(value: object) -> bool:
    match value:
        case str() | bool() | None:
            return True
        case int():
            return abs(value) <= digest.SAFE_INTEGER
        case dict():
            return all(isinstance(key, str) and key.isascii() and _simple(item) for key, item in value.items())
        case list() | tuple():
            return all(map(_simple, value))
        case _:
            return False


def lines(transaction: Transaction, start: int = 1, request: str | None = None) -> Iterator[bytes]:
    """The export from event `start` on, of one request where it is named; the same bytes for the same events."""
    for row in _rows(transaction, start, request):
        before = row["prev"] or GENESIS
        yield b'{"event":%b,"hash":"%b","prev":"%b"}\n' % (row["body"], _hex(row["hash"]), _hex(before))


def _rows(transaction: Transaction, start: int, request: str | None) -> Iterator[Row]:
    """In pieces: a trail may be longer than memory."""
    while True:
        chosen, values = (_ALL, {}) if request is None else (_OF_ONE, {"request": request})
        chunk = transaction.all(chosen, start=start, **values)
        yield from chunk
        if len(chunk) < _CHUNK:
            return
        start = chunk[-1]["seq"] + 1


def story(transaction: Transaction, request_id: str) -> tuple[Event, ...]:
    """The events of one request, read back."""
    return tuple(_event_of(json.loads(row["body"])) for row in _rows(transaction, 1, request_id))


def _event_of(body: dict[str, Any]) -> Event:
    return Event(
        type=body["type"],
        request_id=body["request"],
        actor=Actor(**body["actor"]),
        at=body["at"],
        version=body["version"],
        before=State(body["from"]) if body["from"] else None,
        after=State(body["to"]) if body["to"] else None,
        digest=body["digest"],
        detail=body["detail"],
    )


def first_since(transaction: Transaction, at: int) -> int:
    """The number of the first event at or after a time; one beyond the last where there is none."""
    low, high = 1, head(transaction)[0] + 1
    while low < high:
        middle = (low + high) // 2
        row = transaction.first(_AT, its_seq=middle)
        if row is not None and json.loads(row["body"])["at"] < at:
            low = middle + 1
        else:
            high = middle
    return low


@dataclass(frozen=True, slots=True)
class Checked:
    """The trail checked line by line, and the requests that do not stand where their events left them."""

    report: Report
    strays: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.report.broken is None and not self.strays


def check(transaction: Transaction, known: tuple[int, str] | None = None) -> Checked:
    """`known`: the number and hash of an event, kept elsewhere."""
    report = verify(lines(transaction), head=known)
    return Checked(report, () if report.broken else tuple(_strays(transaction, dict(report.states))))


def _strays(transaction: Transaction, left: dict[str, str]) -> Iterator[str]:
    after = 0
    while chunk := transaction.all(_STATES, after=after):
        for row in chunk:
            told = left.pop(row["id"], "never made")
            if told != row["state"]:
                yield f"request {row['id']} is {row['state']} in the tables, but {told} by its events"
        after = chunk[-1]["n"]
    for request in left:
        yield f"request {request} has events, but is missing from the tables"


class Reader(Protocol):
    async def read(self, query: Move[T]) -> T: ...


class Trail:
    """The audit trail of a database, to be looked at."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def check(self, known: tuple[int, str] | None = None) -> Checked:
        return await self._reader.read(lambda transaction: check(transaction, known))

    async def head(self) -> tuple[int, str]:
        """The last event's number and hash: what to keep elsewhere."""
        seq, last = await self._reader.read(head)
        return seq, last.hex()

    async def export(self, since: int | None = None, request: str | None = None) -> AsyncIterator[bytes]:
        """The lines from a time on (milliseconds since the epoch), or of one request."""
        start = 1 if since is None else await self._reader.read(lambda transaction: first_since(transaction, since))
        while chunk := await self._reader.read(partial(_chunk, start=start, request=request)):
            for line in chunk:
                yield line
            start = json.loads(chunk[-1])["event"]["seq"] + 1


def _chunk(transaction: Transaction, start: int, request: str | None) -> list[bytes]:
    return list(islice(lines(transaction, start, request), _CHUNK))


def _hex(value: bytes) -> bytes:
    return value.hex().encode()
