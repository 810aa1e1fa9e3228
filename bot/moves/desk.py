"""What every move shares: read who presses, ask the one door, decide, save, all of it or nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot import machine
from bot.authorize import Click, Standing, Verb, authorize
from bot.catalogue import Action, Group
from bot.compose import Composer, InForce, Known
from bot.errors import Joined, NotFound, Refusal, Unconfirmed, WrongMoment
from bot.people import Roster, Unsaid, groups_of
from bot.ports import Asking, Moment, People, Store
from bot.request import Actor, Asker, Event, Request, Step

Decide = Callable[[Request, Standing, Moment], Step | Sequence[Step]]
TRIES = 4  # the first with the people remembered, the others with those asked about
_LOOKS = frozenset({Verb.LOOK, Verb.COMMENT})
_NEVER_CACHED = frozenset({Verb.BREAK_GLASS, Verb.REVIEW_BREAK})
_LIVE = _LOOKS | _NEVER_CACHED
REFUSALS_EVERY = 60_000  # one refusal event a minute for the same person, request and reason


@dataclass(frozen=True, slots=True)
class Desk:
    store: Store
    people: People
    composer: Composer
    clock: Callable[[], int]
    new_id: Callable[[], str]  # at least 122 random bits
    fingerprint_key: bytes
    refused: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def in_force(self) -> InForce:
        return self.composer.in_force

    async def standing(
        self,
        person_id: str,
        request: Request | None = None,
        *,
        fresh: bool = False,
        looks: bool = False,
        breaks: Action | None = None,
    ) -> Standing:
        """What Slack says of a person now.

        `looks`: also whether they are in the card's channel; `breaks`: whether they may break the glass for this
        action. Raises Unconfirmed when Slack does not say.
        """
        groups = request.version.route.groups.values() if request and request.version else ()
        operators = self.in_force.catalogue.operators
        glass = self.in_force.catalogue.glass_of(breaks) if breaks else None
        person, (roster, unsaid), (chiefs, silent), here, may = await asyncio.gather(  # at once: Slack waits 3 seconds
            self.people.person(person_id, fresh=fresh),
            self.rosters(groups, fresh=fresh),
            self.rosters([operators], fresh=fresh),
            self._in_channel(person_id, request if looks else None),
            self.roster(glass.who if glass else (), fresh=True),
        )
        return Standing(
            person,
            roster,
            operator=person_id in chiefs.get(operators.name, frozenset()),
            in_channel=here,
            glass=glass,
            breaks=bool(groups_of(person_id, may)),
            unsaid=unsaid,
            operators_unsaid=silent.get(operators.name, ""),
        )

    async def standing_for(self, click: Click, person_id: str, request: Request, *, looks: bool) -> Standing:
        """The same for a click: never from the cache where the risk is grave, or the glass is broken."""
        version = request.version
        fresh = click.verb in _NEVER_CACHED or _grave(request)
        breaks = version.action if version is not None and click.verb is Verb.BREAK_GLASS else None
        return await self.standing(person_id, request, fresh=fresh, looks=looks, breaks=breaks)

    async def roster(self, groups: Iterable[Group], *, fresh: bool = False) -> Roster:
        """Live members by group. Raises Unconfirmed where nobody can say those of one."""
        found, unsaid = await self.rosters(groups, fresh=fresh)
        for why in unsaid.values():
            raise Unconfirmed(why)
        return found

    async def rosters(self, groups: Iterable[Group], *, fresh: bool = False) -> tuple[Roster, Unsaid]:
        """Live members by group. A group whose members nobody can say stands in the second alone, with the reason.

        One that is looked up where nothing answers just now must not hold up what is asked of others.
        """
        asked = list(groups)
        found = await asyncio.gather(*(self._members(group, fresh=fresh) for group in asked))
        said = {group.name: each for group, each in zip(asked, found, strict=True)}
        members = {name: each for name, each in said.items() if not isinstance(each, str)}
        return members, {name: each for name, each in said.items() if isinstance(each, str)}

    async def _members(self, group: Group, *, fresh: bool) -> frozenset[str] | str:
        try:
            return await self.people.members(group, fresh=fresh)
        except Unconfirmed as error:
            return error.text

    async def known(self, asker: Asker, now: int) -> Known:
        """What the policy may know of the requester: live groups and counts of recent requests.

        Raises Unconfirmed where a rule asks for a group that nobody can say the members of.
        """
        roster, unsaid = await self.rosters(self.in_force.catalogue.groups.values())
        for name, why in unsaid.items():
            if self.in_force.policy.asks_membership(name):
                raise Unconfirmed(why)
        history: Counter[str] = Counter()
        for account in self.in_force.catalogue.identities.accounts(asker.id):  # a person's requests, from any of them
            history.update(await self.store.history(account, now))
        return Known(groups=tuple(sorted(groups_of(asker.id, roster))), history=history, unsaid=unsaid)

    def asking(self, asker: Asker, *fingerprints: str, without: str = "") -> Asking:
        """What the transaction that makes a request of theirs must look for."""
        accounts = self.in_force.catalogue.identities.accounts(asker.person) if asker.person else frozenset[str]()
        return Asking(accounts, asker.client, fingerprints, without)

    async def act(
        self,
        person_id: str,
        request_id: str,
        click: Click,
        actor: Actor,
        decide: Decide,
        *,
        asking: Asking | None = None,
    ) -> Request:
        """One person's move on one request. A refusal changes nothing, and is an event of its own.

        `asking`: where it asks for something; see `Store.transact`.
        """
        try:
            return await self._decided(person_id, request_id, click, decide, asking)
        except Refusal as refusal:
            await self.note(refusal, request_id, actor)
            raise

    async def open(self, request_id: str) -> Request:
        request = await self.store.load(request_id)
        if request is None:
            raise NotFound
        return request

    async def _decided(
        self, person_id: str, request_id: str, click: Click, decide: Decide, asking: Asking | None
    ) -> Request:
        """In one transaction with the people that are remembered; where Slack must be asked of somebody, once more."""
        asked: Asked | None = None
        for _ in range(TRIES):
            try:
                return await self._tried(person_id, request_id, click, decide, asking, asked)
            except Unasked as unasked:
                seen, looks = unasked.request, click.verb in _LOOKS
                asked = seen, await self.standing_for(click, person_id, seen, looks=looks)
        raise WrongMoment("This request is changing too fast just now; nothing is recorded, press again.")

    async def _tried(
        self,
        person_id: str,
        request_id: str,
        click: Click,
        decide: Decide,
        asking: Asking | None,
        asked: "Asked | None",
    ) -> Request:
        def move(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
            request, *others = requests
            standing = self._who(person_id, request, click, asked)
            authorize(click, request, standing, moment)
            return machine.with_undone(steps(decide(request, standing, moment)), others, moment)

        ids = with_original(asked[0]) if asked else [request_id]
        return (await self.store.transact(ids, move, asking=asking))[0].request

    def _who(self, person_id: str, request: Request, click: Click, asked: "Asked | None") -> Standing:
        """Who they are for this request as it stands now. Raises Unasked where that must be asked first."""
        if asked is None:
            live = request.undo_of or _grave(request) or click.verb in _LIVE
            known = None if live else self._kept(person_id, request)
            if known is None:
                raise Unasked(request)
            return known
        seen, standing = asked
        if _number(request) != _number(seen) and click.version is None:
            raise Unasked(request)  # the people looked up are those of another version
        return standing

    def _kept(self, person_id: str, request: Request) -> Standing | None:
        groups = request.version.route.groups.values() if request.version else ()
        operators = self.in_force.catalogue.operators
        known = self.people.remembered(person_id, [*groups, operators])
        if known is None:
            return None
        person, (*found, operating) = known
        roster = {group.name: members for group, members in zip(groups, found, strict=True)}
        return Standing(person, roster, person_id in operating)

    async def _in_channel(self, person_id: str, request: Request | None) -> bool:
        if request is None or request.version is None:
            return False
        posted = await self.store.messages(request.id)
        channels = [each.channel for each in posted if each.place == "card" and each.channel][:1]
        if not channels and (listing := await self.store.listing(request.id)) is not None:
            channels = [listing.channel] if listing.channel else []
        if request.breaks:
            channels += [each.channel for each in posted if each.place == "security" and each.channel]
        for channel in dict.fromkeys(channels):
            if await self.people.in_channel(person_id, channel):
                return True
        return False

    async def note(self, refusal: Refusal, request_id: str, actor: Actor) -> None:
        """A refusal as an event; one that joins two requests is an event of the one they are."""
        now = self.clock()
        if isinstance(refusal, Joined):
            request_id = refusal.request_id
        key = (actor.id, request_id, refusal.code)
        if now - self.refused.get(key, -REFUSALS_EVERY) < REFUSALS_EVERY:
            return
        if len(self.refused) > 10_000:
            self.refused.clear()
        self.refused[key] = now
        await self.store.note([Event("refused", request_id, actor, now, detail={"code": refusal.code})])


class Unasked(Exception):
    """Slack must be asked who somebody is before this request can be decided on."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.id)
        self.request = request


Asked = tuple[Request, Standing]  # the request as it stood when Slack was asked, and what it said


def with_original(request: Request) -> list[str]:
    """Its id, and that of what it undoes: both may move by its end."""
    return [request.id, *([request.undo_of] if request.undo_of else [])]


def steps(decided: Step | Sequence[Step]) -> Sequence[Step]:
    return [decided] if isinstance(decided, Step) else decided


def _grave(request: Request) -> bool:
    return request.version is not None and request.version.risk.grave


def _number(request: Request) -> int:
    return request.version.number if request.version else 0
