"""Stopping and starting again: what has begun comes to its end, and every old card still works."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.demo.slack import Fault, Message, Person
from tests.journeys.process import PATIENCE, playing
from tests.journeys.stage import World, world
from tests.journeys.target import held

CHARGE = "charge order=ord_1 amount=50"
HEADLINE = "Charge 50 to ord_1"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


async def test_told_to_stop_it_lets_a_run_end_and_shows_what_came_of_it(tmp_path: Path) -> None:
    """SIGTERM while the target is at it."""
    gate = asyncio.Event()
    async with playing(tmp_path) as play:
        play.target.answers.append(held(gate))
        await play.rita.command("#general", f"/signoff run {CHARGE}")
        card = await play.shown(play.fay, HEADLINE, "Approve")
        await play.fay.click(card, "approve")
        async with asyncio.timeout(PATIENCE):
            await play.target.arrived.wait()
        await play.shown(play.walt, HEADLINE, "🔄 Running")

        stopping = asyncio.create_task(play.stop())
        async with asyncio.timeout(PATIENCE):
            await play.stopping.wait()
        assert not stopping.done()
        gate.set()
        assert await stopping == 0
        assert play.states == ["succeeded"]
        await play.shown(play.walt, HEADLINE, "✅ Done")
        assert len(play.target.runs()) == 1


async def test_the_trail_verifies_from_the_command_line(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await play.rita.command("#general", f"/signoff run {CHARGE}")
        await play.shown(play.fay, HEADLINE, "Approve")
        assert await play.verify() == 0  # while it runs, too


async def test_each_move_is_a_line_of_the_log_without_its_arguments(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await play.rita.command("#general", "/signoff run refund order=ord_1 amount=50 note=wistful iban=DE0212030000")
        card = await play.shown(play.fay, "Refund 50 USD", "Approve")
        await play.fay.click(card, "approve")
        await play.shown(play.walt, "Refund 50 USD", "✅ Done")
        (request,) = (row[0] for row in play.look("SELECT id FROM requests"))
    lines = [json.loads(line) for line in play.said]
    moves = [line for line in lines if line.get("request") == request and "after" in line]
    assert [(line["event"], line["after"]) for line in moves] == [
        ("send", "pending"),
        ("vote", "approved"),
        ("claim", "executing"),
        ("finish", "succeeded"),
    ]
    assert moves[1]["actor"] == f"person:{play.fay.id}"
    assert not any(word in line for line in play.said for word in ("wistful", "DE0212030000"))


async def test_every_old_card_works_after_a_restart(town: World) -> None:
    async with town.stage() as stage:
        asked = [await stage.asked(stage.rita, f"charge order=ord_{n} amount=50") for n in range(8)]
        drafted = await stage.rita.command("#general", "/signoff charge somebody something")
        assert drafted.message is not None
        draft = await stage.told(stage.rita, "Discard")
        await stage.settled()
    async with town.stage() as stage:
        before = len([one for one in stage.walt.sees("#approvals") if one.thread_ts in (None, one.ts)])
        await asyncio.gather(*(stage.fay.click(card, "Approve") for _, card in asked))
        for request, _ in asked:
            await stage.reaches(request.id, "succeeded")
        await stage.settled()
        for _, card in asked:
            assert "✅ Done" in stage.walt.reads(card)
        await stage.rita.click(draft, "Discard")
        await stage.settled()
        after = [one for one in stage.walt.sees("#approvals") if one.thread_ts in (None, one.ts)]
        assert len(after) == before  # no card was posted twice
        assert len(stage.target.runs()) == len(asked)


async def test_a_form_that_was_open_over_a_restart_still_counts(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, "payout to=alice amount=50")
        await stage.fay.click(card, "Review")
        form = await stage.form(stage.fay, "Pay out 50 to alice")
    async with town.stage() as stage:
        answered = await stage.fay.submit(form)
        assert answered.top is None
        await stage.reaches(request.id, "succeeded")


async def test_what_slack_did_not_take_before_the_stop_is_posted_after_it(town: World) -> None:
    async with town.stage() as stage:
        stage.slack.faults.next("chat.postMessage", *[Fault.http(503)] * 20)
        await stage.rita.command("#general", f"/signoff run {CHARGE}")
        assert stage.walt.sees("#approvals") == []
    town.slack.faults.clear()
    async with town.stage() as stage:
        card = await stage.card(stage.fay, HEADLINE, "Approve")
        await stage.fay.click(card, "Approve")
        await stage.card(stage.walt, HEADLINE, "✅ Done")
        roots = [one for one in stage.walt.sees("#approvals") if one.thread_ts in (None, one.ts)]
        assert len(roots) == 1


async def test_a_pause_outlives_a_restart(town: World) -> None:
    async with town.stage() as stage:
        await stage.olga.command("#ops", "/signoff pause")
        request, card = await stage.asked(stage.rita, CHARGE)
    async with town.stage() as stage:
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "approved")
        stage.forward(minutes=1)
        assert stage.target.runs() == []
        await stage.olga.command("#ops", "/signoff resume")
        await stage.reaches(request.id, "succeeded")


async def test_beside_another_that_serves_a_run_goes_on(town: World) -> None:
    """A second process begins while the first is at it: it takes nothing over."""
    gate = asyncio.Event()
    async with town.stage() as first:
        request, card = await first.asked(first.rita, CHARGE)
        first.target.answers.append(held(gate))
        await first.fay.click(card, "Approve")
        await first.target.arrived.wait()
        async with town.stage() as second:
            await second.later(seconds=1)
            assert await second.state(request.id) == "executing"
            gate.set()
            await second.reaches(request.id, "succeeded")
            await second.settled()
        assert len(first.target.runs()) == 1


async def test_two_that_serve_one_database_run_each_request_once(town: World) -> None:
    async with town.stage() as first, town.stage() as second:
        asked = [await second.asked(second.rita, f"charge order=ord_{n} amount=50") for n in range(10)]
        await asyncio.gather(*(second.fay.click(card, "Approve") for _, card in asked))
        first.forward(minutes=1)
        for request, _ in asked:
            await second.reaches(request.id, "succeeded")
        assert len(first.target.runs()) == len(asked)
