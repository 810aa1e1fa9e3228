"""What a person's client does when they press, choose, fill in, send or close."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.demo.slack import payloads
from handlers.demo.slack.delivery import Ack, Deliveries
from handlers.demo.slack.errors import ApiError, BotFailedError, ClientRefusesError, NotThereError
from handlers.demo.slack.inputs import problem, state_of
from handlers.demo.slack.modals import initial_values
from handlers.demo.slack.render import Element, Shown, blocks_of
from handlers.demo.slack.seeing import Sight
from handlers.demo.slack.values import Json, Message, View
from handlers.demo.slack.webapi.views import checked_view

STATELESS = frozenset({"button", "overflow", "icon_button", "feedback_buttons"})


@dataclass(frozen=True, slots=True)
class Submitted:
    """What came of sending a form.

    Attributes:
        ack: the bot's answer.
        errors: what it says under which block; the form stays open when there are any.
        top: the modal the person looks at now, None when all are closed.
    """

    ack: Ack
    errors: Mapping[str, str] = field(default_factory=dict)
    top: View | None = None


def action_of(element: Element, state: Json | None) -> Json:
    """An entry of `actions` for an element that was pressed (`state` None) or given a value."""
    action: Json = {"type": element.type, "action_id": element.action_id, "block_id": element.block_id}
    for name in ("value", "style", "placeholder"):
        if name in element.json:
            action[name] = element.json[name]
    if text := element.json.get("text"):
        action["text"] = text | {"text": payloads.escaped(text["text"])}
    return action | (state or {})


def state_key(user: str, message: Message) -> tuple[str, str, str]:
    """Under which a person's choices in a message are kept."""
    return (user, message.channel, message.ts)


