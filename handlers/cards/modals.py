"""Every modal by its name: the small ones in which people say something are here, the others beside.

form → fields          ask for something: choose the action, then fill it in
edit                   change an open request
review                 see everything, then approve
reject ask answer      say why not, ask, answer
settle                 say what came of an unknown outcome
report                 say what came of what one ran oneself
details → revealed     everything that is known; a sensitive value
similar → allowed      give a standing approval
notice                 why something was refused
"""

from collections.abc import Mapping
from typing import Any

from bot.errors import Refusal
from bot.request import Request
from handlers.cards import facts
from handlers.cards.arguments import without_secrets
from handlers.cards.blocks import Json, bold, date, header, note, person, plain, quoted, rich, section
from handlers.cards.details import details, revealed
from handlers.cards.forms import edit, fields, form
from handlers.cards.lists import joined as same
from handlers.cards.lists import refusal
from handlers.cards.parts import TO_THE_SECOND, arguments_parts, first_page
from handlers.cards.review import AGAIN, review
from handlers.cards.standing import allowed, similar
from handlers.cards.views import Place, modal, place, text_input

__all__ = [
    "AGAIN",
    "Place",
    "allowed",
    "details",
    "edit",
    "fields",
    "form",
    "place",
    "revealed",
    "review",
    "similar",
]

REASON_ROOM = 2_500


def turned(callback: str, request: Request, at: Place, page: int, **more: Any) -> Json:
    """Another page of a review or of details, drawn fresh; `more` is what `details` takes."""
    if callback == "review":
        return review(request, at.token, page, similar=bool(more.get("similar")))
    return details(request, at.token, page, **more)


def notice(error: Refusal) -> Json:
    """Why something was refused."""
    return modal("loading", "Not done", refusal(error).blocks)


def joined(request: Request) -> Json:
    """What somebody asked for is open already."""
    return modal("loading", "Asked already", same(request).blocks)


def reject(request: Request, token: str) -> Json:
    """Asks for the reason of a rejection."""
    reason = text_input("Why not?", "reason", placeholder="The requester reads this", most=REASON_ROOM)
    return modal("reject", "Reject", [*_of(request), reason], token, submit="Reject")


def ask(request: Request, token: str) -> Json:
    """Asks for a question to the requester."""
    question = text_input("What do you want to know?", "question", most=REASON_ROOM)
    told = note("The requester is asked privately. Reminders and escalations rest for an hour at most.")
    return modal("ask", "Ask the requester", [*_of(request), question, told], token, submit="Ask")


def answer(request: Request, token: str) -> Json:
    """Asks the requester for an answer to the open question."""
    asked = request.question
    said = [rich(section([person(asked.by), bold(" asks")]), quoted(asked.text, 3_000))] if asked else []
    return modal("answer", "Answer", [*_of(request), *said, text_input("Your answer", "answer", most=REASON_ROOM)],
                 token, submit="Answer")  # fmt: skip


SETTLES: Mapping[str, tuple[str, str]] = {
    "done": ("Done", "It did happen; I have checked."),
    "not_done": ("Not done", "It did not happen; I have checked."),
    "again": ("Run again", "Start it once more, with the same idempotency key."),
}


def settle(request: Request, token: str, chosen: str = "done") -> Json:
    """Asks an operator what came of an unknown outcome. `chosen`: done, not_done or again, by the button pressed."""
    options = [
        {"text": plain(label), "description": plain(about), "value": value} for value, (label, about) in SETTLES.items()
    ]
    initial = options[list(SETTLES).index(chosen)]
    radio = {"type": "radio_buttons", "action_id": "says", "options": options, "initial_option": initial}
    version = request.now_version
    blocks = [
        *_of(request),
        *_known(request),
        *first_page(arguments_parts(version)),
        {"type": "input", "block_id": "says", "label": plain("What happened?"), "element": radio},
        text_input("How do you know?", "reason", placeholder="Kept in the audit trail", most=REASON_ROOM),
        note(facts.small_print(version, request.id)),
    ]
    return modal("settle", "Settle the outcome", blocks, token, submit="Record")


def report(request: Request, token: str, chosen: str) -> Json:
    """Asks whoever ran it what came of it. `chosen`: did or did_not, by the button pressed."""
    did = chosen == "did"
    placeholder = "Such as the number of the ticket" if did else "What went wrong, and that nothing was done"
    account = text_input("What came of it?" if did else "What happened?", "account", placeholder=placeholder,
                         most=REASON_ROOM)  # fmt: skip
    told = note("Kept with the request, and shown on its card.")
    title, submit = ("I did it", "Report it done") if did else ("It failed", "Report it failed")
    return modal("report", title, [*_of(request), account, told], token, submit=submit, action=chosen)


def _known(request: Request) -> list[Json]:
    if not request.attempts:
        return []
    attempt = request.attempts[-1]
    started: facts.Line = [f"Attempt {attempt.number}, started ", date(attempt.started_at, TO_THE_SECOND)]
    summary = quoted(without_secrets(attempt.summary, request.version), 1_000)
    return [rich(section([bold("What is known")], started), summary)]


def _of(request: Request) -> list[Json]:
    return [*header(request.now_version.headline, 1_000), rich(section(facts.standing(request), facts.who(request)))]
