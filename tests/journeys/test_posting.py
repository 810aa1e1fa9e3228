"""Cards on their way into Slack: posted once, posted elsewhere, posted again; one live card at most, always."""

import json
from pathlib import Path

import pytest

from handlers.demo.slack import BotFailedError, Fault, Message
from tests.journeys.stage import PATIENCE, Stage, world

ONE = "refund order=ord_81 amount=50"
TITLE = "Refund 50 USD for order ord_81"


def cards(stage: Stage, where: str = "#approvals") -> list[Message]:
    """What looks like a card that can be decided on."""
    return [one for one in stage.walt.sees(where) if "[Approve]" in stage.walt.reads(one)]


async def test_nothing_we_post_unfurls_mentions_by_name_or_parses(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, 'refund order=ord_81 amount=50 note="see https://evil.example"')
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    for call in stage.slack.calls:
        if call.method == "chat.postMessage":
            assert call.args["unfurl_links"] is False
            assert call.args["unfurl_media"] is False
        assert not {"parse", "link_names", "username", "icon_url", "mrkdwn"} & set(call.args)
        assert "mrkdwn" not in json.dumps(call.args.get("blocks", []))


async def test_the_card_holds_a_token_and_nothing_to_decide_on(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    (message,) = [one for one in await stage.house.desk.store.messages(request.id) if one.place == "card"]
    values = {one.value for one in stage.fay.buttons(card)}
    assert values == {f"v1.{request.id}.1.{message.nonce}"}


# ── lost answers ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_lost_answer_leaves_one_live_card_and_a_copy_that_decides_nothing(stage: Stage) -> None:
    stage.slack.faults.next("chat.postMessage", Fault.dropped(after_effect=True), times=2)  # hers, and the card
    await stage.rita.command("#general", f"/signoff run {ONE}")
    await stage.slack.wait_for(lambda: len(cards(stage)) == 2, timeout=PATIENCE)
    await stage.settled()
    request = await stage.only()
    (live,) = [one for one in await stage.house.desk.store.messages(request.id) if one.place == "card"]
    orphan, card = cards(stage)
    assert (card.channel, card.ts) == (live.channel, live.ts)

    async with stage.unchanged():
        await stage.fay.click(orphan, "Approve")
        await stage.told(stage.fay, "replaced by a newer one; please use that")
    assert "Approve" not in stage.walt.reads(orphan)  # and now it says so itself
    assert "It decides nothing" in stage.walt.reads(orphan)
    assert cards(stage) == [card]

    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


@pytest.mark.parametrize(
    "fault", [Fault.http(500), Fault.http(502), Fault.http(503), Fault.dropped(), Fault.refused("fatal_error")], ids=str
)
async def test_a_card_slack_did_not_take_is_posted_when_it_does(stage: Stage, fault: Fault) -> None:
    stage.slack.faults.next("chat.postMessage", fault, times=4)
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    assert cards(stage) == [card]
    await stage.told(stage.rita, TITLE)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_retry_after_is_waited_for_and_holds_the_method_back(stage: Stage) -> None:
    stage.slack.faults.next("chat.postMessage", Fault.rate_limited(1))
    await stage.asked(stage.rita, ONE)
    await stage.settled()
    calls = [call for call in stage.slack.calls if call.method == "chat.postMessage"]
    refused = next(call for call in calls if call.error == "ratelimited")
    assert [call for call in calls if 0.2 < call.at - refused.at < 0.95] == []  # what was on its way already came
    assert [call for call in calls if call.at - refused.at > 0.95] != []
    assert len(cards(stage)) == 1


async def test_posts_in_one_channel_keep_slacks_pace(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.stage(spacing=1.25) as stage:
        stage.slack.limits.on("chat.postMessage")
        for order in ("ord_1", "ord_2", "ord_3"):
            await stage.rita.command("#general", f"/signoff run refund order={order} amount=50")
        await stage.slack.wait_for(lambda: len(cards(stage)) == 3, timeout=PATIENCE)
        await stage.settled()
        assert [call for call in stage.slack.calls if call.error] == []
        seen = [stage.walt.reads(card) for card in cards(stage)]
        assert ["ord_1" in seen[0], "ord_2" in seen[1], "ord_3" in seen[2]] == [True] * 3


# ── elsewhere ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("why", ["archived", "not a member", "no such channel"])
async def test_a_channel_that_takes_no_posts_is_left_for_the_fallback(stage: Stage, why: str) -> None:
    match why:
        case "archived":
            stage.slack.workspace.change_channel("C0APPROVALS", archived=True)
        case "not a member":
            stage.slack.workspace.leave("C0APPROVALS", stage.slack.app.bot_user)
        case _:
            stage.slack.faults.next("chat.postMessage", Fault.refused("channel_not_found"), times=1)
            stage.slack.faults.next("conversations.open", Fault.slow(0.3))  # the card goes first
    stage.slack.workspace.join("C0OPS", stage.fay.id)
    await stage.rita.command("#general", f"/signoff run {ONE}")
    card = await stage.card(stage.fay, TITLE, "Approve", where="#ops")
    notice = await stage.card(stage.olga, "Slack would not take a message in #approvals", where="#ops")
    assert "is here instead" in stage.olga.reads(notice)
    await stage.settled()

    await stage.fay.click(card, "Approve")
    request = await stage.only()
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert "Done" in stage.fay.reads(card)
    assert any("It ran" in stage.fay.reads(line) for line in stage.fay.thread(card))


async def test_where_no_channel_takes_the_card_the_requester_hears_it(stage: Stage) -> None:
    for channel in ("C0APPROVALS", "C0OPS"):
        stage.slack.workspace.change_channel(channel, archived=True)
    await stage.rita.command("#general", f"/signoff run {ONE}")
    told = await stage.told(stage.rita, "cannot be posted", "is_archived")
    assert TITLE in stage.rita.reads(told)
    assert (await stage.only()).state == "pending"

    stage.slack.workspace.change_channel("C0APPROVALS", archived=False)
    stage.forward(minutes=2)
    await stage.settled()
    (card,) = cards(stage)
    await stage.fay.click(card, "Approve")
    await stage.reaches((await stage.only()).id, "succeeded")


async def test_a_requester_who_cannot_be_written_to_loses_nothing_but_the_message(stage: Stage) -> None:
    stage.slack.faults.next("conversations.open", Fault.refused("cannot_dm_bot"), times=20)
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_an_action_may_have_its_own_channel(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, "announce what=moving", where="#general")
    assert card.channel == "C0GENERAL"
    assert cards(stage) == []


# ── gone ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_deleted_card_is_posted_again_and_the_old_one_decides_nothing(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "both_of_finance what=x")
    await stage.settled()
    kept = stage.fay.now(card)
    assert isinstance(kept, Message)
    stage.slack.workspace.delete_message(card.channel, card.ts)
    stage.forward(minutes=6)  # and somebody is reminded of it
    fresh = await stage.card(stage.fay, request.id, "Approve")
    assert fresh.ts != card.ts

    async with stage.unchanged():
        await stage.fay.forge_click(kept, "approve")
        await stage.told(stage.fay, "replaced by a newer one")

    await stage.fay.click(fresh, "Approve")
    await stage.fred.click(fresh, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert "Done" in stage.walt.reads(fresh)


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message"])
async def test_a_card_that_can_no_longer_be_changed_still_hears_in_its_thread(stage: Stage, error: str) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    stage.slack.faults.next("chat.update", Fault.refused(error), times=50)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    thread = "\n".join(stage.walt.reads(line) for line in stage.walt.thread(card))
    assert "@fay approved" in thread
    assert "It ran" in thread
    async with stage.unchanged():
        await stage.fred.click(card, "Approve")
        await stage.told(stage.fred, "has run already")


@pytest.mark.parametrize(
    "fault", [Fault.rate_limited(1), Fault.http(503), Fault.dropped(), Fault.dropped(after_effect=True)], ids=str
)
async def test_a_redraw_slack_did_not_take_is_made_when_it_does(stage: Stage, fault: Fault) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.settled()
    stage.slack.faults.next("chat.update", fault, times=2)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert "Done" in stage.walt.reads(card)
    shown = [one for one in stage.walt.sees("#approvals") if request.id in stage.walt.reads(one)]
    assert shown == [stage.walt.now(card)]  # redrawn where it stands, nothing posted anew


# ── restarts ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_old_cards_work_after_a_restart_at_the_first_click(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        async with made.stage() as stage:
            asked = [await stage.asked(stage.rita, f"refund order=ord_{n} amount=50") for n in range(3)]
            await stage.fay.click(asked[2][1], "Reject")
            form = await stage.form(stage.fay, "Why not?")
            await stage.settled()
        with pytest.raises(BotFailedError):  # Slack says so at the card: nothing looks decided
            await stage.fay.click(asked[0][1], "Approve")

        async with made.stage() as stage:
            await stage.fay.click(asked[0][1], "Approve")
            await stage.reaches(asked[0][0].id, "succeeded")
            await stage.rejects(stage.fred, asked[1][1], "no")
            await stage.reaches(asked[1][0].id, "rejected")
            await stage.fay.submit(form, {"reason": "written before the restart"})
            await stage.reaches(asked[2][0].id, "rejected")
            await stage.settled()
            assert "Done" in stage.walt.reads(asked[0][1])


async def test_what_was_to_be_posted_when_it_stopped_is_posted_when_it_starts(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        made.slack.faults.next("chat.postMessage", Fault.http(503), times=1000)
        async with made.stage() as stage:
            await stage.rita.command("#general", f"/signoff run {ONE}")
        made.slack.faults.clear()
        async with made.stage() as stage:
            stage.forward(minutes=2)
            card = await stage.card(stage.fay, TITLE, "Approve")
            await stage.settled()
            assert cards(stage) == [card]
