"""Which effects follow a step: what is to be shown, told, run or asked once the move is committed."""

from collections.abc import Iterator
from typing import Any

from bot.glass import APART, Break
from bot.request import Effect, EffectKind, Event, Move, Request, State

ENDED = frozenset({State.REJECTED, State.EXPIRED, State.CANCELLED, State.DENIED})
RAN = frozenset({State.SUCCEEDED, State.FAILED, State.UNKNOWN})
_SILENT = frozenset({Move.DRAFT, Move.PLAN, Move.SEND, Move.CLAIM, Move.PREVIEW})


def follow(before: Request | None, after: Request, event: Event) -> tuple[Effect, ...]:
    """The effects of one move. Their keys hold the new revision where each must happen, a place where only the last."""
    revision = (before.revision if before else 0) + 1
    found = [*_shows(before, after), *_tells(before, after, event, revision), *_work(before, after, event, revision)]
    return tuple(found)


def shown(request: Request) -> bool:
    """Whether the current version has a card in the channel: it was asked about, or its result belongs there."""
    version = request.version
    if version is None or request.state in (State.DRAFTING, State.DENIED):
        return False
    return version.route.asks or version.action.result == "card"


def shows(request: Request) -> tuple[Effect, ...]:
    """Redraw every message of it that stands: it says more than it did, without a move."""
    return tuple(_shows(request, request))


def of_break(request: Request, event: Event, *, loud: bool) -> tuple[Effect, ...]:
    """What a look at a break shows and tells. `loud`: operators and the security channel hear of it anew."""
    told = {"event": event_json(event)}
    last = f"{event.type}/{request.revision + 1}"
    found = [*shows(request)]
    if shown(request):
        found.append(_tell(request, f"thread/{last}", to="thread", **told))
    if event.actor.kind == "person":
        found.append(_tell(request, f"requester/{last}", to="requester", **told))
    if loud:
        found += [_tell(request, f"{to}/{last}", to="glass", where=to, **told) for to in ("security", "operators")]
    return tuple(found)


def _shows(before: Request | None, after: Request) -> Iterator[Effect]:
    if after.asker.told:
        yield _show(after, "mine")
    if before is not None and shown(before) and before.now_version.number != after.now_version.number:
        yield from _places(before)
    if shown(after):
        yield from _places(after)
    for broken in after.breaks:
        yield _show(after, f"security/{broken.version}")


def _places(request: Request) -> Iterator[Effect]:
    number = request.now_version.number
    yield _show(request, f"card/{number}")
    for person, _ in request.escalated_to:
        yield _show(request, f"dm/{number}/{person}")


def _show(request: Request, key: str) -> Effect:
    return Effect(EffectKind.SHOW, request.id, key)


def _tells(before: Request | None, after: Request, event: Event, revision: int) -> Iterator[Effect]:
    move = Move(event.type)
    spoken = move is Move.REMARK and after.remarks[-1].kind == "comment"  # it stands in the thread already
    if shown(after) and move not in _SILENT and not spoken:
        yield _tell(after, f"thread/{revision}", to="thread", event=event_json(event))
    if after.asker.told and _requester_hears(before, after, event):
        yield _tell(after, f"requester/{revision}", to="requester", event=event_json(event))
    if move is Move.BREAK_GLASS and after.broken is not None:
        yield from _skipped(after, after.broken, event)
    if (after.state is State.UNKNOWN and event.before is not State.UNKNOWN) or move is Move.ALONE:
        yield _tell(after, f"operators/{revision}", to="operators", event=event_json(event))


def _skipped(request: Request, broken: Break, event: Event) -> Iterator[Effect]:
    """Everybody who was passed over hears of it, one after the other; once, for a version is broken through once."""
    for turn, person in enumerate(broken.skipped):
        data = {"to": "glass", "where": person, "event": event_json(event)}
        at = event.at + turn * APART
        yield Effect(EffectKind.TELL, request.id, f"skipped/{broken.version}/{person}", data, after=at)


def _requester_hears(before: Request | None, after: Request, event: Event) -> bool:
    if event.type == Move.REMARK:
        return after.remarks[-1].kind == "question"
    if event.type in (Move.REOPEN, Move.ALONE):
        return True
    if event.type == Move.CLAIM:
        return after.now_version.by_caller  # it is theirs to run
    if before is None or before.state is after.state:
        return event.type == Move.EDIT and event.actor.id != after.asker.told
    own = event.type == Move.CANCEL and event.actor.id == after.asker.told
    return after.state in ENDED | RAN and before.state is not State.DRAFTING and not own


def _tell(request: Request, key: str, **data: Any) -> Effect:
    return Effect(EffectKind.TELL, request.id, key, data)


def _work(before: Request | None, after: Request, event: Event, revision: int) -> Iterator[Effect]:
    if after.state is State.DRAFTING and after.draft is not None and after.draft.status == "reading":
        yield Effect(EffectKind.PLAN, after.id, f"plan/{revision}")
    newly = before is None or before.version is None or before.now_version.number != after.now_version.number
    if after.state is State.PENDING and newly and after.now_version.action.preview is not None:
        yield Effect(EffectKind.PREVIEW, after.id, f"preview/{after.now_version.number}")
    entered = before is None or before.state is not State.APPROVED
    if after.state is State.APPROVED and (entered or event.type == Move.RELEASE):
        yield Effect(EffectKind.RUN, after.id, f"run/{revision}")
    if event.type == Move.AGAIN and after.again_by:
        yield Effect(EffectKind.RUN, after.id, f"run/{revision}")
    if event.type == Move.RECOVER and after.state is State.EXECUTING:
        yield Effect(EffectKind.RUN, after.id, f"run/{revision}", {"attempt": after.attempts[-1].number})
    if after.state is State.UNKNOWN and event.before is State.EXECUTING and after.now_version.action.probe is not None:
        yield Effect(EffectKind.PROBE, after.id, f"probe/{revision}")


def event_json(event: Event) -> dict[str, Any]:
    told = {
        "type": event.type,
        "request_id": event.request_id,
        "actor": {"kind": event.actor.kind, "id": event.actor.id, "via": event.actor.via},
        "at": event.at,
        "version": event.version,
        "before": event.before,
        "after": event.after,
        "digest": event.digest,
        "detail": dict(event.detail),
    }
    return {key: value for key, value in told.items() if value not in (None, "", {})}
