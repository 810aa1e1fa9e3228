"""Slack's rules for the things inside blocks: buttons, menus, inputs, pictures, rich text.

Limits are those of Slack's Block Kit reference as quoted by slack_sdk 3.47's validators, plus the ones its
models miss (option texts, unknown fields, where an element may stand).
"""

from collections.abc import Mapping
from typing import Any

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
    whole,
)

IDENTIFIER = string(255)
CONFIRM = record(
    {"title": plain(100), "text": text_object(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
DISPATCH = record({"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"), 2)})
CONVERSATION_FILTER = record(
    {},
    {
        "include": list_of(one_of("im", "mpim", "private", "public"), 4),
        "exclude_bot_users": boolean,
        "exclude_external_shared_channels": boolean,
    },
)


def option(kinds: tuple[str, ...] = ("plain_text",), *, url: bool = False) -> Check:
    """An option object; only an overflow menu's may carry a `url`."""
    extra: dict[str, Check] = {"description": text_object(75, kinds)}
    if url:
        extra["url"] = string(3000)
    return record({"text": text_object(75, kinds), "value": string(150)}, extra)


def _initial_among_options(value: Any, pointer: str, problems: Problems) -> None:
    groups = value.get("option_groups") or [{"options": value.get("options") or []}]
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        return
    known = [one for group in groups for one in group.get("options") or []]
    chosen = value.get("initial_options") or [value.get("initial_option")]
    if any(one is not None and one not in known for one in chosen):
        problems.add("initial option(s) must exactly match one of the provided options", pointer)


def _options_or_groups(value: Any, pointer: str, problems: Problems) -> None:
    if (value.get("options") is None) == (value.get("option_groups") is None):
        problems.add("exactly one of options and option_groups is required", pointer)


def _bounds(lowest: str, highest: str) -> Check:
    def check(value: Any, pointer: str, problems: Problems) -> None:
        low, high = value.get(lowest), value.get(highest)
        try:
            crossed = low is not None and high is not None and float(low) > float(high)
        except (TypeError, ValueError):
            problems.add("must provide a number", f"{pointer}/{lowest}")
            return
        if crossed:
            problems.add(f"must be less than or equal to {highest}", f"{pointer}/{lowest}")

    return check


def _element(
    required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None, *more: Check
) -> Check:
    """An interactive element: type, action_id and its own fields."""
    shape = record({"type": anything, **(required or {})}, {"action_id": IDENTIFIER, **(optional or {})})
    return both(shape, *more)


_ASKS: dict[str, Check] = {"placeholder": plain(150), "focus_on_load": boolean}
_MENU: dict[str, Check] = {**_ASKS, "confirm": CONFIRM}
_GROUP = record({"label": plain(75), "options": list_of(option(), 100)})
_OPTIONS: dict[str, Check] = {"options": list_of(option(), 100), "option_groups": list_of(_GROUP, 100)}
_TICKS = ("plain_text", "mrkdwn")
_MANY: dict[str, Check] = {"max_selected_items": whole(1, 100)}
_CONVERSATIONS: dict[str, Check] = {
    **_MENU,
    "default_to_current_conversation": boolean,
    "filter": CONVERSATION_FILTER,
}
_DATE = string(10, 10)
_FEEDBACK = record({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})

_BUTTON: dict[str, Check] = {
    "url": string(3000),
    "value": string(2000),
    "style": one_of("primary", "danger"),
    "confirm": CONFIRM,
    "accessibility_label": string(75),
    "visible_to_user_ids": list_of(string(30), 100),
}
_IMAGE = record({"type": anything, "alt_text": string(2000)}, {"image_url": string(3000), "slack_file": anything})

ELEMENTS: Mapping[str, Check] = {
    "button": _element({"text": plain(75)}, _BUTTON),
    "overflow": _element({"options": list_of(option(url=True), 5, 1)}, {"confirm": CONFIRM}),
    "checkboxes": _element(
        {"options": list_of(option(_TICKS), 10)},
        {"initial_options": list_of(option(_TICKS), 10), "confirm": CONFIRM, "focus_on_load": boolean},
        _initial_among_options,
    ),
    "radio_buttons": _element(
        {"options": list_of(option(_TICKS), 10)},
        {"initial_option": option(_TICKS), "confirm": CONFIRM, "focus_on_load": boolean},
        _initial_among_options,
    ),
    "datepicker": _element(None, {**_MENU, "initial_date": _DATE}),
    "timepicker": _element(None, {**_MENU, "initial_time": string(5, 5), "timezone": string(64)}),
    "datetimepicker": _element(
        None, {"initial_date_time": whole(0, 9_999_999_999), "confirm": CONFIRM, "focus_on_load": boolean}
    ),
    "static_select": _element(
        None, {**_MENU, **_OPTIONS, "initial_option": option()}, _options_or_groups, _initial_among_options
    ),
    "multi_static_select": _element(
        None,
        {**_MENU, **_OPTIONS, **_MANY, "initial_options": list_of(option(), 100)},
        _options_or_groups,
        _initial_among_options,
    ),
    "external_select": _element(None, {**_MENU, "min_query_length": whole(0, 3000), "initial_option": option()}),
    "users_select": _element(None, {**_MENU, "initial_user": string(30)}),
    "multi_users_select": _element(None, {**_MENU, **_MANY, "initial_users": list_of(string(30), 100, least=0)}),
    "conversations_select": _element(
        None, {**_CONVERSATIONS, "initial_conversation": string(30), "response_url_enabled": boolean}
    ),
    "multi_conversations_select": _element(
        None, {**_CONVERSATIONS, **_MANY, "initial_conversations": list_of(string(30), 100)}
    ),
    "channels_select": _element(None, {**_MENU, "initial_channel": string(30), "response_url_enabled": boolean}),
    "multi_channels_select": _element(None, {**_MENU, **_MANY, "initial_channels": list_of(string(30), 100)}),
    "plain_text_input": _element(
        None,
        {
            **_ASKS,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
            "dispatch_action_config": DISPATCH,
        },
        _bounds("min_length", "max_length"),
    ),
    "number_input": _element(
        {"is_decimal_allowed": boolean},
        {
            **_ASKS,
            "initial_value": string(100),
            "min_value": string(100),
            "max_value": string(100),
            "dispatch_action_config": DISPATCH,
        },
        _bounds("min_value", "max_value"),
    ),
    "email_text_input": _element(None, {**_ASKS, "initial_value": string(3000), "dispatch_action_config": DISPATCH}),
    "url_text_input": _element(None, {**_ASKS, "initial_value": string(3000), "dispatch_action_config": DISPATCH}),
    "icon_button": _element(
        {"icon": one_of("trash"), "text": plain(75)},
        {
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": list_of(string(30), 10),
        },
    ),
    "feedback_buttons": _element({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}),
    "image": _IMAGE,
}

SINGLE_MENUS = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
MULTI_MENUS = (
    "multi_static_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
)
IN_ACTIONS = (
    "button",
    "overflow",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
    *SINGLE_MENUS,
)
AS_ACCESSORY = (
    "button",
    "overflow",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "image",
    *SINGLE_MENUS,
    *MULTI_MENUS,
)
IN_INPUT = (
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
    *SINGLE_MENUS,
    *MULTI_MENUS,
)

_STYLE = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), boolean))


