"""Submitted modals: read the fields, call a move, and answer in the modal itself where something is wrong."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.bulk import VIA
from bot.catalogue import Action
from bot.errors import (
    BadInput,
    Denied,
    Joined,
    NobodyToAsk,
    NotRecorded,
    Problem,
    Refusal,
    TooMany,
    TooSoon,
    Unconfirmed,
    WrongConfirmation,
)
from bot.moves import draft, edit, glass, remark, settle, standing, submit, vote
from bot.outcome import Ending, Outcome
from bot.request import Actor, Asker, Request
from bot.route import Surface
from bot.standing import HOW_LONG, HOW_OFTEN, Wanted
from handlers.cards import fields, modals
from handlers.cards.broken import CONCERN, REVIEWED
from handlers.slack import bulk, home
from handlers.slack.inbound import Office, actor, in_words, refused, shown
from handlers.tokens import Token

Answer = dict[str, Any] | None  # what Slack is told: None closes the modal
_AGAIN = (Unconfirmed, NotRecorded, Denied, NobodyToAsk, TooMany, Joined)  # what was typed stays below, to be changed


@dataclass(frozen=True, slots=True)
class Submission:
    office: Office
    client: AsyncWebClient
    who: Actor
    place: modals.Place  # what its private_metadata says: token, page, action
    state: Mapping[str, Any]  # block_id → action_id → value

    def text(self, block: str) -> str:
        """The text of an input, empty where nothing was written."""
        for element in self.state.get(block, {}).values():
            return str(element.get("value") or "")
        return ""


async def submitted(office: Office, client: AsyncWebClient, body: Mapping[str, Any]) -> Answer:
    view = body["view"]
    handle = _VIEWS.get(str(view.get("callback_id")))
    if handle is None or not (body.get("user") or {}).get("id"):
        return None
    via, place = _VIA.get(str(view["callback_id"]), "form"), modals.Place()
    try:
        who = actor(office, body["user"], via)
        place = modals.place(str(view.get("private_metadata") or ""))
        state = (view.get("state") or {}).get("values") or {}
        return await handle(Submission(office, client, who, place, state))
    except Exception as error:  # noqa: BLE001 - Slack must be answered, the person told
        told = in_words(error)
        await refused(office, told, body["user"], via, place.token)
        return _wrong(view, told)


def _wrong(view: Mapping[str, Any], error: Refusal) -> Answer:
    """Each problem at its field; what belongs to no field of this modal is told in a page of its own."""
    if isinstance(error, WrongConfirmation):
        return {"response_action": "errors", "errors": {"confirm": error.text}}
    if not isinstance(error, BadInput):
        again = isinstance(error, _AGAIN) or type(error) is Refusal  # the bare one: a fault of ours
        action = "push" if again else "update"
        return {"response_action": action, "view": modals.notice(error)}
    blocks = {block.get("block_id") for block in view.get("blocks", ()) if block.get("type") == "input"}
    at = {problem: fields.block_of(problem.where, blocks) for problem in error.problems}
    if not all(at.values()):
        return {"response_action": "push", "view": modals.notice(error)}
    return {"response_action": "errors", "errors": {str(at[each]): each.message for each in error.problems}}


async def _token(sent: Submission) -> Token:
    return await shown(sent.office, sent.place.token)


async def _form(sent: Submission) -> Answer:
    """The chosen action's fields take the place of the choice."""
    name = fields.chosen(sent.state)
    action = sent.office.desk.in_force.catalogue.action(name)
    return {"response_action": "update", "view": modals.fields(action, {}, sent.place.token)}


async def _fields(sent: Submission) -> Answer:
    desk = sent.office.desk
    action = desk.in_force.catalogue.action(sent.place.action)
    args = _read(sent, action.name)
    if sent.place.token:
        token = await _token(sent)
        kept = _kept(sent, action, await desk.open(token.request_id))
        await draft.change(desk, sent.who, token.request_id, action.name, kept | args)
        return None
    made = await submit.ask(desk, Asker(person=sent.who.id), sent.who, action.name, args)
    return {"response_action": "update", "view": modals.joined(made.request)} if made.joined else None


def _kept(sent: Submission, action: Action, request: Request) -> dict[str, Any]:
    """What was understood and no input of the form could hold, or was sensitive and left as it is."""
    understood = request.draft
    if understood is None or understood.action != action.name:
        return {}
    offered = fields.offered(action, sent.state)
    return {name: v for name, v in understood.args.items() if name not in offered or name in action.sensitive}


def _read(sent: Submission, action_name: str) -> dict[str, Any]:
    action = sent.office.desk.in_force.catalogue.action(action_name)
    args, problems = fields.read(action, sent.state)
    if problems:
        raise BadInput(*problems)
    return args


