"""Once a week operators privately hear how requests were decided."""

import datetime
import time
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.summary import DAY, LEAST, WEEK, looks
from bot.weekly import When, next_at
from handlers.demo.slack import Message, Person
from tests.journeys.stage import PATIENCE, ROOT, Stage, World, world

FILE = (ROOT / "tests/journeys/signoff.yaml").read_text().replace("summary: off", 'summary: "monday 09:00"')
FILE += "limits: {requester: {open: 100, hour: 100}}\n"
TITLE = "How requests were decided this week"
NEW_YORK = "America/New_York"
MINUTE = 60_000


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, yaml_text=FILE) as made:
        made.slack.workspace.change_user("U0OLGA", tz=NEW_YORK)
        yield made


async def later(stage: Stage, milliseconds: int) -> None:
    """Move the clock on; returns when what is due of summaries by then was told."""
    stage.forward(seconds=milliseconds / 1000)
    store, until = stage.house.desk.store, time.monotonic() + PATIENCE
    while True:
        seen = store.stirs
        if not looks(await store.summaries(), stage.clock()):
            break
        left = until - time.monotonic()
        assert left > 0, "nobody looks for what is due"
        await store.stirred(min(left, 0.5), seen)
    await stage.settled()


async def until_told(stage: Stage, *, before: int = 0) -> None:
    """On to the next Monday, nine o'clock in New York, `before` milliseconds earlier."""
    now = stage.clock()
    await later(stage, next_at(When(0, 9), NEW_YORK, now) - before - now + 1)


def told(who: Person) -> list[Message]:
    """The summaries in somebody's direct messages."""
    return [each for room in who.rooms() for each in who.sees(room) if TITLE in who.reads(each)]


async def decided(stage: Stage, count: int, since: int = 50) -> None:
    """So many charges, each approved as soon as its card is there."""
    for n in range(count):
        _, card = await stage.asked(stage.rita, f"charge order=ord_81 amount={since + n}")
        await stage.fay.click(card, "Approve")
    await stage.settled()


async def test_an_operator_hears_it_at_their_own_hour_and_nobody_else_does(town: World) -> None:
    async with town.stage() as stage:
        await decided(stage, 2)
        _, card = await stage.asked(stage.rita, "refund order=ord_81 amount=70 iban=DE89370400440532013000")
        await stage.rejects(stage.fred, card, "not while the parcel is on its way")
        await until_told(stage, before=MINUTE)
        assert told(stage.olga) == []
        await later(stage, MINUTE)
        (message,) = told(stage.olga)
        there = datetime.datetime.fromtimestamp(stage.clock() / 1000, ZoneInfo(NEW_YORK))
        assert (there.weekday(), there.hour) == (0, 9)

        text = stage.olga.reads(message)
        assert "charge · 2 of 2 approved (100 %)" in text
        assert "100 % in under 5 s" in text
        assert "refund · 0 of 1 approved (0 %)" in text
        assert "@fay 2 approved, 0 rejected" in text
        assert "@fred 0 approved, 1 rejected" in text
        assert "consider a rule" not in text  # of two decisions nothing follows
        for secret in ("DE89", "ord_81", "parcel", "rita"):
            assert secret not in text
        for other in (stage.rita, stage.fay, stage.fred, stage.walt, stage.dora):
            assert told(other) == []


async def test_whoever_approves_everything_at_once_should_consider_a_rule(town: World) -> None:
    async with town.stage() as stage:
        await decided(stage, LEAST)
        await until_told(stage)
        (message,) = told(stage.olga)
        text = stage.olga.reads(message)
        assert "100 % approved in under 5 s: consider a rule." in text
        assert "signoff policy suggest" in text


async def test_it_comes_once_a_week_over_restarts_and_beside_a_replica(town: World) -> None:
    async with town.stage() as stage:
        await decided(stage, 1)
        await until_told(stage, before=MINUTE)
    town.clock.forward(2 * MINUTE)  # it falls due while nothing runs
    async with town.stage() as stage, town.stage() as other:
        await stage.slack.wait_for(lambda: told(stage.olga), timeout=PATIENCE)
        for each in (stage, other):
            await later(each, MINUTE)
        assert len(told(stage.olga)) == 1
    async with town.stage() as stage:
        await later(stage, 60 * MINUTE)
        assert len(told(stage.olga)) == 1
        await decided(stage, 1, 60)
        await until_told(stage)
        assert len(told(stage.olga)) == 2
        assert [event["detail"] for event in await stage.events() if event["type"] == "summary"] == [
            {"to": stage.olga.id}
        ] * 2


async def test_a_long_stop_makes_one_summary(town: World) -> None:
    async with town.stage() as stage:
        await later(stage, MINUTE)
    town.clock.forward(5 * WEEK)
    async with town.stage() as stage:
        await later(stage, MINUTE)
        assert [event["type"] for event in await stage.events()] == ["summary"]


async def test_a_week_in_which_nothing_was_decided_makes_no_message(town: World) -> None:
    async with town.stage() as stage:
        await until_told(stage)
        assert told(stage.olga) == []


async def test_off_is_off(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.stage() as stage:  # the file of the journeys says off
        await decided(stage, 1)
        await stage.later(seconds=8 * DAY / 1000)
        assert told(stage.olga) == []
        assert not [event for event in await stage.events() if event["type"] == "summary"]
