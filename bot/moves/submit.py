"""Asking: words are stored before anything else happens; a typed action becomes a request at once."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot import digest, limits, machine, quorum
from bot.catalogue import Action
from bot.compose import Known
from bot.errors import BadInput, Denied, Joined, MayNotAsk, NobodyToAsk, NotAMember, Problem, Unconfirmed
from bot.moves import standing
from bot.moves.desk import Desk
from bot.people import Roster
from bot.ports import Moment
from bot.request import STANDS, Actor, Asker, Plan, Request, State, Step, Version
from bot.standing import NoLongerStands

MAX_WORDS = 4_000
EVERYONE = "everyone"


async def words(desk: Desk, asker: Asker, actor: Actor, said: str, context: Mapping[str, Any] | None = None) -> Request:
    """A draft of these words; the planner reads it next. The same words that are just being read are read once."""
    said = said.strip()
    if not 0 < len(said) <= MAX_WORDS:
        raise BadInput(Problem("words", f"say what you need in 1 to {MAX_WORDS} characters; these are {len(said)}"))
    await full_member(desk, asker)
    new, mark = desk.new_id(), _mark_of_words(desk, asker, said)

    def decide(_: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        if mark in moment.twins:
            raise joined(moment.twins[mark])
        limits.check(desk.in_force.catalogue.limits, moment.asked, "", moment.now)
        return [machine.received(new, asker, actor, said, moment, context=dict(context or {}), fingerprint=mark)]

    try:
        return (await desk.store.transact([], decide, asking=desk.asking(asker, mark)))[0].request
    except Joined as twin:
        await desk.note(twin, "", actor)
        return await desk.open(twin.request_id)


def _mark_of_words(desk: Desk, asker: Asker, said: str) -> str:
    """No action has an empty name, so that it is no request's; words may hold what has no canonical form."""
    letters = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
    return digest.fingerprint(desk.fingerprint_key, asker.id, "", {"words": letters})


def joined(twin: Request) -> Joined:
    """Why there will be no second one."""
    if twin.version is None:
        return Joined("These very words of yours are being read already.", twin.id)
    return Joined(f"You have asked for exactly this already: {twin.id} {STANDS[twin.state]}. It stays one.", twin.id)


async def typed(
    desk: Desk,
    asker: Asker,
    actor: Actor,
    action_name: str,
    args: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
    *,
    glass: bool = False,
) -> Request:
    """A request for this very action. An identical one that is still open is given back instead of a second."""
    return (await ask(desk, asker, actor, action_name, args, context, glass=glass)).request


@dataclass(frozen=True, slots=True)
class Sent:
    """What was asked for; `joined`: it is the identical one that was open before."""

    request: Request
    joined: bool = False


async def ask(
    desk: Desk,
    asker: Asker,
    actor: Actor,
    action_name: str,
    args: Mapping[str, Any],
    context: Mapping[str, Any] | None = None,
    *,
    glass: bool = False,
) -> Sent:
    """The same, and whether it was there before.

    `glass`: its requester is about to break the glass on it, so it is made even where nobody could approve it.
    """
    action = desk.in_force.catalogue.action(action_name)
    base = blank(desk, asker, actor, context=dict(context or {}))
    ready = await prepare(desk, base, action, args, Plan(), glass=glass)
    try:
        if ready.twin is not None:
            raise joined(ready.twin)
        return Sent(await _made(desk, base, ready, actor))
    except Joined as twin:
        await desk.note(twin, "", actor)
        return Sent(await desk.open(twin.request_id), joined=True)


