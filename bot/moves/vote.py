"""Approve or reject: one person, one version, one stage, final."""

from typing import Any

from bot import machine, quorum
from bot.authorize import Click, Standing, Verb
from bot.errors import BadInput, Problem, TooSoon
from bot.moves.desk import Decide, Desk
from bot.ports import Moment
from bot.request import Actor, Request, Step, Vote
from bot.route import Surface


async def approve(
    desk: Desk,
    actor: Actor,
    request_id: str,
    version: int,
    surface: Surface,
    typed: str | None = None,
    *,
    again: bool = False,
) -> Request:
    """Count one approval. The last one that is needed approves the request, and it runs.

    TooSoon, for high and critical risk, where this person was first shown it less than two seconds ago; `again`: they
    looked once more because of that.
    """
    seen = None if surface is Surface.CARD else await desk.store.sight(request_id, version, actor.id)
    click = Click(Verb.APPROVE, version, surface, typed, seen, again)
    try:
        return await desk.act(actor.id, request_id, click, actor, cast(actor, click, approve=True, reason=""))
    except TooSoon:
        await desk.store.asked_again(request_id, version, actor.id, desk.clock())
        raise


async def reject(desk: Desk, actor: Actor, request_id: str, version: int, reason: str) -> Request:
    """Count one rejection; a reason is asked for."""
    click = Click(Verb.REJECT, version)
    decide = cast(actor, click, approve=False, reason=why_not(reason))
    return await desk.act(actor.id, request_id, click, actor, decide)


def why_not(reason: str) -> str:
    """The reason of a rejection. BadInput where there is none."""
    if not reason.strip():
        raise BadInput(Problem("reason", "say why, so that the requester can do better next time"))
    return reason.strip()


def cast(actor: Actor, click: Click, *, approve: bool, reason: str, **more: Any) -> Decide:
    """The vote, once the one door lets it through. `more`: for its event."""

    def decide(request: Request, standing: Standing, moment: Moment) -> Step:
        vote = Vote(
            version=request.now_version.number,
            stage=request.stage,
            person=actor.id,
            approve=approve,
            at=moment.now,
            digest=request.now_version.digest,
            meets=quorum.meets(request, actor.id, standing.roster),
            reason=reason,
            via=actor.via,
        )
        looked = _looked(click, request, moment) if approve else {}
        return machine.voted(request, vote, standing.roster, actor, moment, **looked, **more)

    return decide


def _looked(click: Click, request: Request, moment: Moment) -> dict[str, Any]:
    """How long a grave one was before their eyes, in milliseconds, and whether they were asked to look once more."""
    if click.seen is None or not request.now_version.risk.grave:
        return {}
    asked = {"asked_again": True} if click.seen.asked_at is not None else {}
    return {"looked": max(0, moment.now - click.seen.at), **asked}
