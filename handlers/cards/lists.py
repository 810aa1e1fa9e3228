"""What one person is told privately: refusals, lists, help, and what became of a command."""

from collections.abc import Mapping, Sequence

from bot.absence import Cover
from bot.catalogue import Action
from bot.errors import BadInput, Refusal
from bot.ports import Row
from bot.request import Request, State
from handlers.cards import bulk, facts
from handlers.cards.blocks import (
    MESSAGE_ROOM,
    Drawn,
    Json,
    actions,
    bold,
    code,
    date,
    drawn,
    header,
    note,
    paragraph,
    pre,
    rich,
    section,
    weight,
    words,
)
from handlers.cards.card import HEADLINE_ROOM, card
from handlers.cards.text import LONGEST, clip, pieces, visible
from handlers.cards.words import count, risk_words, state_words

HEADLINES = (200, 80, 40)  # characters of each in a list that has little room
_TICK = "Tick those you want to decide together, with one reason; you see all of each before you do."
ROOM = 10_000  # characters of a message that only says something
NEW = "Nothing here. Ask with /signoff and your words, or press New request in Signoff's home."
BREAK_GLASS = ("/signoff break-glass <action> name=value …", "run it without approval: you say why, many hear of it")
LISTED = {"mine": "Your requests", "waiting": "Waiting for you", "all": "The latest requests you may see"}


def said(text: str) -> Drawn:
    """Plain text, whatever is in it."""
    seen = clip(visible(text), ROOM)
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": piece, "emoji": False}, "expand": True}
              for piece in pieces(seen, LONGEST)]  # fmt: skip
    return drawn(text, blocks or [paragraph("(nothing)")])


def posted(text: str) -> Drawn:
    """What an action says in Slack, letter by letter as it was approved: nothing in rich text is markup."""
    elements = [{"type": "text", "text": text[at : at + LONGEST]} for at in range(0, len(text), LONGEST)]
    return drawn(text, [rich({"type": "rich_text_section", "elements": elements})])


def refusal(error: Refusal) -> Drawn:
    """Why nothing was done. What is wrong with an input stands a line each."""
    if isinstance(error, BadInput) and len(error.problems) > 1:
        told = "This does not fit yet:"
        lines = clip(visible("\n".join(f"{problem}" for problem in error.problems)), LONGEST)
        return drawn(f"⛔ {told} {error.text}", [paragraph(f"⛔ {told}"), rich(pre(lines, ready=True))])
    return drawn(f"⛔ {error.text}", [paragraph(f"⛔ {error.text}")])


def reading(request: Request) -> Drawn:
    """Words were stored as a draft."""
    return _told(request, "⏳ I am reading your words. Look at your messages with Signoff: nothing is asked for yet.")


def sent(request: Request) -> Drawn:
    """A typed request was made."""
    if request.state is State.PENDING:
        return _told(request, "📨 Sent. It is asked about before it runs; you hear in your messages with Signoff.")
    return _told(request, f"{facts.stands(request)}. You hear in your messages with Signoff what comes of it.")


def joined(request: Request) -> Drawn:
    """What was asked for is open already: it stays one request, and this is where it stands."""
    return _told(request, f"You have asked for exactly this already. It stays one request: {facts.stands(request)}.")


def cancelled(request: Request) -> Drawn:
    return _told(request, "⚪ Cancelled. Nothing runs.")


def _told(request: Request, what: str) -> Drawn:
    top = header(request.version.headline, HEADLINE_ROOM) if request.version else []
    lines = [facts.under(request.version), *facts.waiting(request)] if request.version else []
    return drawn(what, [*top, rich(section([what], *lines)), note(request.id)])


def shown(request: Request, covers: Sequence[Cover] = ()) -> Drawn:
    """A request as its card, without buttons. `covers`: who of those asked is away."""
    if request.version is None:
        return drawn(facts.stands(request), [rich(section([bold(facts.stands(request))])), note(request.id)])
    return card(request, "", covers=covers)


def rows(which: str, found: Sequence[Row], *, shown: int) -> Drawn:
    """A list, a request a line; of more than `shown` it says that there are more."""
    title = LISTED.get(which, which)
    if not found:
        return drawn(f"{title}: none", [rich(section([bold(title)], [NEW]))])
    listed = [section(_row(row), _small(row)) for row in found[:shown]]
    more = [note(f"There are more than these {shown}.")] if len(found) > shown else []
    told = f"{title}: {count(len(found[:shown]), 'request')}"
    return drawn(told, [rich(section([bold(title)]), *listed), *more])


def waiting(found: Sequence[Row], alone: Mapping[str, str], *, shown: int, first: Sequence[Json] = ()) -> Drawn:
    """What waits for somebody: boxes to tick for what may be decided together, and the others one by one.

    `alone`: by id, why a request is decided by itself; empty where it may be one of several. `first`: blocks before it.
    """
    listed = found[:shown]
    together = [row for row in listed if not alone.get(row.id, "unknown")]
    others = [row for row in listed if row not in together]
    if not together and not others:
        none = rows("waiting", found, shown=shown)
        return drawn(none.text, [*first, *none.blocks])
    more = [note(f"There are more than these {shown}.")] if len(found) > shown else []
    for most in HEADLINES:
        blocks = [*first, rich(section([bold(LISTED["waiting"])], [_TICK] if together else []))]
        blocks += [*bulk.ticks(together), *actions(bulk.decide_button())] if together else []
        blocks += [rich(*(_by_itself(row, alone.get(row.id, ""), most) for row in others))] if others else []
        if weight(blocks) <= MESSAGE_ROOM:
            break
    return drawn(f"{LISTED['waiting']}: {count(len(listed), 'request')}", [*blocks, *more])


def _by_itself(row: Row, why: str, most: int) -> Json:
    return section(_row(row, most), ["Decided by itself, because ", words(why, most)] if why else [], _small(row))


def _row(row: Row, most: int = 200) -> facts.Line:
    return [f"{risk_words(row.risk)} · " if row.risk else "", bold(row.headline, most)]


def _small(row: Row) -> facts.Line:
    return [f"{state_words(row.state)} · ", date(row.made_at), " · ", code(f"/signoff show {row.id}")]


def help_text(actions: Sequence[Action], *, glass: bool = False) -> Drawn:
    """What can be typed, and what can be asked for. `glass`: the file lets somebody break it."""
    commands = (
        ("/signoff refund order ord_81 fifty dollars", "in your words: you see what was understood first"),
        ("/signoff", "the form"),
        ("/signoff run <action> name=value …", "exactly this, no model"),
        ("/signoff list [mine | waiting | all]", "requests"),
        ("/signoff show <request>", "one of them"),
        ("/signoff cancel <request>", "as long as it has not started"),
        ("/signoff away until friday delegate @person", "or away for 3h, or away; /signoff back ends it"),
        ("/signoff pause · resume", "operators: stop and start all new runs"),
        *([BREAK_GLASS] if glass else []),
    )
    width = max(len(typed) for typed, _ in commands)
    table = "\n".join(f"{typed.ljust(width)}  {what}" for typed, what in commands)
    names = "\n".join(
        f"{action.name}  {action.about}".strip() for action in sorted(actions, key=lambda each: each.name)
    )
    known = [section([bold("What you can ask for")]), pre(clip(visible(names), LONGEST), ready=True)] if names else []
    return drawn("How to use /signoff", [rich(section([bold("Signoff")]), pre(table, ready=True), *known)])
