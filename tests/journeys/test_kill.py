"""kill -9 between any two steps of the path, and a restart: nothing is lost, nothing runs twice, old cards work.

A supervisor starts the process again as soon as it is dead; a person who gets an error
from Slack does the same once more.
"""

import time
from functools import partial
from pathlib import Path

import pytest

from handlers.demo.slack import BotFailedError, Channel, Message, Person
from tests.journeys.process import PATIENCE, Play, playing

ASKED = "charge order=ord_7 amount=50"
HEADLINE = "Charge 50 to ord_7"


async def asked(play: Play) -> None:
    await play.again(lambda: play.rita.command("#general", f"/signoff run {ASKED}"))


def cards(play: Play) -> list[Message]:
    """Every card of it that stands in the channel, oldest first."""
    return roots(play, play.walt, "#approvals")


def roots(play: Play, who: Person, where: str | Channel, headline: str = HEADLINE) -> list[Message]:
    found = [one for one in who.sees(where) if one.thread_ts in (None, one.ts)]
    return [one for one in found if headline in who.reads(one)]


async def approved(play: Play) -> Message:
    """Approve on each card in turn, the oldest first, until one is taken. Returns that one."""
    await play.shown(play.fay, HEADLINE, "Approve")
    for card in cards(play):
        await play.again(partial(play.fay.click, card, "approve"))
        if play.look("SELECT 1 FROM votes"):
            return card
    raise AssertionError(play.slack.describe())


async def done(play: Play) -> Message:
    return await play.shown(play.walt, HEADLINE, "✅ Done")


def once(play: Play) -> None:
    """It ran once, on one vote, and one card is known."""
    assert play.exits == [-9]
    assert play.states == ["succeeded"]
    assert [run.attempt for run in play.target.runs()] == ["1"]
    assert len(play.look("SELECT 1 FROM votes")) == 1
    assert len(play.look("SELECT ts FROM messages WHERE place = 'card' AND ts IS NOT NULL")) == 1


@pytest.mark.parametrize("point", ["F1", "F2", "F3", "F3@2", "F5", "F6", "F8", "F11"])
async def test_it_is_approved_and_runs_once_wherever_it_dies(tmp_path: Path, point: str) -> None:
    async with playing(tmp_path, f"{point}:kill") as play:
        await asked(play)
        taken = await approved(play)
        assert (await done(play)).ts == taken.ts
        await play.revived()
        once(play)
        assert len(cards(play)) == 1


@pytest.mark.parametrize("point", ["F4", "F4@2"])
async def test_a_card_whose_post_was_never_acknowledged_decides_nothing(tmp_path: Path, point: str) -> None:
    """The first and the second message of a request are posted side by side: the card, and the requester's own."""
    async with playing(tmp_path, f"{point}:kill") as play:
        await asked(play)
        await play.revived()
        await play.slack.wait_for(
            lambda: len(cards(play)) + len(roots(play, play.rita, play.rita.dm())) == 3, timeout=PATIENCE
        )
        taken = await approved(play)
        assert taken == cards(play)[-1]  # an older one was pressed before, and was refused
        await done(play)
        once(play)


async def test_words_that_were_stored_are_read_after_the_restart(tmp_path: Path) -> None:
    """F2 for words: kept before anything else happens, killed before Slack is answered."""
    async with playing(tmp_path, "F2:kill") as play:
        with pytest.raises(BotFailedError):
            await play.rita.command("#general", "/signoff please charge ord_7 fifty dollars")
        await play.revived()
        await play.shown(play.rita, "please charge ord_7 fifty dollars", "Discard", where=play.rita.dm())
        assert play.states == ["drafting"]


@pytest.mark.parametrize("point", ["F7", "F7@2"])
async def test_a_card_that_was_not_redrawn_is_right_soon_after_the_restart(tmp_path: Path, point: str) -> None:
    """The vote was answered; killed before the requester's message, or the card, says so. Its other stage is open."""
    async with playing(tmp_path, f"{point}:kill") as play:
        await play.rita.command("#general", "/signoff run refund order=ord_81 amount=600")
        card = await play.shown(play.fay, "Refund 600 USD", "Approve")
        await play.fay.click(card, "approve")
        await play.revived()
        started = time.monotonic()
        for who, where in ((play.walt, "#approvals"), (play.rita, play.rita.dm())):
            await play.shown(who, "Refund 600 USD", "Stage 2 of 2", "Approved by @fay", where=where)
        assert time.monotonic() - started < 60
        await play.dora.click(card, "approve")
        await play.shown(play.walt, "Refund 600 USD", "✅ Done")
        assert len(play.target.runs()) == 1


