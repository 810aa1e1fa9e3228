"""Standing approvals: a recorded, temporary yes to requests like one that was looked at.

Exception (c) to maker ≠ checker. It stands for the one approval its giver could give with one click on the card, and
for no more than that: not where several must approve, not where a review or something typed is asked for, not where a
condition erred, never at high or critical risk. Who gave it is looked up anew at each use. Pure.

    given ──► used, at most `uses` times ──► used up · over (`until`) · ended by a person
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from bot import digest, quorum
from bot.catalogue import Action
from bot.errors import BadInput, Problem
from bot.people import Roster
from bot.request import Asker, Request, State, Version
from bot.route import StandingUse, Verdict
from bot.templates import as_text

MOST_USES, LONGEST = 20, 8 * 3_600_000  # of any standing approval, whatever the file says (product.md 5)
SHORTEST = 60_000
GIVEN, ENDED = "standing_given", "standing_ended"  # the types of their events; a use stands in its request's `send`
HOW_OFTEN, HOW_LONG = "how_often", "how_long"  # what a Problem with them is said of

Number = int | float


@dataclass(frozen=True, slots=True)
class Terms:
    """What the file permits for an action: the arguments that must be bounded, and the most that may be given."""

    args: tuple[str, ...]
    uses: int
    lasts: int  # milliseconds

    @staticmethod
    def of(action: Action) -> "Terms | None":
        """None where the file permits none."""
        if action.standing is None:
            return None
        given = action.standing
        return Terms(tuple(given["args"]), min(given["uses"], MOST_USES), min(given["lasts"], LONGEST))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What its giver chose: the most each number may be, for how long (milliseconds), how often."""

    most: Mapping[str, Number]
    lasts: int
    uses: int


@dataclass(frozen=True, slots=True)
class Bound:
    """What one argument may be: a number from `least` to `most`, anything else exactly as it was (None: left out)."""

    name: str
    exactly: Any = None
    least: Number | None = None
    most: Number | None = None

    def holds(self, value: Any) -> bool:
        if self.least is None or self.most is None:
            return digest.canonical([value]) == digest.canonical([self.exactly])
        return is_number(value) and self.least <= value <= self.most

    def __str__(self) -> str:
        if self.least is None or self.most is None:
            return f"{self.name} is {'left out' if self.exactly is None else as_text(self.exactly)}"
        return f"{self.name} from {as_text(self.least)} to {as_text(self.most)}"


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def ranges(action: Action, name: str, value: Any) -> bool:
    """Whether this argument is bounded by a maximum: a number that is not one of a few to choose from."""
    return is_number(value) and "enum" not in action.params.get(name, {})


class NoLongerStands(Exception):
    """It ended, ran out or was used up between the look at it and the transaction: the ordinary route counts."""


@dataclass(frozen=True, slots=True)
class StandingApproval:
    """Times in milliseconds since the epoch."""

    id: str
    action: str
    asker: Asker  # the whole of the requester's side: it holds for these makers, and for no others
    by: str
    given_at: int
    until: int
    uses: int
    bounds: tuple[Bound, ...]
    definition: str  # SHA-256 of the action's definition when it was given
    groups: tuple[str, ...]  # whose members may end it, as may who gave it and operators
    request_id: str  # the request that was looked at
    version: int
    used: int = 0
    ended_at: int | None = None
    ended_by: str = ""

    @property
    def left(self) -> int:
        return max(0, self.uses - self.used)

    @property
    def digest(self) -> str:
        """SHA-256 over what was given, for the trail, which holds no values."""
        given = asdict(replace(self, used=0, ended_at=None, ended_by=""))
        return sha256(digest.canonical(_plain(given))).hexdigest()

    def over(self, now: int) -> str | None:
        """Why it allows nothing more, or None."""
        if self.ended_at is not None:
            return "it was ended"
        if now >= self.until:
            return "its time is over"
        return None if self.left else "it is used up"

    def once_more(self, now: int) -> "StandingApproval":
        """With one more use counted. Raises NoLongerStands."""
        if why := self.over(now):
            raise NoLongerStands(why)
        return replace(self, used=self.used + 1)

    def ended(self, by: str, now: int) -> "StandingApproval":
        return replace(self, ended_at=now, ended_by=by)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def definition_of(action: Action) -> str:
    """SHA-256 of an action's definition, its terms for standing approvals among it."""
    return sha256(digest.canonical(action.definition())).hexdigest()


