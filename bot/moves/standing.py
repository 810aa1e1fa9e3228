"""Standing approvals: given by an approver who looks at a request, used when one like it is sent, ended by a click."""

from dataclasses import replace
from typing import Any

from bot.authorize import Click, Standing, Verb, authorize, end_standing
from bot.effects import event_json
from bot.errors import NotFound, Refusal, Unconfirmed, WrongMoment
from bot.moves.desk import Desk
from bot.ports import Arranged, Moment
from bot.request import Actor, Effect, EffectKind, Event, Request, State, Version
from bot.standing import (
    ENDED,
    GIVEN,
    StandingApproval,
    Terms,
    Wanted,
    definition_of,
    given,
    objection,
    suffices,
    under,
)


async def terms(desk: Desk, actor: Actor, request_id: str, version: int) -> tuple[Request, Terms]:
    """The request and what may be given for it, where this person may: asked before they get a form to fill in."""
    request = await desk.open(request_id)
    standing = await desk.standing(actor.id, request)
    try:
        return request, _terms(desk, request, version, standing, await desk.store.moment())
    except Refusal as refusal:
        await desk.note(refusal, request_id, actor)
        raise


def _terms(desk: Desk, request: Request, version: int | None, standing: Standing, moment: Moment) -> Terms:
    authorize(Click(Verb.ALLOW_SIMILAR, version), request, standing, moment)
    action = desk.in_force.catalogue.actions.get(request.now_version.action.name)
    found = Terms.of(action) if action else None
    if action is None or found is None or definition_of(action) != definition_of(request.now_version.action):
        raise WrongMoment("The action's definition in signoff.yaml has changed since this was asked for.")
    return found


async def may_give(desk: Desk, person: str, request: Request) -> bool:
    """Whether *Allow similar…* is offered to this person."""
    if request.state is not State.PENDING or request.now_version.action.standing is None:
        return False
    try:
        _terms(desk, request, None, await desk.standing(person, request), await desk.store.moment())
    except Refusal:
        return False
    return True


async def give(desk: Desk, actor: Actor, request_id: str, version: int, wanted: Wanted) -> StandingApproval:
    """A standing approval for requests like this one. One at a time for the same giver, requester and action."""
    request = await desk.open(request_id)
    standing = await desk.standing(actor.id, request)
    new_id = desk.new_id()

    def decide(standing_now: tuple[StandingApproval, ...], moment: Moment) -> Arranged:
        allows = _terms(desk, request, version, standing, moment)
        made = given(new_id, request, actor.id, allows, wanted, moment.now)
        like = [each for each in standing_now if (each.action, each.asker) == (made.action, made.asker)]
        if any(request.identities.same(made.by, each.by) for each in like):
            raise WrongMoment("You have allowed such requests already; end that in Signoff's home before you do again.")
        return _arranged(made, GIVEN, actor, moment)

    try:
        return await desk.store.arrange(decide)
    except Refusal as refusal:
        await desk.note(refusal, request_id, actor)
        raise


async def end(desk: Desk, actor: Actor, standing_id: str) -> StandingApproval:
    """From now on it allows nothing."""
    found = await desk.store.standing_approval(standing_id)
    if found is None:
        raise NotFound("standing approval")
    standing = await _beside(desk, actor.id, found)

    def decide(standing_now: tuple[StandingApproval, ...], moment: Moment) -> Arranged:
        end_standing(found, standing)
        current = next((each for each in standing_now if each.id == standing_id), None)
        if current is None:
            raise WrongMoment("This standing approval has ended already; it allows nothing.")
        return _arranged(current.ended(actor.id, moment.now), ENDED, actor, moment)

    try:
        return await desk.store.arrange(decide)
    except Refusal as refusal:
        await desk.note(refusal, found.request_id, actor)
        raise


def _arranged(approval: StandingApproval, kind: str, actor: Actor, moment: Moment) -> Arranged:
    detail: dict[str, Any] = {"standing": approval.id, "action": approval.action, "standing_by": approval.by}
    detail |= {"for": approval.asker.id, "uses": approval.uses, "used": approval.used, "until": approval.until}
    detail |= {"bounds": [bound.name for bound in approval.bounds], "standing_digest": approval.digest}
    event = Event(kind, approval.request_id, actor, moment.now, approval.version, detail=detail)
    told = {"to": "thread", "event": event_json(event)}
    line = Effect(EffectKind.TELL, approval.request_id, f"thread/{kind}/{approval.id}", told)
    return Arranged(approval, event, (line,))


async def shown_to(desk: Desk, person: str) -> tuple[tuple[StandingApproval, bool], ...]:
    """Those that concern this person, each with whether they may end it."""
    found = []
    for approval in await desk.store.standing_approvals():
        try:
            end_standing(approval, await _beside(desk, person, approval))
            found.append((approval, True))
        except Refusal:
            if person == approval.by or person in approval.asker.makers:
                found.append((approval, False))
    return tuple(found)


async def _beside(desk: Desk, person: str, approval: StandingApproval) -> Standing:
    """Who somebody is now, with the groups that may end it, as the file defines them now."""
    groups = desk.in_force.catalogue.groups
    named = [groups[name] for name in approval.groups if name in groups]
    roster, unsaid = await desk.rosters(named)
    return replace(await desk.standing(person), roster=roster, unsaid=unsaid)


async def allowed(desk: Desk, request: Request, version: Version) -> Version | None:
    """The version as a standing approval allows it; None where none does, or Slack does not say who gave it."""
    if not version.route.asks or version.risk.grave or Terms.of(version.action) is None:
        return None
    asked = request.but(version=version)
    for approval in await desk.store.standing_approvals():
        if objection(approval, asked, desk.clock()) is None and await speaks(desk, approval, asked):
            return desk.composer.sealed(request.id, under(approval, version))
    return None


async def speaks(desk: Desk, approval: StandingApproval, request: Request) -> bool:
    """Whether who gave it could approve this version alone, as Slack knows them now."""
    try:
        standing = await desk.standing(approval.by, request)
    except Unconfirmed:
        return False
    return standing.person.problem is None and suffices(request, approval.by, standing.roster)