class Pressing:
    """One person's hands on messages and views."""

    def __init__(self, sight: Sight, deliveries: Deliveries) -> None:
        self._sight = sight
        self._core = sight.core
        self._deliveries = deliveries

    async def click(self, shown: Shown, what: str, value: Any, block_id: str | None, *, accept: bool) -> Ack | None:
        """Press a button or choose in a menu; None when the person said no in the confirm dialog."""
        current = self._sight.current(shown)
        if isinstance(current, Message):
            self._sight.room(current.channel, member=True)
        element = self._sight.pick(current, what, block_id)
        if element.block["type"] == "input" and not element.block.get("dispatch_action"):
            raise NotThereError(f"{what!r} is an input: filling it in sends nothing, use fill or submit")
        state = self._chosen(element, value)
        if not accept:
            if not element.confirm:
                raise NotThereError(f"{what!r} asks for no confirmation that could be declined")
            return None
        if not self._core.app.interactive:
            raise BotFailedError("not_interactive", "this app is not configured to handle interactive responses")
        action = action_of(element, state)
        if element.type not in STATELESS and state:
            current = self._remember(current, {element.block_id: {element.action_id: state}})
        return (await self._deliveries.send("interactive", self._payload(current, action))).checked()

    def _chosen(self, element: Element, value: Any) -> Json | None:
        if element.type in {"button", "icon_button"}:
            if value is not None:
                raise NotThereError(f"{element.action_id} is a button: pressing it takes no value")
            return None
        if element.type == "feedback_buttons":
            side = element.json.get(f"{value}_button")
            if side is None:
                raise NotThereError("feedback is 'positive' or 'negative'")
            return {"value": side["value"], "text": side["text"]}
        return state_of(element.json, value, self._sight.resolve)

    def _remember(self, shown: Shown, values: Json) -> Shown:
        if isinstance(shown, View):
            return self._core.modals.fill(shown, values)
        key = state_key(self._sight.user_id, shown)
        self._core.chosen[key] = payloads.merged(self._core.chosen.get(key, {}), values)
        return shown

    def _payload(self, shown: Shown, action: Json) -> Json:
        user = self._sight.user
        if isinstance(shown, View):
            return payloads.view_actions(self._core, user, shown, action)
        chosen = self._core.chosen.get(state_key(user.id, shown), {})
        return payloads.message_actions(self._core, user, shown, action, chosen)

    def fill(self, shown: Shown, values: Mapping[str, Any]) -> Shown:
        """Fill in fields named by block_id, label or action_id; nothing is sent."""
        current = self._sight.current(shown)
        states: dict[str, dict[str, Json]] = {}
        for name, value in values.items():
            block = self._field(current, name)
            element = block["element"]
            state = state_of(element, value, self._sight.resolve)
            states.setdefault(block["block_id"], {})[element["action_id"]] = state
        return self._remember(current, states)

    def _field(self, shown: Shown, name: str) -> Json:
        inputs = [block for block in blocks_of(shown) if block["type"] == "input"]
        ways = (
            [block for block in inputs if block["block_id"] == name],
            [block for block in inputs if block["label"]["text"] == name],
            [block for block in inputs if block["element"]["action_id"] == name],
        )
        found = next((way for way in ways if way), [])
        if len(found) == 1:
            return found[0]
        labels = ", ".join(f"{block['block_id']} ({block['label']['text']!r})" for block in inputs)
        raise NotThereError(f"{len(found)} fields {name!r}; the form has {labels or 'none'}")

    async def submit(self, view: View | None, values: Mapping[str, Any]) -> Submitted:
        """Fill in and send a form; see `Submitted` for what comes back.

        Raises:
            ClientRefusesError: Slack's client would not send it.
            BotFailedError: the bot did not answer as it must; the form stays open.
        """
        current = self._sight.view(view)
        if current.type != "modal" or not current.content.get("submit"):
            raise NotThereError(f"view {current.title!r} has no submit button")
        filled = self.fill(current, values)
        if not isinstance(filled, View):
            raise NotThereError("not a view")
        if problems := client_problems(filled):
            raise ClientRefusesError(problems)
        payload = payloads.view_submission(self._core, self._sight.user, filled)
        ack = (await self._deliveries.send("interactive", payload)).checked()
        try:
            errors = self._follow(filled, ack.body)
        except ApiError as refused:
            raise BotFailedError("invalid_response", str(refused)) from refused
        return Submitted(ack, errors, self._core.modals.top(filled.user))

    def _follow(self, view: View, body: Any) -> Mapping[str, str]:
        """Do what the answer to a submission says; returns the errors to show."""
        modals = self._core.modals
        current = modals.find(view.id) or view
        if body in (None, "", {}):
            modals.close(current)
            return {}
        if not isinstance(body, dict):
            raise ApiError("invalid_arguments", [f"the answer is no object: {body!r}"])
        action = body.get("response_action")
        if action == "errors":
            return _known_errors(view, body.get("errors"))
        if action == "update":
            modals.update(current, checked_view(body.get("view"), "modal"))
        elif action == "push":
            modals.push(view.user, checked_view(body.get("view"), "modal"))
        elif action == "clear":
            modals.clear(view.user)
        else:
            raise ApiError("invalid_arguments", [f"unknown response_action {action!r}"])
        return {}

    async def close(self, view: View | None, *, everything: bool) -> Ack | None:
        """Press Cancel, or (`everything`) the cross; `view_closed` is sent where the view asks for it.

        A person is not told when the bot fails here: the view is gone already.
        """
        current = self._sight.view(view)
        cleared = everything or bool(current.content.get("clear_on_close"))
        if cleared:
            self._core.modals.clear(current.user)
        else:
            self._core.modals.close(current)
        if not current.content.get("notify_on_close"):
            return None
        payload = payloads.view_closed(self._core, self._sight.user, current, cleared=cleared)
        return await self._deliveries.send("interactive", payload)


def client_problems(view: View) -> dict[str, str]:
    """What Slack's client says under which field before it sends a form."""
    inputs = [block for block in view.blocks if block["type"] == "input"]
    values = payloads.merged(initial_values(view.blocks), view.values)
    found = {}
    for block in inputs:
        state = values.get(block["block_id"], {}).get(block["element"]["action_id"])
        if text := problem(block, state):
            found[block["block_id"]] = text
    return found


def _known_errors(view: View, errors: Any) -> Mapping[str, str]:
    known = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= known:
        raise ApiError("invalid_arguments", [f"errors must name input blocks of the view: {errors!r}"])
    return {name: str(text) for name, text in errors.items()}
