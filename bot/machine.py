"""The state machine: (request, move, time) → a step, or a refusal. Pure; `bot.request.TABLE` is its whole map.

Whether this person may make the move was asked of `bot.authorize` before, in the same transaction.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import digest, effects, glass, quorum
from bot.catalogue import Action
from bot.errors import Paused, TooLate, Untrue, WrongMoment
from bot.glass import Break
from bot.outcome import Ending, Outcome
from bot.people import Roster
from bot.ports import Moment
from bot.request import (
    BOT,
    CLOCK,
    FINAL,
    OPEN,
    Actor,
    Asker,
    Attempt,
    Draft,
    Event,
    Fired,
    Move,
    Preview,
    Remark,
    Request,
    State,
    Step,
    Version,
    Vote,
    check,
)
from bot.route import Verdict
from bot.timing import DRAFT_LIVES, QUESTION_HOLDS, RELEASE_AFTER

LEASE = 30_000  # of a running attempt; renewed while it runs, so that a crash is noticed soon


def _step(before: Request | None, after: Request, move: Move, actor: Actor, now: int, **detail: Any) -> Step:
    check(move, before.state if before else None, after.state)
    version = after.version
    event = Event(
        type=move.value,
        request_id=after.id,
        actor=actor,
        at=now,
        version=version.number if version else 0,
        before=before.state if before else None,
        after=after.state,
        digest=version.digest if version else "",
        detail=detail,
    )
    if after.state not in OPEN and after.closed_at is None:
        after = after.but(closed_at=now)
    return Step(after, (event,), effects.follow(before, after, event))


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def received(
    request_id: str,
    asker: Asker,
    actor: Actor,
    words: str,
    moment: Moment,
    *,
    draft: Draft | None = None,
    batch: str | None = None,
    context: Mapping[str, Any] | None = None,
    fingerprint: str = "",
) -> Step:
    """Words, stored before anything else happens."""
    request = Request(
        id=request_id,
        state=State.DRAFTING,
        asker=asker,
        via=actor.via,
        made_at=moment.now,
        expires_at=moment.now + DRAFT_LIVES,
        words=words,
        draft=draft or Draft(),
        batch=batch,
        context=context or {},
        fingerprint=fingerprint,
    )
    return _step(None, request, Move.DRAFT, actor, moment.now, makers=sorted(asker.makers))


def planned(request: Request, draft: Draft, moment: Moment, actor: Actor = BOT) -> Step:
    """The planner's answer, or the requester's own edit of it, or `reading` again."""
    _still_a_draft(request, moment)
    return _step(request, request.but(draft=draft), Move.PLAN, actor, moment.now, status=draft.status)


def _still_a_draft(request: Request, moment: Moment) -> None:
    if request.state is not State.DRAFTING:
        raise WrongMoment(f"{request.stands}.")
    if moment.now >= request.expires_at:
        raise TooLate("This draft has expired; write it again.")


def sent(request: Request, version: Version, actor: Actor, moment: Moment, *, fresh: bool = False) -> Step:
    """A first version, by its route: pending, approved or denied. `fresh`: the request was never stored before."""
    if not fresh:
        _still_a_draft(request, moment)
    route = version.route
    expires_at = moment.now + route.expires
    after = request.but(version=version, draft=None, stage=0, stage_at=moment.now, expires_at=expires_at)
    match route.verdict:
        case Verdict.DENY:
            after = after.but(state=State.DENIED, reason=f"denied by {route.rule}")
        case Verdict.ALLOW:
            after = _approved(after, moment)
        case Verdict.ASK:
            after = after.but(state=State.PENDING)
    detail = _of_version(after)
    return _step(None if fresh else request, after, Move.SEND, actor, moment.now, **detail)


def _of_version(request: Request) -> dict[str, Any]:
    version = request.now_version
    use = version.route.standing
    stood = {"exception": "standing_approval", "standing": use.id, "standing_by": use.by} if use else {}
    return stood | {
        "action": version.action.name,
        "risk": version.risk.value,
        "verdict": version.route.verdict.value,
        "rule": version.route.rule,
        "makers": sorted(request.makers),
    }


def _approved(request: Request, moment: Moment) -> Request:
    run_by = moment.now + request.now_version.action.run_by
    return request.but(state=State.APPROVED, approved_at=moment.now, run_by=run_by)


# ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────


def voted(request: Request, vote: Vote, roster: Roster, actor: Actor, moment: Moment, **more: Any) -> Step:
    """One person's word. It may pass the stage, reject the request, or leave it waiting. `more`: for its event."""
    after = request.but(votes=(*request.votes, vote))
    stage = request.now_stage
    votes = after.stage_votes()
    detail: dict[str, Any] = {"approve": vote.approve, "stage": vote.stage, "person": vote.person} | more
    if exception := _exception(request, vote.person):
        detail["exception"] = exception
    if quorum.rejected(stage, votes, request.identities):
        after = after.but(state=State.REJECTED, reason=vote.reason)
        return _step(request, after, Move.VOTE, actor, moment.now, **detail)
    if quorum.passed(stage, votes, request.identities):
        detail["passed"] = True
        last = request.stage + 1 == len(request.now_version.route.stages)
        after = _approved(after, moment) if last else after.but(stage=request.stage + 1, stage_at=moment.now)
    known = request.now_version.route.groups.keys() <= roster.keys()  # by whom nobody could name, it may still be met
    if after.state is State.PENDING and known and not quorum.reachable(after, roster):  # the stages to come too
        detail["unreachable"] = True
        after = after.but(state=State.REJECTED, reason="those who may still vote can no longer meet what is asked")
    return _step(request, after, Move.VOTE, actor, moment.now, **detail)


