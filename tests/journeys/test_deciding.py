"""Approve, reject, and how many it takes: one person, one vote on a version, and it is final."""

import contextlib
import sqlite3

import pytest

from handlers.demo.slack import Message, NotThereError, Person
from tests.journeys.stage import Stage

ONE = "refund order=ord_81 amount=50"  # one of finance
STAGES = "refund order=ord_81 amount=600"  # one of finance, then a director
TWO = "refund order=ord_81 amount=2000"  # two of finance; two reject


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


async def test_one_approval_runs_it_and_everybody_sees_what_came_of_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    assert labels(stage.fay, card) == ["Approve", "Reject", "Edit", "Ask", "Details"]

    await stage.fay.click(card, "Approve")

    done = await stage.reaches(request.id, "succeeded")
    assert [vote.person for vote in done.votes] == [stage.fay.id]
    await stage.settled()
    shown = stage.walt.reads(card)
    assert "Done" in shown
    assert "Approved by @fay" in shown
    assert "Approve" not in labels(stage.fay, card)
    thread = "\n".join(stage.walt.reads(line) for line in stage.walt.thread(card))
    assert "@fay approved" in thread
    assert "It ran" in thread
    await stage.told(stage.rita, "Refund 50 USD for order ord_81", "Done", "Approved by @fay", "re_1")


async def test_the_confirm_dialog_can_be_declined(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        assert await stage.fay.click(card, "Approve", accept=False) is None


async def test_a_rejection_needs_a_reason_and_tells_it_to_the_requester(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Reject")
    form = await stage.form(stage.fay, "Refund 50 USD for order ord_81", "Why not?")

    async with stage.unchanged():
        answered = await stage.fay.submit(form, {"reason": "   "})
        assert answered.errors["reason"].startswith("say why")

    answered = await stage.fay.submit(answered.top, {"reason": "The parcel arrived <!channel> on Monday"})
    assert answered.top is None
    await stage.settled()

    assert (await stage.request(request.id)).state == "rejected"
    assert stage.target.runs() == []
    assert labels(stage.walt, card) == ["Details"]
    for place in (stage.walt.reads(card), stage.walt.reads(stage.walt.thread(card)[-1])):
        assert "@fay" in place
        assert "The parcel arrived <!channel> on Monday" in place
    await stage.told(stage.rita, "Rejected", "The parcel arrived <!channel> on Monday", "@fay")


async def test_one_of_two_keeps_it_waiting_and_the_second_runs_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, TWO)
    await stage.fay.click(card, "Approve")
    await stage.settled()

    waiting = await stage.request(request.id)
    assert waiting.state == "pending"
    assert stage.target.runs() == []
    assert "1 of 2" in stage.walt.reads(card)
    assert "Approve" in labels(stage.fred, card)
    assert "More are needed" in stage.walt.reads(stage.walt.thread(card)[-1])

    await stage.fred.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    assert len(stage.target.runs()) == 1


async def test_stages_pass_in_their_order(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, STAGES)
    async with stage.unchanged():
        await stage.dora.click(card, "Approve")
        await stage.told(stage.dora, "asks finance", "Nothing is recorded")

    await stage.fay.click(card, "Approve")
    await stage.settled()
    assert (await stage.request(request.id)).stage == 1
    assert "Stage 2 of 2" in stage.walt.reads(card)
    assert stage.target.runs() == []

    async with stage.unchanged():
        await stage.fred.click(card, "Approve")
        await stage.told(stage.fred, "asks directors", "Nothing is recorded")

    await stage.dora.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_a_person_counts_in_one_stage_only(stage: Stage) -> None:
    stage.slack.workspace.add_to_group("S0FINANCE", stage.dora.id)
    request, card = await stage.asked(stage.rita, STAGES)
    await stage.dora.click(card, "Approve")
    await stage.settled()
    assert (await stage.request(request.id)).stage == 1

    async with stage.unchanged():
        await stage.dora.click(card, "Approve")
        await stage.told(stage.dora, "voted on this version already")

    await stage.dan.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_the_same_person_counts_once(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, TWO)
    await stage.fay.click(card, "Approve")
    await stage.settled()
    async with stage.unchanged():
        await stage.fay.click(card, "Approve")
        await stage.told(stage.fay, "voted on this version already; a vote is final")
        await stage.fay.click(card, "Reject")
        await stage.told(stage.fay, "voted on this version already; a vote is final")
    assert (await stage.request(request.id)).state == "pending"


async def test_a_person_in_two_groups_of_a_stage_is_one_person(stage: Stage) -> None:
    stage.slack.workspace.add_to_group("S0FINANCE", stage.olga.id)
    request, card = await stage.asked(stage.rita, "both_look what=x")
    await stage.olga.click(card, "Approve")
    await stage.settled()
    assert (await stage.request(request.id)).state == "pending"
    assert len((await stage.request(request.id)).votes) == 1

    await stage.fay.click(card, "Approve")  # and olga counts for the operators now
    await stage.reaches(request.id, "succeeded")


async def test_rejections_count_over_the_stage(stage: Stage) -> None:
    stage.slack.workspace.add_to_group("S0FINANCE", stage.walt.id)
    stage.slack.workspace.add_to_group("S0FINANCE", stage.dan.id)
    request, card = await stage.asked(stage.rita, TWO)
    await stage.fay.click(card, "Approve")
    await stage.rejects(stage.fred, card, "too much")
    await stage.settled()
    assert (await stage.request(request.id)).state == "pending"
    assert "Rejected by @fred" in stage.walt.reads(card)

    await stage.rejects(stage.walt, card, "again too much")
    await stage.settled()
    assert (await stage.request(request.id)).state == "rejected"
    assert stage.target.runs() == []


async def test_it_is_rejected_when_those_who_are_left_cannot_meet_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "both_look what=x")
    await stage.rejects(stage.olga, card, "not on a Friday")  # the only operator; rejects: 2
    await stage.settled()
    rejected = await stage.request(request.id)
    assert rejected.state == "rejected"
    assert "can no longer meet" in rejected.reason
    await stage.told(stage.rita, "Rejected", "can no longer meet")


