"""`{name}` by where it stands, and an action resolved to the very values that will be sent."""

import json
import shlex
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import templates
from bot.catalogue import MASK, Action, resolve
from bot.errors import BadInput
from handlers.executors.environment import fill

HOSTILE = (
    "; rm -rf /", "$(reboot)", "`id`", "${TOKEN}", "{amount}", "{{amount}}", "%2e%2e", "%00", "a/b", "a\\b",
    "?admin=1", "#frag", "a&b=c", "a b", "a+b", "é", "名前", "\u202egnp.exe", "\u200b", "'\"<>", "http://evil.example",
    "//evil.example/x", "@evil.example", "\tx", "a\nb", "a\r\nHost: evil", "\x1b[31m", "x" * 5000, "=cmd()", "{7*7}",
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, width=32)
values = st.recursive(
    scalars | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)
words = st.text(min_size=1)


# ── trees: JSON bodies and keyword arguments ────────────────────────────────────────────────────────────────────


@given(values)
def test_a_name_alone_keeps_its_type(value: Any) -> None:
    assume(value is not None)
    assert templates.tree({"x": "{v}", "deep": [{"y": "{v}"}]}, {"v": value}) == {"x": value, "deep": [{"y": value}]}
    assert type(templates.tree("{v}", {"v": value})) is type(value)


def test_a_name_among_words_is_text() -> None:
    assert templates.tree({"x": "no {v}", "y": "{v}{w}"}, {"v": 5.0, "w": True}) == {"x": "no 5", "y": "5true"}


def test_an_absent_optional_one_drops_its_key() -> None:
    template = {"a": "{here}", "b": "{gone}", "c": {"d": "{gone}"}, "e": ["{gone}", "{here}", 7], "f": "with {gone}."}
    assert templates.tree(template, {"here": 1, "gone": None}) == {"a": 1, "c": {}, "e": [1, 7], "f": "with ."}
    assert templates.tree("{gone}", {}) is templates.ABSENT
    assert resolve({"kind": "http", "url": "https://x.example/", "json": "{gone}"}, {})["json"] is None


def test_what_is_no_text_stands_as_it_is() -> None:
    template = {"n": 1, "t": True, "z": None, "f": 1.5, "s": "plain", "k{v}": "v"}
    assert templates.tree(template, {"v": "x"}) == template


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{v}}", "{v}"),
        ("{{{v}}}", "{1}"),
        ("{{}}", "{}"),
        ("a{{b", "a{b"),
        ("}}{v}{{", "}1{"),
        ("{v} {w}", "1 "),
        ("${TOKEN} {v}", "${TOKEN} 1"),
        ("{ v }", "{ v }"),
        ("{1}", "{1}"),
        ("{result.id}", "r7"),
    ],
)
def test_braces(template: str, filled: str) -> None:
    assert templates.text(template, {"v": 1, "result.id": "r7"}) == filled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("50", "50"),
        (50, "50"),
        (50.0, "50"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ([1, "a"], '[1, "a"]'),
        ({"é": None}, '{"é": null}'),
    ],
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert templates.as_text(value) == text


@given(st.text())
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert templates.text("<{v}>", {"v": value, "amount": "no"}) == f"<{value}>"


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), words), st.lists(st.sampled_from(["{a}", "{b}", "{c}", "-"])))
def test_names_are_what_is_taken(there: dict[str, str], parts: list[str]) -> None:
    template = "".join(parts)
    assert templates.names({"x": [template]}) == {part[1] for part in parts if part != "-"}
    assert templates.text(template, there) == "".join(there.get(part[1], "") if part != "-" else "-" for part in parts)


# ── URLs ────────────────────────────────────────────────────────────────────────────────────────────────────────

URL = "https://api.example:8443/v1/{a}/items/{b}.json?q={c}&lang=en"


@given(words, words, st.text())
def test_a_value_stays_in_its_place_in_a_url(a: str, b: str, c: str) -> None:
    """Read back as a target reads it: the same host, the same segments, the same query, each value as it was."""
    try:
        filled = templates.url(URL, {"a": a, "b": b, "c": c})
    except BadInput:
        assert {".", ".."} & {*a.replace("\\", "/").split("/"), *f"{b}.json".replace("\\", "/").split("/")}
        return
    parts = urlsplit(filled)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.example:8443", "")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "v1", a, "items", f"{b}.json"]
    assert parse_qsl(parts.query, keep_blank_values=True) == [("q", c), ("lang", "en")]
    assert filled.isascii()
    assert filled.isprintable()


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_in_a_url(value: str) -> None:
    filled = templates.url(URL, {"a": value, "b": value, "c": value})
    assert urlsplit(filled).netloc == "api.example:8443"
    assert len(urlsplit(filled).path.split("/")) == 5