def glass_broken(request: Request, broken: Break, actor: Actor, moment: Moment) -> Step:
    """Approved by its own requester, with a label and no vote; from here it runs as anything that was approved."""
    version = request.now_version
    basis = {**version.basis, glass.LABEL: {"person": broken.person, "at": broken.at}}
    after = _approved(request.but(version=replace(version, basis=basis)), moment).with_break(broken)
    detail = _of_version(request) | {
        "exception": glass.LABEL,
        "person": broken.person,
        "reason_sha256": hashlib.sha256(broken.reason.encode("utf-8", "replace")).hexdigest(),
        "skipped": len(broken.skipped) + broken.uncounted,
        "review_by": broken.review_by,
    }
    return _step(request, after, Move.BREAK_GLASS, actor, moment.now, **detail)


def _exception(request: Request, person: str) -> str | None:
    """By which exception to maker ≠ checker this person decides, as their event says it; None for everybody else."""
    if person in request.makers:
        return "from_requester"
    editor = request.now_version.editor
    return "edit_and_approve" if editor is not None and request.identities.same(person, editor) else None


def edited(request: Request, version: Version, actor: Actor, moment: Moment) -> Step:
    """The next version, back at its first stage with fresh timers; it never lives longer than the first would have."""
    until = min(request.expires_at, moment.now + version.route.expires)
    after = _next_version(request, version, moment, until)
    return _step(request, after, Move.EDIT, actor, moment.now, **_of_version(after), was=request.now_version.digest)


def _next_version(request: Request, version: Version, moment: Moment, expires_at: int) -> Request:
    return request.but(
        state=State.PENDING,
        version=version,
        votes=(),
        fired=(),
        held=None,
        stage=0,
        stage_at=moment.now,
        expires_at=expires_at,
        approved_at=None,
        run_by=None,
        waits_for_release=False,
    )


def remarked(request: Request, remark: Remark, actor: Actor, moment: Moment) -> Step:
    """A question holds reminders and escalations, once a version and at most an hour; its answer lets them go."""
    after = request.but(remarks=(*request.remarks, remark))
    if remark.kind == "question" and request.held is None:
        after = after.but(held=(moment.now, moment.now + QUESTION_HOLDS))
    if remark.kind == "answer" and request.held is not None:
        begin, end = request.held
        after = after.but(held=(begin, min(end, moment.now)))
    return _step(request, after, Move.REMARK, actor, moment.now, kind=remark.kind)


def previewed(request: Request, preview: Preview, moment: Moment) -> Step:
    after = request.but(version=replace(request.now_version, preview=preview))
    return _step(request, after, Move.PREVIEW, BOT, moment.now, ok=preview.ok)


def cancelled(request: Request, actor: Actor, moment: Moment, reason: str = "") -> Step:
    after = request.but(state=State.CANCELLED, reason=reason)
    return _step(request, after, Move.CANCEL, actor, moment.now)


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────


def reminded(request: Request, index: int, moment: Moment) -> Step:
    fired = Fired(request.now_version.number, request.stage, "remind", index, 0, moment.now)
    after = request.but(fired=(*request.fired, fired))
    return _step(request, after, Move.REMIND, CLOCK, moment.now, stage=request.stage, index=index)


