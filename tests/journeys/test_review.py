"""High, critical, and what no card can hold: all of it is shown, drawn fresh, before anybody can say yes."""

from handlers.demo.slack import Message, Person, View
from tests.journeys.stage import Stage
from tests.journeys.target import status

HIGH = "payout to=acme amount=70"
DROP = "drop_table table=users"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


async def test_high_has_review_in_place_of_approve_and_shows_all_of_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    assert labels(stage.fay, card) == ["Review", "Reject", "Edit", "Ask", "Details"]
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70 to acme")
    seen = stage.fay.reads(form)
    for shown in ("High risk", "@rita", "to      acme", "amount  70", "/payouts", "POST", "default for high risk"):
        assert shown in seen
    assert request.now_version.short_digest in seen
    assert "[Approve]" in seen

    answered = await stage.fay.submit(form)
    assert answered.top is None
    done = await stage.reaches(request.id, "succeeded")
    assert done.votes[0].via == "review"


async def test_only_those_who_may_decide_are_given_the_review(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, HIGH)
    async with stage.unchanged():
        for person, why in ((stage.rita, "requester's side"), (stage.walt, "not a member there now")):
            await person.click(card, "Review")
            await stage.told(person, why)
            assert person.modal() is None
            await person.click(card, "Details")  # the others read it there
            await stage.form(person, "Pay out 70 to acme", "acme")


async def test_critical_takes_two_and_the_right_word(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, DROP)
    await stage.dora.click(card, "Review")
    form = await stage.form(stage.dora, "Drop table users", "CRITICAL risk", "Type this to approve", "users")
    await stage.settled()
    async with stage.unchanged():
        for wrong in ("user", "users2", "USERS", "yes", request.now_version.short_digest):
            answered = await stage.dora.submit(form, {"confirm": wrong})
            assert answered.errors == {"confirm": "To approve, type exactly: users"}, wrong
    answered = await stage.dora.submit(form, {"confirm": " users "})
    assert answered.top is None
    await stage.settled()
    assert (await stage.request(request.id)).state == "pending"
    assert "1 of 2" in stage.walt.reads(card)

    await stage.dan.click(card, "Review")
    await stage.dan.submit(await stage.form(stage.dan, "Type this to approve"), {"confirm": "users"})
    await stage.reaches(request.id, "succeeded")
    assert [run.path for run in stage.target.runs()] == ["/drop/users"]


async def test_nothing_typed_is_no_confirmation(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, DROP)
    await stage.dora.click(card, "Review")
    form = await stage.form(stage.dora, "Type this to approve")
    await stage.settled()
    async with stage.unchanged():
        ack = await stage.dora.forge_submit(form, {})
        assert ack.body["response_action"] == "errors"


async def test_where_no_word_is_named_the_digest_is_typed(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "wipe_disk disk=sda")
    await stage.dora.click(card, "Review")
    digest = request.now_version.short_digest
    form = await stage.form(stage.dora, "Type this to approve", digest)
    async with stage.unchanged():
        answered = await stage.dora.submit(form, {"confirm": "sda"})
        assert answered.errors == {"confirm": f"To approve, type exactly: {digest}"}
    await stage.dora.submit(form, {"confirm": digest})
    await stage.dan.click(card, "Review")
    await stage.dan.submit(await stage.form(stage.dan, digest), {"confirm": digest})
    await stage.reaches(request.id, "succeeded")


async def test_a_word_may_be_asked_for_at_any_risk(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "rename_host host=db1")
    assert "Review" in labels(stage.fay, card)
    await stage.fay.click(card, "Review")
    await stage.fay.submit(await stage.form(stage.fay, "Type this to approve", "db1"), {"confirm": "db1"})
    await stage.reaches(request.id, "succeeded")


# ── previews ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_preview_is_on_the_card_and_asked_again_when_somebody_looks(stage: Stage) -> None:
    stage.target.answers.append(status(200, rows=12))
    request, card = await stage.asked(stage.rita, DROP)
    await stage.slack.wait_for(lambda: '"rows": 12' in stage.walt.reads(card) or None)

    stage.target.answers.append(status(200, rows=13))
    await stage.dora.click(card, "Review")
    form = await stage.form(stage.dora, '"rows": 13')
    await stage.settled()
    assert '"rows": 13' in stage.walt.reads(card)
    assert len([one for one in stage.target.arrivals if one.path == "/preview/users"]) == 2
    await stage.dora.submit(form, {"confirm": "users"})
    await stage.settled()
    assert len((await stage.request(request.id)).votes) == 1


