"""Numbers, sums of money and dates as people write them in English, with where in the text they stand."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text. `unit` is a currency's code, "shares" and the like, or empty."""

    value: Any
    start: int
    end: int
    unit: str = ""

    def overlaps(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


CURRENCIES = {
    "USD": ("$", "usd", "dollar", "dollars", "bucks", "us dollars"),
    "EUR": ("€", "eur", "euro", "euros"),
    "GBP": ("£", "gbp", "pound", "pounds", "quid"),
}
_CODE = {word: code for code, words in CURRENCIES.items() for word in words}
_SIGN = r"(?:us\$|[$€£]|usd|eur|gbp)"
_AFTER = r"(?:us dollars|dollars?|bucks|euros?|pounds?|quid|usd|eur|gbp|€|£|\$)"
_DIGITS = re.compile(
    rf"(?<![\w.,-])(?P<before>{_SIGN})?\s?(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,12}}(?:\.\d{{1,6}})?)"
    rf"(?P<scale>k|m)?(?:\s?(?P<after>{_AFTER})(?![\w]))?(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_SMALL = {
    word: at
    for at, word in enumerate(
        re.findall(
            r"\w+",
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen",
        )
    )
} | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_WORD = "|".join(sorted((*_SMALL, *_LARGE), key=len, reverse=True))
_WORDS = re.compile(
    rf"\b(?:(?:a|an)\s+(?=hundred|thousand|million))?(?:{_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*\b"
    rf"(?:\s+(?P<after>{_AFTER})(?![\w]))?",
    re.IGNORECASE,
)


def numbers(text: str) -> list[Found]:
    """Every number, in digits or words, with its currency where one stands beside it; in the order of the text."""
    found = [*_in_digits(text), *_in_words(text)]
    return sorted(found, key=lambda each: each.start)


def _in_digits(text: str) -> Iterator[Found]:
    for match in _DIGITS.finditer(text):
        value = float(match["digits"].replace(",", ""))
        value *= {"k": 1_000, "m": 1_000_000}.get((match["scale"] or "").lower(), 1)
        sign = (match["before"] or match["after"] or "").lower().removeprefix("us$") or ("$" if match["before"] else "")
        start = match.start("before") if match["before"] else match.start("digits")
        yield Found(_plain(value), start, match.end(), _CODE.get(sign, ""))


def _in_words(text: str) -> Iterator[Found]:
    for match in _WORDS.finditer(text):
        spelled = match[0][: match.start("after") - match.start()] if match["after"] else match[0]
        unit = _CODE.get((match["after"] or "").lower(), "")
        yield Found(_spelled(re.findall(r"[a-z]+", spelled.lower())), match.start(), match.end(), unit)


def _spelled(words: list[str]) -> int:
    total = current = 0
    for word in words:
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _LARGE:
            total += max(current, 1) * _LARGE[word]
            current = 0
    return total + current


def _plain(value: float) -> int | float:
    return int(value) if value.is_integer() else round(value, 6)


_MONTHS = {
    name: at
    for at, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {"day": 1, "week": 7, "month": 30, "year": 365}
_ISO = re.compile(r"\b(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})\b")
_DAY_FIRST = re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+(?P<year>\d{{4}})\b", re.I)
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s+(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+)?(?P<year>\d{{4}})\b", re.I)
_AGO = re.compile(
    rf"\b(?P<count>\d{{1,4}}|an?|{'|'.join(_SMALL)})\s+(?P<period>days?|weeks?|months?|years?)(?:\s+(?:ago|old))?\b",
    re.I,
)
_NAMED = re.compile(
    rf"\b(?:(?P<which>last|this|next)\s+(?P<what>year|month|week)|(?P<near>today|yesterday|tomorrow)"
    rf"|(?:next\s+|on\s+)?(?P<weekday>{'|'.join(_DAYS)}))\b",
    re.I,
)
_YEAR = re.compile(r"\b(?:before|older than|until|since|from|prior to)\s+(?P<year>(?:19|20)\d{2})\b(?![-/])", re.I)


def dates(text: str, today: datetime.date) -> list[Found]:
    """Every date, as YYYY-MM-DD, in the order of the text. "Last year" is its first day, "two weeks" that long ago."""
    found: list[Found] = []
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST, _YEAR, _AGO, _NAMED):
        for match in pattern.finditer(text):
            day = _date(match.groupdict(), today)
            start = match.start("year") if pattern is _YEAR else match.start()
            if day is not None and not any(each.overlaps(start, match.end()) for each in found):
                found.append(Found(day.isoformat(), start, match.end()))
    return sorted(found, key=lambda each: each.start)


def _date(part: dict[str, str | None], today: datetime.date) -> datetime.date | None:
    if year := part.get("year"):
        month = part.get("month") or "1"
        return _day(
            int(year), int(month) if month.isdecimal() else _MONTHS[month[:3].lower()], int(part.get("day") or 1)
        )
    if period := part.get("period"):
        return _ago(part.get("count") or "1", period.lower().rstrip("s"), today)
    if what := part.get("what"):
        return _start_of(what.lower(), {"last": -1, "this": 0, "next": 1}[str(part["which"]).lower()], today)
    if near := part.get("near"):
        return today + datetime.timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[near.lower()])
    if weekday := part.get("weekday"):
        return today + datetime.timedelta(days=(_DAYS.index(weekday.lower()) - today.weekday() - 1) % 7 + 1)
    return None


def _ago(count: str, period: str, today: datetime.date) -> datetime.date | None:
    many = int(count) if count.isdecimal() else _SMALL.get(count.lower(), 1)
    if period == "year":
        return _day(today.year - many, today.month, min(today.day, 28) if today.month == 2 else today.day)
    if period == "month":
        months = today.year * 12 + today.month - 1 - many
        return _day(months // 12, months % 12 + 1, min(today.day, 28))
    try:
        return today - datetime.timedelta(days=many * _PERIODS[period])
    except OverflowError:
        return None


def _start_of(what: str, step: int, today: datetime.date) -> datetime.date | None:
    if what == "year":
        return _day(today.year + step, 1, 1)
    if what == "month":
        months = today.year * 12 + today.month - 1 + step
        return _day(months // 12, months % 12 + 1, 1)
    return today - datetime.timedelta(days=today.weekday()) + datetime.timedelta(weeks=step)


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