async def test_killed_after_the_claim_nobody_guesses_that_it_ran(tmp_path: Path) -> None:
    """F9: the claim committed, nothing sent. It cannot be told from F10, so an operator is asked; they run it again."""
    async with playing(tmp_path, "F9:kill") as play:
        await asked(play)
        card = await approved(play)
        await play.revived()
        started = time.monotonic()
        await play.shown(play.walt, HEADLINE, "Outcome unknown")
        await play.shown(play.olga, "An outcome is unknown", where="#ops")
        assert time.monotonic() - started < 60
        assert play.target.runs() == []

        await settled(play, card, "again", "The target's log has nothing of it")
        await done(play)
        assert [run.attempt for run in play.target.runs()] == ["2"]
        assert play.states == ["succeeded"]


async def test_killed_before_the_outcome_is_kept_it_is_not_run_again(tmp_path: Path) -> None:
    """F10: the target has done it, and Signoff cannot know."""
    async with playing(tmp_path, "F10:kill") as play:
        await asked(play)
        card = await approved(play)
        await play.revived()
        started = time.monotonic()
        await play.shown(play.walt, HEADLINE, "Outcome unknown")
        assert time.monotonic() - started < 60

        await settled(play, card, "done", "The target's log has it")
        await done(play)
        once(play)


async def settled(play: Play, card: Message, what: str, reason: str) -> None:
    await play.olga.click(card, what)
    form = await play.slack.wait_for(play.olga.modal)
    answered = await play.olga.submit(form, {"reason": reason})
    assert answered.top is None, play.olga.reads(answered.top)


@pytest.mark.parametrize("point", ["F9", "F10"])
async def test_a_target_that_honours_the_key_is_asked_again_with_it(tmp_path: Path, point: str) -> None:
    async with playing(tmp_path, f"{point}:kill") as play:
        await play.rita.command("#general", "/signoff run payout to=alice amount=50")
        card = await play.shown(play.fay, "Pay out 50 to alice", "Review")
        await play.fay.click(card, "review")
        answered = await play.fay.submit(await play.slack.wait_for(play.fay.modal))
        if answered.top is not None:  # quicker than anybody reads
            await play.fay.submit(answered.top)
        await play.shown(play.walt, "Pay out 50 to alice", "✅ Done")
        await play.revived()
        assert len(play.target.done) == 1
        assert {run.key for run in play.target.runs()} == set(play.target.done)
        assert [run.attempt for run in play.target.runs()] == (["2"] if point == "F9" else ["1", "2"])
        assert play.states == ["succeeded"]


@pytest.mark.parametrize(("point", "what"), [("F9", "❗ Failed"), ("F10", "✅ Done")])
async def test_a_probe_says_what_came_of_it(tmp_path: Path, point: str, what: str) -> None:
    async with playing(tmp_path, f"{point}:kill") as play:
        await play.rita.command("#general", "/signoff run refund order=ord_81 amount=50")
        card = await play.shown(play.fay, "Refund 50 USD", "Approve")
        await play.fay.click(card, "approve")
        await play.shown(play.walt, "Refund 50 USD", what)
        assert len(play.target.runs()) == (0 if point == "F9" else 1)


@pytest.mark.parametrize("point", ["F13", "F15"])
async def test_an_escalation_happens_once_wherever_it_dies(tmp_path: Path, point: str) -> None:
    """Killed before its commit, or between the commit and the first message about it."""
    async with playing(tmp_path, f"{point}:kill") as play:
        await play.rita.command("#general", "/signoff run charge order=soon amount=50")
        await play.revived()
        card = await play.slack.wait_for(
            lambda: next(iter(roots(play, play.dora, play.dora.dm(), "soon")), None), timeout=PATIENCE
        )
        assert len(play.look("SELECT 1 FROM fired WHERE kind = 'escalate'")) == 1
        await play.dora.click(card, "approve")
        await play.shown(play.walt, "Charge 50 to soon", "✅ Done")
        assert len(roots(play, play.dora, play.dora.dm(), "soon")) == 1
        (root,) = roots(play, play.walt, "#approvals", "soon")
        told = [one for one in play.walt.thread(root) if "escalated to" in play.walt.reads(one)]
        assert len(told) == 1
        assert len(play.target.runs()) == 1
