"""Standing approvals under whatever people do, in any order, on two replicas: what must hold.

The model keeps its own account of what was given, by whom, to whom, within which bounds, and decides by itself which
of them speak for a request; it never asks the code under test. No sequence lets a maker's own count, nor one more use
than was given; and what one covers is not asked about.
SIGNOFF_MODEL_EXAMPLES and SIGNOFF_MODEL_STEPS make it longer.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.errors import Denied, Refusal
from bot.moves import edit, standing, submit, undo, vote
from bot.request import Actor, Asker, EffectKind, Request, State
from bot.route import Surface
from bot.standing import StandingApproval, Wanted
from tests.bot import room as rooms
from tests.bot.room import ANA, ART, DORA, FAY, FLO, FRED, GUS, HEAD, MINUTE, OLGA, OWEN, WALT, Room
from tests.bot.test_standing import FILE

T = TypeVar("T")
LINKS = ({ART, FRED}, {OWEN, FLO})
LINKED = HEAD + "identities: [[U0ART, U0FRED], [U0OWEN, U0FLO]]\n"
PEOPLE = (ANA, ART, FAY, FRED, FLO, DORA, OLGA, WALT, GUS, OWEN)
ASKERS = (
    Asker(person=ANA),
    Asker(person=ANA),
    Asker(person=ART),  # whose other account is of finance
    Asker(person=FAY),  # of finance herself
    Asker(client="ci", owner=OWEN, acts_for=ANA),
)
ASKED_OF_MORE = frozenset({68, 69, 70, 71, 72})  # by the rules of the file: others than one of finance, or more
AMOUNTS = (-1, 3, 10, 50, 66, 67, 68, 70, 71, 72, 100, 101)
TITLES = ("Refund {amount}", "Pay back {amount}")
people, replicas, which = st.sampled_from(PEOPLE), st.sampled_from([0, 1]), st.integers(0, 7)
amounts, currencies = st.sampled_from(AMOUNTS), st.sampled_from(["USD", "USD", "EUR"])


@dataclass(slots=True)
class Given:
    """A standing approval by the model's own account."""

    by: str
    asker: Asker
    most: int
    least: int
    currency: str
    uses: int
    until: int
    title: int
    ended: bool = False


def accounts(person: str) -> set[str]:
    return next((link for link in LINKS if person in link), {person})


def side(asker: Asker) -> set[str]:
    """Everybody on the requester's side, with all their accounts."""
    named = {asker.person, asker.client, asker.owner, asker.acts_for} - {None}
    return set().union(*(accounts(str(each)) for each in named))


class StandingModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="signoff-standing-")
        self.stacks = [AsyncExitStack(), AsyncExitStack()]
        self.rooms: list[Room] = []
        self.ids: list[str] = []
        self.given: dict[str, Given] = {}
        self.used: dict[str, int] = {}
        self.orders = itertools.count(1)
        self.title = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize(
        first=st.lists(st.sampled_from(ASKERS), min_size=1, max_size=3),
        givers=st.lists(st.tuples(st.sampled_from([FAY, FRED, FLO, WALT]), st.integers(1, 3)), min_size=1, max_size=4),
    )
    def open(self, first: list[Asker], givers: list[tuple[str, int]]) -> None:
        """Somebody has asked, and some have tried to allow similar ones: random moves seldom come so far."""
        self.run(self._open(0))
        self.run(self._open(1))
        for asker in first:
            self.run(self._asks([0], asker, 50, "USD"))
        for at, (who, uses) in enumerate(givers):
            self.run(self._gives(0, self.ids[at % len(self.ids)], who, Wanted({"amount": 100}, 120 * MINUTE, uses)))

    async def _open(self, at: int) -> None:
        beside = self.rooms[0] if self.rooms else None
        folder = Path(self.folder.name)
        opened = await self.stacks[at].enter_async_context(rooms.open_room(folder, FILE, head=LINKED, beside=beside))
        self.rooms[at : at + 1] = [opened]

    def teardown(self) -> None:
        try:
            if self.rooms:
                self.run(self._by_the_trail())
            for stack in self.stacks:
                self.run(stack.aclose())
        finally:
            self.runner.close()
            self.folder.cleanup()

    # ── what is done ────────────────────────────────────────────────────────────────────────────────────────────

    async def load(self, request_id: str) -> Request:
        return await self.rooms[0].request(request_id)

    def pick(self, at: int) -> str:
        return self.ids[-1 - at % len(self.ids)]

    @rule(at=replicas, asker=st.sampled_from(ASKERS), amount=amounts, currency=currencies)
    def asks(self, at: int, asker: Asker, amount: int, currency: str) -> None:
        self.run(self._asks([at], asker, amount, currency))

    @precondition(lambda self: self._standing())
    @rule(this=which, amount=st.sampled_from([*AMOUNTS, 10, 10, 50, 50]), both=st.booleans(), again=st.integers(1, 3))
    def those_it_was_given_for_ask(self, this: int, amount: int, both: bool, again: int) -> None:
        """What random asking seldom comes to; at both replicas at once, too."""
        standing_now = self._standing()
        given = standing_now[-1 - this % len(standing_now)]
        ats = [0, 1, 0, 1] if both else [0]
        for _ in range(again):
            self.run(self._asks(ats, given.asker, min(amount, given.most), given.currency))

    def _standing(self) -> list[Given]:
        now = self.rooms[0].clock()
        return [
            each for name, each in self.given.items() if not each.ended and now < each.until and self._left(name) > 0
        ]

    async def _asks(self, ats: list[int], asker: Asker, amount: int, currency: str) -> None:
        speak = {name: self._left(name) for name in self._speaking(asker, amount, currency)}
        made = await asyncio.gather(*(self._ask(at, asker, amount, currency) for at in ats), return_exceptions=True)
        under = 0
        for each in made:
            if isinstance(each, Refusal):
                assert not speak or asker.person in self.rooms[0].people.problems
                continue
            assert isinstance(each, Request), each
            self.ids.append(each.id)
            use = each.now_version.route.standing
            if use is None:
                continue
            under += 1
            self._counted(use.id, speak)
            assert each.state is State.APPROVED
            assert use.by == self.given[use.id].by
            assert each.now_version.risk.rank <= 1
        event(f"{len(ats)} asked, {under} under a standing approval")
        refused = asker.person in self.rooms[0].people.problems
        if refused or 3 <= amount < 5 or not speak:  # what a rule allows takes no use
            assert under == 0
        elif len(speak) == 1 or len(ats) == 1:
            assert under == min(len(ats), sum(speak.values())), "what one covers is not asked about"

    def _counted(self, name: str, speak: dict[str, int]) -> None:
        given = self.given[name]
        assert name in speak, "it does not speak for this"
        assert given.by not in side(given.asker), "nobody allows what is asked on their own side"
        self.used[name] = self.used.get(name, 0) + 1
        assert self.used[name] <= given.uses, "never more than was given"

    async def _ask(self, at: int, asker: Asker, amount: int, currency: str) -> Request:
        args = {"order": f"o{next(self.orders)}", "amount": amount, "currency": currency}
        actor = Actor(asker.kind, asker.id, "api")
        return await submit.typed(self.rooms[at].desk, asker, actor, "refund", args)

    @precondition(lambda self: self.ids)
    @rule(
        at=replicas, this=which, who=people, most=st.sampled_from([10, 60, 100]), uses=st.sampled_from([1, 2, 3, 3, 4]),
        minutes=st.sampled_from([1, 30, 120, 121]),
    )  # fmt: skip
    def gives(self, at: int, this: int, who: str, most: int, uses: int, minutes: int) -> None:
        self.run(self._gives(at, self.pick(this), who, Wanted({"amount": most}, minutes * MINUTE, uses)))

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, uses=st.sampled_from([1, 2, 3]), turn=which)
    def one_who_may_gives(self, at: int, this: int, uses: int, turn: int) -> None:
        who = (FAY, FLO, FRED)[turn % 3]
        self.run(self._gives(at, self.pick(this), who, Wanted({"amount": 100}, 120 * MINUTE, uses)))

    async def _gives(self, at: int, request_id: str, who: str, wanted: Wanted) -> None:
        request, desk = await self.load(request_id), self.rooms[at].desk
        before = await desk.store.standing_approvals()
        version = request.now_version
        try:
            made = await standing.give(desk, Actor("person", who, "review"), request_id, version.number, wanted)
        except Refusal:
            assert await desk.store.standing_approvals() == before
            return
        args = version.args
        assert request.state is State.PENDING
        assert who not in side(request.asker)
        assert version.editor is None or who not in accounts(version.editor)
        assert self._could_approve(who, args["amount"])
        assert wanted.uses <= 3
        assert wanted.lasts <= 120 * MINUTE
        least = min(0, args["amount"])
        self.given[made.id] = Given(
            who, request.asker, int(wanted.most["amount"]), least, args["currency"], wanted.uses, made.until, self.title
        )

    @precondition(lambda self: self.given)
    @rule(at=replicas, this=which, who=people)
    def ends(self, at: int, this: int, who: str) -> None:
        name = list(self.given)[-1 - this % len(self.given)]
        try:
            self.run(standing.end(self.rooms[at].desk, Actor("person", who, "home"), name))
        except Refusal:
            return
        given = self.given[name]
        assert who in (given.by, OLGA) or (self._in_finance(who) and who not in side_of(given)) or who == DORA
        assert who != GUS
        given.ended = True

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people, amount=amounts)
    def edits(self, at: int, this: int, who: str, amount: int) -> None:
        self.run(self._edits(at, self.pick(this), who, amount))

    async def _edits(self, at: int, request_id: str, who: str, amount: int) -> None:
        shown = (await self.load(request_id)).now_version.number
        actor = Actor("person", who, "card")
        try:
            after = await edit.edit(self.rooms[at].desk, actor, request_id, shown, {"amount": amount})
        except Refusal:
            return
        assert after.state is State.PENDING, "an edit still takes an approval"
        assert after.now_version.route.standing is None

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which, who=people)
    def approves(self, at: int, this: int, who: str) -> None:
        self.run(self._approves(at, self.pick(this), who))

    async def _approves(self, at: int, request_id: str, who: str) -> None:
        shown = (await self.load(request_id)).now_version.number
        try:
            await vote.approve(self.rooms[at].desk, Actor("person", who, "card"), request_id, shown, Surface.REVIEW)
        except Refusal:
            return

    @precondition(lambda self: self.ids)
    @rule(at=replicas, this=which)
    def what_is_approved_runs_and_is_undone(self, at: int, this: int) -> None:
        self.run(self._undone(at, self.pick(this)))

    async def _undone(self, at: int, request_id: str) -> None:
        await self.rooms[at].deliver(EffectKind.RUN)
        try:
            made = await undo.undo(self.rooms[at].desk, Actor("person", ANA, "card"), request_id)
        except (Denied, Refusal):
            return
        assert made.now_version.route.standing is None

    @rule(minutes=st.sampled_from([0, 1, 1, 29, 30, 119]))
    def time_passes(self, minutes: int) -> None:
        self.rooms[0].clock.now += minutes * MINUTE

    @rule(who=st.sampled_from([FAY, FRED, FLO]))
    def somebody_joins_or_leaves(self, who: str) -> None:
        everyone = self.rooms[0].people
        (everyone.take_out if who in everyone.groups["S0FINANCE"] else everyone.put_in)("S0FINANCE", who)

    @rule(who=st.sampled_from([FAY, FLO]))
    def somebody_is_deactivated_or_is_back(self, who: str) -> None:
        problems = self.rooms[0].people.problems
        if problems.pop(who, None) is None:
            problems[who] = "is deactivated"

    @rule(really=st.integers(0, 3))
    def the_file_is_changed(self, really: int) -> None:
        if really:  # not so often that nothing else comes to its end
            return
        self.title = 1 - self.title
        book = rooms.read_file(Path(self.folder.name), LINKED + FILE.replace(TITLES[0], TITLES[self.title]))
        in_force = self.rooms[0].desk.in_force
        in_force.catalogue, in_force.policy = book.catalogue, book.policy

    @rule(at=replicas)
    def a_process_is_started_again(self, at: int) -> None:
        self.run(self.stacks[at].aclose())
        self.stacks[at] = AsyncExitStack()
        self.run(self._open(at))

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────

    def _in_finance(self, who: str) -> bool:
        everyone = self.rooms[0].people
        return who in everyone.groups["S0FINANCE"] and who not in everyone.problems

    def _could_approve(self, who: str, amount: float) -> bool:
        """With one click on the card, by the file: high risk takes a review, some amounts take others."""
        if amount == 72:
            return who == DORA
        return self._in_finance(who) and amount != 66 and amount not in ASKED_OF_MORE

    def _left(self, name: str) -> int:
        return self.given[name].uses - self.used.get(name, 0)

    def _speaking(self, asker: Asker, amount: int, currency: str) -> list[str]:
        """Those that speak for this, by the model's own account."""
        now = self.rooms[0].clock()
        return [
            name
            for name, given in self.given.items()
            if given.asker == asker
            and given.least <= amount <= given.most
            and given.currency == currency
            and given.title == self.title
            and not given.ended
            and now < given.until
            and self._left(name) > 0
            and given.by not in side(asker)
            and amount != 67
            and self._could_approve(given.by, amount)
        ]

    async def _by_the_trail(self) -> None:
        """By the tables and the trail alone: uses are counted as they are told, each with its label."""
        store, told = self.rooms[0].store, dict[str, int]()
        for request_id in self.ids:
            for each in await self.rooms[0].events(request_id):
                detail: Any = each["detail"]
                if detail.get("exception") == "standing_approval":
                    assert each["type"] == "send"
                    told[detail["standing"]] = told.get(detail["standing"], 0) + 1
                    assert detail["standing_by"] not in detail["makers"]
        assert told == self.used
        for name, given in self.given.items():
            stored = await store.standing_approval(name)
            assert isinstance(stored, StandingApproval)
            assert stored.used == self.used.get(name, 0) <= given.uses
            assert (stored.ended_at is not None) == given.ended


def side_of(given: Given) -> set[str]:
    """The makers by the accounts they asked with."""
    return {each for each in (given.asker.person, given.asker.owner, given.asker.acts_for) if each}


StandingModel.TestCase.settings = settings(
    max_examples=int(os.environ.get("SIGNOFF_MODEL_EXAMPLES", "25")),
    stateful_step_count=int(os.environ.get("SIGNOFF_MODEL_STEPS", "40")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestStandingModel = StandingModel.TestCase
