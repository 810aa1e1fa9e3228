"""Taking back what was done: a request of its own, with its own approval, and what it takes from the result shown."""

import asyncio

import pytest

from bot.request import Request
from handlers.demo.slack import Message, NotThereError, Person
from tests.journeys.stage import Stage
from tests.journeys.target import drop, status

REFUND = "refund order=ord_1 amount=50"
HEADLINE = "Refund 50 USD for order ord_1"
UNDO = f"Undo: {HEADLINE}"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


def as_it_stands(stage: Stage, card: Message) -> Message:
    return next(one for one in stage.walt.sees("#approvals") if one.ts == card.ts)


async def done(stage: Stage, line: str = REFUND) -> tuple[Request, Message]:
    request, card = await stage.asked(stage.rita, line)
    await stage.fay.click(card, "Approve")
    request = await stage.reaches(request.id, "succeeded")
    await stage.settled()
    return request, card


async def undo(stage: Stage, who: Person, card: Message) -> tuple[Request, Message]:
    """Press Undo: the request it made, and its card."""
    await who.click(card, "Undo")
    asked = await stage.card(stage.walt, UNDO, "Waiting for approval")
    await stage.settled()
    (row,) = [row for row in await stage.house.desk.store.pending(10) if row.headline == UNDO]
    return await stage.request(row.id), asked


async def test_an_undo_has_its_own_approval_and_then_the_original_is_undone(stage: Stage) -> None:
    request, card = await done(stage)
    mine = await stage.told(stage.rita, HEADLINE, "✅ Done", "digest")
    assert labels(stage.rita, mine) == labels(stage.walt, card) == ["Undo", "Details"]

    undoing, its_card = await undo(stage, stage.rita, mine)

    assert undoing.undo_of == request.id
    shown = stage.walt.reads(its_card)
    assert all(word in shown for word in ("Medium risk", "re_1", "ord_1", "takes back an earlier request"))
    assert undoing.now_version.args["result.id"] == "re_1"
    assert b"re_1" in undoing.now_version.snapshot  # what is digested
    assert "Done; an undo was asked for" in stage.walt.reads(card)
    assert labels(stage.walt, card) == ["Details"]
    assert [run.path for run in stage.target.runs()] == ["/refunds"]

    await stage.fred.click(its_card, "Approve")
    await stage.reaches(undoing.id, "succeeded")
    await stage.settled()
    assert (await stage.request(request.id)).state == "undone"
    assert [run.path for run in stage.target.runs()] == ["/refunds", "/refunds/re_1/reverse"]
    assert len({run.key for run in stage.target.runs()}) == 2
    assert "🔙 Undone" in stage.walt.reads(card)
    assert labels(stage.walt, card) == ["Details"]
    assert any("It was undone" in stage.walt.reads(one) for one in stage.walt.thread(card))


async def test_who_asks_for_the_undo_does_not_approve_it(stage: Stage) -> None:
    _, card = await done(stage)
    _, its_card = await undo(stage, stage.fay, card)  # she approved the refund, so she may ask for its undo
    async with stage.unchanged():
        await stage.fay.click(its_card, "Approve")
        await stage.told(stage.fay, "You are on the requester's side")
    await stage.fred.click(its_card, "Approve")
    await stage.card(stage.walt, UNDO, "✅ Done")


async def test_the_requester_those_who_voted_and_operators_may_ask_for_it_nobody_else(stage: Stage) -> None:
    _, card = await done(stage)
    for who in (stage.walt, stage.fred, stage.dora):
        async with stage.unchanged():
            await who.click(card, "Undo")
            await stage.told(who, "Only the requester, those who voted and operators may undo it")
    await undo(stage, stage.olga, card)


async def test_what_names_no_undo_offers_none(stage: Stage) -> None:
    _, card = await done(stage, "charge order=ord_1 amount=50")
    assert labels(stage.walt, card) == ["Details"]
    details = card.blocks[-1]["elements"][-1]["value"]
    async with stage.unchanged():
        await stage.rita.forge_click(card, "undo", details)
        await stage.told(stage.rita, "cannot be undone")


