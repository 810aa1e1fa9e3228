"""Lists, counts and history: rows read by index, never a whole request, however many are pending."""

from sqlalchemy import Select, bindparam, case, func, literal, select

from bot.catalogue import Risk
from bot.ports import Row, Waiting
from bot.request import Asker, State
from store.engine import Statement, Transaction
from store.schema import requests

HOUR = 3_600_000
SPANS = {"last_hour": HOUR, "last_day": 24 * HOUR, "last_week": 7 * 24 * HOUR}


def _rows() -> Select[tuple[object, ...]]:
    r = requests.c
    version = func.coalesce(r.number, 0).label("version")
    return select(r.id, r.state, r.headline, r.action, r.risk, r.asker, r.made_at, r.expires_at, version)


_OF_ASKER = Statement(
    _rows().where(requests.c.told == bindparam("person")).order_by(requests.c.n.desc()).limit(bindparam("limit"))
)
_PENDING = Statement(
    _rows().where(requests.c.state == State.PENDING.value).order_by(requests.c.n).limit(bindparam("limit"))
)
_RECENT = Statement(
    _rows()
    .where(requests.c.number.is_not(None))  # words on their way are their requester's own
    .order_by(requests.c.n.desc())
    .limit(bindparam("limit"))
)
_SIMILAR = Statement(
    _rows()
    .where(requests.c.action == bindparam("its_action"), requests.c.decided_at < bindparam("before"))
    .order_by(requests.c.decided_at.desc())
    .limit(bindparam("limit"))
)
_HISTORY = Statement(
    select(
        *(
            func.coalesce(func.sum(case((requests.c.made_at > bindparam(name), 1), else_=0)), 0).label(name)
            for name in SPANS
        )
    ).where(
        requests.c.asker == bindparam("its_asker"),
        requests.c.made_at > bindparam("last_week"),
        requests.c.number.is_not(None),
    )
)
_NEXT_MARK = Statement(
    select(requests.c.mark)
    .where(requests.c.mark.is_not(None), requests.c.mark > bindparam("after"))
    .order_by(requests.c.mark)
    .limit(literal(1))
)
_WAITING_AS = Statement(
    select(requests.c.n, requests.c.id, *(requests.c[name] for name in ("person", "client", "owner", "acts_for")))
    .where(requests.c.mark == bindparam("its_mark"), requests.c.n < bindparam("before"))
    .order_by(requests.c.n.desc())
    .limit(bindparam("limit"))
)
_STATES = Statement(select(requests.c.state, func.count().label("count")).group_by(requests.c.state))


def of_asker(transaction: Transaction, person: str, limit: int) -> tuple[Row, ...]:
    """Requests this person hears of privately, newest first, drafts among them."""
    return _listed(transaction, _OF_ASKER, person=person, limit=limit)


def pending(transaction: Transaction, limit: int) -> tuple[Row, ...]:
    """What waits for people, longest first."""
    return _listed(transaction, _PENDING, limit=limit)


def recent(transaction: Transaction, limit: int) -> tuple[Row, ...]:
    """What was sent, newest first."""
    return _listed(transaction, _RECENT, limit=limit)


def similar(transaction: Transaction, action: str, before: int, limit: int) -> tuple[Row, ...]:
    """Requests of the same action that people decided before a time, the latest decision first."""
    return _listed(transaction, _SIMILAR, its_action=action, before=before, limit=limit)


def history(transaction: Transaction, asker: str, now: int) -> dict[str, int]:
    """How many requests this one sent within the last hour, day and week; drafts do not count."""
    begins = {name: now - span for name, span in SPANS.items()}
    row = transaction.first(_HISTORY, its_asker=asker, **begins)
    return {name: int(row[name]) for name in SPANS} if row else dict.fromkeys(SPANS, 0)


def next_mark(transaction: Transaction, after: str) -> str | None:
    """The next mark of what is pending: by index from one to the next, however many share it."""
    found = transaction.first(_NEXT_MARK, after=after)
    return found["mark"] if found else None


def waiting_as(transaction: Transaction, mark: str, before: int | None, limit: int) -> tuple[Waiting, ...]:
    """What waits for the same of the same groups, the newest first."""
    found = transaction.all(_WAITING_AS, its_mark=mark, before=_LAST if before is None else before, limit=limit)
    return tuple(
        Waiting(row["n"], row["id"], Asker(row["person"], row["client"], row["owner"], row["acts_for"]))
        for row in found
    )


_LAST = 2**62


def states(transaction: Transaction) -> dict[str, int]:
    """How many requests stand in each state."""
    return {row["state"]: row["count"] for row in transaction.all(_STATES)}


def _listed(transaction: Transaction, statement: Statement, **values: object) -> tuple[Row, ...]:
    found = transaction.all(statement, **values)
    return tuple(Row(**row | {"state": State(row["state"]), "risk": _risk(row["risk"])}) for row in found)


def _risk(stored: str) -> Risk | None:
    return Risk(stored) if stored else None
