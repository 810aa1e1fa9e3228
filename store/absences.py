"""Who is away: one row a person, taken out when they are back."""

from sqlalchemy import bindparam, delete, literal, select
from sqlalchemy.sql.expression import Executable

from bot.absence import Absence, Decide
from store import audit, outbox
from store.engine import Statement, Transaction, upsert
from store.schema import absences
from store.seal import Seal

_COLUMNS = ("since", "until", "delegate")


def _kept(dialect: str) -> Executable:
    insert = upsert(dialect, absences)
    new = {name: insert.excluded[name] for name in _COLUMNS}
    return insert.on_conflict_do_update(index_elements=("person",), set_=new)


_ALL = Statement(select(absences).order_by(absences.c.person))
_KEEP = Statement(_kept, sets=["person", *_COLUMNS])
_OUT = Statement(delete(absences).where(absences.c.person == bindparam("its_person")))
_NEXT = Statement(
    select(absences.c.until).where(absences.c.until.is_not(None)).order_by(absences.c.until).limit(literal(1))
)


def stored(transaction: Transaction) -> dict[str, Absence]:
    """All that stand, those over among them, by person."""
    return {row["person"]: Absence(**row) for row in transaction.all(_ALL)}


def in_force(transaction: Transaction, now: int) -> dict[str, Absence]:
    return {who: each for who, each in stored(transaction).items() if each.holds(now)}


def next_back(transaction: Transaction) -> int | None:
    found = transaction.first(_NEXT)
    return found["until"] if found else None


def change(transaction: Transaction, decide: Decide, now: int, seal: Seal) -> None:
    """Each change with its event and what is to be done of it."""
    for made in decide(stored(transaction), now):
        gone = made.absence
        if gone is None:
            transaction.run(_OUT, its_person=made.person)
        else:
            transaction.run(_KEEP, person=gone.person, since=gone.since, until=gone.until, delegate=gone.delegate)
        audit.append(transaction, [made.event])
        outbox.put(transaction, made.effects, now, seal)