async def test_what_was_typed_outlives_a_preview_that_comes_late(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, DROP)
    await stage.settled()
    stage.target.answers.append(status(200, rows=99))
    await stage.dora.click(card, "Review")
    form = await stage.form(stage.dora, "Type this to approve")
    stage.dora.fill(form, {"confirm": "users"})
    await stage.form(stage.dora, '"rows": 99')
    answered = await stage.dora.submit()
    assert answered.top is None


async def test_a_preview_that_fails_takes_one_click_away(stage: Stage) -> None:
    stage.target.answers.append(status(500, error="no"))
    request, card = await stage.asked(stage.rita, "resize disk=sdb size=20")
    await stage.slack.wait_for(lambda: "preview failed" in stage.walt.reads(card) or None)
    await stage.settled()
    assert labels(stage.fay, card)[0] == "Review"
    async with stage.unchanged():
        review = next(one.value for one in stage.fay.buttons(card) if one.action_id == "review")
        await stage.fay.forge_click(card, "approve", review)
        await stage.told(stage.fay, "Press Review on the card")

    await stage.fay.click(card, "Review")  # and now it answers: people see what it says
    form = await stage.form(stage.fay, "What it says it would do")
    await stage.fay.submit(form)
    await stage.reaches(request.id, "succeeded")


async def test_a_preview_that_works_leaves_one_click_where_the_risk_allows_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "resize disk=sdb size=20")
    await stage.settled()
    assert labels(stage.fay, card)[0] == "Approve"
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


# ── more than a card can hold ───────────────────────────────────────────────────────────────────────────────────


async def page(stage: Stage, who: Person, number: int, count: int) -> View:
    return await stage.form(who, f"Review: page {number} of {count}")


async def test_what_no_card_can_hold_is_paged_through_before_anybody_can_approve(stage: Stage) -> None:
    lines = [f"line {n:04} {'x' * 60}" for n in range(900)]
    await stage.rita.command("#general", "/signoff")
    form = await stage.form(stage.rita, "What do you need?")
    await stage.rita.submit(form, {"action": "post_batch"})
    form = await stage.form(stage.rita, "post_batch")
    parts = {f"part{n}": "\n".join(lines[(n - 1) * 36 : n * 36]) for n in range(1, 26)}
    await stage.rita.submit(form, parts)
    card = await stage.card(stage.fay, "Post the batch", "Review")
    assert "Approve" not in labels(stage.fay, card)
    assert "This card cannot show all of it" in stage.fay.reads(card)
    request = await stage.only()

    await stage.fay.click(card, "Review")
    top = await stage.form(stage.fay, "Review: page 1 of ")
    count = int(top.title.rpartition(" ")[2])
    assert count > 2
    seen = ""
    for number in range(1, count + 1):
        view = await page(stage, stage.fay, number, count)
        seen += stage.fay.reads(view)
        if number < count:
            assert "submit" not in view.content
            await stage.fay.click(view, f"Next: page {number + 1} of {count}")
    assert [line for line in lines if line not in seen] == []

    await stage.fay.click(stage.fay.modal(), "Back")  # type: ignore[arg-type] # it is open
    back = await page(stage, stage.fay, count - 1, count)
    assert "submit" not in back.content
    await stage.fay.click(back, f"Next: page {count} of {count}")
    answered = await stage.fay.submit(await page(stage, stage.fay, count, count))
    assert answered.top is None
    await stage.reaches(request.id, "succeeded")
    assert stage.target.runs()[0].body["part25"].startswith("line 0864")


async def test_what_may_deceive_the_eye_is_reviewed_and_named(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, 'refund order=ord_81 amount=50 note="pay\u202ecba"')
    assert labels(stage.fay, card)[0] == "Review"
    seen = stage.fay.reads(card)
    assert "\\u{202e}" in seen
    assert "hidden characters" in seen
    assert "\u202e" not in seen
    await stage.fay.click(card, "Review")
    await stage.fay.submit(await stage.form(stage.fay, "\\u{202e}"))
    done = await stage.reaches(request.id, "succeeded")
    assert done.now_version.args["note"] == "pay\u202ecba"
