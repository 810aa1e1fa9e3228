"""The action whose name, title, description and parameters are most like the words, by plain text alone.

Deterministic: no model, no randomness; equal scores go to the action that stands first in the file.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from bot.catalogue import Action
from bot.ports import Planned
from bot.request import Draft, Plan

NOBODY = "There is no action that you may ask for. The operators can add one, or let you ask for one."
_MOST_WORDS = 200
_TOKEN = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    _TOKEN.findall(
        "a an and are as at be by can could do for from have i in is it me my no not of on or our please should so "
        "that the their them then there this to us want was we will with would you your"
    )
)
_NAME, _TITLE, _PARAMETER, _ABOUT = 4.0, 3.0, 1.5, 1.0


class TextMatchPlanner:
    """The planner where no model is configured. It never claims to have read the words: it names the closest form."""

    async def plan(self, words: str, actions: Sequence[Action], earlier: Draft | None = None) -> Planned:
        return Planned((unread("No model is configured", words, actions, source="typed"),))


def unread(why: str, words: str, actions: Sequence[Action], *, source: str = "model") -> Draft:
    """A draft that could not be planned, with the closest action's empty form behind it where there is one."""
    action = closest(words, actions)
    if not actions:
        note = NOBODY
    elif action is None:
        note = f"{why}, and no action is like your words in plain text. Choose one in the form."
    else:
        note = f"{why}, so I matched your words to {action.name} by plain text. Open the form and fill it in."
    return Draft(
        status="unread",
        action=action.name if action else None,
        plan=Plan(source=source, confidence=0.0),
        note=note,
    )


def closest(words: str, actions: Sequence[Action]) -> Action | None:
    """The action that shares most with the words; None where it would be a guess from nothing."""
    said = _tokens(words)[:_MOST_WORDS]
    known = [_weights(action) for action in actions]
    scores = [0.0] * len(actions)
    for token in said:
        found = [max((weight for own, weight in mine.items() if _alike(token, own)), default=0.0) for mine in known]
        sharing = sum(1 for weight in found if weight)
        for at, weight in enumerate(found):
            scores[at] += weight / sharing if weight else 0.0
    best = max(scores, default=0.0)
    return actions[scores.index(best)] if best > 0 else None


def _weights(action: Action) -> dict[str, float]:
    weights: dict[str, float] = {}
    for text, weight in _texts(action):
        for token in _tokens(text):
            weights[token] = max(weights.get(token, 0.0), weight)
    return weights


def _texts(action: Action) -> Iterator[tuple[str, float]]:
    yield action.name, _NAME
    yield action.title, _TITLE
    yield action.about, _ABOUT
    for name, schema in action.params.items():
        yield name, _PARAMETER
        for value in (schema.get("title"), schema.get("description"), *schema.get("enum", ())):
            if isinstance(value, str):
                yield value, _PARAMETER


def _tokens(text: str) -> list[str]:
    found = (token.casefold() for token in _TOKEN.findall(text))
    return list(dict.fromkeys(token for token in found if token not in _COMMON and not token.isdecimal()))


@lru_cache(maxsize=20_000)
def _alike(said: str, own: str) -> bool:
    """The same word, another form of it (refund, refunding), or one slip of the finger away (refnud)."""
    if said == own:
        return True
    if min(len(said), len(own)) < 4 or said[0] != own[0]:
        return False
    if said.startswith(own) or own.startswith(said):
        return True
    return abs(len(said) - len(own)) <= 2 and SequenceMatcher(None, said, own).ratio() >= 0.83
