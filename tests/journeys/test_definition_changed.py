"""What was approved is what runs: not what the file says since, nor what somebody wrote into the database."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.request import Request
from handlers.demo.slack import Message, Person
from store.store import open_trail
from tests.journeys.stage import Stage, World, world
from tests.journeys.target import drop

CHARGE = "charge order=ord_1 amount=50"
HEADLINE = "Charge 50 to ord_1"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def edit(town: World, was: str, now: str) -> None:
    """Change the file, as an operator does before a restart."""
    text = town.settings.config.read_text()
    assert was in text
    town.settings.config.write_text(text.replace(was, now))


async def waiting(stage: Stage, line: str = CHARGE) -> tuple[Request, Message]:
    """Approved while Signoff is paused: it would run at the resume."""
    await stage.olga.command("#ops", "/signoff pause")
    request, card = await stage.asked(stage.rita, line)
    await stage.fay.click(card, "Approve")
    request = await stage.reaches(request.id, "approved")
    await stage.card(stage.walt, request.id, "Approved, about to run")
    return request, card


async def resume(stage: Stage) -> None:
    await stage.olga.command("#ops", "/signoff resume")


CHANGES = {
    "where it runs": ("TARGET/charges", "TARGET/elsewhere"),
    "how it is called": ('title: "Charge {amount} to {order}"', 'title: "Take {amount} from {order}"'),
    "what is sent": (
        '"TARGET/charges", json: {order: "{order}", amount',
        '"TARGET/charges", json: {o: "{order}", amount',
    ),
    "how risky it is": ('title: "Charge {amount} to {order}"', 'title: "Charge {amount} to {order}"\n    risk: high'),
}


@pytest.mark.parametrize(("was", "now"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_changed_definition_is_asked_about_anew(town: World, was: str, now: str) -> None:
    async with town.stage() as stage:
        request, card = await waiting(stage)
    edit(town, was.replace("TARGET", town.target.url), now.replace("TARGET", town.target.url))
    async with town.stage() as stage:
        await resume(stage)
        again = await stage.reaches(request.id, "pending")
        await stage.settled()
        assert again.now_version.number == 2
        assert again.votes == ()
        assert stage.target.runs() == []
        assert "superseded by version 2" in stage.walt.reads(card)
        assert labels(stage.walt, card) == []
        why = "the action's definition in signoff.yaml changed after it was approved"
        await stage.told(stage.rita, "Nothing ran: it is asked about anew, as version 2", why)

        fresh = await stage.card(stage.walt, request.id, "version 2", "Waiting for approval")
        async with stage.unchanged():
            await stage.fay.forge_click(card, "approve")
            await stage.told(stage.fay, "version 2 is the one to decide on now")
        if "Review" in labels(stage.fay, fresh):
            await stage.fay.click(fresh, "Review")
            await stage.fay.submit(await stage.form(stage.fay, "ord_1"))
        else:
            await stage.fay.click(fresh, "Approve")
        await stage.reaches(request.id, "succeeded")
        (run,) = stage.target.runs()
        assert run.key == f"{request.id}.2"


async def test_one_that_still_waits_is_voted_on_as_it_is_and_asked_anew_before_it_runs(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, CHARGE)
    edit(town, f"{town.target.url}/charges", f"{town.target.url}/elsewhere")
    async with town.stage() as stage:
        assert labels(stage.fay, card)[0] == "Approve"  # the old card works
        await stage.fay.click(card, "Approve")
        await stage.card(stage.walt, request.id, "version 2", "Waiting for approval")
        assert stage.target.runs() == []


async def test_a_change_of_rules_alone_touches_no_open_version(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, CHARGE)
    edit(town, "medium: {ask: [{need: [{from: [finance]}]", "medium: {ask: [{need: [{from: [directors]}]")
    async with town.stage() as stage:
        async with stage.unchanged():
            await stage.dora.click(card, "Approve")
            await stage.told(stage.dora, "This stage asks finance")
        await stage.fay.click(card, "Approve")
        assert (await stage.reaches(request.id, "succeeded")).now_version.number == 1


async def test_an_action_taken_out_of_the_file_does_not_run(town: World) -> None:
    async with town.stage() as stage:
        request, card = await waiting(stage)
    edit(town, "\n  charge:\n", "\n  debit:\n")
    edit(town, 'action == "charge"', 'action == "debit"')
    async with town.stage() as stage:
        await resume(stage)
        await stage.reaches(request.id, "cancelled")
        await stage.settled()
        assert stage.target.runs() == []
        assert "it can no longer be asked for as it was" in stage.walt.reads(card)
        assert labels(stage.walt, card) == ["Details"]
        await stage.told(stage.rita, HEADLINE, "it can no longer be asked for as it was", "digest")


async def test_an_unknown_one_whose_definition_changed_is_not_run_again(town: World) -> None:
    async with town.stage() as stage:
        request, card = await stage.asked(stage.rita, CHARGE)
        stage.target.answers.append(drop)
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "unknown")
        await stage.settled()
    edit(town, f"{town.target.url}/charges", f"{town.target.url}/elsewhere")
    async with town.stage() as stage:
        async with stage.unchanged():
            await stage.olga.click(card, "Run again")
            form = await stage.form(stage.olga, "What happened?")
            answered = await stage.olga.submit(form, {"reason": "Its log has nothing"})
            assert answered.top is not None
            assert "changed since it was approved; ask for it anew" in stage.olga.reads(answered.top)
        await stage.olga.close(everything=True)
        await stage.olga.click(card, "Not done")
        await stage.olga.submit(await stage.form(stage.olga, "What happened?"), {"reason": "Its log has nothing"})
        await stage.reaches(request.id, "failed")


# ── the database ────────────────────────────────────────────────────────────────────────────────────────────────


def sql(town: World, statement: str, *values: object) -> None:
    """What somebody with the database's password does, behind Signoff's back."""
    with closing(sqlite3.connect(town.settings.database_url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


MORE = (
    "UPDATE versions SET snapshot = CAST(replace(CAST(snapshot AS TEXT), '\"amount\":50', '\"amount\":9000') AS BLOB)"
)


async def test_bytes_changed_in_the_database_do_not_run_and_people_are_told(town: World) -> None:
    async with town.stage() as stage:
        request, card = await waiting(stage)
        sql(town, MORE)
        assert (await stage.request(request.id)).now_version.args["amount"] == 9000
        await resume(stage)
        await stage.reaches(request.id, "cancelled")
        await stage.settled()
        assert stage.target.runs() == []
        why = "Nothing ran: the stored bytes do not match the digest that was approved"
        assert why in stage.walt.reads(card)
        assert any(why in stage.walt.reads(one) for one in stage.walt.thread(card))
        await stage.told(stage.rita, why, "cancelled it")
        await stage.told(stage.rita, why, "digest")


async def test_bytes_changed_with_their_digest_do_not_run_and_the_trail_says_where(tmp_path: Path) -> None:
    """Whoever also makes the digest anew meets the votes, which were given for another one."""
    async with world(tmp_path, proof=False) as town:
        async with town.stage() as stage:
            request, card = await waiting(stage)
            sql(town, "UPDATE versions SET digest = ?", "0" * 64)
            await resume(stage)
            await stage.reaches(request.id, "cancelled")
            await stage.settled()
            assert stage.target.runs() == []
            assert "Nothing ran" in stage.walt.reads(card)
        async with open_trail(town.settings.database_url) as trail:
            report = (await trail.check()).report
    assert report.broken is not None
    assert "other bytes than before" in report.broken[1]


async def test_sealed_bytes_changed_in_the_database_do_not_run_and_operators_are_told(town: World) -> None:
    async with town.stage() as stage:
        request, _ = await waiting(stage, "refund order=ord_1 amount=50 iban=DE02120300000000202051")
        sql(town, "UPDATE versions SET snapshot = CAST(snapshot || x'00' AS BLOB)")
        await resume(stage)
        await stage.card(stage.olga, request.id, "cannot be run and nothing has run", where="#ops")
        assert stage.target.runs() == []
        sql(town, "UPDATE versions SET snapshot = CAST(substr(snapshot, 1, length(snapshot) - 1) AS BLOB)")
        await stage.reaches(request.id, "succeeded")  # it is tried again, in case it was but a moment's trouble


async def test_a_vote_written_into_the_database_for_other_bytes_does_not_count(town: World) -> None:
    async with town.stage() as stage:
        request, card = await waiting(stage)
        sql(town, "UPDATE votes SET digest = ?", "1" * 64)
        await resume(stage)
        await stage.reaches(request.id, "cancelled")
        await stage.settled()
        assert "a vote was given for other bytes" in stage.walt.reads(card)
        assert stage.target.runs() == []
