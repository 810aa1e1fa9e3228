"""`/signoff away …` and `/signoff back`: what was typed, read in the person's own time zone."""

import re
from dataclasses import dataclass

from bot.errors import BadInput, Problem
from bot.moves import away
from bot.moves.desk import Desk
from bot.request import Actor
from handlers import when
from handlers.words import near, quoted

_PERSON = re.compile(r"@([UW][A-Z0-9]{2,})")
_STARTS = ("until", "for", "delegate")
USAGE = "write /signoff away until friday delegate @person, or /signoff away for 3h, or /signoff away"


@dataclass(frozen=True, slots=True)
class Wish:
    """What stood after `away`, part by part, as it was typed."""

    until: str | None = None
    span: str | None = None
    delegate: str | None = None


async def goes(desk: Desk, who: Actor, text: str) -> away.Gone:
    """Raises BadInput naming the word that is wrong and what would be right."""
    wish = read(text)
    person = await desk.people.person(who.id)
    where, now = when.zone(person.time_zone), desk.clock()
    at = None
    if wish.until is not None:
        at = when.until(wish.until, now, where)
    if wish.span is not None:
        at = when.lasting(wish.span, now, where)
    return await away.leave(desk, who, at, wish.delegate)


def read(text: str) -> Wish:
    """`until …`, `for …` and `delegate @…`, each at most once, in any order."""
    parts: dict[str, list[str]] = {}
    at: list[str] | None = None
    for word in text.split():
        start = word.lower()
        if start in _STARTS:
            if start in parts:
                raise BadInput(Problem(start, "is said twice"))
            at = parts[start] = []
        elif at is None:
            raise BadInput(Problem("away", f"{quoted(word)} is not understood here; {_meant(word)}"))
        else:
            at.append(word)
    for start, words in parts.items():
        if not words:
            raise BadInput(Problem(start, f"nothing follows it; {USAGE}"))
    if "until" in parts and "for" in parts:
        raise BadInput(Problem("for", "say either until when, or for how long"))
    said = {start: " ".join(words) for start, words in parts.items()}
    return Wish(said.get("until"), said.get("for"), _delegate(said.get("delegate")))


def _meant(word: str) -> str:
    closest = near(word.lower(), _STARTS)
    return f"did you mean {closest}?" if closest else USAGE


def _delegate(said: str | None) -> str | None:
    if said is None:
        return None
    found = _PERSON.fullmatch(said.removeprefix("to "))
    if found is None:
        remedy = "type @ and choose one person from Slack's list"
        raise BadInput(Problem("delegate", f"{quoted(said)} is not one person of this workspace; {remedy}"))
    return found[1]
