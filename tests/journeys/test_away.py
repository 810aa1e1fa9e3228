"""Somebody is away: others stand in, in their own right; and where nobody is left, it goes on at once."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.demo.slack import Fault, Message, Person, View
from tests.journeys.stage import PATIENCE, Stage, World, world
from tests.journeys.test_asking import reply
from tests.journeys.test_home_and_lists import home
from tests.journeys.test_reminders_and_escalation import copies, labels, lines

FILE = (Path(__file__).parent / "absent.yaml").read_text()
SMALL, STAGES, ALONE = "spend amount=50 what=pens", "spend amount=600 what=chairs", "sell what=boats"
FINANCE = "S0FINANCE"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, yaml_text=FILE) as made:
        everybody = made.slack.workspace.channels["C0GENERAL"]
        crew = (*(f"U0{name}" for name in ("RITA", "FAY", "FRED")), made.slack.workspace.app.bot_user)
        made.slack.workspace.add_channel(replace(everybody, id="C0CREW", name="crew", members=crew))
        yield made


@pytest.fixture
async def stage(town: World) -> AsyncIterator[Stage]:
    async with town.stage() as made:
        yield made


async def reads(stage: Stage, who: Person, shown: Message | View, *words: str) -> str:
    """What it says, as soon as it holds all these words."""

    def there() -> str | None:
        text = who.reads(shown)
        return text if all(word in text for word in words) else None

    found = await stage.slack.wait_for(there, timeout=PATIENCE)
    assert found is not None
    return found


async def escalates(stage: Stage, request_id: str) -> None:
    await stage.slack.wait_for(lambda: copies(stage.dora, request_id) or None, timeout=PATIENCE)
    await stage.settled()


def mentioned(message: Message) -> str:
    return str(message.blocks)


# ── away ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_two_stage_request_with_somebody_away_in_each(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, STAGES)
    told = await reply(stage, stage.fay, "/signoff away until friday delegate @fred")
    assert "You are away until" in told
    assert "@fred stands in where they are asked themselves (crew, finance) and votes in their own name" in told
    assert "you stand in" in stage.fred.reads(await stage.told(stage.fred, "@fay is away until"))
    await reply(stage, stage.dora, "/signoff away delegate @dan")

    shown = await reads(stage, stage.walt, card, "fay is away until", "@fred stands in")
    assert "dora" not in shown  # her stage is not open yet
    await stage.fred.click(card, "Approve")
    await reads(stage, stage.walt, card, "Stage 2 of 2", "dora is away, @dan stands in")
    await stage.settled()
    assert stage.dora.id not in mentioned(stage.walt.now(card))  # type: ignore[arg-type] # a message stays one
    await stage.later(minutes=5)
    (reminder,) = lines(stage, card, "Still waiting for")
    assert stage.dan.id in mentioned(reminder)
    assert stage.dora.id not in mentioned(reminder)

    await stage.dan.click(card, "Approve")
    done = await stage.reaches(request.id, "succeeded")
    assert [vote.person for vote in done.votes] == [stage.fred.id, stage.dan.id]
    votes = [event for event in await stage.events(request.id) if event["type"] == "vote"]
    assert not any("exception" in vote["detail"] for vote in votes)
    gone = [event for event in await stage.events() if event["type"] == "away"]
    assert [(one["actor"]["id"], one["detail"]["delegate"]) for one in gone] == [
        (stage.fay.id, stage.fred.id),
        (stage.dora.id, stage.dan.id),
    ]


async def test_an_escalation_goes_to_who_stands_in_and_not_to_who_is_away(stage: Stage) -> None:
    await reply(stage, stage.dora, "/signoff away for 2 days delegate @dan")
    request, _ = await stage.asked(stage.rita, SMALL)
    await stage.later(minutes=15)
    (copy,) = copies(stage.dan, request.id)
    assert "You have this because dora is away and you stand in" in stage.dan.reads(copy)
    assert copies(stage.dora, request.id) == []
    await stage.dan.click(copy, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_without_a_stand_in_nobody_is_woken_and_the_others_are_asked(stage: Stage) -> None:
    await reply(stage, stage.dora, "/signoff away")
    request, card = await stage.asked(stage.rita, SMALL)
    await stage.later(minutes=15)
    assert copies(stage.dora, request.id) == []
    assert len(copies(stage.dan, request.id)) == 1
    await reads(stage, stage.walt, card, "dora is away, nobody stands in")
    assert "dora is away, nobody stands in" in await reply(stage, stage.rita, f"/signoff show {request.id}")
    await stage.dora.click(card, "Approve")  # who presses all the same is counted
    await stage.reaches(request.id, "succeeded")


async def test_standing_in_gives_no_right(stage: Stage) -> None:
    stage.slack.workspace.add_to_group(FINANCE, stage.dora.id)
    await stage.slack.quiet()
    await reply(stage, stage.dora, "/signoff away delegate @fay")  # of finance, and no director
    request, card = await stage.asked(stage.rita, STAGES)
    await stage.fay.click(card, "Approve")
    await reads(stage, stage.walt, card, "Stage 2 of 2", "dora is away, nobody stands in")
    async with stage.unchanged():
        await stage.fred.click(card, "Approve")
        await stage.told(stage.fred, "This stage asks directors")
    assert (await stage.request(request.id)).stage == 1


async def test_the_requester_never_stands_in_for_a_checker(stage: Stage) -> None:
    await reply(stage, stage.fay, "/signoff away delegate @fred")
    request, card = await stage.asked(stage.fred, SMALL)
    await reads(stage, stage.walt, card, "fay is away, nobody stands in")
    async with stage.unchanged():
        await stage.fred.click(card, "Approve")
        await stage.told(stage.fred, "You are on the requester's side")
    assert (await stage.request(request.id)).state == "pending"


async def test_home_says_it_and_its_button_ends_it(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, SMALL)
    await reply(stage, stage.fay, "/signoff away delegate @fred")
    await home(stage, stage.fred, "You stand in for @fay")
    view = await home(stage, stage.fay, "You are away", "@fred stands in")
    await reads(stage, stage.walt, card, "fay is away")
    await stage.fay.click(view, "Back")
    await stage.slack.wait_for(lambda: "You are away" not in stage.fay.reads(view) or None, timeout=PATIENCE)
    await stage.slack.wait_for(lambda: "fay is away" not in stage.walt.reads(card) or None, timeout=PATIENCE)
    assert [event["type"] for event in await stage.events("")] == ["away", "back"]
    assert "You are not away" in await reply(stage, stage.fay, "/signoff back")
    assert (await stage.request(request.id)).state == "pending"


async def test_it_outlives_a_restart_and_ends_by_itself_at_its_time(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, SMALL)
        await reply(stage, stage.fay, "/signoff away for 10m delegate @fred")
        await reads(stage, stage.walt, card, "fay is away until", "@fred stands in")
        await stage.settled()
    async with town.stage() as stage:
        await home(stage, stage.fay, "You are away until")
        stage.forward(minutes=10)
        await stage.slack.wait_for(lambda: "fay is away" not in stage.walt.reads(card) or None, timeout=PATIENCE)
        back = [event for event in await stage.events() if event["type"] == "back"]
        assert [(one["actor"]["kind"], one["detail"]) for one in back] == [("clock", {"person": stage.fay.id})]
        view = await home(stage, stage.fay, "Waiting for you")
        await stage.slack.wait_for(lambda: "You are away" not in stage.fay.reads(view) or None, timeout=PATIENCE)
        assert (await stage.request(request.id)).fired == ()


MISTAKES = {
    "until yesterday": "until: “yesterday” is not a time I understand; write friday, tomorrow 14:00",
    "until 2020-01-01": "until: 2020-01-01 09:00 is over; name a time to come",
    "until 2026-02-30": "until: there is no day 2026-02-30",
    "until 25:00": "is not a time I understand",
    "until 2199-01-01": "until: that is more than a year from now",
    "until": "until: nothing follows it; write /signoff away until friday",
    "for ever": "for: “ever” is not a length I understand; write 3h",
    "for 3h until friday": "say either until when, or for how long",
    "untill friday": 'away: "untill" is not understood here; did you mean until?',
    "on the beach": 'away: "on" is not understood here; write /signoff away',
    "until friday until monday": "until: is said twice",
    "delegate fred": 'delegate: "fred" is not one person of this workspace; type @ and choose',
    "delegate @fay": "delegate: you cannot stand in for yourself",
    "delegate @gus": "delegate: gus is a guest; name a full member",
    "delegate @left": "delegate: left is deactivated",
    "delegate @signoff": "is a bot",
    "delegate @eve": "delegate: eve belongs to another organisation",
    "delegate @walt": "delegate: walt is in none of your groups (crew, finance) and could decide nothing",
    "delegate @fred": "delegate: fred is away too; name somebody who is there",
}


@pytest.mark.parametrize("line", MISTAKES)
async def test_a_mistake_is_named_with_its_remedy_and_nothing_is_kept(stage: Stage, line: str) -> None:
    await reply(stage, stage.fred, "/signoff away")
    assert MISTAKES[line] in await reply(stage, stage.fay, f"/signoff away {line}")
    assert (await stage.house.desk.store.absences()).keys() == {stage.fred.id}
    assert [event["detail"]["code"] for event in await stage.events() if event["type"] == "refused"] == ["bad_input"]


async def test_two_who_would_stand_in_for_each_other_are_told(stage: Stage) -> None:
    await reply(stage, stage.fay, "/signoff away delegate @fred")
    told = await reply(stage, stage.fred, "/signoff away delegate @fay")
    assert "fay is away and you stand in for them: it would go round" in told
    told = await reply(stage, stage.fred, "/signoff away")
    assert "You stand in for @fay: nobody does now" in told


async def test_times_are_read_in_ones_own_time_zone(stage: Stage) -> None:
    stage.slack.workspace.change_user(stage.fay.id, tz="Pacific/Auckland")
    stage.slack.workspace.change_user(stage.fred.id, tz="America/Los_Angeles")
    await stage.slack.quiet()
    for who in (stage.fay, stage.fred):
        await reply(stage, who, "/signoff away until tomorrow 14:00")
    known = await stage.house.desk.store.absences()
    hours = [(known[who.id].until or 0) // 3_600_000 % 24 for who in (stage.fay, stage.fred)]
    assert hours[0] in (1, 2)  # UTC+13 in summer, UTC+12 in winter
    assert hours[1] in (21, 22)  # UTC-7 in summer, UTC-8 in winter


# ── nobody left ─────────────────────────────────────────────────────────────────────────────────────────────────


def deactivated(stage: Stage) -> None:
    for who in (stage.fay, stage.fred):
        stage.slack.workspace.deactivate(who.id)


def turned_into_guests(stage: Stage) -> None:
    for who in (stage.fay, stage.fred):
        stage.slack.workspace.change_user(who.id, is_restricted=True)


def taken_out_of_the_group(stage: Stage) -> None:
    stage.slack.workspace.set_group(FINANCE, [])


@pytest.mark.parametrize("how", [deactivated, turned_into_guests, taken_out_of_the_group])
async def test_who_loses_the_last_approver_escalates_at_once(stage: Stage, how: Callable[[Stage], None]) -> None:
    request, card = await stage.asked(stage.rita, SMALL)
    how(stage)
    await escalates(stage, request.id)
    (line,) = lines(stage, card, "Nobody is left who could decide it: escalated to", "@dora", "@dan", "directors")
    (copy,) = copies(stage.dora, request.id)
    assert "You have this because nobody else who could decide it is there" in stage.dora.reads(copy)
    (event,) = [one for one in await stage.events(request.id) if one["type"] == "escalate"]
    assert (event["actor"]["kind"], event["detail"]["early"], event["detail"]["index"]) == ("clock", True, 0)

    await stage.later(minutes=20)  # the step has happened: not again at its own time
    assert [one.kind for one in (await stage.request(request.id)).fired] == ["escalate"]
    assert stage.walt.reads(line)
    await stage.dora.click(copy, "Approve")
    await stage.reaches(request.id, "succeeded")


async def test_whoever_leaves_the_channel_of_a_group_is_lost_too(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "sail where=home")
    for who in (stage.fay, stage.fred):
        stage.slack.workspace.leave("C0CREW", who.id)
    await escalates(stage, request.id)
    assert len(lines(stage, card, "Nobody is left who could decide it: escalated to", "directors")) == 1


async def test_everybody_away_is_nobody_left(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, SMALL)
    await reply(stage, stage.fay, "/signoff away delegate @fred")
    await reply(stage, stage.fred, "/signoff away")
    await escalates(stage, request.id)
    assert len(lines(stage, card, "Nobody is left who could decide it: escalated to")) == 1
    later, _ = await stage.asked(stage.rita, "spend amount=60 what=ink")  # asked while they are away
    await escalates(stage, later.id)


async def test_a_stage_that_opens_with_nobody_there_is_told_at_once(stage: Stage) -> None:
    for who in (stage.dora, stage.dan):
        await reply(stage, who, "/signoff away")
    request, card = await stage.asked(stage.rita, STAGES)
    await stage.fay.click(card, "Approve")
    told = await stage.card(stage.olga, request.id, "Nobody is left who could decide a request", where="#ops")
    assert "directors" in stage.olga.reads(told)


async def test_with_no_step_left_requester_and_operators_are_told_once_also_over_a_restart(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, ALONE)
        deactivated(stage)
        await stage.card(stage.olga, "Nobody is left who could decide a request", "Sell boats", where="#ops")
        await stage.told(stage.rita, "Nobody is left who could decide it, and there is nobody to escalate to")
        await stage.settled()
    async with town.stage() as stage:
        stage.slack.workspace.set_group(FINANCE, [stage.fay.id])  # news, and she is still deactivated
        await stage.settled()
        assert len(lines(stage, card, "Nobody is left who could decide it")) == 1
        alerts = [one for one in stage.olga.sees("#ops") if "Nobody is left" in stage.olga.reads(one)]
        assert len(alerts) == 1
        stage.slack.workspace.add_to_group(FINANCE, stage.walt.id)  # an operator puts somebody in charge
        await stage.slack.quiet()
        await stage.walt.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")


async def test_who_went_while_the_bot_was_down_is_missed_when_it_starts(town: World) -> None:
    async with town.stage() as stage:
        request, _ = await stage.asked(stage.rita, SMALL)
        await stage.settled()
    users = town.slack.workspace.users
    for who in ("U0FAY", "U0FRED"):
        users[who] = replace(users[who], deleted=True)  # no event ever reaches the bot
    async with town.stage() as stage:
        await escalates(stage, request.id)
        assert [event["type"] for event in await stage.events(request.id)] == ["send", "escalate"]


async def test_slack_that_does_not_answer_has_lost_nobody(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, SMALL)
    await stage.settled()
    stage.slack.faults.next("usergroups.users.list", Fault.http(503), times=1_000)
    stage.slack.faults.next("users.info", Fault.http(503), times=1_000)
    asked = len(stage.slack.calls)
    deactivated(stage)
    await stage.slack.wait_for(
        lambda: [call for call in stage.slack.calls[asked:] if call.method == "usergroups.users.list"] or None,
        timeout=PATIENCE,
    )
    await stage.settled()
    assert (await stage.request(request.id)).fired == ()
    stage.slack.faults.clear()
    stage.slack.workspace.change_user(stage.fay.id, presence="away")
    await escalates(stage, request.id)


# ── an edit that raises the risk ────────────────────────────────────────────────────────────────────────────────


async def test_an_edit_that_raises_the_risk_voids_the_votes_given_before(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "spend amount=450 what=desks")
    await stage.fay.click(card, "Approve")
    await reads(stage, stage.walt, card, "1 of 2", "Approved by @fay")
    mine = await stage.told(stage.rita, "Spend 450 on desks", "Edit")
    await stage.rita.click(mine, "edit")
    answered = await stage.rita.submit(await stage.form(stage.rita, "Edit"), {"arg:amount": "2000"})
    assert answered.top is None

    fresh = await stage.card(stage.walt, "Spend 2000 on desks", "High risk")
    assert "Approved by" not in stage.walt.reads(fresh)
    assert labels(stage.fred, fresh)[0] == "Review"
    now = await stage.request(request.id)
    assert (now.now_version.number, now.now_version.risk, now.votes) == (2, "high", ())
    async with stage.unchanged():
        await stage.fred.forge_click(card, "approve")
        await stage.told(stage.fred, "version 2 is the one to decide on now")
    await stage.fay.click(fresh, "Review")  # her yes to the first version was no yes to this one
    await stage.fay.submit(await stage.form(stage.fay, "Spend 2000 on desks"))
    await stage.reaches(request.id, "succeeded")
    assert [run.body["amount"] for run in stage.target.runs()] == [2000]
