"""Each way to run, from the card to what really happens: a program, a callable, a mail, a message, a person."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.request import Request
from handlers.demo.services.mail import MailServer
from handlers.demo.slack import Fault, Message, Person
from tests.journeys import callables
from tests.journeys.stage import Stage, staged

FILE = Path(__file__).parent / "kinds.yaml"
CLEAN = """#!/bin/sh
echo "cleaning $2"
echo "key $SIGNOFF_IDEMPOTENCY_KEY"
if [ "$2" = locked ]; then echo "table is locked" >&2; exit 3; fi
"""
SLOW = """#!/bin/sh
echo "half of $2 is done"
read go < "${0%/*}/gate"
echo "all of $2 is done"
"""


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[MailServer]:
    server = MailServer(tmp_path / "mail")
    (tmp_path / "mail").mkdir()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def stage(tmp_path: Path, mail: MailServer) -> AsyncIterator[Stage]:
    for name, text in (("clean", CLEAN), ("slow", SLOW)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o700)
    os.mkfifo(tmp_path / "gate")
    callables.CALLS.clear()
    text = FILE.read_text().replace("FOLDER", str(tmp_path))
    sender = "Signoff <signoff@example.com>"
    async with staged(tmp_path, yaml_text=text, SIGNOFF_SMTP_URL=mail.url, SIGNOFF_MAIL_FROM=sender) as made:
        yield made


async def approved(stage: Stage, line: str) -> tuple[Request, Message]:
    request, card = await stage.asked(stage.rita, line)
    await stage.fay.click(card, "Approve")
    return request, card


# ── command ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_program_gets_its_arguments_as_they_are_and_its_output_is_the_result(stage: Stage) -> None:
    request, card = await approved(stage, """clean table="a; rm -rf / $(id) `id` 'x' --all" """)
    done = await stage.reaches(request.id, "succeeded")
    await stage.settled()
    result = done.attempts[-1].result
    assert result["exit_code"] == 0
    assert result["stdout"].splitlines() == [
        "cleaning a; rm -rf / $(id) `id` 'x' --all",
        f"key {request.key}",
    ]
    assert "It ended with exit code 0" in stage.walt.reads(card)
    await stage.told(stage.rita, "✅ Done", "digest", "cleaning a; rm -rf / $(id)")


async def test_a_program_that_says_no_has_failed(stage: Stage) -> None:
    request, card = await approved(stage, "clean table=locked")
    done = await stage.reaches(request.id, "failed")
    await stage.settled()
    assert done.attempts[-1].result["exit_code"] == 3
    for who, where in ((stage.walt, card), (stage.rita, await stage.told(stage.rita, "❗ Failed", "digest"))):
        assert "It ended with exit code 3: table is locked" in who.reads(where)


async def test_a_value_that_looks_like_an_option_stays_a_value(stage: Stage) -> None:
    request, _ = await approved(stage, "clean table=--help")
    done = await stage.reaches(request.id, "succeeded")
    assert done.attempts[-1].result["stdout"].startswith("cleaning --help\n")


async def test_a_long_run_shows_how_far_it_is(stage: Stage) -> None:
    request, _ = await approved(stage, "slow what=it")
    for who, where in ((stage.walt, "#approvals"), (stage.rita, stage.rita.dm())):
        shown = await stage.card(who, "Work at it", "🔄 Running", "Running since", "half of it is done", where=where)
        assert labels(who, shown) == ["Details"]
    await asyncio.to_thread((stage.settings.config.parent / "gate").write_text, "go\n")
    done = await stage.reaches(request.id, "succeeded")
    assert done.attempts[-1].result["stdout"].splitlines() == ["half of it is done", "all of it is done"]
    await stage.card(stage.walt, "Work at it", "✅ Done")


# ── python ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_callable_gets_the_arguments_and_the_key_and_returns_the_result(stage: Stage) -> None:
    request, _ = await approved(stage, "rotate service=db")
    done = await stage.reaches(request.id, "succeeded")
    calls = callables.CALLS
    assert calls == [("db", request.key)]
    assert done.attempts[-1].result == {"fingerprint": "sha-of-db"}
    await stage.told(stage.rita, "✅ Done", "sha-of-db")


async def test_a_callable_says_that_nothing_was_done(stage: Stage) -> None:
    request, card = await approved(stage, "rotate service=none")
    await stage.reaches(request.id, "failed")
    await stage.settled()
    assert "rotate did nothing: it has no key" in stage.walt.reads(card)


async def test_a_callable_that_breaks_leaves_it_unknown(stage: Stage) -> None:
    request, card = await approved(stage, "rotate service=fragile")
    await stage.reaches(request.id, "unknown")
    await stage.settled()
    assert "RuntimeError: half of it is done" in stage.walt.reads(card)
    assert labels(stage.walt, card) == ["Done", "Not done", "Run again", "Details"]
    assert len(callables.CALLS) == 1


# ── email ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_mail_is_sent_as_approved(stage: Stage, mail: MailServer) -> None:
    request, _ = await approved(
        stage, """write to=ann@example.com about=parcels text="<b>Dear</b> Ann, {to} & more" """
    )
    await stage.reaches(request.id, "succeeded")
    (sent,) = list(mail.records)
    assert sent["from"] == "signoff@example.com"
    assert sent["to"] == ["ann@example.com"]
    assert sent["subject"] == "About parcels"
    assert sent["text"] == "<b>Dear</b> Ann, {to} & more"


async def test_a_mail_server_that_is_gone_sent_nothing(stage: Stage, mail: MailServer) -> None:
    request, card = await stage.asked(stage.rita, "write to=ann@example.com about=parcels text=hello")
    await mail.stop()
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "failed")
    await stage.settled()
    assert "Not sent" in stage.walt.reads(card)


async def test_a_second_recipient_cannot_be_slipped_in(stage: Stage, mail: MailServer) -> None:
    request, _ = await approved(stage, 'write to="ann@example.com, eve@example.com" about=x text=x')
    await stage.reaches(request.id, "failed")
    assert list(mail.records) == []


# ── slack ───────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = (
    "<!channel> <@U0FAY> <https://evil.example|our site> *bold* `code` :tada: &amp; http://x.example @fay #general"
)


async def test_a_message_is_posted_as_plain_text(stage: Stage) -> None:
    """What is said is what was approved: nothing in it is a mention, a link or markup."""
    await stage.rita.command("#general", "/signoff")
    form = await stage.form(stage.rita, "What do you need?")
    chosen = await stage.rita.submit(form, {"action": "say"})
    assert chosen.top is not None
    await stage.rita.submit(chosen.top, {"arg:text": HOSTILE})
    card = await stage.card(stage.fay, "Say something", "Approve")
    await stage.fay.click(card, "Approve")
    request = await stage.only()
    done = await stage.reaches(request.id, "succeeded")

    ts = done.attempts[-1].result["ts"]
    (message,) = [one for one in stage.walt.sees("#general") if one.ts == ts]
    assert stage.walt.reads(message) == HOSTILE
    elements = list(leaves(message.blocks))
    assert {each["type"] for each in elements} <= {"text", "plain_text"}
    assert not any(each.get("style") or each.get("emoji") for each in elements)
    for mark in ("<!channel>", "<@U0FAY>", "<https://evil.example"):
        assert mark not in message.text


def leaves(blocks: object) -> Iterator[dict[str, object]]:
    """Every part of a message's blocks that carries text."""
    if isinstance(blocks, dict):
        if isinstance(blocks.get("text"), str):
            yield blocks
        for value in blocks.values():
            yield from leaves(value)
    elif isinstance(blocks, list | tuple):
        for value in blocks:
            yield from leaves(value)


