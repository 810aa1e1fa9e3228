"""The bot's app as registered with Slack: tokens, scopes, commands, shortcuts, events."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ALL_SCOPES = frozenset(
    {
        *("app_mentions:read", "chat:write", "commands", "dnd:read", "reactions:read", "reactions:write"),
        *("channels:history", "groups:history", "im:history", "mpim:history"),
        *("channels:read", "groups:read", "im:read", "mpim:read", "im:write", "mpim:write"),
        *("team:read", "usergroups:read", "users:read", "users:read.email"),
    }
)
ALL_EVENTS = frozenset(
    {
        *("app_home_opened", "app_mention", "app_uninstalled", "tokens_revoked", "reaction_added"),
        *("channel_archive", "channel_unarchive", "member_joined_channel", "member_left_channel"),
        *("message.channels", "message.groups", "message.im", "message.mpim"),
        *("subteam_created", "subteam_members_changed", "subteam_updated", "user_change"),
    }
)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command; `should_escape` turns `@bob` into `<@U123|bob>`, as in the app's settings.

    `description` and `usage_hint` are what Slack shows while the command is typed.
    """

    name: str
    should_escape: bool = True
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut: `message` (on a message's menu) or `global`."""

    callback_id: str
    name: str
    type: str = "message"


@dataclass(frozen=True, slots=True)
class App:
    """One installed app. Secrets are random unless given."""

    id: str = "A0LOCALAPP"
    name: str = "bot"
    bot_id: str = "B0LOCALBOT"
    bot_user: str = "U0LOCALBOT"
    bot_token: str = field(repr=False, default_factory=lambda: f"xoxb-{secrets.token_hex(16)}")
    app_token: str = field(repr=False, default_factory=lambda: f"xapp-1-{secrets.token_hex(16)}")
    app_scopes: frozenset[str] = frozenset({"connections:write"})
    signing_secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))
    scopes: frozenset[str] = ALL_SCOPES
    events: frozenset[str] = ALL_EVENTS
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    home_tab: bool = True
    messages_tab: bool = True
    messages_read_only: bool = False
    interactive: bool = True
    installed: bool = True
    revoked_tokens: frozenset[str] = field(repr=False, default=frozenset())

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], *, optional_scopes: bool = True) -> "App":
        """The app a manifest describes: it gets these scopes, commands and events and no others."""
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        granted = manifest.get("oauth_config", {}).get("scopes", {})
        home = features.get("app_home", {})
        scopes = set(granted.get("bot", ()))
        if optional_scopes:
            scopes |= set(granted.get("bot_optional", ()))
        name = features.get("bot_user", {}).get("display_name") or manifest["display_information"]["name"]
        return cls(
            name=name,
            scopes=frozenset(scopes),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            commands=tuple(
                Command(
                    entry["command"],
                    bool(entry.get("should_escape", False)),
                    str(entry.get("description", "")),
                    str(entry.get("usage_hint", "")),
                )
                for entry in features.get("slash_commands", ())
            ),
            shortcuts=tuple(
                Shortcut(entry["callback_id"], entry["name"], entry["type"]) for entry in features.get("shortcuts", ())
            ),
            home_tab=bool(home.get("home_tab_enabled", False)),
            messages_tab=bool(home.get("messages_tab_enabled", True)),
            messages_read_only=bool(home.get("messages_tab_read_only_enabled", False)),
            interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
        )

    def changed(self, **fields: Any) -> "App":
        """A copy with these fields changed."""
        return replace(self, **fields)
