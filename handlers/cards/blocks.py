"""Block Kit as plain dicts. Every text passes `text.visible`; nothing untrusted ever stands in mrkdwn.

Rich text carries no markup: a `text` element is shown letter by letter. People and groups are `user` and
`usergroup` elements made only of what looks like their id; times are `date` elements, shown in the reader's zone.
"""

import datetime
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.cards.text import LONGEST, clip, escaped, pieces, unmarked, visible

Json = dict[str, Any]
Part = Json | str  # an element of a line, or text to be made one

HEADER = 150
SENTENCE = 160  # characters of a name, a rule, an error within a line; review and details have them whole
MESSAGE_ROOM = 12_000  # characters of JSON; Slack refuses a message from about 13,200 (bolt-js issues 2509, 2867)
_USER = re.compile(r"[UW][A-Z0-9]{1,28}")
_GROUP = re.compile(r"S[A-Z0-9]{1,28}")
_LATEST = 9_999_999_999  # seconds; what a date element takes


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message: the fallback text (for notifications and screen readers; escaped) and the blocks."""

    text: str
    blocks: list[Json]


def drawn(text: str, blocks: Iterable[Json], *, opening: str = "") -> Drawn:
    """A message. `opening`: visible text to begin with."""
    return Drawn(clip(unmarked(opening) + escaped(text), LONGEST) or "Signoff", list(blocks))


# ── lines of rich text ──────────────────────────────────────────────────────────────────────────────────────────


def words(text: str, most: int = SENTENCE, **style: bool) -> Json:
    """A text element, in one line; of more than `most` characters it says how many are missing."""
    element: Json = {"type": "text", "text": clip(visible(text, one_line=True), most) or " "}
    return element | ({"style": style} if style else {})


def bold(text: str, most: int = SENTENCE) -> Json:
    return words(text, most, bold=True)


def code(text: str, most: int = SENTENCE) -> Json:
    """Inline text that is not ours."""
    return words(text, most, code=True)


def person(ident: str) -> Json:
    return {"type": "user", "user_id": ident} if _USER.fullmatch(ident) else code(ident)


def people(idents: Sequence[str], most: int = 12) -> list[Part]:
    """@a, @b and N more."""
    parts: list[Part] = []
    for ident in idents[:most]:
        parts += [", " if parts else "", person(ident)]
    return [*parts, f" and {len(idents) - most} more"] if len(idents) > most else parts


def user_group(ident: str) -> Json:
    return {"type": "usergroup", "usergroup_id": ident} if _GROUP.fullmatch(ident) else code(ident)


def date(at: int, pattern: str = "{date_short_pretty} at {time}") -> Json:
    """A time (milliseconds since the epoch) in the reader's own zone."""
    seconds = min(max(at // 1000, 0), _LATEST)
    fallback = datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {"type": "date", "timestamp": seconds, "format": pattern, "fallback": fallback}


def clock(at: int) -> Json:
    return date(at, "{time}")


def line(*parts: Part) -> list[Json]:
    return [words(part, 1_000) if isinstance(part, str) else part for part in parts if part]


def joined(groups: Iterable[Sequence[Part]], between: str = " · ") -> list[Part]:
    """Groups of parts, the empty ones left out, with something between them."""
    parts: list[Part] = []
    for group in groups:
        if group:
            parts += [between, *group] if parts else group
    return parts


def section(*lines: Sequence[Part]) -> Json:
    """One rich text section of several lines, the empty ones left out."""
    elements: list[Json] = []
    for parts in (line(*each) for each in lines if each):
        elements += [{"type": "text", "text": "\n"}, *parts] if elements else parts
    return {"type": "rich_text_section", "elements": [part for each in _merged(elements) for part in _split(each)]}


def _merged(elements: Iterable[Json]) -> list[Json]:
    """Neighbouring texts without style as one."""
    merged: list[Json] = []
    for element in elements:
        if merged and set(element) == set(merged[-1]) == {"type", "text"}:
            merged[-1] = {"type": "text", "text": merged[-1]["text"] + element["text"]}
        else:
            merged.append(element)
    return merged


def _split(element: Json) -> list[Json]:
    if len(element.get("text", "")) <= LONGEST:
        return [element]
    return [element | {"text": piece} for piece in pieces(element["text"])]


def pre(text: str, *, ready: bool = False) -> Json:
    """Preformatted text, all of it. `ready`: it has been made visible already."""
    seen = text if ready else visible(text)
    return {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": piece} for piece in pieces(seen or '""')],
    }


def quoted(text: str, room: int, where: str = " in Details") -> Json:
    """Somebody's words, set apart; what there is no room for is counted, and where it is to be read."""
    return pre(clip_to(visible(text), room, where), ready=True)


def clip_to(seen: str, room: int, where: str) -> str:
    """Visible text, at most so many characters as JSON, where a quotation mark takes two."""
    size = room
    while weight(clip(seen, size, where)) > room + 2 and size > 60:
        size = size * 3 // 4
    return clip(seen, size, where)


# ── blocks ──────────────────────────────────────────────────────────────────────────────────────────────────────


def plain(text: str, longest: int = LONGEST) -> Json:
    """A text object that is neither markup nor emoji codes; longer ones say how much is missing."""
    return {"type": "plain_text", "text": clip(visible(text) or " ", longest), "emoji": False}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def header(headline: str, room: int = 100_000) -> list[Json]:
    """A headline: Slack's header takes 150 characters, a longer one stands below it as far as there is room."""
    seen = visible(headline, one_line=True) or "(no headline)"
    top = {"type": "header", "text": {"type": "plain_text", "text": clip(seen, HEADER, ", below"), "emoji": False}}
    return [top] if len(seen) <= HEADER else [top, rich(pre(clip(seen, room, " in Review"), ready=True))]


def note(*texts: str) -> Json:
    """Small print."""
    return {"type": "context", "elements": [plain(text) for text in texts if text][:10]}


def paragraph(text: str) -> Json:
    return {"type": "section", "text": plain(text), "expand": True}


def button(
    label: str, action: str, token: str, *, style: str = "", about: str = "", confirm: Json | None = None
) -> Json:
    """A button whose value is the token. `about` tells screen readers what it is for."""
    drawn_button: Json = {"type": "button", "action_id": action, "text": plain(label, 75), "value": token}
    if style:
        drawn_button["style"] = style
    if about:
        drawn_button["accessibility_label"] = clip(visible(f"{label}: {about}", one_line=True), 75)
    if confirm:
        drawn_button["confirm"] = confirm
    return drawn_button


def confirm(title: str, text: str, yes: str) -> Json:
    return {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain("Back", 30)}


def actions(*buttons: Json) -> list[Json]:
    return [{"type": "actions", "elements": list(buttons)}] if buttons else []


def numbered(blocks: Iterable[Json], prefix: str) -> list[Json]:
    """The blocks with ids that are unique here and new for every version and redraw; inputs keep their own."""
    return [block if "block_id" in block else block | {"block_id": f"{prefix}.{n}"} for n, block in enumerate(blocks)]


def weight(value: Any) -> int:
    """Characters of JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
