"""Scripted trouble: the next calls of a method answer 429, 500, not at all, or after the effect took place."""

from collections import deque
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad answer of the Web API.

    `after_effect`: the method is carried out and only its answer is lost, which a client cannot tell from
    a call that never arrived.
    """

    kind: Literal["status", "error", "drop", "hang", "delay"]
    status: int = 200
    error: str = ""
    retry_after: int | None = None
    seconds: float = 0.0
    after_effect: bool = False

    @classmethod
    def http(cls, status: int, *, after_effect: bool = False) -> "Fault":
        """An HTTP status such as 500, 502, 503 with no JSON."""
        return cls("status", status=status, after_effect=after_effect)

    @classmethod
    def rate_limited(cls, retry_after: int = 1) -> "Fault":
        """429 with `Retry-After` in whole seconds; nothing is carried out."""
        return cls("status", status=429, error="ratelimited", retry_after=retry_after)

    @classmethod
    def refused(cls, error: str) -> "Fault":
        """`{"ok": false, "error": error}`; nothing is carried out."""
        return cls("error", error=error)

    @classmethod
    def dropped(cls, *, after_effect: bool = False) -> "Fault":
        """The connection is cut without an answer."""
        return cls("drop", after_effect=after_effect)

    @classmethod
    def silent(cls, *, after_effect: bool = False) -> "Fault":
        """No answer until the client gives up."""
        return cls("hang", after_effect=after_effect)

    @classmethod
    def slow(cls, seconds: float) -> "Fault":
        """A right answer, late by this much real time."""
        return cls("delay", seconds=seconds)


ANY = "*"
"""Stands for every method."""


class Faults:
    """Which faults wait for which method, first in first out."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = {}

    def next(self, method: str, *faults: Fault, times: int = 1) -> None:
        """The next calls of `method` (or `ANY`) meet these faults, the whole list `times` over."""
        self._waiting.setdefault(method, deque()).extend(faults * times)

    def clear(self) -> None:
        """Forget all of them."""
        self._waiting.clear()

    def left(self, method: str) -> int:
        """How many still wait for this method."""
        return len(self._waiting.get(method, ()))

    def take(self, method: str) -> Fault | None:
        """The fault this call meets."""
        for name in (method, ANY):
            if waiting := self._waiting.get(name):
                return waiting.popleft()
        return None
