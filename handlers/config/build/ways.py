"""A way to run, preview, probe or undo: from what the file says to the plain JSON `bot.catalogue.resolve` fills."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handlers.config.build.command import command, surroundings
from handlers.config.build.http import http
from handlers.config.build.messages import email, python, slack
from handlers.config.build.workshop import Workshop
from handlers.config.mistakes import Spot
from handlers.config.shape.ways import Http, Look
from handlers.words import every, use

REPORTED = 86_400_000  # milliseconds within which a caller says what came of it
_MAKERS: dict[str, Callable[[Workshop, Spot, Any], dict[str, Any]]] = {
    "http": http,
    "command": command,
    "python": python,
    "email": email,
    "slack": slack,
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A way as plain JSON, and the timeout the file gives it, in milliseconds."""

    way: dict[str, Any]
    timeout: int | None = None


def compiled(shop: Workshop, spot: Spot, given: Look | str) -> Compiled | None:
    """None where the file names no way, or more than one."""
    if isinstance(given, str):
        return Compiled({"kind": "caller"}, REPORTED)
    possible = [kind for kind in _MAKERS if kind in type(given).model_fields]
    named = [kind for kind in possible if getattr(given, kind) is not None]
    if len(named) != 1:
        both = every(named)
        spot.mistake(f"names {both} at once" if named else "names no way to do it", f"{use(possible)}, and one alone")
        return None
    kind = named[0]
    way = {"kind": kind} | _MAKERS[kind](shop, spot / kind, getattr(given, kind))
    if kind == "command":
        way |= surroundings(shop, spot, given.cwd, given.env)
    else:
        for name in ("cwd", "env"):
            if getattr(given, name) is not None:
                (spot / name).mistake(f'"{name}" is for commands', "remove it")
    return Compiled(way, _timeout(spot, given))


def _timeout(spot: Spot, given: Look) -> int | None:
    """It may stand in `http` or beside any way."""
    inside = given.http.timeout if isinstance(given.http, Http) else None
    if inside is not None and given.timeout is not None:
        (spot / "timeout").mistake("a timeout stands here and in http", "keep one of them")
    return given.timeout if inside is None else inside


def texts(given: Look | str) -> list[Any]:
    """Everything of a way in which names may stand."""
    return [] if isinstance(given, str) else [given.model_dump(exclude_none=True, exclude={"timeout", "title", "risk"})]
