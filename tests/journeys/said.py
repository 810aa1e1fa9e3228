"""Everything the bot sent to Slack in a journey, and what must hold for all of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from handlers.demo.slack import LocalSlack
from handlers.executors.slack import EVENT_TYPE

SPEAKS = frozenset(
    {"chat.postMessage", "chat.postEphemeral", "chat.update", "response_url"}
    | {"views.open", "views.push", "views.update", "views.publish"}
)
TOKEN = re.compile(r"v1\.[0-9a-f]{32}\.\d+\.[\w-]+(#[\w ]+)?|\d{1,5}|new|refresh|selected|true")
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
# Printable to Python, and nothing to the eye (Default_Ignorable_Code_Point and the like: security.md C3).
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U000e0100-\U000e01ef]"
)
OURS = ("plain_text", "text", "user", "usergroup", "date")  # what may hold or stand for a text


def sent(slack: LocalSlack) -> Iterator[tuple[str, dict[str, Any]]]:
    """(how, message or view): each call that says something, and what answers to Slack showed by themselves."""
    for call in slack.calls:
        if call.method in SPEAKS:
            values = dict(call.args)
            for name in ("blocks", "view"):
                if isinstance(values.get(name), str):
                    values[name] = json.loads(values[name])
            yield call.method, values.get("view") or values
    for delivery in slack.log:
        body = delivery.ack.body
        if isinstance(body, dict):
            yield f"answer to a {delivery.what}", body.get("view") or body


def only_text(slack: LocalSlack) -> int:
    """Nothing Slack was sent is markup, hides anything, or was refused. How many messages and views it was."""
    refused = {(call.method, call.error, str(call.answer)[:300]) for call in slack.calls if call.error}
    assert refused == set()
    failed = [(delivery.what, delivery.ack.error, delivery.ack.status) for delivery in slack.log if delivery.ack.error]
    assert failed == []
    everything = list(sent(slack))
    for how, said in everything:
        if how == "chat.postMessage":
            assert said["unfurl_links"] is said["unfurl_media"] is False
        assert not {"link_names", "parse", "attachments", "mrkdwn", "username", "icon_emoji"} & set(said), how
        if "blocks" in said and "type" not in said:  # a message: its text is parsed as mrkdwn where blocks cannot be
            assert "<" not in said["text"], (how, said["text"])
            assert ">" not in said["text"], (how, said["text"])
            assert not ENTITY.search(said["text"].split("… ")[0]), (how, said["text"])
        effect = (said.get("metadata") or {}).get("event_type") == EVENT_TYPE  # what was approved, letter by letter
        for node in nodes(said):
            _no_markup(slack, how, node)
            if not effect:
                _nothing_hidden(how, node)
    return len(everything)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from nodes(each)


def _no_markup(slack: LocalSlack, how: str, node: dict[str, Any]) -> None:
    kind = node.get("type")
    assert kind not in ("mrkdwn", "link", "broadcast", "channel", "emoji", "color", "markdown", "image"), (how, node)
    assert not {"url", "image_url", "alt_text"} & set(node), (how, node)
    if kind == "plain_text":
        assert node["emoji"] is False, (how, node)
    if kind == "user":
        assert node["user_id"] in slack.workspace.users, (how, node)
    if kind == "usergroup":
        assert node["usergroup_id"] in slack.workspace.groups, (how, node)
    if kind == "button":
        assert TOKEN.fullmatch(node["value"]), (how, node)
    if isinstance(node.get("text"), str) and kind is not None:
        assert kind in OURS or "blocks" in node, (how, node)


def _nothing_hidden(how: str, node: dict[str, Any]) -> None:
    for name in ("text", "fallback", "accessibility_label"):
        text = node.get(name)
        if isinstance(text, str):
            assert text.replace("\n", "").isprintable(), (how, ascii(text))
            assert not UNSEEN.search(text), (how, ascii(text))
