"""The card: a request as a message that is drawn anew from the stored request every time, never patched.

From the top: the headline; risk, state and who asks; the exact arguments; whose turn it is, until when, by which
rule (or, once decided, by whom, and what came of it); what it would do; and last, quoted, what the requester said.
The buttons follow from the state.
"""

from collections.abc import Sequence

from bot.absence import Cover
from bot.ports import Row
from bot.request import Plan, Request, State, Version
from bot.route import Surface
from bot.timing import early
from handlers.cards import broken, facts
from handlers.cards.arguments import Shown, doubts, on_card, without_secrets
from handlers.cards.blocks import (
    MESSAGE_ROOM,
    Drawn,
    Json,
    actions,
    bold,
    button,
    clip_to,
    confirm,
    date,
    drawn,
    header,
    note,
    numbered,
    person,
    pre,
    quoted,
    rich,
    section,
    weight,
    words,
)
from handlers.cards.facts import Line
from handlers.cards.text import clip, shown, visible
from handlers.cards.words import risk_words
from handlers.redact import redact

HEADLINE_ROOM, PLAN_ROOM = 400, 1_600  # characters a card gives; what needs more is read in Review
QUOTES = (600, 150)  # characters of the preview, the words, a result; less where all of them are long


def card(
    request: Request,
    token: str,
    *,
    copy: bool = False,
    may_vote: bool = True,
    similar: Sequence[Row] = (),
    now: int | None = None,
    covers: Sequence[Cover] = (),
    whose: str = "",
) -> Drawn:
    """A card of the current version. `copy`: one sent by DM; `may_vote`: whether that copy has vote buttons.

    `covers`: who of those asked is away; `whose`: the person whose copy it is.
    """
    version = request.now_version
    shown_args = on_card(version)
    opening = f"{facts.stands(request)}: {version.headline} ({risk_words(version.risk)})"
    for quote in QUOTES:
        blocks = [
            *header(version.headline, HEADLINE_ROOM),
            *(
                [note(_why_copied(request, covers, whose, may_vote=may_vote))]
                if copy and request.state is State.PENDING
                else []
            ),
            rich(section(facts.standing(request), facts.who(request), *facts.cautions(request, shown_args.left))),
            *_in_order(request, _arguments(shown_args), _decided(request, now, quote, covers)),
            *_effect(request, quote),
            *_words(request, quote),
            note(facts.similar(similar), facts.small_print(version, request.id)),
            *actions(*_buttons(request, token, shown_args, may_vote=may_vote)),
        ]
        if weight(blocks) <= MESSAGE_ROOM:
            break
    return drawn(opening, numbered(blocks, f"v{version.number}.{request.revision}"))


def fits(version: Version) -> bool:
    """Whether one look at one card is enough: it holds all of the version, and nothing in it may deceive the eye."""
    return (
        not on_card(version).left
        and len(visible(version.headline, one_line=True)) <= HEADLINE_ROOM
        and weight(plan_text(version)) <= PLAN_ROOM
        and not doubts(version)
    )


def superseded(request: Request, number: int, headline: str | None = None) -> Drawn:
    """What is left of an older version's message: no buttons, nothing to decide."""
    current = request.now_version.number
    told = f"Version {number} is superseded by version {current}"
    was: Line = [words(headline, 300, strike=True)] if headline else []
    blocks = [rich(section(was, [bold(told), ". It decides nothing."]))]
    return drawn(f"{told}: {headline}" if headline else told, numbered(blocks, f"old{number}"))


def _why_copied(request: Request, covers: Sequence[Cover], whose: str, *, may_vote: bool) -> str:
    away = [each.name for each in covers if each.stand_in and each.stand_in == whose]
    if away:
        names = ", ".join(clip(visible(name, one_line=True), 80) for name in away)
        return f"You have this because {names} is away and you stand in: you decide in your own name, or others do."
    if may_vote and early(request, whose):
        return "You have this because nobody else who could decide it is there: decide here or in the channel."
    if may_vote:
        return "You have this because it has waited: you may decide here or in the channel, it is the same request."
    return "For your information, because it has waited. Others decide it."


def _in_order(request: Request, args: list[Json], decided: list[Json]) -> list[Json]:
    """What would run comes first as long as it is open; afterwards, what became of it."""
    return [*args, *decided] if request.state is State.PENDING else [*decided, *args]


def _arguments(args: Shown) -> list[Json]:
    drawn_boxes = [element for box in args.boxes for element in box.drawn()]
    return [rich(*drawn_boxes)] if drawn_boxes else [note("No arguments.")]


