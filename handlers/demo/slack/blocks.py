"""Slack's rules for blocks, messages and views; what breaks them is `invalid_blocks` / `invalid_arguments`.

Own rules first (unknown fields, counts, duplicates, where a block may stand), then slack_sdk's models as a
second opinion. Where Slack's own documents disagree the stricter reading is taken, so that what passes here
has a chance there: `alert` is refused in messages, multi-selects in `actions`. Not known here: `call`,
`file`, `video`, `auth_provider`, `file_input`, `rich_text_input`, `workflow_button`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SdkView

from handlers.demo.slack.anatomy import block_elements, elements_of, inner_blocks, texts_of
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.fields import AS_ACCESSORY, ELEMENTS, IDENTIFIER, IN_ACTIONS, IN_INPUT, RICH_TEXT
from handlers.demo.slack.shapes import (
    Check,
    Problems,
    anything,
    boolean,
    both,
    list_of,
    one_of,
    plain,
    record,
    string,
    text_object,
    typed,
)
from handlers.demo.slack.values import Json

Surface: TypeAlias = Literal["message", "modal", "home"]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MESSAGE_CHARACTERS = 13_200
"""What a message's blocks may hold: measured by users of chat.postMessage, published nowhere."""
BLOCK_OVERHEAD = {"header": 100, "divider": 125}
"""Characters such a block costs beyond its text, measured likewise (bolt-js issue 2509)."""
MARKDOWN_CHARACTERS = 12_000
TABLE_CHARACTERS = 10_000
VIEW_BYTES = 250_000


def _block(required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None) -> Check:
    return record({"type": anything, **(required or {})}, {"block_id": IDENTIFIER, **(optional or {})})


def _text_or_fields(value: Any, pointer: str, problems: Problems) -> None:
    if value.get("text") is None and value.get("fields") is None:
        problems.add("missing required field: text or fields", pointer)


def _one_picture(value: Any, pointer: str, problems: Problems) -> None:
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        problems.add("exactly one of image_url and slack_file is required", pointer)


_RICH = _block({"elements": list_of(typed(RICH_TEXT), 500)})
_CELL = typed(
    {
        "raw_text": record({"type": anything, "text": string(TABLE_CHARACTERS)}),
        "raw_number": record({"type": anything, "value": anything}, {"text": string(300)}),
        "rich_text": _RICH,
    }
)
_COLUMN = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_CARD_TEXT = text_object(150)
_CARD = _block(
    None,
    {
        "hero_image": ELEMENTS["image"],
        "icon": ELEMENTS["image"],
        "title": _CARD_TEXT,
        "subtitle": _CARD_TEXT,
        "body": text_object(200),
        "actions": list_of(typed(ELEMENTS, ("button",)), 3),
    },
)

_CONTEXT = list_of(typed({**ELEMENTS, "plain_text": plain(3000), "mrkdwn": text_object(3000)},
                         ("image", "plain_text", "mrkdwn")), 10)  # fmt: skip

