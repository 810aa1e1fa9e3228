"""Lines in a card's thread, and in the requester's: one for each event that people should hear of.

Each is drawn from the event and the request as it stands now, which may have moved on since: what is no longer
there to be told (a vote on an earlier version) is left out, never guessed.
"""

from collections.abc import Callable, Mapping, Sequence

from bot import breakage
from bot.absence import Cover
from bot.bulk import VIA
from bot.glass import Break
from bot.outcome import Ending
from bot.request import Actor, Event, Move, Remark, Request, State, Vote
from bot.route import REQUESTER
from bot.standing import ENDED, GIVEN
from handlers.cards import standing
from handlers.cards.arguments import without_secrets
from handlers.cards.blocks import (
    Drawn,
    Json,
    bold,
    code,
    date,
    drawn,
    joined,
    people,
    person,
    quoted,
    rich,
    section,
    user_group,
)
from handlers.cards.facts import Line, in_place
from handlers.cards.words import ENDINGS, count, state_words
from handlers.redact import redact

ROOM = 2_500  # characters of what is quoted
Told = tuple[Line, str]  # the line, and what is quoted below it


def line(event: Event, request: Request, covers: Sequence[Cover] = ()) -> Drawn | None:
    """What the thread hears of an event; None for what needs no line. `covers`: who of those asked is away."""
    tell = _LINES.get(event.type)
    told = _remind(request, covers) if event.type == Move.REMIND else tell(event, request) if tell else None
    if told is None:
        return None
    parts, said = told
    elements: list[Json] = [section(parts)]
    if said:
        elements.append(quoted(without_secrets(redact(said), request.version), ROOM))
    headline = f": {request.version.headline}" if request.version else ""
    return drawn(headline, [rich(*elements)], opening=_as_text(parts))


def _as_text(parts: Line) -> str:
    """The line for notifications; people and times are only on the screen."""
    texts = [part if isinstance(part, str) else str(part.get("text", "…")) for part in parts]
    return "".join(texts).strip()


def _who(actor: Actor) -> Line:
    if actor.kind == "person":
        return [person(actor.id)]
    return [code(actor.id)] if actor.id else ["Signoff"]


def _edit(event: Event, _: Request) -> Told:
    return ["✏ ", *_who(event.actor), f" changed it: version {event.version} is the one to decide on; votes fall"], ""


def _vote(event: Event, request: Request) -> Told:
    given = _vote_of(event, request)
    yes = bool(event.detail.get("approve"))
    stages = len(request.version.route.stages) if request.version else 1
    stage = int(event.detail.get("stage", 0)) + 1
    where = f" stage {stage} of {stages}" if stages > 1 else ""
    together = " (together with others)" if event.actor.via == VIA else ""
    parts: Line = ["✅ " if yes else "❌ ", *_who(event.actor), " approved" if yes else " rejected", where, together]
    if event.detail.get("passed"):
        parts.append(". It is approved" if event.after is State.APPROVED else f". Stage {stage} has passed")
    elif event.detail.get("unreachable"):
        parts.append(". Those who may still vote can no longer meet what is asked: rejected")
    elif event.after is State.PENDING:
        parts.append(". More are needed")
    return parts, given.reason if given else ""


def _break_glass(event: Event, request: Request) -> Told:
    broken = _break_of(event, request)
    told: Line = ["🚨 ", *_who(event.actor), " ", bold("broke the glass"), ": it runs without approval"]
    return told, broken.reason if broken else ""


def _looked(event: Event, request: Request) -> Told:
    broken = _break_of(event, request)
    fine = event.type == breakage.REVIEWED
    looks = broken.looks if broken else ()
    said = next((each.note for each in looks if (each.person, each.fine) == (event.actor.id, fine)), "")
    if fine:
        return ["✔ ", *_who(event.actor), " reviewed the break-glass"], said
    return ["⚠ ", *_who(event.actor), " ", bold("raised a concern"), " about the break-glass"], said


def _overdue(_: Event, __: Request) -> Told:
    return ["⏰ Nobody has reviewed the break-glass in time. It stays open until somebody does"], ""


def _break_of(event: Event, request: Request) -> Break | None:
    return next((each for each in request.breaks if each.version == event.version), None)


def _vote_of(event: Event, request: Request) -> Vote | None:
    """The vote itself, as long as its version is the current one."""
    return next(
        (vote for vote in request.votes if vote.person == event.actor.id and vote.version == event.version), None
    )


