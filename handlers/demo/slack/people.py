"""People at their Slack: what they see, type, press and send. Tests and the demo's page drive these."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from handlers.demo.slack import payloads
from handlers.demo.slack.anatomy import SLOTS
from handlers.demo.slack.delivery import Ack, Deliveries, SignedRequest
from handlers.demo.slack.errors import ApiError, BotFailedError, NotThereError
from handlers.demo.slack.events import Events
from handlers.demo.slack.forge import merged_deeply, rewritten
from handlers.demo.slack.pressing import Pressing, Submitted, action_of
from handlers.demo.slack.render import Element, Shown, elements, plain
from handlers.demo.slack.seeing import Sight
from handlers.demo.slack.values import Channel, Json, Message, User, View
from handlers.demo.slack.webapi.call import Args
from handlers.demo.slack.webapi.chat import message_content
from handlers.demo.slack.workspace import SLACKBOT


@dataclass(frozen=True, slots=True)
class Reply:
    """How a slash command was answered; `message` is what the acknowledgement itself showed, if anything."""

    ack: Ack
    message: Message | None = None


class Person:
    """One person. Conversations are named `#general`, by id or value; `@<bot>` is the DM with the bot.

    What their Slack does not show raises NotThereError; what their client refuses, ClientRefusesError; a
    failing bot, BotFailedError. Methods named `forge_…` go past all that and send what they are told.
    """

    def __init__(self, sight: Sight, deliveries: Deliveries, events: Events) -> None:
        self._sight = sight
        self._core = sight.core
        self._deliveries = deliveries
        self._events = events
        self._hands = Pressing(sight, deliveries)
        self.id = sight.user_id

    @property
    def user(self) -> User:
        """The account as it is now."""
        return self._core.workspace.users[self.id]

    # ---- seeing ------------------------------------------------------------------------------------------

    def sees(self, where: str | Channel) -> list[Message]:
        """All messages of a conversation this person sees, oldest first, ephemerals and replies included."""
        return self._sight.messages(where)

    def thread(self, message: Message) -> list[Message]:
        """The replies under a message, oldest first, ephemerals included."""
        root = message.thread_ts or message.ts
        return [one for one in self.sees(message.channel) if one.thread_ts == root and one.ts != root]

    def rooms(self) -> list[Channel]:
        """The conversations this person is in."""
        return self._sight.rooms()

    def dm(self) -> Channel:
        """The direct message with the bot."""
        return self._core.direct_with_bot(self._sight.user.id)

    def now(self, shown: Shown) -> Shown:
        """A message or view as it stands now."""
        return self._sight.current(shown)

    def modal(self) -> View | None:
        """The modal on top, if any."""
        return self._core.modals.top(self.id)

    def home(self) -> View | None:
        """The bot's home tab, if it published one for this person."""
        return self._core.modals.home(self.id)

    def reads(self, shown: Shown) -> str:
        """A message or view as text, as it stands now, with names for ids."""
        return plain(self._sight.current(shown), self._sight.names)

    def buttons(self, shown: Shown) -> list[Element]:
        """What this person can press, choose or fill in there now."""
        return elements(self._sight.current(shown), self.id)

    # ---- doing -------------------------------------------------------------------------------------------

    async def command(self, where: str | Channel, line: str) -> Reply:
        """Type a slash command, e.g. `/signoff run x y=1`, with `@bob` and `#ops` as one would."""
        user, room = self._sight.user, self._typing_in(where)
        name, _, text = line.strip().partition(" ")
        known = next((one for one in self._core.app.commands if one.name == name), None)
        if known is None or user.team_id != self._core.workspace.team.id:
            raise NotThereError(f"{name} is not a valid command for @{user.name} in #{room.name}")
        sent = payloads.typed_text(self._core, text.strip(), named=True, links=known.should_escape)
        payload = payloads.command(self._core, user, room, name, sent)
        ack = await self._deliveries.send("command", payload)
        if ack.error:
            self._told(room, f'{name} failed with the error "{ack.error}"')
            ack.checked()
        return Reply(ack, self._shown(room, name, ack.body))

    def _shown(self, room: Channel, name: str, body: Any) -> Message | None:
        """Post what an acknowledgement says: text, or a message as JSON."""
        if body is None:
            return None
        values = {"text": body} if isinstance(body, str) else body
        try:
            content = message_content(Args(values))
        except (ApiError, AttributeError) as refused:
            self._told(room, f'{name} failed with the error "invalid_command_response"')
            raise BotFailedError("invalid_command_response", f"{refused}: {body!r}") from refused
        message = self._core.bot_message(room.id, content)
        if values.get("response_type") != "in_channel":
            message = replace(message, ephemeral_to=self.id, metadata=None)
        self._core.workspace.post(message)
        return message

    def _told(self, room: Channel, text: str) -> None:
        ts = self._core.workspace.next_ts()
        self._core.workspace.post(Message(room.id, ts, SLACKBOT, text, ephemeral_to=self.id))

    async def click(
        self,
        shown: Shown,
        what: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        accept: bool = True,
    ) -> Ack | None:
        """Press or choose `what` (an action_id, else a label) in a message, modal or home as it stands now.

        Args:
            value: for menus and the like, see `inputs.state_of`; a button takes none.
            accept: the answer to the confirm dialog; with False nothing is sent and None comes back.
        """
        return await self._hands.click(shown, what, value, block_id, accept=accept)

    def fill(self, shown: Shown, values: Mapping[str, Any]) -> Shown:
        """Fill in fields by block_id, label or action_id without sending."""
        return self._hands.fill(shown, values)

    async def submit(self, view: View | None = None, values: Mapping[str, Any] | None = None) -> Submitted:
        """Fill in and send a form (default: the modal on top)."""
        return await self._hands.submit(view, values or {})

    async def close(self, view: View | None = None, *, everything: bool = False) -> Ack | None:
        """Close the modal on top, or with `everything` the whole stack."""
        return await self._hands.close(view, everything=everything)

    async def open_home(self) -> View | None:
        """Open the bot's home tab; returns what is published once the bot has acknowledged."""
        app = self._core.app
        self._sight.room(self.dm())
        if not app.home_tab:
            raise NotThereError(f"@{app.name} has no home tab")
        event: Json = {"type": "app_home_opened", "user": self.id, "channel": self.dm().id, "tab": "home"}
        view = self.home()
        if view:
            event["view"] = payloads.view_part(self._core, view)
        if "app_home_opened" in app.events:
            (await self._deliveries.send("event", self._events.envelope(event))).checked()
        return self.home()

    async def shortcut(self, message: Message, callback_id: str) -> Ack:
        """Choose a shortcut from a message's menu."""
        current = self._sight.message(message)
        self._registered(callback_id, "message")
        if current.ephemeral_to:
            raise NotThereError("an ephemeral message has no shortcuts")
        payload = payloads.message_shortcut(self._core, self._sight.user, current, callback_id)
        return (await self._deliveries.send("interactive", payload)).checked()

    async def global_shortcut(self, callback_id: str) -> Ack:
        """Choose a shortcut from the lightning menu."""
        self._registered(callback_id, "global")
        payload = payloads.global_shortcut(self._core, self._sight.user, callback_id)
        return (await self._deliveries.send("interactive", payload)).checked()

    def _registered(self, callback_id: str, kind: str) -> None:
        if not any(one.callback_id == callback_id and one.type == kind for one in self._core.app.shortcuts):
            raise NotThereError(f"no {kind} shortcut {callback_id!r} is registered")

    async def suggest(self, shown: Shown, what: str, query: str) -> list[str]:
        """Type into an external select; returns the labels of the options the bot offers."""
        current = self._sight.current(shown)
        element = self._sight.pick(current, what)
        if element.type != "external_select":
            raise NotThereError(f"{what!r} does not ask the bot for options")
        where: Json = {"view": payloads.view_part(self._core, current)} if isinstance(current, View) else {}
        ids = {"action_id": element.action_id, "block_id": element.block_id}
        payload = payloads.suggestion(self._core, self._sight.user, ids, query, where)
        ack = (await self._deliveries.send("options", payload)).checked()
        groups = ack.body.get("option_groups") or [ack.body]
        return [option["text"]["text"] for group in groups for option in group["options"]]

    def say(self, where: str | Channel, text: str, thread: Message | None = None) -> Message:
        """Write a message, or a reply in a thread; `@bob` and `#ops` become mentions."""
        room = self._typing_in(where)
        root = self._sight.message(thread) if thread else None
        message = Message(
            channel=room.id,
            ts=self._core.workspace.next_ts(),
            user=self.id,
            text=payloads.typed_text(self._core, text, named=False),
            team=self.user.team_id,
            thread_ts=(root.thread_ts or root.ts) if root else None,
        )
        self._core.workspace.post(message)
        return message

    def _typing_in(self, where: str | Channel) -> Channel:
        """A conversation with a field to type in."""
        room, app = self._sight.room(where, member=True), self._core.app
        if room.archived:
            raise NotThereError(f"#{room.name} is archived")
        closed = app.messages_read_only or not app.messages_tab
        if room.kind == "im" and app.bot_user in room.members and closed:
            raise NotThereError(f"the direct message with @{app.name} has no field to type in")
        return room

    def react(self, message: Message, name: str) -> None:
        """Add a reaction."""
        self._core.workspace.react(self._sight.message(message), name, self.id)

    # ---- past the rules ----------------------------------------------------------------------------------

    async def forge_click(
        self,
        message: Message,
        what: str,
        value: str | None = None,
        *,
        changes: Mapping[str, Any] | None = None,
        secret: str | None = None,
        timestamp: str | None = None,
        signature: str | None = None,
    ) -> Ack:
        """Send a click nobody's Slack would: on a stale or deleted copy, somebody else's, or one made up.

        The payload repeats `message` as given. `value` replaces the button's; `changes` is laid deep over
        the payload, e.g. `{"user": {"team_id": "T999"}}`; the last three replace what signs it.
        """
        payload = self.click_payload(message, what, value)
        return await self._send_forged(payload, changes, secret, timestamp, signature)

    def click_payload(self, message: Message, what: str, value: str | None = None) -> Json:
        """The `block_actions` payload of a click on this very copy of a message, sent by nobody yet."""
        found = next((one for one in elements(message) if what in {one.action_id, one.label}), None)
        made_up: Json = {"type": "button", "action_id": what, "block_id": "forged"}
        action = action_of(found, None) if found else made_up
        if value is not None:
            action["value"] = value
        return payloads.message_actions(self._core, self.user, message, action, {})

    async def forge_submit(
        self,
        view: View,
        values: Mapping[str, str],
        *,
        changes: Mapping[str, Any] | None = None,
        secret: str | None = None,
        timestamp: str | None = None,
        signature: str | None = None,
    ) -> Ack:
        """Send a form without any check: a closed or stale one, another person's, changed metadata."""
        states: dict[str, dict[str, Json]] = {key: dict(known) for key, known in view.values.items()}
        for block in view.blocks:
            if block["type"] == "input" and block["block_id"] in values:
                element = block["element"]
                state = {"type": element["type"], SLOTS[element["type"]]: values[block["block_id"]]}
                states.setdefault(block["block_id"], {})[element["action_id"]] = state
        payload = payloads.view_submission(self._core, self.user, replace(view, values=states))
        return await self._send_forged(payload, changes, secret, timestamp, signature)

    async def _send_forged(
        self,
        payload: Json,
        changes: Mapping[str, Any] | None,
        secret: str | None,
        timestamp: str | None,
        signature: str | None,
    ) -> Ack:
        forged = merged_deeply(payload, changes or {})
        if secret is None and timestamp is None and signature is None:
            return await self._deliveries.send("interactive", forged)
        used = self._core.app.signing_secret if secret is None else secret
        request: SignedRequest = rewritten("interactive", forged, used, timestamp, signature)
        return await self._deliveries.resend(request)
