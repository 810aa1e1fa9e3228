"""What review and details both show, in full: headline, arguments, what runs, what it would do, what was said."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.catalogue import Action
from bot.request import Request, Version
from handlers.cards.arguments import boxes, way, without_secrets
from handlers.cards.blocks import HEADER, Json, bold, date, note, rich, section
from handlers.cards.card import plan_text
from handlers.cards.facts import Line
from handlers.cards.paging import Part, blocks_part, box_part, pages
from handlers.cards.text import shown, visible
from handlers.redact import redact

TO_THE_SECOND = "{date_short_pretty} at {time_secs}"


def lines_part(*lines: Line) -> Part:
    return blocks_part(rich(section(*lines)))


def headline_parts(version: Version) -> Iterator[Part]:
    """The headline in full, where it is longer than a header."""
    seen = visible(version.headline, one_line=True)
    if len(seen) > HEADER:
        yield box_part("Headline", seen)


def arguments_parts(version: Version) -> Iterator[Part]:
    """The exact arguments."""
    return arguments_parts_of(version.action, version.args)


def arguments_parts_of(action: Action, args: Mapping[str, Any]) -> Iterator[Part]:
    found = boxes(action, args)
    if not found:
        yield blocks_part(note("No arguments."))
    for box in found:
        yield box_part(box.label or "Arguments", box.text)


def first_page(parts: Iterable[Part], most: int = 8) -> list[Json]:
    """As much as a modal about something else has room for; Details has the rest."""
    blocks, *rest = pages(parts)
    return [*blocks[:most], *([note("There is more in Details.")] if rest or len(blocks) > most else [])]


def effect_parts(version: Version) -> Iterator[Part]:
    """What the preview and the model say of it."""
    if version.preview is not None:
        told = "What it says it would do" if version.preview.ok else "The preview failed"
        yield lines_part([bold(told), " · ", date(version.preview.at)])
        yield box_part("", visible(without_secrets(version.preview.text, version)))
    if plan := plan_text(version):
        yield box_part("What the model says of it, unverified", plan)


def way_part(version: Version) -> Part:
    """What will run, resolved, as JSON."""
    return box_part("What runs", shown(way(version)))


def words_parts(request: Request) -> Iterator[Part]:
    """What the requester said, last."""
    if request.words:
        said = without_secrets(redact(request.words), request.version)
        yield box_part("In the requester's own words, unverified", visible(said))