def escalated(
    request: Request, index: int, loop: int, people: Sequence[str], moment: Moment, *, early: bool = False
) -> Step:
    """A step of the open stage reaches its people: they are added, where it says so, and each gets a DM.

    `early`: before its time, because nobody is left who could decide.
    """
    fired = Fired(request.now_version.number, request.stage, "escalate", index, loop, moment.now, tuple(people))
    after = request.but(fired=(*request.fired, fired))
    step = request.now_stage.escalate[index]
    detail: dict[str, Any] = {"stage": request.stage, "index": index, "loop": loop}
    detail |= {"to": list(step.to), "people": len(people), **({"early": True} if early else {})}
    return _step(request, after, Move.ESCALATE, CLOCK, moment.now, **detail)


def left_alone(request: Request, moment: Moment) -> Step:
    """Nobody is left who could decide the open stage, nor a step of escalation: people are told, once."""
    fired = Fired(request.now_version.number, request.stage, "alone", 0, 0, moment.now)
    after = request.but(fired=(*request.fired, fired))
    return _step(request, after, Move.ALONE, CLOCK, moment.now, stage=request.stage)


def expired(request: Request, moment: Moment) -> Step:
    """Nobody decided in time, or what was approved did not start in time. Never an approval, nor a person's no."""
    reason = "it did not start in time" if request.state is State.APPROVED else "nobody decided it in time"
    after = request.but(state=State.EXPIRED, reason=reason)
    return _step(request, after, Move.EXPIRE, CLOCK, moment.now)


# ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────


def untrue(request: Request) -> str | None:
    """Why the stored bytes are not what was approved, or None: the digest is computed again at every claim."""
    version = request.now_version
    if digest.digest_of(version.snapshot, version.salt) != version.digest:
        return "the stored bytes do not match the digest that was approved"
    if any(vote.digest != version.digest for vote in request.votes):
        return "a vote was given for other bytes"
    if any(vote.version != version.number for vote in request.votes):
        return "a vote was given for another version"
    if request.broken is not None and request.broken.digest != version.digest:
        return "the glass was broken for other bytes"
    return None


def claimed(request: Request, moment: Moment) -> Step:
    """The right to run it once. Raises Paused, TooLate, Untrue or WrongMoment, and then nothing runs."""
    if request.state is not State.APPROVED and not (request.state is State.UNKNOWN and request.again_by):
        raise WrongMoment(f"{request.stands}; there is nothing to run.")
    if moment.paused:
        raise Paused("Signoff is paused; nothing starts until an operator resumes it.")
    if request.run_by is not None and moment.now >= request.run_by:
        raise TooLate("It did not start in time.")
    if request.waits_for_release:
        raise Paused("It waits for an operator's Release.")
    if reason := untrue(request):
        raise Untrue(f"Nothing ran: {reason}.")
    after = _started(request.but(again_by=None), moment)
    return _step(request, after, Move.CLAIM, BOT, moment.now, attempt=after.attempts[-1].number)


def _started(request: Request, moment: Moment) -> Request:
    action = request.now_version.action
    lease = action.timeout if action.run["kind"] == "caller" else LEASE  # a caller reports when it is done
    attempt = Attempt(number=len(request.attempts) + 1, started_at=moment.now, lease_until=moment.now + lease)
    return request.but(state=State.EXECUTING, attempts=(*request.attempts, attempt))


def should_wait(request: Request, moment: Moment) -> bool:
    """Approved more than five minutes before a resume: an operator must let it go."""
    if request.state is not State.APPROVED or moment.paused or moment.resumed_at is None or request.approved_at is None:
        return False
    released = request.released_at is not None and request.released_at >= moment.resumed_at
    return moment.resumed_at - request.approved_at > RELEASE_AFTER and not released


def held(request: Request, moment: Moment) -> Step:
    return _step(request, request.but(waits_for_release=True), Move.HOLD, BOT, moment.now)


def released(request: Request, actor: Actor, moment: Moment) -> Step:
    after = request.but(waits_for_release=False, released_at=moment.now)
    return _step(request, after, Move.RELEASE, actor, moment.now)


def reopened(request: Request, version: Version, reason: str, moment: Moment) -> Step:
    """Approved, but the definition changed or an approver is no longer entitled: asked again as the next version.

    It was decided in time, so it gets the route's time anew: `expires` may be over while it waited to run.
    """
    after = _next_version(request, version, moment, moment.now + version.route.expires)
    if version.route.verdict is Verdict.DENY:
        after = after.but(state=State.DENIED, reason=f"denied by {version.route.rule}")
    return _step(request, after, Move.REOPEN, BOT, moment.now, **_of_version(after), reason=reason)


