"""Walking through blocks: their elements, their texts, and the ids Slack fills in."""

import copy
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handlers.demo.slack.values import Json

SLOTS: Mapping[str, str] = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
}
"""Where an element's value stands in `state.values` and in an action."""


def inner_blocks(blocks: Iterable[Json]) -> Iterator[Json]:
    """Each block, and the blocks inside containers and carousels."""
    for block in blocks:
        yield block
        nested = list(block.get("child_blocks") or [])
        if block.get("type") == "carousel":
            nested += block.get("elements") or []
        yield from inner_blocks(nested)


def block_elements(block: Json) -> list[Json]:
    """The interactive elements that stand in one block."""
    kind = block.get("type")
    if kind in {"actions", "context_actions"}:
        return list(block.get("elements") or [])
    if kind == "section":
        accessory = block.get("accessory")
        return [accessory] if accessory and accessory.get("type") != "image" else []
    if kind == "input":
        return [block["element"]]
    if kind == "card":
        return list(block.get("actions") or [])
    return []


def elements_of(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, interactive element)."""
    for block in inner_blocks(blocks):
        for element in block_elements(block):
            yield block, element


def with_ids(blocks: Iterable[Json]) -> tuple[Json, ...]:
    """A deep copy with every missing `block_id` and `action_id` filled in at random, as Slack does."""
    copied = copy.deepcopy(list(blocks))
    for block in inner_blocks(copied):
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in block_elements(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return tuple(copied)


def texts_of(value: Any) -> Iterator[str]:
    """Every text a reader sees, in order."""
    if isinstance(value, dict):
        for name, content in value.items():
            if name in {"text", "title", "alt_text", "fallback"} and isinstance(content, str):
                yield content
            elif name not in {"confirm", "private_metadata"}:
                yield from texts_of(content)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
