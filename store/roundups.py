"""Where a version's card stands: in a message of its own, or in a roundup (`bot.roundup`).

That is decided once for each version, in one transaction with the count of the cards that came before it.
"""

import secrets
from dataclasses import replace

from sqlalchemy import Select, bindparam, func, insert, literal, select, update

from bot.errors import NotFound
from bot.roundup import LIVES, MOST, WINDOW, Placed, Roundup
from store import requests
from store.engine import Row, Statement, Transaction
from store.schema import placings, roundups

ID_BYTES = 16
_ITS = (placings.c.request_id == bindparam("its_request"), placings.c.version == bindparam("its_version"))
_AT = Statement(select(placings.c.roundup).where(*_ITS))
_CARDS = Statement(
    select(func.count().label("count")).where(
        placings.c.aim == bindparam("its_aim"), placings.c.at > bindparam("since"), placings.c.roundup.is_(None)
    )
)
_WITH_ROOM = Statement(
    select(roundups.c.id)
    .join_from(roundups, placings, placings.c.roundup == roundups.c.id)
    .where(roundups.c.aim == bindparam("its_aim"), roundups.c.opened_at > bindparam("since"))
    .group_by(roundups.c.id, roundups.c.opened_at)
    .having(func.count() < MOST)
    .order_by(roundups.c.opened_at.desc(), roundups.c.id)
    .limit(literal(1))
)
_NEW = Statement(insert(placings), sets=["request_id", "version", "aim", "at", "roundup"])
_OPEN = Statement(insert(roundups), sets=["id", "aim", "opened_at"])


def _one() -> Select[tuple[object, ...]]:
    r = roundups.c
    return select(r.id, r.aim, r.opened_at, r.channel, r.ts, r.reminded_at)


_ROUNDUP = Statement(_one().where(roundups.c.id == bindparam("its_id")))
_BY_TS = Statement(_one().where(roundups.c.channel == bindparam("channel"), roundups.c.ts == bindparam("ts")))
_LISTING = Statement(
    _one()
    .join(placings, placings.c.roundup == roundups.c.id)
    .where(placings.c.request_id == bindparam("its_request"))
    .order_by(placings.c.version.desc())
    .limit(literal(1))
)
_ENTRIES = Statement(
    select(placings.c.request_id, placings.c.version)
    .where(placings.c.roundup == bindparam("its_roundup"))
    .order_by(placings.c.at, placings.c.request_id, placings.c.version)
)
_POSTED = Statement(update(roundups).where(roundups.c.id == bindparam("its_id")), sets=["channel", "ts"])
_REMINDED = Statement(update(roundups).where(roundups.c.id == bindparam("its_id")), sets=["reminded_at"])


def placed(transaction: Transaction, request_id: str, version: int) -> Placed | None:
    row = transaction.first(_AT, its_request=request_id, its_version=version)
    return Placed(row["roundup"]) if row else None


def place(
    transaction: Transaction, request_id: str, version: int, aim: str, most: int, now: int, *, urgent: bool
) -> Placed:
    """A card of its own, as long as fewer than `most` came to that channel within a minute, or it is urgent."""
    known = placed(transaction, request_id, version)
    if known is not None:
        return known
    if not requests.exists(transaction, request_id):
        raise NotFound
    lately = transaction.first(_CARDS, its_aim=aim, since=now - WINDOW)
    own = urgent or lately is None or lately["count"] < most
    roundup = None if own else _roundup(transaction, aim, now)
    transaction.run(_NEW, request_id=request_id, version=version, aim=aim, at=now, roundup=roundup)
    return Placed(roundup)


def _roundup(transaction: Transaction, aim: str, now: int) -> str:
    """The latest of that channel, as long as it takes more; else a new one."""
    latest = transaction.first(_WITH_ROOM, its_aim=aim, since=now - LIVES)
    if latest is not None:
        return str(latest["id"])
    made = secrets.token_urlsafe(ID_BYTES)
    transaction.run(_OPEN, id=made, aim=aim, opened_at=now)
    return made


def roundup(transaction: Transaction, roundup_id: str) -> Roundup | None:
    return _read(transaction, transaction.first(_ROUNDUP, its_id=roundup_id))


def by_ts(transaction: Transaction, channel: str, ts: str) -> Roundup | None:
    return _read(transaction, transaction.first(_BY_TS, channel=channel, ts=ts))


def listing(transaction: Transaction, request_id: str) -> Roundup | None:
    """Where a request is listed; its latest version, where several are."""
    return _read(transaction, transaction.first(_LISTING, its_request=request_id))


def _read(transaction: Transaction, row: Row | None) -> Roundup | None:
    if row is None:
        return None
    found = Roundup(**row)
    entries = transaction.all(_ENTRIES, its_roundup=found.id)
    return replace(found, entries=tuple((entry["request_id"], entry["version"]) for entry in entries))


def posted(transaction: Transaction, roundup_id: str, channel: str | None, ts: str | None) -> None:
    """Where it stands in Slack; None where it is gone from there."""
    transaction.run(_POSTED, its_id=roundup_id, channel=channel, ts=ts)


def reminded(transaction: Transaction, roundup_id: str, before: int | None, at: int | None) -> bool:
    """Set when its thread was last reminded, unless somebody else has since `before`; whether that is so."""
    row = transaction.first(_ROUNDUP, its_id=roundup_id)
    if row is None or row["reminded_at"] != before:
        return False
    transaction.run(_REMINDED, its_id=roundup_id, reminded_at=at)
    return True
