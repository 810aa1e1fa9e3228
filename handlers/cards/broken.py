"""The facts of a break of the glass, as every message and window shows them."""

from bot.glass import Break, Looked
from handlers.cards.blocks import Json, bold, button, date, person, quoted, section
from handlers.cards.facts import Line

MOST = 3  # of what was said of it, the latest; Details has all of it
REVIEWED, CONCERN = "glass_reviewed", "glass_concern"  # the buttons, and what they say


def told(broken: Break | None) -> list[Line]:
    """On the card: who broke the glass, and whether somebody has looked at it since."""
    if broken is None:
        return []
    who: Line = ["🚨 ", bold("Break-glass"), ": approved by nobody, run by ", person(broken.person), " · "]
    return [[*who, date(broken.at)], *state(broken)]


def why(broken: Break | None, room: int) -> list[Json]:
    """The reason, and what a second person said, in their own words."""
    if broken is None:
        return []
    elements = [section([bold("Why it could not wait")]), quoted(broken.reason, room)]
    for look in broken.looks[-MOST:]:
        elements += [section([*who_looked(look)]), quoted(look.note, room)]
    return elements


def state(broken: Break) -> list[Line]:
    if broken.reviewed is not None:
        return [["✔ Reviewed by ", person(broken.reviewed.person), " · ", date(broken.reviewed.at)]]
    concern: list[Line] = [["⚠ ", bold("A concern was raised"), "; it is not settled"]] if broken.looks else []
    late = "⏰ Its review is overdue since " if broken.reminded_at else "🔍 Must be reviewed by somebody else by "
    return [*concern, [late, date(broken.review_by)]]


def who_looked(look: Looked) -> Line:
    said = " reviewed it" if look.fine else " raised a concern"
    return [bold("✔ " if look.fine else "⚠ "), person(look.person), said, " · ", date(look.at)]


def buttons(broken: Break | None, token: str, about: str) -> list[Json]:
    """For whoever may review it; gone when that is done."""
    if broken is None or not broken.open or not token:
        return []
    return [
        button("Reviewed", REVIEWED, token, style="primary", about=about),
        button("Raise concern", CONCERN, token, style="danger", about=about),
    ]
