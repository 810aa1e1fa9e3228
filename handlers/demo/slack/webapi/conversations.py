"""conversations.*: channels, direct messages, their members and their history."""

from collections.abc import Mapping

from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.values import Channel, Json, Kind, Message
from handlers.demo.slack.webapi.call import Call, Method

FAMILY: Mapping[Kind, str] = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
TYPES: Mapping[str, Kind] = {
    "public_channel": "public",
    "private_channel": "private",
    "im": "im",
    "mpim": "mpim",
}


def _readable(call: Call, right: str) -> Channel:
    """The conversation asked about; its family's scope (`channels:read`, `im:history`, …) is needed."""
    channel = call.channel()
    call.need(f"{FAMILY[channel.kind]}:{right}")
    return channel


def _some(call: Call, right: str) -> None:
    """Refuse at once a bot that has the right for no kind of conversation."""
    scopes = [f"{family}:{right}" for family in FAMILY.values()]
    if not any(scope in call.core.app.scopes for scope in scopes):
        provided = ",".join(sorted(call.core.app.scopes))
        raise ApiError("missing_scope", needed=",".join(scopes), provided=provided)


def info(call: Call) -> Json:
    """conversations.info"""
    _some(call, "read")
    return {"channel": _readable(call, "read").json(call.core.app.bot_user)}


def list_conversations(call: Call) -> Json:
    """conversations.list: public channels and what the bot is in; default type public_channel."""
    _some(call, "read")
    wanted = [TYPES.get(name.strip()) for name in (call.args.text("types") or "public_channel").split(",")]
    if None in wanted:
        raise ApiError("invalid_types")
    for kind in wanted:
        call.need(f"{FAMILY[kind or 'public']}:read")
    bot = call.core.app.bot_user
    found = [
        channel.json(bot)
        for channel in call.core.workspace.channels.values()
        if channel.kind in wanted
        and (channel.kind == "public" or bot in channel.members)
        and not (channel.archived and call.args.boolean("exclude_archived"))
    ]
    return call.page(found, "channels")


def members(call: Call) -> Json:
    """conversations.members"""
    _some(call, "read")
    channel = _readable(call, "read")
    page = call.page([{"id": user} for user in channel.members], "members")
    return page | {"members": [one["id"] for one in page["members"]]}


def open_conversation(call: Call) -> Json:
    """conversations.open: a direct message with one person, or a group one."""
    workspace = call.core.workspace
    if call.args.text("channel"):
        channel = call.channel()
        if channel.kind not in {"im", "mpim"}:
            raise ApiError("method_not_supported_for_channel_type")
        return {"channel": {"id": channel.id}}
    users = [name.strip() for name in (call.args.text("users") or "").split(",") if name.strip()]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > 8:
        raise ApiError("too_many_users")
    call.need("im:write" if len(users) == 1 else "mpim:write")
    for ident in users:
        user = workspace.users.get(ident)
        if user is None:
            raise ApiError("user_not_found")
        if user.deleted:
            raise ApiError("user_disabled")
        if user.is_bot:
            raise ApiError("cannot_dm_bot")
    count = len(workspace.channels)
    channel = workspace.direct(*users, call.core.app.bot_user)
    known = len(workspace.channels) == count
    shape = channel.json(call.core.app.bot_user) if call.args.boolean("return_im") else {"id": channel.id}
    return {"channel": shape} | ({"no_op": True, "already_open": True} if known else {})


def _in_channel(call: Call) -> Channel:
    _some(call, "history")
    channel = _readable(call, "history")
    if call.core.app.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _messages(call: Call, found: list[Message]) -> Json:
    oldest, latest = call.args.text("oldest") or "0", call.args.text("latest")
    inclusive = call.args.boolean("inclusive")

    def within(ts: str) -> bool:
        after = float(ts) > float(oldest) or (inclusive and ts == oldest)
        return after and (latest is None or float(ts) < float(latest) or (inclusive and ts == latest))

    try:
        chosen = [one for one in found if within(one.ts)]
    except ValueError:
        raise ApiError("invalid_ts_oldest") from None
    metadata = call.args.boolean("include_all_metadata")
    page = call.page([one.json(metadata=metadata) for one in chosen], "messages")
    return page | {"has_more": bool(page["response_metadata"]["next_cursor"])}


def history(call: Call) -> Json:
    """conversations.history: newest first, without replies."""
    channel = _in_channel(call)
    found = call.core.workspace.history(channel.id)
    heads = [one for one in found if one.thread_ts in {None, one.ts}]
    return _messages(call, heads[::-1])


def replies(call: Call) -> Json:
    """conversations.replies: a thread, oldest first, its head included."""
    channel = _in_channel(call)
    ts = call.args.required("ts")
    head = call.core.workspace.message(channel.id, ts)
    if head is None or head.ephemeral_to is not None:
        raise ApiError("thread_not_found")
    root = head.thread_ts or head.ts
    found = call.core.workspace.history(channel.id)
    return _messages(call, [one for one in found if root in {one.ts, one.thread_ts}])


METHODS = (
    Method("conversations.info", info, (), 50),
    Method("conversations.list", list_conversations, (), 20),
    Method("conversations.members", members, (), 100),
    Method("conversations.open", open_conversation, (), 50),
    Method("conversations.history", history, (), 50),
    Method("conversations.replies", replies, (), 50),
)
