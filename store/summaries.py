"""When each operator's next summary is due, and what it is made of: last week's decisions, read by index."""

from collections.abc import Iterable, Iterator

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.sql.expression import Executable

from bot.request import State
from bot.summary import Decide, Decided, Week, week
from store import audit, outbox
from store.engine import Row, Statement, Transaction, upsert
from store.schema import requests as r
from store.schema import summaries, votes
from store.schema import versions as v
from store.seal import Seal


def _kept(dialect: str) -> Executable:
    insert = upsert(dialect, summaries)
    return insert.on_conflict_do_update(index_elements=("person",), set_={"due": insert.excluded.due})


_ALL = Statement(select(summaries).order_by(summaries.c.person))
_KEEP = Statement(_kept, sets=["person", "due"])
_OUT = Statement(delete(summaries).where(summaries.c.person == bindparam("its_person")))

_DECIDED_THEN = (
    r.c.action == bindparam("its_action"),
    r.c.decided_at > bindparam("since"),
    r.c.decided_at <= bindparam("until"),
)
_DECIDED = Statement(
    select(r.c.id, r.c.action, r.c.state, r.c.stage, r.c.decided_at, v.c.made_at)
    .join_from(r, v, (v.c.request_id == r.c.id) & (v.c.number == r.c.number))
    .where(*_DECIDED_THEN)
    .order_by(r.c.n)
)
_VOTES = Statement(
    select(votes.c.request_id, votes.c.person, votes.c.approve, votes.c.stage, votes.c.at)
    .join_from(r, votes, (votes.c.request_id == r.c.id) & (votes.c.version == r.c.number))
    .where(*_DECIDED_THEN)
    .order_by(r.c.n, votes.c.ordinal)
)
_EXPIRED = Statement(
    select(r.c.action, func.count().label("count"))
    .where(
        r.c.state == State.EXPIRED.value,
        r.c.number.is_not(None),
        r.c.approved_at.is_(None),
        r.c.closed_at > bindparam("since"),
        r.c.closed_at <= bindparam("until"),
    )
    .group_by(r.c.action)
)


def dues(transaction: Transaction) -> dict[str, int]:
    return {row["person"]: row["due"] for row in transaction.all(_ALL)}


def plan(transaction: Transaction, decide: Decide, now: int, seal: Seal) -> None:
    """Each next time, with what is told now: once, whoever else looks at the same moment."""
    for made in decide(dues(transaction), now):
        if made.due is None:
            transaction.run(_OUT, its_person=made.person)
        else:
            transaction.run(_KEEP, person=made.person, due=made.due)
        audit.append(transaction, made.events)
        outbox.put(transaction, made.effects, now, seal)


def of_week(transaction: Transaction, actions: Iterable[str], since: int, until: int) -> Week:
    """How requests of these actions were decided after `since` and up to `until`."""
    expired = {row["action"]: row["count"] for row in transaction.all(_EXPIRED, since=since, until=until)}
    decided = [each for action in actions for each in _decided(transaction, action, since, until)]
    return week(since, until, decided, expired)


def _decided(transaction: Transaction, action: str, since: int, until: int) -> Iterator[Decided]:
    cast: dict[str, list[Row]] = {}
    for vote in transaction.all(_VOTES, its_action=action, since=since, until=until):
        cast.setdefault(vote["request_id"], []).append(vote)
    for row in transaction.all(_DECIDED, its_action=action, since=since, until=until):
        of_it = cast.get(row["id"], [])
        opened = max([row["made_at"], *(vote["at"] for vote in of_it if vote["stage"] < row["stage"])])
        yield Decided(
            action=action,
            approved=row["state"] != State.REJECTED.value,
            took=row["decided_at"] - row["made_at"],
            open_for=row["decided_at"] - opened,
            votes=tuple((vote["person"], bool(vote["approve"])) for vote in of_it),
        )