async def test_a_message_slack_will_not_take_was_not_posted(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "say text=hello")
    stage.slack.workspace.change_channel("C0GENERAL", archived=True)
    await stage.fay.click(card, "Approve")
    await stage.reaches(request.id, "failed")
    await stage.settled()
    assert "Not posted: Slack answered is_archived" in stage.walt.reads(card)


async def test_a_message_whose_answer_was_lost_is_unknown(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, "say text=hello")
    before = len(stage.walt.sees("#general"))
    await stage.settled()
    await stage.olga.command("#ops", "/signoff pause")
    await stage.fay.click(card, "Approve")
    await stage.card(stage.walt, request.id, "Approved, about to run")
    await stage.card(stage.walt, "@fay approved")
    stage.slack.faults.next("chat.postMessage", Fault.dropped(after_effect=True))
    await stage.olga.command("#ops", "/signoff resume")
    await stage.reaches(request.id, "unknown")
    await stage.settled()
    assert len(stage.walt.sees("#general")) == before + 1  # once, and not tried again


# ── caller ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def reports(stage: Stage, who: Person, where: Message, button: str, account: str) -> str:
    """Press it, say what came of it, send. What is then said where it was not taken."""
    await who.click(where, button)
    form = await stage.form(who, "Move the crates by hand")
    answered = await who.submit(form, {"account": account})
    return " ".join(answered.errors.values()) or (who.reads(answered.top) if answered.top else "")


