"""An edit makes the next version: checked and asked about anew, on a card of its own; what was voted before falls."""

import pytest

from handlers.demo.slack import Message, Person, View
from tests.journeys.stage import Stage

LUNCH = "expense amount=40 purpose=lunch center=sales"
IBAN = "DE89370400440532013000"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


async def edits(stage: Stage, who: Person, card: Message, **values: str) -> None:
    """Press Edit there, change these fields, save; the form closes."""
    await who.click(card, "Edit")
    answered = await who.submit(await stage.form(who, "Edit"), values)
    assert answered.top is None, who.reads(answered.top)
    assert not answered.errors, answered.errors
    await stage.settled()


async def second(stage: Stage, request_id: str) -> Message:
    return await stage.card(stage.walt, "version 2", request_id)


async def test_the_requester_changes_any_field_and_the_old_card_decides_nothing(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    await stage.settled()
    kept = stage.fay.now(card)
    assert isinstance(kept, Message)
    mine = await stage.told(stage.rita, "Spend 40 on lunch", "Edit")

    await edits(stage, stage.rita, mine, amount="45", purpose="dinner", center="research")

    now = await stage.request(request.id)
    assert now.now_version.number == 2
    assert now.now_version.args == {"amount": 45, "purpose": "dinner", "center": "research"}
    fresh = await second(stage, request.id)
    assert fresh.ts != card.ts
    old = stage.walt.reads(card)
    assert "superseded" in old
    assert "Spend 40 on lunch" in old
    assert labels(stage.fay, card) == []
    assert "Spend 45 on dinner" in stage.walt.reads(fresh)

    async with stage.unchanged():
        await stage.fay.forge_click(kept, "approve")
        await stage.told(stage.fay, "That was version 1; version 2 is the one to decide on now")
        await stage.fay.forge_click(kept, "reject")
        await stage.settled()
        assert stage.fay.modal() is None

    await stage.fay.click(fresh, "Approve")
    await stage.reaches(request.id, "succeeded")
    assert [run.body["amount"] for run in stage.target.runs()] == [45]


async def test_votes_fall_and_the_first_stage_begins_again(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "refund order=ord_81 amount=600")
    await stage.fay.click(card, "Approve")
    await stage.settled()
    assert (await stage.request(request.id)).stage == 1
    mine = await stage.told(stage.rita, "Refund 600", "Edit")
    await edits(stage, stage.rita, mine, note="with a note")
    now = await stage.request(request.id)
    assert (now.stage, now.votes) == (0, ())
    fresh = await second(stage, request.id)
    assert "Stage 1 of 2" in stage.walt.reads(fresh)
    assert any("votes fall" in stage.walt.reads(line) for line in stage.walt.thread(card))  # whoever read along there


async def test_an_approver_changes_only_what_is_editable(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    await stage.fay.click(card, "Edit")
    form = await stage.form(stage.fay, "Edit", "Spend 40 on lunch")
    fields = {block["block_id"] for block in form.blocks if block["type"] == "input"}
    assert fields == {"arg:amount"}
    assert "purpose  lunch" in stage.fay.reads(form)  # the others are shown

    await stage.rita.click(await stage.told(stage.rita, "Spend 40", "Edit"), "Edit")
    hers = await stage.form(stage.rita, "Edit")
    async with stage.unchanged():  # the requester's form, said to be sent by the approver
        ack = await stage.fay.forge_submit(hers, {"arg:purpose": "a yacht"})
        assert "an approver may not change this one" in str(ack.body)
    assert (await stage.request(request.id)).now_version.number == 1


async def test_an_approver_may_approve_what_they_wrote_where_it_is_no_riskier(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    await edits(stage, stage.fay, card, amount="30")
    await stage.told(stage.rita, "@fay", "version 2")  # the requester hears that it was changed
    fresh = await second(stage, request.id)
    await stage.fay.click(fresh, "Approve")
    await stage.reaches(request.id, "succeeded")
    assert [run.body["amount"] for run in stage.target.runs()] == [30]
    (vote,) = [event for event in await stage.events(request.id) if event["type"] == "vote"]
    assert vote["detail"]["exception"] == "edit_and_approve"


async def test_an_edit_that_raises_the_risk_is_somebody_elses_to_approve(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    await stage.fred.click(card, "Edit")
    kept = await stage.form(stage.fred, "Edit")
    await edits(stage, stage.fay, card, amount="2000")
    now = await stage.request(request.id)
    assert now.now_version.risk == "high"
    fresh = await second(stage, request.id)
    assert labels(stage.fay, fresh)[0] == "Review"
    async with stage.unchanged():
        await stage.fay.click(fresh, "Review")
        await stage.told(stage.fay, "You wrote this version, so somebody else must approve it")
        answered = await stage.fred.submit(kept, {"amount": "25"})  # written for the version before
        assert answered.top is not None
        assert "version 2 is the one to decide on now" in stage.fred.reads(answered.top)

    await stage.fred.click(fresh, "Review")
    await stage.fred.submit(await stage.form(stage.fred, "Spend 2000 on lunch"))
    await stage.reaches(request.id, "succeeded")


async def test_an_edit_that_changes_the_route_is_somebody_elses_to_approve(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "refund order=ord_81 amount=50")
    await edits(stage, stage.fay, card, amount="600")  # another rule asks
    fresh = await second(stage, request.id)
    async with stage.unchanged():
        await stage.fay.click(fresh, "Approve")
        await stage.told(stage.fay, "You wrote this version")
    await stage.fred.click(fresh, "Approve")
    await stage.settled()
    assert (await stage.request(request.id)).stage == 1


async def test_where_the_file_forbids_it_an_editor_never_approves(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "gift amount=40")
    await edits(stage, stage.fay, card, amount="30")
    fresh = await second(stage, request.id)
    async with stage.unchanged():
        await stage.fay.click(fresh, "Approve")
        await stage.told(stage.fay, "You wrote this version")
    await stage.fred.click(fresh, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_what_the_policy_denies_is_an_error_and_the_old_version_stands(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    await stage.fay.click(card, "Edit")
    form = await stage.form(stage.fay, "Edit")
    async with stage.unchanged():
        answered = await stage.fay.submit(form, {"amount": "6000"})
        assert answered.top is not None
        assert "denied by nothing above 5000. Nothing is changed" in stage.fay.reads(answered.top)
    await stage.fay.close()  # what was typed is still there
    below = await stage.form(stage.fay, "6000")
    answered = await stage.fay.submit(below, {"amount": "35"})
    assert answered.top is None
    await stage.settled()
    assert (await stage.request(request.id)).now_version.args["amount"] == 35


async def test_what_the_policy_would_allow_still_takes_one_approval(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    mine = await stage.told(stage.rita, "Spend 40", "Edit")
    await edits(stage, stage.rita, mine, amount="5")
    now = await stage.request(request.id)
    assert now.state == "pending"
    fresh = await second(stage, request.id)
    assert "an edited version still takes one approval" in stage.walt.reads(fresh)
    async with stage.unchanged():
        await stage.rita.click(fresh, "Approve")
        await stage.told(stage.rita, "requester's side")
    await stage.fay.click(fresh, "Approve")
    await stage.reaches(request.id, "succeeded")
    assert card.ts != fresh.ts


@pytest.mark.parametrize(("values", "field", "why"), [
    ({"amount": "0"}, "arg:amount", "0"),
    ({"amount": "12.5678901234567890123"}, "arg:amount", "more digits"),
    ({"order": "ord 81"}, "arg:order", "ord_"),
])  # fmt: skip
async def test_what_does_not_fit_is_told_at_its_field(
    stage: Stage, values: dict[str, str], field: str, why: str
) -> None:
    await stage.asked(stage.rita, "refund order=ord_81 amount=50")
    mine = await stage.told(stage.rita, "Refund 50", "Edit")
    await stage.rita.click(mine, "Edit")
    form = await stage.form(stage.rita, "Edit")
    async with stage.unchanged():
        answered = await stage.rita.submit(form, values)
        assert set(answered.errors) == {field}
        assert why in answered.errors[field]


async def test_saving_nothing_says_so(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, LUNCH)
    await stage.fay.click(card, "Edit")
    form = await stage.form(stage.fay, "Edit")
    async with stage.unchanged():
        answered = await stage.fay.submit(form)
        assert answered.top is not None
        assert "nothing was changed" in stage.fay.reads(answered.top)


async def test_those_who_may_not_change_it_are_told_before_they_type(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, LUNCH)
    async with stage.unchanged():
        await stage.walt.click(card, "Edit")
        await stage.told(stage.walt, "not a member there now")
        assert stage.walt.modal() is None
    mine = await stage.told(stage.rita, "Spend 40", "Edit")
    kept = stage.rita.now(mine)
    assert isinstance(kept, Message)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    async with stage.unchanged():
        await stage.rita.forge_click(kept, "edit")
        await stage.told(stage.rita, "has run already")


async def test_an_edit_never_gives_more_time_than_the_first_version_had(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, LUNCH)
    until = request.expires_at
    stage.forward(minutes=50)
    mine = await stage.told(stage.rita, "Spend 40", "Edit")
    await edits(stage, stage.rita, mine, amount="41")
    assert (await stage.request(request.id)).expires_at == until
    stage.forward(minutes=11)
    await stage.reaches(request.id, "expired")


async def test_a_sensitive_value_is_not_shown_again_and_stays_when_left_empty(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, f"refund order=ord_81 amount=50 iban={IBAN}")
    mine = await stage.told(stage.rita, "Refund 50", "Edit")
    await stage.rita.click(mine, "Edit")
    form = await stage.form(stage.rita, "iban")
    assert isinstance(form, View)
    assert IBAN not in str(form.content)
    await stage.rita.submit(form, {"note": "with a note"})
    await stage.settled()
    now = await stage.request(request.id)
    assert now.now_version.args["iban"] == IBAN
    assert now.now_version.args["note"] == "with a note"

    fresh = await second(stage, request.id)
    await stage.fay.click(fresh, "Approve")
    await stage.reaches(request.id, "succeeded")
    assert stage.target.runs()[0].body["iban"] == IBAN
    assert card.ts != fresh.ts


async def test_an_optional_value_can_be_taken_out(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, "refund order=ord_81 amount=50 note=hurry")
    mine = await stage.told(stage.rita, "Refund 50", "Edit")
    await edits(stage, stage.rita, mine, note="")
    assert "note" not in (await stage.request(request.id)).now_version.args
