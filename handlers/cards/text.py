"""Untrusted text made safe to look at: the one place that escapes.

What Signoff shows is what runs, so nothing is stripped and nothing is cut in silence. A character that cannot be
seen, or that turns its neighbours around, is written as `\\u{202e}`; a run that would push something out of view as
`⟨space ×4096⟩`. Both can be read back exactly: a backslash before `u{` and every `⟨` are themselves written as
escapes. Which characters: everything Python calls not printable (Cc, Cf, Cs, Co, Cn, Zl, Zp and every Zs but the
space), Unicode's Default_Ignorable_Code_Point list, and a few that are drawn as nothing at all. Category Cf alone
misses U+3164, U+115F, U+FFA0, U+2800, the variation selectors, U+034F and U+17B4.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

LONGEST = 3_000  # characters of one text object or element
MANY, MARKS = 3, 4  # longer runs of what cannot be seen, and of combining marks, are written as a count

# printable to Python, yet drawn as nothing: of Default_Ignorable_Code_Point (Unicode 15.1), and four more
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u2800\ufffc\U0001d159\U00016fe4]"
)
_NAMED = {" ": "space", "\n": "newline"}
_SELECTORS = "\ufe0e\ufe0f"
# a run of one character that is not plain ASCII; blanks that are many, or at an edge where nobody sees them; `\u{`
_ODD = re.compile(r"([^ -~\n])\1*| {17,}|\A +| +(?=\n|\Z)|\n{4,}|\A\n+|\n+\Z|\\(?=u\{)")
_ODD_IN_A_LINE = re.compile(r"([^ -~])\1*| {17,}|\\(?=u\{)")
_ESCAPE_BEGUN = re.compile(r"(?:⟨[^⟩]{0,30}|\\(?:u(?:\{[0-9a-f]{0,6})?)?)\Z")


def visible(text: str, *, one_line: bool = False) -> str:
    """The text with everything in it to be seen, and readable back exactly. `one_line`: newlines are counted too."""
    found = (_ODD_IN_A_LINE if one_line else _ODD).sub(lambda run: _run(run[0]), text)
    return found if found.isascii() else "".join(_marks_apart(found))


def _run(run: str) -> str:
    character, count = run[0], len(run)
    if character in _NAMED:
        return f"⟨{_NAMED[character]} ×{count}⟩"
    if count > MANY and (_unseen(character) or (count > MARKS and _mark(character))):
        return f"⟨{_escape(character)} ×{count}⟩"
    return _escape(character) * count if _unseen(character) or character in "\\⟨" else run


def _escape(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _unseen(character: str) -> bool:
    return not character.isprintable() or _BLANK.match(character) is not None


def _mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _marks_apart(text: str) -> Iterator[str]:
    """Combining marks with nothing to stand on, or piled up over their neighbours, written as escapes."""
    piled = MARKS  # none may stand at the beginning
    for character in text:
        if character.isascii() or not _mark(character):
            piled = MARKS if character in " \n" else 0
            yield character
        else:
            piled += 1
            yield character if piled <= MARKS else _escape(character)


def escaped(text: str) -> str:
    """For a message's top-level `text`, which Slack parses as mrkdwn: visible, and without markup."""
    return unmarked(visible(text, one_line=True))


