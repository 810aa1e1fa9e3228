"""A time of the week, on the clock of whoever it is for."""

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class When:
    """A time of the week, each operator's own. `weekday`: 0 is Monday."""

    weekday: int
    hour: int
    minute: int = 0


def next_at(when: When, time_zone: str, after: int) -> int:
    """The first such time after one, in milliseconds since the epoch; in UTC where the zone is not known."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    here = datetime.datetime.fromtimestamp(after / 1000, zone)
    day = here.date() + datetime.timedelta(days=(when.weekday - here.weekday()) % 7)
    for date in (day, day + datetime.timedelta(days=7)):
        at = datetime.datetime.combine(date, datetime.time(when.hour, when.minute), zone)
        if (found := int(at.timestamp() * 1000)) > after:
            return found
    raise AssertionError("a week has every time of the week")
