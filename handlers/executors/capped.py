"""What comes back from the world, made small enough to keep and sure to be storable."""

import json
import math
import re
from hashlib import sha256
from typing import Any

HALF = 32 * 1024
"""Bytes kept of the beginning, and of the end, of a program's output."""

DEPTH = 32
_EXACT = 2**53 - 1
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(text: str, most: int = 300) -> str:
    """The text as one line for people, at most so many characters long."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


class Kept:
    """The beginning and the end of a stream of bytes, and the digest of all of it."""

    def __init__(self, half: int = HALF) -> None:
        self._half = half
        self._head = bytearray()
        self._tail = bytearray()
        self._all = sha256()
        self.size = 0

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        self._all.update(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    def text(self) -> str:
        """UTF-8, what is not replaced; a marker says how much is left out between head and tail."""
        tail = self._tail[-self._half :]
        left_out = self.size - len(self._head) - len(tail)
        if not left_out:
            return (self._head + tail).decode(errors="replace")
        marker = f"\n[… {left_out} bytes left out; SHA-256 of all {self.size}: {self._all.hexdigest()} …]\n"
        return self._head.decode(errors="replace") + marker + tail.decode(errors="replace")


def as_json(text: str) -> Any:
    """The JSON value a text holds, made fit for canonical JSON; ValueError where it is none.

    Whole numbers beyond 2^53 and infinite ones become strings of their digits (RFC 8785 and JavaScript would
    change them); NaN, lone surrogates and more than 32 levels are refused.
    """
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_decimal, parse_constant=_refuse)
        return _sound(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < 18 and abs(int(digits)) <= _EXACT else digits


def _decimal(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _sound(value: Any, depth: int = DEPTH) -> Any:
    if not depth and isinstance(value, dict | list):
        raise ValueError("nested too deeply")
    match value:
        case str():
            value.encode()  # a lone surrogate is a ValueError
        case dict():
            for key, item in value.items():
                key.encode()
                _sound(item, depth - 1)
        case list():
            for item in value:
                _sound(item, depth - 1)
    return value
