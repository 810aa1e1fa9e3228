"""What the page can do for a person: one function per operation, on the same `Person` tests drive."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from handlers.demo.slack.core import Core
from handlers.demo.slack.errors import NotThereError
from handlers.demo.slack.people import Person
from handlers.demo.slack.render import Shown
from handlers.demo.slack.values import Json, Message, View


class RequestError(Exception):
    """The page asked in a way that is not understood."""


Operation: TypeAlias = Callable[[Core, Person, Mapping[str, Any]], Awaitable[Json]]


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(f"{name} must be a text that is not empty")
    return value


def _values(body: Mapping[str, Any]) -> Mapping[str, Any]:
    values = body.get("values") or {}
    if not isinstance(values, dict):
        raise RequestError("values must be an object")
    return values


def _message(core: Core, body: Mapping[str, Any]) -> Message:
    where = body.get("shown")
    if not isinstance(where, dict):
        raise RequestError('shown must be {"channel": id, "ts": ts} or {"view": id}')
    found = core.workspace.message(str(where.get("channel")), str(where.get("ts")))
    if found is None:
        raise NotThereError("the message is not there any more")
    return found


def _view(core: Core, ident: object) -> View:
    found = core.modals.find(str(ident))
    if found is None:
        raise NotThereError("the form is not open any more")
    return found


def _shown(core: Core, body: Mapping[str, Any]) -> Shown:
    where = body.get("shown")
    if isinstance(where, dict) and "view" in where:
        return _view(core, where["view"])
    return _message(core, body)


async def command(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Type a slash command."""
    reply = await person.command(_text(body, "where"), _text(body, "line"))
    return {"ephemeral": reply.message.text if reply.message else None}


async def say(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Write a message or a reply."""
    where = _text(body, "where")
    thread = core.workspace.message(where, str(body["thread"])) if body.get("thread") else None
    if body.get("thread") and thread is None:
        raise NotThereError("the thread is not there any more")
    return {"ts": person.say(where, _text(body, "text"), thread).ts}


async def click(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Press a button or choose in a menu."""
    await person.click(
        _shown(core, body),
        _text(body, "what"),
        body.get("value"),
        block_id=body.get("block_id"),
        accept=bool(body.get("accept", True)),
    )
    return {}


async def fill(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Remember what was filled in."""
    person.fill(_shown(core, body), _values(body))
    return {}


async def submit(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Send a form."""
    result = await person.submit(_view(core, body.get("view")), _values(body))
    return {"errors": dict(result.errors), "open": result.top is not None}


async def close(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Close a form, or all of them."""
    await person.close(_view(core, body.get("view")), everything=bool(body.get("everything")))
    return {}


async def home(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Open the home tab."""
    await person.open_home()
    return {}


async def shortcut(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Choose a shortcut of a message."""
    await person.shortcut(_message(core, body), _text(body, "callback_id"))
    return {}


async def global_shortcut(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Choose a global shortcut."""
    await person.global_shortcut(_text(body, "callback_id"))
    return {}


async def suggest(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Type into an external select."""
    options = await person.suggest(_shown(core, body), _text(body, "what"), _text(body, "query"))
    return {"options": options}


async def react(core: Core, person: Person, body: Mapping[str, Any]) -> Json:
    """Add a reaction."""
    person.react(_message(core, body), _text(body, "name"))
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "command": command,
    "say": say,
    "click": click,
    "fill": fill,
    "submit": submit,
    "close": close,
    "home": home,
    "shortcut": shortcut,
    "global_shortcut": global_shortcut,
    "suggest": suggest,
    "react": react,
}
