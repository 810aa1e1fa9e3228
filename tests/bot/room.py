"""A desk over a real SQLite store. What stands outside is plain: people for Slack, a target for the world."""

import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.catalogue import Action, Group
from bot.compose import Composer, InForce
from bot.deliver import Deliverer
from bot.errors import Unconfirmed
from bot.moves.desk import Desk
from bot.outcome import Ending, Job, Outcome
from bot.people import Person
from bot.ports import Message, Parcel, Planned
from bot.request import Draft, EffectKind, Request
from bot.roundup import Roundup
from bot.run import Runner
from handlers.config import Book, load
from handlers.schemas import JsonSchemas
from store import SqlStore, open_store, open_trail

T0 = 1_780_000_000_000  # a Thursday in May 2026, 20:26:40 UTC; milliseconds since the epoch
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
KEY = bytes(range(32))
ENVIRONMENT = {"TOKEN": "top-secret-token"}

ANA, ART = "U0ANA", "U0ART"  # requesters
FAY, FRED, FLO = "U0FAY", "U0FRED", "U0FLO"  # finance
DORA, DAN = "U0DORA", "U0DAN"  # directors
OLGA, OTTO = "U0OLGA", "U0OTTO"  # operators
WALT, GUS, OWEN = "U0WALT", "U0GUS", "U0OWEN"  # a bystander, a guest, the owner of an API client
GROUPS = {
    "S0FINANCE": frozenset({FAY, FRED, FLO, GUS}),
    "S0OPERATORS": frozenset({OLGA, OTTO}),
    "S0LEADS": frozenset({FAY, DORA}),
}

HEAD = """
version: 1
slack: {channel: "#approvals", operators: [S0OPERATORS]}
people:
  finance: {user_groups: [S0FINANCE]}
  directors: {users: [U0DORA, U0DAN]}
  leads: {user_groups: [S0LEADS]}
"""


@dataclass(slots=True)
class Clock:
    now: int = T0

    def __call__(self) -> int:
        return self.now


@dataclass(slots=True)
class Workspace:
    """Who is who, as Slack would say it now. `asked`: every look-up, and whether it had to be fresh."""

    groups: dict[str, frozenset[str]] = field(default_factory=lambda: dict(GROUPS))
    problems: dict[str, str] = field(default_factory=lambda: {GUS: "is a guest"})
    zones: dict[str, str] = field(default_factory=dict)  # in UTC, where not said
    channel: frozenset[str] = frozenset()
    silent: bool = False
    hidden: set[str] = field(default_factory=set)  # groups whose members nobody can say just now
    asked: list[tuple[str, bool]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None  # what happens once, while somebody is looked up

    async def person(self, person_id: str, *, fresh: bool = False) -> Person:
        self._answers(person_id, fresh=fresh)
        return Person(
            person_id,
            person_id.removeprefix("U0").title(),
            self.problems.get(person_id),
            self.zones.get(person_id, "UTC"),
        )

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        self._answers(group.name, fresh=fresh)
        if group.name in self.hidden:
            raise Unconfirmed(f"Who {group.name} is now is not known.")
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        found = frozenset(group.users).union(*(self.groups[each] for each in group.user_groups))
        return frozenset(each for each in found if each not in self.problems)

    async def in_channel(self, person_id: str, channel: str) -> bool:
        return person_id in self.channel

    def remembered(self, person_id: str, groups: Sequence[Group]) -> None:
        """Nobody: each look-up is asked, and stands in `asked`."""

    def _answers(self, what: str, *, fresh: bool) -> None:
        if self.silent:
            raise Unconfirmed("Slack did not confirm you, nothing is recorded, press again.")
        self.asked.append((what, fresh))

    def take_out(self, group: str, person: str) -> None:
        self.groups[group] -= {person}

    def put_in(self, group: str, person: str) -> None:
        self.groups[group] |= {person}


DONE = Outcome(Ending.SUCCEEDED, "the target answered 200", {"id": "re_1"})
REFUSED = Outcome(Ending.FAILED, "the target refused it: 404", denies=True)
LOST = Outcome(Ending.UNKNOWN, "sent, and then nothing was heard")


@dataclass(slots=True)
class Target:
    """What actions reach. `answers` are given in turn, then `usual`; every call is kept with the moment it came.

    `sees` looks around when a call comes in.
    """

    clock: Clock
    usual: Outcome = DONE
    answers: deque[Outcome] = field(default_factory=deque)
    calls: list[Job] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    dies: bool = False
    sees: Callable[[Job], Awaitable[None]] | None = None

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        self.calls.append(job)
        self.at.append(self.clock())
        if self.sees is not None:
            await self.sees(job)
        if self.dies:
            raise Died
        return self.answers.popleft() if self.answers else self.usual


class Died(Exception):
    """The process, in the middle of a call."""


@dataclass(slots=True)
class Reader:
    """A planner that understands what it was given; `meanwhile` is what happens while it reads."""

    drafts: dict[str, tuple[Draft, ...]] = field(default_factory=dict)
    offered: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def plan(self, words: str, actions: Sequence[Action], earlier: Draft | None = None) -> Planned:
        self.offered = [action.name for action in actions]
        if self.meanwhile is not None:
            await self.meanwhile()
        return Planned(self.drafts[words])


@dataclass(slots=True)
class Wall:
    """Where messages stand: what each shows now, and what was said to whom."""

    store: SqlStore
    messages: dict[tuple[str, str, int, str], str] = field(default_factory=dict)
    roundups: dict[str, dict[str, str]] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)  # to whom, of which event

    async def show(self, request: Request, message: Message) -> None:
        place = (request.id, message.place, message.version, message.person)
        current = request.version is None or message.version in (0, request.version.number)
        self.messages[place] = request.state.value if current else "superseded"
        if message.ts is None:
            await self.store.posted(message.nonce, f"C-{message.place}", message.nonce)

    async def show_roundup(self, roundup: Roundup) -> None:
        """What it lists, and how each of it stands."""
        found = {each: await self.store.load(each[0]) for each in roundup.entries}
        self.roundups[roundup.id] = {
            f"{request.id} v{version}": request.state.value
            for (_, version), request in found.items()
            if request is not None
        }
        if roundup.ts is None:
            await self.store.roundup_posted(roundup.id, f"C-{roundup.aim}", roundup.id)

    async def tell(self, request: Request, parcel: Parcel) -> None:
        self.told.append((str(parcel.data["to"]), str(parcel.data["event"]["type"])))

    async def alarm(self, text: str) -> None:
        self.told.append(("operators", text))

    async def inform(self, parcel: Parcel) -> None:
        self.told.append((str(parcel.data["to"]), str(parcel.data["what"])))