# ── giving one ──────────────────────────────────────────────────────────────────────────────────────────────────


def given(new_id: str, request: Request, by: str, terms: Terms, wanted: Wanted, now: int) -> StandingApproval:
    """One for requests like this. BadInput names what is out of bounds."""
    version = request.now_version
    if problems := tuple(_problems(version, terms, wanted)):
        raise BadInput(*problems)
    return StandingApproval(
        id=new_id,
        action=version.action.name,
        asker=request.asker,
        by=by,
        given_at=now,
        until=now + wanted.lasts,
        uses=wanted.uses,
        bounds=tuple(_bound(version, name, wanted) for name in terms.args),
        definition=definition_of(version.action),
        groups=tuple(sorted(version.route.groups)),
        request_id=request.id,
        version=version.number,
    )


def _problems(version: Version, terms: Terms, wanted: Wanted) -> Iterator[Problem]:
    for name in terms.args:
        value: Any = version.args.get(name)
        if not ranges(version.action, name, value):
            continue
        if not is_number(wanted.most.get(name)):
            yield Problem(name, "say the most it may be")
        elif wanted.most[name] < _least(value):
            yield Problem(name, f"must be at least {as_text(_least(value))}, or nothing would ever be within it")
    if not 1 <= wanted.uses <= terms.uses:
        yield Problem(HOW_OFTEN, f"must be 1 to {terms.uses}; signoff.yaml permits no more")
    if not SHORTEST <= wanted.lasts <= terms.lasts:
        yield Problem(HOW_LONG, f"must be 1 to {terms.lasts // 60_000} minutes; signoff.yaml permits no more")


def _bound(version: Version, name: str, wanted: Wanted) -> Bound:
    value: Any = version.args.get(name)
    if not ranges(version.action, name, value):
        return Bound(name, exactly=value)
    return Bound(name, least=_least(value), most=wanted.most[name])


def _least(value: Number) -> Number:
    """No bound is open below: zero, or the value that was looked at where it is less."""
    return min(0, value)


# ── what it covers ──────────────────────────────────────────────────────────────────────────────────────────────


def suffices(request: Request, person: str, roster: Roster) -> bool:
    """Whether one click of this person's on a fresh card would be all that the current version asks."""
    version = request.now_version
    if not version.route.one_click or version.risk.grave or not version.fits or person in _writers(request):
        return False
    return bool(quorum.meets(request.but(state=State.PENDING, stage=0, votes=(), fired=()), person, roster))


def _writers(request: Request) -> frozenset[str]:
    """Every account of the makers; of an editor too, though they may approve what they wrote."""
    editor = request.now_version.editor
    return request.makers | (request.identities.accounts(editor) if editor else frozenset())


def objection(approval: StandingApproval, request: Request, now: int) -> str | None:
    """Why it does not speak for the current version, in words; None where all that is left is to ask for its giver."""
    version = request.now_version
    if why := approval.over(now):
        return why
    if approval.action != version.action.name or approval.asker != request.asker:
        return "it is for another action, or another requester"
    if approval.definition != definition_of(version.action):
        return "the action's definition in signoff.yaml has changed since"
    outside = [bound for bound in approval.bounds if not bound.holds(version.args.get(bound.name))]
    return f"it is only for {', '.join(map(str, outside))}" if outside else None


def under(approval: StandingApproval, version: Version) -> Version:
    """The version as a standing approval allows it; its bytes are still to be sealed."""
    was = version.route
    use = StandingUse(approval.id, approval.by, was.rule)
    rule = f"standing approval by {approval.by}"
    return replace(version, route=replace(was, verdict=Verdict.ALLOW, rule=rule, stages=(), groups={}, standing=use))