def _part(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return record({"type": anything, **required}, {"style": _STYLE, **(optional or {})})


_PARTS: Mapping[str, Check] = {
    "text": _part({"text": string(12_000)}),
    "link": _part({"url": string(3000)}, {"text": string(3000), "unsafe": boolean}),
    "user": _part({"user_id": string(30)}),
    "usergroup": _part({"usergroup_id": string(30)}),
    "channel": _part({"channel_id": string(30)}),
    "emoji": _part({"name": string(100)}, {"unicode": string(100), "skin_tone": whole(1, 6)}),
    "broadcast": _part({"range": one_of("here", "channel", "everyone")}),
    "date": _part(
        {"timestamp": whole(0, 9_999_999_999), "format": string(300)},
        {"url": string(3000), "fallback": string(300)},
    ),
    "color": _part({"value": string(7)}),
}
_SECTION = record({"type": anything, "elements": list_of(typed(_PARTS), 500, least=0)})
_RULED = record({"type": anything, "elements": list_of(typed(_PARTS), 500, least=0)}, {"border": whole(0, 1)})
RICH_TEXT: Mapping[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": _RULED,
    "rich_text_quote": _RULED,
    "rich_text_list": record(
        {
            "type": anything,
            "style": one_of("bullet", "ordered"),
            "elements": list_of(typed({"rich_text_section": _SECTION}), 500),
        },
        {"indent": whole(0, 8), "offset": whole(0, 1000), "border": whole(0, 1)},
    ),
}
