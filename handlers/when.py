"""A time to come as people write it, read in their own time zone: `friday`, `tomorrow 14:00`, `2026-11-27`, `3h`.

A day without an hour is its morning, nine o'clock, as Slack itself has it in “Pause notifications until tomorrow”;
an hour without a day is the next time the clock shows it. What is not understood is an error, never a guess.
"""

import datetime
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import BadInput, Problem

MORNING = datetime.time(9)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_PART = re.compile(r"(\d{1,4})\s*(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m)(?![a-z])\s*", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EXAMPLES = "friday, tomorrow 14:00, 18:30, or 2026-11-27 14:00"


def zone(name: str) -> datetime.tzinfo:
    """A person's zone as Slack names it; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.UTC


def until(text: str, now: int, where: datetime.tzinfo) -> int:
    """The moment meant, in milliseconds since the epoch. BadInput for what is not understood, or is over."""
    words = text.lower().replace("t", " ", 1) if re.match(r"\d{4}-\d{2}-\d{2}t", text.lower()) else text.lower()
    local = datetime.datetime.fromtimestamp(now / 1000, where)
    first, _, rest = words.strip().partition(" ")
    day = _day(first, local.date())
    time = _time(rest.strip() if day is not None else words.strip())
    if day is not None and not rest.strip():
        time = MORNING
    if time is None:
        raise BadInput(Problem("until", f"“{text.strip()}” is not a time I understand; write {_EXAMPLES}"))
    if day is None:
        day = local.date() if local.time() < time else local.date() + datetime.timedelta(days=1)
    at = _milliseconds(datetime.datetime.combine(day, time, where))
    if at <= now:
        raise BadInput(Problem("until", f"{day} {time:%H:%M} is over; name a time to come"))
    return at


def lasting(text: str, now: int, where: datetime.tzinfo) -> int:
    """The end of a span that begins now. Days and weeks end at the same hour, whatever the clocks did meanwhile."""
    words = text.lower().strip()
    parts = _PART.findall(words)
    if not parts or _PART.sub("", words).strip():
        raise BadInput(Problem("for", f"“{text.strip()}” is not a length I understand; write 3h, 90m, 2 days or 1w"))
    span = {"weeks": 0, "days": 0, "hours": 0, "minutes": 0}
    for count, unit in parts:
        span[_UNITS[unit[0]]] += int(count)
    local = datetime.datetime.fromtimestamp(now / 1000, where)
    try:
        at = local + datetime.timedelta(weeks=span["weeks"], days=span["days"])
    except OverflowError:
        raise BadInput(Problem("for", f"“{text.strip()}” is too long; name a shorter time")) from None
    return _milliseconds(at) + 3_600_000 * span["hours"] + 60_000 * span["minutes"]


def _day(word: str, today: datetime.date) -> datetime.date | None:
    """The day meant; a day of the week is always one to come, so on a Friday `friday` is in a week."""
    if word in ("today", "tomorrow"):
        return today + datetime.timedelta(days=int(word == "tomorrow"))
    if len(word) >= 3 and (named := [at for at, day in enumerate(DAYS) if day.startswith(word)]):
        ahead = (named[0] - today.weekday()) % 7 or 7
        return today + datetime.timedelta(days=ahead)
    if _DATE.fullmatch(word):
        try:
            return datetime.date.fromisoformat(word)
        except ValueError:
            raise BadInput(Problem("until", f"there is no day {word}; write it as 2026-11-27")) from None
    return None


def _time(word: str) -> datetime.time | None:
    """`14:00`, `9am`, `noon`; a bare number says no hour."""
    if word == "noon":
        return datetime.time(12)
    found = _CLOCK.fullmatch(word)
    if found is None or (found[2] is None and found[3] is None):
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return datetime.time(hour, minute) if hour < 24 and minute < 60 else None


def _milliseconds(at: datetime.datetime) -> int:
    return int(at.timestamp() * 1000)
