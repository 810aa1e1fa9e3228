"""Time runs out: for a decision, for a draft, for the run. It never approves and does not look like a person's no."""

from handlers.demo.slack import Message, Person
from tests.journeys.stage import Stage

ASKED = "charge order=ord_1 amount=50"  # expires after an hour; runs within an hour of its approval
HEADLINE = "Charge 50 to ord_1"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


async def test_a_second_before_it_expires_a_vote_counts(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.later(minutes=59, seconds=55)
    assert (await stage.request(request.id)).state == "pending"
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_what_nobody_decided_expires_and_nobody_said_no(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.later(hours=1)
    over = await stage.request(request.id)
    assert over.state == "expired"
    assert over.votes == ()
    for who, where in ((stage.walt, card), (stage.rita, await stage.told(stage.rita, HEADLINE, "Expired", "digest"))):
        shown = who.reads(where)
        assert "⌛ Expired: nobody said yes or no in time" in shown
        assert "Rejected" not in shown
        assert labels(who, where) == ["Details"]
    (line,) = [one for one in stage.walt.thread(card) if "Expired" in stage.walt.reads(one)]
    assert "Nobody said no, and nothing ran" in stage.walt.reads(line)
    await stage.told(stage.rita, "Nobody said no, and nothing ran")
    assert stage.target.runs() == []


async def test_a_late_click_on_an_old_copy_of_the_card_decides_nothing(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ASKED)
    await stage.later(hours=1)
    for button in ("approve", "reject", "edit", "ask"):
        async with stage.unchanged():
            await stage.fay.forge_click(card, button)
            await stage.told(stage.fay, "expired")


async def test_a_form_that_was_open_when_it_expired_decides_nothing(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, "payout to=alice amount=50")
    await stage.fay.click(card, "review")
    form = await stage.form(stage.fay, "Pay out 50 to alice")
    await stage.later(hours=24)
    async with stage.unchanged():
        answered = await stage.fay.submit(form)
        assert answered.top is not None
        assert "expired" in stage.fay.reads(answered.top)


async def test_an_edit_never_gives_it_more_time_than_the_first_version_had(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "refund order=ord_1 amount=50")
    await stage.later(minutes=50)
    await stage.fay.click(card, "edit")
    answered = await stage.fay.submit(await stage.form(stage.fay, "Refund 50"), {"arg:amount": "60"})
    assert answered.top is None
    edited = await stage.request(request.id)
    assert edited.now_version.number == 2
    assert edited.expires_at == request.expires_at
    await stage.later(minutes=10)
    assert (await stage.request(request.id)).state == "expired"


async def test_a_draft_nobody_sends_is_dropped_after_a_day(stage: Stage) -> None:
    await stage.rita.command("#general", "/signoff please charge ord_1 fifty")
    draft = await stage.told(stage.rita, "Discard")
    await stage.later(hours=23, minutes=59)
    assert "Discard" in labels(stage.rita, draft)
    await stage.later(minutes=1)
    assert "Expired: it was never sent" in stage.rita.reads(draft)
    assert labels(stage.rita, draft) == []
    async with stage.unchanged():
        await stage.rita.forge_click(draft, "open_form")
        await stage.rita.forge_click(draft, "send")


async def test_what_was_approved_and_did_not_start_in_time_does_not_start(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ASKED)
    await stage.olga.command("#ops", "/signoff pause")
    await stage.fay.click(card, "Approve")
    waiting = await stage.reaches(request.id, "approved")
    assert waiting.run_by == (waiting.approved_at or 0) + 3_600_000
    await stage.later(hours=1)
    assert (await stage.request(request.id)).state == "expired"
    await stage.olga.command("#ops", "/signoff resume")
    await stage.later(seconds=5)
    assert stage.target.runs() == []
    shown = stage.walt.reads(card)
    assert "Expired: approved, but it did not start in time" in shown
    assert "Approved by @fay" in shown
    await stage.told(stage.rita, "it did not start in time")