async def test_the_requester_is_told_to_run_it_and_says_that_it_is_done(stage: Stage) -> None:
    request, card = await approved(stage, "by_hand what=crates")
    mine = await stage.told(stage.rita, "Move the crates", "Approved, its requester runs it", "digest")
    await stage.told(stage.rita, "It is approved, and yours to run now")
    await stage.settled()
    assert labels(stage.rita, mine) == ["I did it", "It failed", "Details"]
    assert labels(stage.walt, card) == ["Details"]
    assert "Approved, its requester runs it" in stage.walt.reads(card)
    assert await stage.state(request.id) == "executing"

    async with stage.unchanged():
        assert "say in a few words" in await reports(stage, stage.rita, mine, "I did it", "  ")
    await stage.rita.close(everything=True)
    assert await reports(stage, stage.rita, mine, "I did it", "All 12 stand in hall B <!here>") == ""
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    for who, where in ((stage.walt, card), (stage.rita, mine)):
        assert "✅ Done" in who.reads(where)
        assert "All 12 stand in hall B <!here>" in who.reads(where)
    assert any("It ran, says @rita" in stage.walt.reads(one) for one in stage.walt.thread(card))
    assert labels(stage.rita, mine) == ["Undo", "Details"]


async def test_the_requester_says_that_it_failed(stage: Stage) -> None:
    request, card = await approved(stage, "by_hand what=crates")
    mine = await stage.told(stage.rita, "Move the crates", "It failed")
    assert await reports(stage, stage.rita, mine, "It failed", "The lift is broken; nothing was moved") == ""
    await stage.reaches(request.id, "failed")
    await stage.settled()
    assert "The lift is broken; nothing was moved" in stage.walt.reads(card)
    async with stage.unchanged():
        await stage.rita.forge_click(mine, "did")
        await stage.told(stage.rita, "there is no outcome to report")


async def test_only_the_requester_reports(stage: Stage) -> None:
    await approved(stage, "by_hand what=crates")
    mine = await stage.told(stage.rita, "Move the crates", "I did it")
    for who in (stage.fay, stage.olga, stage.walt):
        async with stage.unchanged():
            await who.forge_click(mine, "did")
            assert who.modal() is None
    await stage.rita.click(mine, "I did it")
    form = await stage.form(stage.rita, "Move the crates")
    async with stage.unchanged():
        await stage.fay.forge_submit(form, {"account": "done"})


async def test_what_is_never_reported_is_unknown_after_a_day(stage: Stage) -> None:
    request, card = await approved(stage, "by_hand what=crates")
    await stage.told(stage.rita, "yours to run now")
    await stage.later(hours=23)
    assert await stage.state(request.id) == "executing"
    await stage.later(hours=1)
    assert await stage.state(request.id) == "unknown"
    assert "Whoever was to run it never said what came of it" in stage.walt.reads(card)
    await stage.card(stage.olga, "An outcome is unknown", request.id, where="#ops")
    assert labels(stage.olga, card) == ["Done", "Not done", "Run again", "Details"]
    await stage.olga.click(card, "Done")
    await stage.olga.submit(await stage.form(stage.olga, "What happened?"), {"reason": "I saw them"})
    await stage.reaches(request.id, "succeeded")


async def test_its_undo_by_hand_undoes_it(stage: Stage) -> None:
    request, card = await approved(stage, "by_hand what=crates")
    mine = await stage.told(stage.rita, "Move the crates", "I did it")
    await reports(stage, stage.rita, mine, "I did it", "done")
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    await stage.rita.click(card, "Undo")
    undo = await stage.card(stage.fred, "Undo: Move the crates", "Approve")
    await stage.fred.click(undo, "Approve")
    again = await stage.told(stage.rita, "Undo: Move the crates", "I did it")
    assert await reports(stage, stage.rita, again, "I did it", "All 12 are back") == ""
    await stage.reaches(request.id, "undone")