def _remark(event: Event, request: Request) -> Told | None:
    said = _remark_of(event, request)
    match event.detail.get("kind"):
        case "question":
            to: Line = [" asks ", person(request.asker.told)] if request.asker.told else [" asks"]
            return ["❓ ", *_who(event.actor), *to], said.text if said else ""
        case "answer":
            return ["💬 ", *_who(event.actor), " answers"], said.text if said else ""
    return None  # a comment stands in the thread already


def _remark_of(event: Event, request: Request) -> Remark | None:
    return next((each for each in request.remarks if each.by == event.actor.id and each.at == event.at), None)


def _preview(event: Event, request: Request) -> Told | None:
    if event.detail.get("ok") or request.version is None or request.version.preview is None:
        return None
    return ["🚩 The preview failed, so it is approved in Review"], request.version.preview.text


def _remind(request: Request, covers: Sequence[Cover]) -> Told | None:
    """A mention of those who have not said anything, as long as they still can."""
    if request.open_stage is None:
        return None
    return ["⏰ Still waiting for ", *asked(request, covers), " · expires ", date(request.expires_at)], ""


def asked(request: Request, covers: Sequence[Cover] = ()) -> Line:
    """Those the open stage asks and who have not voted: their groups, and the people named one by one."""
    names, known = request.stage_groups, request.now_version.route.groups
    groups = [known[name] for name in names if name in known]
    silent = request.makers | request.spent
    mentioned: list[Line] = [[user_group(ident)] for group in groups for ident in group.user_groups]
    named = in_place([ident for group in groups for ident in group.users if ident not in silent], covers)
    if named:
        mentioned.append(people(named))
    if REQUESTER in names and request.asker.told:
        mentioned.append([person(request.asker.told)])
    return joined(mentioned or [[bold(" or ".join(names) or "nobody")]], ", ")


def _escalate(event: Event, request: Request) -> Told:
    to = [str(name) for name in event.detail.get("to", ())]
    reached = next((fired.people for fired in request.fired if fired.kind == "escalate" and fired.at == event.at), ())
    names: Line = people(reached) if reached else [bold(" and ".join(to) or "nobody")]
    of: Line = [" of ", bold(", ".join(to))] if reached else []
    why = "Nobody is left who could decide it" if event.detail.get("early") else "Nobody decided in time"
    return [f"📣 {why}: escalated to ", *names, *of], ""


def _alone(_: Event, request: Request) -> Told | None:
    told = "Nobody is left who could decide it, and there is nobody to escalate to"
    return [f"🚩 {told}. It expires ", date(request.expires_at), ", or an operator puts somebody in charge"], ""


def _expire(_: Event, request: Request) -> Told:
    return ["⌛ Expired. Nobody said no, and nothing ran"], request.reason


def _cancel(event: Event, request: Request) -> Told:
    return ["⚪ ", *_who(event.actor), " cancelled it. Nothing runs"], request.reason


def _reopen(event: Event, _: Request) -> Told:
    denied = event.after is State.DENIED
    told = "Nothing ran, and the policy now denies it" if denied else "Nothing ran: it is asked about anew"
    return [f"🚩 {told}, as version {event.version}"], str(event.detail.get("reason", ""))


def _claim(_: Event, request: Request) -> Told | None:
    """Only the requester hears of it, and only where it is theirs to run."""
    if request.version is None or not request.version.by_caller:
        return None
    until: Line = [", by ", date(request.attempts[-1].lease_until)] if request.attempts else []
    return ["▶ ", bold("It is approved, and yours to run now"), ". Say then what came of it", *until], ""


_ENDED = {Ending.SUCCEEDED: "✅ It ran", Ending.FAILED: "❗ It failed", Ending.UNKNOWN: "❓ Its outcome is unknown"}


def _finish(event: Event, request: Request) -> Told:
    number = event.detail.get("attempt")
    attempt = next((each for each in request.attempts if each.number == number), None)
    told = _ENDED[Ending(event.detail["ending"])]
    by: Line = [", says ", *_who(event.actor)] if event.actor.kind != "bot" else []
    again: Line = [f" (attempt {number})"] if len(request.attempts) > 1 else []
    return [bold(told), *again, *by], attempt.summary if attempt else ""


