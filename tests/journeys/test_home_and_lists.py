"""App Home, lists, one request; who may look at what; and what nobody sees."""

import pytest

from handlers.demo.slack import Element, Message, Person, View
from tests.journeys.stage import PATIENCE, Stage
from tests.journeys.test_asking import reply

ONE = "refund order=ord_81 amount=50"
IBAN = "DE89370400440532013000"


async def home(stage: Stage, who: Person, *words: str) -> View:
    """Their home, when it holds all these words."""
    await who.open_home()

    def there() -> View | None:
        view = who.home()
        return view if view is not None and all(word in who.reads(view) for word in words) else None

    found = await stage.slack.wait_for(there, timeout=PATIENCE)
    assert found is not None
    return found


def button(who: Person, shown: View | Message, label: str) -> Element:
    return next(one for one in who.buttons(shown) if one.label == label)


# ── home ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_empty_home_says_how_to_begin(stage: Stage) -> None:
    view = await home(stage, stage.rita, "Nothing waits for you", "You have not asked for anything yet")
    await stage.rita.click(view, "New request")
    form = await stage.form(stage.rita, "What do you need?")
    await stage.rita.submit(form, {"action": "refund"})
    await stage.rita.submit(await stage.form(stage.rita, "refund"), {"arg:order": "ord_81", "arg:amount": "50"})
    assert (await stage.only()).state == "pending"


async def test_home_shows_what_waits_what_i_asked_and_what_happened(stage: Stage) -> None:
    waiting, _ = await stage.asked(stage.rita, ONE)
    await stage.rita.command("#general", "/signoff something about paper")
    done, card = await stage.asked(stage.rita, "refund order=ord_82 amount=60")
    await stage.fay.click(card, "Approve")
    await stage.reaches(done.id, "succeeded")

    hers = stage.rita.reads(await home(stage, stage.rita, "Your drafts", "Your requests"))
    parts = hers.split("────")
    assert "Nothing waits for you" in parts[1]
    assert "something about paper" in parts[2]
    assert "Refund 50 USD" in parts[3]
    assert "Refund 60 USD" in parts[3]

    parts = stage.fay.reads(await home(stage, stage.fay, "Waiting for you")).split("────")
    assert "Refund 50 USD" in parts[1]
    assert "expires" in parts[1]
    assert "Refund 60 USD" not in parts[1]
    assert "Refund 60 USD" in parts[3]  # the latest one may see

    view = await home(stage, stage.fay, "Refund 50 USD")
    opens = [one for one in stage.fay.buttons(view) if one.label == "Open" and waiting.id in one.value]
    await stage.fay.click(view, opens[0].action_id)
    await stage.form(stage.fay, "Details", "Refund 50 USD", waiting.id)


async def test_home_is_drawn_anew_when_asked(stage: Stage) -> None:
    view = await home(stage, stage.fay, "Nothing waits for you")
    await stage.asked(stage.rita, ONE)
    await stage.fay.click(view, "Refresh")
    await stage.slack.wait_for(lambda: "Refund 50 USD" in stage.fay.reads(view) or None, timeout=PATIENCE)


async def test_home_says_that_signoff_is_paused(stage: Stage) -> None:
    await reply(stage, stage.olga, "/signoff pause")
    await home(stage, stage.rita, "Signoff is paused")


async def test_a_home_of_many_requests_is_one_slack_takes(stage: Stage) -> None:
    for n in range(25):
        await stage.rita.command("#general", f"/signoff run refund order=ord_{n:02} amount=50 note={'x' * 200}")
    view = await home(stage, stage.fay, "the newest 10")
    assert len(view.blocks) <= 100
    assert [call for call in stage.slack.calls if call.error] == []


async def test_strangers_see_nothing_at_home(stage: Stage) -> None:
    await stage.asked(stage.rita, ONE)
    gus = stage.slack.person("gus")
    seen = gus.reads(await home(stage, gus, "Waiting for you"))
    assert "Refund 50 USD" not in seen.split("────")[1]


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_three_lists(stage: Stage) -> None:
    first, card = await stage.asked(stage.rita, ONE)
    await stage.asked(stage.walt, "payout to=acme amount=70")
    mine = await reply(stage, stage.rita, "/signoff list mine")
    assert "Your requests" in mine
    assert "Refund 50 USD" in mine
    assert "Pay out" not in mine
    assert f"/signoff show {first.id}" in mine

    waiting = await reply(stage, stage.fay, "/signoff list waiting")
    assert "Waiting for you" in waiting
    assert "Refund 50 USD" in waiting
    assert "Pay out 70" in waiting
    assert await reply(stage, stage.fay, "/signoff list") == waiting  # the default
    assert "Nothing here" in await reply(stage, stage.rita, "/signoff list waiting")

    await stage.fay.click(card, "Approve")
    await stage.reaches(first.id, "succeeded")
    assert "Refund 50 USD" not in await reply(stage, stage.fay, "/signoff list waiting")
    everything = await reply(stage, stage.walt, "/signoff list all")
    assert "Refund 50 USD" in everything
    assert "Pay out 70" in everything


