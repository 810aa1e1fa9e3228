"""A request read whole, and what a move made of it written: only what changed."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from sqlalchemy import Table, bindparam, insert, literal, or_, select, update

from bot import timing
from bot.errors import NotFound
from bot.ports import Decide, Moment
from bot.request import OPEN, Request, State, Step, Version
from store import audit, breaks, outbox, rows, standing
from store.engine import Row, Statement, Transaction
from store.errors import StoreError
from store.rows import Stored
from store.schema import attempts, fired, remarks, requests, versions, votes
from store.seal import Seal

REMEMBERED = 256  # requests
_WAITING = frozenset({State.DRAFTING, State.PENDING})


def _insert(table: Table) -> Statement:
    return Statement(insert(table), sets=[column.name for column in table.c if column.name != "n"])


_REQUEST = Statement(select(requests).where(requests.c.id == bindparam("id")))
_VERSION = Statement(
    select(versions).where(versions.c.request_id == bindparam("id"), versions.c.number == bindparam("number"))
)
_VERSIONS = Statement(select(versions).where(versions.c.request_id == bindparam("id")).order_by(versions.c.number))
_VOTES = Statement(
    select(votes)
    .where(votes.c.request_id == bindparam("id"), votes.c.version == bindparam("number"))
    .order_by(votes.c.ordinal)
)
_FIRED = Statement(
    select(fired)
    .where(fired.c.request_id == bindparam("id"), fired.c.version == bindparam("number"))
    .order_by(fired.c.ordinal)
)
_REMARKS = Statement(select(remarks).where(remarks.c.request_id == bindparam("id")).order_by(remarks.c.ordinal))
_ATTEMPTS = Statement(select(attempts).where(attempts.c.request_id == bindparam("id")).order_by(attempts.c.number))

_NEW_REQUEST = _insert(requests)
_NEW_VERSION = _insert(versions)
_NEW_VOTE = _insert(votes)
_NEW_FIRED = _insert(fired)
_NEW_REMARK = _insert(remarks)
_NEW_ATTEMPT = _insert(attempts)
_PREVIEWED = Statement(
    update(versions).where(versions.c.request_id == bindparam("its_id"), versions.c.number == bindparam("its_number")),
    sets=["preview", "fits", "basis_json"],
)
_CHANGED_ATTEMPT = Statement(
    update(attempts).where(attempts.c.request_id == bindparam("its_id"), attempts.c.number == bindparam("its_number")),
    sets=[column.name for column in attempts.c if column.name not in ("request_id", "number")],
)
_BEAT = Statement(
    update(attempts).where(attempts.c.request_id == bindparam("its_id"), attempts.c.number == bindparam("its_number")),
    sets=["lease_until", "progress"],
)
_WAKE = Statement(update(requests).where(requests.c.id == bindparam("its_id")), sets=["wake_at"])


@cache
def _change(columns: tuple[str, ...]) -> Statement:
    """An update of these columns only, so that no index is touched without need."""
    return Statement(
        update(requests).where(requests.c.id == bindparam("its_id"), requests.c.revision == bindparam("was")),
        sets=columns,
    )


def load(transaction: Transaction, request_id: str, seal: Seal) -> Request | None:
    stored = _stored(transaction, request_id, seal)
    return stored.request if stored else None


def versions_of(transaction: Transaction, request_id: str, seal: Seal) -> tuple[Version, ...]:
    return tuple(rows.version_of(row, request_id, seal) for row in transaction.all(_VERSIONS, id=request_id))


def _stored(transaction: Transaction, request_id: str, seal: Seal) -> Stored | None:
    """Made of its rows, or what was made of them before: as long as its own row is the same, so is all of it.

    Only while it waits for people: what is approved is read from its stored bytes each time, to be compared.
    """
    row = transaction.first(_REQUEST, id=request_id)
    if row is None:
        return None
    known: Stored | None = transaction.read.get(request_id)
    if known is not None and known.row == row:
        return known
    stored = _made_of(transaction, row, seal)
    if transaction.looks and stored.request.state in _WAITING:
        if len(transaction.read) >= REMEMBERED:
            transaction.read.clear()
        transaction.read[request_id] = stored
    return stored


def _made_of(transaction: Transaction, row: Row, seal: Seal) -> Stored:
    request_id, number = row["id"], row["number"]
    version = None
    found_votes, found_fired = [], []
    if number is not None:
        stored = transaction.first(_VERSION, id=request_id, number=number)
        if stored is None:
            raise StoreError(f"version {number} of request {request_id} is missing from the database")
        version = rows.version_of(stored, request_id, seal)
        found_votes = transaction.all(_VOTES, id=request_id, number=number)
        found_fired = transaction.all(_FIRED, id=request_id, number=number)
    broken = breaks.of(transaction, request_id) if row["broken_at"] is not None else ()
    parts = rows.Parts(
        breaks=broken,
        votes=tuple(rows.vote_of(vote) for vote in found_votes),
        fired=tuple(rows.fired_of(step) for step in found_fired),
        remarks=tuple(rows.remark_of(remark) for remark in transaction.all(_REMARKS, id=request_id)),
        attempts=tuple(rows.attempt_of(each, request_id, seal) for each in transaction.all(_ATTEMPTS, id=request_id)),
    )
    return Stored(rows.request_of(row, version, parts, seal), row)


def transact(
    transaction: Transaction, ids: Sequence[str], decide: Decide, moment: Moment, seal: Seal
) -> tuple[Step, ...]:
    """Load, decide, save. What is answered carries the stored revisions."""
    known: dict[str, Stored] = {}
    for each in ids:
        stored = _stored(transaction, each, seal)
        if stored is None:
            raise NotFound
        known[each] = stored
    done = []
    for step in decide(tuple(known[each].request for each in ids), moment):
        stored = _save(transaction, known.get(step.request.id), step.request, moment.now, seal)
        audit.append(transaction, step.events)
        outbox.put(transaction, step.effects, moment.now, seal)
        known[step.request.id] = stored
        done.append(replace(step, request=stored.request))
    return tuple(done)


def _save(transaction: Transaction, was: Stored | None, wanted: Request, now: int, seal: Seal) -> Stored:
    """Write what differs from what this transaction read or wrote last; the answer carries the new revision."""
    before = was.request if was else None
    after = wanted.but(revision=before.revision + 1 if before else 1)
    row = rows.request_row(after, seal, was)
    if was is None:
        if wanted.revision:
            raise StoreError(f"request {after.id} was decided on without being loaded in the transaction")
        transaction.run_with(_NEW_REQUEST, row)
    else:
        changed = {name: value for name, value in row.items() if value != was.row[name]}
        values = changed | {"its_id": after.id, "was": was.request.revision}
        if transaction.run_with(_change(tuple(changed)), values) != 1:
            raise StoreError(
                f"request {after.id} is not at revision {was.request.revision}: something else wrote to it"
            )
    _save_version(transaction, before.version if before else None, after, now, seal)
    _save_parts(transaction, before, after, seal)
    return Stored(after, row)


def _save_version(transaction: Transaction, before: Version | None, after: Request, now: int, seal: Seal) -> None:
    version = after.version
    if version is None or version is before or version == before:
        return
    row = rows.version_row(after.id, version, seal)
    if before is None or before.number != version.number:
        transaction.run_with(_NEW_VERSION, row)
        if version.route.standing is not None:
            standing.use(transaction, version.route.standing.id, now)
        return
    if (version.snapshot, version.salt, version.digest) != (before.snapshot, before.salt, before.digest):
        raise StoreError(f"version {version.number} of request {after.id} is fixed; a change needs a new version")
    transaction.run_with(_PREVIEWED, row | {"its_id": after.id, "its_number": version.number})


def _save_parts(transaction: Transaction, before: Request | None, after: Request, seal: Seal) -> None:
    was = before or after.but(votes=(), fired=(), remarks=(), attempts=(), breaks=())
    breaks.save(transaction, after.id, was.breaks, after.breaks)
    for ordinal, vote in enumerate(after.votes):
        if vote not in was.votes:
            transaction.run_with(_NEW_VOTE, rows.vote_row(after.id, ordinal, vote))
    for ordinal, step in enumerate(after.fired):
        if step not in was.fired:
            transaction.run_with(_NEW_FIRED, rows.fired_row(after.id, ordinal, step))
    for ordinal, remark in enumerate(after.remarks[len(was.remarks) :], len(was.remarks)):
        transaction.run_with(_NEW_REMARK, rows.remark_row(after.id, ordinal, remark))
    known = {attempt.number: attempt for attempt in was.attempts}
    for attempt in after.attempts:
        if known.get(attempt.number) == attempt:
            continue
        row = rows.attempt_row(after.id, attempt, seal)
        if attempt.number in known:
            transaction.run_with(_CHANGED_ATTEMPT, row | {"its_id": after.id, "its_number": attempt.number})
        else:
            transaction.run_with(_NEW_ATTEMPT, row)


def beat(transaction: Transaction, request_id: str, attempt: int, lease_until: int, progress: str, seal: Seal) -> bool:
    """Renew a running attempt's lease. No move: the revision stays, and nothing is written to the trail."""
    request = load(transaction, request_id, seal)
    if request is None or request.state is not State.EXECUTING or request.attempts[-1].number != attempt:
        return False
    last = replace(request.attempts[-1], lease_until=lease_until, progress=progress)
    wake_at = timing.wake_at(request.but(attempts=(*request.attempts[:-1], last)))
    values = {"lease_until": lease_until, "progress": rows.storable(progress)}
    transaction.run_with(_BEAT, values | {"its_id": request_id, "its_number": attempt})
    transaction.run(_WAKE, its_id=request_id, wake_at=wake_at)
    return True


