"""What is still to be done outside, one row for each (request, kind, key).

A SHOW wanted again while its row waits is the same row; while it is leased, the row is marked and comes due again
when the lease ends, so that one message is never drawn twice at once and the last state is always drawn. Any other
effect of a key that stands here already is the same one, and is left alone.
"""

import json
from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import bindparam, case, delete, literal, select, update
from sqlalchemy.sql.expression import Executable

from bot.ports import Parcel
from bot.request import Effect, EffectKind
from store import rows
from store.engine import Row, Statement, Transaction, upsert
from store.schema import outbox
from store.seal import Seal

_SETS = ("request_id", "kind", "key", "data", "due", "tries", "error")
_ONE = ("request_id", "kind", "key")


def _once(dialect: str) -> Executable:
    return upsert(dialect, outbox).on_conflict_do_nothing(index_elements=_ONE)


def _shown(dialect: str) -> Executable:
    """One that failed or must wait keeps its time; one not yet begun takes the earlier one."""
    insert = upsert(dialect, outbox)
    new, leased = insert.excluded, outbox.c.lease_until.is_not(None)
    keeps = leased | (outbox.c.error != "") | (outbox.c.due <= new.due)
    return insert.on_conflict_do_update(
        index_elements=_ONE,
        set_={
            "data": new.data,
            "due": case((keeps, outbox.c.due), else_=new.due),
            "again_at": case((leased, new.due), else_=None),
        },
    )


_PUT = Statement(_once, sets=_SETS)
_SHOW = Statement(_shown, sets=_SETS)
_DUE = Statement(
    select(outbox)
    .where(outbox.c.kind == bindparam("its_kind"), outbox.c.due <= bindparam("now"))
    .order_by(outbox.c.due, outbox.c.id)
    .limit(bindparam("limit"))
)
_NEXT = Statement(
    select(outbox.c.due).where(outbox.c.kind == bindparam("its_kind")).order_by(outbox.c.due).limit(literal(1))
)
_OURS = (outbox.c.id == bindparam("its_id"), outbox.c.lease_until == bindparam("lease"))
_LEASE = Statement(update(outbox).where(outbox.c.id == bindparam("its_id")), sets=["due", "lease_until", "again_at"])
_DONE = Statement(delete(outbox).where(*_OURS, outbox.c.again_at.is_(None)))
_AGAIN = Statement(
    update(outbox).where(*_OURS).values(due=outbox.c.again_at, lease_until=None, again_at=None, tries=0, error="")
)
_LATER = Statement(
    update(outbox).where(*_OURS).values(tries=outbox.c.tries + bindparam("failed"), lease_until=None, again_at=None),
    sets=["due", "error"],
)

_LEASED = outbox.c.lease_until.is_not(None)
_LET_GO = Statement(update(outbox).where(_LEASED).values(lease_until=None, again_at=None), sets=["due"])


def put(transaction: Transaction, effects: Sequence[Effect], now: int, seal: Seal) -> None:
    for effect in effects:
        statement = _SHOW if effect.kind is EffectKind.SHOW else _PUT
        transaction.run(
            statement,
            request_id=effect.request_id,
            kind=effect.kind.value,
            key=effect.key,
            data=_sealed(effect, seal),
            due=max(effect.after, now),  # so that what waits longest is taken first
            tries=0,
            error="",
        )


def take(
    transaction: Transaction, now: int, lease: int, limit: int, kinds: Sequence[EffectKind], seal: Seal
) -> tuple[Parcel, ...]:
    """Lease what is due, the longest due first over all kinds. A lease that ran out is due again."""
    found: list[Row] = []
    for kind in kinds:
        found += transaction.all(_DUE, its_kind=kind.value, now=now, limit=limit)
    until = now + lease
    taken = sorted(found, key=itemgetter("due", "id"))[:limit]
    for row in taken:
        transaction.run(_LEASE, its_id=row["id"], due=until, lease_until=until, again_at=None)
    return tuple(_parcel(row, until, seal) for row in taken)


def next_due(transaction: Transaction, kinds: Sequence[EffectKind]) -> int | None:
    coming = [row["due"] for kind in kinds for row in transaction.all(_NEXT, its_kind=kind.value)]
    return min(coming, default=None)


def done(transaction: Transaction, parcel: Parcel) -> bool:
    """Whether it is wanted once more. Nothing is changed where the lease is no longer ours."""
    ours = {"its_id": parcel.id, "lease": parcel.lease_until}
    return not transaction.run(_DONE, **ours) and bool(transaction.run(_AGAIN, **ours))


def let_go(transaction: Transaction, now: int) -> None:
    """Whatever is leased is due now: those who had it are gone."""
    transaction.run(_LET_GO, due=now)


def postpone(transaction: Transaction, parcel: Parcel, until: int, error: str, *, failed: bool) -> None:
    transaction.run(
        _LATER,
        its_id=parcel.id,
        lease=parcel.lease_until,
        due=until,
        error=rows.storable(error),
        failed=int(failed),
    )


def _sealed(effect: Effect, seal: Seal) -> bytes | None:
    """What an effect carries may hold words of people or answers of targets."""
    if not effect.data:
        return None
    return seal.close(rows.dump(dict(effect.data)).encode(), "outbox.data", effect.request_id, effect.kind, effect.key)


def _parcel(row: Row, lease_until: int, seal: Seal) -> Parcel:
    data = row["data"]
    if data is not None:
        data = json.loads(seal.open(data, "outbox.data", row["request_id"], row["kind"], row["key"]))
    return Parcel(
        id=row["id"],
        kind=EffectKind(row["kind"]),
        request_id=row["request_id"],
        key=row["key"],
        data=data or {},
        tries=row["tries"],
        lease_until=lease_until,
    )
