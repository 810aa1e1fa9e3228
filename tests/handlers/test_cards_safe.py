"""Whatever people, agents, models and targets write, it is shown as text, within Slack's limits, and whole."""

import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.request import State
from bot.route import Surface
from handlers.cards import text
from handlers.cards.card import card, fits
from tests.build import action, request, version
from tests.corpus import DANGER, HOSTILE
from tests.handlers.drawings import (
    TOKEN,
    assert_message,
    assert_only_text,
    assert_view,
    buttons,
    card_arguments,
    everything,
    hostile_request,
    messages,
    read_back,
    review_pages,
    same,
    unseen,
    views,
    whole_boxes,
)

slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
writable = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(HOSTILE)
values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | writable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(writable, inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(["amount", "order_id", "body", "a", "a_rather_long_name_of_a_parameter"])
arguments = st.dictionaries(names, values, max_size=5)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_every_message_shows_it_as_text_within_slacks_limits(hostile: str) -> None:
    for drawn in messages(hostile):
        assert_message(drawn)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_every_view_shows_it_as_text_within_slacks_limits(hostile: str) -> None:
    for view in views(hostile):
        assert_view(view)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_review_shows_all_of_it_and_reads_back_exactly(hostile: str) -> None:
    of = hostile_request(hostile)
    found = whole_boxes(review_pages(of))
    shown = {name: content for name, content in found.items() if name in {*of.now_version.args, "Arguments"}}
    assert same(read_back(shown, "Arguments"), of.now_version.args)


@slow
@given(arguments)
def test_arguments_stand_on_the_card_exactly_or_the_card_says_that_they_do_not(args: dict[str, Any]) -> None:
    of = version(action({name: {} for name in args}), args)
    drawn = card(request(of), TOKEN)
    assert_message(drawn)
    if "approve" in buttons(drawn.blocks) or fits(of):
        assert same(card_arguments(drawn), of.args)
    else:
        assert "review" in buttons(drawn.blocks)


@slow
@given(arguments)
def test_review_pages_hold_every_leaf(args: dict[str, Any]) -> None:
    of = version(action({name: {} for name in args}), args)
    found = whole_boxes(review_pages(request(of)))
    shown = {name: content for name, content in found.items() if name in {*args, "Arguments"}}
    assert same(read_back(shown, "Arguments"), of.args)


@slow
@given(st.text(max_size=200) | st.sampled_from(HOSTILE))
def test_what_is_visible_reads_back_as_it_was(raw: str) -> None:
    for one_line in (False, True):
        seen = text.visible(raw, one_line=one_line)
        assert unseen(seen) == raw
        assert seen.replace("\n", "").isprintable()
        assert not (one_line and "\n" in seen)


@slow
@given(st.text(max_size=300) | st.sampled_from(HOSTILE), st.integers(25, 400))
def test_pieces_are_the_whole_and_no_escape_is_cut(raw: str, size: int) -> None:
    seen = text.visible(raw)
    parts = text.pieces(seen, size)
    assert "".join(parts) == seen
    assert all(0 < len(part) <= size for part in parts)
    assert "".join(unseen(part) for part in parts) == raw


FILLERS = ("x", " ", "\n", " \n", "ab ", "\u200b", "é", "\U0001f600", "line\n", "\\", '"')
PLACES = [(where, filler) for where in (10, 2_900, 2_990, 3_100, 12_000) for filler in FILLERS]


@pytest.mark.parametrize(("where", "filler"), [*PLACES, (200_000, "x"), (200_000, "\n"), (200_000, "ab ")])
@pytest.mark.parametrize("rest", ["", "tail " * 1_000])
def test_danger_is_shown_wherever_it_stands(where: int, filler: str, rest: str) -> None:
    raw = (filler * where)[:where] + DANGER + rest
    of = request(version(action({"script": {"type": "string"}}), {"script": raw}))
    drawn = card(of, TOKEN)
    assert_message(drawn)
    if "approve" in buttons(drawn.blocks):
        assert card_arguments(drawn) == {"script": raw}
    else:
        assert fits(of.now_version) is False
        found = whole_boxes(review_pages(of))
        assert DANGER in found["script"]
        assert read_back({"script": found["script"]}, "") == {"script": raw}


def test_a_card_that_cannot_hold_everything_says_so_and_takes_one_click_away() -> None:
    of = version(action({"script": {"type": "string"}}), {"script": "word " * 2_000})
    drawn = card(request(of), TOKEN)
    assert of.surface is Surface.CARD, "even where the route would take one click"
    assert "approve" not in buttons(drawn.blocks)
    assert "This card cannot show all of it" in everything(drawn.blocks)
    assert "more characters in Review" in everything(drawn.blocks)


LISTED = [
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010),
    *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2800, 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
    *range(0xFFF0, 0xFFFC), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE0080),
    *range(0xE0100, 0xE01F0), 0x2028, 0x2029, *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0),
]  # fmt: skip


