"""What on-call systems answer, read into who they name. Anything that is not as documented is an error: never a guess.

json        any JSON; `path` says where the ids or e-mail addresses stand
pagerduty   GET /oncalls: {"oncalls": [{"user": {…}, "start": …, "end": …}], "more": false}, and
            GET /schedules/{id}/users: {"users": [{…}]}. A user is {"id": "PXPGF42", "email": …}; the e-mail is there
            where `include[]=users` was asked for. A start of null means always, an end of null for ever.
            https://developer.pagerduty.com/api-reference (On-Calls; Schedules, “List users on call”)
opsgenie    GET /v2/schedules/{id}/on-calls: with flat=true {"data": {"onCallRecipients": ["fay@example.com"]}}, else
            {"data": {"onCallParticipants": [{"type": "user", "id": …, "name": "fay@example.com"},
            {"type": "team", "onCallParticipants": […]}]}}. A user's name is their e-mail address.
            https://docs.opsgenie.com/docs/who-is-on-call-api
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 50  # people one answer may name: each may cost a question to Slack
DEEPEST = 8  # teams within escalations within teams
_LONGEST = 320  # characters of an id or an address (RFC 5321)


class LookupFailed(Exception):
    """It did not say who is on call. The text names what is wrong and is meant for people; it holds no secret."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as the other system calls them: each of the words by which they may be known."""

    words: tuple[str, ...]

    @property
    def email(self) -> str | None:
        return next((word for word in self.words if "@" in word), None)

    def __str__(self) -> str:
        return self.email or self.words[0]


def read(kind: str, answer: Any, *, now: int, path: str = "") -> tuple[Named, ...]:
    """Everybody the answer names, each once; nobody is an answer too. `now` in milliseconds. LookupFailed else."""
    found = tuple(dict.fromkeys(_FORMATS[kind](answer, now, path)))
    if len(found) > MOST:
        raise LookupFailed(f"it names {len(found)} people, and more than {MOST} are not on call at once")
    return found


def _json(answer: Any, _: int, path: str) -> Iterator[Named]:
    for value in _at(answer, path):
        if value is not None:  # `"user": null`: nobody is
            yield _named(path, value)


def _at(answer: Any, path: str) -> list[Any]:
    """What stands at a path such as `$.user.slack_id` or `$.users[*].id`; an empty list leads nowhere, and may."""
    found = [answer]
    for key in path.removeprefix("$").replace("[*]", ".*").strip(".").split("."):
        if key == "*":
            if not all(isinstance(each, list) for each in found):
                raise LookupFailed(f"there is no list in its answer where {path} says so")
            found = [item for each in found for item in each]
            continue
        there = [each[key] for each in found if isinstance(each, dict) and key in each]
        if found and not there:
            raise LookupFailed(f"nothing stands at {path} in its answer")
        found = there
    return found


def _pagerduty(answer: Any, now: int, _: str) -> Iterator[Named]:
    if not isinstance(answer, dict) or not isinstance(answer.get("oncalls", answer.get("users")), list):
        raise LookupFailed("its answer is not PagerDuty's: it holds neither oncalls nor users")
    if answer.get("more"):
        raise LookupFailed("its answer has more pages; ask for fewer schedules, or add limit=100 to the address")
    for entry in answer.get("oncalls", ()):
        if not isinstance(entry, dict):
            raise LookupFailed("its answer is not PagerDuty's: an entry of oncalls is no object")
        if _begun(entry.get("start"), now) and not _ended(entry.get("end"), now):
            yield _pagerduty_user(entry.get("user"))
    for user in answer["users"] if "oncalls" not in answer else ():
        yield _pagerduty_user(user)


def _pagerduty_user(user: Any) -> Named:
    if not isinstance(user, dict) or not isinstance(user.get("id"), str):
        raise LookupFailed("its answer is not PagerDuty's: somebody on call has no id")
    return _named("user", user["id"], user.get("email"))


def _begun(start: Any, now: int) -> bool:
    return start is None or _moment(start) <= now


def _ended(end: Any, now: int) -> bool:
    return end is not None and _moment(end) <= now


def _moment(text: Any) -> int:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise LookupFailed("its answer is not PagerDuty's: a start or end is no moment with its zone")
    return int(moment.timestamp() * 1000)


def _opsgenie(answer: Any, _: int, __: str) -> Iterator[Named]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        raise LookupFailed("its answer is not Opsgenie's: it holds no data")
    schedule = data.get("_parent")
    if isinstance(schedule, dict) and schedule.get("enabled") is False:
        raise LookupFailed("the schedule is disabled; enable it in Opsgenie")
    if isinstance(recipients := data.get("onCallRecipients"), list):
        for recipient in recipients:
            yield _named("onCallRecipients", recipient)
    elif "onCallParticipants" in data:
        yield from _participants(data["onCallParticipants"], 0)
    else:
        raise LookupFailed("its answer is not Opsgenie's: it holds neither onCallRecipients nor onCallParticipants")


def _participants(given: Any, depth: int) -> Iterator[Named]:
    if not isinstance(given, list) or depth > DEEPEST:
        raise LookupFailed("its answer is not Opsgenie's: onCallParticipants is no list of participants")
    for each in given:
        match each:
            case {"type": "user", "name": name}:
                yield _named("name", name, each.get("id"))
            case {"type": "none"}:
                continue
            case {"type": str(), "onCallParticipants": inner}:
                yield from _participants(inner, depth + 1)
            case {"type": "team" | "escalation"}:
                continue  # nobody of it is on call
            case _:
                raise LookupFailed("its answer is not Opsgenie's: a participant is neither a user nor a team")


def _named(where: str, *words: Any) -> Named:
    """By their words, those that are there. The first must be."""
    first = str(words[0]) if isinstance(words[0], int) and not isinstance(words[0], bool) else words[0]
    told = [word.strip() for word in (first, *words[1:]) if isinstance(word, str) and word.strip()]
    if not isinstance(first, str) or not told or any(len(word) > _LONGEST for word in told):
        raise LookupFailed(f"what stands at {where} in its answer is neither an id nor an address")
    return Named(tuple(told))


_FORMATS: Mapping[str, Callable[[Any, int, str], Iterator[Named]]] = {
    "json": _json,
    "pagerduty": _pagerduty,
    "opsgenie": _opsgenie,
}
