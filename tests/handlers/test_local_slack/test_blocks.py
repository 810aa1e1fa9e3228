"""Block Kit's rules as a table: what Slack takes, and what it refuses with which words."""

from typing import Any

import pytest

from handlers.demo.slack.blocks import MESSAGE_CHARACTERS, Surface, block_problems, check_message_blocks, check_view
from handlers.demo.slack.errors import ApiError
from tests.handlers.test_local_slack.bot import FORM, actions, button, field, modal, section

Body = dict[str, Any]
NOT_STRINGS = 7


def text(words: str, kind: str = "plain_text") -> Body:
    return {"type": kind, "text": words}


def options(count: int, **more: Any) -> list[Body]:
    return [{"text": text(f"o{n}"), "value": f"v{n}", **more} for n in range(count)]


def select(**more: Any) -> Body:
    return {"type": "static_select", "action_id": "s", "options": options(2), **more}


def rich(*parts: Body, kind: str = "rich_text_preformatted") -> Body:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(parts)}]}


CONFIRM = {"title": text("Sure?"), "text": text("Really", "mrkdwn"), "confirm": text("Yes"), "deny": text("No")}
CELL = {"type": "raw_text", "text": "cell"}
GOOD_CARD: list[Body] = [
    {"type": "header", "text": text("Refund 50 EUR")},
    {"type": "section", "fields": [text("*Who*", "mrkdwn"), text("alice")]},
    section("x" * 3000),
    rich({"type": "text", "text": '{"a": 1}'}),
    rich({"type": "user", "user_id": "U1"}, {"type": "link", "url": "https://x.example"}, kind="rich_text_section"),
    {"type": "divider"},
    {"type": "context", "elements": [text("v1 of `abc`", "mrkdwn")]},
    {"type": "table", "rows": [[CELL, CELL], [CELL, rich({"type": "text", "text": "x"})]]},
    {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"},
    {"type": "section", "text": text("x"), "accessory": {"type": "overflow", "action_id": "o", "options": options(5)}},
    actions(
        button("approve", "Approve", style="primary", confirm=CONFIRM),
        button("reject", "Reject", style="danger", visible_to_user_ids=["U1"]),
        select(initial_option=options(1)[0]),
    ),
]


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_a_usual_card_is_taken_everywhere_but_its_table(surface: Surface) -> None:
    table_free = [block for block in GOOD_CARD if block["type"] != "table"]
    assert block_problems(table_free, surface) == []
    assert bool(block_problems(GOOD_CARD, surface)) == (surface != "message")


@pytest.mark.parametrize(
    "block",
    [
        field("b", "L", {"type": "plain_text_input", "multiline": True, "max_length": 3000, "initial_value": ""}),
        field("b", "L", {"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "max_value": "2"}),
        field("b", "L", {"type": "datepicker", "initial_date": "2026-01-31"}, optional=True, hint=text("when")),
        field("b", "L", {"type": "checkboxes", "options": options(10)}, dispatch_action=True),
        field("b", "L", {"type": "multi_users_select", "max_selected_items": 3, "initial_users": ["U1"]}),
        {"type": "alert", "text": text("careful"), "level": "warning"},
    ],
)
def test_a_form_takes(block: Body) -> None:
    assert block_problems([block], "modal") == []


BAD: list[tuple[str, Body | list[Body], str]] = [
    ("a type nobody knows", {"type": "sector"}, "unsupported type: sector"),
    ("no type", {"text": text("x")}, "unsupported type: None"),
    ("no block", [NOT_STRINGS], "must provide an object"),  # type: ignore[list-item]
    ("51 blocks", [{"type": "divider"}] * 51, "no more than 50 items"),
    ("a field too many", {"type": "divider", "colour": "red"}, "additional property: colour"),
    ("a section of nothing", {"type": "section"}, "missing required field: text or fields"),
    ("an empty text", section(""), "more than 0 characters"),
    ("a text too long", section("x" * 3001), "less than 3001"),
    ("no text but a number", {"type": "section", "text": text(NOT_STRINGS)}, "must provide a string"),  # type: ignore[arg-type]
    ("text of another kind", {"type": "section", "text": text("x", "html")}, "unsupported type: html"),
    ("verbatim plain text", {"type": "section", "text": text("x") | {"verbatim": True}}, "additional property"),
    ("eleven fields", {"type": "section", "fields": [text("x")] * 11}, "no more than 10 items"),
    ("a long field", {"type": "section", "fields": [text("x" * 2001)]}, "less than 2001"),
    ("a long header", {"type": "header", "text": text("x" * 151)}, "less than 151"),
    ("a header in mrkdwn", {"type": "header", "text": text("x", "mrkdwn")}, "unsupported type: mrkdwn"),
    ("eleven context texts", {"type": "context", "elements": [text("x")] * 11}, "no more than 10 items"),
    ("an empty context", {"type": "context", "elements": []}, "no fewer than 1"),
    ("26 buttons", actions(*[button(f"b{n}", "B") for n in range(26)]), "no more than 25 items"),
    ("a long label", actions(button("b", "x" * 76)), "less than 76"),
    ("a long value", actions(button("b", "B", "x" * 2001)), "less than 2001"),
    ("a long action_id", actions(button("b" * 256, "B")), "less than 256"),
    ("a style nobody knows", actions(button("b", "B", style="warning")), "unsupported value: 'warning'"),
    ("a button with options", actions(button("b", "B", options=[])), "additional property: options"),
    ("one action_id twice", actions(button("b", "B"), button("b", "C")), "action_id already exists: b"),
    ("one block_id twice", [actions(button("a", "A")), actions(button("b", "B"))], "block_id already exists: buttons"),
    ("a long block_id", {"type": "divider", "block_id": "x" * 256}, "less than 256"),
    ("a long confirm text", actions(button("b", "B", confirm=CONFIRM | {"text": text("x" * 301)})), "less than 301"),
    ("a long confirm button", actions(button("b", "B", confirm=CONFIRM | {"deny": text("x" * 31)})), "less than 31"),
    ("confirm without text", actions(button("b", "B", confirm={"title": text("x")})), "missing required field: text"),
    ("101 options", actions(select(options=options(101))), "no more than 100 items"),
    ("no options", actions(select(options=[])), "no fewer than 1"),
    ("options and groups", actions(select(option_groups=[])), "exactly one of options"),
    ("a long option", actions(select(options=[{"text": text("x" * 76), "value": "v"}])), "less than 76"),
    ("a long option value", actions(select(options=[{"text": text("x"), "value": "v" * 151}])), "less than 151"),
    ("a url in a select", actions(select(options=options(1, url="https://x.example"))), "additional property: url"),
    ("an initial option of another list", actions(select(initial_option=options(9)[8])), "must exactly match"),
    (
        "six in an overflow",
        actions({"type": "overflow", "action_id": "o", "options": options(6)}),
        "no more than 5 items",
    ),
    (
        "eleven checkboxes",
        actions({"type": "checkboxes", "action_id": "c", "options": options(11)}),
        "no more than 10 items",
    ),
    ("an input among actions", actions({"type": "plain_text_input", "action_id": "t"}), "unsupported type"),
    ("a multi-select among actions", actions({"type": "multi_users_select", "action_id": "m"}), "unsupported type"),
    ("an alert in a message", {"type": "alert", "text": text("x")}, "unsupported type: alert"),
    ("101 rows", {"type": "table", "rows": [[CELL]] * 101}, "no more than 100 items"),
    ("21 cells", {"type": "table", "rows": [[CELL] * 21]}, "no more than 20 items"),
    ("two tables", [{"type": "table", "rows": [[CELL]]}] * 2, "only one table"),
    ("a table of novels", {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 6000}]] * 2}, "10000"),
    ("a long markdown", {"type": "markdown", "text": "x" * 12_001}, "less than 12001"),
    ("two long markdowns", [{"type": "markdown", "text": "x" * 6_500}] * 2, "no more than 12000 characters"),
    ("a long card body", {"type": "card", "body": text("x" * 201)}, "less than 201"),
    ("four card actions", {"type": "card", "actions": [button(f"b{n}", "B") for n in range(4)]}, "no more than 3"),
    ("empty rich text", rich({"type": "text", "text": ""}), "more than 0 characters"),
    ("rich text of another kind", rich({"type": "html", "text": "x"}), "unsupported type: html"),
    ("a picture without alt", {"type": "image", "image_url": "https://x.example"}, "missing required field: alt_text"),
    ("an input without label", {"type": "input", "element": {"type": "datepicker"}}, "missing required field: label"),
    (
        "a shortest above the longest",
        field("b", "L", {"type": "plain_text_input", "min_length": 5, "max_length": 4}),
        "less than or equal to max_length",
    ),
    ("a min_length of 3001", field("b", "L", {"type": "plain_text_input", "min_length": 3001}), "between 0 and 3000"),
    ("a number input of words", field("b", "L", {"type": "number_input"}), "is_decimal_allowed"),
    (
        "bounds crossed",
        field("b", "L", {"type": "number_input", "is_decimal_allowed": True, "min_value": "3", "max_value": "2"}),
        "less than or equal to max_value",
    ),
    (
        "focus twice",
        [field(name, "L", {"type": "datepicker", "focus_on_load": True}) for name in ("a", "b")],
        "focus_on_load",
    ),
    (
        "a container within its rules but not slack_sdk's",
        {"type": "container", "child_blocks": [section("x")]},
        "title or rich_text_title",
    ),
]


