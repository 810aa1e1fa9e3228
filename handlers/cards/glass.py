"""Break-glass as people see it: the window that asks why, the message in the security channel, what it leaves open."""

from collections.abc import Iterator, Sequence

from bot import glass
from bot.glass import Break, ToReview
from bot.request import Event, Request, State, Version
from handlers.cards import broken as facts_of
from handlers.cards import facts
from handlers.cards.arguments import on_card, without_secrets
from handlers.cards.blocks import (
    MESSAGE_ROOM,
    Drawn,
    Json,
    actions,
    bold,
    button,
    code,
    date,
    drawn,
    header,
    note,
    numbered,
    people,
    person,
    pre,
    quoted,
    rich,
    section,
    weight,
)
from handlers.cards.facts import Line
from handlers.cards.paging import Part, box_part, pages, turning
from handlers.cards.parts import TO_THE_SECOND, arguments_parts, first_page, lines_part
from handlers.cards.review import everything
from handlers.cards.text import visible
from handlers.cards.views import NO_NONCE, modal, text_input
from handlers.cards.words import count, risk_words
from handlers.tokens import Token

QUOTES = (600, 200)  # characters of a reason, a note, an outcome; less where all of them are long
TITLE = 400


# ── the window that asks why ────────────────────────────────────────────────────────────────────────────────────


def breaking(request: Request, token: str, page: int = 0, *, paused: bool = False) -> Json:
    """Everything that would run, page by page, as in Review; the last page asks why, and what must be typed."""
    version = request.now_version
    made = pages(everything(request))
    at = min(max(page, 0), len(made) - 1)
    last = at + 1 == len(made)
    blocks = [
        *(header(version.headline)[:1] if at == 0 else []),
        *([_warning(paused=paused)] if at == 0 else []),
        *([note(f"Page {at + 1} of {len(made)}. The reason is asked for on the last one.")] if not last else []),
        *made[at],
        *(_asked(version) if last else []),
        note(facts.small_print(version, request.id)),
        *turning(at, len(made)),
    ]
    title = "Break glass" if len(made) == 1 else f"Break glass: {at + 1} of {len(made)}"
    return modal("break_glass", title, blocks, token, submit="Run it now" if last else "", page=at)


def _warning(*, paused: bool) -> Json:
    hear = "The security channel and everybody who would have been asked hear of it, with your reason"
    told: Line = ["🚨 ", bold("This runs without approval."), f" {hear}; somebody else must review it."]
    held: Line = ["⏸ ", bold("Signoff is paused"), ": it is approved now, and starts only when an operator resumes."]
    return rich(section(told, held if paused else []))


def _asked(version: Version) -> list[Json]:
    why = text_input(
        "Why can this not wait for an approval?",
        "reason",
        placeholder=f"At least {glass.LEAST} characters; everybody who was passed over reads it",
        most=glass.MOST,
    )
    why["element"]["min_length"] = glass.LEAST
    wanted = version.glass_confirmation
    if wanted is None:
        return [why]
    field = text_input("To run it without approval, type exactly what stands in the box", "confirm")
    del field["element"]["multiline"]
    return [why, rich(section([bold("Type this to run it")]), pre(wanted)), field]


# ── what is told ────────────────────────────────────────────────────────────────────────────────────────────────


def security(request: Request, broken: Break, version: Version, token: str, now: int | None = None) -> Drawn:
    """The message in the security channel: drawn anew at each change, so that it says what came of it."""
    opening = f"🚨 Break-glass: {version.headline}"
    replaced = version.number != request.now_version.number
    for room in QUOTES:
        blocks = [
            *header(opening, TITLE),
            rich(
                section(
                    *facts_of.told(broken), *_outcome(request, now, replaced=replaced), *_passed_over(request, broken)
                )
            ),
            rich(*facts_of.why(broken, room)),
            *_arguments(version),
            *([] if replaced else _came_of_it(request, room)),
            note(facts.small_print(version, request.id)),
            *actions(*facts_of.buttons(broken, token, version.headline), button("Details", "details", token)),
        ]
        if weight(blocks) <= MESSAGE_ROOM:
            break
    return drawn(opening, numbered(blocks, f"s{version.number}.{request.revision}"))


def _outcome(request: Request, now: int | None, *, replaced: bool) -> list[Line]:
    if replaced:
        current = request.now_version.number
        return [[bold("Nothing of it ran"), f": version {current} took its place, and is asked about"]]
    return [facts.standing(request), *facts.running(request, now), *facts.closed(request)]


def _passed_over(request: Request, broken: Break) -> list[Line]:
    route = request.now_version.route
    stages = count(len(route.stages), "stage")
    rule: Line = ["Passed over: ", stages, " of rule ", code(route.rule)]
    if not broken.skipped:
        return [[*rule, ". Nobody could have approved it"]]
    more = f" and {broken.uncounted} more, who were not messaged" if broken.uncounted else ""
    return [[*rule, ": ", *people(broken.skipped), more]]


def _arguments(version: Version) -> list[Json]:
    found = on_card(version)
    elements = [element for box in found.boxes for element in box.drawn()]
    left = [note(f"{found.left:,} more characters of the arguments are in Details.")] if found.left else []
    return [*([rich(*elements)] if elements else [note("No arguments.")]), *left]


def _came_of_it(request: Request, room: int) -> list[Json]:
    if not request.reason:
        return []
    said = without_secrets(request.reason, request.now_version)
    return [rich(section([bold("What came of it")]), quoted(said, room))]


