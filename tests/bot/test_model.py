"""Whatever people, agents, time, crashes and a second replica do, in any order: what must hold.

Two replicas stand on one database; each rule is done by one of them, claims also by both at once. The model keeps its
own account of who voted with which membership, and never asks the code under test whether that was enough.
SIGNOFF_MODEL_EXAMPLES and SIGNOFF_MODEL_STEPS make it longer.
"""

import asyncio
import hashlib
import itertools
import os
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import rfc8785
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import Denied, Refusal, TooSoon
from bot.moves import away, brake, bulk, cancel, claim, edit, lost, remark, settle, submit, tick, undo, vote
from bot.outcome import Job, Outcome
from bot.request import FINAL, OPEN, Actor, Asker, EffectKind, Request, State
from bot.route import REQUESTER, Surface
from bot.sight import CALM
from tests.bot import room as rooms
from tests.bot.files import MONEY
from tests.bot.matching import filled
from tests.bot.room import ANA, DAN, DONE, DORA, FAY, FLO, FRED, GUS, LOST, OLGA, OTTO, OWEN, REFUSED, T0, WALT, Room

T = TypeVar("T")
PEOPLE = (ANA, FAY, FRED, FLO, DORA, DAN, OLGA, OTTO, WALT, GUS, OWEN)
ASKERS = (
    Asker(person=ANA),
    Asker(person=FAY),  # of finance herself
    Asker(client="ci", owner=OWEN, acts_for=ANA),
    Asker(client="robot"),
)
ASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("refund", {"order": "ord_1", "amount": amount}) for amount in (40, 60, 60, 555, 777, 1000, 5000, 20001, 60000)),
    *(("charge", {"order": "ord_1", "amount": amount}) for amount in (40, 60, 555)),
    ("payout", {"to": "bob", "amount": 60}),
    ("close", {"name": "acme"}),
    ("ship", {"order": "ord_1"}),
    ("query", {"sql": "select"}),
    ("label", {"order": "ord_1", "text": "late"}),
)
LINKS = {FRED: ANA, DAN: FLO}  # where accounts are linked: a requester's, and one in each of two groups
LINKED = f"identities: [[{ANA}, {FRED}], [{FLO}, {DAN}]]\n"
AGAIN = replace(LOST, again=True, retry_after=0.0)
TITLES = ("Refund {amount} for", "Pay back {amount} for")
people = st.sampled_from(PEOPLE)
replicas = st.sampled_from([0, 1])
which = st.integers(0, 7)  # of the latest requests


@dataclass(frozen=True, slots=True)
class Said:
    """A vote as the model saw it: what the voter could stand for at that moment, by its own reckoning."""

    version: int
    stage: int
    person: str
    approve: bool
    seats: frozenset[int]


@dataclass(slots=True)
class Known:
    """What the model remembers of one request."""

    said: list[Said] = field(default_factory=list)
    ended: State | None = None
    words: int = 0  # how often a person asked to run it again
    calls: int = 0
    expires_at: int | None = None
    version: int = 0
    approved: bool = False
    sights: dict[tuple[int, str], int] = field(
        default_factory=dict
    )  # (version, person) → when they were first shown it


