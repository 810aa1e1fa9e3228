"""Asking who is on call: one GET through the guarded client, never followed, never repeated, with little patience."""

import datetime
import os
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import orjson

from handlers.egress import Answer, Egress, NoAnswer
from handlers.executors.environment import BadReference, fill
from handlers.oncall.formats import LookupFailed, Named, read

PATIENCE = 1.2  # seconds; what is left of a look-up's 1.5 is for Slack, which says whose addresses they are
LARGEST = 256 * 1024  # bytes of an answer
_WHY: Mapping[int, str] = {
    401: "it does not accept the key; check lookup.headers and what ${…} there stands for",
    403: "the key may not see it; give it read access",
    404: "there is none at this address; check the schedule's id",
    429: "it is asked too often",
}


def _now() -> int:
    return int(time.time() * 1000)


class Lookups:
    """`private` are the hosts of `network.private`, `environment` fills `${NAME}` in headers, `now` is milliseconds."""

    def __init__(
        self,
        egress: Egress,
        *,
        private: Collection[str] = (),
        environment: Mapping[str, str] = os.environ,
        now: Callable[[], int] = _now,
    ) -> None:
        self._egress = egress
        self._private = private
        self._environment = environment
        self._now = now

    async def named(self, lookup: Mapping[str, Any]) -> tuple[Named, ...]:
        """Everybody on call now. LookupFailed says why that is not known; no secret is in it."""
        kind, now = str(lookup.get("format", "json")), self._now()
        answer = await self._asked(address(lookup, now), lookup.get("headers", {}))
        return read(kind, _content(answer), now=now, path=str(lookup.get("path", "")))

    async def _asked(self, url: str, headers: Mapping[str, str]) -> Answer:
        try:
            sent = {"Accept": "application/json"} | dict(fill(headers, self._environment).texts)
            return await self._egress.request(
                "GET", url, headers=sent, timeout=PATIENCE, private=self._private, cap=LARGEST
            )
        except (NoAnswer, BadReference) as error:
            raise LookupFailed(str(error)) from error


def address(lookup: Mapping[str, Any], now: int) -> str:
    """The URL to ask at this moment: PagerDuty is asked for this very second.

    Without since and until, /schedules/{id}/users answers with everybody of the schedule, on call or not
    (https://github.com/mozilla-services/foxsec-pipeline/pull/351).
    """
    url = str(lookup["url"])
    if lookup.get("format") != "pagerduty":
        return url
    since, until = (_iso(now + ahead) for ahead in (0, 1000))
    return f"{url}{'&' if '?' in url else '?'}since={since}&until={until}"


def _iso(at: int) -> str:
    return datetime.datetime.fromtimestamp(at // 1000, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _content(answer: Answer) -> Any:
    status = answer.status
    if 300 <= status < 400:
        raise LookupFailed(f"it answered {status}, a redirect, which is not followed; write the address it leads to")
    if status != 200:
        raise LookupFailed(f"it answered {status}: {_WHY.get(status, 'it does not work just now')}")
    if answer.truncated:
        raise LookupFailed(f"its answer is larger than {LARGEST // 1024} KiB")
    if answer.broken:
        raise LookupFailed(f"its answer broke off: {answer.broken}")
    try:
        return orjson.loads(answer.body)
    except ValueError:
        raise LookupFailed("its answer is not JSON") from None
