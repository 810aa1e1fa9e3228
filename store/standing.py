"""Standing approvals: given, counted, ended. A use is counted in the transaction that saves the version it allows."""

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from bot.ports import Arrange, Moment
from bot.request import Asker
from bot.standing import Bound, NoLongerStands, StandingApproval
from store import audit, outbox
from store.engine import Row, Statement, Transaction
from store.errors import StoreError
from store.rows import dump
from store.schema import standing_approvals as table
from store.seal import Seal

_ONE = Statement(select(table).where(table.c.id == bindparam("id")))
_STANDING = Statement(
    select(table)
    .where(table.c.until > bindparam("now"), table.c.ended_at.is_(None), table.c.used < table.c.uses)
    .order_by(table.c.until, table.c.id)
)
_NEW = Statement(insert(table), sets=[column.name for column in table.c])
_CHANGED = Statement(
    update(table).where(
        table.c.id == bindparam("its_id"), table.c.used == bindparam("was"), table.c.ended_at.is_(None)
    ),
    sets=["used", "ended_at", "ended_by"],
)


def load(transaction: Transaction, standing_id: str) -> StandingApproval | None:
    row = transaction.first(_ONE, id=standing_id)
    return _of(row) if row else None


def standing(transaction: Transaction, now: int) -> tuple[StandingApproval, ...]:
    """Those that still allow something, the one that ends first at the beginning."""
    return tuple(_of(row) for row in transaction.all(_STANDING, now=now))


def arrange(transaction: Transaction, decide: Arrange, moment: Moment, seal: Seal) -> StandingApproval:
    """Write what `decide` makes of those that stand: a new one, or one of them ended."""
    known = {each.id: each for each in standing(transaction, moment.now)}
    arranged = decide(tuple(known.values()), moment)
    approval = arranged.approval
    if approval.id not in known:
        transaction.run_with(_NEW, _row(approval))
    elif not _change(transaction, known[approval.id], approval):
        raise StoreError(f"standing approval {approval.id} was changed by something else")
    audit.append(transaction, [arranged.event])
    outbox.put(transaction, arranged.effects, moment.now, seal)
    return approval


def use(transaction: Transaction, standing_id: str, now: int) -> None:
    """Count one use. Raises NoLongerStands where it allows nothing more, and then nothing of the move is kept."""
    found = load(transaction, standing_id)
    if found is None or not _change(transaction, found, found.once_more(now)):
        raise NoLongerStands("it is gone")


def _change(transaction: Transaction, was: StandingApproval, after: StandingApproval) -> bool:
    values = {"used": after.used, "ended_at": after.ended_at, "ended_by": after.ended_by}
    return transaction.run_with(_CHANGED, values | {"its_id": was.id, "was": was.used}) == 1


def _row(approval: StandingApproval) -> Row:
    row = {name: getattr(approval, name) for name in _SAME}
    asker = approval.asker
    return row | {
        "person": asker.person,
        "client": asker.client,
        "owner": asker.owner,
        "acts_for": asker.acts_for,
        "bounds_json": dump([asdict(bound) for bound in approval.bounds]),
        "groups_json": dump(approval.groups),
    }


def _of(row: Row) -> StandingApproval:
    same: dict[str, Any] = {name: row[name] for name in _SAME}
    return StandingApproval(
        asker=Asker(row["person"], row["client"], row["owner"], row["acts_for"]),
        bounds=tuple(Bound(**bound) for bound in json.loads(row["bounds_json"])),
        groups=tuple(json.loads(row["groups_json"])),
        **same,
    )


_SAME = (
    "id",
    "action",
    "by",
    "given_at",
    "until",
    "uses",
    "definition",
    "request_id",
    "version",
    "used",
    "ended_at",
    "ended_by",
)
