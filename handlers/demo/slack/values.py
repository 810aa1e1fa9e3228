"""What a workspace consists of, as frozen values: a change is a new value, so a kept one is a stale copy.

`Json` is what travels: a decoded JSON object. Times are seconds since 1970; a message's `ts` is Slack's
string of seconds with six decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

Json: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["public", "private", "im", "mpim"]

CHANNEL_TYPES: Mapping[Kind, str] = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}
"""A channel's kind as the Events API calls it (`channel_type`)."""


@dataclass(frozen=True, slots=True)
class Team:
    """A Slack workspace: the one the bot is installed in, or a stranger's."""

    id: str
    name: str
    domain: str
    enterprise_id: str | None = None


@dataclass(frozen=True, slots=True)
class Dnd:
    """Do-not-disturb hours, as `dnd.info` gives them (seconds since 1970; 0: none)."""

    enabled: bool = False
    next_start: int = 0
    next_end: int = 0
    snooze_until: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot. `team_id` is where the account lives: another team's id makes it external."""

    id: str
    name: str
    team_id: str
    real_name: str = ""
    email: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_admin: bool = False
    bot_id: str = ""
    tz: str = "Europe/London"
    presence: Literal["active", "away"] = "active"
    dnd: Dnd = Dnd()

    def json(self, now: float) -> Json:
        """The shape `users.info` answers with."""
        moment = datetime.fromtimestamp(now, ZoneInfo(self.tz))
        offset = moment.utcoffset()
        shown = self.real_name or self.name
        profile: Json = {"real_name": shown, "display_name": self.name, "team": self.team_id}
        if self.email:
            profile["email"] = self.email
        if self.bot_id:
            profile["bot_id"] = self.bot_id
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": shown,
            "deleted": self.deleted,
            "tz": self.tz,
            "tz_label": moment.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": profile,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_bot": self.is_bot,
            "is_stranger": self.is_stranger,
            "is_app_user": False,
            "updated": int(now),
        }


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation: a public or private channel, a direct message, a group direct message."""

    id: str
    name: str
    kind: Kind = "public"
    members: tuple[str, ...] = ()
    archived: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    connected_teams: tuple[str, ...] = ()
    topic: str = ""

    def json(self, bot_user: str) -> Json:
        """The shape `conversations.info` answers with, as the bot sees it."""
        shape: Json = {
            "id": self.id,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "public",
            "is_archived": self.archived,
            "is_ext_shared": self.is_ext_shared,
            "is_pending_ext_shared": self.is_pending_ext_shared,
            "is_org_shared": False,
            "is_shared": self.is_ext_shared,
        }
        if self.kind == "im":
            return shape | {"user": next((m for m in self.members if m != bot_user), bot_user), "is_open": True}
        return shape | {
            "name": self.name,
            "name_normalized": self.name,
            "is_member": bot_user in self.members,
            "is_general": self.name == "general",
            "connected_team_ids": list(self.connected_teams),
            "shared_team_ids": list(self.connected_teams),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group (`@finance`). Its id begins with S; a disabled one keeps its members."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
    disabled: bool = False

    def json(self, team: str, now: float, *, with_users: bool) -> Json:
        """The shape `usergroups.list` answers with."""
        shape: Json = {
            "id": self.id,
            "team_id": team,
            "is_usergroup": True,
            "handle": self.handle,
            "name": self.name,
            "description": "",
            "date_delete": int(now) if self.disabled else 0,
            "user_count": len(self.users),
        }
        return shape | {"users": list(self.users)} if with_users else shape


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a channel. `ephemeral_to` names the only person who sees it; it is in no history.

    Attributes:
        user: who wrote it; the bot's user id for the bot.
        blocks: Block Kit blocks with every `block_id` and `action_id` filled in.
        thread_ts: the `ts` of the message it answers, or its own when it has replies, as in Slack.
        edits: how often it was changed; a person who holds a copy with fewer holds a stale one.
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    metadata: Json | None = None
    thread_ts: str | None = None
    bot_id: str = ""
    app_id: str = ""
    team: str = ""
    ephemeral_to: str | None = None
    subtype: str | None = None
    edited_ts: str | None = None
    edits: int = 0
    reactions: tuple[tuple[str, str], ...] = ()

    def json(self, *, metadata: bool = False) -> Json:
        """The shape of `conversations.history`; `metadata` asks for the message's metadata too."""
        shape: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        optional: Json = {
            "subtype": self.subtype,
            "team": self.team,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "thread_ts": self.thread_ts,
            "blocks": list(self.blocks),
            "attachments": list(self.attachments),
            "edited": {"user": self.user, "ts": self.edited_ts} if self.edited_ts else None,
            "metadata": self.metadata if metadata else None,
            "reactions": self._reactions(),
        }
        return shape | {name: value for name, value in optional.items() if value}

    def _reactions(self) -> list[Json]:
        names = dict.fromkeys(name for name, _ in self.reactions)
        users = {name: [user for given, user in self.reactions if given == name] for name in names}
        return [{"name": name, "users": who, "count": len(who)} for name, who in users.items()]


@dataclass(frozen=True, slots=True)
class View:
    """A modal or a home tab as one person has it open.

    Attributes:
        content: what the bot sent (type, title, blocks, submit, close, callback_id, private_metadata, …).
        hash: changes with every update; a stale one is refused with `hash_conflict`.
        values: what the person has put into it so far, `{block_id: {action_id: value}}`.
    """

    id: str
    user: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Json = field(default_factory=dict)

    @property
    def type(self) -> str:
        """`modal` or `home`."""
        return str(self.content["type"])

    @property
    def blocks(self) -> tuple[Json, ...]:
        """Its Block Kit blocks."""
        return tuple(self.content["blocks"])

    @property
    def callback_id(self) -> str:
        """The bot's own name for it."""
        return str(self.content.get("callback_id") or "")

    @property
    def title(self) -> str:
        """The title as text; empty for a home tab."""
        return str((self.content.get("title") or {}).get("text", ""))

    def json(self, team: str, app: str, bot_id: str) -> Json:
        """The shape `views.open` answers with and interaction payloads carry."""
        return {
            "id": self.id,
            "team_id": team,
            "type": self.type,
            "blocks": list(self.blocks),
            "private_metadata": self.content.get("private_metadata") or "",
            "callback_id": self.callback_id,
            "state": {"values": self.values},
            "hash": self.hash,
            "title": self.content.get("title"),
            "clear_on_close": bool(self.content.get("clear_on_close")),
            "notify_on_close": bool(self.content.get("notify_on_close")),
            "close": self.content.get("close"),
            "submit": self.content.get("submit"),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": app,
            "external_id": self.content.get("external_id") or "",
            "app_installed_team_id": team,
            "bot_id": bot_id,
        }
