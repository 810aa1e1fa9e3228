"""What the core needs from outside, as Protocols. Times are milliseconds since the epoch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot import absence
from bot.catalogue import Action, Group, Risk
from bot.errors import Problem
from bot.glass import ToReview
from bot.limits import NOTHING, Asked
from bot.outcome import Job, Outcome
from bot.people import Person
from bot.request import Asker, Draft, Effect, EffectKind, Event, Request, State, Step, Version
from bot.roundup import Placed, Roundup
from bot.sight import Sight
from bot.standing import StandingApproval
from bot.summary import Decide as Plan
from bot.summary import Dues, Week


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is about to make a request, and the fingerprints it would have: what its transaction must look for."""

    accounts: frozenset[str]  # every account of the person who asks
    client: str | None
    fingerprints: tuple[str, ...] = ()
    without: str = ""  # the id of the draft it is made of, which is not counted twice


@dataclass(frozen=True, slots=True)
class Moment:
    """The time and the brake, read inside the transaction that decides; for a new request, what stands there of it.

    `asked`: what its requester has asked for by now; `twins`: open requests by those of its fingerprints they have.
    """

    now: int
    paused: bool = False
    resumed_at: int | None = None
    asked: Asked = NOTHING
    twins: Mapping[str, Request] = field(default_factory=dict)


Decide = Callable[[tuple[Request, ...], Moment], Sequence[Step]]


@dataclass(frozen=True, slots=True)
class Arranged:
    """A standing approval given or ended: as it is now, the event that says so, and what follows."""

    approval: StandingApproval
    event: Event
    effects: tuple[Effect, ...] = ()


Arrange = Callable[[tuple[StandingApproval, ...], Moment], Arranged]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An outbox row under lease."""

    id: int
    kind: EffectKind
    request_id: str
    key: str
    data: Mapping[str, Any]
    tries: int  # earlier deliveries that failed
    lease_until: int = 0  # `done` and `postpone` count only while it is this lease


@dataclass(frozen=True, slots=True)
class Message:
    """A message of ours about one version, known by its nonce before it is posted; `ts` comes with Slack's answer."""

    nonce: str
    request_id: str
    version: int
    place: str  # "card", "dm", "mine"
    person: str = ""  # whose DM
    channel: str | None = None
    ts: str | None = None
    created_at: int = 0
    posting_since: int | None = None  # a post was begun then and not acknowledged