@dataclass(slots=True)
class Room:
    clock: Clock
    people: Workspace
    target: Target
    reader: Reader
    wall: Wall
    store: SqlStore
    desk: Desk
    deliverer: Deliverer
    runner: Runner
    url: str
    fits: list[bool]
    faults: list[BaseException]

    async def request(self, request_id: str) -> Request:
        found = await self.store.load(request_id)
        assert found is not None, request_id
        return found

    async def has_read(self, request_id: str, *who: str, version: int = 1) -> None:
        """They were shown all of it a minute ago, unless they were before."""
        for each in who:
            await self.store.saw(request_id, version, each, self.clock() - MINUTE)

    async def deliver(self, *kinds: EffectKind) -> int:
        """Deliver what is due of these kinds (all) until nothing is; how many there were."""
        count = 0
        while parcels := await self.store.take(self.clock(), 120_000, 50, kinds or tuple(EffectKind)):
            for parcel in parcels:
                await self.deliverer.deliver(parcel)
            count += len(parcels)
        return count

    async def events(self, request_id: str) -> list[Mapping[str, object]]:
        """The audit trail of one request, as an auditor reads it."""
        async with open_trail(self.url) as trail:
            return [_event(line) async for line in trail.export(request=request_id)]


def _event(line: bytes) -> Mapping[str, object]:
    event: Mapping[str, object] = json.loads(line)["event"]
    return event


@asynccontextmanager
async def open_room(folder: Path, file: str, *, head: str = HEAD, beside: Room | None = None) -> AsyncIterator[Room]:
    """Everything on the file's actions and rules. At the end the audit trail must hold, and nothing have gone wrong.

    `beside`: another replica, or the same process started again: the same database, time, people, target and file.
    """
    url, faults, fits = f"sqlite:///{folder / 'signoff.db'}", list[BaseException](), [True]
    clock, people = (beside.clock, beside.people) if beside else (Clock(), Workspace())
    numbers = itertools.count(1)
    in_force = beside.desk.in_force if beside else in_force_of(read_file(folder, head + file))
    async with open_store(url, key=KEY, clock=clock) as store:
        composer = Composer(in_force, JsonSchemas(), lambda _: fits[0])
        new_id = beside.desk.new_id if beside else lambda: f"req-{next(numbers)}"
        desk = Desk(store, people, composer, clock, new_id, KEY)
        target, reader, wall = beside.target if beside else Target(clock), Reader(), Wall(store)
        executors = dict.fromkeys(("http", "command", "python"), target)
        runner = Runner(desk, executors)
        deliverer = Deliverer(desk, wall, reader, executors, runner, lambda _, error: faults.append(error))
        yield Room(clock, people, target, reader, wall, store, desk, deliverer, runner, url, fits, faults)
    async with open_trail(url) as trail:
        checked = await trail.check()
        assert checked.holds, checked
    assert faults == [], faults


_BOOKS: dict[str, Book] = {}


def read_file(folder: Path, text: str) -> Book:
    """The file, read once for all who play on it."""
    if text not in _BOOKS:
        path = folder / "signoff.yaml"
        path.write_text(text)
        _BOOKS[text] = load(path, ENVIRONMENT, which=lambda name: f"/usr/bin/{name}")
    return _BOOKS[text]


def in_force_of(book: Book) -> InForce:
    return InForce(book.catalogue, book.policy)