async def _edit(sent: Submission) -> Answer:
    token = await _token(sent)
    request = await sent.office.desk.open(token.request_id)
    version = request.now_version
    args, problems = fields.read(version.action, sent.state)
    if problems:
        raise BadInput(*problems)
    offered = fields.offered(version.action, sent.state)
    changes = {name: args.get(name) for name in offered if name in args or name not in version.action.sensitive}
    await edit.edit(sent.office.desk, sent.who, token.request_id, token.version, changes)
    return None


async def _review(sent: Submission) -> Answer:
    token = await _token(sent)
    desk, typed = sent.office.desk, sent.text("confirm") or None
    again = sent.place.action == modals.AGAIN
    try:
        await vote.approve(desk, sent.who, token.request_id, token.version, Surface.REVIEW, typed, again=again)
    except TooSoon as soon:
        request = await desk.open(token.request_id)
        once_more = modals.review(request, sent.place.token, sent.place.page, once_more=soon.text)
        return {"response_action": "update", "view": once_more}
    return None


async def _reject(sent: Submission) -> Answer:
    token = await _token(sent)
    await vote.reject(sent.office.desk, sent.who, token.request_id, token.version, sent.text("reason"))
    return {"response_action": "clear"}  # the review below it, where it was pressed there, is over too


async def _together(sent: Submission) -> Answer:
    view = await bulk.decided(sent.office, sent.who, sent.place.token, sent.state, sent.text("reason"))
    if sent.place.action == "home":
        sent.office.tasks.start(home.publish(sent.office, sent.client, sent.who.id))
    return {"response_action": "update", "view": view}


async def _ask(sent: Submission) -> Answer:
    token = await _token(sent)
    await remark.remark(sent.office.desk, sent.who, token.request_id, "question", sent.text("question"), token.version)
    return None


async def _answer(sent: Submission) -> Answer:
    token = await _token(sent)
    await remark.remark(sent.office.desk, sent.who, token.request_id, "answer", sent.text("answer"))
    return None


async def _break_glass(sent: Submission) -> Answer:
    token = await _token(sent)
    typed = sent.text("confirm") or None
    reason = sent.text("reason")
    await glass.break_glass(sent.office.desk, sent.who, token.request_id, token.version, reason, typed)
    return {"response_action": "clear"}  # Details below it, where it was pressed there, are out of date


async def _review_break(sent: Submission) -> Answer:
    token = await _token(sent)
    says = fields.selected(sent.state, "says")
    if says not in (REVIEWED, CONCERN):
        raise BadInput(Problem("says", "say whether it is reviewed, or what concerns you"))
    note, fine = sent.text("note"), says == REVIEWED
    await glass.review(sent.office.desk, sent.who, token.request_id, token.version, note, fine=fine)
    return {"response_action": "clear"}


async def _settle(sent: Submission) -> Answer:
    token = await _token(sent)
    says = fields.selected(sent.state, "says")
    await settle.settle(sent.office.desk, sent.who, token.request_id, token.version, says, sent.text("reason"))
    return None


async def _report(sent: Submission) -> Answer:
    token = await _token(sent)
    account = sent.text("account").strip()
    if not account:
        raise BadInput(Problem("account", "say in a few words what came of it"))
    outcome = Outcome(Ending.SUCCEEDED if sent.place.action == "did" else Ending.FAILED, account)
    await settle.report(sent.office.desk, sent.who, token.request_id, outcome)
    return None


async def _similar(sent: Submission) -> Answer:
    token = await _token(sent)
    request = await sent.office.desk.open(token.request_id)
    most, problems = fields.read(request.now_version.action, sent.state)
    often, long = sent.text(HOW_OFTEN).strip(), fields.selected(sent.state, HOW_LONG)
    if not often.isdecimal() or len(often) > MOST_DIGITS:
        problems = (*problems, Problem(HOW_OFTEN, "must be a whole number, such as 5"))
    if problems:
        raise BadInput(*problems)
    lasts = int(long) if long.isdecimal() and len(long) <= MOST_DIGITS else 0
    wanted = Wanted(most, lasts, int(often))
    given = await standing.give(sent.office.desk, sent.who, token.request_id, token.version, wanted)
    return {"response_action": "update", "view": modals.allowed(given)}


MOST_DIGITS = 12
_VIA = {"review": "review", "break_glass": "review", "review_break": "review", "bulk": VIA}
_VIEWS: Mapping[str, Callable[[Submission], Awaitable[Answer]]] = {
    "form": _form,
    "fields": _fields,
    "edit": _edit,
    "review": _review,
    "reject": _reject,
    "bulk": _together,
    "ask": _ask,
    "answer": _answer,
    "settle": _settle,
    "report": _report,
    "similar": _similar,
    "break_glass": _break_glass,
    "review_break": _review_break,
}
