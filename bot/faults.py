"""Where a test may have the process die, fail or hang between two steps. Inert unless SIGNOFF_FAULT is set.

`SIGNOFF_FAULT=F9:kill` (or `raise`, or `sleep`); `F9@2:kill` is the second time.

    F1  a request or draft, before its commit       F8   the claim, before its commit
    F2  committed, before it is acknowledged        F9   the claim committed, before the target is called
    F3  before a card is posted                     F10  the target called, before the outcome is committed
    F4  posted, before where it stands is stored    F11  the outcome committed, before anything follows
    F5  a vote, before its commit                   F13  a reminder, escalation or expiry, before its commit
    F6  the vote committed, before the answer       F15  the same, committed, before anybody is told
    F16 the glass broken, before its commit         F17  the same, committed, before the answer
    F7  answered, before the card is redrawn        F12, F14: for callbacks and checkpoints, which there are none of yet
"""

import itertools
import os
import signal
import time
from collections.abc import Iterable

from bot import breakage
from bot.request import Move, Step

_POINT, _, _MODE = os.environ.get("SIGNOFF_FAULT", "").partition(":")
_NAME, _, _TURN = _POINT.partition("@")
_turns = itertools.count(1)

_INTAKE, _TIME = (Move.DRAFT, Move.SEND), (Move.REMIND, Move.ESCALATE, Move.EXPIRE, breakage.OVERDUE)
_BEFORE: dict[str, str] = {
    Move.VOTE: "F5",
    Move.CLAIM: "F8",
    Move.FINISH: "F10",
    Move.BREAK_GLASS: "F16",
    **dict.fromkeys(_INTAKE, "F1"),
    **dict.fromkeys(_TIME, "F13"),
}
_AFTER: dict[str, str] = {
    Move.VOTE: "F6",
    Move.CLAIM: "F9",
    Move.FINISH: "F11",
    Move.BREAK_GLASS: "F17",
    **dict.fromkeys(_INTAKE, "F2"),
    **dict.fromkeys(_TIME, "F15"),
}


class Fault(Exception):
    """What a test asked to go wrong."""


def point(name: str) -> None:
    """Go wrong here, if this is the point and the turn that was asked for."""
    if not _NAME or name != _NAME or next(_turns) != int(_TURN or 1):
        return
    match _MODE:
        case "raise":
            raise Fault(name)
        case "sleep":
            time.sleep(3600)
        case _:
            os.kill(os.getpid(), signal.SIGKILL)


def before_commit(steps: Iterable[Step]) -> None:
    _at(_BEFORE, steps)


def after_commit(steps: Iterable[Step]) -> None:
    _at(_AFTER, steps)


def _at(points: dict[str, str], steps: Iterable[Step]) -> None:
    if not _NAME:
        return
    for step in steps:
        for event in step.events:
            if (name := points.get(event.type)) is not None:
                point(name)
