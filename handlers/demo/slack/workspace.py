"""The workspace while it runs: who is in it, what was said, and every way to change it.

Each change wakes who waits (`changes`) and tells the Events API (`announce`). Nothing here knows the Web
API or the people who drive it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from handlers.demo.slack.app import App
from handlers.demo.slack.changes import Changes
from handlers.demo.slack.values import Channel, Json, Kind, Message, Team, User, UserGroup

Announce = Callable[[Json], None]

SLACKBOT = "USLACKBOT"
"""Who tells a person that a command failed."""


class Workspace:
    """One team with its app, people, channels, groups and messages.

    Look-ups by id return None when there is nothing; changes of something unknown raise KeyError.
    """

    def __init__(
        self,
        team: Team,
        app: App,
        now: Callable[[], float],
        *,
        users: Iterable[User] = (),
        channels: Iterable[Channel] = (),
        groups: Iterable[UserGroup] = (),
        other_teams: Iterable[Team] = (),
    ) -> None:
        self.team = team
        self.app = app
        self.now = now
        self.changes = Changes()
        self.announce: Announce = lambda event: None
        self.teams = {one.id: one for one in (team, *other_teams)}
        self.users = {user.id: user for user in users}
        self.users.setdefault(
            app.bot_user,
            User(app.bot_user, app.name, team.id, real_name=app.name, is_bot=True, bot_id=app.bot_id),
        )
        # As in Slack, Slackbot's account does not say that it is a bot.
        self.users.setdefault(SLACKBOT, User(SLACKBOT, "slackbot", team.id, real_name="Slackbot"))
        self.channels = {channel.id: channel for channel in channels}
        self.groups = {group.id: group for group in groups}
        self.messages: dict[str, dict[str, Message]] = {}
        self.paid = True  # a free plan has no user groups
        self._last_ts = 0
        self._minted = 0

    # ---- ids ---------------------------------------------------------------------------------------------

    def mint(self, prefix: str) -> str:
        """A new id such as `D0000000A`."""
        self._minted += 1
        return f"{prefix}0{self._minted:07d}"

    def next_ts(self) -> str:
        """A message timestamp: the time, and always later than the one before."""
        self._last_ts = max(int(self.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # ---- people ------------------------------------------------------------------------------------------

    def user_named(self, name: str) -> User | None:
        """A user by id, `@name` or name."""
        wanted = name.removeprefix("@")
        by_name = (user for user in self.users.values() if user.name == wanted)
        return self.users.get(wanted) or next(by_name, None)

    def add_user(self, user: User) -> None:
        """Add a person (no event: the bot asks with `users.info`)."""
        self.users[user.id] = user
        self.changes.touch()

    def change_user(self, user: str, **fields: Any) -> User:
        """Change fields of `User`, e.g. `presence="away"`; tells `user_change`."""
        self.users[user] = changed = replace(self.users[user], **fields)
        self._tell({"type": "user_change", "user": changed.json(self.now()), "cache_ts": int(self.now())})
        return changed

    def deactivate(self, user: str, *, from_groups: bool = False) -> None:
        """What an administrator does when somebody leaves. Their account stays, and their id stays in user
        groups unless `from_groups`: a bot must look at `deleted` itself."""
        for group in [one for one in self.groups.values() if from_groups and user in one.users]:
            self.remove_from_group(group.id, user)
        self.change_user(user, deleted=True)

    # ---- user groups -------------------------------------------------------------------------------------

    def set_group(self, group: str, users: Iterable[str]) -> None:
        """Give a group exactly these members."""
        before = self.groups[group]
        self.groups[group] = after = replace(before, users=tuple(users))
        added = [user for user in after.users if user not in before.users]
        removed = [user for user in before.users if user not in after.users]
        self._tell(
            {
                "type": "subteam_members_changed",
                "subteam_id": group,
                "team_id": self.team.id,
                "added_users": added,
                "added_users_count": len(added),
                "removed_users": removed,
                "removed_users_count": len(removed),
            }
        )
        self._tell({"type": "subteam_updated", "subteam": self._group_json(after)})

    def add_to_group(self, group: str, user: str) -> None:
        """Put a person into a group."""
        self.set_group(group, dict.fromkeys([*self.groups[group].users, user]))

    def remove_from_group(self, group: str, user: str) -> None:
        """Take a person out of a group."""
        self.set_group(group, [member for member in self.groups[group].users if member != user])

    def change_group(self, group: str, **fields: Any) -> None:
        """Change other fields of `UserGroup`, e.g. `disabled=True`."""
        self.groups[group] = replace(self.groups[group], **fields)
        self._tell({"type": "subteam_updated", "subteam": self._group_json(self.groups[group])})

    def _group_json(self, group: UserGroup) -> Json:
        return group.json(self.team.id, self.now(), with_users=True)

    # ---- channels ----------------------------------------------------------------------------------------

    def channel_named(self, name: str) -> Channel | None:
        """A channel by id, `#name` or name."""
        wanted = name.removeprefix("#")
        by_name = (channel for channel in self.channels.values() if channel.name == wanted)
        return self.channels.get(name) or next(by_name, None)

    def add_channel(self, channel: Channel) -> None:
        """Add a channel."""
        self.channels[channel.id] = channel
        self.changes.touch()

    def change_channel(self, channel: str, **fields: Any) -> None:
        """Change fields of `Channel`, e.g. `is_ext_shared=True`, `archived=True`."""
        before = self.channels[channel]
        self.channels[channel] = after = replace(before, **fields)
        if before.archived != after.archived:
            what = "channel_archive" if after.archived else "channel_unarchive"
            self._tell({"type": what, "channel": channel, "user": self.app.bot_user})
        self.changes.touch()

    def join(self, channel: str, user: str) -> None:
        """Put a person (or the bot) into a channel."""
        room = self.channels[channel]
        if user not in room.members:
            self.channels[channel] = replace(room, members=(*room.members, user))
            self._tell(self._membership("member_joined_channel", channel, user))

    def leave(self, channel: str, user: str) -> None:
        """Take a person (or the bot) out of a channel."""
        room = self.channels[channel]
        if user in room.members:
            event = self._membership("member_left_channel", channel, user)
            self.channels[channel] = replace(room, members=tuple(m for m in room.members if m != user))
            self._tell(event)

    def _membership(self, what: str, channel: str, user: str) -> Json:
        letter = "C" if self.channels[channel].kind == "public" else "G"
        return {"type": what, "user": user, "channel": channel, "channel_type": letter, "team": self.team.id}

    def direct(self, *users: str) -> Channel:
        """The direct message between these people (a group one with more than two), made when new."""
        members = tuple(sorted(set(users)))
        kind: Kind = "im" if len(members) <= 2 else "mpim"
        for channel in self.channels.values():
            if channel.kind == kind and tuple(sorted(channel.members)) == members:
                return channel
        ident = self.mint("D" if kind == "im" else "G")
        made = Channel(ident, "" if kind == "im" else f"mpdm-{ident.lower()}", kind, members)
        self.add_channel(made)
        return made

    # ---- messages ----------------------------------------------------------------------------------------

    def message(self, channel: str, ts: str) -> Message | None:
        """One message, ephemerals included."""
        return self.messages.get(channel, {}).get(ts)

    def history(self, channel: str) -> list[Message]:
        """Every message of a channel that is not ephemeral, oldest first, replies among them."""
        found = self.messages.get(channel, {}).values()
        return sorted((one for one in found if one.ephemeral_to is None), key=lambda one: one.ts)

    def post(self, message: Message) -> None:
        """Add a message; a reply marks its parent as a thread's head."""
        room = self.messages.setdefault(message.channel, {})
        room[message.ts] = message
        if message.ephemeral_to is None:
            parent = room.get(message.thread_ts or "")
            if parent and parent.thread_ts is None:
                room[parent.ts] = replace(parent, thread_ts=parent.ts)
            self.announce(message.json() | {"channel": message.channel, "event_ts": message.ts})
        self.changes.touch()

    def edit(self, message: Message, **fields: Any) -> Message:
        """Replace a message by a changed copy."""
        changed = replace(message, edits=message.edits + 1, **fields)
        self.messages[message.channel][message.ts] = changed
        if message.ephemeral_to is None:
            event = {"message": changed.json(), "previous_message": message.json()}
            self.announce(self._hidden("message_changed", message.channel) | event)
        self.changes.touch()
        return changed

    def delete_message(self, channel: str, ts: str) -> None:
        """Remove a message, as its author or an administrator does."""
        gone = self.messages[channel].pop(ts)
        if gone.ephemeral_to is None:
            event = {"deleted_ts": ts, "previous_message": gone.json()}
            self.announce(self._hidden("message_deleted", channel) | event)
        self.changes.touch()

    def react(self, message: Message, name: str, user: str) -> None:
        """Add a reaction."""
        room = self.messages[message.channel]
        room[message.ts] = replace(message, reactions=(*message.reactions, (name, user)))
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event: Json = {"type": "reaction_added", "user": user, "reaction": name, "item": item}
        self._tell(event | {"item_user": message.user, "event_ts": self.next_ts()})

    def _hidden(self, subtype: str, channel: str) -> Json:
        ts = self.next_ts()
        shape: Json = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel}
        return shape | {"ts": ts, "event_ts": ts}

    # ---- the app -----------------------------------------------------------------------------------------

    def change_app(self, **fields: Any) -> None:
        """Change fields of `App`: fewer scopes, a revoked token, a disabled home tab."""
        self.app = self.app.changed(**fields)
        self.changes.touch()

    def uninstall(self) -> None:
        """Remove the app: its tokens answer `account_inactive` from now on."""
        self._tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.app.bot_user]}})
        self._tell({"type": "app_uninstalled"})
        self.change_app(installed=False)

    def _tell(self, event: Json) -> None:
        self.announce(event)
        self.changes.touch()
