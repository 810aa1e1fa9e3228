"""Messages and views as text a person can read in a terminal or a test, and the things to press in them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from handlers.demo.slack.anatomy import elements_of
from handlers.demo.slack.values import Json, Message, View

Shown: TypeAlias = Message | View
Names: TypeAlias = Callable[[str], str]
"""Turns the id of a user, channel or group into what people see (`@bob`, `#ops`)."""


@dataclass(frozen=True, slots=True)
class Element:
    """Something to press, choose or fill in.

    Attributes:
        label: what stands on or over it.
        value: the button's value; empty for others.
        options: labels of a menu's options.
        json: the element as the bot sent it.
    """

    block_id: str
    action_id: str
    type: str
    label: str
    value: str
    options: tuple[str, ...]
    confirm: bool
    json: Json
    block: Json


def blocks_of(shown: Shown) -> tuple[Json, ...]:
    """All blocks, those of attachments included."""
    if isinstance(shown, View):
        return shown.blocks
    attached = [block for one in shown.attachments for block in one.get("blocks", [])]
    return (*shown.blocks, *attached)


def elements(shown: Shown, user: str | None = None) -> list[Element]:
    """The interactive elements, in order; with `user`, those shown to that person."""
    found = []
    for block, element in elements_of(blocks_of(shown)):
        only = element.get("visible_to_user_ids")
        if user is None or only is None or user in only:
            found.append(_element(block, element))
    return found


def _element(block: Json, element: Json) -> Element:
    own = element.get("text") or element.get("placeholder") or {}
    label = (block.get("label") or own) if block["type"] == "input" else own
    return Element(
        block_id=block["block_id"],
        action_id=element["action_id"],
        type=element["type"],
        label=unescaped(str(label.get("text", ""))),
        value=str(element.get("value") or ""),
        options=tuple(unescaped(one["text"]["text"]) for one in options_of(element)),
        confirm=bool(element.get("confirm")),
        json=element,
        block=block,
    )


def options_of(element: Json) -> list[Json]:
    """A menu's options, those in groups included."""
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    return [option for group in groups for option in group["options"]]


def unescaped(text: str) -> str:
    """Text with Slack's three entities read."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


_MARKUP = re.compile(r"<(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_MENTION = {"@": 1, "#": 1}


def marked(text: str, names: Names) -> str:
    """mrkdwn as read: mentions by name, a link as `label (url)`, entities read; `*_~` are kept."""

    def link(match: re.Match[str]) -> str:
        target, label = match["target"], match["label"]
        if target[:1] in _MENTION:
            return names(target[1:])
        if target.startswith("!subteam^"):
            return names(target.removeprefix("!subteam^"))
        if target.startswith("!date^"):
            return label or target
        if target.startswith("!"):
            return f"@{target[1:]}"
        return f"{label} ({target})" if label and label != target else target

    return unescaped(_MARKUP.sub(link, text))


def plain(shown: Shown, names: Names = str) -> str:
    """The whole message or view as text: what is written, and `[Approve]` for a button."""
    lines = [shown.title] if isinstance(shown, View) and shown.title else []
    blocks = blocks_of(shown)
    values = shown.values if isinstance(shown, View) else {}
    lines += [line for block in blocks for line in _block(block, names, values)]
    if isinstance(shown, Message) and not blocks:
        lines.append(marked(shown.text, names))
    if isinstance(shown, View):
        ends = [shown.content.get("close"), shown.content.get("submit")]
        lines.append(" ".join(f"[{end['text']}]" for end in ends if end))
    return "\n".join(line for line in lines if line)


def _text(part: Any, names: Names) -> str:
    if not isinstance(part, dict):
        return str(part or "")
    if part.get("type") == "mrkdwn":
        return marked(part["text"], names)
    return unescaped(str(part.get("text") or part.get("alt_text") or ""))


def _block(block: Json, names: Names, values: Json) -> list[str]:
    kinds: dict[str, Callable[[], list[str]]] = {
        "divider": lambda: ["────"],
        "rich_text": lambda: [_rich(part, names) for part in block["elements"]],
        "table": lambda: [" | ".join(_cell(cell, names) for cell in row) for row in block["rows"]],
        "context": lambda: [" · ".join(_text(part, names) for part in block["elements"])],
        "input": lambda: _input(block, names, values),
    }
    return kinds.get(block["type"], lambda: _general(block, names, values))()


def _general(block: Json, names: Names, values: Json) -> list[str]:
    heads = [_text(block.get(name), names) for name in ("title", "subtitle", "text", "body")]
    lines = [head for head in heads if head] + [_text(field, names) for field in block.get("fields") or []]
    inner = [*(block.get("child_blocks") or []), *(block.get("tasks") or [])]
    pressable = block.get("elements") or block.get("actions") or [block.get("accessory")]
    if block["type"] == "carousel":
        inner, pressable = block["elements"], []
    lines += [line for one in inner for line in _block(one, names, values)]
    lines.append(" ".join(_control(element) for element in pressable if element))
    return lines


def _input(block: Json, names: Names, values: Json) -> list[str]:
    element = block["element"]
    state = values.get(block["block_id"], {}).get(element["action_id"], {})
    optional = " (optional)" if block.get("optional") else ""
    line = f"{_text(block['label'], names)}{optional}: {shown_value(state) or _control(element)}"
    return [line, _text(block.get("hint"), names)]


def shown_value(state: Json) -> str:
    """A `state.values` entry as text."""
    for name, value in state.items():
        if name == "type" or value is None:
            continue
        items = value if isinstance(value, list) else [value]
        return ", ".join(str(one["text"]["text"] if isinstance(one, dict) else one) for one in items)
    return ""


def _control(element: Json) -> str:
    kind = element["type"]
    if kind == "image":
        return str(element.get("alt_text", ""))
    label = (element.get("text") or element.get("placeholder") or {}).get("text") or kind
    if kind in {"checkboxes", "radio_buttons"}:
        return " ".join(f"( ) {one['text']['text']}" for one in element["options"])
    arrow = " ▾" if "select" in kind or kind == "overflow" else ""
    return f"[{unescaped(label)}{arrow}]"


def _cell(cell: Json, names: Names) -> str:
    if cell["type"] == "rich_text":
        return " ".join(_rich(part, names) for part in cell["elements"])
    return str(cell.get("text") or cell.get("value") or "")


def _rich(part: Json, names: Names) -> str:
    kind = part["type"]
    if kind == "rich_text_list":
        return "\n".join(f"• {_rich(item, names)}" for item in part["elements"])
    text = "".join(_inline(one, names) for one in part["elements"])
    return "\n".join(f"> {line}" for line in text.split("\n")) if kind == "rich_text_quote" else text


def _inline(part: Json, names: Names) -> str:
    kind = part["type"]
    for name in ("user_id", "channel_id", "usergroup_id"):
        if name in part:
            return names(part[name])
    if kind == "link":
        label, url = part.get("text"), part["url"]
        return f"{label} ({url})" if label and label != url else str(url)
    forms = {"emoji": f":{part.get('name')}:", "broadcast": f"@{part.get('range')}"}
    return str(forms.get(kind) or part.get("text") or part.get("fallback") or part.get("value") or "")


def find_by_label(found: Iterable[Element], wanted: str) -> list[Element]:
    """Elements with this action_id or, when there is none, with this label or option."""
    known = list(found)
    exact = [element for element in known if element.action_id == wanted]
    return exact or [element for element in known if element.label == wanted]
