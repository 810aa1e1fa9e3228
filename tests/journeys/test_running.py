"""What was approved is run, once, and what came of it is told as far as it is known."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.catalogue import MASK
from bot.request import Request
from handlers.demo.slack import Message, Person
from tests.journeys.stage import Stage
from tests.journeys.target import Answer, drop, held, status

CHARGE = "charge order=ord_1 amount=50"  # once: the target is not declared idempotent, and there is no probe
HEADLINE = "Charge 50 to ord_1"


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


def alerts(stage: Stage) -> list[Message]:
    """What operators were alerted of."""
    return [one for one in stage.olga.sees("#ops") if "An outcome is unknown" in stage.olga.reads(one)]


def stored(folder: Path) -> bytes:
    """The database as it lies on the disk, its log too."""
    return b"".join(file.read_bytes() for file in folder.glob("signoff.db*"))


async def approved(stage: Stage, line: str, *answers: Answer) -> tuple[Request, Message]:
    """Asked by Rita, approved by Fay; the target answers so."""
    request, card = await stage.asked(stage.rita, line)
    stage.target.answers += answers
    await stage.fay.click(card, "Approve")
    return request, card


async def test_the_target_gets_what_was_approved_with_its_key(stage: Stage) -> None:
    request, card = await approved(stage, CHARGE)
    done = await stage.reaches(request.id, "succeeded")
    await stage.settled()

    (run,) = stage.target.runs()
    assert (run.method, run.path, run.body) == ("POST", "/charges", {"order": "ord_1", "amount": 50})
    assert run.key == f"{request.id}.1" == done.key
    assert run.headers["X-Signoff-Request"] == request.id
    assert run.attempt == "1"
    assert "✅ Done" in stage.walt.reads(card)
    assert "The target answered 200" in stage.walt.reads(card)
    assert "re_1" not in stage.walt.reads(card)  # the result is the requester's own, unless the file says otherwise
    mine = await stage.told(stage.rita, HEADLINE, "✅ Done", "re_1")
    assert labels(stage.rita, mine) == labels(stage.walt, card) == ["Details"]
    assert alerts(stage) == []


REFUSED = {
    "422": (status(422, error="too much"), "The target refused it: 422", "too much"),
    "404": (status(404, error="no such order"), "The target refused it: 404", "no such order"),
    "a redirect": (status(302, headers={"Location": "/elsewhere"}), "a redirect: it is not followed", ""),
}


@pytest.mark.parametrize(("answer", "what", "more"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_the_target_refuses_has_failed(stage: Stage, answer: Answer, what: str, more: str) -> None:
    request, card = await approved(stage, CHARGE, answer)
    await stage.reaches(request.id, "failed")
    await stage.settled()
    await fails(stage, card, what, more)
    assert len(stage.target.arrivals) == 1


async def fails(stage: Stage, card: Message, *words: str) -> None:
    """Card, thread and requester say so; nobody is to settle anything."""
    mine = await stage.told(stage.rita, "❗ Failed", "digest", *words)
    for who, where in ((stage.walt, card), (stage.rita, mine)):
        assert all(word in who.reads(where) for word in ("❗ Failed", *words))
        assert labels(who, where) == ["Details"]
    thread = [stage.walt.reads(one) for one in stage.walt.thread(card)]
    assert any("It failed" in line and all(word in line for word in words) for line in thread)
    assert alerts(stage) == []


async def test_where_nobody_listens_nothing_was_sent(stage: Stage) -> None:
    request, card = await approved(stage, "nowhere what=it")
    await stage.reaches(request.id, "failed")
    await stage.settled()
    await fails(stage, card, "Nothing was sent")


async def never(_: object) -> None:
    """Say nothing, until the caller gives up."""
    await asyncio.Event().wait()


UNSURE = {
    "500": (status(500, error="oops"), "The target answered 500"),
    "503": (status(503), "The target answered 503"),
    "409": (status(409, error="in progress"), "The target answered 409"),
    "429": (status(429), "The target answered 429"),
    "a reset": (drop, "The request was sent, but"),
    "silence": (never, "The request was sent, but"),
}


@pytest.mark.parametrize(("answer", "what"), UNSURE.values(), ids=UNSURE.keys())
async def test_what_cannot_be_known_is_said_to_be_unknown(stage: Stage, answer: Answer, what: str) -> None:
    request, card = await approved(stage, CHARGE, answer)
    await stage.reaches(request.id, "unknown")
    await stage.settled()

    assert len(stage.target.arrivals) == 1  # and it is not tried again
    shown = stage.walt.reads(card)
    assert "❓ Outcome unknown" in shown
    assert what in shown
    assert labels(stage.walt, card) == ["Done", "Not done", "Run again", "Details"]
    thread = [stage.walt.reads(one) for one in stage.walt.thread(card)]
    assert any("Its outcome is unknown" in line and what in line for line in thread)
    mine = await stage.told(stage.rita, HEADLINE, "❓ Outcome unknown", "digest", what)
    assert labels(stage.rita, mine) == ["Details"]
    await stage.told(stage.rita, "Its outcome is unknown")
    (alert,) = alerts(stage)
    assert all(word in stage.olga.reads(alert) for word in (HEADLINE, request.id, what))


async def payout(stage: Stage, *answers: Answer) -> Request:
    """Approved, of a target that honours the key: it is high, so it takes the review."""
    request, card = await stage.asked(stage.rita, "payout to=alice amount=50")
    stage.target.answers += answers
    await stage.fay.click(card, "review")
    answered = await stage.fay.submit(await stage.form(stage.fay, "Pay out 50 to alice"))
    assert answered.top is None, stage.fay.reads(answered.top)
    return request


BUSY = status(503, headers={"Retry-After": "0"})


async def test_a_target_that_honours_the_key_is_tried_again_with_it(stage: Stage) -> None:
    request = await payout(stage, BUSY, drop)
    done = await stage.reaches(request.id, "succeeded")
    assert len(done.attempts) == 1
    runs = stage.target.runs()
    assert [run.key for run in runs] == [request.key] * 3
    assert len(stage.target.done) == 1
    assert all(run.body == runs[0].body for run in runs)


async def test_after_three_more_tries_it_is_unknown_all_the_same(stage: Stage) -> None:
    request = await payout(stage, *[BUSY] * 4)
    await stage.reaches(request.id, "unknown")
    await stage.settled()
    assert len(stage.target.runs()) == 4
    assert len(alerts(stage)) == 1


async def test_a_refusal_after_a_silence_proves_nothing(stage: Stage) -> None:
    """The first try may have done it; that the second was refused does not say that it has not."""
    request = await payout(stage, BUSY, status(422, error="already paid"))
    await stage.reaches(request.id, "unknown")


async def test_two_who_approve_at_once_run_it_once(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, CHARGE)
    await asyncio.gather(*(who.click(card, "Approve") for who in (stage.fay, stage.fred)))
    done = await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert len(done.votes) == 1
    assert len(stage.target.arrivals) == 1
    (late,) = {stage.fay.id, stage.fred.id} - {vote.person for vote in done.votes}
    loser = stage.fay if late == stage.fay.id else stage.fred
    await stage.told(loser, "This request is")


async def test_pressed_twenty_times_at_once_it_runs_once(stage: Stage) -> None:
    request, card = await stage.asked(stage.rita, CHARGE)
    presses: Sequence[Person] = [stage.fay, stage.fred] * 10
    await asyncio.gather(*(who.forge_click(card, "approve") for who in presses))
    done = await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert len(done.votes) == 1
    assert len(stage.target.arrivals) == 1


async def test_while_it_runs_the_card_says_so_and_it_cannot_be_cancelled(stage: Stage) -> None:
    gate = asyncio.Event()
    request, _ = await approved(stage, CHARGE, held(gate))
    await stage.target.arrived.wait()
    await stage.card(stage.walt, HEADLINE, "🔄 Running", "Running since")
    mine = await stage.told(stage.rita, HEADLINE, "🔄 Running", "digest")
    assert labels(stage.rita, mine) == ["Details"]
    async with stage.unchanged():
        reply = await stage.rita.command("#general", f"/signoff cancel {request.id}")
        assert reply.message is not None
        assert "it can no longer be cancelled" in stage.rita.reads(reply.message)
    gate.set()
    await stage.reaches(request.id, "succeeded")
    await stage.card(stage.walt, HEADLINE, "✅ Done")


async def test_a_result_is_on_the_card_where_the_file_says_so(stage: Stage) -> None:
    """Low risk, allowed by the rules: nobody is asked, and the card is where its result is told."""
    reply = await stage.rita.command("#general", "/signoff run look_up order=ord_1")
    assert reply.message is not None
    await stage.card(stage.walt, "Look up ord_1", "✅ Done", "Result", "re_1")
    assert len(stage.target.runs()) == 1


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        (status(422, error="no account DE_SECRET_1"), "failed"),
        (status(200, id="re_1", iban="DE_SECRET_1", note="to DE_SECRET_1"), "succeeded"),
    ],
)
async def test_what_the_target_echoes_of_a_sensitive_argument_goes_no_further(
    stage: Stage, tmp_path: Path, answer: Answer, becomes: str
) -> None:
    """Refused, or done: neither a message nor the database holds it in clear."""
    request, card = await approved(stage, "refund order=ord_1 amount=50 iban=DE_SECRET_1", answer)
    done = await stage.reaches(request.id, becomes)
    await stage.settled()
    assert stage.target.runs()[0].body["iban"] == "DE_SECRET_1"
    assert MASK in f"{done.attempts[0].summary} {done.attempts[0].result}"
    assert "DE_SECRET_1" not in f"{stage.slack.calls} {stage.walt.reads(card)} {await stage.events()}"
    assert request.id.encode() in stored(tmp_path)
    assert b"DE_SECRET_1" not in stored(tmp_path)
