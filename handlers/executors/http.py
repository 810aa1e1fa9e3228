"""`run: http`: one request to a target, its answer classified.

never connected                       failed, may be tried again
2xx, the whole body read              succeeded
3xx                                   failed: redirects are not followed
4xx but for the four below            failed
408, 409, 425, 429, 5xx, anything     unknown: the target may have done it
else, a cut answer, silence           (and may be tried again where its owner declares it idempotent)
"""

import email.utils
import os
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import rfc8785

from bot.outcome import Ending, Job, Outcome
from handlers.egress import Answer, Egress, EgressRefused, Lost, NotConnected
from handlers.executors.capped import as_json, one_line
from handlers.executors.environment import BadReference, Filled, fill

_PERHAPS_DONE = frozenset({408, 409, 425, 429})
_LONGEST_WAIT = 24 * 3600.0
_NO_SUCH_THING = frozenset({404, 410})


class HttpExecutor:
    """`environment` fills `${NAME}` in headers; `private` are the hosts of `network.private`."""

    def __init__(
        self, egress: Egress, *, private: Collection[str] = (), environment: Mapping[str, str] = os.environ
    ) -> None:
        self._egress = egress
        self._private = private
        self._environment = environment

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        way = job.way
        try:
            filled = fill(way.get("headers") or {}, self._environment)
        except BadReference as exc:
            return Outcome(Ending.FAILED, f"Nothing was sent: {exc}")
        headers = dict(filled.texts)
        data = _body(way, headers)
        _set(headers, "Idempotency-Key", job.key)
        _set(headers, "X-Signoff-Request", job.request_id)
        _set(headers, "X-Signoff-Attempt", str(job.attempt))
        idempotent = bool(way.get("idempotent", False))
        progress("Sent, waiting for the answer")
        try:
            answer = await self._egress.request(
                way["method"], way["url"], headers=headers, data=data, timeout=job.timeout, private=self._private
            )
        except EgressRefused as exc:
            return Outcome(Ending.FAILED, f"Nothing was sent: {exc}")
        except NotConnected as exc:
            return Outcome(Ending.FAILED, f"Nothing was sent. {exc}", again=True)
        except Lost as exc:
            return Outcome(Ending.UNKNOWN, f"The request was sent, but: {exc}", again=idempotent)
        return classify(answer, filled, idempotent=idempotent)


def classify(answer: Answer, filled: Filled, *, idempotent: bool) -> Outcome:
    status, result = answer.status, _result(answer, filled)
    if answer.broken and 200 <= status < 300:
        text = f"The target answered {status}, but its answer broke off: {answer.broken}"
        return Outcome(Ending.UNKNOWN, text, result, again=idempotent)
    if 200 <= status < 300:
        return Outcome(Ending.SUCCEEDED, f"The target answered {status}", result)
    if 300 <= status < 400:
        return Outcome(Ending.FAILED, f"The target answered {status}, a redirect: it is not followed", result)
    if 400 <= status < 500 and status not in _PERHAPS_DONE:
        text = f"The target refused it: {status} {_quote(result)}".rstrip()
        return Outcome(Ending.FAILED, text, result, denies=status in _NO_SUCH_THING)
    wait = _retry_after(answer) if status in (429, 503) else None
    text = f"The target answered {status} {_quote(result)}".rstrip()
    return Outcome(Ending.UNKNOWN, text, result, again=idempotent, retry_after=wait)


def _body(way: Mapping[str, Any], headers: dict[str, str]) -> bytes | None:
    """JSON leaves in its canonical form (RFC 8785), the very bytes that the digest covers."""
    if "json" in way:
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        return rfc8785.dumps(way["json"])
    if "body" in way:
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "text/plain; charset=utf-8"
        return str(way["body"]).encode()
    return None


def _set(headers: dict[str, str], name: str, value: str) -> None:
    for given in [each for each in headers if each.lower() == name.lower()]:
        del headers[given]
    headers[name] = value


def _result(answer: Answer, filled: Filled) -> Any:
    """JSON where it is JSON and whole, else text; a marker where it was cut."""
    text = filled.hide(answer.body.decode(errors="replace"))
    if answer.truncated:
        return f"{text}\n[… more was sent; SHA-256 of the {len(answer.body)} bytes read: {answer.digest}]"
    if answer.broken or not text:
        return text or None
    try:
        return as_json(text)
    except ValueError:
        return text


def _quote(result: Any) -> str:
    return one_line(result if isinstance(result, str) else "" if result is None else str(result), 200)


def _retry_after(answer: Answer) -> float | None:
    """Seconds, from either form of Retry-After (RFC 9110, 10.2.3); never more than a day."""
    given = answer.headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdecimal():
        return min(float(given[:10]), _LONGEST_WAIT)
    try:
        when = email.utils.parsedate_to_datetime(given)
    except ValueError:
        return None
    return min(max(when.timestamp() - time.time(), 0.0), _LONGEST_WAIT)