def _decided(request: Request, now: int | None, quote: int, covers: Sequence[Cover]) -> list[Json]:
    """Whose turn it is; or who decided, and what came of it."""
    version = request.now_version
    lines = facts.waiting(request, covers) or [
        *facts.said(request.votes),
        *facts.running(request, now),
        *facts.closed(request),
    ]
    elements = [section(*broken.told(request.broken), *lines, *facts.why(version)), *broken.why(request.broken, quote)]
    if request.question is not None and request.state is State.PENDING:
        asked = request.question
        elements += [section([bold("Open question"), " from ", person(asked.by)]), quoted(asked.text, quote)]
    if request.state is State.EXECUTING and request.attempts[-1].progress:
        elements.append(quoted(without_secrets(request.attempts[-1].progress, version), quote))
    elif request.reason:
        elements += [section([_reason_label(request.state)]), quoted(without_secrets(request.reason, version), quote)]
    if request.state is State.SUCCEEDED and version.action.result == "card":
        elements += result(request, quote)
    return [rich(*elements)]


def _reason_label(state: State) -> Json:
    ran = state in (State.SUCCEEDED, State.FAILED, State.UNKNOWN, State.UNDONE)
    return bold("What came of it" if ran else "Why")


def result(request: Request, room: int) -> list[Json]:
    """The last attempt's result, as much as there is room for."""
    if not request.attempts or request.attempts[-1].result is None:
        return []
    text = without_secrets(shown(request.attempts[-1].result), request.version)
    return [section([bold("Result")]), pre(clip_to(text, room, " in Details"), ready=True)]


def _effect(request: Request, quote: int) -> list[Json]:
    """What it would do: as the action itself says, and as the model does."""
    version = request.now_version
    elements: list[Json] = []
    if version.preview is not None:
        told = "What it says it would do" if version.preview.ok else "What the preview answered"
        elements += [section([bold(told), " · ", date(version.preview.at)]),
                     quoted(without_secrets(version.preview.text, version), quote)]  # fmt: skip
    if plan := plan_text(version):
        room = PLAN_ROOM if weight(plan) <= PLAN_ROOM else PLAN_ROOM // 2
        elements += [section([bold("What the model says of it"), ", unverified"]),
                     pre(clip_to(plan, room, " in Review"), ready=True)]  # fmt: skip
    return [rich(*elements)] if elements else []


def plan_text(version: Version) -> str:
    """Steps, impact and warnings in the model's words, visible."""
    return "\n".join(visible(without_secrets(line, version), one_line=True) for line in plan_lines(version.plan))


def plan_lines(plan: Plan) -> list[str]:
    """The same, as it was written."""
    lines = [f"{number}. {step}" for number, step in enumerate(plan.steps, 1)]
    lines += [f"Impact: {plan.impact}"] if plan.impact else []
    return lines + [f"Warning: {warning}" for warning in plan.warnings]


def _words(request: Request, quote: int) -> list[Json]:
    if not request.words:
        return []
    said = without_secrets(request.words, request.version)
    return [rich(section([bold("In the requester's own words"), ", unverified"]), quoted(redact(said), quote))]


def _buttons(request: Request, token: str, args: Shown, *, may_vote: bool) -> list[Json]:
    if not token:
        return []
    version = request.now_version
    headline = version.headline
    details = button("Details", "details", token, about=headline)
    own = broken.buttons(request.broken, token, headline) if may_vote else []
    return [*own, *_by_state(request, token, args, details, may_vote=may_vote)]


def _by_state(request: Request, token: str, args: Shown, details: Json, *, may_vote: bool) -> list[Json]:
    version = request.now_version
    headline = version.headline
    match request.state:
        case State.PENDING if may_vote:
            return [
                _yes(version, token, one_click=version.surface is Surface.CARD and not args.left),
                button("Reject", "reject", token, style="danger", about=headline),
                button("Edit", "edit", token, about=headline),
                button("Ask", "ask", token, about=headline),
                details,
            ]
        case State.UNKNOWN if may_vote and not request.again_by:
            return [
                button("Done", "done", token, style="primary", about=headline),
                button("Not done", "not_done", token, about=headline),
                button("Run again", "again", token, style="danger", about=headline),
                details,
            ]
        case State.APPROVED if request.waits_for_release:
            return [button("Release", "release", token, style="primary", about=headline), details]
        case State.SUCCEEDED if version.action.undo and not request.undone_by:
            sure = confirm("Ask to undo this?", headline, "Ask to undo")
            return [button("Undo", "undo", token, about=headline, confirm=sure), details]
        case _:
            return [details]


def _yes(version: Version, token: str, *, one_click: bool) -> Json:
    if not one_click:
        return button("Review", "review", token, style="primary", about=version.headline)
    sure = confirm("Approve exactly this?", version.headline, "Approve")
    return button("Approve", "approve", token, style="primary", about=version.headline, confirm=sure)
