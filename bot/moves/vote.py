"""Approve or reject: one person, one version, one stage, final."""

from bot import machine, quorum
from bot.authorize import Click, Standing, Verb
from bot.errors import BadInput, Problem
from bot.moves.desk import Decide, Desk
from bot.ports import Moment
from bot.request import Actor, Request, Step, Vote
from bot.route import Surface


async def approve(
    desk: Desk, actor: Actor, request_id: str, version: int, surface: Surface, typed: str | None = None
) -> Request:
    """Count one approval. The last one that is needed approves the request, and it runs."""
    click = Click(Verb.APPROVE, version, surface, typed)
    return await desk.act(actor.id, request_id, click, actor, _vote(actor, approve=True, reason=""))


async def reject(desk: Desk, actor: Actor, request_id: str, version: int, reason: str) -> Request:
    """Count one rejection; a reason is asked for."""
    if not reason.strip():
        raise BadInput(Problem("reason", "say why, so that the requester can do better next time"))
    click = Click(Verb.REJECT, version)
    return await desk.act(actor.id, request_id, click, actor, _vote(actor, approve=False, reason=reason.strip()))


def _vote(actor: Actor, *, approve: bool, reason: str) -> Decide:
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
        return machine.voted(request, vote, standing.roster, actor, moment)

    return decide
