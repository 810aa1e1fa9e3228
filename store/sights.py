"""When each person was first shown all of a version: kept here, so that every replica knows, and after a restart."""

from sqlalchemy import bindparam, select
from sqlalchemy.sql.expression import Executable

from bot.sight import Sight
from store.engine import Statement, Transaction, upsert
from store.schema import sights

_PLACE = ("request_id", "version", "person")


def _first(dialect: str) -> Executable:
    return upsert(dialect, sights).on_conflict_do_nothing(index_elements=_PLACE)


def _again(dialect: str) -> Executable:
    adding = upsert(dialect, sights)
    return adding.on_conflict_do_update(index_elements=_PLACE, set_={"asked_at": adding.excluded.asked_at})


_SAW = Statement(_first, sets=[*_PLACE, "at"])
_ASKED = Statement(_again, sets=[*_PLACE, "at", "asked_at"])
_SIGHT = Statement(
    select(sights.c.at, sights.c.asked_at).where(*(sights.c[name] == bindparam(name) for name in _PLACE))
)


def saw(transaction: Transaction, request_id: str, version: int, person: str, at: int) -> None:
    transaction.run(_SAW, request_id=request_id, version=version, person=person, at=at)


def asked_again(transaction: Transaction, request_id: str, version: int, person: str, at: int) -> None:
    transaction.run(_ASKED, request_id=request_id, version=version, person=person, at=at, asked_at=at)


def sight(transaction: Transaction, request_id: str, version: int, person: str) -> Sight | None:
    row = transaction.first(_SIGHT, request_id=request_id, version=version, person=person)
    return Sight(**row) if row else None