@pytest.mark.parametrize("late", ["approve", "reject"])
async def test_a_late_vote_changes_nothing_and_says_so(stage: Stage, late: str) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    kept = stage.fred.now(card)  # as Fred's screen still shows it
    assert isinstance(kept, Message)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()

    async with stage.unchanged():
        await stage.fred.forge_click(kept, late)
        await stage.told(stage.fred, "has run already")
    with pytest.raises(NotThereError):
        await stage.fred.click(card, "Approve")


async def test_a_vote_after_the_time_is_over_is_no_vote(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    kept = stage.fay.now(card)
    assert isinstance(kept, Message)
    stage.forward(hours=2)
    await stage.reaches(request.id, "expired")
    await stage.settled()
    assert "nobody said yes or no" in stage.walt.reads(card)
    async with stage.unchanged():
        await stage.fay.forge_click(kept, "approve")
        await stage.told(stage.fay, "expired")


async def test_the_card_of_one_request_never_moves_another(stage: Stage) -> None:
    first, first_card = await stage.asked(stage.rita, "refund order=ord_1 amount=10")
    second, second_card = await stage.asked(stage.rita, "refund order=ord_2 amount=20")
    mixed = {value.action_id: value.value for value in stage.fay.buttons(second_card)}

    async with stage.unchanged():  # the button of the second, said to stand in the card of the first
        await stage.fay.forge_click(first_card, "approve", mixed["approve"])
        await stage.told(stage.fay, "no such request")

    await stage.fay.click(second_card, "Approve")
    await stage.reaches(second.id, "succeeded")
    assert (await stage.request(first.id)).state == "pending"
    assert [run.body["order"] for run in stage.target.runs()] == ["ord_2"]


async def test_an_identical_open_request_is_not_asked_twice(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, ONE)
    again = await stage.rita.command("#general", f"/signoff run {ONE}")
    assert again.message is not None
    assert request.id in stage.rita.reads(again.message)
    assert len(await stage.house.desk.store.recent(10)) == 1


async def test_a_denied_request_says_by_which_rule(stage: Stage) -> None:
    reply = await stage.rita.command("#general", "/signoff run payout to=mallory amount=1")
    assert reply.message is not None
    assert "denied by never to mallory" in stage.rita.reads(reply.message)
    request = await stage.only()
    assert request.state == "denied"


async def test_what_is_allowed_runs_at_once_and_the_requester_hears(stage: Stage) -> None:
    reply = await stage.rita.command("#general", '/signoff run note text="Order more paper"')
    assert reply.message is not None
    request = await stage.only()
    await stage.reaches(request.id, "succeeded")
    assert [run.body for run in stage.target.runs()] == [{"text": "Order more paper"}]
    await stage.told(stage.rita, "Write down Order more paper", "Done")


# ── exceptions, and faults of ours ──────────────────────────────────────────────────────────────────────────────


async def test_a_stage_may_ask_the_requester_for_their_own_confirmation(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "confirm_own what=x")
    async with stage.unchanged():
        await stage.fay.click(card, "Approve")
        await stage.told(stage.fay, "you are not a member there now")
    await stage.rita.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    (vote,) = [event for event in await stage.events(request.id) if event["type"] == "vote"]
    assert vote["detail"]["exception"] == "from_requester"


async def test_what_cannot_be_recorded_is_not_believed_and_can_be_pressed_again(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    await stage.fay.click(card, "Reject")
    form = await stage.form(stage.fay, "Why not?")
    await stage.settled()
    path = stage.settings.config.parent / "signoff.db"
    async with stage.unchanged():
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("ALTER TABLE votes RENAME TO votes_away")
            try:
                ack = await stage.fred.click(card, "Approve")
                assert ack is not None
                assert ack.seconds < 2.5
                await stage.told(stage.fred, "⛔")
                answered = await stage.fay.submit(form, {"reason": "too late"})
                assert answered.top is not None
            finally:
                database.execute("ALTER TABLE votes_away RENAME TO votes")
    assert labels(stage.fred, card)[0] == "Approve"
    await stage.fay.close()
    below = await stage.form(stage.fay, "too late")  # what was typed is not lost either
    await stage.fred.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    async with stage.unchanged():
        answered = await stage.fay.submit(below)
        assert answered.top is not None
        assert "has run already" in stage.fay.reads(answered.top)
