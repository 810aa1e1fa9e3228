"""Approve pressed on high or critical risk before anybody can have read it: the window asks once more."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.clock import Clock
from tests.journeys.stage import Stage, World, world

HIGH = "payout to=acme amount=70"
ASKED = ("This is high risk, and you have only just opened it", "press Approve again")


class Still(Clock):
    """A clock that is only moved by the test: how fast this machine is changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._begin = super().__call__()

    def __call__(self) -> int:
        return self._begin + self._ahead


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield replace(made, clock=Still())


@pytest.fixture
async def stage(town: World) -> AsyncIterator[Stage]:
    async with town.stage() as made:
        yield made


async def test_too_fast_is_asked_once_more_and_then_counts(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70", reads=False)
    async with stage.unchanged():
        answered = await stage.fay.submit(form)
        assert answered.top is not None
        assert answered.top.id == form.id  # the same window, drawn anew
        for words in (*ASKED, "Pay out 70 to acme", "amount  70", "[Approve]"):
            assert words in stage.fay.reads(answered.top)
    answered = await stage.fay.submit(answered.top)
    assert answered.top is None
    done = await stage.reaches(request.id, "succeeded")
    assert [one.person for one in done.votes] == [stage.fay.id]
    vote = next(event for event in await stage.events(request.id) if event["type"] == "vote")
    assert vote["detail"]["asked_again"] is True
    assert vote["detail"]["looked"] == 0


async def test_whoever_takes_their_time_is_not_asked(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70", reads=False)
    stage.forward(seconds=2)
    assert (await stage.fay.submit(form)).top is None
    await stage.reaches(request.id, "succeeded")
    vote = next(event for event in await stage.events(request.id) if event["type"] == "vote")
    assert vote["detail"]["looked"] == 2_000
    assert "asked_again" not in vote["detail"]


async def test_the_same_press_twice_is_not_the_second_look(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70", reads=False)
    async with stage.unchanged():
        for _ in range(3):  # from the window as it was first drawn
            ack = await stage.fay.forge_submit(form, {})
            assert ack.body["response_action"] == "update"


async def test_it_can_be_rejected_at_once(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    await stage.fay.click(await stage.form(stage.fay, "Pay out 70", reads=False), "Reject")
    answered = await stage.fay.submit(await stage.form(stage.fay, "Why not?"), {"reason": "no"})
    assert answered.top is None
    await stage.reaches(request.id, "rejected")


async def test_critical_asks_once_more_and_keeps_what_was_typed(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "wipe_disk disk=sda")
    digest = request.now_version.short_digest
    for who in (stage.dora, stage.dan):
        await who.click(card, "Review")
        form = await stage.form(who, digest, reads=False)
        answered = await who.submit(form, {"confirm": digest})
        assert answered.top is not None
        assert "This is critical risk" in who.reads(answered.top)
        assert (await who.submit(answered.top)).top is None
    await stage.reaches(request.id, "succeeded")


async def test_from_home_too(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, HIGH)
    await stage.fay.open_home()
    view = await stage.slack.wait_for(
        lambda: ((home := stage.fay.home()) and "Pay out 70" in stage.fay.reads(home) and home) or None
    )
    assert view is not None
    await stage.fay.click(view, "Review")
    answered = await stage.fay.submit(await stage.form(stage.fay, "Pay out 70", reads=False))
    assert answered.top is not None
    assert ASKED[0] in stage.fay.reads(answered.top)
    await stage.fay.submit(answered.top)
    await stage.reaches(request.id, "succeeded")


async def test_it_is_decided_by_somebody_else_while_one_is_asked_again(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    answered = await stage.fay.submit(await stage.form(stage.fay, "Pay out 70", reads=False))
    assert answered.top is not None
    await stage.rejects(stage.fred, card, "no")
    await stage.reaches(request.id, "rejected")
    async with stage.unchanged():
        told = await stage.fay.submit(answered.top)
        assert told.top is not None
        assert "was rejected already" in stage.fay.reads(told.top)


async def test_a_restart_in_between_forgets_neither_look_nor_question(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, HIGH)
        await stage.fay.click(card, "Review")
        form = await stage.form(stage.fay, "Pay out 70", reads=False)
    async with town.stage() as stage:  # opened before the stop, sent after it
        answered = await stage.fay.submit(form)
        assert answered.top is not None
        assert ASKED[0] in stage.fay.reads(answered.top)
    async with town.stage() as stage:
        assert (await stage.fay.submit(answered.top)).top is None
        await stage.reaches(request.id, "succeeded")
        votes = [event for event in await stage.events(request.id) if event["type"] == "vote"]
        assert [vote["detail"]["asked_again"] for vote in votes] == [True]


async def test_a_look_before_the_stop_is_a_look(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, HIGH)
        await stage.fay.click(card, "Review")
        form = await stage.form(stage.fay, "Pay out 70", reads=False)
    town.clock.forward(2_000)
    async with town.stage() as stage:
        assert (await stage.fay.submit(form)).top is None
        await stage.reaches(request.id, "succeeded")
