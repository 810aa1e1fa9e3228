"""What was written on the command line, as values; what is wrong with it ends the command with a sentence."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from bot.catalogue import Action
from bot.policy import FLAGS
from bot.request import Plan
from handlers import config
from handlers.clock import Clock
from handlers.schemas import JsonSchemas
from handlers.terminal import stop
from handlers.words import choice, near, quoted, there

SPANS = ("last_hour", "last_day", "last_week")


def action_of(book: config.Book, name: str) -> Action:
    if name not in book.catalogue.actions:
        offered = [action.name for action in book.catalogue.offered()]
        closest = near(name, offered)
        stop(f"There is no action {quoted(name)}; {f'did you mean {closest}?' if closest else there(offered)}")
    return book.catalogue.actions[name]


def arguments_of(action: Action, pairs: Mapping[str, str]) -> dict[str, Any]:
    """The arguments by the action's schema. What is sensitive need not be given."""
    args, problems = JsonSchemas().from_text(action, pairs)
    wrong = [each for each in problems if each.where not in action.sensitive or each.where in pairs]
    if wrong:
        stop("\n".join(f"{each}." for each in wrong))
    return args


def pairs_of(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            stop(f"{quoted(each)} is no name=value; quote what has spaces: 'note=two words'.")
        if name in found:
            stop(f"{name} is given twice.")
        found[name] = value
    return found


def plan_of(confidence: float | None, flags: Sequence[str]) -> Plan:
    for flag in flags:
        if flag not in FLAGS:
            stop(f"{quoted(flag)} is no flag; use {choice(FLAGS)}.")
    source = "typed" if confidence is None else "model"
    return Plan(source=source, confidence=1.0 if confidence is None else confidence, flags=tuple(flags))


def history_of(pairs: Mapping[str, str]) -> dict[str, int]:
    for name, text in pairs.items():
        if name not in SPANS or not text.isdecimal():
            stop(f"--history takes {choice(SPANS)} and a number (last_hour=3), not {quoted(f'{name}={text}')}.")
    return dict.fromkeys(SPANS, 0) | {name: int(text) for name, text in pairs.items()}


def moment_of(text: str | None) -> int:
    if text is None:
        return Clock()()
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        stop(f"{quoted(text)} is not a moment; write one with its zone, such as 2026-03-02T12:00:00Z.")
    return int(moment.timestamp() * 1000)
