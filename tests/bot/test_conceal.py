"""What a target echoes of a sensitive argument goes no further."""

from dataclasses import replace
from typing import Any

import pytest

from bot.catalogue import MASK
from bot.conceal import Concealed
from bot.outcome import Ending, Outcome
from tests import build

SECRET = 'p@ss "wörd" 12345'


def concealed(value: Any = SECRET) -> Concealed:
    action = build.action({"key": {"type": ["string", "number", "array"], "x-sensitive": True}})
    return Concealed.of(replace(build.version(action), args={"key": value}))


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        f"bad key {SECRET}!",
        'bad key p@ss \\"wörd\\" 12345',
        'bad key p@ss \\"w\\u00f6rd\\" 12345',
        "https://target/p%40ss%20%22w%C3%B6rd%22%2012345/x",
        "k=p%40ss+%22w%C3%B6rd%22+12345",
        'bad key p@ss "wö…',
    ],
)
def test_a_text_loses_it_however_it_is_spelt(said: str) -> None:
    hidden = concealed().text(said)
    assert MASK in hidden
    assert "p@ss" not in hidden
    assert "p%40ss" not in hidden


def test_every_part_of_an_outcome_loses_it() -> None:
    said = Outcome(Ending.FAILED, f"no: {SECRET}", {"k": [SECRET, {SECRET: 1}], "n": 7, "ok": True, "none": None})
    assert concealed().outcome(said) == Outcome(
        Ending.FAILED, f"no: {MASK}", {"k": [MASK, {MASK: 1}], "n": 7, "ok": True, "none": None}
    )


def test_numbers_and_lists_are_hidden_too_and_nothing_else() -> None:
    assert concealed(123456).tree({"pin": 123456, "other": 12345, "text": "pin 123456"}) == {
        "pin": MASK,
        "other": 12345,
        "text": f"pin {MASK}",
    }
    assert concealed(["first1", "second2"]).text("first1 and second2") == f"{MASK} and {MASK}"
    assert concealed("1").tree({"id": "1", "n": 1}) == {"id": "1", "n": 1}
    assert concealed().text("p@ss is a word, not cut") == "p@ss is a word, not cut"
