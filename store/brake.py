"""The one row of this database: who it is, a check of the key, and whether an operator has paused it."""

from sqlalchemy import select, update

from bot.ports import Moment
from bot.request import Event
from store import audit
from store.engine import Row, Statement, Transaction
from store.errors import StoreError
from store.schema import instance
from store.seal import Seal

_READ = Statement(select(instance))
_SET = Statement(update(instance), sets=["paused", "resumed_at"])
_CHECK = b"signoff"


def key_check(seal: Seal, name: str) -> bytes:
    """What only this key opens again; stored when the database is made."""
    return seal.close(_CHECK, "instance.key_check", name)


def check_key(transaction: Transaction, seal: Seal) -> None:
    """StoreError when the database was made with another key."""
    row = _row(transaction)
    seal.open(row["key_check"], "instance.key_check", row["name"])


def moment(transaction: Transaction, now: int) -> Moment:
    row = _row(transaction)
    return Moment(now=now, paused=bool(row["paused"]), resumed_at=row["resumed_at"])


def pause(transaction: Transaction, event: Event) -> None:
    """Nothing is recorded where it stands paused already."""
    row = _row(transaction)
    if not row["paused"]:
        _set(transaction, event, paused=True, resumed_at=row["resumed_at"])


def resume(transaction: Transaction, event: Event) -> None:
    """Nothing is recorded where it was not paused."""
    if _row(transaction)["paused"]:
        _set(transaction, event, paused=False, resumed_at=event.at)


def _set(transaction: Transaction, event: Event, *, paused: bool, resumed_at: int | None) -> None:
    transaction.run(_SET, paused=paused, resumed_at=resumed_at)
    audit.append(transaction, [event])
    transaction.memory.pop("instance", None)


def _row(transaction: Transaction) -> Row:
    found: Row | None = transaction.memory.get("instance") or transaction.first(_READ)
    if found is None:
        raise StoreError("the database has lost its `instance` row; restore a backup")
    transaction.memory["instance"] = found
    return found
