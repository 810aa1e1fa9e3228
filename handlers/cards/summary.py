"""The weekly summary, as an operator reads it."""

from bot.summary import FAST, OfAction, Week
from handlers.cards.blocks import Drawn, bold, code, date, drawn, header, joined, note, person, rich, section
from handlers.cards.facts import Line
from handlers.cards.words import count, span

MOST = 15  # actions; and as many people
COMMAND = "signoff policy suggest"


def summary(week: Week) -> Drawn:
    """Counts only."""
    told = "📊 How requests were decided this week"
    more = len(week.actions) - MOST
    lines = [line for each in week.actions[:MOST] for line in _action(each)]
    blocks = [
        *header(told),
        rich(section(["From ", date(week.since), " to ", date(week.until)], *lines)),
        *([note(f"And {count(more, 'action')} with fewer decisions.")] if more > 0 else []),
        *([rich(section([bold("Who decided")], *map(_person, week.people[:MOST])))] if week.people else []),
        note("Only operators get this. slack.summary of signoff.yaml says when; off turns it off."),
    ]
    return drawn(told, blocks)


def _action(of: OfAction) -> list[Line]:
    parts: list[Line] = [[code(of.action)]]
    if of.decided:
        parts.append([f"{of.approved} of {of.decided} approved ({_percent(of.approved, of.decided)})"])
        parts.append([f"median {span(of.median or 0)}"])
        parts.append([f"{_percent(of.fast, of.decided)} in under {span(FAST)}"])
    if of.expired:
        parts.append([f"{of.expired} expired undecided"])
    lines = [joined(parts)]
    if of.consider_a_rule:
        told = f"{_percent(of.fast, of.decided)} approved in under {span(FAST)}: consider a rule."
        lines.append(["👉 ", bold(told), " ", code(COMMAND), " prints what past decisions would bear out."])
    return lines


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // whole} %"


def _person(counted: tuple[str, int, int]) -> Line:
    who, approved, rejected = counted
    return [person(who), f" {approved} approved, {rejected} rejected"]
