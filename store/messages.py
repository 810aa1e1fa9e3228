"""Where a request is shown: one live message for each (request, version, place, person), known by a random nonce.

The nonce is stored before anything is posted and stands in every button, so that a click on a message that is not
ours, or no longer is, finds nothing.
"""

import secrets

from sqlalchemy import bindparam, select, update
from sqlalchemy.sql.expression import Executable

from bot.errors import NotFound
from bot.ports import Message
from store import requests
from store.engine import Row, Statement, Transaction, upsert
from store.schema import messages

NONCE_BYTES = 16
_PLACE = ("request_id", "version", "place", "person")


def _new(dialect: str) -> Executable:
    return upsert(dialect, messages).on_conflict_do_nothing(index_elements=_PLACE)


_ADD = Statement(_new, sets=["nonce", *_PLACE, "created_at"])
_AT = Statement(select(messages).where(*(messages.c[name] == bindparam(name) for name in _PLACE)))
_OF = Statement(
    select(messages)
    .where(messages.c.request_id == bindparam("request_id"))
    .order_by(messages.c.version, messages.c.place, messages.c.person)
)
_BY_NONCE = Statement(select(messages).where(messages.c.nonce == bindparam("nonce")))
_BY_TS = Statement(select(messages).where(messages.c.channel == bindparam("channel"), messages.c.ts == bindparam("ts")))
_POSTING = Statement(update(messages).where(messages.c.nonce == bindparam("its_nonce")), sets=["posting_since"])
_POSTED = Statement(
    update(messages).where(messages.c.nonce == bindparam("its_nonce")), sets=["channel", "ts", "posting_since"]
)
_LOST = Statement(
    update(messages).where(messages.c.nonce == bindparam("its_nonce")),
    sets=["nonce", "channel", "ts", "posting_since", "created_at"],
)


def at(transaction: Transaction, request_id: str, version: int, place: str, person: str) -> Message | None:
    return _one(transaction.first(_AT, request_id=request_id, version=version, place=place, person=person))


def made(transaction: Transaction, request_id: str, version: int, place: str, person: str, now: int) -> Message:
    if not requests.exists(transaction, request_id):
        raise NotFound
    transaction.run(
        _ADD,
        nonce=_nonce(),
        request_id=request_id,
        version=version,
        place=place,
        person=person,
        created_at=now,
    )
    message = at(transaction, request_id, version, place, person)
    if message is None:
        raise NotFound("message")
    return message


def of(transaction: Transaction, request_id: str) -> tuple[Message, ...]:
    return tuple(Message(**row) for row in transaction.all(_OF, request_id=request_id))


def by_nonce(transaction: Transaction, nonce: str) -> Message | None:
    return _one(transaction.first(_BY_NONCE, nonce=nonce))


def by_ts(transaction: Transaction, channel: str, ts: str) -> Message | None:
    return _one(transaction.first(_BY_TS, channel=channel, ts=ts))


def posting(transaction: Transaction, nonce: str, since: int) -> None:
    _found(transaction.run(_POSTING, its_nonce=nonce, posting_since=since))


def posted(transaction: Transaction, nonce: str, channel: str, ts: str) -> None:
    _found(transaction.run(_POSTED, its_nonce=nonce, channel=channel, ts=ts, posting_since=None))


def lost(transaction: Transaction, nonce: str, now: int) -> Message:
    """A new nonce takes the place of one whose message is gone; the old one is known no more."""
    fresh = _nonce()
    changes = {"nonce": fresh, "channel": None, "ts": None, "posting_since": None, "created_at": now}
    _found(transaction.run(_LOST, its_nonce=nonce, **changes))
    message = by_nonce(transaction, fresh)
    if message is None:
        raise NotFound("message")
    return message


def _nonce() -> str:
    return secrets.token_urlsafe(NONCE_BYTES)


def _one(row: Row | None) -> Message | None:
    return Message(**row) if row else None


def _found(changed: int) -> None:
    if not changed:
        raise NotFound("message")
