"""Review: everything that will run, in full, drawn fresh from the stored version.

One that is long has pages; *Approve* stands on the last page only, and a page is reached only from its neighbour,
so that each has been seen before anyone can decide.
"""

from collections.abc import Iterator

from bot.request import Request, Version
from handlers.cards import facts
from handlers.cards.arguments import doubts
from handlers.cards.blocks import Json, bold, button, code, header, note, pre, rich, section
from handlers.cards.paging import Part, pages, turning
from handlers.cards.parts import arguments_parts, effect_parts, headline_parts, lines_part, way_part, words_parts
from handlers.cards.standing import offer
from handlers.cards.views import modal, text_input

AGAIN = "again"  # what this window keeps where it asks to look once more: only what is sent from it answers that


def review(request: Request, token: str, page: int = 0, *, once_more: str = "", similar: bool = False) -> Json:
    """Everything of the current version, page by page; the last one has *Approve*, and what must be typed for it.

    `once_more`: why it is not approved yet, and is to be sent again. `similar`: offer a standing approval there too.
    """
    made = pages(everything(request))
    at = min(max(page, 0), len(made) - 1)
    last = at + 1 == len(made)
    more = [offer(token, request.now_version.headline)] if last and similar else []
    blocks = [
        *(_once_more(once_more) if once_more else []),
        *(header(request.now_version.headline)[:1] if at == 0 else []),
        *([note(f"Page {at + 1} of {len(made)}. You can approve on the last one.")] if not last else []),
        *made[at],
        *(_confirmation(request.now_version) if last else []),
        note(facts.small_print(request.now_version, request.id)),
        *turning(at, len(made), button("Reject", "reject", token, style="danger"), *more),
    ]
    title = "Review" if len(made) == 1 else f"Review: page {at + 1} of {len(made)}"
    kept = AGAIN if once_more else ""
    return modal("review", title, blocks, token, submit="Approve" if last else "", page=at, action=kept)


def _once_more(told: str) -> list[Json]:
    return [rich(section(["✋ ", bold(told, 1_000)], ["If it is right, press Approve again: then it counts."]))]


def everything(request: Request) -> Iterator[Part]:
    """All of the current version, as whoever decides must have seen it."""
    version = request.now_version
    yield from headline_parts(version)
    yield lines_part(facts.standing(request), facts.who(request), *facts.why(version, full=True))
    for flag in version.plan.flags:
        yield lines_part(["🚩 ", code(flag), f" ({facts.source_words(version)})"])
    for name, reason in doubts(version):
        yield lines_part(["🚩 ", bold(name), ": ", code(reason, 1_000)])
    yield from arguments_parts(version)
    yield way_part(version)
    yield from effect_parts(version)
    yield from words_parts(request)


def _confirmation(version: Version) -> list[Json]:
    wanted = version.confirmation
    if wanted is None:
        return []
    field = text_input("To approve, type exactly what stands in the box", "confirm")
    del field["element"]["multiline"]
    return [rich(section([bold("Type this to approve")]), pre(wanted)), field]