@pytest.mark.parametrize(("blocks", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_message_is_refused_with(blocks: Body | list[Body], said: str) -> None:
    listed = blocks if isinstance(blocks, list) else [blocks]
    found = block_problems(listed, "message")
    assert said in " ".join(found)
    with pytest.raises(ApiError):
        check_message_blocks(listed)


def test_a_message_holds_so_many_characters_in_all() -> None:
    full = [section("x" * 3000)] * 4 + [section("x" * (MESSAGE_CHARACTERS - 12_000))]
    check_message_blocks(full)
    with pytest.raises(ApiError, match="msg_blocks_too_long"):
        check_message_blocks([*full, {"type": "divider"}])


def test_a_list_is_expected() -> None:
    with pytest.raises(ApiError, match="invalid_blocks_format"):
        check_message_blocks({"type": "divider"})


def test_a_form_without_submit_is_refused_only_with_inputs() -> None:
    without = {name: value for name, value in FORM.items() if name != "submit"}
    with pytest.raises(ApiError, match="submit"):
        check_view(without)
    check_view(without | {"blocks": [section("x")]})


def test_a_home_tab_has_no_buttons_of_a_form() -> None:
    with pytest.raises(ApiError, match="home views cannot have title"):
        check_view(modal(section("x")) | {"type": "home"})
