"""What a requester, or a client, has asked for: counted in the transaction that would add to it (`bot.limits`)."""

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select

from bot.limits import HOUR, Asked, Count, Tally, together
from bot.ports import Asking
from bot.request import State
from store.engine import Statement, Transaction
from store.schema import requests

_WEIGHS = (State.PENDING, State.APPROVED, State.EXECUTING, State.UNKNOWN)
_ENDS = case(
    (requests.c.state == State.PENDING.value, requests.c.expires_at),
    (requests.c.state == State.APPROVED.value, requests.c.run_by),
    else_=None,
)


def _open(whose: ColumnElement[str]) -> Statement:
    weighs = or_(*(requests.c.state == state.value for state in _WEIGHS))
    return Statement(
        select(requests.c.action, func.count().label("number"), func.min(_ENDS).label("first"))
        .where(whose == bindparam("its_name"), weighs, requests.c.id != bindparam("its_id"))
        .group_by(requests.c.action)
    )


def _since(whose: ColumnElement[str]) -> Statement:
    return Statement(
        select(requests.c.action, func.count().label("number"), func.min(requests.c.made_at).label("first"))
        .where(
            whose == bindparam("its_name"),
            requests.c.made_at > bindparam("since"),
            requests.c.id != bindparam("its_id"),
        )
        .group_by(requests.c.action)
    )


_OPEN_OF_ASKER, _OPEN_OF_CLIENT = _open(requests.c.asker), _open(requests.c.client)
_SINCE_OF_ASKER, _SINCE_OF_CLIENT = _since(requests.c.asker), _since(requests.c.client)


def asked(transaction: Transaction, asking: Asking, now: int) -> Asked:
    """Over every account of the person, where a person asks; over all of the client, where one does."""
    people = [_tally(transaction, each, asking, now, _OPEN_OF_ASKER, _SINCE_OF_ASKER) for each in asking.accounts]
    client = asking.client
    return Asked(
        requester=together(people) if people else None,
        client=_tally(transaction, client, asking, now, _OPEN_OF_CLIENT, _SINCE_OF_CLIENT) if client else None,
    )


def _tally(transaction: Transaction, name: str, asking: Asking, now: int, open_: Statement, since: Statement) -> Tally:
    waiting = transaction.all(open_, its_name=name, its_id=asking.without)
    recent = transaction.all(since, its_name=name, its_id=asking.without, since=now - HOUR)
    return Tally(
        name=name,
        open={row["action"]: Count(int(row["number"]), row["first"]) for row in waiting},
        hour={row["action"]: Count(int(row["number"]), row["first"] + HOUR) for row in recent},
    )
