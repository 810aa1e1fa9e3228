"""What Slack sends to the bot when a person does something, in Slack's shapes."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from handlers.demo.slack.anatomy import inner_blocks
from handlers.demo.slack.core import Core
from handlers.demo.slack.delivery import VERIFICATION_TOKEN
from handlers.demo.slack.modals import initial_values
from handlers.demo.slack.values import Channel, Json, Message, User, View


def escaped(text: str) -> str:
    """Text as Slack keeps what a person typed: `&`, `<` and `>` are no markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_TOKENS = re.compile(
    r"(?P<url>https?://[^\s<>]+)"
    r"|(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w.])@(?P<user>[\w.-]*\w)"
    r"|(?<!\w)\#(?P<channel>[\w-]+)"
    r"|(?P<markup>[&<>])"
)


def typed_text(core: Core, text: str, *, named: bool, links: bool = True) -> str:
    """What a person typed, as Slack sends it: `@bob` → `<@U123>` (`named`: `<@U123|bob>`), escaped."""

    def token(match: re.Match[str]) -> str:
        whole = match.group(0)
        user = match["user"] and core.workspace.user_named(match["user"])
        group = match["user"] and next(
            (one for one in core.workspace.groups.values() if one.handle == match["user"]), None
        )
        channel = match["channel"] and core.workspace.channel_named(match["channel"])
        forms = {
            "user": user and (f"<@{user.id}|{user.name}>" if named else f"<@{user.id}>"),
            "group": group and f"<!subteam^{group.id}|@{group.handle}>",
            "channel": channel and f"<#{channel.id}|{channel.name}>",
            "url": match["url"] and f"<{escaped(whole)}>",
            "mail": match["mail"] and f"<mailto:{whole}|{whole}>",
        }
        found = next((form for form in forms.values() if form), None) if links else None
        return found or escaped(whole)

    return _TOKENS.sub(token, text)


def base(core: Core, user: User, kind: str) -> Json:
    """What every interaction has. `team` is where the app is installed, `user.team_id` whose account it is."""
    team = core.workspace.team
    enterprise = {"id": team.enterprise_id, "name": team.name} if team.enterprise_id else None
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "api_app_id": core.app.id,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": enterprise,
        "is_enterprise_install": False,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
    }


def channel_part(channel: Channel) -> Json:
    """A conversation as interactions name it."""
    names = {"im": "directmessage", "private": "privategroup", "mpim": "privategroup"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}


def command(core: Core, user: User, channel: Channel, name: str, text: str) -> Json:
    """A slash command's form fields (all text)."""
    team = core.workspace.team
    fields: Json = {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": channel_part(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": core.app.id,
        "is_enterprise_install": "false",
        "response_url": core.base_url + core.tickets.response_url(user.id, channel.id, None, None),
        "trigger_id": core.tickets.trigger(user.id),
    }
    return fields | ({"enterprise_id": team.enterprise_id} if team.enterprise_id else {})


def message_actions(core: Core, user: User, message: Message, action: Json, values: Json) -> Json:
    """`block_actions` from a message. An ephemeral one is not repeated in it: the bot has only its ts."""
    channel = core.workspace.channels[message.channel]
    private = message.ephemeral_to is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": private,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    path = core.tickets.response_url(user.id, message.channel, message.ts, message.thread_ts)
    payload = base(core, user, "block_actions") | {
        "container": container,
        "trigger_id": core.tickets.trigger(user.id),
        "channel": channel_part(channel),
        "state": {"values": merged(initial_values(message.blocks), values)},
        "response_url": core.base_url + path,
        "actions": [action | {"action_ts": core.workspace.next_ts()}],
    }
    return payload if private else payload | {"message": echoed(message)}


def echoed(message: Message) -> Json:
    """A message as interactions repeat it: plain texts come back escaped (bolt-python issue 513)."""
    shape = copy.deepcopy(message.json(metadata=True))
    for block in inner_blocks(shape.get("blocks", [])):
        _escape_plain(block)
    return shape


def _escape_plain(value: Any) -> None:
    if isinstance(value, dict):
        if value.get("type") == "plain_text" and isinstance(value.get("text"), str):
            value["text"] = escaped(value["text"])
        for content in value.values():
            _escape_plain(content)
    elif isinstance(value, list):
        for item in value:
            _escape_plain(item)


def merged(values: Json, more: Json) -> Json:
    """`state.values` with later values over earlier ones."""
    return {key: values.get(key, {}) | more.get(key, {}) for key in dict.fromkeys([*values, *more])}


def view_part(core: Core, view: View) -> Json:
    """A view as interactions carry it."""
    return view.json(core.workspace.team.id, core.app.id, core.app.bot_id)


def view_actions(core: Core, user: User, view: View, action: Json) -> Json:
    """`block_actions` from a modal or a home tab."""
    return base(core, user, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": core.tickets.trigger(user.id, view.id if view.type == "modal" else None),
        "view": view_part(core, view),
        "actions": [action | {"action_ts": core.workspace.next_ts()}],
    }


def view_submission(core: Core, user: User, view: View) -> Json:
    """`view_submission`."""
    return base(core, user, "view_submission") | {
        "trigger_id": core.tickets.trigger(user.id, view.id),
        "view": view_part(core, view),
        "response_urls": [],
    }


def view_closed(core: Core, user: User, view: View, *, cleared: bool) -> Json:
    """`view_closed`; `cleared`: the whole stack was closed."""
    payload: Json = {"view": view_part(core, view), "is_cleared": cleared}
    return base(core, user, "view_closed") | payload


def message_shortcut(core: Core, user: User, message: Message, callback_id: str) -> Json:
    """`message_action`: a shortcut from a message's menu."""
    path = core.tickets.response_url(user.id, message.channel, message.ts, message.thread_ts)
    return base(core, user, "message_action") | {
        "callback_id": callback_id,
        "trigger_id": core.tickets.trigger(user.id),
        "response_url": core.base_url + path,
        "channel": channel_part(core.workspace.channels[message.channel]),
        "message_ts": message.ts,
        "message": echoed(message),
        "action_ts": core.workspace.next_ts(),
    }


def global_shortcut(core: Core, user: User, callback_id: str) -> Json:
    """`shortcut`: one from the lightning menu."""
    return base(core, user, "shortcut") | {
        "callback_id": callback_id,
        "trigger_id": core.tickets.trigger(user.id),
        "action_ts": core.workspace.next_ts(),
    }


def suggestion(core: Core, user: User, element: Mapping[str, str], query: str, where: Json) -> Json:
    """`block_suggestion`: the options of an external select while a person types."""
    asked = {"action_id": element["action_id"], "block_id": element["block_id"], "value": query}
    return base(core, user, "block_suggestion") | asked | where
