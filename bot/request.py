"""A request, its versions, votes and attempts as frozen values, and the one table of what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot import digest
from bot.catalogue import Action, Risk, Way
from bot.errors import Problem
from bot.glass import Break
from bot.identity import ONE_EACH, Identities
from bot.outcome import Ending
from bot.route import REQUESTER, Escalation, Route, Stage, Surface


class State(StrEnum):
    DRAFTING = "drafting"
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNDONE = "undone"


class Move(StrEnum):
    DRAFT = "draft"  # words received
    PLAN = "plan"  # the planner answered
    SEND = "send"
    EDIT = "edit"
    VOTE = "vote"
    BREAK_GLASS = "break_glass"  # its requester runs it without approval; reviewed afterwards (`bot.glass`)
    REMARK = "remark"  # a question, an answer, a comment
    PREVIEW = "preview"
    REMIND = "remind"
    ESCALATE = "escalate"
    ALONE = "alone"  # nobody is left who could decide, and no step of escalation either
    EXPIRE = "expire"
    CANCEL = "cancel"
    CLAIM = "claim"
    REOPEN = "reopen"  # what was approved is no longer what would run, or its approver no longer entitled
    FINISH = "finish"
    RECOVER = "recover"  # the process died, or lost its lease, between claim and outcome
    SETTLE = "settle"  # a person, or a probe, says what came of an unknown outcome
    AGAIN = "again"  # a person asks to run an unknown one again
    RELEASE = "release"
    HOLD = "hold"
    UNDO = "undo"


STANDS: Mapping[State, str] = {  # “This request …”, in what a person hears when they come too late or too early
    State.DRAFTING: "is still a draft",
    State.PENDING: "still waits for approval",
    State.APPROVED: "is approved already",
    State.DENIED: "was denied by the policy",
    State.REJECTED: "was rejected already",
    State.CANCELLED: "was cancelled already",
    State.EXPIRED: "has expired",
    State.EXECUTING: "is running already",
    State.SUCCEEDED: "has run already",
    State.FAILED: "has run already, and failed",
    State.UNKNOWN: "has run already, with an unknown outcome",
    State.UNDONE: "has been undone",
}


S = State
TABLE: Mapping[Move, Mapping[State | None, frozenset[State]]] = {
    Move.DRAFT: {None: frozenset({S.DRAFTING})},
    Move.PLAN: {S.DRAFTING: frozenset({S.DRAFTING})},
    Move.SEND: {
        None: frozenset({S.PENDING, S.APPROVED, S.DENIED}),
        S.DRAFTING: frozenset({S.PENDING, S.APPROVED, S.DENIED}),
    },
    Move.EDIT: {S.PENDING: frozenset({S.PENDING}), S.DRAFTING: frozenset({S.DRAFTING})},
    Move.VOTE: {S.PENDING: frozenset({S.PENDING, S.APPROVED, S.REJECTED})},
    Move.BREAK_GLASS: {S.PENDING: frozenset({S.APPROVED})},
    Move.REMARK: {S.PENDING: frozenset({S.PENDING})},
    Move.PREVIEW: {S.PENDING: frozenset({S.PENDING})},
    Move.REMIND: {S.PENDING: frozenset({S.PENDING})},
    Move.ESCALATE: {S.PENDING: frozenset({S.PENDING})},
    Move.ALONE: {S.PENDING: frozenset({S.PENDING})},
    Move.EXPIRE: {state: frozenset({S.EXPIRED}) for state in (S.DRAFTING, S.PENDING, S.APPROVED)},
    Move.CANCEL: {state: frozenset({S.CANCELLED}) for state in (S.DRAFTING, S.PENDING, S.APPROVED)},
    Move.HOLD: {S.APPROVED: frozenset({S.APPROVED})},
    Move.RELEASE: {S.APPROVED: frozenset({S.APPROVED})},
    Move.CLAIM: {S.APPROVED: frozenset({S.EXECUTING}), S.UNKNOWN: frozenset({S.EXECUTING})},
    Move.REOPEN: {S.APPROVED: frozenset({S.PENDING, S.DENIED})},
    Move.FINISH: {S.EXECUTING: frozenset({S.SUCCEEDED, S.FAILED, S.UNKNOWN})},
    Move.RECOVER: {S.EXECUTING: frozenset({S.EXECUTING, S.UNKNOWN})},
    Move.SETTLE: {S.UNKNOWN: frozenset({S.SUCCEEDED, S.FAILED})},
    Move.AGAIN: {S.UNKNOWN: frozenset({S.UNKNOWN})},
    Move.UNDO: {S.SUCCEEDED: frozenset({S.SUCCEEDED, S.UNDONE})},  # asked for, then done
}
OPEN = frozenset({S.DRAFTING, S.PENDING, S.APPROVED, S.EXECUTING, S.UNKNOWN})
FINAL = frozenset({S.DENIED, S.REJECTED, S.CANCELLED, S.EXPIRED, S.FAILED, S.UNDONE})  # succeeded may be undone


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a move, and through what."""

    kind: str  # person, agent, clock, bot
    id: str
    via: str  # card, review, command, form, thread, home, api, clock, run, …