async def _made(desk: Desk, base: Request, ready: "Ready", actor: Actor) -> Request:
    async def sent(version: Version) -> Request:
        def decide(_: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
            once_and_within_limits(desk, ready, moment)
            stamped = base.but(made_at=moment.now, fingerprint=ready.fingerprint)
            return [machine.sent(stamped, version, actor, moment, fresh=True)]

        asking = desk.asking(base.asker, ready.fingerprint)
        return (await desk.store.transact([], decide, asking=asking))[0].request

    return refuse_denied(await as_it_stands(ready, sent))


async def as_it_stands(ready: "Ready", send: Callable[[Version], Awaitable[Request]]) -> Request:
    """Sent as a standing approval allows it; by its ordinary route where none does, or none any more at that moment."""
    if ready.allowed is not None:
        with suppress(NoLongerStands):
            return await send(ready.allowed)
    return await send(ready.version)


def blank(desk: Desk, asker: Asker, actor: Actor, **rest: Any) -> Request:
    now = desk.clock()
    return Request(
        id=desk.new_id(), state=State.DRAFTING, asker=asker, via=actor.via, made_at=now, expires_at=now, **rest
    )


def refuse_denied(request: Request) -> Request:
    """The denied request is kept; whoever asked hears the rule."""
    if request.state is State.DENIED:
        raise Denied(f"The policy does not allow this: {request.reason}.")
    return request


@dataclass(frozen=True, slots=True)
class Ready:
    """A version that may be sent, and the identical open request there is already, if any.

    `allowed`: the same version as a standing approval allows it, where one does.
    """

    version: Version
    fingerprint: str
    twin: Request | None = None
    allowed: Version | None = None
    glass: bool = False


def once_and_within_limits(desk: Desk, ready: Ready, moment: Moment) -> None:
    """Asked in the transaction that makes it. Raises Joined where there is one already, TooMany beyond a limit."""
    if ready.fingerprint in moment.twins:
        raise joined(moment.twins[ready.fingerprint])
    if not ready.glass:  # an emergency waits for no limit; who may break the glass was asked before
        limits.check(desk.in_force.catalogue.limits, moment.asked, ready.version.action.name, moment.now)


async def prepare(
    desk: Desk, request: Request, action: Action, args: Mapping[str, Any], plan: Plan, *, glass: bool = False
) -> Ready:
    """Everything asked before a first version is stored: who asks, whether the arguments hold, who could approve."""
    now = desk.clock()
    _, known = await asyncio.gather(full_member(desk, request.asker), desk.known(request.asker, now))
    may_ask(action, known)
    version = desk.composer.version(request, action, args, plan, known, now, secrets.token_hex(16))
    mark = digest.fingerprint(desk.fingerprint_key, request.asker.id, action.name, version.args)
    twin = await desk.store.by_fingerprint(mark)
    if twin is None and version.route.asks and not glass:
        await somebody_to_ask(desk, request, version)
    allowed = await standing.allowed(desk, request, version) if twin is None else None
    return Ready(version, mark, twin, allowed, glass)


async def full_member(desk: Desk, asker: Asker) -> None:
    """Guests, other organisations and bots never ask; an agent asks for a person or through its client."""
    for each in (asker.person, asker.acts_for):
        person = await desk.people.person(each) if each else None
        if person is not None and person.problem:
            raise NotAMember(f"Only full members of this workspace may ask; the account {each} {person.problem}.")


def _may_ask(action: Action, known: Known) -> bool:
    return EVERYONE in action.may_ask or not set(action.may_ask).isdisjoint(known.groups)


def may_ask(action: Action, known: Known) -> None:
    if not _may_ask(action, known):
        for group in action.may_ask:
            if group in known.unsaid:
                raise Unconfirmed(known.unsaid[group])
        raise MayNotAsk(f"{action.name} may be asked for by {', '.join(action.may_ask) or 'nobody'} only.")


async def offered(desk: Desk, asker: Asker) -> list[Action]:
    """The actions somebody may ask for; all of them where Slack does not say, for asking is checked anyway."""
    actions = desk.in_force.catalogue.offered()
    try:
        known = await desk.known(asker, desk.clock())
    except Unconfirmed:
        return actions
    return [action for action in actions if _may_ask(action, known)]


async def somebody_to_ask(desk: Desk, request: Request, version: Version) -> None:
    """A request that no eligible person could ever approve is refused when it is made."""
    roster, unsaid = await desk.rosters(version.route.groups.values())
    if not could_be_approved(request, version, roster):
        for why in unsaid.values():
            raise Unconfirmed(why)
        groups = ", ".join(sorted(version.route.groups)) or "nobody"
        raise NobodyToAsk(
            f"Nobody could approve this: rule “{version.route.rule}” asks {groups}, and too few of its members "
            "are not on the requester's side."
        )


def could_be_approved(request: Request, version: Version, roster: Roster) -> bool:
    waiting = request.but(state=State.PENDING, version=version, stage=0, votes=(), fired=())
    return quorum.reachable(waiting, roster)
