"""An operator stops every new run, not votes; after a while what waited needs a Release."""

import asyncio

import pytest

from bot.request import Request
from handlers.demo.slack import Message, Person
from tests.journeys.stage import Stage
from tests.journeys.target import held


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


async def says(stage: Stage, who: Person, word: str) -> str:
    """`/signoff <word>`: what they are answered."""
    reply = await who.command("#general", f"/signoff {word}")
    assert reply.message is not None
    return who.reads(reply.message)


@pytest.mark.parametrize("word", ["pause", "resume"])
async def test_only_operators_hold_the_brake(stage: Stage, word: str) -> None:
    for who in (stage.rita, stage.fay, stage.walt):
        async with stage.unchanged():
            assert "Only an operator may do this" in await says(stage, who, word)
    assert not (await stage.house.desk.store.moment()).paused


async def test_paused_nothing_starts_votes_go_on_and_resumed_all_of_it_runs(stage: Stage) -> None:
    assert "Paused" in await says(stage, stage.olga, "pause")
    asked = [await stage.asked(stage.rita, f"charge order=ord_{n} amount=50") for n in range(5)]
    for _, card in asked[:4]:
        await stage.fay.click(card, "Approve")
    await stage.rejects(stage.fred, asked[4][1], "Not this one")
    for request, card in asked[:4]:
        assert (await stage.reaches(request.id, "approved")).votes
        await stage.card(stage.walt, request.id, "✅ Approved, about to run")
        assert labels(stage.walt, card) == ["Details"]
    assert await stage.state(asked[4][0].id) == "rejected"
    stage.forward(minutes=4)
    assert stage.target.arrivals == []

    assert "Resumed" in await says(stage, stage.olga, "resume")
    for request, _ in asked[:4]:
        await stage.reaches(request.id, "succeeded")
    assert len(stage.target.runs()) == 4
    assert [event["type"] for event in await stage.events("")] == ["pause", "resume"]


async def test_what_the_rules_allow_waits_too(stage: Stage) -> None:
    await says(stage, stage.olga, "pause")
    await stage.rita.command("#general", "/signoff run note text=hello")
    assert (await stage.only()).state == "approved"
    await says(stage, stage.olga, "resume")
    await stage.reaches((await stage.only()).id, "succeeded")


async def test_what_runs_already_goes_on_to_its_end(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.target.answers.append(held(gate))
    request, card = await stage.asked(stage.rita, "charge order=ord_1 amount=50")
    await stage.fay.click(card, "Approve")
    await stage.target.arrived.wait()
    await says(stage, stage.olga, "pause")
    gate.set()
    await stage.reaches(request.id, "succeeded")


async def test_what_was_approved_long_before_the_resume_waits_for_release(stage: Stage) -> None:
    await says(stage, stage.olga, "pause")
    old, its_card = await stage.asked(stage.rita, "charge order=ord_1 amount=50")
    await stage.fay.click(its_card, "Approve")
    await stage.reaches(old.id, "approved")
    stage.forward(minutes=6)
    young, card = await stage.asked(stage.rita, "charge order=ord_2 amount=50")
    await stage.fay.click(card, "Approve")
    await stage.reaches(young.id, "approved")
    await says(stage, stage.olga, "resume")

    await stage.reaches(young.id, "succeeded")
    await stage.card(stage.walt, old.id, "✋ Approved, waits for an operator's Release")
    await stage.settled()
    assert labels(stage.walt, its_card) == ["Release", "Details"]
    assert any("it waits for an operator's Release" in stage.walt.reads(one) for one in stage.walt.thread(its_card))
    assert len(stage.target.runs()) == 1

    for who in (stage.rita, stage.fay, stage.walt):
        async with stage.unchanged():
            await who.click(its_card, "Release")
            await stage.told(who, "Only an operator may do this")

    await stage.olga.click(its_card, "Release")
    await stage.reaches(old.id, "succeeded")
    await stage.settled()
    assert any("@olga released it" in stage.walt.reads(one) for one in stage.walt.thread(its_card))
    assert len(stage.target.runs()) == 2


async def test_a_release_pressed_twice_runs_it_once(stage: Stage) -> None:
    request, card = await waiting(stage)
    (now,) = [one for one in stage.olga.sees("#approvals") if one.ts == card.ts]
    await asyncio.gather(*(stage.olga.forge_click(now, "release") for _ in range(5)))
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert len(stage.target.runs()) == 1


async def waiting(stage: Stage) -> tuple[Request, Message]:
    """One that waits for its Release."""
    await says(stage, stage.olga, "pause")
    request, card = await stage.asked(stage.rita, "charge order=ord_1 amount=50")
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "approved")
    stage.forward(minutes=6)
    await says(stage, stage.olga, "resume")
    await stage.card(stage.walt, request.id, "Release")
    return request, card


async def test_waiting_for_release_its_time_goes_on(stage: Stage) -> None:
    request, card = await waiting(stage)
    await stage.later(minutes=55)
    assert await stage.state(request.id) == "expired"
    assert labels(stage.walt, card) == ["Details"]
    async with stage.unchanged():
        await stage.olga.forge_click(card, "release", card.blocks[-1]["elements"][-1]["value"])
    assert stage.target.runs() == []


async def test_waiting_for_release_it_may_be_cancelled(stage: Stage) -> None:
    request, _ = await waiting(stage)
    mine = await stage.told(stage.rita, request.id, "Cancel")
    await stage.rita.click(mine, "Cancel")
    assert await stage.state(request.id) == "cancelled"
    await stage.settled()
    assert stage.target.runs() == []


async def test_released_and_paused_again_it_waits_for_the_next_resume_only(stage: Stage) -> None:
    request, card = await waiting(stage)
    await says(stage, stage.olga, "pause")
    await stage.olga.click(card, "Release")
    stage.forward(minutes=1)
    assert stage.target.runs() == []
    await says(stage, stage.olga, "resume")
    await stage.card(stage.walt, request.id, "Release")
    assert stage.target.runs() == []
    await stage.olga.click(stage.walt.now(card), "Release")
    await stage.reaches(request.id, "succeeded")


async def test_the_home_says_that_it_is_paused(stage: Stage) -> None:
    await says(stage, stage.olga, "pause")
    await stage.walt.open_home()
    home = await stage.slack.wait_for(stage.walt.home)
    assert "paused" in stage.walt.reads(home).lower()
