"""`/signoff …`: words, the form, and the few words that are commands."""

import asyncio
import difflib
import html
import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.bulk import MOST
from bot.catalogue import Action
from bot.errors import BadInput, Problem
from bot.moves import away, brake, cancel, look, reach, submit
from bot.moves.desk import Desk
from bot.request import Actor, Asker
from handlers.cards import away as absent
from handlers.cards import lists, modals
from handlers.cards.blocks import Drawn
from handlers.schemas import JsonSchemas
from handlers.slack import away as going
from handlers.slack import bulk, glass
from handlers.slack.inbound import Office, actor, in_words, refused
from handlers.slack.replies import replies_to

LIST = 15  # lines a list shows
AT_ONCE = 2.0  # seconds: what takes longer is answered after Slack was, which waits for three
LISTS = ("mine", "waiting", "all")
_LINK = re.compile(r"<(?:mailto:|tel:)?([^<>|@#!]+|[^<>|]+@[^<>|]+)(?:\|([^<>]*))?>")
_MENTION = re.compile(r"<([@#])([A-Z0-9]+)(?:\|[^<>]*)?>")
_QUOTES = str.maketrans("“”„«»‘’‚", '"""""\'\'\'')


@dataclass(frozen=True, slots=True)
class Typed:
    """One `/signoff` as it was typed."""

    office: Office
    client: AsyncWebClient
    schemas: JsonSchemas
    who: Actor
    channel: str
    trigger_id: str
    rest: str  # after the first word

    @property
    def desk(self) -> Desk:
        return self.office.desk


async def command(
    office: Office, client: AsyncWebClient, schemas: JsonSchemas, body: Mapping[str, Any]
) -> Drawn | None:
    """What the person privately sees at once; None when a modal was opened, or when the answer comes later."""
    work = asyncio.create_task(_answered(office, client, schemas, body))
    done, _ = await asyncio.wait({work}, timeout=AT_ONCE)
    if done:
        return work.result()
    office.tasks.start(_late(office, client, body, work))
    return None


async def _late(
    office: Office, client: AsyncWebClient, body: Mapping[str, Any], work: asyncio.Task[Drawn | None]
) -> None:
    if (drawn := await work) is not None:
        await replies_to(office, client, body).privately(drawn)


async def _answered(
    office: Office, client: AsyncWebClient, schemas: JsonSchemas, body: Mapping[str, Any]
) -> Drawn | None:
    try:
        text = plain(str(body.get("text") or ""))
        user = {"id": body["user_id"], "team_id": body.get("team_id"), "enterprise_id": body.get("enterprise_id")}
        who = actor(office, user, "command")
        word, _, rest = text.partition(" ")
        typed = Typed(
            office, client, schemas, who, str(body["channel_id"]), str(body.get("trigger_id") or ""), rest.strip()
        )
        if not text:
            await _form(typed)
            return None
        handle = _WORDS.get(word.lower())
        if handle is not None and _meant(word.lower(), rest, typed):
            return await handle(typed)
        return _nearest(word) if not rest and _close(word, _WORDS) else await _words(typed, text)
    except Exception as error:  # noqa: BLE001 - the person must hear something
        told = in_words(error)
        await refused(office, told, {"id": body.get("user_id")}, "command")
        return lists.refusal(told)


def plain(text: str) -> str:
    """The words as typed: Slack escapes `&<>`, makes links of hosts and addresses, and phones make curly quotes."""
    text = _MENTION.sub(lambda found: found[1] + found[2], text)
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    return html.unescape(text).strip()


def _meant(word: str, rest: str, typed: Typed) -> bool:
    """Whether the first word was meant as a command, not as the beginning of a sentence."""
    if word in {"run", "show", "cancel", "break-glass"}:
        first, _, more = rest.strip().partition(" ")
        known = first in typed.desk.in_force.catalogue.actions
        return known or "=" in more or not more
    if word == "away":
        return True  # what is mistyped after it is told, not asked for
    if word == "list":
        return " " not in rest.strip()
    return not rest.strip()  # “pause the newsletter” stops nothing


def _close(word: str, words: Mapping[str, Any] | Sequence[str]) -> list[str]:
    return difflib.get_close_matches(word.lower(), list(words), n=3, cutoff=0.6)


def _nearest(word: str) -> Drawn:
    return lists.said(
        f"“{word}” is not a command. Did you mean {' or '.join(_close(word, _WORDS))}? Try /signoff help."
    )


async def _form(typed: Typed) -> None:
    """`/signoff` alone: choose the action, then its fields."""
    await typed.client.views_open(trigger_id=typed.trigger_id, view=modals.form(await _offered(typed), ""))


async def _offered(typed: Typed) -> list[Action]:
    return await submit.offered(typed.desk, Asker(person=typed.who.id))