def _recover(event: Event, _: Request) -> Told:
    if event.after is State.UNKNOWN:
        return ["❓ ", bold("Its outcome is unknown"), ": Signoff lost touch while it ran. An operator settles it"], ""
    return [f"🔄 Signoff lost touch while it ran; attempt {event.detail.get('attempt')} runs with the same key"], ""


def _settle(event: Event, request: Request) -> Told:
    says = ENDINGS[Ending(event.detail["ending"])]
    asker: Line = ["A probe"] if event.actor.via == "probe" else _who(event.actor)
    return ["🔎 ", *asker, " settled it: ", bold(f"it {says}")], request.attempts[
        -1
    ].summary if request.attempts else ""


def _again(event: Event, _: Request) -> Told:
    if refused := event.detail.get("refused"):
        return ["❓ It was not run again; an operator settles it"], str(refused)
    return ["🔄 ", *_who(event.actor), " asked to run it again, with the same idempotency key"], ""


def _hold(_: Event, __: Request) -> Told:
    return ["✋ It was approved while Signoff was paused, some time ago: it waits for an operator's Release"], ""


def _release(event: Event, _: Request) -> Told:
    return ["▶ ", *_who(event.actor), " released it"], ""


def _undo(event: Event, _: Request) -> Told:
    if event.after is State.UNDONE:
        return ["🔙 ", bold("It was undone")], ""
    if ended := event.detail.get("ended"):
        return [f"🔙 The undo came to nothing ({ended}): it can be asked for again"], ""
    return ["🔙 ", *_who(event.actor), " asked to undo it: request ", code(str(event.detail.get("undo", "")))], ""


def _standing_given(event: Event, _: Request) -> Told:
    return standing.line(event.detail, _who(event.actor), ended=False), ""


def _standing_ended(event: Event, _: Request) -> Told:
    return standing.line(event.detail, _who(event.actor), ended=True), ""


_LINES: Mapping[str, Callable[[Event, Request], Told | None]] = {
    Move.EDIT: _edit,
    Move.VOTE: _vote,
    Move.BREAK_GLASS: _break_glass,
    breakage.REVIEWED: _looked,
    breakage.CONCERN: _looked,
    breakage.OVERDUE: _overdue,
    Move.REMARK: _remark,
    Move.PREVIEW: _preview,
    Move.ESCALATE: _escalate,
    Move.ALONE: _alone,
    Move.EXPIRE: _expire,
    Move.CANCEL: _cancel,
    Move.REOPEN: _reopen,
    Move.CLAIM: _claim,
    Move.FINISH: _finish,
    Move.RECOVER: _recover,
    Move.SETTLE: _settle,
    Move.AGAIN: _again,
    Move.HOLD: _hold,
    Move.RELEASE: _release,
    Move.UNDO: _undo,
    GIVEN: _standing_given,
    ENDED: _standing_ended,
}  # drafts, sending, a claim and refusals make no line: the card and the private answer say them


def alone_alert(request: Request) -> Drawn:
    """For operators: nobody is left who could decide a request."""
    groups = [name for name in request.stage_groups if name != REQUESTER]
    told: Line = ["🚩 ", bold("Nobody is left who could decide a request"), ": those it asks are gone or away"]
    remedy: Line = ["Put somebody into ", bold(" or ".join(groups) or "its groups"), ", or cancel it: ",
                    code(f"/signoff cancel {request.id}"), ". It expires ", date(request.expires_at)]  # fmt: skip
    headline = request.now_version.headline
    return drawn(f"Nobody is left who could decide: {headline}", [rich(section(told, [bold(headline, 600)], remedy))])


def operator_alert(request: Request) -> Drawn:
    """For operators: an outcome nobody knows, with what is known of it."""
    version = request.now_version
    last = request.attempts[-1] if request.attempts else None
    tried: Line = [f"Attempt {last.number} of ", code(request.id), " began ", date(last.started_at)] if last else []
    told: Line = ["❓ ", bold("An outcome is unknown"), ": an operator says on its card what came of it"]
    elements = [section(told, [bold(version.headline, 600)], tried)]
    if last and last.summary:
        elements.append(quoted(without_secrets(last.summary, version), ROOM))
    if len(request.attempts) > 1:
        elements.append(section([count(len(request.attempts), "attempt"), " so far, all with one idempotency key"]))
    return drawn(f"{state_words(State.UNKNOWN)}: {version.headline}", [rich(*elements)])
