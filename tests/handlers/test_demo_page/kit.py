"""Block Kit in few words, and one of everything the page draws."""

from typing import Any

Json = dict[str, Any]

AT = 1_767_225_600  # 2026-01-01 00:00:00 UTC


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def markdown(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": markdown(text), **more}


def button(action_id: str, label: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), "value": "v", **more}


def actions(*elements: Json, block_id: str = "buttons") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def options(*labels: str) -> list[Json]:
    """`EUR` → the option Eur with the value eur."""
    return [{"text": plain(label), "value": label.lower()} for label in labels]


def confirm(title: str, text: str, **more: Any) -> Json:
    return {
        "title": plain(title),
        "text": plain(text),
        "confirm": plain("Yes, do it"),
        "deny": plain("Not now"),
        **more,
    }


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "it", **element},
        **more,
    }


def modal(title: str, *blocks: Json, callback: str = "form", submit: str = "Send", **more: Any) -> Json:
    view = {"type": "modal", "callback_id": callback, "title": plain(title), "blocks": list(blocks), **more}
    return view | ({"submit": plain(submit)} if submit else {})


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def line(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def said(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


EVERY_BLOCK: list[Json] = [
    {"type": "header", "text": plain("Refund 50 USD for order ord_81")},
    section("*bold* _italic_ ~gone~ `code` <https://example.com/a?b=1&amp;c=2|the docs> <@U0BOB> <#C0OPS> :eyes:"),
    section("&gt; a quote of two\n&gt; lines\n```\nif a &lt; b:\n    pass\n```"),
    {"type": "section", "fields": [markdown("*Order*\nord_81"), plain("Amount: 50")]},
    rich(
        line(
            said("plain *not bold* "),
            said("strong", bold=True),
            said(" slanted", italic=True),
            said(" struck", strike=True),
            said(" inline()", code=True),
            {"type": "user", "user_id": "U0ALICE"},
            {"type": "usergroup", "usergroup_id": "S0FINANCE"},
            {"type": "channel", "channel_id": "C0OPS"},
            {"type": "broadcast", "range": "here"},
            {"type": "emoji", "name": "white_check_mark"},
            {"type": "emoji", "name": "made_up", "unicode": "1f984"},
            {"type": "link", "url": "https://example.com/rich", "text": "rich link"},
        ),
        line({"type": "date", "timestamp": AT, "format": "{date_short} at {time_secs}", "fallback": "then"}),
        {"type": "rich_text_preformatted", "elements": [said("order_id  ord_81\namount    50")]},
        {"type": "rich_text_quote", "elements": [said("quoted words")]},
        {"type": "rich_text_list", "style": "bullet", "elements": [line(said("first")), line(said("second"))]},
        {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [line(said("third"))]},
    ),
    {"type": "divider"},
    {
        "type": "context",
        "elements": [
            markdown("digest *4723*"),
            plain("version 1"),
            {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a seal"},
        ],
    },
    {"type": "image", "image_url": "https://example.com/chart.png", "alt_text": "a chart of refunds"},
    {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": "Who"}, {"type": "raw_text", "text": "Votes"}],
            [{"type": "raw_text", "text": "Bob"}, {"type": "raw_text", "text": "1"}],
        ],
    },
    actions(
        button("approve", "Approve", style="primary"),
        button("reject", "Reject", style="danger"),
        {
            "type": "static_select",
            "action_id": "currency",
            "placeholder": plain("Currency"),
            "options": options("EUR", "USD"),
        },
        {"type": "users_select", "action_id": "who", "placeholder": plain("Somebody")},
        {"type": "datepicker", "action_id": "day", "placeholder": plain("Day"), "initial_date": "2026-01-02"},
        {"type": "overflow", "action_id": "more", "options": options("Mute", "Archive")},
    ),
    section(
        "pick",
        block_id="picking",
        accessory={"type": "checkboxes", "action_id": "ticks", "options": options("One", "Two")},
    ),
]

EVERY_INPUT = modal(
    "Everything",
    rich(line(said("Fill in "), said("all of it", bold=True))),
    field("title", "Title", {"type": "plain_text_input", "min_length": 3, "max_length": 20}, hint=plain("in one line")),
    field("note", "Note", {"type": "plain_text_input", "multiline": True, "max_length": 200}, optional=True),
    field(
        "amount", "Amount", {"type": "number_input", "is_decimal_allowed": True, "min_value": "0.5", "max_value": "99"}
    ),
    field("count", "Count", {"type": "number_input", "is_decimal_allowed": False}),
    field("currency", "Currency", {"type": "static_select", "options": options("EUR", "USD")}),
    field("tags", "Tags", {"type": "multi_static_select", "options": options("Late", "Lost", "Broken")}),
    field("person", "Person", {"type": "users_select"}),
    field("people", "People", {"type": "multi_users_select"}, optional=True),
    field("checks", "Checks", {"type": "checkboxes", "options": options("Seen", "Signed")}),
    field("speed", "Speed", {"type": "radio_buttons", "options": options("Slow", "Fast")}),
    field("day", "Day", {"type": "datepicker"}),
    field("hour", "Hour", {"type": "timepicker"}),
    field("moment", "Moment", {"type": "datetimepicker"}),
    field("mail", "Mail", {"type": "email_text_input"}),
    field("link", "Link", {"type": "url_text_input"}),
    close=plain("Leave"),
)
