"""Once a week each operator hears how requests were decided: counts, and who no longer looks."""

import datetime
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.moves import cancel, submit, summary, tick, vote
from bot.request import Actor, Asker, EffectKind, Request
from bot.route import Surface
from bot.summary import DAY, LEAST, WEEK, Decided, OfAction, following, week
from bot.weekly import When, next_at
from tests.bot.files import MONEY
from tests.bot.room import ANA, DORA, FAY, HEAD, HOUR, MINUTE, OLGA, OTTO, SECOND, T0, WALT, Room, open_room

WEEKLY = HEAD + "limits: {requester: {open: 100, hour: 100}}\n"
MONDAY = When(0, 9)
ME = Actor("person", ANA, "command")
BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


# ── when ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("after", "zone", "expected"),
    [
        (at("2026-05-28T20:26:40"), "UTC", at("2026-06-01T09:00")),  # a Thursday
        (at("2026-06-01T08:59:59"), "UTC", at("2026-06-01T09:00")),
        (at("2026-06-01T09:00"), "UTC", at("2026-06-08T09:00")),  # never the same moment twice
        (at("2026-06-01T06:59"), BERLIN, at("2026-06-01T09:00", BERLIN)),
        (at("2026-06-01T07:01"), BERLIN, at("2026-06-08T09:00", BERLIN)),
        (at("2026-05-31T23:59"), TOKYO, at("2026-06-01T09:00", TOKYO)),  # it is Monday there already
        (at("2026-10-24T12:00", BERLIN), BERLIN, at("2026-10-26T09:00", BERLIN)),  # summer time ends in between
        (at("2026-06-01T06:00"), "Mars/Olympus", at("2026-06-01T09:00")),
    ],
)
def test_it_is_due_at_their_own_hour(after: int, zone: str, expected: int) -> None:
    assert next_at(MONDAY, zone, after) == expected


@given(st.integers(0, 6), st.integers(0, 23), st.sampled_from(["UTC", BERLIN, TOKYO, "America/New_York"]), st.data())
def test_the_next_one_is_within_eight_days_and_on_that_day(day: int, hour: int, zone: str, data: st.DataObject) -> None:
    after = data.draw(st.integers(T0, T0 + 400 * DAY))
    found = next_at(When(day, hour), zone, after)
    assert after < found <= after + 8 * DAY
    there = datetime.datetime.fromtimestamp(found / 1000, ZoneInfo(zone))
    assert there.weekday() == day


def test_one_that_was_missed_is_told_once_and_goes_on_from_now() -> None:
    now = T0 + 30 * DAY
    nexts = {each.person: each for each in following(MONDAY, {OLGA: "UTC"}, {OLGA: T0, "": T0}, now)}
    assert nexts[OLGA].due == next_at(MONDAY, "UTC", now)
    assert [effect.data["until"] for effect in nexts[OLGA].effects] == [now]


def test_whoever_is_no_operator_any_more_gets_none() -> None:
    nexts = {each.person: each for each in following(MONDAY, {OLGA: "UTC"}, {OLGA: T0 + DAY, OTTO: T0}, T0)}
    assert (nexts[OTTO].due, nexts[OTTO].effects) == (None, ())


# ── what ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_counts_by_action_and_by_person() -> None:
    decided = [
        Decided("refund", True, 4_000, 4_000, ((FAY, True),)),
        Decided("refund", True, 60_000, 1_000, ((FAY, True), (DORA, True))),
        Decided("refund", False, 10_000, 10_000, ((DORA, False),)),
        Decided("close", True, 5_000, 5_000, ((FAY, True),)),
    ]
    found = week(0, WEEK, decided, {"close": 2, "wipe": 1})
    assert found.actions == (
        OfAction("refund", approved=2, rejected=1, fast=2, median=10_000),
        OfAction("close", approved=1, expired=2, fast=0, median=5_000),
        OfAction("wipe", expired=1),
    )
    assert found.people == ((DORA, 1, 1), (FAY, 3, 0))


@pytest.mark.parametrize(
    ("approved", "rejected", "fast", "told"),
    [
        (LEAST, 0, LEAST, True),
        (LEAST - 1, 0, LEAST - 1, False),  # too few to say
        (100, 0, 98, True),
        (100, 0, 97, False),
        (98, 2, 98, True),
        (90, 10, 90, False),
    ],
)
def test_a_rule_is_worth_considering_where_nearly_all_are_approved_at_once(
    approved: int, rejected: int, fast: int, *, told: bool
) -> None:
    assert OfAction("refund", approved, rejected, fast=fast).consider_a_rule is told


# ── in the room ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY, head=WEEKLY) as opened:
        yield opened


async def asks(room: Room, action: str = "charge", **args: object) -> Request:
    return await submit.typed(room.desk, Asker(person=ANA), ME, action, {"order": "ord_1"} | args)


async def approves(room: Room, request: Request, who: str, after: int) -> None:
    room.clock.now += after
    await vote.approve(room.desk, Actor("person", who, "card"), request.id, 1, Surface.CARD)


