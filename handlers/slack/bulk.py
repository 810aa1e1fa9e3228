"""Ticks in a list to a window of all that is ticked, and what is sent from it to a decision on each."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import BadInput, Problem
from bot.moves import bulk, look
from bot.ports import Row
from bot.request import Actor
from handlers.cards import bulk as cards
from handlers.cards import fields
from handlers.slack.inbound import Office, in_words
from handlers.tokens import Selection, Token

Listed = tuple[tuple[Row, ...], dict[str, str]]  # rows, and why each is decided by itself, empty where it need not be


async def waiting(office: Office, person: str, limit: int) -> Listed:
    """What waits for somebody, longest first."""
    found = await look.deciding(office.desk, person, limit)
    return tuple(row for row, _ in found), {request.id: cards.alone(request, person) for _, request in found}


async def window(office: Office, who: Actor, values: Mapping[str, Any], *, home: bool) -> dict[str, Any]:
    """All that is ticked, drawn fresh. BadInput where nothing is, or too much."""
    picked = [Token.read(value).request_id for value in ticked(values)]
    if not picked:
        raise BadInput(Problem("", "Nothing is ticked: tick what you want to decide, then press Decide selected."))
    return cards.window(await bulk.offered(office.desk, who, picked), home=home)


def ticked(values: Mapping[str, Any]) -> Iterator[str]:
    """The values of all ticks: block_id → action_id → what is chosen."""
    for elements in values.values():
        for action_id, chosen in elements.items():
            if action_id.partition(":")[0] == cards.TICK:
                yield from (str(option.get("value")) for option in chosen.get("selected_options") or ())


async def decided(office: Office, who: Actor, carried: str, state: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """What came of each, as the window that takes the place of the one that was sent."""
    says = fields.selected(state, "says")
    if says not in ("approve", "reject"):
        raise BadInput(Problem("says", "choose what you decide"))
    shown = [bulk.Shown(*each) for each in Selection.read(carried).shown]
    done = await bulk.decide(office.desk, who, shown, approve=says == "approve", reason=reason)
    told = {at: in_words(each.error).text for at, each in enumerate(done) if each.error is not None}
    return cards.outcome(done, told, approve=says == "approve")