CLOCK = Actor("clock", "", "clock")
BOT = Actor("bot", "", "bot")


@dataclass(frozen=True, slots=True)
class Asker:
    """The requester's side. All of them are makers of every version."""

    person: str | None = None
    client: str | None = None  # the API client that asked
    owner: str | None = None  # the person who owns that client
    acts_for: str | None = None

    @property
    def id(self) -> str:
        return self.person or self.client or ""

    @property
    def kind(self) -> str:
        return "agent" if self.client else "person"

    @property
    def makers(self) -> frozenset[str]:
        return frozenset(maker for maker in (self.person, self.client, self.owner, self.acts_for) if maker)

    @property
    def told(self) -> str | None:
        """The person who hears of it privately."""
        return self.person or self.acts_for or self.owner


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen. Headline and arguments are Signoff's own; the rest may be the model's, and is labelled so."""

    source: str = "typed"  # or "model"
    confidence: float = 1.0
    steps: tuple[str, ...] = ()
    impact: str = ""
    warnings: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """Words on their way to a typed action: what was understood so far."""

    status: str = "reading"  # reading, ready, incomplete, unread
    action: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    problems: tuple[Problem, ...] = ()
    note: str = ""  # why it stands as it does, in words for the requester
    readings: int = 1  # how often the words were read


@dataclass(frozen=True, slots=True)
class Preview:
    """What the action said it would do, asked just before people look."""

    ok: bool
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Version:
    """What would run, as shown and as voted on. All of `action`, `args`, `way`, `route` is read from `snapshot`."""

    number: int
    snapshot: bytes  # canonical JSON
    salt: str
    digest: str
    action: Action
    args: Mapping[str, Any]
    way: Way
    route: Route
    risk: Risk
    raised_by: tuple[str, ...]
    plan: Plan
    basis: Mapping[str, Any]
    made_at: int
    fits: bool = True  # a card can show all of it
    editor: str | None = None
    editor_may_approve: bool = False
    preview: Preview | None = None

    @property
    def headline(self) -> str:
        return self.action.headline(self.args)

    @property
    def by_caller(self) -> bool:
        """Whoever asked runs it themselves, once it is approved, and reports what came of it."""
        return bool(self.way["kind"] == "caller")

    @property
    def short_digest(self) -> str:
        return digest.short(self.digest)

    @property
    def surface(self) -> Surface:
        """How strong a click must be: what the route asks, and a review where one look at the card is not enough."""
        blind = self.action.preview is not None and (self.preview is None or not self.preview.ok)
        unseen = blind or not self.fits
        return self.route.at_least(Surface.REVIEW).surface if unseen else self.route.surface

    @property
    def confirmation(self) -> str | None:
        """What must be typed: the action's `confirm` value, or the short digest where it names none."""
        if self.surface is not Surface.TYPED:
            return None
        return self._to_type

    @property
    def glass_confirmation(self) -> str | None:
        """What must be typed to run it without approval: as for an approval, and for high and critical always."""
        return self._to_type if self.risk.grave else self.confirmation

    @property
    def _to_type(self) -> str:
        return (self.action.confirmation(self.args) or "").strip() or self.short_digest

    @staticmethod
    def snapshot_of(
        request_id: str, number: int, action: Action, args: Mapping[str, Any], way: Way, route: Route
    ) -> bytes:
        return digest.canonical(
            {
                "request": request_id,
                "version": number,
                "action": action.definition(),
                "args": dict(args),
                "way": dict(way),
                "route": route.as_json(),
            }
        )

    @staticmethod
    def read(snapshot: bytes, **rest: Any) -> "Version":
        """The version whose definition, arguments, way and route stand in these bytes."""
        number, action, args, way, route = _content(snapshot)
        return Version(snapshot=snapshot, number=number, action=action, args=args, way=way, route=route, **rest)