def unmarked(seen: str) -> str:
    """Visible text with `&`, `<` and `>` as Slack wants them, in this order."""
    return seen.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def pieces(text: str, size: int = LONGEST) -> list[str]:
    """The text in parts of at most `size`, none ending within an escape; together they are the text."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        end = at + size
        if end < len(text):
            begun = _ESCAPE_BEGUN.search(text, max(at + 1, end - 40), end)
            end = begun.start() if begun else end
        parts.append(text[at:end])
        at = end
    return parts


def clip(text: str, size: int, where: str = "") -> str:
    """At most `size` characters of visible text, saying how many more there are (and where)."""
    if len(text) <= size:
        return text
    room = size - len(where) - 30
    if room < 10:
        return pieces(text, size - 1)[0] + "…"
    kept = pieces(text, room)[0]
    return f"{kept}… {len(text) - len(kept):,} more characters{where}"


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────

_OTHER_VALUE = re.compile(r'["\[{]|(?:true|false|null|-?[0-9.]+(?:e[+-]?[0-9]+)?)\Z', re.IGNORECASE)
WIDE, DEEP = 72, 60


def shown(value: Any) -> str:
    """A JSON value, exact and visible. A string stands bare unless it could be taken for another value."""
    if isinstance(value, str) and value and not _OTHER_VALUE.match(value):
        return visible(value)
    return visible(_json(value))


def _json(value: Any, indent: str = "") -> str:
    inner = indent + "  "
    match value:
        case bool() | None | str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return number(value)
        case Mapping() if value and len(indent) < DEEP:
            items = [f"{json.dumps(str(key), ensure_ascii=False)}: {_json(item, inner)}" for key, item in value.items()]
            return _laid(items, "{}", indent)
        case list() | tuple() if value and len(indent) < DEEP:
            return _laid([_json(item, inner) for item in value], "[]", indent)
        case _:
            return json.dumps(value, ensure_ascii=False, default=repr)


def _laid(items: list[str], brackets: str, indent: str) -> str:
    flat = brackets[0] + ", ".join(items) + brackets[1]
    if len(flat) + len(indent) <= WIDE and "\n" not in flat:
        return flat
    inner = f"\n{indent}  "
    return f"{brackets[0]}{inner}{(',' + inner).join(items)}\n{indent}{brackets[1]}"


def number(value: float) -> str:
    """All digits, no exponent: 50 rather than 50.0, 100000000000000000000 rather than 1e+20."""
    if isinstance(value, int):
        return str(value)
    exact = Decimal(repr(value))
    if not exact.is_finite():
        return repr(value)
    return str(int(exact)) if exact == exact.to_integral_value() else format(exact, "f")


# ── what deserves a second look ─────────────────────────────────────────────────────────────────────────────────

_WORD = re.compile(r"\w+")
_AUTHORITY = re.compile(r"://([^/?#\s\\]*)")
_AFTER_AT = re.compile(r"@([\w.-]{1,253})")
_LONGEST_HOST = 253  # characters
_FAR = re.compile(r" {100}|\n{10}")
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})


def suspicious(text: str) -> tuple[str, ...]:
    """Why one look at this text may deceive, in words that are themselves safe to show; empty when it may not."""
    found = [*_hidden(text), *_pushed(text), *_not_composed(text), *_mixed_words(text), *_hosts(text)]
    return tuple(dict.fromkeys(found))


def _hidden(text: str) -> Iterator[str]:
    plain = text.replace("\r\n", "").replace("\n", "").replace("\t", "")
    if plain.isprintable() and not _BLANK.search(plain):
        return
    found: dict[str, None] = {}
    before = ""
    for character in plain:
        drawn = character in _SELECTORS and unicodedata.category(before or "a") == "So"  # an emoji's own presentation
        if _unseen(character) and not drawn and unicodedata.category(character) not in ("Zs", "Cn"):
            found[character] = None
        elif unicodedata.category(character) == "Cn" and not 0x1F000 <= ord(character) <= 0x1FAFF:
            found[character] = None  # not assigned in our Unicode tables; emoji newer than them are let be
        before = character
    if found:
        names = [f"U+{ord(one):04X} {unicodedata.name(one, 'control or unassigned').lower()}" for one in found]
        yield f"hidden characters, shown as escapes: {', '.join(names[:4])}{' …' if len(names) > 4 else ''}"


def _pushed(text: str) -> Iterator[str]:
    if _FAR.search(text):
        yield "long runs of blanks, shown as a count"


def _not_composed(text: str) -> Iterator[str]:
    if not unicodedata.is_normalized("NFC", text):
        yield "letters written in parts (not NFC): another text can look the same"


def _mixed_words(text: str) -> Iterator[str]:
    for word in dict.fromkeys(word for word in _WORD.findall(text) if not word.isascii()):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word if letter.isalpha()}
        if len(scripts & _ALPHABETS) > 1 or "MATHEMATICAL" in scripts:
            yield f"look-alike letters in “{clip(visible(word, one_line=True), 60)}”"


def _hosts(text: str) -> Iterator[str]:
    named = [host for host in (*_AFTER_AT.findall(text), text.strip()) if _is_host(host)]
    for authority in dict.fromkeys([*_AUTHORITY.findall(text), *named]):
        host = authority.rpartition("@")[2].rpartition("]")[2].partition(":")[0]
        if "@" in authority:
            yield f"an address that really goes to {_seen(host)}"
        if not host.isascii():
            yield f"host {_seen(host)} is {_seen(_punycode(host))}"
        elif "xn--" in host.lower():
            yield f"an encoded host name: {_seen(host)}"


def _is_host(text: str) -> bool:
    """Whether it has the shape of a host name: labels with dots between, the last one beginning with a letter."""
    labels = text.split(".") if len(text) <= _LONGEST_HOST else []
    shaped = all(label and label.replace("-", "").isalnum() for label in labels)
    return len(labels) > 1 and shaped and labels[-1][0].isalpha()


def _seen(host: str) -> str:
    return clip(visible(host, one_line=True), 100)


def _punycode(host: str) -> str:
    labels = [label if label.isascii() else f"xn--{_encoded(label)}" for label in host.split(".")]
    return ".".join(labels)


def _encoded(label: str) -> str:
    return unicodedata.normalize("NFKC", label).casefold().encode("punycode", "replace").decode("ascii", "replace")