async def test_what_one_has_voted_on_no_longer_waits_for_one(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, "both_of_finance what=x")
    await stage.fay.click(card, "Approve")
    await stage.settled()
    assert "Nothing here" in await reply(stage, stage.fay, "/signoff list waiting")
    assert "Let two of finance look at x" in await reply(stage, stage.fred, "/signoff list waiting")


async def test_a_long_list_says_that_there_is_more(stage: Stage) -> None:
    for n in range(17):
        await stage.rita.command("#general", f"/signoff run refund order=ord_{n:02} amount=50")
    assert "There are more than these 15" in await reply(stage, stage.rita, "/signoff list mine")


# ── one request, and who may look ───────────────────────────────────────────────────────────────────────────────


async def test_show_is_for_those_who_may_look(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, "announce what=layoffs", where="#general")
    stage.slack.workspace.leave("C0GENERAL", stage.walt.id)
    await stage.settled()
    for person in (stage.rita, stage.fay, stage.olga, stage.dora):  # maker, asked, operator, in the card's channel
        assert "Announce layoffs" in await shown(stage, person, request.id), person.id
    assert "no such request, or it is not yours to see" in await shown(stage, stage.walt, request.id)
    assert "no such request, or it is not yours to see" in await shown(stage, stage.walt, "0" * 32)
    assert "no such request" in await shown(stage, stage.slack.person("gus"), request.id)
    assert "Announce" not in await reply_in(stage, stage.walt, "/signoff list all")


async def shown(stage: Stage, who: Person, request_id: str) -> str:
    return await reply_in(stage, who, f"/signoff show {request_id}")


async def reply_in(stage: Stage, who: Person, line: str) -> str:
    answered = await who.command("#approvals", line)
    assert answered.message is not None
    return who.reads(answered.message)


async def test_show_has_no_buttons_and_no_secrets(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, f"{ONE} iban={IBAN}")
    answered = await stage.walt.command("#approvals", f"/signoff show {request.id}")
    assert answered.message is not None
    assert stage.walt.buttons(answered.message) == []
    assert IBAN not in str(answered.message)


@pytest.mark.parametrize("line", ["show", "cancel", "show nonsense", "cancel nonsense"])
async def test_show_and_cancel_say_what_they_need(stage: Stage, line: str) -> None:
    async with stage.unchanged():
        told = await reply(stage, stage.rita, f"/signoff {line}")
        assert "say which: /signoff" in told or "no such request" in told


