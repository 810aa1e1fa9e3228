"""Slice (a): `run` → card → click → http effect → audit."""

from tests.journeys.stage import Stage


async def test_an_approved_refund_reaches_the_target_once(stage: Stage) -> None:
    reply = await stage.rita.command("#general", "/signoff run refund order=ord_81 amount=50")
    assert reply.message is not None
    assert "Refund 50 USD for order ord_81" in stage.rita.reads(reply.message)

    card = await stage.card(stage.fay, "Refund 50 USD for order ord_81", "Approve")
    await stage.fay.click(card, "approve")

    done = await stage.card(stage.fay, "Done")
    assert done.ts == card.ts
    assert [run.body for run in stage.target.runs()] == [{"order": "ord_81", "amount": 50}]
    assert (await stage.only()).state == "succeeded"


async def test_the_requester_may_not_approve(stage: Stage) -> None:
    stage.slack.workspace.set_group("S0FINANCE", ["U0RITA", "U0FAY"])
    await stage.rita.command("#general", "/signoff run refund order=ord_81 amount=50")
    card = await stage.card(stage.rita, "Refund 50 USD")
    await stage.rita.click(card, "approve")
    await stage.card(stage.rita, "requester's side")
    assert stage.target.runs() == []
    assert (await stage.only()).state == "pending"
