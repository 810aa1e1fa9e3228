"""`bot.ports.Store` over a database, and how one is opened."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, insert, make_url
from sqlalchemy.exc import ArgumentError

from bot import faults
from bot.absence import Absence
from bot.absence import Decide as Going
from bot.glass import ToReview
from bot.ports import Arrange, Asking, Decide, Message, Moment, Parcel, Row, Waiting
from bot.request import Effect, EffectKind, Event, Request, Step, Version
from bot.roundup import Placed, Roundup
from bot.sight import Sight
from bot.standing import StandingApproval
from bot.summary import Decide as Plan
from bot.summary import Dues, Week
from store import (
    absences,
    asked,
    audit,
    brake,
    breaks,
    messages,
    migrate,
    outbox,
    requests,
    roll,
    roundups,
    sights,
    standing,
    summaries,
    views,
)
from store.engine import Engine, Transaction
from store.errors import StoreError
from store.presence import Presence
from store.roll import SqlRoll
from store.schema import instance
from store.seal import Seal
from store.sqlite import Reading, SQLite

Clock = Callable[[], int]
Committed = Callable[[Sequence[Step]], None]
PATIENCE = 5_000


def _nothing(_: Sequence[Step]) -> None:
    pass


class SqlStore:
    """Every method is one transaction: a change returns once it is durable, a look sees one committed state.

    The clock gives milliseconds since the epoch and is read in the writer's transaction. `committed` hears of the
    steps of each move once they are durable.
    """

    def __init__(self, engine: Engine, seal: Seal, clock: Clock, presence: Presence, committed: Committed) -> None:
        self._engine = engine
        self._seal = seal
        self._clock = clock
        self._presence = presence
        self._committed = committed
        self._stirs = 0
        self._stirred = asyncio.Event()

    # moves

    async def transact(self, ids: Sequence[str], decide: Decide, *, asking: Asking | None = None) -> tuple[Step, ...]:
        def move(transaction: Transaction) -> tuple[Step, ...]:
            moment = brake.moment(transaction, self._clock())
            if asking is not None:
                moment = replace(
                    moment,
                    asked=asked.asked(transaction, asking, moment.now),
                    twins=requests.twins(transaction, asking.fingerprints, self._seal),
                )
            made = requests.transact(transaction, ids, decide, moment, self._seal)
            faults.before_commit(made)
            return made

        steps = await self._engine.write(move, self._moved)
        faults.after_commit(steps)
        return steps

    def _moved(self, steps: Sequence[Step]) -> None:
        if steps:
            self._stir()
            self._committed(steps)

    async def note(self, events: Sequence[Event]) -> None:
        await self._engine.write(lambda transaction: audit.append(transaction, events))

    async def load(self, request_id: str) -> Request | None:
        return await self._engine.read(lambda transaction: requests.load(transaction, request_id, self._seal))

    async def versions(self, request_id: str) -> tuple[Version, ...]:
        return await self._engine.read(lambda transaction: requests.versions_of(transaction, request_id, self._seal))

    async def story(self, request_id: str) -> tuple[Event, ...]:
        return await self._engine.read(lambda transaction: audit.story(transaction, request_id))

    async def by_fingerprint(self, fingerprint: str) -> Request | None:
        return await self._engine.read(lambda t: requests.by_fingerprint(t, fingerprint, self._seal))

    async def batch_of(self, batch: str) -> tuple[str, ...]:
        return await self._engine.read(lambda transaction: requests.batch_of(transaction, batch))

    # time

    async def due(self, now: int, limit: int) -> tuple[str, ...]:
        return await self._engine.read(lambda transaction: requests.due(transaction, now, limit))

    async def next_wake(self) -> int | None:
        return await self._engine.read(_next_wake)

    async def take_over(self) -> bool:
        alone = self._presence.alone()
        try:
            if alone:
                await self._engine.write(self._left_behind)
                self._stir()
        finally:
            await asyncio.to_thread(self._presence.share)  # it may have to wait for another that begins just now
        return alone

    def _left_behind(self, transaction: Transaction) -> None:
        now = self._clock()
        roll.forget(transaction)
        requests.let_go(transaction, now, self._seal)
        outbox.let_go(transaction, now)

    async def beat(self, request_id: str, attempt: int, lease_until: int, progress: str) -> bool:
        return await self._engine.write(
            lambda transaction: requests.beat(transaction, request_id, attempt, lease_until, progress, self._seal)
        )

    @property
    def stirs(self) -> int:
        return self._stirs

    async def stirred(self, at_most: float, since: int | None = None) -> None:
        if since is not None and since != self._stirs:
            return
        try:
            async with asyncio.timeout(at_most):
                await self._stirred.wait()
        except TimeoutError:
            return

    def _stir(self) -> None:
        """Wake all who wait now; whoever waits later waits for the next one."""
        self._stirs += 1
        self._stirred.set()
        self._stirred = asyncio.Event()

    # outbox

    async def take(self, now: int, lease: int, limit: int, kinds: Sequence[EffectKind]) -> tuple[Parcel, ...]:
        return await self._engine.write(lambda t: outbox.take(t, now, lease, limit, kinds, self._seal))

    async def next_due(self, kinds: Sequence[EffectKind]) -> int | None:
        return await self._engine.read(lambda transaction: outbox.next_due(transaction, kinds))

    async def done(self, parcel: Parcel) -> None:
        await self._engine.write(
            lambda transaction: outbox.done(transaction, parcel), lambda again: self._stir() if again else None
        )

    async def postpone(self, parcel: Parcel, until: int, error: str, *, failed: bool = True) -> None:
        await self._engine.write(lambda t: outbox.postpone(t, parcel, until, error, failed=failed))

    async def put(self, effects: Sequence[Effect]) -> None:
        await self._engine.write(lambda t: outbox.put(t, effects, self._clock(), self._seal), lambda _: self._stir())

    # messages

    async def message(self, request_id: str, version: int, place: str, person: str = "") -> Message:
        known = await self._engine.read(lambda t: messages.at(t, request_id, version, place, person))
        if known is not None:
            return known
        return await self._engine.write(lambda t: messages.made(t, request_id, version, place, person, self._clock()))

    async def messages(self, request_id: str) -> tuple[Message, ...]:
        return await self._engine.read(lambda transaction: messages.of(transaction, request_id))

    async def by_nonce(self, nonce: str) -> Message | None:
        return await self._engine.read(lambda transaction: messages.by_nonce(transaction, nonce))

    async def by_ts(self, channel: str, ts: str) -> Message | None:
        return await self._engine.read(lambda transaction: messages.by_ts(transaction, channel, ts))

    async def posting(self, nonce: str, since: int) -> None:
        await self._engine.write(lambda transaction: messages.posting(transaction, nonce, since))

    async def posted(self, nonce: str, channel: str, ts: str) -> None:
        await self._engine.write(lambda transaction: messages.posted(transaction, nonce, channel, ts))

    async def lost(self, nonce: str) -> Message:
        return await self._engine.write(lambda transaction: messages.lost(transaction, nonce, self._clock()))

    # roundups

    async def placed(self, request_id: str, version: int) -> Placed | None:
        return await self._engine.read(lambda transaction: roundups.placed(transaction, request_id, version))

    async def place(self, request_id: str, version: int, aim: str, most: int, *, urgent: bool) -> Placed:
        return await self._engine.write(
            lambda t: roundups.place(t, request_id, version, aim, most, self._clock(), urgent=urgent)
        )

    async def roundup(self, roundup_id: str) -> Roundup | None:
        return await self._engine.read(lambda transaction: roundups.roundup(transaction, roundup_id))

    async def roundup_at(self, channel: str, ts: str) -> Roundup | None:
        return await self._engine.read(lambda transaction: roundups.by_ts(transaction, channel, ts))

    async def listing(self, request_id: str) -> Roundup | None:
        return await self._engine.read(lambda transaction: roundups.listing(transaction, request_id))

    async def roundup_posted(self, roundup_id: str, channel: str | None, ts: str | None) -> None:
        await self._engine.write(lambda transaction: roundups.posted(transaction, roundup_id, channel, ts))

    async def roundup_reminded(self, roundup_id: str, before: int | None, at: int | None) -> bool:
        return await self._engine.write(lambda transaction: roundups.reminded(transaction, roundup_id, before, at))

    # sights

    async def saw(self, request_id: str, version: int, person: str, at: int) -> None:
        await self._engine.write(lambda transaction: sights.saw(transaction, request_id, version, person, at))

    async def asked_again(self, request_id: str, version: int, person: str, at: int) -> None:
        await self._engine.write(lambda transaction: sights.asked_again(transaction, request_id, version, person, at))

    async def sight(self, request_id: str, version: int, person: str) -> Sight | None:
        return await self._engine.read(lambda transaction: sights.sight(transaction, request_id, version, person))

    # views

    async def of_asker(self, person: str, limit: int) -> tuple[Row, ...]:
        return await self._engine.read(lambda transaction: views.of_asker(transaction, person, limit))

    async def pending(self, limit: int) -> tuple[Row, ...]:
        return await self._engine.read(lambda transaction: views.pending(transaction, limit))

    async def recent(self, limit: int) -> tuple[Row, ...]:
        return await self._engine.read(lambda transaction: views.recent(transaction, limit))

    async def to_review(self, limit: int) -> tuple[ToReview, ...]:
        return await self._engine.read(lambda transaction: breaks.to_review(transaction, limit))

    async def history(self, asker: str, now: int) -> dict[str, int]:
        return await self._engine.read(lambda transaction: views.history(transaction, asker, now))

    async def similar(self, action: str, before: int, limit: int) -> tuple[Row, ...]:
        return await self._engine.read(lambda transaction: views.similar(transaction, action, before, limit))

    async def states(self) -> dict[str, int]:
        """How many requests stand in each state: for metrics."""
        return await self._engine.read(views.states)

    # standing approvals

    async def standing_approvals(self) -> tuple[StandingApproval, ...]:
        return await self._engine.read(lambda transaction: standing.standing(transaction, self._clock()))

    async def standing_approval(self, standing_id: str) -> StandingApproval | None:
        return await self._engine.read(lambda transaction: standing.load(transaction, standing_id))

    async def arrange(self, decide: Arrange) -> StandingApproval:
        def move(transaction: Transaction) -> StandingApproval:
            moment = brake.moment(transaction, self._clock())
            return standing.arrange(transaction, decide, moment, self._seal)

        return await self._engine.write(move, lambda _: self._stir())

    # who is there

    async def absences(self) -> dict[str, Absence]:
        return await self._engine.read(lambda transaction: absences.in_force(transaction, self._clock()))

    async def change_absence(self, decide: Going) -> None:
        await self._engine.write(
            lambda t: absences.change(t, decide, self._clock(), self._seal), lambda _: self._stir()
        )

    async def next_back(self) -> int | None:
        return await self._engine.read(absences.next_back)

    async def next_mark(self, after: str) -> str | None:
        return await self._engine.read(lambda transaction: views.next_mark(transaction, after))

    async def waiting_as(self, mark: str, before: int | None, limit: int) -> tuple[Waiting, ...]:
        return await self._engine.read(lambda transaction: views.waiting_as(transaction, mark, before, limit))

    # summaries

    async def summaries(self) -> Dues:
        return await self._engine.read(summaries.dues)

    async def plan_summaries(self, decide: Plan) -> None:
        await self._engine.write(lambda t: summaries.plan(t, decide, self._clock(), self._seal), lambda _: self._stir())

    async def week(self, actions: Sequence[str], since: int, until: int) -> Week:
        return await self._engine.read(lambda transaction: summaries.of_week(transaction, actions, since, until))

    # the brake

    async def pause(self, event: Event) -> None:
        await self._engine.write(lambda transaction: brake.pause(transaction, event))

    async def resume(self, event: Event) -> None:
        await self._engine.write(lambda transaction: brake.resume(transaction, event), lambda _: self._stir())

    @property
    def roll(self) -> SqlRoll:
        """Who serves."""
        return SqlRoll(self._engine, self._clock)

    async def moment(self) -> Moment:
        return await self._engine.read(lambda transaction: brake.moment(transaction, self._clock()))


def _next_wake(transaction: Transaction) -> int | None:
    coming = (requests.next_wake(transaction), absences.next_back(transaction))
    return min((at for at in coming if at is not None), default=None)


@asynccontextmanager
async def open_store(
    url: str, *, key: bytes, clock: Clock, patience: int = PATIENCE, committed: Committed = _nothing
) -> AsyncIterator[SqlStore]:
    """A store on the database at `url` (`sqlite:///path`), created or brought up to date where it must be.

    `key`: at least 32 random bytes, always the same for one database. `patience`: how long to wait for another
    program's lock, in milliseconds. `committed` hears of each move's steps once they are durable.
    StoreError says what is wrong with the database, or with the key.
    """
    seal = Seal(key)
    path = sqlite_path(url)
    engine, presence = SQLite(path, patience), Presence(path)
    await engine.open(partial(_prepare, name=str(path), seal=seal))
    try:
        await engine.read(lambda transaction: brake.check_key(transaction, seal))
        yield SqlStore(engine, seal, clock, presence, committed)
    finally:
        presence.leave()
        await engine.close()


@asynccontextmanager
async def open_trail(url: str, *, patience: int = PATIENCE) -> AsyncIterator[audit.Trail]:
    """The audit trail of a database, to be looked at only; it works while Signoff runs, and needs no key."""
    path = sqlite_path(url)
    if not path.is_file():
        raise StoreError(f"There is no database {path}; name it in SIGNOFF_DATABASE_URL")
    reading = Reading(path, patience)
    try:
        await reading.open()
        await reading.read(lambda transaction: migrate.must_be_ours(transaction.connection, str(path)))
        yield audit.Trail(reading)
    finally:
        await reading.close()


@asynccontextmanager
async def open_roll(url: str, *, clock: Clock, patience: int = PATIENCE) -> AsyncIterator[SqlRoll]:
    """Who serves a database: for a command beside those that do. It needs no key."""
    path = sqlite_path(url)
    if not path.is_file():
        raise StoreError(f"There is no database {path}; name it in SIGNOFF_DATABASE_URL")
    engine = SQLite(path, patience)
    await engine.open(lambda connection: migrate.must_be_ours(connection, str(path)))
    try:
        yield SqlRoll(engine, clock)
    finally:
        await engine.close()


def _prepare(connection: Connection, name: str, seal: Seal) -> None:
    migrate.upgrade(connection, name)
    if connection.execute(instance.select()).first() is None:
        made = secrets.token_hex(8)
        connection.execute(
            insert(instance).values(id=1, name=made, key_check=brake.key_check(seal, made), paused=False)
        )


def sqlite_path(url: str) -> Path:
    """The file a database URL names. StoreError for what is not one, or where its directory is not there."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"SIGNOFF_DATABASE_URL is {url!r}; it must look like sqlite:///signoff.db") from None
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        raise StoreError("PostgreSQL comes in a later version; use sqlite:///signoff.db until then")
    if kind != "sqlite":
        raise StoreError(f"SIGNOFF_DATABASE_URL names {kind!r}; it must be sqlite:///path")
    if parsed.database in (None, "", ":memory:"):
        raise StoreError("A database in memory forgets every decision; name a file, such as sqlite:///signoff.db")
    path = Path(str(parsed.database))
    if not path.parent.is_dir():
        raise StoreError(f"The directory {path.parent} of the database does not exist; create it first")
    if path.is_dir():
        raise StoreError(f"{path} is a directory; the database must be a file")
    return path
