"""What one person's Slack shows them: channels, messages, ephemerals, modals, and what is in them to press."""

from collections.abc import Sequence

from handlers.demo.slack.core import Core
from handlers.demo.slack.errors import NotThereError
from handlers.demo.slack.render import Element, Shown, elements, find_by_label
from handlers.demo.slack.values import Channel, Message, User, View


class Sight:
    """One person's view of the workspace. Every look-up raises NotThereError for what they cannot see."""

    def __init__(self, core: Core, user_id: str) -> None:
        self.core = core
        self.user_id = user_id

    @property
    def user(self) -> User:
        """The account as it is now; a deactivated one sees nothing."""
        found = self.core.workspace.users.get(self.user_id)
        if found is None:
            raise NotThereError(f"there is no user {self.user_id}")
        if found.deleted:
            raise NotThereError(f"@{found.name} is deactivated and cannot open Slack")
        return found

    def room(self, where: "str | Channel", *, member: bool = False) -> Channel:
        """A conversation by value, id, `#name`, or the bot's `@name` (the direct message with it)."""
        user = self.user
        workspace = self.core.workspace
        if isinstance(where, Channel):
            found = workspace.channels.get(where.id)
        elif where.removeprefix("@") in {self.core.app.name, self.core.app.bot_user}:
            found = self.core.direct_with_bot(user.id)
        else:
            found = workspace.channel_named(where)
        if found is None or not (user.id in found.members or self._public(found, user)):
            raise NotThereError(f"@{user.name} sees no conversation {where}")
        if member and user.id not in found.members:
            raise NotThereError(f"@{user.name} is not a member of #{found.name}")
        return found

    def _public(self, channel: Channel, user: User) -> bool:
        guest = user.is_restricted or user.is_ultra_restricted or user.team_id != self.core.workspace.team.id
        return channel.kind == "public" and not guest

    def rooms(self) -> list[Channel]:
        """The conversations this person is in."""
        user = self.user.id
        return [channel for channel in self.core.workspace.channels.values() if user in channel.members]

    def messages(self, where: "str | Channel") -> list[Message]:
        """Everything this person sees in a conversation, oldest first: messages, replies, ephemerals."""
        room = self.room(where)
        found = self.core.workspace.messages.get(room.id, {}).values()
        return sorted((one for one in found if one.ephemeral_to in {None, self.user_id}), key=lambda one: one.ts)

    def message(self, message: Message) -> Message:
        """A message as it stands now; a deleted one, or somebody else's ephemeral, is not there."""
        self.room(message.channel)
        found = self.core.workspace.message(message.channel, message.ts)
        if found is None or found.ephemeral_to not in {None, self.user_id}:
            raise NotThereError(f"message {message.ts} is not there for @{self.user.name}")
        return found

    def view(self, view: View | None) -> View:
        """A modal on top of this person's stack, or their home tab, as it stands now."""
        name = self.user.name
        top, home = self.core.modals.top(self.user_id), self.core.modals.home(self.user_id)
        if view is None:
            if top is None:
                raise NotThereError(f"@{name} has no modal open")
            return top
        for known in (top, home):
            if known and known.id == view.id:
                return known
        raise NotThereError(f"@{name} does not look at view {view.id} ({view.title!r})")

    def current(self, shown: Shown) -> Shown:
        """A message or view as it stands now."""
        return self.view(shown) if isinstance(shown, View) else self.message(shown)

    def pick(self, shown: Shown, what: str, block_id: str | None = None) -> Element:
        """The one element with this action_id, or with this label, that this person sees there."""
        seen = elements(shown, self.user_id)
        found = [one for one in find_by_label(seen, what) if block_id in {None, one.block_id}]
        if len(found) == 1:
            return found[0]
        problem = "is not there" if not found else f"is there {len(found)} times: name its block_id"
        raise NotThereError(f"{what!r} {problem}; @{self.user.name} sees {_listed(seen)}")

    def resolve(self, kind: str, wanted: str) -> str:
        """The id of a person, channel or conversation chosen by name or id in a menu."""
        workspace = self.core.workspace
        if "users" in kind:
            user = workspace.user_named(wanted)
            if user and not user.deleted:
                return user.id
        else:
            channel = workspace.channel_named(wanted)
            if channel:
                return self.room(channel).id
        raise NotThereError(f"no {kind.removeprefix('multi_').removesuffix('_select')} {wanted!r} to choose")

    def names(self, ident: str) -> str:
        """An id as people see it: `@bob`, `#ops`, `@finance`."""
        workspace = self.core.workspace
        if ident in workspace.users:
            return f"@{workspace.users[ident].name}"
        if ident in workspace.groups:
            return f"@{workspace.groups[ident].handle}"
        return f"#{workspace.channels[ident].name}" if ident in workspace.channels else ident


def _listed(seen: Sequence[Element]) -> str:
    return ", ".join(f"{one.action_id} ({one.label!r})" for one in seen) or "nothing to press"
