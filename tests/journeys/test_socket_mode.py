"""The same journeys where Slack needs no way in: Socket Mode, over two connections."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.stage import PATIENCE, Stage, staged, world

ONE = "refund order=ord_81 amount=50"
HIGH = "payout to=acme amount=70"


@pytest.fixture
async def socketed(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, socket_mode=True) as made:
        await connected(made)
        yield made


async def connected(stage: Stage) -> None:
    await stage.slack.wait_for(lambda: stage.slack.sockets.count == 2, timeout=3 * PATIENCE)  # a cut line shows late


async def test_ask_approve_and_run(socketed: Stage) -> None:
    request, card = await socketed.asked(socketed.rita, ONE)
    await socketed.fay.click(card, "Approve")
    await socketed.reaches(request.id, "succeeded")
    await socketed.settled()
    assert "Done" in socketed.walt.reads(card)
    assert all(delivery.request is None and delivery.envelope_id for delivery in socketed.slack.log)


async def test_forms_are_answered_in_the_envelope(socketed: Stage) -> None:
    request, card = await socketed.asked(socketed.rita, ONE)
    await socketed.fay.click(card, "Reject")
    form = await socketed.form(socketed.fay, "Why not?")
    async with socketed.unchanged():
        answered = await socketed.fay.submit(form, {"reason": "  "})
        assert "reason" in answered.errors
    await socketed.fay.submit(form, {"reason": "not now"})
    await socketed.reaches(request.id, "rejected")


async def test_refusals_words_and_home_come_through(socketed: Stage) -> None:
    request, card = await socketed.asked(socketed.rita, "both_of_finance what=x")
    async with socketed.unchanged():
        await socketed.walt.click(card, "Approve")
        await socketed.told(socketed.walt, "not a member there now")
    await socketed.settled()
    socketed.fay.say("#approvals", "approve", card)
    await socketed.settled()
    assert [vote.via for vote in (await socketed.request(request.id)).votes] == ["thread"]
    await socketed.fred.open_home()
    await socketed.slack.wait_for(socketed.fred.home, timeout=PATIENCE)


@pytest.mark.parametrize("how", ["refresh_requested", "warning", "cut"])
async def test_it_comes_back_when_slack_ends_a_connection(socketed: Stage, how: str) -> None:
    request, card = await socketed.asked(socketed.rita, ONE)
    await socketed.settled()
    if how == "cut":
        await socketed.slack.sockets.cut()
    else:
        await socketed.slack.sockets.disconnect(how)
    await connected(socketed)
    await socketed.fay.click(card, "Approve")
    await socketed.reaches(request.id, "succeeded")


async def test_an_envelope_delivered_twice_is_taken_once(socketed: Stage) -> None:
    request, card = await socketed.asked(socketed.rita, "both_of_finance what=x")
    await socketed.fay.click(card, "Approve")
    pressed = socketed.slack.log[-1]
    await socketed.rita.command("#general", '/signoff run note text="Order paper"')
    typed = socketed.slack.log[-1]
    await socketed.settled()
    heard = len(socketed.fay.sees("#approvals"))
    async with socketed.unchanged():
        for delivery in (pressed, typed, pressed, typed):  # over the one connection and the other
            assert (await socketed.slack.replay(delivery)).status == 200
    assert len((await socketed.request(request.id)).votes) == 1
    assert len(socketed.fay.sees("#approvals")) == heard
    assert len(socketed.target.runs()) == 1


@pytest.mark.parametrize("wrong", [{"user": 1}, {"actions": [1]}, {"type": "view_submission", "view": "x"}])
async def test_an_envelope_of_a_wrong_shape_moves_nothing(socketed: Stage, wrong: dict[str, Any]) -> None:
    request, card = await socketed.asked(socketed.rita, ONE)
    payload = socketed.fay.click_payload(card, "approve")
    async with socketed.unchanged():
        await socketed.slack.deliveries.send("interactive", payload | wrong)
    await socketed.fay.click(card, "Approve")
    await socketed.reaches(request.id, "succeeded")


async def test_clicks_at_once_over_both_connections_are_one_decision(socketed: Stage) -> None:
    request, card = await socketed.asked(socketed.rita, ONE)
    people = (socketed.fay, socketed.fred)
    await asyncio.gather(*(person.forge_click(card, "approve") for person in people * 10))
    await socketed.reaches(request.id, "succeeded")
    await socketed.settled()
    assert len(socketed.target.runs()) == 1
    assert len((await socketed.request(request.id)).votes) == 1


async def test_old_cards_work_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, socket_mode=True) as made:
        async with made.stage() as stage:
            await connected(stage)
            request, card = await stage.asked(stage.rita, HIGH)
            await stage.settled()
        await made.slack.wait_for(lambda: made.slack.sockets.count == 0, timeout=PATIENCE)
        async with made.stage() as stage:
            await connected(stage)
            await stage.fay.click(card, "Review")
            await stage.fay.submit(await stage.form(stage.fay, "Pay out 70 to acme"))
            await stage.reaches(request.id, "succeeded")