BLOCKS: dict[str, Check] = {
    "section": both(
        _block(
            None,
            {
                "text": text_object(3000),
                "fields": list_of(text_object(2000), 10),
                "accessory": typed(ELEMENTS, AS_ACCESSORY),
                "expand": boolean,
            },
        ),
        _text_or_fields,
    ),
    "divider": _block(),
    "header": _block({"text": plain(150)}),
    "image": both(
        _block(
            {"alt_text": string(2000)},
            {"image_url": string(3000), "slack_file": anything, "title": plain(2000)},
        ),
        _one_picture,
    ),
    "context": _block({"elements": _CONTEXT}),
    "actions": _block({"elements": list_of(typed(ELEMENTS, IN_ACTIONS), 25)}),
    "context_actions": _block({"elements": list_of(typed(ELEMENTS, ("icon_button", "feedback_buttons")), 5)}),
    "input": _block(
        {"label": plain(2000), "element": typed(ELEMENTS, IN_INPUT)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": _block({"text": string(MARKDOWN_CHARACTERS)}),
    "rich_text": _RICH,
    "table": _block(
        {"rows": list_of(list_of(_CELL, 20), 100)},
        {"column_settings": list_of(_COLUMN, 20)},
    ),
    "alert": _block(
        {"text": text_object(3000)},
        {"level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": _CARD,
    "carousel": _block({"elements": list_of(typed({"card": _CARD}), 10)}),
    "task_card": _block(
        {
            "task_id": string(255),
            "title": string(256),
            "status": one_of("pending", "in_progress", "complete", "error"),
        },
        {"details": _RICH, "output": _RICH, "sources": list_of(anything, 50)},
    ),
}
BLOCKS["plan"] = _block({"title": string(256)}, {"tasks": list_of(typed({"task_card": BLOCKS["task_card"]}), 50)})
BLOCKS["container"] = _block(
    {"child_blocks": list_of(typed(dict(BLOCKS)), 10)},
    {
        "title": plain(150),
        "rich_text_title": _RICH,
        "subtitle": text_object(150),
        "width": one_of("narrow", "standard", "wide", "full"),
        "icon": ELEMENTS["image"],
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
)

_EVERYWHERE = frozenset({"section", "divider", "header", "image", "context", "actions", "input", "rich_text"})
ALLOWED: Mapping[Surface, frozenset[str]] = {
    "message": frozenset(BLOCKS) - {"alert"},
    "modal": _EVERYWHERE | {"alert"},
    "home": _EVERYWHERE | {"alert", "card", "carousel", "container"},
}

_VIEW = {
    "type": one_of("modal", "home"),
    "blocks": anything,
}
_VIEW_EXTRA: Mapping[str, Check] = {
    "title": plain(24),
    "submit": plain(24),
    "close": plain(24),
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
    "submit_disabled": boolean,
}


def block_problems(blocks: Any, surface: Surface, pointer: str = "/blocks") -> list[str]:
    """What Slack would say against these blocks; empty when it takes them."""
    problems = Problems()
    list_of(typed(BLOCKS, ALLOWED[surface]), MOST_BLOCKS[surface], least=0)(blocks, pointer, problems)
    if not problems.messages:
        _ids(blocks, pointer, problems)
        _whole_payload(blocks, pointer, problems)
    if not problems.messages:
        _second_opinion(blocks, pointer, problems)
    return problems.messages


def check_message_blocks(blocks: Any) -> None:
    """Raise `invalid_blocks` or `msg_blocks_too_long` for blocks no message may have."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ApiError("invalid_blocks_format")
    if found := block_problems(blocks, "message"):
        raise ApiError("invalid_blocks", found)
    overhead = sum(BLOCK_OVERHEAD.get(block["type"], 0) for block in inner_blocks(blocks))
    if sum(len(text) for text in texts_of(blocks)) + overhead > MESSAGE_CHARACTERS:
        raise ApiError("msg_blocks_too_long")


def check_view(view: Any) -> None:
    """Raise `invalid_arguments` or `view_too_large` for a view Slack does not open."""
    problems = Problems()
    record(_VIEW, _VIEW_EXTRA)(view, "/view", problems)
    if problems.messages:
        raise ApiError("invalid_arguments", problems.messages)
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise ApiError("view_too_large")
    surface: Surface = view["type"]
    found = block_problems(view["blocks"], surface, "/view/blocks") + _view_rules(view)
    if found:
        raise ApiError("invalid_arguments", found)


def _view_rules(view: Json) -> list[str]:
    problems = Problems()
    blocks: list[Json] = [block for block in view["blocks"] if isinstance(block, dict)]
    if view["type"] == "home":
        for name in ("title", "submit", "close"):
            if view.get(name):
                problems.add(f"home views cannot have {name}", f"/view/{name}")
    else:
        if not view.get("title"):
            problems.add("missing required field: title", "/view")
        if any(block.get("type") == "input" for block in blocks) and not view.get("submit"):
            problems.add("missing required field: submit (required when there is an input block)", "/view")
    if not blocks:
        problems.add("no fewer than 1 items allowed", "/view/blocks")
    inputs = [block.get("element") or {} for block in blocks if block.get("type") == "input"]
    if sum(bool(element.get("focus_on_load")) for element in inputs) > 1:
        problems.add("focus_on_load may be set on one element only", "/view/blocks")
    return problems.messages


def _twice(values: Iterable[str | None]) -> list[str]:
    return [value for value, count in Counter(values).items() if value is not None and count > 1]


def _ids(blocks: Sequence[Json], pointer: str, problems: Problems) -> None:
    for ident in _twice(block.get("block_id") for block in inner_blocks(blocks)):
        problems.add(f"block_id already exists: {ident}", pointer)
    for index, block in enumerate(blocks):
        for ident in _twice(element.get("action_id") for element in block_elements(block)):
            problems.add(f"action_id already exists: {ident}", f"{pointer}/{index}")


def _whole_payload(blocks: Sequence[Json], pointer: str, problems: Problems) -> None:
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        problems.add("only one table is allowed in a message", pointer)
    if sum(len(text) for table in tables for text in texts_of(table)) > TABLE_CHARACTERS:
        problems.add(f"a table holds no more than {TABLE_CHARACTERS} characters", pointer)
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_CHARACTERS:
        problems.add(f"markdown blocks hold no more than {MARKDOWN_CHARACTERS} characters", pointer)
    if sum(bool(element.get("focus_on_load")) for _, element in elements_of(blocks)) > 1:
        problems.add("focus_on_load may be set on one element only", pointer)


def _second_opinion(blocks: Sequence[Json], pointer: str, problems: Problems) -> None:
    for index, block in enumerate(blocks):
        try:
            parsed = Block.parse(block)
            if parsed is None:
                problems.add(f"unsupported type: {block.get('type')}", f"{pointer}/{index}")
            else:
                parsed.to_dict()
        except (SlackObjectFormationError, TypeError, ValueError) as refused:
            problems.add(str(refused), f"{pointer}/{index}")


def sdk_view_problem(view: Json) -> str | None:
    """What slack_sdk's own model says against a view."""
    try:
        SdkView(**view).to_dict()
    except (SlackObjectFormationError, TypeError, ValueError) as refused:
        return str(refused)
    return None
