"""The requester's own message: one per request, drawn anew at each change, from the first words to the outcome."""

from collections.abc import Sequence

from bot.absence import Cover
from bot.catalogue import Action
from bot.policy import Decision
from bot.request import Request, State
from handlers.cards import broken, facts
from handlers.cards.arguments import boxes, without_secrets
from handlers.cards.blocks import (
    MESSAGE_ROOM,
    Drawn,
    Json,
    actions,
    bold,
    button,
    confirm,
    drawn,
    header,
    note,
    numbered,
    person,
    quoted,
    rich,
    section,
    weight,
)
from handlers.cards.card import HEADLINE_ROOM, result
from handlers.cards.drafts import ROOMS, draft_parts
from handlers.cards.words import confidence_words


def mine(
    request: Request,
    token: str,
    *,
    action: Action | None = None,
    decision: Decision | None = None,
    now: int | None = None,
    covers: Sequence[Cover] = (),
) -> Drawn:
    """What the requester sees.

    Of a draft: `action` is the one its draft names, `decision` what the policy would say of it now.
    """
    if request.state is State.DRAFTING:
        text, blocks = draft_parts(request, token, action, decision)
    elif request.version is None:
        text = facts.stands(request)
        blocks = [rich(section([bold(text)]), *([quoted(request.words, ROOMS[0])] if request.words else []))]
    else:
        text = f"{facts.stands(request)}: {request.version.headline}"
        blocks = _sent(request, token, now, ROOMS[0], covers)
        if weight(blocks) > MESSAGE_ROOM:
            blocks = _sent(request, token, now, ROOMS[1], covers)
    number = request.version.number if request.version else 0
    return drawn(text, numbered(blocks, f"m{number}.{request.revision}"))


def _sent(request: Request, token: str, now: int | None, room: int, covers: Sequence[Cover]) -> list[Json]:
    version = request.now_version
    lines = facts.waiting(request, covers) or [
        *facts.said(request.votes),
        *facts.running(request, now),
        *facts.closed(request),
    ]
    lines = [*broken.told(request.broken), *lines]
    blocks = [
        *header(version.headline, HEADLINE_ROOM),
        rich(section(facts.standing(request), _read(request), facts.under(version), *lines)),
    ]
    if request.broken is not None:
        blocks.append(rich(*broken.why(request.broken, room)))
    question = request.question if request.state is State.PENDING else None
    if question is not None:
        asks = section(["❓ ", person(question.by), bold(" asks you")])
        blocks.append(rich(asks, quoted(question.text, room)))
    if request.state is State.EXECUTING and request.attempts[-1].progress:
        blocks.append(rich(quoted(without_secrets(request.attempts[-1].progress, version), room)))
    if request.reason:
        label = "Why" if request.state in _NOT_RUN else "What came of it"
        blocks.append(rich(section([bold(label)]), quoted(request.reason, room)))
    if request.state in (State.SUCCEEDED, State.FAILED, State.UNKNOWN) and (found := result(request, 2 * room)):
        blocks.append(rich(*found))
    blocks += [*_elements(request), *_words(request, room), note(facts.small_print(version, request.id))]
    answer = [button("Answer", "answer", token, style="primary", about=version.headline)] if question else []
    return [*blocks, *actions(*answer, *_moves(request, token))]


def _read(request: Request) -> facts.Line:
    """How sure the model was that this is what was meant."""
    version = request.now_version
    open_yet = request.state in (State.PENDING, State.APPROVED) and version.plan.source == "model"
    return ["Understood from your words; the model is ", confidence_words(version.plan.confidence)] if open_yet else []


_NOT_RUN = (State.REJECTED, State.CANCELLED, State.EXPIRED, State.DENIED)


def _elements(request: Request) -> list[Json]:
    """The arguments, as long as it is not decided and they are short; Details has them always."""
    version = request.now_version
    elements = [element for box in boxes(version.action, version.args) for element in box.drawn()]
    return [rich(*elements)] if elements and weight(elements) <= MESSAGE_ROOM // 4 else []


def _words(request: Request, room: int) -> list[Json]:
    """To be held against what was understood, as long as it can be changed."""
    if not request.words or request.state is not State.PENDING:
        return []
    return [rich(section([bold("Your words")]), quoted(request.words, room, ""))]


def _moves(request: Request, token: str) -> Sequence[Json]:
    headline = request.now_version.headline
    cancel = button("Cancel", "cancel", token, style="danger", about=headline,
                    confirm=confirm("Cancel this request?", headline, "Cancel it"))  # fmt: skip
    details = button("Details", "details", token, about=headline)
    match request.state:
        case State.PENDING:
            return [button("Edit", "edit", token, about=headline), cancel, details]
        case State.APPROVED:
            return [cancel, details]
        case State.EXECUTING if request.now_version.by_caller:
            return [
                button("I did it", "did", token, style="primary", about=headline),
                button("It failed", "did_not", token, style="danger", about=headline),
                details,
            ]
        case State.SUCCEEDED if request.now_version.action.undo and not request.undone_by:
            sure = confirm("Ask to undo this?", headline, "Ask to undo")
            return [button("Undo", "undo", token, about=headline, confirm=sure), details]
        case _:
            return [details]
