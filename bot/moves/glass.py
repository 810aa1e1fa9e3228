"""Break the glass: run without approval what one asked for oneself, and say why; afterwards, somebody else looks."""

from collections.abc import Mapping
from typing import Any

from bot import authorize, breakage, glass, machine
from bot.authorize import Click, Standing, Verb
from bot.errors import MayNotBreakGlass, Refusal, WrongMoment
from bot.glass import Break, Looked, ToReview
from bot.moves import submit
from bot.moves.desk import Desk
from bot.ports import Moment
from bot.request import Actor, Asker, Request, State, Step
from bot.route import Surface

WINDOW = 50  # open breaks a list looks through, those that have waited longest first


async def ask(desk: Desk, actor: Actor, action_name: str, args: Mapping[str, Any]) -> Request:
    """The request on which this person is about to break the glass, made and pending: an identical open one, or anew.

    It is asked about like any other, so that nothing is lost where they think better of it, or somebody approves it
    first. What the policy allows is approved already; what it denies is refused.
    """
    _a_person(actor)
    action = desk.in_force.catalogue.action(action_name)
    authorize.break_glass(await desk.standing(actor.id, fresh=True, breaks=action), action.name)
    return await submit.typed(desk, Asker(person=actor.id), actor, action_name, args, glass=True)


async def break_glass(
    desk: Desk, actor: Actor, request_id: str, version: int, reason: str, typed: str | None = None
) -> Request:
    """Approve one's own pending request, without a vote. It runs by the ordinary path."""
    _a_person(actor)
    said = glass.reason_of(reason)
    click = Click(Verb.BREAK_GLASS, version, Surface.TYPED, typed)

    def decide(request: Request, standing: Standing, moment: Moment) -> Step:
        if standing.glass is None:
            raise WrongMoment("The file was changed meanwhile. Nothing is recorded; press again.")
        broken = _break(request, standing, said, moment.now + standing.glass.review, moment)
        return machine.glass_broken(request, broken, actor, moment)

    return await desk.act(actor.id, request_id, click, actor, decide)


def _break(request: Request, standing: Standing, reason: str, review_by: int, moment: Moment) -> Break:
    version = request.now_version
    could = frozenset[str]().union(*(standing.roster.get(group, frozenset()) for group in request.could_approve))
    skipped = sorted(could - request.makers)
    return Break(
        version=version.number,
        digest=version.digest,
        person=standing.person.id,
        reason=reason,
        at=moment.now,
        review_by=review_by,
        skipped=tuple(skipped[: glass.TOLD]),
        uncounted=max(0, len(skipped) - glass.TOLD),
    )


async def review(desk: Desk, actor: Actor, request_id: str, version: int, note: str, *, fine: bool) -> Request:
    """What a second person found. `fine` closes the break; a concern leaves it open, and is told."""
    _a_person(actor)
    said = glass.note_of(note)

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        return breakage.looked(request, version, Looked(actor.id, fine, said, moment.now), actor)

    return await desk.act(actor.id, request_id, Click(Verb.REVIEW_BREAK), actor, decide)


async def may_break(desk: Desk, person: str, request: Request) -> bool:
    """Whether Details offers *Break glass…* to this person."""
    asker = request.asker
    own = asker.client is None and request.identities.same(asker.person or "", person)
    if not own or request.state is not State.PENDING:
        return False
    if desk.in_force.catalogue.glass_of(request.now_version.action) is None:
        return False
    click = Click(Verb.BREAK_GLASS)
    standing = await desk.standing_for(click, person, request, looks=False)
    return _holds(click, request, standing, await desk.store.moment())


async def to_review(desk: Desk, person: str, limit: int) -> tuple[ToReview, ...]:
    """Open breaks this person may review, the longest open first."""
    found: list[ToReview] = []
    rows = await desk.store.to_review(WINDOW)
    moment = await desk.store.moment() if rows else None
    for row in rows:
        if moment is None or len(found) == limit:
            break
        request = await desk.open(row.request_id)
        standing = await desk.standing(person, request)
        if not standing.person.problem and _holds(Click(Verb.REVIEW_BREAK), request, standing, moment):
            found.append(row)
    return tuple(found)


def _holds(click: Click, request: Request, standing: Standing, moment: Moment) -> bool:
    try:
        authorize.authorize(click, request, standing, moment)
    except Refusal:
        return False
    return True


def _a_person(actor: Actor) -> None:
    """The reason, and the look afterwards, must be a person's own."""
    if actor.kind != "person" or not actor.id:
        raise MayNotBreakGlass("Agents never break the glass, and review none; a person does, in Slack.")
