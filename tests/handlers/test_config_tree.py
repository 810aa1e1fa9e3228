"""YAML with the line of everything; what is refused, and where."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.config import ConfigError, Mistake, load
from handlers.config.tree import DEEPEST, LARGEST, Mark, Unreadable, read
from tests.handlers.configs import BASE, ENVIRONMENT, which


def test_values_follow_yaml_1_2() -> None:
    text = "a: yes\nb: 2026-01-01\nc: 012\nd: 0x1F\ne: ~\nf: 1e3\ng: 'true'\nh: on\ni: .5\nj: 1_000\nk: !!str 5\n1: x\n"
    assert read("f", text).value == {
        "a": "yes",
        "b": "2026-01-01",
        "c": 12,
        "d": 31,
        "e": None,
        "f": 1000.0,
        "g": "true",
        "h": "on",
        "i": 0.5,
        "j": "1_000",
        "k": "5",
        "1": "x",
    }


def test_everything_has_its_place() -> None:
    tree = read("f", "a:\n  b: [x,\n    y]\n  c: |\n    text\nd: {e: 1}\n")
    assert tree.mark(("a", "b", 1)) == Mark(3, 5)
    assert tree.mark(("a",)) == Mark(1, 1), "a mapping is where its key is"
    assert tree.mark(("a", "c")) == Mark(4, 6)
    assert tree.mark(("d", "e")) == Mark(6, 8)
    assert tree.mark(("d", "missing", "deeper")) == Mark(6, 1), "what is missing is where it would belong"


def test_aliases_repeat_what_they_name() -> None:
    assert read("f", "a: &x {b: [1]}\nc: *x\n").value == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        ("a:\n\tb: 1\n", 2, "a tab stands", "indent with spaces"),
        ("a: 1\nb: c: d\n", 2, "a colon stands where none can", "quote a text that holds a colon"),
        ("a: 1\n b: 2\n", 2, "a colon stands where none can", "check the indentation"),
        ("a: @team\n", 1, "a text may not begin with '@'", "quote it"),
        ('a: 1\nb: "never closed\nc: 2\n', 2, "a quote is opened here and never closed", "close it"),
        ("a: 1\nb: [1, 2\nc: 3\n", 2, "a bracket is opened here and not closed", "close it with ]"),
        ("a: {b: 1\n", 1, "a bracket is opened here and not closed", "close it with }"),
        ("a: 1\nb\nc: 2\n", 3, "this line has no colon", "write name: value"),
        ('a: "x" y\n', 1, "this does not continue what stands before it", "quote a text as a whole"),
        ('a: "\\d"\n', 1, "a backslash that means nothing", "use single quotes"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins here", "keep one to a file"),
        ("a: *b\n", 1, "there is no &b above", "quote a text that begins with *"),
        ("a: &x [*x]\n", 1, "there is no &x above", "quote"),
        ("{a: 1}: b\n", 1, "a key must be a plain name", "quote"),
        ("a: 1\nb: \x07\n", 2, "a character stands here that YAML does not allow", "remove it"),
        ("%YAML 1." + "9" * 5000 + "\n---\na: 1\n", 1, "this cannot be read as YAML", ""),
        ('a: "\\U99999999"\n', 1, "this cannot be read as YAML", ""),
        ("a: " + "[" * 100 + "\n", 1, "levels deep", "flatten it"),
    ],
)
def test_what_is_no_yaml_is_told_in_words(text: str, line: int, what: str, remedy: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read("f", text)
    assert what in raised.value.what
    assert remedy in raised.value.remedy
    assert raised.value.mark.line == line


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, '"a" is given twice, first on line 1'),
        ("a: &x {b: 1}\nc: {<<: *x}\n", 2, "merge keys (<<) are not used here"),
        ("a: !include other.yaml\n", 1, "tags (!…) are not used here"),
        ("a: !!python/object:os.system {}\n", 1, "tags (!…) are not used here"),
        ("a: 9007199254740993\n", 1, "JSON cannot carry the number 9007199254740993 exactly"),
        ("a: 1e999\n", 1, "JSON cannot carry the number 1e999 exactly"),
        ("a: .inf\n", 1, "JSON cannot carry the number .inf exactly"),
        ("a: .nan\n", 1, "JSON cannot carry the number .nan exactly"),
        ("a: " + "9" * 5000 + "\n", 1, "JSON cannot carry the number"),
        ('a: "\\ud800"\n', 1, "an escape here stands for half a character"),
    ],
)
def test_lesser_faults_are_told_and_reading_goes_on(text: str, line: int, what: str) -> None:
    (fault,) = read("f", text).faults
    assert what in fault.what
    assert fault.remedy
    assert fault.mark.line == line


def test_several_faults_are_told_at_once() -> None:
    assert [fault.mark.line for fault in read("f", "a: 1\na: 2\nb: !x y\nb: .nan\n").faults] == [2, 3, 4, 4]


def test_aliases_cannot_multiply_without_bounds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(Unreadable, match="with its aliases the file holds more than 50000 values"):
        read("f", "\n".join(lines))


def test_aliases_cannot_nest_without_bounds() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [[[[[[*a{n - 1}]]]]]]" for n in range(1, 12))]
    with pytest.raises(Unreadable, match=f"more than {DEEPEST} levels deep"):
        read("f", "\n".join(lines))


@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? ", "{", "[{"])
def test_the_largest_and_deepest_file_ends_soon(unit: str) -> None:
    with pytest.raises(Unreadable):
        read("f", unit * (LARGEST // len(unit)))


def test_the_most_values_there_may_be_are_bounded() -> None:
    with pytest.raises(Unreadable, match="more than 50000 values"):
        read("f", "- x\n" * 50_001)


EXAMPLE = Path(__file__).with_name("signoff.example.yaml")
_LETTERS = ":-?,[]{}#&*!|>'\"%@` \n\t~<=.01aé\x00\u2028\ufeff\\"
_WORDS = (
    "\n  ",
    "- ",
    ": ",
    "---\n",
    "%YAML 1.1\n",
    "!!str ",
    "&a ",
    "*a",
    "<<: ",
    "\\u12",
    "\\ud800",
    "1e9",
    "|2\n",
    ">-\n",
)
_TEXTS = st.one_of(st.text(max_size=200), st.lists(st.sampled_from((*_LETTERS, *_WORDS)), max_size=40).map("".join))


@given(_TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    refused = None
    try:
        tree = read("f", text)
    except Unreadable as why:
        refused = why
    if refused is None:
        assert all(path in tree.values for path in tree.keys)
    else:
        assert refused.mark.line >= 1
        assert refused.what


_NAMES = st.sampled_from(
    sorted({*re.findall(r"[a-z_]+", BASE), "undo", "probe", "preview", "confirm", "escalate", "for"})
)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**6),
    st.text(max_size=12),
    st.sampled_from(
        ("allow", "deny", "{x}", "{", "https://a.example.com/{x}", "#a", "U0AAA", "15m", "a == 1", "caller")
    ),
    st.sampled_from(("high", "finance", "requester", "everyone", "refund", "args.x > 1", "${HOME}", "x", "string")),
)
_THINGS = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=25
)


@given(st.dictionaries(_NAMES, _THINGS, max_size=6))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mapping_is_read_or_refused_with_mistakes(tmp_path: Path, content: dict[str, object]) -> None:
    """Whatever stands in the file, nothing but ConfigError ever comes of it."""
    _never_worse(tmp_path, json.dumps(content, ensure_ascii=False))


@given(st.integers(0, len(BASE)), st.integers(0, 60), _TEXTS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_to_a_sound_file_is_read_or_refused(tmp_path: Path, at: int, length: int, text: str) -> None:
    _never_worse(tmp_path, BASE[:at] + text + BASE[at + length :])


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_two_lines_swapped_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    lines = BASE.splitlines()
    one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    _never_worse(tmp_path, "\n".join(lines))


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_of_a_sound_file_replaced_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = read("f", EXAMPLE.read_text(encoding="utf-8") if data.draw(st.booleans()) else BASE).value
    for _ in range(data.draw(st.integers(1, 3))):
        _damage(content, data)
    _never_worse(tmp_path, json.dumps(content, ensure_ascii=False))


def _damage(node: Any, data: st.DataObject) -> None:
    """Replace one value somewhere below, or add one."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    if not keys or data.draw(st.integers(0, 9)) == 0:
        if isinstance(node, dict):
            node[data.draw(_NAMES)] = data.draw(_THINGS)
        return
    key = data.draw(st.sampled_from(keys))
    if isinstance(node[key], dict | list) and data.draw(st.integers(0, 5)):
        _damage(node[key], data)
    else:
        node[key] = data.draw(_THINGS)


def _never_worse(folder: Path, text: str) -> None:
    file = folder / "signoff.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    found: tuple[Mistake, ...] = ()
    try:
        load(file, ENVIRONMENT, which=which)
    except ConfigError as error:
        found = error.mistakes
        assert found
    assert all(mistake.line >= 1 and str(mistake).isprintable() for mistake in found)
