"""chat.*, reactions.add: posting, changing and deleting messages."""

from dataclasses import replace
from typing import Any

from handlers.demo.slack.anatomy import with_ids
from handlers.demo.slack.blocks import check_message_blocks
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.values import Channel, Json, Message
from handlers.demo.slack.webapi.call import Args, Call, Method

POST_CHARACTERS = 40_000
UPDATE_BYTES = 4_000


def message_content(args: Args) -> Json:
    """Text, blocks, attachments and metadata of a message to post, checked.

    Raises:
        ApiError: `no_text`, `invalid_blocks`, `msg_blocks_too_long`, `invalid_metadata_format`, ….
    """
    text = args.text("text") or ""
    if args.text("markdown_text"):
        raise ApiError("invalid_arguments", ["[ERROR] markdown_text is not known to the local Slack"])
    blocks = args.structure("blocks", "invalid_blocks_format") or []
    attachments = args.structure("attachments", "invalid_attachments") or []
    if not text and not blocks and not attachments:
        raise ApiError("no_text")
    return {
        "text": text[:POST_CHARACTERS],
        "blocks": _blocks(blocks),
        "attachments": _attachments(attachments),
        "metadata": _metadata(args.structure("metadata", "invalid_metadata_format")),
    }


def _blocks(blocks: Any) -> tuple[Json, ...]:
    check_message_blocks(blocks)
    return with_ids(blocks)


def _attachments(attachments: Any) -> tuple[Json, ...]:
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise ApiError("invalid_attachments")
    if len(attachments) > 100:
        raise ApiError("too_many_attachments")
    return tuple(one | {"blocks": list(_blocks(one.get("blocks") or []))} for one in attachments)


def _metadata(metadata: Any) -> Json | None:
    if metadata is None or metadata == {}:
        return None
    good = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
        and set(metadata) == {"event_type", "event_payload"}
    )
    if not good:
        raise ApiError("invalid_metadata_format")
    return dict(metadata)


def _destination(call: Call) -> Channel:
    """Where a post goes: a conversation's id, a public channel's name, or a person's id (their DM)."""
    wanted = call.args.text("channel") or ""
    workspace = call.core.workspace
    if wanted in workspace.users and not workspace.users[wanted].is_bot:
        channel = call.core.direct_with_bot(wanted)
    elif wanted.startswith("#"):
        named = workspace.channel_named(wanted)
        channel = call.visible(named.id if named else None)
    else:
        channel = call.visible(wanted)
    _writable(call, channel)
    return channel


def _writable(call: Call, channel: Channel) -> None:
    app = call.core.app
    if channel.archived:
        raise ApiError("is_archived")
    if app.bot_user not in channel.members:
        raise ApiError("not_in_channel")
    if channel.kind == "im":
        other = next((user for user in channel.members if user != app.bot_user), app.bot_user)
        if not app.messages_tab:
            raise ApiError("messages_tab_disabled")
        if call.core.workspace.users[other].deleted:
            raise ApiError("channel_not_found")


def _thread(call: Call, channel: Channel) -> str | None:
    """The thread a post joins; a reply's ts leads to its parent, an unknown one is refused."""
    ts = call.args.text("thread_ts")
    if ts is None:
        return None
    parent = call.core.workspace.message(channel.id, ts)
    if parent is None or parent.ephemeral_to is not None:
        raise ApiError("thread_not_found")
    return parent.thread_ts or parent.ts