@pytest.mark.parametrize("code", LISTED, ids=hex)
def test_a_character_that_cannot_be_seen_is_shown_as_an_escape_and_flagged(code: int) -> None:
    raw = f"pay{chr(code)}pal"
    assert text.visible(raw) == f"pay\\u{{{code:x}}}pal"
    assert text.suspicious(raw)
    of = version(action({"account": {"type": "string"}}), {"account": raw})
    drawn = card(request(of), TOKEN)
    assert f"\\u{{{code:x}}}" in everything(drawn.blocks)
    assert "hidden characters" in everything(drawn.blocks)
    assert not fits(of), "one click is not enough where something hides"


def test_no_unseen_character_of_unicode_is_left_out() -> None:
    for code in range(0x110000):
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co") and chr(code) != "\n":
            assert text.visible(f"a{chr(code)}b") == f"a\\u{{{code:x}}}b"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("pаypal.com", "xn--pypal-4ve.com"),
        ("https://аррӏе.com/login", "xn--80ak6aa92e.com"),
        ("https://bank.example@evil.example/login", "really goes to evil.example"),
        ("http://xn--pypal-4ve.com/", "encoded host name"),
        ("аdmin@bаnk.example", "look-alike letters"),
        ("cafe\u0301", "not NFC"),
        ("𝐀𝐩𝐩𝐫𝐨𝐯𝐞𝐝", "look-alike letters"),
        ("x" + " " * 200 + "y", "long runs of blanks"),
    ],
)
def test_what_may_deceive_the_eye_is_said_beside_it_and_needs_review(raw: str, reason: str) -> None:
    of = version(action({"account": {"type": "string"}}), {"account": raw})
    assert reason in everything(card(request(of), TOKEN).blocks)
    assert not fits(of)


@pytest.mark.parametrize(
    "ordinary",
    ["Müller & Söhne", "Das hat Größe.Danke dafür", "日本語のテキスト ABC", "שלום world", "parcel never came",
     "ops@example.com", "https://example.com/a?b=c#d", "naïve café", "50 €", "It's 5 o'clock – “really”…",
     "line\nline", "🎉 done"],
)  # fmt: skip
def test_ordinary_text_is_left_alone(ordinary: str) -> None:
    assert text.visible(ordinary) == ordinary
    assert text.suspicious(ordinary) == ()


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (50, "50"), (50.0, "50"), (50.25, "50.25"), (0.1, "0.1"), (1e20, "100000000000000000000"), (-0.0, "0"),
        (1e-7, "0.0000001"), (2**53 - 1, "9007199254740991"), (-(2**53) + 1, "-9007199254740991"),
        (1.5e16, "15000000000000000"), (123456789.125, "123456789.125"), (1e21, "1" + "0" * 21),
    ],
)  # fmt: skip
def test_numbers_stand_with_all_their_digits(number: float, shown: str) -> None:
    assert text.shown(number) == shown
    assert text.shown([number]) == f"[{shown}]"
    of = version(action({"amount": {"type": "number"}}), {"amount": number})
    assert f"amount  {shown}" in texts_of_lines(card(request(of), TOKEN).blocks)


def texts_of_lines(blocks: Any) -> list[str]:
    return everything(blocks).split("\n")


@pytest.mark.parametrize("raw", ["50", "true", "null", "", '"', "[]", "{}", "1e5", "-1", ".5", "-0", "050"])
def test_a_string_that_could_be_another_value_stands_in_quotation_marks(raw: str) -> None:
    assert text.shown(raw).startswith('"')


@pytest.mark.parametrize("raw", [" x", "x ", "\nx", "x\n", "a \nb", "x\n\n", " "])
def test_blanks_at_an_edge_are_counted(raw: str) -> None:
    assert "⟨" in text.shown(raw)
    assert unseen(text.shown(raw)) == raw


def test_no_value_can_pretend_to_be_the_next_line_of_the_table() -> None:
    of = version(action({"a": {}, "b": {}}), {"a": "x\namount    1", "b": "y"})
    drawn = card(request(of), TOKEN)
    assert same(card_arguments(drawn), {"a": "x\namount    1", "b": "y"})


def test_the_fallback_text_mentions_nobody() -> None:
    for hostile in ("<!channel> & <@U1>", "<https://evil|x>"):
        drawn = card(hostile_request(hostile), TOKEN)
        assert "<" not in drawn.text
        assert "&lt;" in drawn.text


@pytest.mark.parametrize("hostile", ["U0ALICE01x", "u0alice01", "<@U0ALICE01>", "S0FINANCE1\n", "U" * 40, ""])
def test_only_what_looks_like_an_id_becomes_a_mention(hostile: str) -> None:
    for state in State:
        if state is not State.DRAFTING:
            assert_only_text(card(hostile_request(hostile, state), TOKEN).blocks)
