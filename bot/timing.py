"""Which steps of a request fall due when. Nothing here fires anything; the tick does, and records it."""

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.catalogue import Group
from bot.request import Fired, Request, State
from bot.route import Escalation, Stage

MINUTE = 60_000
HOUR = 60 * MINUTE
QUESTION_HOLDS = HOUR  # reminders and escalations rest at most so long for an open question
DRAFT_LIVES = 24 * HOUR
RELEASE_AFTER = 5 * MINUTE  # approved longer ago than this at a resume: an operator must release it


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that happens at a time: remind, escalate (with its place), expire, recover a lost lease, or overdue.

    `overdue`: nobody has reviewed a break in time; its index is the version.
    """

    at: int
    kind: str
    index: int = 0
    loop: int = 0


def schedule(request: Request) -> tuple[Due, ...]:
    """What is still to come for a request, the next of each kind, earliest first."""
    match request.state:
        case State.DRAFTING:
            coming = [Due(request.expires_at, "expire")]
        case State.PENDING:
            coming = [Due(request.expires_at, "expire"), *_reminder(request), *_escalation(request)]
        case State.APPROVED:
            coming = [Due(request.run_by or request.expires_at, "expire")]
        case State.EXECUTING:
            coming = [Due(request.attempts[-1].lease_until, "recover")]
        case _:
            coming = []
    coming += [Due(at, "overdue", each.version) for each in request.breaks if (at := each.overdue_at) is not None]
    return tuple(sorted(coming, key=lambda due: due.at))


def due(request: Request, now: int) -> tuple[Due, ...]:
    return tuple(step for step in schedule(request) if step.at <= now)


def wake_at(request: Request) -> int | None:
    """When to look at it next."""
    coming = schedule(request)
    return coming[0].at if coming else None


def next_step(request: Request) -> Due | None:
    """The next step of escalation, whenever it is; None where each has happened: a loop brings nobody new."""
    coming = [step for step in _escalation(request) if step.loop == 0]
    return min(coming, key=lambda step: (step.at, step.index), default=None)


def early(request: Request, person: str) -> bool:
    """Whether a step of the open stage reached them before it was due: nobody else was left."""
    steps = request.now_stage.escalate
    return any(
        person in past.people and past.at < request.stage_at + steps[past.index].after
        for past in _fired(request, "escalate")
    )


def _fired(request: Request, kind: str) -> tuple[Fired, ...]:
    return tuple(fired for fired in request.fired if fired.stage == request.stage and fired.kind == kind)


def _reminder(request: Request) -> list[Due]:
    stage = request.now_stage
    if stage.remind is None or _fired(request, "escalate"):
        return []
    reminded = _fired(request, "remind")
    last = reminded[-1].at if reminded else request.stage_at  # counted from the last, so that a stop makes no flood
    return [Due(_held(request, last, last + stage.remind), "remind", len(reminded))]


def _escalation(request: Request) -> list[Due]:
    """The next steps of the list: those counted from the stage stand side by side, one from `previous` waits for it."""
    stage = request.now_stage
    fired = {(step.loop, step.index): step.at for step in _fired(request, "escalate")}
    coming: list[Due] = []
    start = request.stage_at
    for loop in range(stage.loops + 1):
        coming += _round(request, stage, fired, loop, start)
        if len(fired) < (loop + 1) * len(stage.escalate) or not stage.escalate:
            break
        start = max(at for (in_loop, _), at in fired.items() if in_loop == loop)
    return coming


def _round(request: Request, stage: Stage, fired: dict[tuple[int, int], int], loop: int, start: int) -> list[Due]:
    coming = []
    previous: int | None = start
    for index, step in enumerate(stage.escalate):
        base = previous if step.counted_from == "previous" else start
        happened = fired.get((loop, index))
        if happened is None and base is not None:
            at = _in_hours(request, step, _held(request, base, base + step.after))
            coming.append(Due(at, "escalate", index, loop))
        previous = happened
    return coming


def _held(request: Request, base: int, at: int) -> int:
    """`at`, moved by the time the request rested for an open question since `base`."""
    if request.held is None:
        return at
    begin, end = request.held
    return at + max(0, end - max(begin, base)) if at > begin else at


def _in_hours(request: Request, step: Escalation, at: int) -> int:
    """Moved to the groups' next opening, but never beyond half of what is left to expiry."""
    groups = [request.now_version.route.groups[name] for name in step.to if name in request.now_version.route.groups]
    if step.any_hour or not groups or any(group.hours is None for group in groups):
        return at
    opening = min(opens(group, at) for group in groups)
    return min(opening, at + max(0, request.expires_at - at) // 2)


def opens(group: Group, at: int) -> int:
    """`at` itself within the group's hours, else the beginning of the next ones."""
    if group.hours is None:
        return at
    zone = ZoneInfo(group.time_zone or "UTC")
    first, last = (datetime.time.fromisoformat(part) for part in group.hours.split("-"))
    local = datetime.datetime.fromtimestamp(at / 1000, zone)
    within = first <= local.time() < last if first <= last else local.time() >= first or local.time() < last
    if within:
        return at
    day = local.date() if local.time() < first else local.date() + datetime.timedelta(days=1)
    return int(datetime.datetime.combine(day, first, zone).timestamp() * 1000)