@dataclass(frozen=True, slots=True)
class Row:
    """A request in a list: enough to show a line of it without reading it whole."""

    id: str
    state: State
    headline: str
    action: str
    risk: Risk | None  # of a draft not known yet
    asker: str
    made_at: int
    expires_at: int
    version: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending request in the order of arrival, with who made it: enough to tell who of its groups may decide it."""

    n: int
    id: str
    asker: Asker


class Store(Protocol):
    async def transact(self, ids: Sequence[str], decide: Decide, *, asking: Asking | None = None) -> tuple[Step, ...]:
        """Load, decide, save, as one durable transaction. `decide` is pure and gets the requests in the order of `ids`.

        `asking`: where it makes a request; the moment then tells what is open of it already.

        Raises NotFound for an unknown id; whatever `decide` raises leaves nothing changed. A version that a standing
        approval allows counts one use of it; where it no longer stands, NoLongerStands, and nothing is changed.
        """

    async def note(self, events: Sequence[Event]) -> None:
        """Append events that change no request: refusals, reveals."""

    async def load(self, request_id: str) -> Request | None: ...
    async def versions(self, request_id: str) -> tuple[Version, ...]:
        """Every version of a request, the first one first."""

    async def story(self, request_id: str) -> tuple[Event, ...]:
        """The events of a request, as the audit trail tells them."""

    async def by_fingerprint(self, fingerprint: str) -> Request | None:
        """The open request with this fingerprint."""

    async def batch_of(self, batch: str) -> tuple[str, ...]: ...

    # time
    async def due(self, now: int, limit: int) -> tuple[str, ...]:
        """Ids of requests with something due, the longest overdue first."""

    async def next_wake(self) -> int | None: ...

    async def take_over(self) -> bool:
        """Begin to serve. Where no other process does, what one that died had under way is due at once, and True.

        A run it was at ends as any whose lease ran out: nobody knows what came of it.
        """

    async def beat(self, request_id: str, attempt: int, lease_until: int, progress: str) -> bool:
        """Renew a running attempt's lease and keep its last line. False when it no longer is the one that counts."""

    @property
    def stirs(self) -> int:
        """Grows with every commit here that may have made something due. Read it before looking for work."""

    async def stirred(self, at_most: float, since: int | None = None) -> None:
        """Return as soon as `stirs` is beyond `since` (default: what it is now), or after `at_most` seconds."""

    # outbox
    async def take(self, now: int, lease: int, limit: int, kinds: Sequence[EffectKind]) -> tuple[Parcel, ...]:
        """Lease up to `limit` effects that are due, for `lease` milliseconds; the longest due first."""

    async def next_due(self, kinds: Sequence[EffectKind]) -> int | None:
        """When the next effect of these kinds falls due, or its lease ends."""

    async def done(self, parcel: Parcel) -> None: ...
    async def postpone(self, parcel: Parcel, until: int, error: str, *, failed: bool = True) -> None: ...
    async def put(self, effects: Sequence[Effect]) -> None:
        """Effects of no move: a preview asked anew, a home to redraw."""

    # messages
    async def message(self, request_id: str, version: int, place: str, person: str = "") -> Message:
        """The message for that place, its nonce made and stored on first asking."""

    async def messages(self, request_id: str) -> tuple[Message, ...]: ...
    async def by_nonce(self, nonce: str) -> Message | None: ...
    async def by_ts(self, channel: str, ts: str) -> Message | None: ...
    async def posting(self, nonce: str, since: int) -> None: ...
    async def posted(self, nonce: str, channel: str, ts: str) -> None: ...
    async def lost(self, nonce: str) -> Message:
        """Forget a message that is gone from Slack: a new nonce takes its place; the old one decides nothing."""

    # roundups
    async def placed(self, request_id: str, version: int) -> Placed | None: ...
    async def place(self, request_id: str, version: int, aim: str, most: int, *, urgent: bool) -> Placed:
        """Where this version is shown in its channel, decided once: see `bot.roundup`. `most`: cards in a minute."""

    async def roundup(self, roundup_id: str) -> Roundup | None: ...
    async def roundup_at(self, channel: str, ts: str) -> Roundup | None: ...
    async def listing(self, request_id: str) -> Roundup | None:
        """The roundup that lists a request, where one does."""

    async def roundup_posted(self, roundup_id: str, channel: str | None, ts: str | None) -> None: ...
    async def roundup_reminded(self, roundup_id: str, before: int | None, at: int | None) -> bool:
        """Keep when its thread was reminded, unless it was since `before`; whether that is so."""

    # sights
    async def saw(self, request_id: str, version: int, person: str, at: int) -> None:
        """Keep when somebody was first shown all of a version; a later look changes nothing."""

    async def asked_again(self, request_id: str, version: int, person: str, at: int) -> None:
        """Keep that they were asked to look once more. Where no sight was known, this is their first."""

    async def sight(self, request_id: str, version: int, person: str) -> Sight | None: ...

    # views
    async def of_asker(self, person: str, limit: int) -> tuple[Row, ...]: ...
    async def pending(self, limit: int) -> tuple[Row, ...]: ...
    async def recent(self, limit: int) -> tuple[Row, ...]: ...
    async def to_review(self, limit: int) -> tuple[ToReview, ...]:
        """Breaks of the glass nobody has reviewed yet, the longest open first."""

    async def history(self, asker: str, now: int) -> dict[str, int]:
        """Counts of this requester's requests: last_hour, last_day, last_week."""

    async def similar(self, action: str, before: int, limit: int) -> tuple[Row, ...]:
        """Decided requests of the same action, newest first."""

    # standing approvals
    async def standing_approvals(self) -> tuple[StandingApproval, ...]:
        """Those that still allow something, the one that ends first at the beginning."""

    async def standing_approval(self, standing_id: str) -> StandingApproval | None: ...
    async def arrange(self, decide: Arrange) -> StandingApproval:
        """Give or end one, as one durable transaction. `decide` is pure and gets all that still allow something."""

    # who is there
    async def absences(self) -> absence.Absences:
        """Who is away now, by person."""

    async def change_absence(self, decide: absence.Decide) -> None:
        """Decide and save, as one durable transaction."""

    async def next_back(self) -> int | None:
        """When the next absence is over, or was."""

    async def next_mark(self, after: str) -> str | None:
        """The next mark (`quorum.mark`) of what is pending, in their order."""

    async def waiting_as(self, mark: str, before: int | None, limit: int) -> tuple[Waiting, ...]:
        """Pending requests of one mark, the newest first; only those that came `before` that number."""

    # summaries
    async def summaries(self) -> Dues:
        """When each operator's next one is due."""

    async def plan_summaries(self, decide: Plan) -> None:
        """As one durable transaction. `decide` is pure and gets what is due when, and the time."""

    async def week(self, actions: Sequence[str], since: int, until: int) -> Week:
        """How requests of these actions were decided after `since` and up to `until`."""

    # the brake
    async def pause(self, event: Event) -> None: ...
    async def resume(self, event: Event) -> None: ...
    async def moment(self) -> Moment: ...


class People(Protocol):
    """Raises Unconfirmed where the look-up fails or takes longer than 1.5 s."""

    async def person(self, person_id: str, *, fresh: bool = False) -> Person: ...
    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]: ...
    async def in_channel(self, person_id: str, channel: str) -> bool: ...
    def remembered(self, person_id: str, groups: Sequence[Group]) -> tuple[Person, tuple[frozenset[str], ...]] | None:
        """The person and the groups' members as answered within the last 60 s; None where Slack must be asked.

        Called in the writer's transaction, in its thread: it asks nobody and changes nothing.
        """


@dataclass(frozen=True, slots=True)
class Planned:
    """What the planner made of the words: up to five drafts, at least one."""

    drafts: tuple[Draft, ...]


class Planner(Protocol):
    async def plan(self, words: str, actions: Sequence[Action], earlier: Draft | None = None) -> Planned:
        """Never raises for what a model does: a draft then says in its note what went wrong."""


class Schemas(Protocol):
    def problems(self, action: Action, args: Mapping[str, Any]) -> tuple[Problem, ...]: ...


class Executor(Protocol):
    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        """Never raises for what the world does: it classifies."""


class NotDelivered(Exception):
    """A message did not get through. `final`: trying again will not help."""

    def __init__(self, why: str, *, retry_after: float | None = None, final: bool = False) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.final = final


class Channel(Protocol):
    """One way to show a request to people and to tell them something. Raises NotDelivered."""

    async def show(self, request: Request, message: Message) -> None:
        """Post or redraw one message of a request; stores where it stands."""

    async def show_roundup(self, roundup: Roundup) -> None:
        """Post or redraw it; stores where it stands."""

    async def tell(self, request: Request, parcel: Parcel) -> None: ...

    async def alarm(self, text: str) -> None:
        """Tell operators of what no message about a request can tell."""

    async def inform(self, parcel: Parcel) -> None:
        """Tell one person (`data["to"]`) of what is about no request."""


class Fits(Protocol):
    def __call__(self, version: Version) -> bool:
        """Whether one card can show everything of it."""
