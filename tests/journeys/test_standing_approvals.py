"""Standing approvals: *Allow similar…*, what runs under one, what still asks, and the click that ends it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.demo.slack import ClientRefusesError, Person, View
from tests.journeys.stage import PATIENCE, Stage, World, world
from tests.journeys.test_asking import labels, reply
from tests.journeys.test_home_and_lists import home

HERE = Path(__file__).parent
TERMS = "    standing: {args: [amount, currency], uses: 4, for: 2h}\n"
ONE = "refund order=ord_1 amount=50"


def text() -> str:
    """The journeys' file, in which refunds permit standing approvals."""
    plain = (HERE / "signoff.yaml").read_text()
    begin = "    about: Sends money back for an order.\n"
    assert plain.count(begin) == 1
    return plain.replace(begin, begin + TERMS)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, yaml_text=text()) as made:
        yield made


@pytest.fixture
async def stage(town: World) -> AsyncIterator[Stage]:
    async with town.stage() as made:
        yield made


async def form(stage: Stage, who: Person, line: str = ONE) -> View:
    """The form of a standing approval, from the Details of a request of rita's."""
    _, card = await stage.asked(stage.rita, line)
    await who.click(card, "Details")
    await who.click(await stage.form(who, "Details", "Allow similar…"), "Allow similar…")
    return await stage.form(who, "run without asking, within these bounds")


async def given(stage: Stage, who: Person, *, most: str = "100", often: str = "2", line: str = ONE) -> None:
    answered = await who.submit(await form(stage, who, line), {"arg:amount": most, "how_often": often})
    assert answered.top is not None, answered.errors
    assert "Similar requests now run without asking" in who.reads(answered.top)
    await who.close(everything=True)


async def runs(stage: Stage, line: str) -> None:
    """Rita asks, and it runs without anybody being asked; she hears by whose word."""
    said = await reply(stage, stage.rita, f"/signoff run {line}")
    assert "Allowed by a standing approval of @fay" in said
    row = (await stage.house.desk.store.of_asker(stage.rita.id, 1))[0]
    request = await stage.reaches(row.id, "succeeded")
    assert request.votes == ()
    message = await stage.told(stage.rita, row.id, "✅ Done")
    assert "Allowed by a standing approval of @fay" in stage.rita.reads(message)
    await stage.settled()
    assert not [one for one in stage.walt.sees("#approvals") if row.id in stage.walt.reads(one)], "no card was posted"


async def test_given_in_details_used_and_used_up(stage: Stage) -> None:
    view = await form(stage, stage.fay)
    seen = stage.fay.reads(view)
    for words in ("Requests like this by @rita", "amount: at most", "Exactly as here", "currency  USD", "4 uses in 2 h",
                  "still waits for your decision"):  # fmt: skip
        assert words in seen
    answered = await stage.fay.submit(view, {"arg:amount": "100", "how_often": "2"})
    assert answered.top is not None
    assert "2 of 2 uses left" in stage.fay.reads(answered.top)
    await stage.card(stage.walt, "allows similar requests by @rita without asking: 2 times at most")

    await runs(stage, "refund order=ord_2 amount=100")
    events = await stage.events((await stage.house.desk.store.of_asker(stage.rita.id, 1))[0].id)
    assert events[0]["detail"]["exception"] == "standing_approval"
    assert events[0]["detail"]["standing_by"] == stage.fay.id
    await runs(stage, "refund order=ord_3 amount=1")
    request, card = await stage.asked(stage.rita, "refund order=ord_4 amount=99")
    assert request.now_version.route.rule == "default for medium risk"
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "succeeded")
    assert [run.body["order"] for run in stage.target.runs()] == ["ord_2", "ord_3", "ord_4"]


async def test_given_in_the_review(stage: Stage) -> None:
    await stage.asked(stage.rita, ONE)
    view = await home(stage, stage.fay, "Waiting for you", "Refund 50 USD")
    await stage.fay.click(view, "Review")
    await stage.fay.click(await stage.form(stage.fay, "[Approve]", "Allow similar…"), "Allow similar…")
    answered = await stage.fay.submit(await stage.form(stage.fay, "within these bounds"), {"arg:amount": "60"})
    assert answered.top is not None
    await stage.fay.close()
    await stage.fay.submit(await stage.form(stage.fay, "[Approve]"))  # the review below it still decides
    await runs(stage, "refund order=ord_2 amount=60")


