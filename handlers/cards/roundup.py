"""A roundup: many requests in one message, a line and a button each, drawn anew from them at every change.

Its buttons open what a card's would: the review, in which all of one request is seen before anybody decides it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.catalogue import Risk
from bot.request import Request, State
from handlers.cards import facts
from handlers.cards.blocks import (
    MESSAGE_ROOM,
    Drawn,
    Json,
    bold,
    button,
    confirm,
    date,
    drawn,
    header,
    joined,
    note,
    numbered,
    person,
    rich,
    section,
    weight,
)
from handlers.cards.lines import asked
from handlers.cards.text import clip, visible
from handlers.cards.words import count, risk_words
from handlers.tokens import Token

HEADLINES = (160, 100, 60)  # characters; less where all of them are long
WHY = "More cards than people can read came at once, so these are listed. Each one is decided by itself."


@dataclass(frozen=True, slots=True)
class Entry:
    """A request, and the version that is listed."""

    request: Request
    version: int

    @property
    def waits(self) -> bool:
        return self.current and self.request.state is State.PENDING

    @property
    def current(self) -> bool:
        return self.request.now_version.number == self.version


def roundup(roundup_id: str, entries: Sequence[Entry]) -> Drawn:
    """The message; all of it fits, whatever the requests say."""
    waiting = [entry for entry in entries if entry.waits]
    told = _told(len(entries), waiting)
    for room in HEADLINES:
        blocks = [
            *header(told),
            *([rich(section(["Waiting for ", *_asked(waiting)]))] if waiting else []),
            *(block for number, entry in enumerate(entries) for block in _entry(entry, number, roundup_id, room)),
            note(WHY),
        ]
        if weight(blocks) <= MESSAGE_ROOM:
            break
    revision = sum(entry.request.revision for entry in entries)
    return drawn(told, numbered(blocks, f"r{len(entries)}.{revision}"))


def _told(total: int, waiting: Sequence[Entry]) -> str:
    if not waiting:
        return f"📚 {count(total, 'request')}: nothing waits here any more"
    grave = sum(entry.request.now_version.risk.rank >= Risk.HIGH.rank for entry in waiting)
    risky = f", {grave} of them high risk" if grave else ""
    return f"📚 {count(len(waiting), 'request')} of {total} wait for approval{risky}"


def _asked(waiting: Iterable[Entry]) -> facts.Line:
    """Whom they ask, each once, so that Slack tells them."""
    parts = [part for entry in waiting for part in asked(entry.request) if not isinstance(part, str)]
    return joined([[part] for at, part in enumerate(parts) if part not in parts[:at]], ", ")


def _entry(entry: Entry, number: int, roundup_id: str, room: int) -> list[Json]:
    request, token = entry.request, Token(entry.request.id, entry.version, roundup_id).text
    text = clip(visible(request.now_version.headline, one_line=True) or "(no headline)", room)
    line = {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}
    return [line | {"accessory": _button(entry, number, token)}, rich(section(_facts(entry)))]


def _facts(entry: Entry) -> facts.Line:
    request = entry.request
    if not entry.current:
        return [f"Version {entry.version} is superseded by version {request.now_version.number}. It decides nothing."]
    by = request.asker.person
    groups: list[facts.Line] = [
        [bold(risk_words(request.now_version.risk))],
        [facts.stands(request)],
        ["by ", person(by or request.asker.client or "unknown")],
    ]
    if entry.waits:
        groups += [facts.progress(request), ["expires ", date(request.expires_at)]]
    else:
        groups += facts.said(request.votes)
    return joined(groups)


def _button(entry: Entry, number: int, token: str) -> Json:
    """What a card in that state offers first; all else is in Details."""
    request = entry.request
    headline = request.now_version.headline
    match request.state:
        case State.PENDING if entry.current:
            return button("Review", f"review:{number}", token, style="primary", about=headline)
        case State.UNKNOWN if not request.again_by:
            return button("Settle", f"done:{number}", token, style="primary", about=headline)
        case State.APPROVED if request.waits_for_release:
            return button("Release", f"release:{number}", token, style="primary", about=headline)
        case State.SUCCEEDED if request.now_version.action.undo and not request.undone_by:
            sure = confirm("Ask to undo this?", headline, "Ask to undo")
            return button("Undo", f"undo:{number}", token, about=headline, confirm=sure)
        case _:
            return button("Details", f"details:{number}", token, about=headline)


def reminder(entries: Sequence[Entry]) -> Drawn | None:
    """For its thread: how many still wait, and for whom; None where none does."""
    waiting = [entry for entry in entries if entry.waits]
    if not waiting:
        return None
    told = f"⏰ {count(len(waiting), 'request')} here still wait{'s' if len(waiting) == 1 else ''} for "
    return drawn(told.strip(), [rich(section([told, *_asked(waiting)]))])