_EXECUTING = Statement(select(requests.c.id).where(requests.c.state == State.EXECUTING.value).order_by(requests.c.n))


def let_go(transaction: Transaction, now: int, seal: Seal) -> None:
    """End the lease of every attempt that a process of ours was at. A caller's own goes on: it runs elsewhere."""
    for row in transaction.all(_EXECUTING):
        request = load(transaction, row["id"], seal)
        if request is None or request.now_version.by_caller:
            continue
        last = request.attempts[-1]
        beat(transaction, request.id, last.number, min(last.lease_until, now), last.progress, seal)


_OPEN = or_(*(requests.c.state == state.value for state in sorted(OPEN)))
_BY_FINGERPRINT = Statement(
    select(requests.c.id).where(requests.c.fingerprint == bindparam("fingerprint"), _OPEN).order_by(requests.c.n)
)
_BATCH = Statement(select(requests.c.id).where(requests.c.batch == bindparam("batch")).order_by(requests.c.n))
_DUE = Statement(
    select(requests.c.id)
    .where(requests.c.wake_at <= bindparam("now"))
    .order_by(requests.c.wake_at)
    .limit(bindparam("limit"))
)
_NEXT = Statement(
    select(requests.c.wake_at).where(requests.c.wake_at.is_not(None)).order_by(requests.c.wake_at).limit(literal(1))
)


def exists(transaction: Transaction, request_id: str) -> bool:
    return transaction.first(_REQUEST, id=request_id) is not None


def by_fingerprint(transaction: Transaction, fingerprint: str, seal: Seal) -> Request | None:
    found = transaction.first(_BY_FINGERPRINT, fingerprint=fingerprint)
    return load(transaction, found["id"], seal) if found else None


def twins(transaction: Transaction, fingerprints: Sequence[str], seal: Seal) -> dict[str, Request]:
    """Open requests, by those of these fingerprints they have."""
    found = {mark: by_fingerprint(transaction, mark, seal) for mark in fingerprints}
    return {mark: request for mark, request in found.items() if request is not None}


def batch_of(transaction: Transaction, batch: str) -> tuple[str, ...]:
    return tuple(row["id"] for row in transaction.all(_BATCH, batch=batch))


def due(transaction: Transaction, now: int, limit: int) -> tuple[str, ...]:
    return tuple(row["id"] for row in transaction.all(_DUE, now=now, limit=limit))


def next_wake(transaction: Transaction) -> int | None:
    found = transaction.first(_NEXT)
    return found["wake_at"] if found else None
