"""Nobody is flooded: what is too much is refused to whoever asks, and the same is asked for once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.demo.model import ModelServer
from handlers.demo.slack import Person
from tests.handlers.scripted import ScriptedModel, answering
from tests.journeys.stage import ROOT, Stage, World, staged, world
from tests.journeys.test_asking import opened, reply
from tests.journeys.test_planner_faults import entry

FILE = (ROOT / "tests/journeys/signoff.yaml").read_text()
LIMITED = FILE + "limits: {requester: {open: 2, hour: 5}}\n"
SAME = "run charge order=ord_81 amount=50"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, yaml_text=LIMITED) as made:
        yield made


async def charge(stage: Stage, amount: int, who: Person | None = None) -> str:
    return await reply(stage, who or stage.rita, f"/signoff run charge order=ord_81 amount={amount}")


async def made(stage: Stage) -> list[str]:
    """The requests there are."""
    return [row.id for row in await stage.house.desk.store.recent(100)]


# ── limits ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_too_much_is_refused_privately_with_the_number_and_the_time(town: World) -> None:
    async with town.stage() as stage:
        for amount in (50, 51):
            assert "Sent" in await charge(stage, amount)
        async with stage.unchanged():
            told = await charge(stage, 52)
        assert "You have 2 requests open, and no more than 2 may be (limits.requester.open of signoff.yaml)" in told
        assert "when one of them is decided or cancelled, at the latest in" in told
        assert "Sent" in await charge(stage, 52, stage.walt)  # it is rita's limit
        await stage.settled()
        refusals = [event for event in await stage.events() if event["type"] == "refused"]
        assert [(each["actor"]["id"], each["detail"]) for each in refusals] == [(stage.rita.id, {"code": "too_many"})]
        assert len([card for card in stage.walt.sees("#approvals") if card.thread_ts is None]) == 3


async def test_limits_outlive_a_restart_and_a_decision_makes_room(town: World) -> None:
    async with town.stage() as stage:
        for amount in (50, 51):
            await charge(stage, amount)
        card = await stage.card(stage.fay, "Charge 50")
    async with town.stage() as stage:
        assert "You have 2 requests open" in await charge(stage, 52)
        await stage.rejects(stage.fay, card, "no")
        assert "Sent" in await charge(stage, 52)


async def test_ten_commands_at_the_same_instant_are_as_many_as_there_is_room_for(town: World) -> None:
    async with town.stage() as stage:
        said = await asyncio.gather(*(charge(stage, 50 + n) for n in range(10)))
        assert sum("Sent" in told for told in said) == 2
        assert sum("You have 2 requests open" in told for told in said) == 8
        assert len(await made(stage)) == 2


async def test_the_form_says_so_and_keeps_what_was_typed(town: World) -> None:
    async with town.stage() as stage:
        for amount in (50, 51):
            await charge(stage, amount)
        await opened(stage, stage.rita, "charge")
        form = await stage.form(stage.rita, "charge")
        answer = await stage.rita.submit(form, {"arg:order": "ord_81", "arg:amount": "52"})
        assert answer.top is not None
        assert "You have 2 requests open" in stage.rita.reads(answer.top)
        card = await stage.card(stage.fay, "Charge 50")
        await stage.rejects(stage.fay, card, "no")
        await stage.rita.close()
        answer = await stage.rita.submit(await stage.form(stage.rita, "charge"))
        assert answer.top is None
        assert len(await made(stage)) == 3


async def test_words_beyond_the_hour_are_not_read(tmp_path: Path) -> None:
    model = ScriptedModel(answering(entry(confidence=0.5)))
    async with (
        ModelServer(model) as server,
        staged(tmp_path, yaml_text=LIMITED, OPENAI_BASE_URL=server.url, SIGNOFF_MODEL="any") as stage,
    ):
        for n in range(5):
            assert "reading your words" in await reply(stage, stage.rita, f"/signoff refund order {n}")
            await stage.settled()
        calls = len(model.calls)
        assert calls == 5
        told = await reply(stage, stage.rita, "/signoff refund one more")
        assert "You have asked for 5 within the last hour, and no more than 5 may be" in told
        assert "There is room again in" in told
        await stage.settled()
        assert len(model.calls) == calls
        await stage.later(hours=1)
        assert "reading your words" in await reply(stage, stage.rita, "/signoff refund one more")
        await stage.settled()


async def test_an_operator_pauses_beyond_every_limit(town: World) -> None:
    async with town.stage() as stage:
        for amount in (50, 51):
            await charge(stage, amount, stage.olga)
        assert "You have 2 requests open" in await charge(stage, 52, stage.olga)
        assert "Paused" in await reply(stage, stage.olga, "/signoff pause")
        assert "Resumed" in await reply(stage, stage.olga, "/signoff resume")


# ── the same ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_same_command_sent_five_times_at_once_is_one_request(stage: Stage) -> None:
    said = await asyncio.gather(*(reply(stage, stage.rita, f"/signoff {SAME}") for _ in range(5)))
    (request_id,) = await made(stage)
    assert all(request_id in told for told in said)
    assert sum("You have asked for exactly this already. It stays one request" in told for told in said) == 4
    await stage.settled()
    assert len([card for card in stage.walt.sees("#approvals") if card.thread_ts is None]) == 1


async def test_whoever_asks_again_sees_where_it_stands(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "both_of_finance what=it")
    await stage.fay.click(card, "Approve")
    told = await reply(stage, stage.rita, "/signoff run both_of_finance what=it")
    assert request.id in told
    assert "Waiting for approval" in told
    assert "1 of 2" in told
    assert request.id not in await reply(stage, stage.walt, "/signoff run both_of_finance what=it")  # another asker


async def test_the_form_says_that_it_is_asked_already(stage: Stage) -> None:
    request, _ = await stage.asked(stage.rita, "charge order=ord_81 amount=50")
    await opened(stage, stage.rita, "charge")
    form = await stage.form(stage.rita, "charge")
    answer = await stage.rita.submit(form, {"arg:order": "ord_81", "arg:amount": "50"})
    assert answer.top is not None
    told = stage.rita.reads(answer.top)
    assert request.id in told
    assert "exactly this already" in told
    assert await made(stage) == [request.id]


async def test_command_form_and_words_at_the_same_instant_are_one_request(tmp_path: Path) -> None:
    """Two drafts sent, a command and a form, all of the same, all at once."""
    model = ScriptedModel(answering(entry(confidence=0.5)))
    async with (
        ModelServer(model) as server,
        staged(tmp_path, OPENAI_BASE_URL=server.url, SIGNOFF_MODEL="any") as stage,
    ):
        for words in ("refund order 81 fifty", "fifty back for order 81"):
            await reply(stage, stage.rita, f"/signoff {words}")
            await stage.settled()
        drafts = [m for m in stage.rita.sees(stage.rita.dm()) if "Draft" in stage.rita.reads(m)]
        assert len(drafts) == 2
        await opened(stage, stage.rita, "refund")
        form = await stage.form(stage.rita, "refund")
        await asyncio.gather(
            *(stage.rita.click(draft, "send") for draft in drafts),
            stage.rita.submit(form, {"arg:order": "ord_81", "arg:amount": "50"}),
            reply(stage, stage.rita, "/signoff run refund order=ord_81 amount=50"),
        )
        await stage.settled()
        assert len(await made(stage)) == 1
        assert len([card for card in stage.walt.sees("#approvals") if card.thread_ts is None]) == 1


async def test_words_for_what_is_open_stay_a_draft_that_says_so(tmp_path: Path) -> None:
    model = ScriptedModel(answering(entry()))
    async with (
        ModelServer(model) as server,
        staged(tmp_path, OPENAI_BASE_URL=server.url, SIGNOFF_MODEL="any") as stage,
    ):
        request, _ = await stage.asked(stage.rita, "refund order=ord_81 amount=50")
        await reply(stage, stage.rita, "/signoff refund order 81 fifty")
        draft = await stage.told(stage.rita, "Draft", "You have asked for exactly this already", request.id)
        await stage.rita.click(draft, "send")
        await stage.told(stage.rita, "⛔", "You have asked for exactly this already", request.id, "still waits")
        assert await made(stage) == [request.id]


async def test_the_same_words_twice_at_once_are_read_once(tmp_path: Path) -> None:
    model = ScriptedModel(answering(entry()))
    async with (
        ModelServer(model) as server,
        staged(tmp_path, OPENAI_BASE_URL=server.url, SIGNOFF_MODEL="any") as stage,
    ):
        said = await asyncio.gather(*(reply(stage, stage.rita, "/signoff refund order 81 fifty") for _ in range(4)))
        await stage.settled()
        (request_id,) = await made(stage)
        assert all(request_id in told for told in said)
        assert len(model.calls) == 1


async def test_an_edit_into_another_open_one_is_refused_in_the_form(stage: Stage) -> None:
    one, _ = await stage.asked(stage.rita, "refund order=ord_81 amount=60")
    other, card = await stage.asked(stage.rita, "refund order=ord_81 amount=50")
    await stage.rita.click(card, "edit")
    form = await stage.form(stage.rita, "Edit")
    answer = await stage.rita.submit(form, {"arg:amount": "60"})
    assert answer.top is not None
    assert f"It would be the same as {one.id}" in stage.rita.reads(answer.top)
    assert (await stage.request(other.id)).now_version.number == 1