def finished(request: Request, number: int, outcome: Outcome, moment: Moment, actor: Actor = BOT) -> Step:
    """What came of an attempt. A zombie, whose attempt is no longer the last, is refused."""
    attempt = request.attempts[-1] if request.attempts else None
    if request.state is not State.EXECUTING or attempt is None or attempt.number != number:
        raise WrongMoment(f"Attempt {number} is no longer the one that counts.")
    outcome = still_unknown(outcome, lost=any(each.ending is Ending.UNKNOWN for each in request.attempts[:-1]))
    after = _ended(request, outcome, moment)
    return _step(request, after, Move.FINISH, actor, moment.now, attempt=number, ending=outcome.ending.value)


def still_unknown(outcome: Outcome, *, lost: bool) -> Outcome:
    """That this try failed does not tell what an earlier, `lost` one did: it stays unknown until somebody knows."""
    if outcome.ending is not Ending.FAILED or not lost:
        return outcome
    return replace(outcome, ending=Ending.UNKNOWN, summary=f"An earlier try may have gone through. {outcome.summary}")


def _ended(request: Request, outcome: Outcome, moment: Moment) -> Request:
    done = replace(
        request.attempts[-1],
        ended_at=moment.now,
        ending=outcome.ending,
        summary=outcome.summary,
        result=outcome.result,
    )
    return request.but(
        state=State(outcome.ending.value), attempts=(*request.attempts[:-1], done), reason=outcome.summary
    )


def recovered(request: Request, moment: Moment) -> Step:
    """The lease ran out with no outcome: run again with the same key where the target is idempotent, else unknown."""
    version = request.now_version
    unsaid = "Whoever was to run it never said what came of it"
    stopped = "Signoff stopped, or lost touch, while this ran; it cannot tell what happened"
    lost = Outcome(Ending.UNKNOWN, unsaid if version.by_caller else stopped)
    again = bool(version.way.get("idempotent")) and len(request.attempts) <= int(version.way.get("max_retries", 3))
    in_time = request.run_by is None or moment.now < request.run_by
    after = _ended(request, lost, moment)
    if again and in_time and not moment.paused and untrue(request) is None:
        after = _started(after.but(reason=""), moment)
    return _step(request, after, Move.RECOVER, CLOCK, moment.now, attempt=after.attempts[-1].number)


def settled(request: Request, ending: Ending, actor: Actor, moment: Moment, reason: str, result: Any = None) -> Step:
    """A person who is no maker, or a probe, says what came of it."""
    after = _ended(request, Outcome(ending, reason, result or request.attempts[-1].result), moment)
    return _step(request, after, Move.SETTLE, actor, moment.now, ending=ending.value)


def again(request: Request, actor: Actor, moment: Moment) -> Step:
    if request.run_by is not None and moment.now >= request.run_by:
        raise TooLate("Its time to run is over; running it now needs a new request and a new approval.")
    return _step(request, request.but(again_by=actor.id), Move.AGAIN, actor, moment.now)


def not_again(request: Request, reason: str, moment: Moment) -> Step:
    """It could not be started again: it is as unknown as before, and an operator may still settle it."""
    return _step(request, request.but(again_by=None), Move.AGAIN, BOT, moment.now, refused=reason)


def undo_asked(request: Request, undo_id: str, actor: Actor, moment: Moment) -> Step:
    return _step(request, request.but(undone_by=undo_id), Move.UNDO, actor, moment.now, undo=undo_id)


def undo_ended(request: Request, undo: Request, moment: Moment) -> Step:
    """The undo came to nothing: it may be asked for again."""
    detail = {"undo": undo.id, "ended": undo.state.value}
    return _step(request, request.but(undone_by=None), Move.UNDO, BOT, moment.now, **detail)


def undone(request: Request, undo_id: str, moment: Moment) -> Step:
    return _step(request, request.but(state=State.UNDONE), Move.UNDO, BOT, moment.now, undo=undo_id)


def with_undone(made: Sequence[Step], others: Sequence[Request], moment: Moment) -> list[Step]:
    """The steps, and what the end of an undo means for what it undoes, in one transaction for both.

    Where it succeeded, that is undone; where it came to nothing, an undo may be asked for again.
    """
    ended = made[-1].request if made else None
    if ended is None or ended.undo_of is None:
        return list(made)
    done = [other for other in others if other.id == ended.undo_of and other.state is State.SUCCEEDED]
    if ended.state is State.SUCCEEDED:
        return [*made, *(undone(other, ended.id, moment) for other in done)]
    if ended.state in FINAL:
        return [*made, *(undo_ended(other, ended, moment) for other in done if other.undone_by == ended.id)]
    return list(made)


def same_definition(version: Version, actions: Mapping[str, Action]) -> bool:
    """Whether the catalogue in force still defines the action as it was approved."""
    current = actions.get(version.action.name)
    return current is not None and digest.canonical(current.definition()) == digest.canonical(
        version.action.definition()
    )
