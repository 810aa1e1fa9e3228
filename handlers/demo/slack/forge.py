"""Requests a real Slack would not send: for tests of what the bot refuses."""

import copy
from collections.abc import Mapping
from typing import Any

from handlers.demo.slack.delivery import SignedRequest, What, signature, signed
from handlers.demo.slack.values import Json


def merged_deeply(payload: Json, changes: Mapping[str, Any]) -> Json:
    """A copy with `changes` laid over it; objects are merged, everything else is replaced."""
    result = copy.deepcopy(payload)
    for name, value in changes.items():
        known = result.get(name)
        if isinstance(known, dict) and isinstance(value, Mapping):
            result[name] = merged_deeply(known, value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def rewritten(
    what: What, payload: Json, secret: str, timestamp: str | None = None, wrong_signature: str | None = None
) -> SignedRequest:
    """A request signed with any secret, for any timestamp (sent as it stands), or with any signature."""
    right = signed(what, payload, secret)
    stamp = timestamp if timestamp is not None else right.headers["X-Slack-Request-Timestamp"]
    sign = wrong_signature if wrong_signature is not None else signature(secret, stamp, right.body)
    changed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign}
    return SignedRequest(right.body, dict(right.headers) | changed)