@pytest.mark.parametrize("value", ["..", ".", "", "../admin", "a/../../b", "..\\admin", "a/..", "./x", "x/."])
def test_a_value_does_not_climb(value: str) -> None:
    with pytest.raises(BadInput, match="a: must not be empty, nor"):
        templates.url("https://api.example/users/{a}/pay", {"a": value})


def test_nor_do_two_values_together() -> None:
    with pytest.raises(BadInput, match=r"\.\."):
        templates.url("https://api.example/{a}{b}/x", {"a": ".", "b": "."})
    with pytest.raises(BadInput, match=r"\.\."):
        templates.url("https://api.example/a/../{a}", {"a": ".."})


@pytest.mark.parametrize("value", ["...", "a..b", "..a", "a.", ".a", "1.5"])
def test_dots_among_others_are_no_climbing(value: str) -> None:
    assert templates.url("https://api.example/{a}", {"a": value}) == f"https://api.example/{value}"


def test_dots_in_a_query_are_a_value_like_any() -> None:
    assert templates.url("https://api.example/?p={a}&e={b}", {"a": "..", "b": ""}) == "https://api.example/?p=..&e="


def test_nothing_is_absent_in_a_url() -> None:
    with pytest.raises(BadInput, match="gone: is missing, and the URL cannot do without it"):
        templates.url("https://api.example/users?id={gone}", {"gone": None})


@pytest.mark.parametrize("template", ["{a}", "https://{a}/x", "https://x.{a}/", "{a}://x.example/", "/{a}", "//{a}/x"])
def test_scheme_host_and_port_are_literal(template: str) -> None:
    with pytest.raises(BadInput, match="literal scheme and host"):
        templates.url(template, {"a": "evil.example"})


# ── argument lists ──────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_one_value_is_one_argument_and_no_option(value: str) -> None:
    template = ["/bin/x", "{v}", "--flag={v}", "a{v}", "--", "{v}"]
    if value.startswith("-"):
        with pytest.raises(BadInput, match="must not begin with '-'"):
            templates.argv(template, {"v": value})
        template = ["/bin/x", "--flag={v}", "a{v}", "--", "{v}"]
    filled = templates.argv(template, {"v": value})
    assert filled == [item.replace("{v}", value) for item in template]
    assert shlex.split(shlex.join(filled)) == filled


@pytest.mark.parametrize("item", ["{v}", "-{v}", "--{v}", "-o{v}", "{w}{v}", "-{v}=1", "--{v}=1", "-x={v}"])
@pytest.mark.parametrize("value", ["-rf", "--config=/tmp/x", "-"])
def test_no_value_chooses_an_option(item: str, value: str) -> None:
    with pytest.raises(BadInput, match="must not begin with '-'"):
        templates.argv(["/bin/x", item], {"v": value, "w": ""})


@pytest.mark.parametrize("item", ["-{v}", "--{v}", "-o{v}"])
def test_nor_does_a_value_without_a_dash_where_the_file_wrote_it(item: str) -> None:
    with pytest.raises(BadInput, match="must not begin with '-'"):
        templates.argv(["/bin/x", item], {"v": "rf"})


def test_options_of_the_file_itself_stand() -> None:
    template = ["/bin/x", "-v", "--dry-run", "--since={v}", "--", "-{v}", "{v}"]
    assert templates.argv(template, {"v": "-1"}) == ["/bin/x", "-v", "--dry-run", "--since=-1", "--", "--1", "-1"]


def test_a_value_is_not_the_end_of_options() -> None:
    with pytest.raises(BadInput, match="must not begin with '-'"):
        templates.argv(["/bin/x", "{a}", "{b}"], {"a": "--", "b": "-rf"})


def test_an_argument_holds_no_nul_and_is_not_absent() -> None:
    with pytest.raises(BadInput, match="NUL"):
        templates.argv(["/bin/x", "a{v}"], {"v": "a\0b"})
    with pytest.raises(BadInput, match="v: is missing, and the command cannot do without it"):
        templates.argv(["/bin/x", "--flag={v}"], {})


