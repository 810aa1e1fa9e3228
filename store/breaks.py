"""Breaks of the glass and what was said of them: read and written with their request, listed while they are open."""

import json
from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select, update

from bot.glass import Break, Looked, ToReview
from store import rows
from store.engine import Row, Statement, Transaction
from store.schema import breaks, looks, requests

_BREAKS = Statement(select(breaks).where(breaks.c.request_id == bindparam("id")).order_by(breaks.c.version))
_LOOKS = Statement(
    select(looks).where(looks.c.request_id == bindparam("id")).order_by(looks.c.version, looks.c.ordinal)
)
_NEW = Statement(insert(breaks), sets=[column.name for column in breaks.c])
_CHANGED = Statement(
    update(breaks).where(breaks.c.request_id == bindparam("its_id"), breaks.c.version == bindparam("its_version")),
    sets=["reminded_at", "reviewed_at"],
)
_NEW_LOOK = Statement(insert(looks), sets=[column.name for column in looks.c])
_CONCERNS = (
    select(func.count())
    .where(looks.c.request_id == breaks.c.request_id, looks.c.version == breaks.c.version)
    .scalar_subquery()
)
_OPEN = Statement(
    select(
        breaks.c.request_id,
        breaks.c.version,
        requests.c.headline,
        breaks.c.person,
        breaks.c.at,
        breaks.c.review_by,
        _CONCERNS.label("concerns"),
    )
    .join_from(breaks, requests, requests.c.id == breaks.c.request_id)
    .where(breaks.c.reviewed_at.is_(None))
    .order_by(breaks.c.at)
    .limit(bindparam("limit"))
)


def of(transaction: Transaction, request_id: str) -> tuple[Break, ...]:
    said: dict[int, list[Looked]] = {}
    for row in transaction.all(_LOOKS, id=request_id):
        look = Looked(person=row["person"], fine=bool(row["fine"]), note=row["note"], at=row["at"])
        said.setdefault(row["version"], []).append(look)
    return tuple(_break_of(row, tuple(said.get(row["version"], ()))) for row in transaction.all(_BREAKS, id=request_id))


def save(transaction: Transaction, request_id: str, was: Sequence[Break], now: Sequence[Break]) -> None:
    """Write what differs: a new break, when somebody was reminded of it, what somebody said."""
    known = {each.version: each for each in was}
    for each in now:
        before = known.get(each.version)
        if before == each:
            continue
        row = _row(request_id, each)
        if before is None:
            transaction.run_with(_NEW, row)
        else:
            transaction.run_with(_CHANGED, row | {"its_id": request_id, "its_version": each.version})
        heard = len(before.looks) if before else 0
        for ordinal, look in enumerate(each.looks[heard:], heard):
            transaction.run_with(_NEW_LOOK, _look_row(request_id, each.version, ordinal, look))


def to_review(transaction: Transaction, limit: int) -> tuple[ToReview, ...]:
    """Those nobody has reviewed, the longest open first."""
    return tuple(ToReview(**row) for row in transaction.all(_OPEN, limit=limit))


def _row(request_id: str, broken: Break) -> Row:
    return {
        "request_id": request_id,
        "version": broken.version,
        "digest": broken.digest,
        "person": broken.person,
        "reason": rows.storable(broken.reason),
        "at": broken.at,
        "review_by": broken.review_by,
        "skipped_json": rows.dump(broken.skipped),
        "uncounted": broken.uncounted,
        "reminded_at": broken.reminded_at,
        "reviewed_at": broken.reviewed.at if broken.reviewed else None,
    }


def _break_of(row: Row, said: tuple[Looked, ...]) -> Break:
    return Break(
        version=row["version"],
        digest=row["digest"],
        person=row["person"],
        reason=row["reason"],
        at=row["at"],
        review_by=row["review_by"],
        skipped=tuple(json.loads(row["skipped_json"])),
        uncounted=row["uncounted"],
        reminded_at=row["reminded_at"],
        looks=said,
    )


def _look_row(request_id: str, version: int, ordinal: int, look: Looked) -> Row:
    return {
        "request_id": request_id,
        "version": version,
        "ordinal": ordinal,
        "person": look.person,
        "fine": look.fine,
        "note": rows.storable(look.note),
        "at": look.at,
    }
