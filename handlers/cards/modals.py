"""The modals in which people decide, ask and answer, each drawn fresh from the stored version.

Review shows everything that will run, in full. One that is long has pages; *Approve* stands on the last page only,
and a page is reached only from its neighbour, so that each has been seen before anyone can decide.
"""

from collections.abc import Iterator, Mapping

from bot.request import Request, Version
from handlers.cards import facts
from handlers.cards.arguments import boxes, doubts, way, without_secrets
from handlers.cards.blocks import (
    HEADER,
    Json,
    bold,
    code,
    date,
    header,
    note,
    person,
    plain,
    pre,
    quoted,
    rich,
    section,
)
from handlers.cards.card import plan_text
from handlers.cards.paging import Part, blocks_part, box_part, pages, turning
from handlers.cards.text import shown, visible
from handlers.cards.views import modal, text_input
from handlers.redact import redact

REASON_ROOM = 2_500
TO_THE_SECOND = "{date_short_pretty} at {time_secs}"


def review(request: Request, token: str, page: int = 0, *, note_to_person: str = "") -> Json:
    """Everything of the current version, page by page; the last one has *Approve*, and what must be typed for it.

    `note_to_person`: why it is drawn again, such as what was typed wrongly.
    """
    made = pages(_everything(request))
    at = min(max(page, 0), len(made) - 1)
    last = at + 1 == len(made)
    blocks = [
        *([rich(section(["🚩 ", bold(note_to_person)]))] if note_to_person else []),
        *(header(request.now_version.headline)[:1] if at == 0 else []),
        *made[at],
        *(_confirmation(request.now_version) if last else []),
        note(facts.small_print(request.now_version, request.id)),
        *turning(at, len(made), token),
    ]
    title = "Review" if len(made) == 1 else f"Review: page {at + 1} of {len(made)}"
    return modal("review", title, blocks, token, submit="Approve" if last else "", p=at)


def _everything(request: Request) -> Iterator[Part]:
    version = request.now_version
    yield from headline_parts(version)
    yield blocks_part(rich(section(facts.standing(request), facts.who(request), *facts.why(version, full=True))))
    for flag in version.plan.flags:
        yield blocks_part(rich(section(["🚩 ", code(flag), f" ({facts.source_words(version)})"])))
    for name, reason in doubts(version):
        yield blocks_part(rich(section(["🚩 ", bold(name), ": ", code(reason)])))
    yield from arguments_parts(version)
    yield box_part("What runs", shown(way(version)))
    yield from effect_parts(version)
    if request.words:
        said = without_secrets(redact(request.words), version)
        yield box_part("In the requester's own words, unverified", visible(said))


def headline_parts(version: Version) -> Iterator[Part]:
    """The headline in full, where it is longer than a header."""
    seen = visible(version.headline, one_line=True)
    if len(seen) > HEADER:
        yield box_part("Headline", seen)


def arguments_parts(version: Version, clear: tuple[str, ...] = ()) -> Iterator[Part]:
    """The exact arguments."""
    found = boxes(version.action, version.args, clear)
    if not found:
        yield blocks_part(note("No arguments."))
    for box in found:
        yield box_part(box.label or "Arguments", box.text)


def effect_parts(version: Version) -> Iterator[Part]:
    """What the preview and the model say of it."""
    if version.preview is not None:
        told = "What it says it would do" if version.preview.ok else "The preview failed"
        yield blocks_part(rich(section([bold(told), " · ", date(version.preview.at)])))
        yield box_part("", visible(without_secrets(version.preview.text, version)))
    if plan := plan_text(version):
        yield box_part("What the model says of it, unverified", plan)


def _confirmation(version: Version) -> list[Json]:
    wanted = version.confirmation
    if wanted is None:
        return []
    field = text_input("To approve, type exactly what stands in the box", "confirm")
    del field["element"]["multiline"]
    return [rich(section([bold("Type this to approve")]), pre(wanted)), field]


# ── saying something ────────────────────────────────────────────────────────────────────────────────────────────


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
    radio = {"type": "radio_buttons", "action_id": "choice", "options": options, "initial_option": initial}
    version = request.now_version
    blocks = [
        *_of(request),
        *_known(request),
        *_short(arguments_parts(version)),
        {"type": "input", "block_id": "choice", "label": plain("What happened?"), "element": radio},
        text_input("How do you know?", "reason", placeholder="Kept in the audit trail", most=REASON_ROOM),
        note(facts.small_print(version, request.id)),
    ]
    return modal("settle", "Settle the outcome", blocks, token, submit="Record")


def _known(request: Request) -> list[Json]:
    if not request.attempts:
        return []
    attempt = request.attempts[-1]
    started: facts.Line = [f"Attempt {attempt.number}, started ", date(attempt.started_at, TO_THE_SECOND)]
    summary = quoted(without_secrets(attempt.summary, request.version), 1_000)
    return [rich(section([bold("What is known")], started), summary)]


def _short(parts: Iterator[Part]) -> list[Json]:
    """The first page of it; Details has the rest."""
    first, *rest = pages(parts)
    return [*first, *([note("There is more in Details.")] if rest else [])]


def _of(request: Request) -> list[Json]:
    return [*header(request.now_version.headline, 1_000), rich(section(facts.standing(request), facts.who(request)))]
