"""Times as people write them, read in their own zone."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from handlers.when import lasting, until, zone

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 11, 25, 15, 30, tzinfo=BERLIN)  # a Wednesday


def ms(at: datetime.datetime) -> int:
    return int(at.timestamp() * 1000)


def read(text: str, now: datetime.datetime = NOW) -> str:
    at = datetime.datetime.fromtimestamp(until(text, ms(now), now.tzinfo or BERLIN) / 1000, now.tzinfo)
    return f"{at:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("friday", "2026-11-27 09:00"),
        ("Fri", "2026-11-27 09:00"),
        ("friday 14:00", "2026-11-27 14:00"),
        ("wednesday", "2026-12-02 09:00"),  # today is one: the next
        ("thurs 8am", "2026-11-26 08:00"),
        ("tomorrow", "2026-11-26 09:00"),
        ("Tomorrow 2:30pm", "2026-11-26 14:30"),
        ("today 18:00", "2026-11-25 18:00"),
        ("18:00", "2026-11-25 18:00"),
        ("9:00", "2026-11-26 09:00"),  # that hour is over today
        ("noon", "2026-11-26 12:00"),
        ("monday noon", "2026-11-30 12:00"),
        ("12am", "2026-11-26 00:00"),
        ("2026-11-27", "2026-11-27 09:00"),
        ("2026-11-27 14:00", "2026-11-27 14:00"),
        ("2026-11-27T14:00", "2026-11-27 14:00"),
        ("  2026-12-31   23:59 ", "2026-12-31 23:59"),
    ],
)
def test_a_time_to_come(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a time I understand"),
        ("next friday", "is not a time I understand; write friday, tomorrow 14:00"),
        ("fr", "is not a time I understand"),
        ("14", "is not a time I understand"),
        ("24:00", "is not a time I understand"),
        ("13pm", "is not a time I understand"),
        ("0am", "is not a time I understand"),
        ("friday-ish", "is not a time I understand"),
        ("friday at some time", "is not a time I understand"),
        ("27.11.2026", "is not a time I understand"),
        ("٢٠٢٦-١١-٢٧", "is not a time I understand"),
        ("2026-13-01", "there is no day 2026-13-01"),
        ("2026-11-25", "2026-11-25 09:00 is over"),
        ("today 15:30", "2026-11-25 15:30 is over"),
        ("2025-11-27 14:00", "is over; name a time to come"),
    ],
)
def test_what_is_not_one_is_said(text: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(text)
    assert says in refused.value.text


def test_the_same_words_are_another_time_elsewhere() -> None:
    now = ms(NOW)
    auckland = until("tomorrow", now, zone("Pacific/Auckland"))  # it is tomorrow there already
    assert auckland - until("tomorrow", now, BERLIN) == 12 * 3_600_000
    assert until("18:00", now, zone("no/such zone")) == ms(NOW.replace(hour=18, minute=0, tzinfo=datetime.UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3h", "2026-11-25 18:30"),
        ("90m", "2026-11-25 17:00"),
        ("1h30m", "2026-11-25 17:00"),
        ("1 hour 30 minutes", "2026-11-25 17:00"),
        ("2 days", "2026-11-27 15:30"),
        ("1w", "2026-12-02 15:30"),
        ("2 Weeks", "2026-12-09 15:30"),
    ],
)
def test_a_span(text: str, expected: str) -> None:
    at = datetime.datetime.fromtimestamp(lasting(text, ms(NOW), BERLIN) / 1000, BERLIN)
    assert f"{at:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize("text", ["", "ever", "3", "h", "3 moons", "3h and a bit", "-3h", "1.5h", "9999w 9999w 9999w"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(BadInput):
        lasting(text * (600 if "w" in text else 1), ms(NOW), BERLIN)


def test_days_keep_their_hour_when_the_clocks_change() -> None:
    before = datetime.datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)  # the night after, it is winter
    assert lasting("1 day", ms(before), BERLIN) - ms(before) == 25 * 3_600_000
    assert lasting("24h", ms(before), BERLIN) - ms(before) == 24 * 3_600_000


@given(st.text(max_size=40), st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"]))
def test_whatever_is_written_it_is_a_time_to_come_or_refused(text: str, name: str) -> None:
    now = ms(NOW)
    try:
        at = until(text, now, zone(name))
    except BadInput:
        return
    assert at > now