async def test_the_result_is_for_the_requester(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert "re_1" not in stage.walt.reads(card)
    await stage.told(stage.rita, "re_1")
    for who, sees in ((stage.rita, True), (stage.fay, False)):
        await who.click(card, "Details")
        form = await stage.form(who, "Details")
        assert ("re_1" in who.reads(form)) is sees


async def test_a_result_for_the_card_stands_on_the_card(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "find_out what=x")
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert "re_1" in stage.walt.reads(card)


# ── cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("through", ["command", "button"])
async def test_the_requester_takes_it_back(stage: Stage, through: str) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    kept = stage.fay.now(card)
    assert isinstance(kept, Message)
    if through == "command":
        assert "Cancelled. Nothing runs" in await reply(stage, stage.rita, f"/signoff cancel {request.id}")
    else:
        mine = await stage.told(stage.rita, "Refund 50 USD", "Cancel")
        await stage.rita.click(mine, "Cancel")
    await stage.settled()
    assert (await stage.request(request.id)).state == "cancelled"
    assert "Cancelled" in stage.walt.reads(card)
    async with stage.unchanged():
        await stage.fay.forge_click(kept, "approve")
        await stage.told(stage.fay, "cancelled already")


async def test_an_operator_may_cancel_and_others_may_not(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        for person in (stage.fay, stage.walt):
            told = await reply(stage, person, f"/signoff cancel {request.id}")
            assert "Only the requester or an operator may cancel it" in told
    assert "Cancelled" in await reply(stage, stage.olga, f"/signoff cancel {request.id}")
    await stage.told(stage.rita, "@olga", "cancelled it")


# ── pause and resume ────────────────────────────────────────────────────────────────────────────────────────────


async def test_pause_stops_runs_not_votes_and_is_for_operators(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        for line in ("/signoff pause", "/signoff resume"):
            assert "Only an operator may do this" in await reply(stage, stage.fay, line)
    assert "Paused" in await reply(stage, stage.olga, "/signoff pause")
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "approved")
    await stage.slack.quiet()
    assert stage.target.runs() == []
    assert "Resumed" in await reply(stage, stage.olga, "/signoff resume")
    stage.forward(seconds=5)
    await stage.reaches(request.id, "succeeded")


# ── what nobody sees ────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_sensitive_value_is_masked_everywhere_but_where_it_runs(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    request, card = await stage.asked(stage.rita, f"{ONE} iban={IBAN}")
    await home(stage, stage.fay, "Refund 50 USD")
    await home(stage, stage.rita, "Refund 50 USD")
    for who in (stage.fay, stage.rita, stage.walt, stage.olga):
        await who.click(card, "Details")
        form = await stage.form(who, "Details", "hidden")
        assert ("Reveal iban" in [one.label for one in who.buttons(form)]) is (who.id == stage.fay.id)
        await who.close()
    await stage.fay.click(card, "Edit")
    await stage.form(stage.fay, "Edit")
    await stage.fay.close()
    await stage.fay.click(card, "Reject")
    await stage.form(stage.fay, "Why not?")
    await stage.fay.close()
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()

    assert stage.target.runs()[0].body["iban"] == IBAN
    calls = str([(call.method, call.args) for call in stage.slack.calls])
    assert IBAN not in calls.replace(f"iban={IBAN}", "")
    assert IBAN not in str([delivery.ack for delivery in stage.slack.log])
    assert IBAN not in str(await stage.events())
    captured = capsys.readouterr()
    assert IBAN not in captured.err + captured.out
    database = stage.settings.config.parent
    assert not [path for path in database.glob("signoff.db*") if IBAN.encode() in path.read_bytes()]


async def test_reveal_shows_it_to_one_approver_and_is_an_event(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, f"{ONE} iban={IBAN}")
    await stage.fay.click(card, "Details")
    form = await stage.form(stage.fay, "Reveal iban")
    token = button(stage.fay, form, "Reveal iban").value
    await stage.fay.click(form, "Reveal iban")
    await stage.form(stage.fay, IBAN, "Only you see this")
    assert stage.walt.modal() is None
    seen = [event for event in await stage.events(request.id) if event["type"] == "reveal"]
    assert [(event["actor"]["id"], event["detail"]) for event in seen] == [(stage.fay.id, {"name": "iban"})]

    await stage.walt.click(card, "Details")
    theirs = await stage.form(stage.walt, "Details")
    async with stage.unchanged():
        payload = stage.walt.click_payload(card, "reveal", token) | {
            "view": theirs.json("T0LOCAL", "A0", "B0"),
            "container": {"type": "view", "view_id": theirs.id},
        }
        await stage.slack.deliveries.send("interactive", payload)
        await stage.told(stage.walt, "not a member there now")


# ── deciding from home ──────────────────────────────────────────────────────────────────────────────────────────


async def test_what_waits_is_approved_from_home_in_its_review(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    view = await home(stage, stage.fay, "Refund 50 USD")
    await stage.fay.click(view, "Review")
    form = await stage.form(stage.fay, "Review", "Refund 50 USD", "Medium risk")
    answered = await stage.fay.submit(form)
    assert answered.top is None
    done = await stage.reaches(request.id, "succeeded")
    assert [(vote.person, vote.via) for vote in done.votes] == [(stage.fay.id, "review")]
    await stage.settled()
    assert "Done" in stage.walt.reads(card)


async def test_what_waits_is_rejected_from_its_review(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, "payout to=acme amount=70")
    view = await home(stage, stage.fay, "Pay out 70")
    await stage.fay.click(view, "Review")
    await stage.fay.click(await stage.form(stage.fay, "Review", "Pay out 70"), "Reject")
    answered = await stage.fay.submit(await stage.form(stage.fay, "Why not?"), {"reason": "no"})
    assert answered.top is None  # the review below it is closed too
    await stage.reaches(request.id, "rejected")


async def test_a_home_that_is_old_decides_nothing_by_itself(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, "gift amount=40")
    view = await home(stage, stage.fay, "Give 40")
    mine = await stage.told(stage.rita, "Give 40", "Edit")
    await stage.rita.click(mine, "Edit")
    await stage.rita.submit(await stage.form(stage.rita, "Edit"), {"amount": "90"})
    await stage.settled()
    await stage.fay.click(view, "Review")  # listed as version 1: what opens is what is asked now
    form = await stage.form(stage.fay, "Give 90")
    await stage.fay.submit(form)
    await stage.reaches(request.id, "succeeded")
    async with stage.unchanged():
        await stage.fay.click(view, "Review")
        await stage.told(stage.fay, "has run already")


async def test_where_no_channel_takes_the_card_home_still_does(stage: Stage) -> None:
    for channel in ("C0APPROVALS", "C0OPS"):
        stage.slack.workspace.change_channel(channel, archived=True)
    await stage.rita.command("#general", f"/signoff run {ONE}")
    await stage.told(stage.rita, "cannot be posted")
    view = await home(stage, stage.fay, "Refund 50 USD")
    await stage.fay.click(view, "Review")
    await stage.fay.submit(await stage.form(stage.fay, "Review"))
    await stage.reaches((await stage.only()).id, "succeeded")