def skipped(request: Request, broken: Break, version: Version) -> Drawn:
    """To each of those who could have approved it."""
    opening = f"🚨 Break-glass: {version.headline}"
    first: Line = [person(broken.person), " runs this ", bold("without approval"), ". You could have approved it: "]
    asked: Line = ["look at it, and say by ", date(broken.review_by), " whether it was right"]
    token = Token(request.id, broken.version, NO_NONCE).text
    for room in QUOTES:
        blocks = [
            *header(opening, TITLE),
            rich(section([bold(risk_words(version.risk))], [*first, *asked]), *facts_of.why(broken, room)),
            *_arguments(version),
            note(facts.small_print(version, request.id)),
            *actions(
                button("Review", "review_break", token, style="primary", about=version.headline),
                button("Details", "open_request", token, about=version.headline),
            ),
        ]
        if weight(blocks) <= MESSAGE_ROOM:
            break
    return drawn(opening, numbered(blocks, f"k{version.number}"))


def news(event: Event, request: Request, broken: Break, version: Version) -> Drawn:
    """To operators and the security channel: a concern, or that nobody has reviewed it in time."""
    headline: Line = [bold(version.headline, 600)]
    by: Line = [person(broken.person), " broke the glass ", date(broken.at)]
    token = Token(request.id, broken.version, NO_NONCE).text
    look = next((each for each in reversed(broken.looks) if each.person == event.actor.id and not each.fine), None)
    if look is not None:
        opening = "⚠ A concern about a break-glass"
        elements = [section([bold(opening), ", by ", person(look.person)], headline, by), quoted(look.note, 2_000)]
    else:
        opening = "⏰ A break-glass was not reviewed in time"
        elements = [section([bold(opening)], headline, by), quoted(broken.reason, 600)]
    ways = [
        button("Review", "review_break", token, style="primary", about=version.headline),
        button("Details", "open_request", token, about=version.headline),
    ]
    blocks = [rich(*elements), *actions(*(ways if broken.open else ways[1:]))]
    return drawn(f": {version.headline}", numbered(blocks, "news"), opening=opening)


# ── looking at it afterwards ────────────────────────────────────────────────────────────────────────────────────


def reviewing(request: Request, broken: Break, version: Version, token: str, chosen: str = facts_of.REVIEWED) -> Json:
    """Asks a second person what they found. `chosen`: glass_reviewed or glass_concern, by the button pressed."""
    said = (
        ("Reviewed", "I looked at what was done and why; it is settled."),
        ("Raise concern", "Something is wrong. Operators and security are told; it stays open."),
    )
    options: list[Json] = [
        {"text": _plain(label), "description": _plain(about), "value": value}
        for value, (label, about) in zip((facts_of.REVIEWED, facts_of.CONCERN), said, strict=True)
    ]
    initial = options[1 if chosen == facts_of.CONCERN else 0]
    radio = {"type": "radio_buttons", "action_id": "says", "options": options, "initial_option": initial}
    replaced = version.number != request.now_version.number
    blocks = [
        *header(version.headline, 1_000),
        rich(
            section(*facts_of.told(broken), *_outcome(request, None, replaced=replaced)), *facts_of.why(broken, 1_000)
        ),
        *first_page(arguments_parts(version)),
        {"type": "input", "block_id": "says", "label": _plain("What do you say?"), "element": radio},
        text_input("What did you find?", "note", placeholder="Kept in the audit trail", most=glass.MOST),
        note(facts.small_print(version, request.id)),
    ]
    return modal("review_break", "Review a break-glass", blocks, token, submit="Record")


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def parts(request: Request) -> Iterator[Part]:
    """Every break, in Details."""
    for broken in request.breaks:
        started: Line = ["🚨 ", bold("Break-glass"), f" of version {broken.version} by ", person(broken.person), " · "]
        yield lines_part([*started, date(broken.at, TO_THE_SECOND)], *facts_of.state(broken))
        yield box_part("Why it could not wait", visible(broken.reason))
        for look in broken.looks:
            yield lines_part(facts_of.who_looked(look))
            yield box_part("", visible(look.note))


def offered(request: Request, token: str) -> list[Json]:
    """In Details of one's own pending request."""
    if request.state is not State.PENDING:
        return []
    sure = button("Break glass…", "break_glass", token, style="danger", about=request.now_version.headline)
    return [*actions(sure), note("Runs it without approval. You are asked why, and many hear of it.")]


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


def listed(found: Sequence[ToReview], *, now: int) -> list[Json]:
    """Open breaks in App Home: a headline with its button, and a line of facts below it."""
    blocks: list[Json] = []
    for at, row in enumerate(found):
        token = Token(row.request_id, row.version, NO_NONCE).text
        opens = button("Review", f"review_break:{500 + at}", token, about=row.headline)
        blocks.append({"type": "section", "text": _plain(_short(row.headline)), "accessory": opens})
        blocks.append(rich(section(_small(row, now))))
    return [{"type": "divider"}, rich(section([bold(_TITLE)])), *blocks] if blocks else []


def as_list(found: Sequence[ToReview], *, now: int) -> list[Json]:
    """The same in a list of `/signoff list`."""
    rows = []
    for row in found:
        shows = code(f"/signoff show {row.request_id}")
        rows.append(section([bold(row.headline, 200)], [*_small(row, now), " · ", shows]))
    return [rich(section([bold(_TITLE)]), *rows)] if rows else []


_TITLE = "🚨 Break-glass, to be reviewed"


def _short(headline: str) -> str:
    seen = visible(headline, one_line=True)
    return seen if len(seen) <= 240 else f"{seen[:239]}…"


def _small(row: ToReview, now: int) -> Line:
    concern: Line = [bold(count(row.concerns, "concern")), " · "] if row.concerns else []
    late = "overdue since " if now >= row.review_by else "to be reviewed by "
    return [*concern, "run without approval by ", person(row.person), " · ", late, date(row.review_by)]