async def test_what_failed_or_is_unknown_offers_none(stage: Stage) -> None:
    for answers in ([status(422)], [drop, status(500)]):
        _, card = await stage.asked(stage.rita, REFUND)
        stage.target.answers += answers
        await stage.fay.click(card, "Approve")
        await stage.settled()
        with pytest.raises(NotThereError):
            await stage.rita.click(card, "Undo")


async def test_one_open_undo_at_a_time(stage: Stage) -> None:
    _, card = await done(stage)
    before = as_it_stands(stage, card)
    await undo(stage, stage.rita, card)
    for who in (stage.rita, stage.fay, stage.olga):
        async with stage.unchanged():
            await who.forge_click(before, "undo")
            await stage.told(who, "An undo of this request is open already")


async def test_two_who_press_undo_at_once_ask_for_one(stage: Stage) -> None:
    _, card = await done(stage)
    await asyncio.gather(*(who.forge_click(as_it_stands(stage, card), "undo") for who in (stage.rita, stage.fay)))
    await stage.settled()
    assert [row.headline for row in await stage.house.desk.store.pending(10)] == [UNDO]


async def test_a_rejected_undo_may_be_asked_for_again(stage: Stage) -> None:
    request, card = await done(stage)
    first, its_card = await undo(stage, stage.rita, card)
    await stage.rejects(stage.fred, its_card, "The money is gone")
    await stage.settled()

    assert (await stage.request(request.id)).state == "succeeded"
    assert "an undo was asked for" not in stage.walt.reads(card)
    assert labels(stage.walt, card) == ["Undo", "Details"]
    assert any("it can be asked for again" in stage.walt.reads(one) for one in stage.walt.thread(card))

    second, again = await undo(stage, stage.rita, card)
    assert second.id != first.id
    await stage.fred.click(again, "Approve")
    await stage.reaches(second.id, "succeeded")
    await stage.settled()
    assert (await stage.request(request.id)).state == "undone"


async def test_an_undo_that_is_cancelled_expires_or_fails_may_be_asked_for_again(stage: Stage) -> None:
    request, card = await done(stage)

    await undo(stage, stage.rita, card)
    mine = await stage.told(stage.rita, UNDO, "Cancel", "digest")
    await stage.rita.click(mine, "Cancel")
    await stage.settled()
    assert labels(stage.walt, card) == ["Undo", "Details"]

    await undo(stage, stage.rita, card)
    await stage.later(hours=1)
    assert labels(stage.walt, card) == ["Undo", "Details"]

    undoing, its_card = await undo(stage, stage.rita, card)
    stage.target.answers.append(status(410, error="too late to take it back"))
    await stage.fred.click(its_card, "Approve")
    await stage.reaches(undoing.id, "failed")
    await stage.settled()
    assert labels(stage.walt, card) == ["Undo", "Details"]
    assert (await stage.request(request.id)).state == "succeeded"


async def test_an_undo_whose_outcome_is_unknown_is_still_open(stage: Stage) -> None:
    request, card = await done(stage)
    undoing, its_card = await undo(stage, stage.rita, card)
    stage.target.answers.append(drop)
    await stage.fred.click(its_card, "Approve")
    await stage.reaches(undoing.id, "unknown")
    await stage.settled()
    assert labels(stage.walt, card) == ["Details"]

    await stage.olga.click(its_card, "Done")
    await stage.olga.submit(await stage.form(stage.olga, "What happened?"), {"reason": "The bank says so"})
    await stage.reaches(undoing.id, "succeeded")
    await stage.settled()
    assert (await stage.request(request.id)).state == "undone"
    assert "🔙 Undone" in stage.walt.reads(card)


async def test_what_the_result_does_not_say_cannot_be_undone_and_says_why(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, REFUND)
    stage.target.answers.append(status(200, note="no id today"))
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    async with stage.unchanged():
        await stage.rita.click(card, "Undo")
        await stage.told(stage.rita, "result.id", "cannot be undone from here")
