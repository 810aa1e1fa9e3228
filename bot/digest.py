"""The bytes that were approved, and their SHA-256.

Canonical JSON is RFC 8785. The digest covers everything that will run: the action's definition, the resolved
way it runs, the arguments and the route, together with a random salt, so that a short secret argument cannot
be guessed from the digest. The salt is stored beside it.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from typing import Any

import rfc8785

SAFE_INTEGER = 2**53 - 1


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. ValueError for what JSON cannot carry exactly (2^53, NaN, lone surrogates)."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error


def digest_of(snapshot: bytes, salt: str) -> str:
    """Hex SHA-256 of salt, a zero byte, and the canonical bytes of what will run."""
    return hashlib.sha256(salt.encode() + b"\0" + snapshot).hexdigest()


def short(digest: str) -> str:
    """The last eight hex digits: what cards show and people may type."""
    return digest[-8:]


def fingerprint(key: bytes, asker: str, action: str, args: Mapping[str, Any]) -> str:
    """Keyed hash by which identical open requests are recognised; tells nothing without the key."""
    return hmac.new(key, canonical([asker, action, dict(args)]), hashlib.sha256).hexdigest()


def parse(snapshot: bytes) -> Any:
    """What canonical bytes say. RFC 8785 writes a decimal from 2^53 to 10^21 without its point: it stays a decimal."""
    return json.loads(snapshot, parse_int=_number)


def _number(digits: str) -> int | float:
    whole = int(digits)
    return whole if abs(whole) <= SAFE_INTEGER else float(digits)


def exactly_representable(value: Any) -> bool:  # noqa: PLR0911 - one line for each JSON type
    """Whether a JSON value survives canonical form unchanged: no NaN, no infinity, no integer beyond 2^53 - 1."""
    match value:
        case bool() | None:
            return True
        case int():
            return abs(value) <= SAFE_INTEGER
        case float():
            return math.isfinite(value)
        case str():
            return value.isascii() or _encodable(value)
        case Mapping():
            return all(isinstance(k, str) and _encodable(k) and exactly_representable(v) for k, v in value.items())
        case list() | tuple():
            return all(exactly_representable(item) for item in value)
        case _:
            return False


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
