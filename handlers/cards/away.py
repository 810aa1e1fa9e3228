"""Who is away and who stands in, as people read it: on cards, in private answers, at home."""

from collections.abc import Sequence

from bot.absence import Absence
from bot.moves.away import Gone
from handlers.cards.blocks import Drawn, Json, actions, bold, button, date, drawn, joined, people, person, rich, section
from handlers.cards.facts import Line


def _until(until: int | None) -> Line:
    return [" until ", date(until)] if until is not None else []


def gone(left: Gone) -> Drawn:
    """What somebody hears who goes away."""
    until = left.absence.until
    top: Line = [bold("You are away"), *_until(until)] if until is not None else [bold("You are away")]
    ends: Line = ["It ends by itself then; " if until is not None else "It ends with ", bold("/signoff back")]
    ends.append(" ends it before." if until is not None else ", or in Signoff's home.")
    lines = [top, _instead(left), _without(left), _stood_for(left), ends]
    return drawn("You are away. /signoff back ends it.", [rich(section(*lines))])


def _instead(left: Gone) -> Line:
    delegate = left.absence.delegate
    if delegate is None:
        return ["Nobody stands in: others are asked, and no direct message about requests comes to you meanwhile."]
    groups = _named(left.shared)
    return [person(delegate), " stands in where they are asked themselves (", *groups, ") and votes in their own name."]


def _without(left: Gone) -> Line:
    return ["Not for ", *_named(left.alone), ": they are not in there."] if left.alone else []


def _named(groups: Sequence[str]) -> Line:
    return joined([[bold(name)] for name in groups], ", ")


def _stood_for(left: Gone) -> Line:
    if not left.stood_for:
        return []
    now = "that is passed on" if left.absence.delegate else "nobody does now"
    return ["You stand in for ", *people(left.stood_for), f": {now}."]


def returned() -> Drawn:
    told = "You are back: direct messages and mentions come to you again."
    return drawn(told, [rich(section([told]))])


def stands_in(for_whom: str, until: int | None) -> Drawn:
    """What a delegate hears."""
    lines: list[Line] = [
        [person(for_whom), " is away", *_until(until), ", and you stand in."],
        ["What they would be asked comes to you where you are asked yourself; you vote in your own name."],
        ["What waits already stands in Signoff's home, under ", bold("Waiting for you"), "."],
    ]
    return drawn("You stand in for somebody who is away", [rich(section(*lines))])


def at_home(mine: Absence | None, stood_for: Sequence[Absence]) -> list[Json]:
    """The lines of App Home, with the button that ends it."""
    lines: list[Line] = []
    if mine is not None:
        instead: Line = [person(mine.delegate), " stands in"] if mine.delegate else ["nobody stands in"]
        lines.append([bold("You are away"), *_until(mine.until), ", ", *instead])
    lines += [["You stand in for ", person(each.person), *_until(each.until)] for each in stood_for]
    ends = actions(button("Back", "back", "back", style="primary", about="you are there again")) if mine else []
    return [*([rich(section(*lines))] if lines else []), *ends]
