"""Buttons: translate the click, call a move, tell the person privately where it was refused.

The answer to Slack is given when the move is committed: what was acknowledged is never only in memory. What only
shows something is answered at once and goes on by itself, so that a slow Slack never makes a click look lost.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import roundup
from bot.authorize import Click, Verb
from bot.errors import BadInput, Refusal, Superseded
from bot.moves import away, brake, cancel, draft, look, standing, submit, undo, vote
from bot.moves import glass as breaking
from bot.request import Actor, Asker, Effect, EffectKind, Request
from bot.route import Surface
from handlers.cards import modals
from handlers.cards.lists import refusal, said
from handlers.slack import bulk, glass, home
from handlers.slack.inbound import Office, actor, in_words, log, refused, shown
from handlers.slack.previews import Draw, previewed
from handlers.slack.replies import Replies, replies_to
from handlers.slack_errors import code_of
from handlers.tokens import Token


@dataclass(frozen=True, slots=True)
class Press:
    """One click on a button."""

    office: Office
    client: AsyncWebClient
    replies: Replies
    who: Actor
    action_id: str
    value: str
    trigger_id: str
    view: Mapping[str, Any] | None  # the modal or home the button stands in
    values: Mapping[str, Any]  # what is filled in and chosen around it
    token: Token | None


async def pressed(office: Office, client: AsyncWebClient, body: Mapping[str, Any]) -> None:
    """Handle one click. Exactly one action counts; what is not ours is left alone."""
    actions = body.get("actions") or []
    name = str(actions[0].get("action_id", "")).partition(":")[0] if len(actions) == 1 else ""
    if name not in _BUTTONS or not (body.get("user") or {}).get("id"):
        return
    handling = _handled(office, client, body, actions[0], name)
    if name in _MOVES:
        await handling
    else:
        office.tasks.start(handling)


async def _handled(
    office: Office, client: AsyncWebClient, body: Mapping[str, Any], action: Mapping[str, Any], name: str
) -> None:
    replies = replies_to(office, client, body)
    try:
        await _BUTTONS[name](await _press(office, client, replies, body, action, name))
    except Exception as error:  # noqa: BLE001 - Slack must be answered, the person told
        told = in_words(error)
        await replies.privately(refusal(told))
        await refused(office, told, body["user"], _via(body), str(action.get("value") or ""))
        if isinstance(told, Superseded):
            office.tasks.start(_redrawn(office, client, body))


async def _redrawn(office: Office, client: AsyncWebClient, body: Mapping[str, Any]) -> None:
    """A message whose buttons no longer count gets to show it: ours is drawn anew, a lost copy loses its buttons."""
    container = body.get("container") or {}
    channel, ts = str(container.get("channel_id") or ""), str(container.get("message_ts") or "")
    message = await office.desk.store.by_ts(channel, ts)
    listed = await office.desk.store.roundup_at(channel, ts) if message is None else None
    if listed is not None:
        await office.desk.store.put([roundup.redraw(listed.id, office.desk.clock())])
    elif message is not None:
        person = f"/{message.person}" if message.place == "dm" else ""
        key = message.place if message.place == "mine" else f"{message.place}/{message.version}{person}"
        await office.desk.store.put([Effect(EffectKind.SHOW, message.request_id, key)])
    elif ts and not container.get("is_ephemeral"):
        drawn = said("This copy was replaced by a newer one. It decides nothing.")
        try:
            await client.chat_update(channel=channel, ts=ts, text=drawn.text, blocks=drawn.blocks)
        except SlackApiError as error:
            log.info("copy_not_redrawn", error=code_of(error))  # not ours, or too old to be changed


def _via(body: Mapping[str, Any]) -> str:
    view = body.get("view")
    return "card" if view is None else ("home" if view.get("type") == "home" else "review")


async def _press(
    office: Office,
    client: AsyncWebClient,
    replies: Replies,
    body: Mapping[str, Any],
    action: Mapping[str, Any],
    name: str,
) -> Press:
    who = actor(office, body["user"], _via(body))
    value = str(action.get("value") or "")
    text = value.partition("#")[0]
    token: Token | None = None
    if text.startswith("v1."):
        container = body.get("container") or {}
        in_message = container.get("type") == "message"
        at = (container.get("channel_id"), container.get("message_ts")) if in_message else (None, None)
        token = Token.read(text) if name in _FREE else await shown(office, text, *at)
    trigger = str(body.get("trigger_id") or "")
    values = ((body.get("view") or body).get("state") or {}).get("values") or {}
    return Press(office, client, replies, who, name, value, trigger, body.get("view"), values, token)


def _token(press: Press) -> Token:
    if press.token is None:
        raise Refusal("This button is not one of ours any more; open the request from Signoff's home.")
    return press.token


async def _approve(press: Press) -> None:
    token = _token(press)
    await vote.approve(press.office.desk, press.who, token.request_id, token.version, Surface.CARD)


async def _review(press: Press) -> None:
    """The review modal, drawn fresh; where the action has a preview it is asked again, and the modal redrawn."""
    request = await _may(press, Verb.REJECT)  # whoever may reject may look here; how strong an approval is comes after
    await _reviewed(press, request, _token(press))


async def _review_request(press: Press) -> None:
    """The same from the home, for the version as it is now: what is sent from it counts like the card's own."""
    listed = _token(press)
    request = await look.may(press.office.desk, press.who, listed.request_id, Click(Verb.REJECT))
    number = request.now_version.number
    message = await press.office.desk.store.message(request.id, number, "card")
    await _reviewed(press, request, Token(request.id, number, message.nonce))