async def test_only_those_who_could_approve_it_are_offered_it(stage: Stage) -> None:
    _, card = await stage.asked(stage.rita, ONE)
    for who in (stage.rita, stage.walt, stage.olga):
        await who.click(card, "Details")
        assert "Allow similar…" not in who.reads(await stage.form(who, "Details", "Refund 50 USD"))
        await who.close()
    token = next(button.value for button in stage.rita.buttons(card) if button.label == "Details")
    async with stage.unchanged():
        await stage.rita.forge_click(card, "allow_similar", token)
        await stage.told(stage.rita, "You are on the requester's side of this request")
        await stage.walt.forge_click(card, "allow_similar", token)
        await stage.told(stage.walt, "you are not a member there now")

    for line in ("charge order=ord_1 amount=50", "refund order=ord_5 amount=600", "payout to=acme amount=5"):
        _, other = await stage.asked(stage.rita, line)
        await stage.fay.click(other, "Details")
        assert "Allow similar…" not in stage.fay.reads(await stage.form(stage.fay, "Details"))
        await stage.fay.close()


async def test_what_is_out_of_bounds_asks_and_wrong_bounds_are_named_at_their_fields(stage: Stage) -> None:
    view = await form(stage, stage.fay)
    await stage.settled()
    async with stage.unchanged():
        for values, told in (
            ({"arg:amount": "-5"}, {"arg:amount": "must be at least 0, or nothing would ever be within it"}),
            ({"how_often": "0"}, {"how_often": "must be 1 to 4; signoff.yaml permits no more"}),
        ):
            with pytest.raises(ClientRefusesError):  # Slack's own form knows the bounds
                await stage.fay.submit(view, {"arg:amount": "60", "how_often": "1"} | values)
            answered = await stage.fay.forge_submit(view, {"arg:amount": "60", "how_often": "1"} | values)
            assert answered.body == {"response_action": "errors", "errors": told}
    await stage.fay.submit(view, {"arg:amount": "60", "how_often": "1"})
    for line in (
        "refund order=ord_2 amount=61",
        "refund order=ord_2 amount=60 currency=EUR",
        "refund order=ord_2 amount=1000",
    ):
        request, _ = await stage.asked(stage.rita, line)
        assert request.state == "pending", line
    request, _ = await stage.asked(stage.walt, "refund order=ord_2 amount=60")
    assert request.state == "pending"
    await runs(stage, "refund order=ord_3 amount=60")


async def test_it_shows_at_home_and_one_click_ends_it(stage: Stage) -> None:
    await given(stage, stage.fay)
    await runs(stage, "refund order=ord_2 amount=80")
    for who in (stage.fay, stage.rita, stage.olga, stage.fred):
        seen = who.reads(await home(stage, who, "Standing approvals"))
        assert "refund asked by @rita, allowed by @fay" in seen
        assert "amount from 0 to 100, currency is USD" in seen
        assert "1 of 2 uses left" in seen
        assert ("End it" in seen) is (who.id != stage.rita.id)
    assert "Standing approvals" not in stage.walt.reads(await home(stage, stage.walt, "Latest"))

    fays = await home(stage, stage.fay, "End it")
    olgas = await home(stage, stage.olga, "End it")
    await stage.settled()  # what was drawn for fay stands from now on
    await stage.olga.click(olgas, "End it")
    await stage.slack.wait_for(lambda: "Standing approvals" not in stage.olga.reads(olgas) or None, timeout=PATIENCE)
    await stage.card(stage.walt, "@olga ended the standing approval by @fay, after 1 use")
    await stage.settled()
    async with stage.unchanged():
        await stage.fay.click(fays, "End it")
        await stage.told(stage.fay, "has ended already; it allows nothing")
    request, _ = await stage.asked(stage.rita, "refund order=ord_3 amount=80")
    assert request.state == "pending"
    kinds = [event["type"] for event in await stage.events() if str(event["type"]).startswith("standing")]
    assert kinds == ["standing_given", "standing_ended"]


