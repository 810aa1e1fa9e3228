"""More than one view can hold, over several pages: nothing left out, nothing cut within an escape."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from handlers.cards.arguments import Box
from handlers.cards.blocks import Json, actions, bold, button, pre, rich, section, weight
from handlers.cards.text import pieces

PAGE = 18_000  # characters of a page at most; a view may have 250 kB, and as JSON a character may take twelve bytes
MOST_BLOCKS = 80  # of a page; a view may have 100
PIECE = 2_500


@dataclass(frozen=True, slots=True)
class Part:
    """Something of a page: drawn blocks, or a box of text that may be cut where a page ends."""

    blocks: tuple[Json, ...] = ()
    box: Box | None = None


def blocks_part(*blocks: Json) -> Part:
    return Part(blocks=blocks)


def box_part(label: str, text: str) -> Part:
    """Visible text under a label."""
    return Part(box=Box(label, text))


def pages(parts: Iterable[Part]) -> list[list[Json]]:
    """The blocks of each page; at least one page, which may be empty."""
    made: list[list[Json]] = [[]]
    used = 0
    for part in _small_enough(parts):
        drawn = _drawn(part)
        size = _size(part)
        if made[-1] and (used + size > PAGE or len(made[-1]) + len(drawn) > MOST_BLOCKS):
            made.append([])
            used = 0
        made[-1] += drawn
        used += size
    return made


def _small_enough(parts: Iterable[Part]) -> Iterator[Part]:
    """Boxes cut to what one page can hold; the later pieces say that they go on."""
    for part in parts:
        box = part.box
        if box is None or len(box.text) <= PIECE:
            yield part
            continue
        cut = list(_at_line_ends(box.text))
        for number, piece in enumerate(cut, 1):
            yield replace(part, box=Box(f"{box.label} ({number} of {len(cut)})".lstrip(), piece))


def _at_line_ends(text: str) -> Iterator[str]:
    """Pieces of at most PIECE characters, that together are the text; a line is cut only where it is a long one."""
    while len(text) > PIECE:
        end = text.rfind("\n", PIECE // 2, PIECE) + 1 or len(pieces(text, PIECE)[0])
        yield text[:end]
        text = text[end:]
    yield text


def _drawn(part: Part) -> list[Json]:
    if part.box is None:
        return list(part.blocks)
    label = [section([bold(part.box.label)])] if part.box.label else []
    return [rich(*label, pre(part.box.text, ready=True))]


def _size(part: Part) -> int:
    return len(part.box.text) + len(part.box.label) + 200 if part.box else weight(part.blocks)


def turning(page: int, count: int, *more: Json) -> list[Json]:
    """*Back* and *Next*, each with the page it turns to, counted from 0, as its value; and more buttons after them."""
    buttons: list[Json] = []
    if page > 0:
        buttons.append(button("Back", f"page:{page - 1}", str(page - 1)))
    if page + 1 < count:
        buttons.append(button(f"Next: page {page + 2} of {count}", f"page:{page + 1}", str(page + 1), style="primary"))
    return actions(*buttons, *more)