async def _words(typed: Typed, text: str) -> Drawn:
    request = await submit.words(typed.desk, Asker(person=typed.who.id), typed.who, text)
    return lists.reading(request)


async def _run(typed: Typed) -> Drawn:
    """`run <action> name=value …`: no model; errors name the parameter and what it must be."""
    name, args = await _exactly(typed)
    sent = await submit.ask(typed.desk, Asker(person=typed.who.id), typed.who, name, args)
    return lists.joined(sent.request) if sent.joined else lists.sent(sent.request)


async def _break_glass(typed: Typed) -> Drawn | None:
    """`break-glass <action> name=value …`: the same, and then the window that asks why it cannot wait."""
    if not typed.rest:
        raise BadInput(Problem("break-glass", "say what to run: /signoff break-glass <action> name=value …"))
    name, args = await _exactly(typed)
    return await glass.typed(typed.office, typed.client, typed.who, name, args, typed.trigger_id)


async def _exactly(typed: Typed) -> tuple[str, dict[str, Any]]:
    """The action and arguments of `<action> name=value …`."""
    name, _, rest = typed.rest.partition(" ")
    action = typed.desk.in_force.catalogue.actions.get(name)
    if action is None or action.undoes is not None:
        raise BadInput(Problem("action", await _unknown_action(typed, name)))
    args, problems = typed.schemas.from_text(action, pairs(rest))
    if problems:
        raise BadInput(*problems)
    return name, args


async def _unknown_action(typed: Typed, name: str) -> str:
    names = [action.name for action in await _offered(typed)]
    near = _close(name, names)
    return f"there is no action “{name}”. " + (
        f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
    )


def pairs(text: str) -> dict[str, str]:
    """`a=1 note="late parcel"` → name → text. BadInput names what is not a pair."""
    try:
        parts = shlex.split(text.translate(_QUOTES))
    except ValueError as error:
        raise BadInput(Problem("", f'a quotation mark is not closed; write note="two words" ({error})')) from error
    found: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise BadInput(Problem(part, 'write name=value, and quote what has spaces: note="two words"'))
        if name in found:
            raise BadInput(Problem(name, "is given twice"))
        found[name] = value
    return found


async def _list(typed: Typed) -> Drawn:
    which = typed.rest or "waiting"
    if which not in LISTS:
        near = _close(which, LISTS)
        raise BadInput(Problem("list", f"“{which}” is not a list; there are mine, waiting and all{_maybe(near)}"))
    if which == "waiting":
        waiting, alone = await bulk.waiting(typed.office, typed.who.id, MOST + 1)
        first = await glass.waiting(typed.desk, typed.who.id)
        return lists.waiting(waiting, alone, shown=MOST, first=first)
    reader = {"mine": look.mine, "all": look.visible}[which]
    rows = await reader(typed.desk, typed.who.id, LIST + 1)
    return lists.rows(which, rows, shown=LIST)


def _maybe(near: Sequence[str]) -> str:
    return f"; did you mean {near[0]}?" if near else ""


async def _show(typed: Typed) -> Drawn:
    request_id = _one_id(typed, "show")
    request = await look.look(typed.desk, typed.who.id, request_id)
    return lists.shown(request, await reach.covers(typed.desk, request))


async def _cancel(typed: Typed) -> Drawn:
    request_id = _one_id(typed, "cancel")
    await look.look(typed.desk, typed.who.id, request_id)
    return lists.cancelled(await cancel.cancel(typed.desk, typed.who, request_id))


def _one_id(typed: Typed, word: str) -> str:
    if not typed.rest or " " in typed.rest:
        raise BadInput(Problem(word, f"say which: /signoff {word} <request>, as /signoff list mine shows it"))
    return typed.rest


async def _pause(typed: Typed) -> Drawn:
    await brake.pause(typed.desk, typed.who)
    return lists.said("Paused: nothing starts until an operator says /signoff resume. Voting goes on.")


async def _resume(typed: Typed) -> Drawn:
    await brake.resume(typed.desk, typed.who)
    return lists.said("Resumed. What was approved more than 5 minutes ago waits for Release on its card.")


async def _away(typed: Typed) -> Drawn:
    gone = await going.goes(typed.desk, typed.who, typed.rest)
    typed.office.news.somebody_went()
    return absent.gone(gone)


async def _back(typed: Typed) -> Drawn:
    await away.back(typed.desk, typed.who)
    return absent.returned()


async def _help(typed: Typed) -> Drawn:
    return lists.help_text(await _offered(typed), glass=bool(typed.desk.in_force.catalogue.glass))


_WORDS: Mapping[str, Callable[[Typed], Awaitable[Drawn | None]]] = {
    "run": _run,
    "break-glass": _break_glass,
    "list": _list,
    "show": _show,
    "cancel": _cancel,
    "away": _away,
    "back": _back,
    "pause": _pause,
    "resume": _resume,
    "help": _help,
}