# ── an action resolved ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_way_is_filled_and_the_rest_kept() -> None:
    args = {"to": "a@x.example", "n": 3, "s": "hi"}
    http = {
        "kind": "http", "method": "PUT", "url": "https://x.example/{n}", "headers": {"X-S": "{s}", "A": "Bearer ${T}"},
        "json": {"n": "{n}"}, "idempotent": True, "max_retries": 2,
    }  # fmt: skip
    assert resolve(http, args) == http | {
        "url": "https://x.example/3",
        "headers": {"X-S": "hi", "A": "Bearer ${T}"},
        "json": {"n": 3},
    }
    assert resolve({"kind": "http", "url": "https://x.example/", "body": "n={n}"}, args)["body"] == "n=3"
    command = {"kind": "command", "argv": ["/bin/x", "--n={n}"], "cwd": "/srv", "env": {"T": "${T}"}}
    assert resolve(command, args) == command | {"argv": ["/bin/x", "--n=3"]}
    assert resolve({"kind": "python", "callable": "f"}, args) == {"kind": "python", "callable": "f", "args": args}
    called = resolve({"kind": "python", "callable": "f", "args": {"x": "{n}", "y": "{gone}"}}, args)
    assert called["args"] == {"x": 3}
    mail = {"kind": "email", "to": ["{to}"], "subject": "{s}!", "text": "{s}\n{n}"}
    assert resolve(mail, args) == mail | {"to": ["a@x.example"], "subject": "hi!", "text": "hi\n3"}
    assert resolve({"kind": "slack", "channel": "#x", "text": "{s}"}, args)["text"] == "hi"
    assert resolve({"kind": "caller"}, args) == {"kind": "caller", "args": args}


def test_an_unknown_way_is_none() -> None:
    with pytest.raises(BadInput, match="'shell' is not a way to run"):
        resolve({"kind": "shell", "line": "rm"}, {})


@pytest.mark.parametrize("value", ["a\r\nBcc: all@x.example", "a\nb", "a\rb", "a\0b"])
@pytest.mark.parametrize(
    "way",
    [
        {"kind": "http", "url": "https://x.example/", "headers": {"X": "{v}"}},
        {"kind": "email", "to": ["{v}"], "subject": "s", "text": "t"},
        {"kind": "email", "to": ["a@x.example"], "subject": "{v}", "text": "t"},
        {"kind": "slack", "channel": "{v}", "text": "t"},
    ],
)
def test_what_is_one_line_stays_one(way: dict[str, Any], value: str) -> None:
    with pytest.raises(BadInput, match="must be one line"):
        resolve(way, {"v": value})


@given(st.text())
def test_no_value_reaches_the_environment(value: str) -> None:
    """As the executor fills it: what the file wrote becomes the secret, what a person gave stays what it was."""
    assume(not set(value) & {"\r", "\n", "\0"})
    way = {"kind": "http", "url": "https://x.example/", "headers": {"X": "{v}", "A": "Bearer ${TOKEN}", "P": "$$5 {v}"}}
    filled = fill(resolve(way, {"v": value})["headers"], {"TOKEN": "s3cret-token"}).texts
    assert filled == {"X": value, "A": "Bearer s3cret-token", "P": f"$5 {value}"}


@pytest.mark.parametrize("value", ["${TOKEN}", "$${TOKEN}", "$$", "$", "${", "{TOKEN}", "$${TOKEN"])
def test_nor_do_those_that_look_like_it(value: str) -> None:
    way = {"kind": "http", "url": "https://x.example/", "headers": {"X": "a{v}b", "Y": "${v}"}}
    resolved = resolve(way, {"v": value})
    assert fill({"X": resolved["headers"]["X"]}, {"TOKEN": "s3cret-token"}).texts == {"X": f"a{value}b"}
    assert resolved["headers"]["Y"] == "${v}", "the file's own word, not the value"


# ── what people are shown ───────────────────────────────────────────────────────────────────────────────────────


def test_sensitive_values_are_masked_in_the_headline_and_nowhere_resolved() -> None:
    action = Action(
        name="pay",
        title="Pay {iban} {amount}",
        run={"kind": "http", "url": "https://x.example/", "json": {"i": "{iban}"}},
        params={"iban": {"type": "string", "x-sensitive": True}, "amount": {"type": "number"}},
    )
    args = {"iban": "DE02", "amount": 5.0}
    assert action.headline(args) == f"Pay {MASK} 5"
    assert action.masked(args) == {"iban": MASK, "amount": 5.0}
    assert resolve(action.run, args)["json"] == {"i": "DE02"}


def test_defaults_fill_what_is_absent_and_null_is_absent() -> None:
    action = Action(name="a", title="A", run={"kind": "caller"}, params={"x": {"default": 5}, "y": {}})
    assert action.with_defaults({}) == {"x": 5}
    assert action.with_defaults({"x": None, "y": None}) == {"x": 5}
    assert action.with_defaults({"x": 0, "y": False}) == {"x": 0, "y": False}


@given(values)
def test_a_definition_comes_back_from_json_as_it_was(value: Any) -> None:
    action = Action(
        name="a",
        title="A",
        run={"kind": "caller"},
        params={"x": {"type": "string", "examples": [value]}},
        required=("x",),
        editable=("x",),
        may_ask=("finance",),
    )
    again = Action.of_definition(json.loads(json.dumps(action.definition())))
    assert again.definition() == action.definition()
    assert again.required == ("x",)