async def _reviewed(press: Press, request: Request, token: Token) -> None:
    await look.shown(press.office.desk, press.who.id, request)
    similar = await standing.may_give(press.office.desk, press.who.id, request)
    view = modals.review(request, token.text, similar=similar)
    opened = await press.client.views_open(trigger_id=press.trigger_id, view=view)
    if request.now_version.action.preview is not None:
        view = dict(opened["view"])
        press.office.tasks.start(previewed(press.office, press.client, token, view, _review_for(press)))


def _review_for(press: Press) -> Draw:
    """The review as this person sees it."""

    async def draw(request: Request, token: str) -> dict[str, Any]:
        similar = await standing.may_give(press.office.desk, press.who.id, request)
        return modals.review(request, token, similar=similar)

    return draw


async def _may(press: Press, verb: Verb) -> Request:
    """The request, where this person may do that now: said at the click, not after a form was filled in."""
    token = _token(press)
    return await look.may(press.office.desk, press.who, token.request_id, Click(verb, token.version))


def _opens(verb: Verb, draw: Callable[[Request, str], dict[str, Any]]) -> Callable[[Press], Awaitable[None]]:
    """A button that opens a modal about the request as it stands now."""

    async def open_modal(press: Press) -> None:
        await _show(press, draw(await _may(press, verb), _token(press).text))

    return open_modal


async def _show(press: Press, view: dict[str, Any]) -> None:
    """Open it, or push it where a modal is open already."""
    if _in_modal(press):
        await press.client.views_push(trigger_id=press.trigger_id, view=view)
    else:
        await press.client.views_open(trigger_id=press.trigger_id, view=view)


def _in_modal(press: Press) -> bool:
    return press.view is not None and press.view.get("type") == "modal"


async def _edit(press: Press) -> None:
    token = _token(press)
    desk = press.office.desk
    request = await look.look(desk, press.who.id, token.request_id)
    if request.version is None:
        await _open_form(press)
        return
    request = await _may(press, Verb.EDIT)
    fields = None if press.who.id in request.requesters else request.now_version.action.editable
    await _show(press, modals.edit(request, token.text, only=fields))


async def _open_form(press: Press) -> None:
    """The form of a draft: the action that was understood, or the choice of one."""
    token = _token(press)
    desk = press.office.desk
    request = await look.look(desk, press.who.id, token.request_id)
    understood = request.draft
    named = understood.action if understood and understood.action in desk.in_force.catalogue.actions else None
    if understood is None or named is None:
        await _show(press, modals.form(await submit.offered(desk, request.asker), token.text))
        return
    action = desk.in_force.catalogue.action(named)
    await _show(press, modals.fields(action, understood.args, token.text))


async def _details(press: Press) -> None:
    """Everything that is known, to whoever may look; from the home too."""
    token = _token(press)
    request = await look.look(press.office.desk, press.who.id, token.request_id)
    await _show(press, modals.details(request, token.text, **await _all_of(press, request)))


async def _all_of(press: Press, request: Request) -> dict[str, Any]:
    """What Details tells beside the request itself: its earlier versions, its events, what is for this person."""
    desk = press.office.desk
    return {
        "versions": [each for each in await desk.store.versions(request.id) if each != request.version],
        "events": await desk.store.story(request.id),
        "may_reveal": await look.may_reveal(desk, press.who.id, request),
        "sees_result": press.who.id in request.requesters,
        "similar": await standing.may_give(desk, press.who.id, request),
        "may_break": await breaking.may_break(desk, press.who.id, request),
    }


async def _allow_similar(press: Press) -> None:
    """The form of a standing approval, for those who may give one."""
    token = _token(press)
    request, terms = await standing.terms(press.office.desk, press.who, token.request_id, token.version)
    await _show(press, modals.similar(request, token.text, terms))


