"""Several at once: ticks in a list, the window in which all of them are seen and decided, and what came of each."""

import json
from collections.abc import Iterator, Mapping, Sequence

from bot.bulk import by_itself
from bot.moves.bulk import Decided, Offered
from bot.ports import Row
from bot.request import Request
from handlers.cards import facts
from handlers.cards.arguments import doubts
from handlers.cards.blocks import Json, bold, button, code, header, note, plain, rich, section
from handlers.cards.paging import Part, blocks_part, pages
from handlers.cards.parts import arguments_parts, effect_parts, headline_parts, lines_part
from handlers.cards.text import clip, visible
from handlers.cards.views import NO_NONCE, modal, text_input
from handlers.cards.words import count, risk_words
from handlers.tokens import Selection, Token

TICK = "tick"  # the action_id of every tick, with a number behind it
OPTION = 75  # characters of an option, and of its description
IN_A_BOX = 10  # options of one element
VIEW_BYTES, VIEW_BLOCKS = 200_000, 85  # of 250 kB and 100 blocks, with room for what stands below the requests
NAMED = 200  # characters of a headline where it only names a request
REASON = 2_500


def alone(request: Request, person: str) -> str:
    """Why this one is decided by itself, to go on after “because”; empty where it may be one of several."""
    version = request.now_version
    why = by_itself(request, person) or ""
    if not why or version.fits or version.risk.grave:
        return why
    found = doubts(version)
    return f"{found[0][0]} has {found[0][1]}" if found else "one card cannot show all of it"


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


def tick(row: Row, number: int) -> Json:
    """One row's own box to tick, which says whose it is: to the eye and to a screen reader."""
    return _ticks(number, [{"text": _named("Select: ", row), "value": _value(row)}])


def ticks(rows: Sequence[Row]) -> list[Json]:
    """A block for each ten rows, an option a row."""
    options = [_option(row) for row in rows]
    parts = [options[at : at + IN_A_BOX] for at in range(0, len(options), IN_A_BOX)]
    return [{"type": "actions", "elements": [_ticks(number, part)]} for number, part in enumerate(parts)]


def block_of(row: Row) -> str:
    """The id of the block a row's tick stands in: where rows move, a tick stays with its request."""
    return f"{TICK}.{row.id}.{row.version}"


def decide_button() -> Json:
    return button("Decide selected", "decide_selected", "selected", about="see what is ticked, then decide all of it")


def _ticks(number: int, options: Sequence[Json]) -> Json:
    return {"type": "checkboxes", "action_id": f"{TICK}:{number}", "options": list(options)}


def _option(row: Row) -> Json:
    risk = f"{risk_words(row.risk)} · " if row.risk else ""
    about = plain(f"{risk}/signoff show {row.id}", OPTION)
    return {"text": _named("", row), "description": about, "value": _value(row)}


def _named(begins: str, row: Row) -> Json:
    """In one line; a longer headline says how much of it is missing."""
    seen = clip(begins + visible(row.headline or row.action, one_line=True), OPTION)
    return {"type": "plain_text", "text": seen or " ", "emoji": False}


def _value(row: Row) -> str:
    return Token(row.id, row.version, NO_NONCE).text


# ── the window ──────────────────────────────────────────────────────────────────────────────────────────────────


def window(found: Sequence[Offered], *, home: bool = False) -> Json:
    """All that can be decided together, each whole, and by name and reason what cannot. `home`: ticked there."""
    blocks: list[Json] = []
    taken: list[Request] = []
    left = [each for each in found if each.refusal is not None]
    for each in found:
        if each.refusal is not None or each.request is None:
            continue
        drawn = _one(each.request)
        if _fits([*blocks, *drawn]):
            blocks += drawn
            taken.append(each.request)
        else:
            left.append(each)
    if not taken:
        return modal("loading", "Nothing to decide", _left_out([_why_left(each) for each in left]))
    shown = Selection(tuple((request.id, request.now_version.number) for request in taken))
    blocks = [
        note("Read each of them. Every one is recorded by itself, as it is shown here; what changes is left out."),
        *blocks,
        {"type": "divider"},
        *_left_out([_why_left(each) for each in left]),
        *_verdict(len(taken)),
    ]
    title = "Decide" if len(taken) == 1 else f"Decide {len(taken)} together"
    return modal("bulk", title, blocks, shown.text, submit="Decide", action="home" if home else "")


def _one(request: Request) -> list[Json]:
    """What its card shows of what would run."""
    return [block for page in pages(_parts(request)) for block in page]


def _parts(request: Request) -> Iterator[Part]:
    version = request.now_version
    yield blocks_part({"type": "divider"}, *header(version.headline)[:1])
    yield from headline_parts(version)
    small: facts.Line = ["digest ", code(version.short_digest), f" · version {version.number}"]
    yield lines_part(facts.standing(request), facts.who(request), *facts.cautions(request, 0), small)
    yield from arguments_parts(version)
    yield from effect_parts(version)


def _fits(blocks: Sequence[Json]) -> bool:
    return len(blocks) <= VIEW_BLOCKS and len(json.dumps(blocks)) <= VIEW_BYTES


def _verdict(number: int) -> list[Json]:
    these = "it" if number == 1 else f"all {number}"
    options = [
        {"text": plain(f"Approve {these}", OPTION), "value": "approve"},
        {"text": plain(f"Reject {these}", OPTION), "description": plain("Needs a reason", OPTION), "value": "reject"},
    ]
    radio = {"type": "radio_buttons", "action_id": "says", "options": options}
    return [
        {"type": "input", "block_id": "says", "label": plain("Your decision"), "element": radio},
        text_input("Why?", "reason", placeholder="Kept with each of them", optional=True, most=REASON),
    ]


Left = tuple[str, str]  # the headline, and why


def _why_left(each: Offered) -> Left:
    headline = each.request.now_version.headline if each.request else "A request"
    why = each.refusal.text if each.refusal else "There is no more room in this window: decide it after these."
    return headline, why


def _left_out(left: Sequence[Left]) -> list[Json]:
    if not left:
        return []
    lines = [section([bold(headline, NAMED)], [why]) for headline, why in left]
    return [rich(section([bold("Left out")]), *lines)]


# ── what came of it ─────────────────────────────────────────────────────────────────────────────────────────────


def outcome(done: Sequence[Decided], told: Mapping[int, str], *, approve: bool) -> Json:
    """`told`: why those are left out that nothing is recorded of, by their place in `done`."""
    counted = [each for each in done if each.request is not None]
    word = "approved" if approve else "rejected"
    sign = "✅" if approve else "❌"
    left = [(each.headline, told[at]) for at, each in enumerate(done) if at in told]
    summary = f"{count(len(counted), 'request')} {word}" if counted else "Nothing is recorded"
    left_word = f", {len(left)} left out" if left else ""
    blocks = [
        rich(section([f"{sign} " if counted else "⛔ ", bold(f"{summary}{left_word}")], *map(_stands, counted))),
        *_left_out(left),
    ]
    return modal("loading", "Decided" if counted else "Not done", blocks)


def _stands(each: Decided) -> facts.Line:
    stands = facts.stands(each.request) if each.request else ""
    before = ", as you had said already" if each.already else ""
    return ["· ", bold(each.headline, NAMED), f" · {stands}{before}"]
