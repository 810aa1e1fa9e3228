"""Sensitive arguments taken out of what a target, a program or a preview says: they like to echo what they got."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus

from bot.catalogue import MASK
from bot.outcome import Outcome
from bot.request import Version
from bot.templates import as_text

SHORTEST = 4  # characters; a shorter value is no secret, and would take innocent text with it
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Concealed:
    """The sensitive values of one version as texts, and in the spellings they may come back in, the longest first."""

    alone: frozenset[str]
    within: tuple[str, ...]

    @staticmethod
    def of(version: Version) -> "Concealed":
        found = {text for name in version.action.sensitive for text in _texts(version.args.get(name))}
        texts = {text for text in found if len(text) >= SHORTEST}
        spelt = {each for text in texts for each in _spellings(text)}
        return Concealed(frozenset(texts), tuple(sorted(spelt, key=len, reverse=True)))

    def text(self, said: str) -> str:
        """The text without them, and without the beginning of one where the text was cut short."""
        for secret in self.within:
            said = said.replace(secret, MASK)
        return self._begun(said)

    def tree(self, value: Any) -> Any:
        """A JSON value without them, keys and numbers too."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(key)): self.tree(each) for key, each in value.items()}
            case list() | tuple():
                return [self.tree(each) for each in value]
            case int() | float() if not isinstance(value, bool) and as_text(value) in self.alone:
                return MASK
            case _:
                return value

    def outcome(self, outcome: Outcome) -> Outcome:
        if not self.alone:
            return outcome
        return replace(outcome, summary=self.text(outcome.summary), result=self.tree(outcome.result))

    def line(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """A run's last line, said without them."""
        return lambda said: say(self.text(said))

    def _begun(self, said: str) -> str:
        kept = said.rstrip(_CUT)
        if kept == said:
            return said
        for secret in self.within:
            for length in range(min(len(secret) - 1, len(kept)), SHORTEST - 1, -1):
                if kept.endswith(secret[:length]):
                    return kept[:-length] + MASK + said[len(kept) :]
        return said


def _texts(value: Any) -> Iterator[str]:
    """A value as people write it, and each text and number in it."""
    if value is None or isinstance(value, bool):
        return
    yield as_text(value)
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _spellings(text: str) -> Iterator[str]:
    """As it is, in JSON, in Python's own words, in a URL."""
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield quote(text, safe="")
    yield quote_plus(text)