async def _end_standing(press: Press) -> None:
    """One click ends it; the home it was pressed in shows so."""
    await standing.end(press.office.desk, press.who, _token(press).request_id)
    press.office.tasks.start(home.publish(press.office, press.client, press.who.id))


async def _reveal(press: Press) -> None:
    """A sensitive value, to this person alone, and an event."""
    text, _, name = press.value.partition("#")
    token = Token.read(text)
    value = await look.reveal(press.office.desk, press.who, token.request_id, token.version, name)
    await _show(press, modals.revealed(name, value))


async def _page(press: Press) -> None:
    """Another page of a modal, drawn fresh."""
    view = press.view or {}
    place = modals.place(str(view.get("private_metadata") or ""))
    token = Token.read(place.token)
    request = await look.look(press.office.desk, press.who.id, token.request_id)
    turn_to = int(press.value) if press.value.isdecimal() else 0
    callback = str(view.get("callback_id"))
    if callback == "break_glass":
        drawn = await glass.page(press.office.desk, request, place.token, turn_to)
        await press.client.views_update(view_id=view["id"], hash=view["hash"], view=drawn)
        return
    drawn = modals.turned(callback, request, place, turn_to, **await _all_of(press, request))
    await press.client.views_update(view_id=view["id"], hash=view["hash"], view=drawn)


async def _break_glass(press: Press) -> None:
    on_top = _in_modal(press)
    await glass.pressed(press.office, press.client, press.who, _token(press), press.trigger_id, on_top=on_top)


async def _review_break(press: Press) -> None:
    await _show(press, await glass.review(press.office.desk, press.who, _token(press), press.action_id))


async def _cancel(press: Press) -> None:
    await cancel.cancel(press.office.desk, press.who, _token(press).request_id)


async def _send(press: Press) -> None:
    await draft.send(press.office.desk, press.who, _token(press).request_id)


async def _regenerate(press: Press) -> None:
    await draft.regenerate(press.office.desk, press.who, _token(press).request_id)


async def _undo(press: Press) -> None:
    await undo.undo(press.office.desk, press.who, _token(press).request_id)


async def _release(press: Press) -> None:
    await brake.release(press.office.desk, press.who, _token(press).request_id)


async def _settle(press: Press) -> None:
    request = await _may(press, Verb.SETTLE)
    await _show(press, modals.settle(request, _token(press).text, press.action_id))


async def _report(press: Press) -> None:
    request = await _may(press, Verb.REPORT)
    await _show(press, modals.report(request, _token(press).text, press.action_id))


async def _new_request(press: Press) -> None:
    offered = await submit.offered(press.office.desk, Asker(person=press.who.id))
    await _show(press, modals.form(offered, ""))


async def _decide_selected(press: Press) -> None:
    """All that is ticked, in one window; what is wrong with the ticks is said there too."""
    try:
        view = await bulk.window(press.office, press.who, press.values, home=press.view is not None)
    except BadInput as wrong:
        view = modals.notice(wrong)
    await _show(press, view)


async def _back(press: Press) -> None:
    await away.back(press.office.desk, press.who)
    press.office.tasks.start(home.publish(press.office, press.client, press.who.id))


async def _refresh(press: Press) -> None:
    await home.publish(press.office, press.client, press.who.id)


_FREE = frozenset(  # in a list, not in a message about one version
    {"open_request", "review_request", "end_standing", "review_break", "break_glass"}
)
_MOVES = frozenset(
    {"approve", "cancel", "discard", "send", "regenerate", "undo", "release", "end_standing", "back"}
)  # answered when committed
_BUTTONS: Mapping[str, Callable[[Press], Awaitable[None]]] = {
    "approve": _approve,
    "review": _review,
    "reject": _opens(Verb.REJECT, modals.reject),
    "edit": _edit,
    "ask": _opens(Verb.ASK, modals.ask),
    "answer": _opens(Verb.ANSWER, modals.answer),
    "details": _details,
    "reveal": _reveal,
    "page": _page,
    "cancel": _cancel,
    "discard": _cancel,
    "send": _send,
    "regenerate": _regenerate,
    "open_form": _open_form,
    "done": _settle,
    "not_done": _settle,
    "again": _settle,
    "did": _report,
    "did_not": _report,
    "undo": _undo,
    "release": _release,
    "new_request": _new_request,
    "open_request": _details,
    "review_request": _review_request,
    "decide_selected": _decide_selected,
    "back": _back,
    "refresh": _refresh,
    "allow_similar": _allow_similar,
    "end_standing": _end_standing,
    "break_glass": _break_glass,
    "review_break": _review_break,
    "glass_reviewed": _review_break,
    "glass_concern": _review_break,
}
