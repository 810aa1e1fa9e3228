"""App Home: what waits for me, what I asked for, what happened lately."""

from collections.abc import Mapping, Sequence

from bot.ports import Row
from bot.request import State
from bot.standing import StandingApproval
from handlers.cards import bulk, facts
from handlers.cards.blocks import Json, actions, bold, button, date, joined, numbered, person, rich, section, words
from handlers.cards.standing import listed
from handlers.cards.text import clip, visible
from handlers.cards.views import NO_NONCE
from handlers.cards.words import risk_words, state_words
from handlers.tokens import Token

MOST, DRAFTS = 10, 5  # rows of a list, of the drafts: two blocks a row, three of what waits, of a home's 100
OPEN, REVIEW = ("Open", "open_request"), ("Review", "review_request")  # a row's button, and its action
HEADLINE = 240  # characters of a headline in a list; the card has all of it


def home(
    *,
    waiting: Sequence[Row],
    mine: Sequence[Row],
    recent: Sequence[Row],
    standing: Sequence[tuple[StandingApproval, bool]] = (),
    alone: Mapping[str, str] | None = None,
    paused: bool = False,
    shown: int = 10,
    away: Sequence[Json] = (),
    more: Sequence[Json] = (),
) -> Json:
    """The home tab. Each list may hold more than `shown` rows: then it says that there are more.

    `alone`: by id, why what waits is decided by itself; empty where it may be one of several.
    `standing`: the standing approvals that concern the person, each with whether they may end it.
    `more`: blocks that stand before the lists.
    """
    shown = min(shown, MOST)
    why = alone or {}
    together = any(not why.get(row.id, "unknown") for row in waiting[:shown])
    drafts = [row for row in mine if row.state == State.DRAFTING]
    sent = [row for row in mine if row.state != State.DRAFTING]
    new = button("New request", "new_request", "new", style="primary")
    blocks = [
        *([rich(section(["⏸ ", bold("Signoff is paused"), ": nothing starts until an operator resumes it."]))]
          if paused else []),
        *away,
        *actions(new, button("Refresh", "refresh", "refresh")),
        *more,
        *_top("Waiting for you", waiting, shown, "Nothing waits for you."),
        *(block for n, row in enumerate(waiting[:shown]) for block in _waiting(row, 100 + n, why.get(row.id))),
        *(actions(bulk.decide_button()) if together else []),
        *listed(standing),
        *(_list("Your drafts", drafts, min(shown, DRAFTS), "", 200) if drafts else []),
        *_list("Your requests", sent, shown, "You have not asked for anything yet.", 300),
        *_list("Latest", recent, shown, "Nothing has happened yet.", 400),
    ]  # fmt: skip
    return {"type": "home", "blocks": numbered(blocks, "home")}


def _top(title: str, rows: Sequence[Row], shown: int, empty: str) -> list[Json]:
    more = f" (the newest {shown}; /signoff list has more)" if len(rows) > shown else ""
    return [{"type": "divider"}, rich(section([bold(title), more], [] if rows else [empty]))]


def _list(title: str, rows: Sequence[Row], shown: int, empty: str, first: int) -> list[Json]:
    listed = (block for n, row in enumerate(rows[:shown]) for block in _row(row, first + n))
    return [*_top(title, rows, shown, empty), *listed]


def _waiting(row: Row, number: int, why: str | None) -> list[Json]:
    """A row with its box to tick, or `why` it is decided by itself; None where that is not known."""
    ticked = [block | {"block_id": bulk.block_of(row)} for block in actions(bulk.tick(row, number))]
    by_itself: facts.Line = ["Decided by itself, because ", words(why)] if why else []
    return [*_row(row, number, REVIEW, by_itself), *(ticked if why == "" else [])]


def _row(row: Row, number: int, way: tuple[str, str] = OPEN, more: facts.Line | None = None) -> list[Json]:
    """The headline with its button, and a line of facts below it."""
    label, action = way
    opens = button(label, f"{action}:{number}", Token(row.id, row.version, NO_NONCE).text, about=row.headline)
    headline = clip(visible(row.headline or row.action or "Words being read", one_line=True), HEADLINE)
    text = {"type": "plain_text", "text": headline, "emoji": False}
    return [{"type": "section", "text": text, "accessory": opens}, rich(section(_facts(row), more or []))]


def _facts(row: Row) -> facts.Line:
    parts: list[facts.Line] = [[risk_words(row.risk)]] if row.risk else []
    parts.append([state_words(row.state)])
    if row.asker:
        parts.append(["by ", person(row.asker)])
    if row.state == State.PENDING:
        parts.append(["expires ", date(row.expires_at)])
    return joined(parts)