class Model(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="signoff-model-")
        self.stacks = [AsyncExitStack(), AsyncExitStack()]
        self.rooms: list[Room] = []
        self.ids: list[str] = []
        self.known: dict[str, Known] = defaultdict(Known)
        self.paused = False
        self.title = 0
        self.links: dict[str, str] = {}
        self.away: dict[str, tuple[int | None, str | None]] = {}  # who → until when, and who stands in

    @property
    def head(self) -> str:
        return rooms.HEAD + (LINKED if self.links else "")

    def one(self, account: str | None) -> str:
        """The person who has this account."""
        return self.links.get(account or "", account or "")

    def run(self, awaitable: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(awaitable)

    @initialize(
        first=st.lists(st.tuples(st.sampled_from(ASKERS), st.sampled_from(ASKS)), min_size=1, max_size=5),
        linked=st.booleans(),
    )
    def open(self, first: list[tuple[Asker, tuple[str, dict[str, Any]]]], *, linked: bool) -> None:
        self.links = LINKS if linked else {}
        self.run(self._open(0))
        self.run(self._open(1))
        self.rooms[0].target.sees = self._called
        for asker, ask in first:
            self.run(self._asks(0, asker, ask))

    async def _open(self, at: int) -> None:
        beside = self.rooms[0] if self.rooms else None
        opened = await self.stacks[at].enter_async_context(
            rooms.open_room(Path(self.folder.name), MONEY, head=self.head, beside=beside)
        )
        self.rooms[at : at + 1] = [opened]

    def teardown(self) -> None:
        try:
            for request_id in self.ids:
                self.run(self._audited(request_id))
            for stack in self.stacks:
                self.run(stack.aclose())  # the trail must hold, and its events replay to the tables
        finally:
            self.runner.close()
            self.folder.cleanup()

    # ── what is done ────────────────────────────────────────────────────────────────────────────────────────────

    def pick(self, at: int) -> str:
        return self.ids[-1 - at % len(self.ids)]

    async def load(self, request_id: str) -> Request:
        return await self.rooms[0].request(request_id)

    async def act(self, request_id: str, move: Awaitable[object]) -> bool:
        """Whether the move was made. One that was refused left everything as it was."""
        before = await self.load(request_id)
        try:
            await move
        except Refusal:
            assert await self.load(request_id) == before
            return False
        return True

    @rule(at=replicas, asker=st.sampled_from(ASKERS), ask=st.sampled_from(ASKS))
    def asks(self, at: int, asker: Asker, ask: tuple[str, dict[str, Any]]) -> None:
        self.run(self._asks(at, asker, ask))

    async def _asks(self, at: int, asker: Asker, ask: tuple[str, dict[str, Any]]) -> None:
        desk = self.rooms[at].desk
        actor = Actor(asker.kind, asker.id, "api")
        try:
            request = await submit.typed(desk, asker, actor, *ask)
        except Denied:
            request = await self.load((await desk.store.recent(1))[0].id)
        except Refusal:
            return
        if request.id not in self.ids:
            self.ids.append(request.id)

    @precondition(lambda self: self.ids)
    @rule(
        at=replicas,
        this=which,
        who=people,
        surface=st.sampled_from([*Surface, Surface.TYPED]),
        typed=st.sampled_from(["acme", "", None]),
        late=st.sampled_from([0, 0, 0, 1, -1]),
        approve=st.sampled_from([True, True, True, False]),
        reads=st.sampled_from([True, True, False]),
    )
    def votes(
        self, at: int, this: int, who: str, surface: Surface, typed: str | None, late: int, approve: bool, reads: bool
    ) -> None:
        self.run(self._votes(at, self.pick(this), who, surface, typed, late, approve=approve, reads=reads))

    async def _votes(
        self,
        at: int,
        request_id: str,
        who: str,
        surface: Surface,
        typed: str | None,
        late: int,
        *,
        approve: bool,
        reads: bool = True,
    ) -> None:
        desk = self.rooms[at].desk
        before = await self.load(request_id)
        shown = (before.version.number if before.version else 0) + late
        actor = Actor("person", who, "card")
        sights = self.known[request_id].sights
        if reads and shown > 0:
            await self.rooms[at].has_read(request_id, who, version=shown)
            sights.setdefault((shown, who), desk.clock() - rooms.MINUTE)
        move = (
            self._approval(at, actor, request_id, shown, surface, typed)
            if approve
            else vote.reject(desk, actor, request_id, shown, "no")
        )
        seats = self._seats(before, who)
        if not await self.act(request_id, move):
            return
        assert late == 0, "a click on another version decides nothing"
        assert before.state is State.PENDING
        assert desk.clock() < before.expires_at
        assert seats, f"{who} stands for nothing that was asked when it was made"
        assert who != GUS
        wanted = before.now_version.surface
        assert not approve or surface.rank >= min(wanted.rank, Surface.REVIEW.rank)
        if approve and wanted is Surface.TYPED:
            assert typed == "acme"
        if approve and before.now_version.risk.grave:
            assert desk.clock() - sights[shown, who] >= CALM, "nobody approves what they cannot have read"
        self.known[request_id].said.append(Said(shown, before.stage, who, approve, seats))

    async def _approval(
        self, at: int, actor: Actor, request_id: str, shown: int, surface: Surface, typed: str | None
    ) -> None:
        desk = self.rooms[at].desk
        try:
            await vote.approve(desk, actor, request_id, shown, surface, typed)
        except TooSoon:
            self.known[request_id].sights.setdefault((shown, actor.id), desk.clock())
            raise

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, turn=st.integers(0, 5), often=st.integers(1, 3))
    def those_who_can_approve(self, at: int, this: int, turn: int, often: int) -> None:
        """What random presses seldom come to: people who may, one after the other, by what the version asks."""
        for _ in range(often):
            self.run(self._approves(at, self.pick(this), turn))

    async def _approves(self, at: int, request_id: str, turn: int) -> None:
        request = await self.load(request_id)
        voted = {self.one(each.person) for each in request.votes}
        able = [who for who in PEOPLE if who != GUS and self.one(who) not in voted and self._seats(request, who)]
        if able:
            who = able[turn % len(able)]
            await self._votes(at, request_id, who, Surface.TYPED, "acme", 0, approve=True)

    @precondition(lambda self: self.ids)
    @rule(
        at=replicas,
        these=st.lists(which, min_size=1, max_size=5, unique=True),
        who=people,
        late=st.sampled_from([0, 0, 0, 1, -1]),
        approve=st.sampled_from([True, True, False]),
    )
    def decides_together(self, at: int, these: list[int], who: str, late: int, approve: bool) -> None:
        picked = list(dict.fromkeys(self.pick(this) for this in these))
        self.run(self._together(at, picked, who, late, approve=approve))

    async def _together(self, at: int, picked: list[str], who: str, late: int, *, approve: bool) -> None:
        """(7) Each as if it were the only one; none but mild ones, seen whole, that are nobody's own."""
        before = [await self.load(request_id) for request_id in picked]
        seats = [self._seats(request, who) for request in before]
        numbers = [(request.version.number if request.version else 0) + late for request in before]
        shown = [bulk.Shown(request.id, number) for request, number in zip(before, numbers, strict=True)]
        actor = Actor("person", who, "bulk")
        done = await bulk.decide(self.rooms[at].desk, actor, shown, approve=approve, reason="all of them")
        for was, came, number, seat in zip(before, done, numbers, seats, strict=True):
            if came.request is None or came.already:
                assert isinstance(came.error, Refusal) or came.already
                now = await self.load(was.id)
                assert (now.state, now.votes) == (was.state, was.votes)
                continue
            assert (late, was.state) == (0, State.PENDING)
            assert seat
            assert was.now_version.risk.rank <= 1
            assert was.now_version.surface is Surface.CARD
            assert who not in was.requesters
            assert was.now_version.editor is None or not was.identities.same(who, was.now_version.editor)
            self.known[was.id].said.append(Said(number, was.stage, who, approve, seat))

    @precondition(lambda self: self.ids)
    @rule(at=replicas, says=st.sampled_from(["done", "not_done", "again", "again"]), this=which)
    def an_operator_settles(self, at: int, says: str, this: int) -> None:
        self.run(self._settles(at, self.pick(this), OLGA, says))

    def _seats(self, request: Request, who: str) -> frozenset[int]:
        """Requirements of the open stage that this person may stand for: by what the version said when it was made."""
        if request.state is not State.PENDING:
            return frozenset()
        version, asker = request.now_version, request.asker
        stage = version.route.stages[request.stage]
        if self._asks_for(asker, who):
            own = self.one(who) == self.one(asker.acts_for or asker.person) and version.risk.rank <= 1
            return frozenset(at for at, need in enumerate(stage.need) if own and REQUESTER in need.groups)
        if self.one(who) == self.one(version.editor) and not version.editor_may_approve:
            return frozenset()
        added = [
            stage.escalate[past.index]
            for past in request.fired
            if past.kind == "escalate" and past.stage == request.stage
        ]
        return frozenset(
            at
            for at, need in enumerate(stage.need)
            if any(self._member(who, name, request) for name in need.groups)
            or any(
                step.may_approve
                and step.requirement in (None, at)
                and any(self._member(who, name, request) for name in step.to)
                for step in added
            )
        )

    def _asks_for(self, asker: Asker, who: str) -> bool:
        return self.one(who) in {self.one(each) for each in (asker.person, asker.client, asker.owner, asker.acts_for)}

    def _member(self, who: str, name: str, request: Request) -> bool:
        if name == REQUESTER:
            return False
        group = request.now_version.route.groups[name]
        listed = self.rooms[0].people.groups
        return who in group.users or any(who in listed[each] for each in group.user_groups)

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people, amount=st.sampled_from([40, 61, 555, 1001, 5001, 20002, 60000]))
    def edits(self, at: int, this: int, who: str, amount: int) -> None:
        self.run(self._edits(at, self.pick(this), who, amount))

    async def _edits(self, at: int, request_id: str, who: str, amount: int) -> None:
        before = await self.load(request_id)
        shown = before.version.number if before.version else 0
        move = edit.edit(self.rooms[at].desk, Actor("person", who, "card"), request_id, shown, {"amount": amount})
        if not await self.act(request_id, move):
            return
        after = await self.load(request_id)
        assert before.state is after.state is State.PENDING
        assert (after.now_version.number, after.votes, after.stage) == (shown + 1, (), 0)
        assert after.expires_at <= before.expires_at, "an edit never lengthens its life"
        assert after.now_version.route.asks, "an allow still takes one approval"
        if not self._asks_for(before.asker, who):
            assert after.now_version.editor == who
            raised = after.now_version.risk.rank > before.now_version.risk.rank
            if raised or after.now_version.route.stages != before.now_version.route.stages:
                assert not after.now_version.editor_may_approve

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people, kind=st.sampled_from(["question", "answer", "comment"]))
    def remarks(self, at: int, this: int, who: str, kind: str) -> None:
        request_id = self.pick(this)
        actor = Actor("person", who, "card")
        self.run(self.act(request_id, remark.remark(self.rooms[at].desk, actor, request_id, kind, "hm")))

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people, really=st.integers(0, 4))
    def cancels(self, at: int, this: int, who: str, really: int) -> None:
        request_id = self.pick(this)
        if really:  # not so often that nothing else comes to its end
            return
        self.run(self.act(request_id, cancel.cancel(self.rooms[at].desk, Actor("person", who, "card"), request_id)))

    @rule(
        at=replicas,
        minutes=st.sampled_from([0, 0, 1, 1, 4, 5, 10, 15, 15, 59, 60, 240, 1440]),
        milliseconds=st.sampled_from([-1, 0, 1, 30_000]),
    )
    def time_passes(self, at: int, minutes: int, milliseconds: int) -> None:
        clock = self.rooms[0].clock
        clock.now += max(0, minutes * rooms.MINUTE + milliseconds)
        self.run(self._ticks(at))

    async def _ticks(self, at: int) -> None:
        await tick.tick(self.rooms[at].desk)
        now = self.rooms[0].clock()
        for request_id in self.ids:
            request = await self.load(request_id)
            if request.state is State.PENDING:
                assert request.expires_at > now, "what is pending has a deadline to come"
            if request.state is State.APPROVED:
                assert request.run_by is not None
                assert request.run_by > now
            if request.state is State.EXECUTING:
                assert request.attempts[-1].lease_until > now

    @rule(at=replicas, answers=st.lists(st.sampled_from([DONE, REFUSED, LOST, AGAIN]), max_size=3))
    def what_is_approved_runs(self, at: int, answers: list[Outcome]) -> None:
        target = self.rooms[0].target
        target.answers.extend(answers)
        self.run(self.rooms[at].deliver(EffectKind.RUN, EffectKind.PROBE, EffectKind.PREVIEW))
        target.answers.clear()

    @precondition(lambda self: self.ids)
    @rule(this=which)
    def both_replicas_claim_at_once(self, this: int) -> None:
        self.run(self._race(self.pick(this)))

    async def _race(self, request_id: str) -> None:
        before = await self.load(request_id)
        got = await asyncio.gather(*(claim.claim(room.desk, request_id) for room in self.rooms), return_exceptions=True)
        won = [each for each in got if isinstance(each, Request)]
        assert len(won) <= 1, "one of them starts it"
        assert all(each is None or isinstance(each, Request | Refusal) for each in got)
        after = await self.load(request_id)
        assert len(after.attempts) == len(before.attempts) + len(won)
        if won:
            self._may_start(before)

    @rule(at=replicas)
    def the_process_dies_in_the_middle_of_a_call(self, at: int) -> None:
        self.run(self._dies(at))

    async def _dies(self, at: int) -> None:
        opened = self.rooms[at]
        opened.target.dies = True
        for parcel in await opened.store.take(opened.clock(), 120_000, 5, [EffectKind.RUN]):
            try:
                await opened.runner.run(parcel)
            except rooms.Died:
                continue
            except Refusal:
                await opened.store.postpone(parcel, opened.clock(), "as the deliverer does", failed=False)
        opened.target.dies = False

    @rule(at=replicas)
    def a_process_is_started_again(self, at: int) -> None:
        self.run(self.stacks[at].aclose())
        self.stacks[at] = AsyncExitStack()
        self.run(self._open(at))

    @rule(at=replicas, who=st.sampled_from([OLGA, OTTO, WALT, FAY]))
    def pauses_or_resumes(self, at: int, who: str) -> None:
        move = brake.resume if self.paused else brake.pause
        try:
            self.run(move(self.rooms[at].desk, Actor("person", who, "command")))
        except Refusal:
            assert who in (WALT, FAY)
            return
        assert who in (OLGA, OTTO)
        self.paused = not self.paused

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people)
    def releases(self, at: int, this: int, who: str) -> None:
        request_id = self.pick(this)
        if self.run(self.act(request_id, brake.release(self.rooms[at].desk, Actor("person", who, "card"), request_id))):
            assert who in (OLGA, OTTO)

    @rule(who=st.sampled_from([FAY, FRED, FLO, WALT]), group=st.sampled_from(["S0FINANCE", "S0LEADS"]))
    def somebody_joins_or_leaves(self, who: str, group: str) -> None:
        everyone = self.rooms[0].people
        (everyone.take_out if who in everyone.groups[group] else everyone.put_in)(group, who)

    @rule(
        at=replicas,
        who=people,
        minutes=st.sampled_from([None, None, 1, 10, 300]),
        to=st.sampled_from([None, None, FAY, FRED, FLO, DORA, DAN, GUS]),
    )
    def somebody_goes_away(self, at: int, who: str, minutes: int | None, to: str | None) -> None:
        now = self.rooms[0].clock()
        until = None if minutes is None else now + minutes * rooms.MINUTE
        try:
            self.run(away.leave(self.rooms[at].desk, Actor("person", who, "command"), until, to))
        except Refusal:
            assert who == GUS or to is not None
            return
        assert who != GUS
        if to is not None:
            assert to != GUS
            assert self.one(to) != self.one(who)
            assert not self._gone(to)
        self.away[who] = (until, to)

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, minutes=st.sampled_from([None, 10]))
    def all_who_could_decide_go_away(self, at: int, this: int, minutes: int | None) -> None:
        """What hardly happens by chance."""
        request = self.run(self.load(self.pick(this)))
        for who in PEOPLE:
            if who != GUS and self._seats(request, who) and not self._gone(who):
                self.somebody_goes_away(at, who, minutes, None)
        self.all_is_looked_through((at,))

    @rule(at=replicas, who=people)
    def somebody_is_back(self, at: int, who: str) -> None:
        try:
            self.run(away.back(self.rooms[at].desk, Actor("person", who, "command")))
        except Refusal:
            assert not self._gone(who)
            return
        assert self._gone(who)
        self.away = {each: gone for each, gone in self.away.items() if self.one(each) != self.one(who)}

    def _gone(self, who: str) -> bool:
        """Whether they are away, with whichever account."""
        now = self.rooms[0].clock()
        untils = [until for each, (until, _) in self.away.items() if self.one(each) == self.one(who)]
        return any(until is None or until > now for until in untils)

    @rule(at=st.sampled_from([(0,), (1,), (0, 1)]))
    def all_is_looked_through(self, at: tuple[int, ...]) -> None:
        """By one of them, or by both at once: what nobody who is there could decide is known."""
        self.run(self._looked_through(at))

    async def _looked_through(self, at: tuple[int, ...]) -> None:
        before = {request_id: len((await self.load(request_id)).fired) for request_id in self.ids}
        assert all(await asyncio.gather(*(lost.sweep(self.rooms[each].desk) for each in at)))
        if len(at) > 1:
            await lost.sweep(self.rooms[0].desk)  # where one of the two was in the other's way
        for request_id in self.ids:
            request = await self.load(request_id)
            for past in request.fired[before[request_id] :]:
                assert not [who for who in past.people if self._gone(who) or who in request.makers]
            if request.state is State.PENDING and request.expires_at > self.rooms[0].clock():
                self._goes_on(request)

    def _goes_on(self, request: Request) -> None:
        """There are people enough; or every step has happened, and it was told that there are not."""
        stage = request.now_version.route.stages[request.stage]
        said = [
            each
            for each in self.known[request.id].said
            if (each.version, each.stage) == (request.now_version.number, request.stage) and each.approve
        ]
        spent = {self.one(vote.person) for vote in request.votes}
        asker = self.one(request.asker.acts_for or request.asker.person)
        able = [(self.one(each.person), each.seats) for each in said]
        able += [
            (self.one(who), self._seats(request, who))
            for who in PEOPLE
            if who != GUS and self.one(who) not in spent and (self.one(who) == asker or not self._gone(who))
        ]
        seats = [
            frozenset(who for who, mine in able if index in mine)
            for index, need in enumerate(stage.need)
            for _ in range(need.approvals)
        ]
        happened = {past.index for past in request.fired if (past.kind, past.stage) == ("escalate", request.stage)}
        told = happened == set(range(len(stage.escalate))) and request.alone
        event("nobody is left" if told else "somebody is left")
        assert told or filled(seats, frozenset[str]().union(*seats))

    @rule()
    def the_file_is_changed(self) -> None:
        """Titles stand in the definition: what is approved with the other one is no longer what it was."""
        self.title = 1 - self.title
        text = self.head + MONEY.replace(TITLES[0], TITLES[self.title])
        book = rooms.read_file(Path(self.folder.name), text)
        in_force = self.rooms[0].desk.in_force
        in_force.catalogue, in_force.policy = book.catalogue, book.policy

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people, says=st.sampled_from(["done", "not_done", "again", "again"]))
    def settles(self, at: int, this: int, who: str, says: str) -> None:
        self.run(self._settles(at, self.pick(this), who, says))

    async def _settles(self, at: int, request_id: str, who: str, says: str) -> None:
        before = await self.load(request_id)
        shown = before.version.number if before.version else 0
        actor = Actor("person", who, "review")
        if await self.act(request_id, settle.settle(self.rooms[at].desk, actor, request_id, shown, says, "I looked")):
            assert before.state is State.UNKNOWN
            assert who in (OLGA, OTTO)
            assert not self._asks_for(before.asker, who)
            self.known[request_id].words += says == "again"

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=st.sampled_from([*PEOPLE, "ci", "robot"]), outcome=st.sampled_from([DONE, LOST]))
    def reports(self, at: int, this: int, who: str, outcome: Outcome) -> None:
        request_id = self.pick(this)
        move = settle.report(self.rooms[at].desk, Actor("agent", who, "api"), request_id, outcome)
        self.run(self.act(request_id, move))

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people)
    def undoes(self, at: int, this: int, who: str) -> None:
        self.run(self._undoes(at, self.pick(this), who))

    async def _undoes(self, at: int, request_id: str, who: str) -> None:
        before = await self.load(request_id)
        try:
            made = await undo.undo(self.rooms[at].desk, Actor("person", who, "card"), request_id)
        except Denied:
            made = await self.load((await self.rooms[at].store.recent(1))[0].id)
        except Refusal:
            assert await self.load(request_id) == before
            return
        assert before.state is State.SUCCEEDED
        self.ids.append(made.id)

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────

    async def _called(self, job: Job) -> None:
        """(1) An executor is called only for what is executing, decided on by enough people for these very bytes."""
        if job.attempt == 0:
            return  # a preview or a probe: it changes nothing
        request = await self.load(job.request_id)
        version = request.now_version
        known = self.known[request.id]
        known.calls += 1
        assert request.state is State.EXECUTING
        assert [attempt.number for attempt in request.attempts if attempt.ended_at is None] == [job.attempt]
        assert job.version == version.number
        assert job.way == version.way
        assert job.key == f"{request.id}.{version.number}"
        content = rfc8785.dumps(
            {
                "request": request.id,
                "version": version.number,
                "action": version.action.definition(),
                "args": dict(version.args),
                "way": dict(job.way),
                "route": version.route.as_json(),
            }
        )
        assert hashlib.sha256(version.salt.encode() + b"\0" + content).hexdigest() == version.digest
        assert {vote.digest for vote in request.votes} <= {version.digest}
        assert request.run_by is not None
        assert self.rooms[0].clock() < request.run_by, "before the deadline"
        assert not self.paused
        self._enough(request)
        if not version.way.get("idempotent"):
            assert known.calls <= 1 + known.words, "once, but for a person's word"

    def _enough(self, request: Request) -> None:
        """Different people on all seats of every stage, by what each could stand for when they voted."""
        version = request.now_version
        said = [each for each in self.known[request.id].said if each.version == version.number]
        assert len({self.one(each.person) for each in said}) == len(said), "a person counts in one stage"
        for at, stage in enumerate(version.route.stages):
            votes = [each for each in said if each.stage == at]
            assert sum(1 for each in votes if not each.approve) < stage.rejects
            seats = [
                frozenset(each.person for each in votes if each.approve and index in each.seats)
                for index, need in enumerate(stage.need)
                for _ in range(need.approvals)
            ]
            assert filled(seats, (each.person for each in votes if each.approve))

    def _may_start(self, before: Request) -> None:
        assert before.state is State.APPROVED or before.again_by
        assert not self.paused
        assert before.run_by is not None
        assert self.rooms[0].clock() < before.run_by
        assert not before.waits_for_release
        self._enough(before)

    @invariant()
    def all_of_it_holds(self) -> None:
        if self.rooms:
            self.run(self._holds())

    async def _holds(self) -> None:
        asked: set[str] = set()
        for request_id in self.ids:
            request = await self.load(request_id)
            known = self.known[request_id]
            if request.state in OPEN and request.undo_of is None and request.version is not None:
                same = repr((request.asker.id, request.version.action.name, sorted(request.version.args.items())))
                assert same not in asked, f"two open requests are the same: {same}"
                asked.add(same)
            self._lives(request)
            self._ends(request, known)
            self._versions(request, known)
            if request.version is not None:
                self._deciders(request, known)

    def _lives(self, request: Request) -> None:
        """(3) At most one live attempt, and only of what is executing."""
        live = [attempt for attempt in request.attempts if attempt.ended_at is None]
        assert len(live) == (1 if request.state is State.EXECUTING else 0)
        assert [attempt.number for attempt in request.attempts] == list(range(1, len(request.attempts) + 1))
        assert live == ([request.attempts[-1]] if live else [])

    def _ends(self, request: Request, known: Known) -> None:
        """(4) What has ended stays as it is; what succeeded may be undone."""
        if known.ended is not None and request.state is not known.ended:
            assert (known.ended, request.state) == (State.SUCCEEDED, State.UNDONE)
        if request.state in FINAL or request.state is State.SUCCEEDED:
            known.ended = request.state
            assert request.closed_at is not None

    def _versions(self, request: Request, known: Known) -> None:
        number = request.version.number if request.version else 0
        assert number - known.version in (0, 1) or known.version == 0
        asked_again = known.approved and request.state is State.PENDING
        if known.expires_at is not None and not asked_again:
            assert request.expires_at <= known.expires_at
        known.version, known.expires_at = number, request.expires_at
        known.approved = request.state is not State.PENDING

    def _deciders(self, request: Request, known: Known) -> None:
        """(2) No maker decides but by a labelled exception; (6) nobody but those the version named when it was made."""
        version = request.now_version
        assert [(each.stage, each.person, each.approve) for each in request.votes] == [
            (each.stage, each.person, each.approve) for each in known.said if each.version == version.number
        ]
        for each in request.votes:
            own = self._asks_for(request.asker, each.person)
            asked = any(REQUESTER in need.groups for need in version.route.stages[each.stage].need)
            assert not own or (asked and version.risk.rank <= 1)
            if self.one(each.person) == self.one(version.editor):
                assert version.editor_may_approve
                assert version.risk.rank <= 1

    async def _audited(self, request_id: str) -> None:
        """By the trail alone: makers who decided are labelled, what ran was claimed, who voted did so once."""
        events: list[Any] = await self.rooms[0].events(request_id)
        makers: set[str] = set()
        voted: set[tuple[int, str]] = set()
        state = None
        for line in (each for each in events if each["to"] is not None):
            event(f"{line['from']} → {line['to']}")
            assert line["from"] == state
            state = line["to"]
            makers = set(line["detail"].get("makers", makers))
            if line["type"] == "vote":
                person, place = line["detail"]["person"], (line["version"], self.one(line["detail"]["person"]))
                assert place not in voted
                voted.add(place)
                known = {self.one(maker) for maker in makers}
                assert self.one(person) not in known or line["detail"]["exception"] == "from_requester"
        assert state == (await self.load(request_id)).state.value
        starts = [each for each in events if each["to"] == "executing"]
        assert [each["detail"]["attempt"] for each in starts] == list(range(1, len(starts) + 1))
        assert all(before["at"] <= after["at"] for before, after in itertools.pairwise(events))
        assert all(each["at"] >= T0 for each in events)


Model.TestCase.settings = settings(
    max_examples=int(os.environ.get("SIGNOFF_MODEL_EXAMPLES", "25")),
    stateful_step_count=int(os.environ.get("SIGNOFF_MODEL_STEPS", "40")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestModel = Model.TestCase
