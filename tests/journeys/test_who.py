"""Who may decide: a live member of a group that is asked, a full member of this workspace, and not a maker."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handlers.demo.slack import Fault, Person, sample
from tests.journeys.stage import Stage, staged

ONE = "refund order=ord_81 amount=50"
HIGH = "payout to=acme amount=70"
FINANCE = "S0FINANCE"
UNCONFIRMED = "Slack did not confirm you, nothing is recorded, press again"


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[Stage]:
    """Twenty people beside the usual ones, whom nobody asks."""
    async with staged(tmp_path, people=[f"p{n}" for n in range(20)]) as made:
        made.slack.workspace.set_group(FINANCE, ["U0FAY", "U0FRED"])
        yield made


# ── makers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("button", ["Approve", "Reject"])
async def test_the_requester_decides_nothing_even_as_a_member_and_administrator(stage: Stage, button: str) -> None:
    stage.slack.workspace.add_to_group(FINANCE, stage.rita.id)
    stage.slack.workspace.change_user(stage.rita.id, is_admin=True)
    request, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        await stage.rita.click(card, button)
        await stage.told(stage.rita, "on the requester's side of this request, so somebody else must decide it")
        assert stage.rita.modal() is None

    await stage.fay.click(card, "Approve")  # the others are asked all the same
    await stage.reaches(request.id, "succeeded")


async def test_an_operator_decides_nothing_by_being_one(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        await stage.olga.click(card, "Approve")
        await stage.told(stage.olga, "asks finance, and you are not a member there now")


async def test_what_nobody_could_approve_is_refused_when_it_is_asked(stage: Stage) -> None:
    for members in ([stage.rita.id], [], ["U0GUS", "U0LEFT"]):
        stage.slack.workspace.set_group(FINANCE, members)
        await stage.slack.quiet()
        async with stage.unchanged():
            reply = await stage.rita.command("#general", f"/signoff run {HIGH}")
            assert reply.message is not None
            assert "Nobody could approve this: rule “default for high risk” asks finance" in stage.rita.reads(
                reply.message
            )


async def test_those_it_escalates_to_count_as_somebody_to_ask(stage: Stage) -> None:
    stage.slack.workspace.set_group(FINANCE, [])
    request, _ = await stage.asked(stage.rita, ONE)
    assert request.state == "pending"


async def test_two_of_finance_are_not_there_when_the_requester_is_one_of_two(stage: Stage) -> None:
    stage.slack.workspace.set_group(FINANCE, [stage.rita.id, stage.fay.id])
    async with stage.unchanged():
        reply = await stage.rita.command("#general", "/signoff run both_of_finance what=x")
        assert reply.message is not None
        assert "Nobody could approve this" in stage.rita.reads(reply.message)


# ── strangers ───────────────────────────────────────────────────────────────────────────────────────────────────

STRANGERS: dict[str, tuple[dict[str, Any], str]] = {
    "guest": ({"is_restricted": True}, "is a guest"),
    "guest of one channel": ({"is_ultra_restricted": True}, "is a guest"),
    "stranger": ({"is_stranger": True}, "belongs to another organisation"),
    "of another team, not said to be a stranger": ({"team_id": "T0OTHER"}, "belongs to another organisation"),
    "bot": ({"is_bot": True}, "is a bot"),
    "deactivated": ({"deleted": True}, "is deactivated"),
}


@pytest.mark.parametrize("who", STRANGERS)
async def test_only_full_members_decide_even_where_a_group_names_them(stage: Stage, who: str) -> None:
    fields, why = STRANGERS[who]
    stage.slack.workspace.add_user(sample.person("zoe", **fields))
    stage.slack.workspace.set_group(FINANCE, ["U0ZOE", stage.fay.id])
    request, card = await stage.asked(stage.rita, ONE)
    as_zoe = {"user": {"id": "U0ZOE"}}  # her own team is said to be ours: Slack's users.info knows better
    async with stage.unchanged():
        await stage.walt.forge_click(card, "approve", changes=as_zoe)
        await stage.told(stage.walt, f"your account {why}", "Nothing is recorded")
        await stage.walt.forge_click(card, "reject", changes=as_zoe)
        await stage.settled()
        assert f"your account {why}" in stage.walt.reads(stage.walt.sees("#approvals")[-1])
        assert stage.walt.modal() is None
    assert {each["actor"]["id"] for each in await stage.events(request.id) if each["type"] == "refused"} == {"U0ZOE"}


async def test_a_guest_in_the_channel_presses_in_vain(stage: Stage) -> None:
    stage.slack.workspace.add_to_group(FINANCE, "U0GUS")
    _, card = await stage.asked(stage.rita, ONE)
    gus = stage.slack.person("gus")
    async with stage.unchanged():
        await gus.click(card, "Approve")
        await stage.told(gus, "your account is a guest")


@pytest.mark.parametrize("through", ["the card", "the modal"])
async def test_another_organisation_presses_in_vain_where_the_channel_is_shared(stage: Stage, through: str) -> None:
    stage.slack.workspace.add_to_group(FINANCE, "U0EVE")
    _, card = await stage.asked(stage.rita, ONE)
    eve = stage.slack.person("eve")
    async with stage.unchanged():
        if through == "the card":
            await eve.click(card, "Approve")
            await stage.told(eve, "your account belongs to another organisation")
        else:
            await stage.fay.click(card, "Reject")
            form = await stage.form(stage.fay, "Why not?")
            as_eve = {"user": {"id": "U0EVE", "team_id": sample.STRANGERS.id}}
            ack = await stage.fay.forge_submit(form, {"reason": "no"}, changes=as_eve)
            assert "belongs to another organisation" in str(ack.body)


async def test_an_id_nobody_knows_is_nobody(stage: Stage) -> None:
    stage.slack.workspace.set_group(FINANCE, ["U0NOBODY", stage.fay.id])
    _, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        await stage.walt.forge_click(card, "approve", changes={"user": {"id": "U0NOBODY"}})
        await stage.told(stage.walt, "is not known in this workspace")


@pytest.mark.parametrize("name", ["gus", "eve"])
async def test_guests_and_others_cannot_ask(stage: Stage, name: str) -> None:
    stage.slack.workspace.join("C0GENERAL", f"U0{name.upper()}")
    somebody = stage.slack.person(name)
    async with stage.unchanged():
        if somebody.user.team_id == stage.slack.workspace.team.id:
            reply = await somebody.command("#general", f"/signoff run {ONE}")
            assert reply.message is not None
            assert "Only full members of this workspace may ask" in somebody.reads(reply.message)
            await somebody.command("#general", "/signoff refund fifty dollars to ord_81")
            await stage.told(somebody, "Only full members of this workspace may ask")
        else:  # their Slack does not offer the command; one that is sent all the same
            body = {"user_id": somebody.id, "team_id": somebody.user.team_id}
            last = (await stage.rita.command("#general", "/signoff help"), stage.slack.log[-1])[1]
            ack = await stage.slack.deliveries.send("command", {**last.payload, **body, "trigger_id": "1.2.3"})
            assert "belongs to another organisation" in str(ack.body)


# ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_left_the_group_decides_nothing(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    stage.slack.workspace.remove_from_group(FINANCE, stage.fay.id)
    await stage.slack.quiet()  # Slack told us
    async with stage.unchanged():
        await stage.fay.click(card, "Approve")
        await stage.told(stage.fay, "asks finance, and you are not a member there now")


async def test_for_high_risk_nothing_is_remembered_of_groups_nor_people(stage: Stage) -> None:
    stage.slack.workspace.change_app(events=frozenset())  # nobody tells us of changes
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Review")
    form = await stage.form(stage.fay, "Pay out 70 to acme")

    stage.slack.workspace.remove_from_group(FINANCE, stage.fay.id)
    async with stage.unchanged():
        answered = await stage.fay.submit(form)
        assert answered.top is not None
        assert "you are not a member there now" in stage.fay.reads(answered.top)

    stage.slack.workspace.add_to_group(FINANCE, stage.fay.id)
    stage.slack.workspace.deactivate(stage.fay.id)
    async with stage.unchanged():
        ack = await stage.walt.forge_submit(form, {}, changes={"user": {"id": stage.fay.id}})
        assert "is deactivated" in str(ack.body)
    assert (await stage.request(request.id)).state == "pending"


async def test_an_emptied_group_means_nobody(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    stage.slack.workspace.set_group(FINANCE, [])
    await stage.slack.quiet()
    async with stage.unchanged():
        for person in (stage.fay, stage.fred, stage.rita, stage.olga):
            await person.click(card, "Approve")
            await stage.told(person, "⛔")


async def test_those_who_join_the_group_later_may_decide(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    stage.slack.workspace.add_to_group(FINANCE, stage.walt.id)
    await stage.slack.quiet()
    await stage.walt.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_an_approver_of_a_high_one_must_still_be_entitled_when_it_runs(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.olga.command("#general", "/signoff pause")
    await stage.fay.click(card, "Review")
    await stage.fay.submit(await stage.form(stage.fay, "Pay out 70 to acme"))
    await stage.reaches(request.id, "approved")
    stage.slack.workspace.deactivate(stage.fay.id)
    await stage.olga.command("#general", "/signoff resume")
    stage.forward(seconds=5)

    again = await stage.reaches(request.id, "pending")
    assert again.now_version.number == 2
    assert again.votes == ()
    assert stage.target.runs() == []
    await stage.told(stage.rita, "asked about anew", "no longer entitled")


# ── Slack does not say ──────────────────────────────────────────────────────────────────────────────────────────

TROUBLES = {
    "an error": Fault.refused("internal_error"),
    "a 500": Fault.http(500),
    "a 429": Fault.rate_limited(30),
    "a cut connection": Fault.dropped(),
    "silence": Fault.silent(),
    "no rights": Fault.refused("missing_scope"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_whom_slack_does_not_confirm_is_nobody_and_may_press_again(
    stage: Stage, method: str, trouble: str
) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    stage.slack.workspace.change_user(stage.walt.id, presence="away")  # whatever: what is remembered is forgotten
    await stage.settled()
    async with stage.unchanged():
        stage.slack.faults.next(method, TROUBLES[trouble], times=20)
        ack = await stage.fay.click(card, "Approve")
        assert ack is not None
        assert ack.seconds < 2.5  # the look-up has 1.5 s, Slack waits for 3
        await stage.told(stage.fay, UNCONFIRMED)
        stage.slack.faults.clear()

    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_what_was_typed_is_kept_when_slack_does_not_confirm(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, HIGH)
    await stage.fay.click(card, "Reject")
    form = await stage.form(stage.fay, "Why not?")
    async with stage.unchanged():
        stage.slack.faults.next("users.info", Fault.http(503), times=20)
        answered = await stage.fay.submit(form, {"reason": "Acme went bankrupt"})
        assert answered.top is not None
        assert UNCONFIRMED in stage.fay.reads(answered.top)
        stage.slack.faults.clear()

    await stage.fay.close()  # the form is still there, with what was typed
    below = stage.fay.modal()
    assert below is not None
    assert "Acme went bankrupt" in stage.fay.reads(below)
    await stage.fay.submit()
    await stage.reaches(request.id, "rejected")


async def test_a_group_slack_no_longer_has_lets_nobody_decide(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    stage.slack.workspace.change_group(FINANCE, disabled=True)
    await stage.slack.quiet()
    async with stage.unchanged():
        await stage.fay.click(card, "Approve")
        await stage.told(stage.fay, UNCONFIRMED)


# ── crowds ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_hundred_clicks_of_those_nobody_asked_change_nothing(crowd: Stage) -> None:
    request, card = await crowd.asked(crowd.rita, ONE)
    people = [crowd.slack.person(f"p{n}") for n in range(20)]
    async with crowd.unchanged():
        await asyncio.gather(*(person.click(card, "Approve") for person in people * 5))
        for person in people:
            await crowd.told(person, "asks finance, and you are not a member there now")
        await crowd.settled()

    def heard(person: Person) -> int:
        return sum(one.ephemeral_to == person.id for one in person.sees("#approvals"))

    assert [heard(person) for person in people] == [5] * 20  # each click is answered
    refusals = [event for event in await crowd.events(request.id) if event["type"] == "refused"]
    assert len(refusals) == 20  # and each person is an event once


async def test_a_reaction_is_decoration(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, ONE)
    async with stage.unchanged():
        stage.fay.react(card, "white_check_mark")
        stage.fay.react(card, "+1")
        await stage.slack.quiet()
    assert (await stage.request(request.id)).votes == ()