async def looks(room: Room, until: int) -> list[str]:
    """Time passes; who is told by then."""
    room.clock.now = until
    before = len(room.wall.told)
    await summary.tick(room.desk)
    await room.deliver(EffectKind.TELL)
    return sorted(who for who, what in room.wall.told[before:] if what == "summary")


async def test_each_operator_is_told_once_a_week_at_their_hour(room: Room) -> None:
    room.people.zones[OTTO] = BERLIN
    monday = at("2026-06-01T09:00")
    assert await looks(room, T0) == []
    assert await looks(room, monday - 2 * HOUR - 1) == []
    assert await looks(room, monday - 2 * HOUR) == [OTTO]
    assert await looks(room, monday - HOUR) == []
    assert await looks(room, monday) == [OLGA]
    assert await looks(room, monday + HOUR) == []
    assert await looks(room, monday + WEEK) == [OLGA, OTTO]


async def test_it_is_told_once_though_two_look_and_one_starts_again(room: Room, tmp_path: Path) -> None:
    monday = at("2026-06-01T09:00")
    await looks(room, T0)
    room.clock.now = monday
    async with open_room(tmp_path, MONEY, beside=room) as other:
        await summary.tick(other.desk)
        await summary.tick(room.desk)
        await other.deliver(EffectKind.TELL)
        await room.deliver(EffectKind.TELL)
        assert sorted(who for who, _ in (*room.wall.told, *other.wall.told)) == [OLGA, OTTO]
    async with open_room(tmp_path, MONEY, beside=room) as again:
        await summary.tick(again.desk)
        assert await again.deliver(EffectKind.TELL) == 0
    told = [event for event in await room.events("") if event["type"] == "summary"]
    assert [event["detail"] for event in told] == [{"to": OLGA}, {"to": OTTO}]


async def test_a_new_operator_is_found_within_a_day(room: Room) -> None:
    monday = at("2026-06-01T09:00")
    await looks(room, T0)
    room.people.put_in("S0OPERATORS", WALT)
    room.people.take_out("S0OPERATORS", OLGA)
    await looks(room, T0 + DAY)
    assert await looks(room, monday) == [OTTO, WALT]


async def test_where_slack_is_silent_it_is_told_later(room: Room) -> None:
    monday = at("2026-06-01T09:00")
    await looks(room, T0)
    room.people.silent = True
    assert await looks(room, monday) == []
    asked = len(room.people.asked)
    room.people.silent = False
    assert await looks(room, monday + 4 * MINUTE) == []
    assert len(room.people.asked) == asked, "Slack is not asked at every tick"
    assert await looks(room, monday + 5 * MINUTE) == [OLGA, OTTO]


async def test_off_means_never_and_on_again_brings_nothing_of_before(room: Room) -> None:
    monday = at("2026-06-01T09:00")
    await looks(room, T0)
    catalogue = room.desk.in_force.catalogue
    room.desk.in_force.catalogue = replace(catalogue, summary=None)
    assert await looks(room, monday) == []
    assert dict(await room.store.summaries()) == {}
    room.desk.in_force.catalogue = catalogue
    assert await looks(room, monday + HOUR) == []
    assert await looks(room, monday + WEEK) == [OLGA, OTTO]


async def test_the_week_is_what_people_decided_in_it(room: Room) -> None:
    before = await asks(room, amount=59)
    await approves(room, before, FAY, 0)
    room.clock.now += 1
    start = room.clock.now
    quick = await asks(room, amount=60)
    await approves(room, quick, FAY, 4 * SECOND)
    slow = await asks(room, amount=61)
    await approves(room, slow, FAY, 6 * SECOND)
    refused = await asks(room, amount=62)
    room.clock.now += MINUTE
    await vote.reject(room.desk, Actor("person", FAY, "card"), refused.id, 1, "no")
    await asks(room, amount=10)  # allowed: nobody was asked
    dropped = await asks(room, amount=63)
    await cancel.cancel(room.desk, ME, dropped.id)
    await asks(room, amount=64)
    room.clock.now += 5 * HOUR
    await tick.tick(room.desk)  # it expires
    found = await room.store.week(list(room.desk.in_force.catalogue.actions), start, room.clock())
    assert found.actions == (OfAction("charge", approved=2, rejected=1, expired=1, fast=1, median=6 * SECOND),)
    assert found.people == ((FAY, 2, 1),)


async def test_of_several_stages_the_last_one_s_time_counts(room: Room) -> None:
    request = await asks(room, "refund", amount=6000)
    await approves(room, request, FAY, HOUR)
    await approves(room, request, "U0FRED", HOUR)
    await approves(room, request, DORA, 2 * SECOND)
    found = await room.store.week(["refund"], T0 - 1, room.clock())
    assert found.actions == (OfAction("refund", approved=1, fast=1, median=2 * HOUR + 2 * SECOND),)
