"""Run without approval, by typing why: loud at once, and looked at afterwards by somebody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import MayNotBreakGlass
from bot.moves import glass, submit
from bot.request import Actor, Asker, Request, State
from handlers import main
from handlers.config import load
from handlers.demo.slack import Fault, Message, Person, View
from tests.journeys.stage import PATIENCE, Stage, World, newest, world
from tests.journeys.target import status
from tests.journeys.test_home_and_lists import home

LINE = "/signoff break-glass restart service=shop token=s3cr3t-t0ken"
HEADLINE = "Restart shop"
WHY = "The shop is down and nobody answers"
FAILOVER = "/signoff break-glass failover host=db2"
SECRET = "s3cr3t-t0ken"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def stage(town: World) -> AsyncIterator[Stage]:
    async with town.stage() as made:
        yield made


def labels(who: Person, shown: Message | View) -> list[str]:
    return [button.label for button in who.buttons(shown)]


async def window(stage: Stage, who: Person, line: str = LINE, *words: str) -> View:
    """`/signoff break-glass …`, and the window it opens."""
    await who.command("#general", line)
    return await stage.form(who, "This runs without approval", *words)


async def broken(stage: Stage, who: Person | None = None, line: str = LINE) -> tuple[Request, Message]:
    """The glass broken, and the message in the security channel."""
    who = who or stage.rita
    form = await window(stage, who, line)
    answered = await who.submit(form, {"reason": WHY})
    assert answered.top is None, who.reads(answered.top)
    loud = await stage.card(stage.walt, "Break-glass", where="#security")
    return await own(stage, who), loud


async def own(stage: Stage, who: Person) -> Request:
    (row,) = await stage.house.desk.store.of_asker(who.id, 1)
    return await stage.request(row.id)


async def reviews(
    stage: Stage, who: Person, shown: Message, what: str = "Reviewed", note: str = "It was right"
) -> None:
    await who.click(shown, what)
    form = await stage.form(who, "What did you find?")
    answered = await who.submit(form, {"note": note})
    assert answered.top is None, who.reads(answered.top)
    await stage.settled()


def in_security(stage: Stage, *words: str) -> list[Message]:
    seen = stage.walt.sees("#security")
    return [one for one in seen if all(word in stage.walt.reads(one) for word in words)]


def dms(who: Person) -> list[Message]:
    return [one for one in who.sees(who.dm()) if "without approval" in who.reads(one)]


# ── the happy path ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_it_runs_at_once_is_loud_and_is_reviewed_by_a_second_person(stage: Stage) -> None:
    form = await window(stage, stage.rita, LINE, HEADLINE, "Medium risk", "Why can this not wait")
    request = await own(stage, stage.rita)
    shown = stage.rita.reads(form)
    assert request.state is State.PENDING
    assert stage.target.runs() == []  # the window decides nothing
    for words in (
        "service  shop",
        "sensitive, hidden",
        "/restart/shop",
        request.now_version.short_digest,
        "[Run it now]",
    ):
        assert words in shown
    assert SECRET not in shown

    answered = await stage.rita.submit(form, {"reason": WHY})
    assert answered.top is None
    request = await stage.reaches(request.id, "succeeded")
    await stage.settled()

    assert [(run.path, run.body) for run in stage.target.runs()] == [("/restart/shop", {"token": SECRET})]
    assert request.votes == ()
    (one,) = request.breaks
    assert (one.person, one.reason, one.open) == (stage.rita.id, WHY, True)
    assert one.digest == request.now_version.digest
    assert one.review_by == one.at + 2 * 3_600_000
    assert one.skipped == tuple(sorted((stage.fay.id, stage.fred.id)))
    assert request.now_version.basis["break_glass"]["person"] == stage.rita.id

    (loud,) = in_security(stage, "Break-glass", HEADLINE)  # one message, drawn anew until it says what came of it
    told = stage.walt.reads(loud)
    for words in ("approved by nobody", "@rita", WHY, "shop", "sensitive, hidden", "✅ Done", "Must be reviewed"):
        assert words in told, told
    assert labels(stage.walt, loud) == ["Reviewed", "Raise concern", "Details"]

    card = await stage.card(stage.walt, HEADLINE, "✅ Done", "Break-glass", WHY)
    assert labels(stage.walt, card) == ["Reviewed", "Raise concern", "Details"]
    assert any("broke the glass" in stage.walt.reads(one) for one in stage.walt.thread(card))

    for who in (stage.fay, stage.fred):
        (dm,) = dms(who)
        assert all(words in who.reads(dm) for words in ("@rita", HEADLINE, WHY, "You could have approved it"))
    for who in (stage.dora, stage.olga, stage.walt):
        assert dms(who) == []

    await stage.fay.click(dms(stage.fay)[0], "Review")
    form = await stage.form(stage.fay, "Review a break-glass", WHY, "✅ Done")
    assert (await stage.fay.submit(form, {"note": "The shop was down, I saw it"})).top is None
    await stage.settled()
    request = await stage.request(request.id)
    assert [(look.person, look.fine) for look in request.breaks[0].looks] == [(stage.fay.id, True)]
    for where, message in (("#security", loud), ("#approvals", card)):
        now = next(each for each in stage.walt.sees(where) if each.ts == message.ts)
        assert "✔ Reviewed by @fay" in stage.walt.reads(now)
        assert "The shop was down, I saw it" in stage.walt.reads(now)
        assert labels(stage.walt, now) == ["Details"]
    await stage.told(stage.rita, "@fay reviewed the break-glass")

    events = await stage.events(request.id)
    assert [each["type"] for each in events] == ["send", "break_glass", "claim", "finish", "glass_reviewed"]
    breaking, review = events[1], events[-1]
    assert (breaking["from"], breaking["to"]) == ("pending", "approved")
    assert breaking["detail"]["exception"] == "break_glass"
    assert breaking["detail"]["skipped"] == 2
    assert review["actor"] == {"kind": "person", "id": stage.fay.id, "via": "review"}
    assert all(WHY not in str(each) and SECRET not in str(each) for each in events)


async def test_critical_asks_for_the_word_and_shows_the_preview(stage: Stage) -> None:
    stage.target.answers += [status(200, rows=7), status(200, rows=8)]
    form = await window(stage, stage.rita, FAILOVER, "Fail over to db2", "CRITICAL risk", "Type this to run it")
    form = await stage.form(stage.rita, '"rows": ')
    await stage.settled()
    for wrong in ("", "db", "DB2"):
        ack = await stage.rita.forge_submit(form, {"reason": WHY, "confirm": wrong})
        assert ack.body["errors"] == {"confirm": "To run it without approval, type exactly: db2"}
    assert (await stage.rita.submit(form, {"reason": WHY, "confirm": "db2"})).top is None
    request = await own(stage, stage.rita)
    await stage.reaches(request.id, "succeeded")
    assert [run.path for run in stage.target.runs()] == ["/failover/db2"]


async def test_from_details_of_ones_own_pending_request(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "restart service=shop")
    for who in (stage.fay, stage.dora, stage.walt):  # fay is on call too: it is not hers
        await who.click(card, "Details")
        await stage.form(who, HEADLINE)
        assert "Break glass…" not in labels(who, who.modal()), who  # type: ignore[arg-type] # it is open
        await who.close(everything=True)
    mine = await stage.told(stage.rita, HEADLINE, "digest")
    await stage.rita.click(mine, "Details")
    await stage.rita.click(await stage.form(stage.rita, "Break glass…"), "Break glass…")
    form = await stage.form(stage.rita, "This runs without approval")
    answered = await stage.rita.submit(form, {"reason": WHY})
    assert answered.top is None
    assert stage.rita.modal() is None  # Details below it went with it
    await stage.reaches(request.id, "succeeded")
    assert "approved by nobody" in stage.walt.reads(await stage.card(stage.walt, request.id, "✅ Done"))


async def test_whoever_closes_the_window_has_asked_as_usual(stage: Stage) -> None:
    await window(stage, stage.rita)
    await stage.rita.close(everything=True)
    card = await stage.card(stage.fay, HEADLINE, "Approve")
    await stage.fay.click(card, "Approve")
    request = await own(stage, stage.rita)
    done = await stage.reaches(request.id, "succeeded")
    assert done.breaks == ()
    assert [vote.person for vote in done.votes] == [stage.fay.id]
    assert stage.walt.sees("#security") == []


# ── refused ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_outside_the_group_may(stage: Stage) -> None:
    for who in (stage.fred, stage.dora, stage.olga, stage.walt):
        async with stage.unchanged():
            reply = await who.command("#general", LINE)
            assert "Only oncall may break the glass for restart" in who.reads(reply.message)  # type: ignore[arg-type]
            assert who.modal() is None
    for line, why in (
        ("/signoff break-glass charge order=a amount=1", "does not turn break-glass on for charge"),
        ("/signoff break-glass", "say what to run"),
        ("/signoff break-glass restrat service=shop", "Did you mean restart?"),
        ("/signoff break-glass restart service=bank", "The policy does not allow this"),
    ):
        reply = await stage.rita.command("#general", line)
        assert why in stage.rita.reads(reply.message), line  # type: ignore[arg-type]
        assert stage.rita.modal() is None
    assert [row.state for row in await stage.house.desk.store.recent(9)] == ["denied"]
    assert stage.target.runs() == []


async def test_membership_is_asked_at_that_very_click(stage: Stage) -> None:
    form = await window(stage, stage.rita)
    stage.slack.workspace.remove_from_group("S0ONCALL", stage.rita.id)
    async with stage.unchanged():
        answered = await stage.rita.submit(form, {"reason": WHY})
        assert "you are not a member there now" in stage.rita.reads(answered.top)  # type: ignore[arg-type]
    request = await own(stage, stage.rita)
    assert request.state is State.PENDING
    assert request.breaks == ()


async def test_when_slack_does_not_say_who_they_are_the_answer_is_no(stage: Stage) -> None:
    form = await window(stage, stage.rita)
    await stage.settled()
    stage.slack.faults.next("usergroups.users.list", *[Fault.http(500)] * 9)
    async with stage.unchanged():
        answered = await stage.rita.submit(form, {"reason": WHY})
        assert "Slack did not confirm you" in stage.rita.reads(answered.top)  # type: ignore[arg-type]
    stage.slack.faults.clear()
    await stage.rita.close()  # what was typed stands below, to be sent again
    assert (await stage.rita.submit()).top is None
    await stage.reaches((await own(stage, stage.rita)).id, "succeeded")


async def test_without_a_reason_nothing_happens(stage: Stage) -> None:
    form = await window(stage, stage.rita)
    await stage.settled()
    async with stage.unchanged():
        for nothing in ("", "   ", "too short", ". . . . . . . . .", "\u200b" * 40):
            ack = await stage.rita.forge_submit(form, {"reason": nothing})
            assert "say in at least 10 characters why" in ack.body["errors"]["reason"], nothing


async def test_no_agent_and_nobody_for_an_agent(stage: Stage) -> None:
    desk = stage.house.desk
    agent = Actor("agent", "ci", "api")
    asker = Asker(client="ci", owner=stage.fay.id, acts_for=stage.rita.id)
    request = await submit.typed(desk, asker, agent, "restart", {"service": "shop"})
    card = await stage.card(stage.walt, request.id)
    await stage.settled()
    async with stage.unchanged():
        with pytest.raises(MayNotBreakGlass, match="Agents never break the glass"):
            await glass.ask(desk, agent, "restart", {"service": "shop"})
        with pytest.raises(MayNotBreakGlass, match="Agents never break the glass"):
            await glass.break_glass(desk, agent, request.id, 1, WHY)
        for who in (stage.rita, stage.fay):  # the person it acts for, and the client's owner: both are on call
            await who.click(card, "Details")
            view = await stage.form(who, HEADLINE)
            assert "Break glass…" not in labels(who, view)
            await who.close(everything=True)
            value = next(one.value for one in who.buttons(card) if one.label == "Details")
            await who.forge_click(card, "break_glass", value)
            await stage.told(who, "An agent asked for this, and agents never break the glass")


async def test_what_the_policy_allows_needs_no_glass(stage: Stage) -> None:
    reply = await stage.rita.command("#general", "/signoff break-glass restart service=web")
    assert stage.rita.modal() is None
    assert "Approved" in stage.rita.reads(reply.message)  # type: ignore[arg-type]
    request = await own(stage, stage.rita)
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert stage.walt.sees("#security") == []


async def test_somebody_was_faster(stage: Stage) -> None:
    form = await window(stage, stage.rita)
    card = await stage.card(stage.fay, HEADLINE, "Approve")
    await stage.fay.click(card, "Approve")
    request = await own(stage, stage.rita)
    await stage.reaches(request.id, "succeeded")
    answered = await stage.rita.submit(form, {"reason": WHY})
    assert "has run already" in stage.rita.reads(answered.top)  # type: ignore[arg-type]
    assert len(stage.target.runs()) == 1
    assert (await stage.request(request.id)).breaks == ()


async def test_an_edit_in_between_takes_the_window_away(stage: Stage) -> None:
    form = await window(stage, stage.rita)
    card = await stage.card(stage.fay, HEADLINE, "Edit")
    await stage.fay.click(card, "Edit")
    await stage.fay.submit(await stage.form(stage.fay, "Restart"), {"arg:service": "cart"})
    await stage.settled()
    async with stage.unchanged():
        answered = await stage.rita.submit(form, {"reason": WHY})
        assert "version 2 is the one to decide on now" in stage.rita.reads(answered.top)  # type: ignore[arg-type]


# ── the look afterwards ─────────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_reviews_their_own_nor_a_stranger(stage: Stage) -> None:
    request, loud = await broken(stage)
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    async with stage.unchanged():
        for who, why in (
            (stage.rita, "You are on the requester's side of this"),
            (stage.walt, "Only those who could have approved this, and operators, review it"),
            (stage.dora, "Only those who could have approved this, and operators, review it"),
        ):
            shown = loud if who is stage.walt else await stage.card(who, HEADLINE)
            for what in ("Reviewed", "Raise concern"):
                await who.click(shown, what)
                await stage.told(who, why)
                assert who.modal() is None


async def test_a_concern_is_told_and_leaves_it_open(stage: Stage) -> None:
    request, _ = await broken(stage)
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    card = await stage.card(stage.fred, HEADLINE)
    await reviews(stage, stage.fred, card, "Raise concern", "Nothing was down")
    assert in_security(stage, "A concern about a break-glass", "@fred", "Nothing was down")
    await stage.card(stage.olga, "A concern about a break-glass", "Nothing was down", where="#ops")
    await stage.told(stage.rita, "@fred raised a concern")
    assert "A concern was raised; it is not settled" in stage.walt.reads(loud_now(stage))
    assert (await stage.request(request.id)).breaks[0].open
    listed = await stage.olga.command("#ops", "/signoff list")
    assert all(words in stage.olga.reads(listed.message) for words in ("Break-glass, to be reviewed", "1 concern"))  # type: ignore[arg-type]

    await stage.fred.click(card, "Raise concern")
    answered = await stage.fred.submit(await stage.form(stage.fred, "What did you find?"), {"note": "and again"})
    assert "raised a concern about this already" in stage.fred.reads(answered.top)  # type: ignore[arg-type]
    await stage.fred.close(everything=True)

    news = await stage.card(stage.olga, "A concern about a break-glass", where="#ops")
    await stage.olga.click(news, "Review")  # an operator settles it
    await stage.olga.submit(await stage.form(stage.olga, "What did you find?"), {"note": "We spoke; it was down"})
    await stage.settled()
    assert not (await stage.request(request.id)).breaks[0].open
    assert "✔ Reviewed by @olga" in stage.walt.reads(loud_now(stage))
    await stage.fay.click(await stage.card(stage.fay, HEADLINE), "Details")
    seen = stage.fay.reads(await stage.form(stage.fay, HEADLINE))
    for words in (WHY, "Nothing was down", "We spoke; it was down", "glass_concern", "glass_reviewed"):
        assert words in seen


def loud_now(stage: Stage) -> Message:
    return next(one for one in in_security(stage, "🚨 Break-glass", HEADLINE))


async def test_what_nobody_reviews_in_time_is_said_once_and_stays_listed(stage: Stage) -> None:
    request, _ = await broken(stage)
    await stage.reaches(request.id, "succeeded")
    await stage.later(minutes=119)
    assert in_security(stage, "was not reviewed in time") == []
    await stage.later(minutes=1)
    await stage.later(hours=30)
    assert len(in_security(stage, "was not reviewed in time", HEADLINE, WHY)) == 1
    await stage.card(stage.olga, "was not reviewed in time", where="#ops")
    assert [each["type"] for each in await stage.events(request.id)].count("glass_overdue") == 1
    assert "review is overdue" in stage.walt.reads(loud_now(stage))

    seen = await home(stage, stage.olga, "Break-glass, to be reviewed", "overdue since")
    for who, there in ((stage.olga, True), (stage.fay, True), (stage.rita, False), (stage.walt, False)):
        listed = await who.command("#general" if who is not stage.olga else "#ops", "/signoff list")
        assert ("Break-glass, to be reviewed" in who.reads(listed.message)) is there, who  # type: ignore[arg-type]

    button = next(one for one in stage.olga.buttons(seen) if one.action_id.startswith("review_break"))
    await stage.olga.click(seen, button.action_id)
    await stage.olga.submit(await stage.form(stage.olga, "What did you find?"), {"note": "Late, and right"})
    await stage.settled()
    listed = await stage.olga.command("#ops", "/signoff list")
    assert "Break-glass" not in stage.olga.reads(listed.message)  # type: ignore[arg-type]
    await stage.later(hours=48)
    assert len(in_security(stage, "was not reviewed in time")) == 1


async def test_a_review_in_time_lets_it_rest(stage: Stage) -> None:
    request, _ = await broken(stage)
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    card = await stage.card(stage.fay, HEADLINE)
    concern = next(one.value for one in stage.fay.buttons(card) if one.label == "Raise concern")
    await reviews(stage, stage.fay, card)
    await stage.later(hours=48)
    assert in_security(stage, "was not reviewed in time") == []
    await stage.fred.forge_click(card, "glass_concern", concern)
    await stage.told(stage.fred, "reviewed already")


# ── the brake, and restarts ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_pause_holds_it_too_and_the_window_says_so(stage: Stage) -> None:
    await stage.olga.command("#ops", "/signoff pause")
    form = await window(stage, stage.rita, LINE, "Signoff is paused", "starts only when an operator resumes")
    assert (await stage.rita.submit(form, {"reason": WHY})).top is None
    request = await own(stage, stage.rita)
    assert request.state is State.APPROVED
    loud = await stage.card(stage.walt, "Break-glass", HEADLINE, where="#security")  # it is loud at once
    assert "about to run" in stage.walt.reads(loud)
    stage.forward(minutes=1)
    assert stage.target.runs() == []
    await stage.olga.command("#ops", "/signoff resume")
    stage.forward(seconds=3)
    await stage.reaches(request.id, "succeeded")


async def test_a_restart_in_between_loses_nothing(town: World) -> None:
    async with town.stage() as stage:
        form = await window(stage, stage.rita)
    async with town.stage() as stage:
        assert (await stage.rita.submit(form, {"reason": WHY})).top is None
        request = await own(stage, stage.rita)
        await stage.reaches(request.id, "succeeded")
        await stage.settled()
    async with town.stage() as stage:
        assert (await stage.request(request.id)).breaks[0].open
        await stage.later(hours=2)
        assert len(in_security(stage, "was not reviewed in time")) == 1
    async with town.stage() as stage:
        await stage.later(hours=2)
        assert len(in_security(stage, "was not reviewed in time")) == 1
        await reviews(stage, stage.olga, await stage.card(stage.olga, "was not reviewed", where="#ops"), "Review")
        assert not (await stage.request(request.id)).breaks[0].open
        assert [len(dms(who)) for who in (stage.fay, stage.fred)] == [1, 1]  # nobody was told twice


async def test_check_looks_that_the_bot_is_in_the_security_channel(stage: Stage) -> None:
    book = load(stage.settings.config, stage.settings.environment)
    assert not [each for each in await main.troubles(stage.settings, book) if "#security" in each]
    stage.slack.workspace.leave("C0SECURITY", stage.slack.workspace.app.bot_user)
    told = [each for each in await main.troubles(stage.settings, book) if "#security" in each]
    assert told == ["channel #security: the bot is not in it; invite it there: /invite @signoff."]


async def test_it_is_loud_elsewhere_where_the_security_channel_takes_no_posts(stage: Stage) -> None:
    stage.slack.workspace.change_channel("C0SECURITY", archived=True)
    form = await window(stage, stage.rita)
    assert (await stage.rita.submit(form, {"reason": WHY})).top is None
    found = await stage.slack.wait_for(
        lambda: newest(stage.olga, "#ops", ("Break-glass", HEADLINE, WHY)), timeout=PATIENCE
    )
    assert found is not None