def post_message(call: Call) -> Json:
    """chat.postMessage"""
    channel = _destination(call)
    content = message_content(call.args)
    for refused in ("username", "icon_url", "icon_emoji"):
        if call.args.text(refused):
            call.need("chat:write.customize")
    message = call.core.bot_message(channel.id, content | {"thread_ts": _thread(call, channel)})
    call.core.workspace.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.json(metadata=True)}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral"""
    channel = _destination(call)
    content = message_content(call.args)
    user = call.args.required("user")
    if user not in call.core.workspace.users:
        raise ApiError("user_not_found")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    content |= {"thread_ts": _thread(call, channel), "ephemeral_to": user, "metadata": None}
    message = call.core.bot_message(channel.id, content)
    call.core.workspace.post(message)
    return {"message_ts": message.ts}


def _own(call: Call, channel: Channel, refusal: str) -> Message:
    message = call.message(channel, "ts")
    if channel.archived:
        raise ApiError("is_inactive")
    if message.bot_id != call.core.app.bot_id:
        raise ApiError(refusal)
    return message


def update(call: Call) -> Json:
    """chat.update: only own messages; `text` without `blocks` removes the blocks."""
    channel = call.channel()
    text = call.args.text("text")
    blocks = call.args.structure("blocks", "invalid_blocks_format")
    attachments = call.args.structure("attachments", "invalid_attachments")
    metadata = call.args.structure("metadata", "invalid_metadata_format")
    if text is None and not blocks and not attachments:
        raise ApiError("no_text")
    if text is not None and len(text.encode()) > UPDATE_BYTES:
        raise ApiError("msg_too_long")
    message = _own(call, channel, "cant_update_message")
    fields: Json = {"text": text or ""}
    if blocks is not None or text is not None:
        fields["blocks"] = _blocks(blocks or [])
    if attachments is not None or text is not None:
        fields["attachments"] = _attachments(attachments or [])
    if metadata is not None:
        fields["metadata"] = _metadata(metadata)
    if not blocks:
        fields["edited_ts"] = call.core.workspace.next_ts()
    changed = call.core.workspace.edit(message, **fields)
    shown = changed.json(metadata=True)
    return {"channel": channel.id, "ts": changed.ts, "text": changed.text, "message": shown}


def delete(call: Call) -> Json:
    """chat.delete: only own messages."""
    channel = call.channel()
    message = _own(call, channel, "cant_delete_message")
    call.core.workspace.delete_message(channel.id, message.ts)
    return {"channel": channel.id, "ts": message.ts}


def permalink(call: Call) -> Json:
    """chat.getPermalink"""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    domain = call.core.workspace.team.domain
    link = f"https://{domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(call: Call) -> Json:
    """reactions.add"""
    channel = call.channel()
    name = call.args.required("name").strip(":")
    message = call.message(channel, "timestamp")
    if channel.archived:
        raise ApiError("is_archived")
    if (name, call.core.app.bot_user) in message.reactions:
        raise ApiError("already_reacted")
    call.core.workspace.react(message, name, call.core.app.bot_user)
    return {}


def response_url_post(call: Call, path: str) -> None:
    """A POST to a response URL: a new message, or a change of the one the person acted in.

    Raises:
        ApiError: `expired_url`, `used_url`, or what posting refuses.
    """
    core = call.core
    args = call.args
    ticket = core.tickets.answer(path)
    origin = core.workspace.message(ticket.channel, ticket.message_ts or "")
    if args.boolean("delete_original"):
        if origin:
            core.workspace.delete_message(origin.channel, origin.ts)
        return
    content = message_content(args)
    if args.boolean("replace_original") and origin:
        core.workspace.edit(origin, **content)
        return
    private = args.text("response_type") != "in_channel"
    thread = args.text("thread_ts") or ticket.thread_ts
    message = core.bot_message(ticket.channel, content | {"thread_ts": thread})
    core.workspace.post(replace(message, ephemeral_to=ticket.user if private else None))


METHODS = (
    Method("chat.postMessage", post_message, ("chat:write",), 300),
    Method("chat.postEphemeral", post_ephemeral, ("chat:write",), 100),
    Method("chat.update", update, ("chat:write",), 50),
    Method("chat.delete", delete, ("chat:write",), 50),
    Method("chat.getPermalink", permalink, (), 300),
    Method("reactions.add", add_reaction, ("reactions:write",), 50),
)