async def test_it_is_over_when_its_time_is(stage: Stage) -> None:
    await given(stage, stage.fay)
    await runs(stage, "refund order=ord_2 amount=80")
    await stage.later(hours=1)
    request, _ = await stage.asked(stage.rita, "refund order=ord_3 amount=80")
    assert request.state == "pending"
    assert "Standing approvals" not in stage.fay.reads(await home(stage, stage.fay, "Waiting for you"))


async def test_its_giver_must_still_be_somebody_who_could_approve(stage: Stage) -> None:
    await given(stage, stage.fay)
    stage.slack.workspace.change_user(stage.fay.id, deleted=True)
    await stage.slack.quiet()
    request, _ = await stage.asked(stage.rita, "refund order=ord_2 amount=80")
    assert request.state == "pending"
    assert "Standing approvals" in stage.olga.reads(await home(stage, stage.olga, "Standing approvals"))


async def test_it_outlives_a_restart(town: World) -> None:
    async with town.stage() as stage:
        await given(stage, stage.fay)
        await runs(stage, "refund order=ord_2 amount=80")
    async with town.stage() as stage:
        await home(stage, stage.fay, "1 of 2 uses left")
        await runs(stage, "refund order=ord_3 amount=80")
        request, _ = await stage.asked(stage.rita, "refund order=ord_4 amount=80")
        assert request.state == "pending"


async def test_two_that_race_for_the_last_use(town: World) -> None:
    """Two processes serve one database; one of the two requests runs, the other is asked about."""
    async with town.stage() as first, town.stage() as second:
        await given(second, second.fay, often="1")
        lines = [f"/signoff run refund order=ord_{n} amount=80" for n in range(2, 8)]
        await asyncio.gather(*(second.rita.command("#general", line) for line in lines))
        await second.settled()
        rows = (await first.house.desk.store.of_asker(second.rita.id, 7))[:6]
        made = [await first.request(row.id) for row in rows]
        under = [each for each in made if each.now_version.route.standing is not None]
        assert len(under) == 1
        await second.reaches(under[0].id, "succeeded")
        assert [each.state.value for each in made if each not in under] == ["pending"] * 5
        assert len(second.target.runs()) == 1


async def test_in_words_the_requester_still_sees_it_before_it_is_sent(stage: Stage) -> None:
    """A draft says by whose word it would run at once; nothing runs before Send."""
    await given(stage, stage.fay)
    await stage.rita.command("#general", "/signoff refund something")
    await stage.rita.click(await stage.told(stage.rita, "Open the form"), "Open the form")
    filled = await stage.form(stage.rita, "refund")
    await stage.rita.submit(filled, {"arg:order": "ord_2", "arg:amount": "80"})
    draft = await stage.told(stage.rita, "it will run at once when you press Send", "by a standing approval of @fay")
    await stage.settled()
    assert stage.target.runs() == []
    await stage.rita.click(draft, "Send")
    done = await stage.told(stage.rita, "✅ Done", "Allowed by a standing approval of @fay")
    assert "Send" not in labels(stage.rita, done)
    assert len(stage.target.runs()) == 1


async def test_details_say_by_whose_word_it_ran(stage: Stage) -> None:
    await given(stage, stage.fay)
    await runs(stage, "refund order=ord_2 amount=80")
    message = await stage.told(stage.rita, "✅ Done")
    await stage.rita.click(message, "Details")
    seen = stage.rita.reads(await stage.form(stage.rita, "Details", "Why it was asked"))
    assert "Allowed by a standing approval of @fay" in seen
    assert "In place of rule: default for medium risk" in seen


async def test_what_one_card_cannot_show_is_neither_allowed_nor_a_pattern(stage: Stage) -> None:
    await given(stage, stage.fay)
    request, card = await stage.asked(stage.rita, "refund order=ord_2 amount=50 note=pay\u200bpal")
    assert request.state == "pending"
    assert not request.now_version.fits
    await stage.fay.click(card, "Details")
    assert "Allow similar…" not in stage.fay.reads(await stage.form(stage.fay, "Details"))
