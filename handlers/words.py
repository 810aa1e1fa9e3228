"""Values and choices as the sentences of a mistake hold them."""

import difflib
from collections.abc import Iterable
from typing import Any


def quoted(value: Any) -> str:
    """A value as a sentence can hold it: short, on one line, text in quotes."""
    match value:
        case str():
            text = f'"{value}"'
        case bool():
            text = "true" if value else "false"
        case None:
            text = "nothing"
        case dict():
            text = "a mapping"
        case list():
            text = "a list"
        case _:
            text = str(value)
    line = printable(text)
    return line if len(line) <= 60 else f"{line[:58]}…" + ('"' if line.endswith('"') else "")


def printable(text: str) -> str:
    """The text with what cannot be seen, or would move what can, written as its escape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def choice(words: Iterable[str]) -> str:
    """`low, medium or high`: what there is to choose from, at most a dozen."""
    return _joined(words, "or")


def every(words: Iterable[str]) -> str:
    """`low, medium and high`: what there is, at most a dozen."""
    return _joined(words, "and")


def there(words: Iterable[str]) -> str:
    """`there is low`, `there are low and high`."""
    known = list(words)
    return f"there {'is' if len(known) < 2 else 'are'} {every(known)}"


def _joined(words: Iterable[str], last: str) -> str:
    known = list(words)
    if len(known) > 12:
        return f"{', '.join(known[:11])} {last} {len(known) - 11} more"
    if len(known) < 2:
        return known[0] if known else "nothing"
    return f"{', '.join(known[:-1])} {last} {known[-1]}"


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    spellings = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), spellings, n=1, cutoff=0.6)
    return spellings[found[0]] if found else None


def use(words: Iterable[str], written: str = "") -> str:
    """The remedy for a word that is not known: what there is, and the nearest of it."""
    known = list(words)
    meant = near(written, known) if len(known) > 1 else None
    return f"use {choice(known)}" + (f" (did you mean {meant}?)" if meant else "")