@lru_cache(maxsize=1024)  # the same bytes always say the same, and are read at every look and every move
def _content(snapshot: bytes) -> tuple[int, Action, Mapping[str, Any], Way, Route]:
    content = digest.parse(snapshot)
    return (
        content["version"],
        Action.of_definition(content["action"]),
        content["args"],
        content["way"],
        Route.from_json(content["route"]),
    )


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's word on one version in one stage. `meets`: the requirements they could count for at the click."""

    version: int
    stage: int
    person: str
    approve: bool
    at: int
    digest: str
    meets: tuple[int, ...] = ()
    reason: str = ""
    via: str = "card"


@dataclass(frozen=True, slots=True)
class Fired:
    """A reminder or an escalation step that has happened, and whom it reached; or that nobody was left, told once."""

    version: int
    stage: int
    kind: str  # remind, escalate, alone
    index: int
    loop: int
    at: int
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """A question to the requester, an answer, or a comment in the thread."""

    kind: str  # question, answer, comment
    by: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Attempt:
    number: int
    started_at: int
    lease_until: int
    ended_at: int | None = None
    ending: Ending | None = None
    summary: str = ""
    result: Any = None
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    state: State
    asker: Asker
    via: str
    made_at: int
    expires_at: int
    revision: int = 0
    words: str | None = None
    draft: Draft | None = None
    version: Version | None = None
    stage: int = 0
    stage_at: int = 0
    votes: tuple[Vote, ...] = ()  # on the current version
    fired: tuple[Fired, ...] = ()  # on the current version
    remarks: tuple[Remark, ...] = ()
    held: tuple[int, int] | None = None  # reminders and escalations rest between these times, once a version
    approved_at: int | None = None
    run_by: int | None = None
    waits_for_release: bool = False
    released_at: int | None = None
    again_by: str | None = None  # the operator who asked to run an unknown one again
    attempts: tuple[Attempt, ...] = ()
    breaks: tuple[Break, ...] = ()  # of all its versions, the latest last
    closed_at: int | None = None
    reason: str = ""  # why it ended as it did
    batch: str | None = None
    undo_of: str | None = None
    undone_by: str | None = None  # the undo request of it that is open, or that undid it
    context: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def stands(self) -> str:
        """“This request has run already”: where it stands, as a person is told."""
        return f"This request {STANDS[self.state]}"

    @property
    def now_version(self) -> Version:
        """The current version. A draft has none: asking for it there is a fault of ours."""
        if self.version is None:
            raise LookupError(f"request {self.id} is {self.state} and has no version yet")
        return self.version

    @property
    def now_stage(self) -> Stage:
        """The stage it stands at, or stood at when it was decided."""
        return self.now_version.route.stages[self.stage]

    @property
    def open_stage(self) -> Stage | None:
        return self.now_stage if self.state is State.PENDING and self.version is not None else None

    @property
    def key(self) -> str:
        """The idempotency key every attempt carries."""
        return f"{self.id}.{self.now_version.number}"

    @property
    def question(self) -> Remark | None:
        """The open question to the requester."""
        for remark in reversed(self.remarks):
            if remark.kind == "answer":
                return None
            if remark.kind == "question":
                return remark
        return None

    @property
    def identities(self) -> Identities:
        """Which accounts are one person, as fixed with the current version."""
        return self.version.route.identities if self.version else ONE_EACH

    @property
    def requesters(self) -> frozenset[str]:
        """Every account of those on the requester's side."""
        return self.identities.widened(self.asker.makers)

    @property
    def makers(self) -> frozenset[str]:
        """Every account of those who may never count as a checker of the current version."""
        version = self.version
        if version is None or version.editor is None or version.editor_may_approve:
            return self.requesters
        return self.requesters | self.identities.accounts(version.editor)

    @property
    def spent(self) -> frozenset[str]:
        """Every account of those who have voted on the current version."""
        return self.identities.widened(vote.person for vote in self.votes)

    @property
    def broken(self) -> Break | None:
        """How the current version came to be approved without approvals; None where it did not."""
        number = self.version.number if self.version else 0
        return next((each for each in self.breaks if each.version == number), None)

    def with_break(self, changed: Break) -> "Request":
        """With the break of that version as it is now, or with its first."""
        others = tuple(each for each in self.breaks if each.version != changed.version)
        return self.but(breaks=tuple(sorted((*others, changed), key=lambda each: each.version)))

    def stage_votes(self, stage: int | None = None) -> tuple[Vote, ...]:
        wanted = self.stage if stage is None else stage
        return tuple(vote for vote in self.votes if vote.stage == wanted)

    def groups_for(self, requirement: int, stage: int | None = None) -> tuple[str, ...]:
        """Groups whose members count for a requirement of a stage (the open one): its own, and escalation's."""
        at = self.stage if stage is None else stage
        added = [
            group
            for step in self._escalated(at)
            if step.may_approve and step.requirement in (None, requirement)
            for group in step.to
        ]
        return tuple(dict.fromkeys((*self.now_version.route.stages[at].need[requirement].groups, *added)))

    @property
    def stage_groups(self) -> tuple[str, ...]:
        """Every group whose members count for something in the stage it stands at, escalation's too."""
        return tuple(dict.fromkeys(group for at in range(len(self.now_stage.need)) for group in self.groups_for(at)))

    @property
    def asked(self) -> frozenset[str]:
        """Every group that was asked or told of the current version so far: a stage to come has asked nobody yet."""
        stages = len(self.now_version.route.stages)
        opened = range(stages if self.broken else min(self.stage + 1, stages))  # all were passed over, and told
        needs = (need.groups for at in opened for need in self.now_version.route.stages[at].need)
        steps = (step.to for at in opened for step in self._escalated(at))
        return frozenset[str]().union(*needs, *steps)

    @property
    def could_approve(self) -> frozenset[str]:
        """Every group whose members count for something in any of its stages, escalation's so far too."""
        stages = self.now_version.route.stages
        counted = (self.groups_for(at, number) for number, stage in enumerate(stages) for at in range(len(stage.need)))
        return frozenset[str]().union(*counted) - {REQUESTER}

    def _escalated(self, stage: int) -> tuple[Escalation, ...]:
        steps = self.now_version.route.stages[stage].escalate
        return tuple(steps[past.index] for past in self.fired if past.kind == "escalate" and past.stage == stage)

    @property
    def alone(self) -> bool:
        """Whether it was told that nobody is left who could decide the stage it stands at."""
        return any(past.kind == "alone" and past.stage == self.stage for past in self.fired)

    def asks_requester(self, requirement: int) -> bool:
        return REQUESTER in self.now_stage.need[requirement].groups

    @property
    def escalated_to(self) -> tuple[tuple[str, bool], ...]:
        """People who hold a copy of the current card by DM, and whether theirs has vote buttons."""
        copies: dict[str, bool] = {}
        for fired in self.fired:
            if fired.kind == "escalate":
                step = self.now_version.route.stages[fired.stage].escalate[fired.index]
                for person in fired.people:
                    copies[person] = copies.get(person, False) or step.may_approve
        return tuple(copies.items())

    def but(self, **changes: Any) -> "Request":
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the audit trail. It never holds a payload or a secret: digests and counts only."""

    type: str
    request_id: str
    actor: Actor
    at: int
    version: int = 0
    before: State | None = None
    after: State | None = None
    digest: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What a move makes of a request. Stored whole, in one transaction, or not at all."""

    request: Request
    events: tuple[Event, ...]
    effects: tuple["Effect", ...] = ()


class EffectKind(StrEnum):
    PLAN = "plan"
    PREVIEW = "preview"
    SHOW = "show"
    TELL = "tell"
    RUN = "run"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to do outside, after the commit. Open SHOWs of one key are one: only the latest state is drawn."""

    kind: EffectKind
    request_id: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)
    after: int = 0  # not before; milliseconds since the epoch


def check(move: Move, before: State | None, after: State) -> None:
    """Nothing moves but by the table. A breach is a fault of ours, not of the person."""
    if after not in TABLE[move].get(before, frozenset()):
        raise AssertionError(f"{move} does not lead from {before} to {after}")
