"""`bot.serving.Roll`: who serves, and what each answered when it was asked to load its file again."""

import json
from collections.abc import Callable

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.sql.expression import Executable

from bot.serving import GONE, Reloaded, Server
from store.engine import Engine, Statement, Transaction, upsert
from store.schema import reloads, servers

_COLUMNS = tuple(column.name for column in servers.c)


def _entry(dialect: str) -> Executable:
    return upsert(dialect, servers).on_conflict_do_nothing(index_elements=["id"])


_ARRIVE = Statement(_entry, sets=_COLUMNS)
_LEAVE = Statement(delete(servers).where(servers.c.id == bindparam("its_id")))
_EMPTY = Statement(delete(servers))
_BEAT = Statement(update(servers).where(servers.c.id == bindparam("its_id")), sets=["seen_at"])
_ANSWER = Statement(
    update(servers).where(servers.c.id == bindparam("its_id")), sets=["heard", "answer_json", "seen_at"]
)
_ASKED = Statement(select(func.max(reloads.c.n).label("n")))
_ASK = Statement(insert(reloads), sets=["asked_at", "told"])
_TELL = Statement(
    update(reloads).where(reloads.c.n == bindparam("its_n"), reloads.c.told == bindparam("not_told")), sets=["told"]
)
_ALL = Statement(select(servers).where(servers.c.seen_at > bindparam("after")).order_by(servers.c.since, servers.c.id))


class SqlRoll:
    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock

    async def arrive(self, ident: str, name: str) -> int:
        def move(transaction: Transaction) -> int:
            now, heard = self._clock(), _asked(transaction)
            transaction.run(_ARRIVE, id=ident, name=name, since=now, seen_at=now, heard=heard, answer_json=None)
            return heard

        return await self._engine.write(move)

    async def leave(self, ident: str) -> None:
        await self._engine.write(lambda transaction: transaction.run(_LEAVE, its_id=ident))

    async def beat(self, ident: str) -> None:
        await self._engine.write(lambda transaction: transaction.run(_BEAT, its_id=ident, seen_at=self._clock()))

    async def asked(self) -> int:
        return await self._engine.read(_asked)

    async def answer(self, ident: str, number: int, answer: Reloaded) -> bool:
        def move(transaction: Transaction) -> bool:
            told = json.dumps(answer.as_json())
            transaction.run(_ANSWER, its_id=ident, heard=number, answer_json=told, seen_at=self._clock())
            return not answer.taken and bool(transaction.run(_TELL, its_n=number, not_told=False, told=True))

        return await self._engine.write(move)

    async def ask(self) -> int:
        def move(transaction: Transaction) -> int:
            transaction.run(_ASK, asked_at=self._clock(), told=False)
            return _asked(transaction)

        return await self._engine.write(move)

    async def servers(self) -> tuple[Server, ...]:
        rows = await self._engine.read(lambda transaction: transaction.all(_ALL, after=self._clock() - GONE))
        return tuple(
            Server(
                row["id"], row["name"], row["since"], row["seen_at"], row["heard"],
                Reloaded.from_json(json.loads(row["answer_json"])) if row["answer_json"] else None,
            )
            for row in rows
        )  # fmt: skip


def forget(transaction: Transaction) -> None:
    """Nobody else serves: whoever is still on the list died without leaving it."""
    transaction.run(_EMPTY)


def _asked(transaction: Transaction) -> int:
    row = transaction.first(_ASKED)
    return int(row["n"] or 0) if row else 0
