"""What was decided, version by version, for replay, suggestions and explanations: read in pages beside the writer.

It opens a database to look at it only, and works while Signoff runs. The key is needed: what was approved is sealed
where an action has a sensitive parameter, and the route stands with it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from sqlalchemy import bindparam, func, select

from bot.glass import LABEL
from bot.replay import Answer, Past
from bot.request import Request, State, Version
from bot.standing import StandingApproval
from store import brake, migrate, requests, rows, standing
from store.engine import Row, Statement, Transaction
from store.errors import StoreError
from store.schema import requests as r
from store.schema import versions as v
from store.schema import votes
from store.seal import Seal
from store.sqlite import Reading
from store.store import PATIENCE, sqlite_path

PAGE = 500  # requests read at once

_COUNT = Statement(select(func.count().label("count")).select_from(r).where(r.c.number.is_not(None)))
_REQUESTS = Statement(
    select(r.c.n, r.c.id, r.c.number, r.c.state, r.c.approved_at, r.c.closed_at)
    .where(r.c.n > bindparam("after"))
    .order_by(r.c.n)
    .limit(bindparam("limit"))
)
_BETWEEN = (r.c.n > bindparam("after"), r.c.n <= bindparam("last"))
_VERSIONS = Statement(select(v).join_from(r, v, v.c.request_id == r.c.id).where(*_BETWEEN).order_by(r.c.n, v.c.number))
_VOTES = Statement(
    select(votes.c.request_id, votes.c.version, votes.c.person, votes.c.approve)
    .join_from(r, votes, votes.c.request_id == r.c.id)
    .where(*_BETWEEN)
    .order_by(r.c.n)
)


@dataclass(frozen=True, slots=True)
class Page:
    """Versions of some requests, in the order of arrival, all of one request together, its first one first."""

    versions: tuple[Past, ...]
    requests: int  # how many of those counted by `Archive.count` it covers


class Archive:
    """The decisions of a database."""

    def __init__(self, reading: Reading, seal: Seal) -> None:
        self._reading = reading
        self._seal = seal

    async def count(self) -> int:
        """How many requests have a version: drafts were never decided on."""
        found = await self._reading.read(lambda transaction: transaction.first(_COUNT))
        return int(found["count"]) if found else 0

    async def load(self, request_id: str) -> Request | None:
        return await self._reading.read(lambda transaction: requests.load(transaction, request_id, self._seal))

    async def versions(self, request_id: str) -> tuple[Version, ...]:
        return await self._reading.read(lambda transaction: requests.versions_of(transaction, request_id, self._seal))

    async def standing_approvals(self, now: int) -> tuple[StandingApproval, ...]:
        """Those that still allow something at a time (milliseconds since the epoch)."""
        return await self._reading.read(lambda transaction: standing.standing(transaction, now))

    async def pages(self, size: int = PAGE) -> AsyncIterator[Page]:
        """Each page sees one committed state; a request made meanwhile comes at the end."""
        after = 0
        while True:
            page, last = await self._reading.read(partial(_page, after=after, size=size, seal=self._seal))
            if last is None:
                return
            after = last
            yield page


@asynccontextmanager
async def open_archive(url: str, *, key: bytes, patience: int = PATIENCE) -> AsyncIterator[Archive]:
    """StoreError where there is no database at `url`, or where it was made with another key."""
    path = sqlite_path(url)
    if not path.is_file():
        raise StoreError(f"there is no database {path}")
    seal, reading = Seal(key), Reading(path, patience)
    try:
        await reading.open()
        await reading.read(lambda transaction: migrate.must_be_ours(transaction.connection, str(path)))
        await reading.read(lambda transaction: brake.check_key(transaction, seal))
        yield Archive(reading, seal)
    finally:
        await reading.close()


def _page(transaction: Transaction, after: int, size: int, seal: Seal) -> tuple[Page, int | None]:
    """And the last request's place; None where there is none after."""
    found = transaction.all(_REQUESTS, after=after, limit=size)
    if not found:
        return Page((), 0), None
    last = found[-1]["n"]
    stored: dict[str, list[Row]] = {}
    for row in transaction.all(_VERSIONS, after=after, last=last):
        stored.setdefault(row["request_id"], []).append(row)
    votes: dict[tuple[str, int], list[Row]] = {}
    for row in transaction.all(_VOTES, after=after, last=last):
        votes.setdefault((row["request_id"], row["version"]), []).append(row)
    versions = [past for row in found for past in _versions(row, stored.get(row["id"], ()), votes, seal)]
    return Page(tuple(versions), sum(row["number"] is not None for row in found)), last


def _versions(request: Row, stored: Sequence[Row], votes: dict[tuple[str, int], list[Row]], seal: Seal) -> list[Past]:
    read = [rows.version_of(row, request["id"], seal) for row in stored]
    ends: list[tuple[Answer, int | None]] = [(Answer.EDITED, after.made_at) for _, after in pairwise(read)]
    if read:
        ends.append(_end(request, read[-1]))
    return [_past(request["id"], version, *end, votes) for version, end in zip(read, ends, strict=True)]


_ENDS = {State.REJECTED: Answer.REJECTED, State.EXPIRED: Answer.EXPIRED, State.CANCELLED: Answer.CANCELLED}


def _end(request: Row, version: Version) -> tuple[Answer, int | None]:
    """What came of the current version, and when people were done with it."""
    if LABEL in version.basis:
        return Answer.BREAK_GLASS, None
    if request["approved_at"] is not None:
        return Answer.APPROVED, request["approved_at"]
    state = State(request["state"])
    return _ENDS.get(state, Answer.WAITING), request["closed_at"]


def _past(
    request_id: str,
    version: Version,
    answer: Answer,
    ended_at: int | None,
    votes: dict[tuple[str, int], list[Row]],
) -> Past:
    asked = version.route.asks
    cast = votes.get((request_id, version.number), [])
    return Past(
        request=request_id,
        number=version.number,
        action=version.action,
        basis=version.basis,
        risk=version.risk,
        route=version.route,
        made_at=version.made_at,
        answer=answer if asked else Answer.UNASKED,
        waited=ended_at - version.made_at if asked and ended_at is not None else None,
        approved_by=tuple(row["person"] for row in cast if row["approve"]),
        rejected_by=tuple(row["person"] for row in cast if not row["approve"]),
    )
