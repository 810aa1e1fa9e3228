"""An outcome nobody knows: a probe, or an operator who is no maker, says what came of it."""

import asyncio

import pytest

from bot.request import Request
from handlers.demo.slack import Message, Person
from tests.journeys.stage import Stage
from tests.journeys.target import Answer, drop, held, status

CHARGE = "charge order=ord_1 amount=50"  # no probe
HEADLINE = "Charge 50 to ord_1"
REFUND = "refund order=ord_1 amount=50"  # has a probe


def labels(who: Person, card: Message) -> list[str]:
    return [button.label for button in who.buttons(who.now(card))]


async def lost(stage: Stage, line: str = CHARGE, *answers: Answer, by: Person | None = None) -> tuple[Request, Message]:
    """Approved, run, and nobody knows what came of it."""
    request, card = await stage.asked(by or stage.rita, line)
    stage.target.answers += answers or (drop,)
    await stage.fay.click(card, "Approve")
    request = await stage.reaches(request.id, "unknown")
    await stage.settled()
    return request, card


async def settles(stage: Stage, who: Person, card: Message, button: str, reason: str = "I looked into its log") -> str:
    """Press the button, give the reason, send. What the form then says; nothing where it was taken."""
    await who.click(card, button)
    form = await stage.form(who, "What happened?")
    answered = await who.submit(form, {"reason": reason})
    return " ".join(answered.errors.values()) or (who.reads(answered.top) if answered.top else "")


@pytest.mark.parametrize(
    ("button", "state", "words"), [("Done", "succeeded", "✅ Done"), ("Not done", "failed", "❗ Failed")]
)
async def test_an_operator_says_what_came_of_it(stage: Stage, button: str, state: str, words: str) -> None:
    request, card = await lost(stage)
    assert await settles(stage, stage.olga, card, button, "I looked into its log") == ""
    settled = await stage.reaches(request.id, state)
    await stage.settled()
    assert settled.attempts[-1].ended_at is not None
    mine = await stage.told(stage.rita, HEADLINE, words, "digest")
    for who, where in ((stage.walt, card), (stage.rita, mine)):
        assert words in who.reads(where)
        assert "I looked into its log" in who.reads(where)
        assert labels(who, where) == ["Details"]
    assert any(
        "@olga settled it" in stage.walt.reads(one) and "I looked into its log" in stage.walt.reads(one)
        for one in stage.walt.thread(card)
    )
    assert len(stage.target.runs()) == 1


async def test_the_form_shows_what_is_known_and_what_ran(stage: Stage) -> None:
    request, card = await lost(stage)
    await stage.olga.click(card, "Run again")
    form = await stage.form(stage.olga, "What happened?")
    shown = stage.olga.reads(form)
    known = (HEADLINE, "Attempt 1", "The request was sent, but", "order", "ord_1", request.now_version.short_digest)
    assert all(word in shown for word in known)
    assert "What happened?: Run again" in shown  # what was pressed is chosen already


async def test_run_again_runs_it_again_with_the_same_key(stage: Stage) -> None:
    request, card = await lost(stage)
    assert await settles(stage, stage.olga, card, "Run again") == ""
    done = await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert [run.key for run in stage.target.runs()] == [request.key] * 2
    assert [run.attempt for run in stage.target.runs()] == ["1", "2"]
    assert [attempt.ending for attempt in done.attempts] == ["unknown", "succeeded"]
    assert any("asked to run it again" in stage.walt.reads(one) for one in stage.walt.thread(card))


async def test_run_again_pressed_twice_runs_it_once(stage: Stage) -> None:
    request, card = await lost(stage)
    gate = asyncio.Event()
    stage.target.answers.append(held(gate))
    stage.slack.workspace.set_group("S0OPERATORS", ["U0OLGA", "U0WALT"])
    forms = []
    for who in (stage.olga, stage.walt):
        await who.click(card, "Run again")
        forms.append((who, await stage.form(who, "What happened?")))
    for who, form in forms:
        await who.submit(form, {"reason": "I looked into its log"})
    gate.set()
    await stage.reaches(request.id, "succeeded")
    await stage.settled()
    assert len(stage.target.runs()) == 2


async def test_without_a_reason_nothing_is_settled(stage: Stage) -> None:
    _, card = await lost(stage)
    async with stage.unchanged():
        assert "say how you know" in await settles(stage, stage.olga, card, "Done", "   ")


@pytest.mark.parametrize("button", ["Done", "Not done", "Run again"])
async def test_only_an_operator_settles_it(stage: Stage, button: str) -> None:
    """Not the requester, not whoever approved it, not a bystander."""
    _, card = await lost(stage)
    for who in (stage.rita, stage.fay, stage.walt):
        async with stage.unchanged():
            await who.click(card, button)
            await stage.told(who, "Only an operator may do this")
        assert who.modal() is None


@pytest.mark.parametrize("button", ["Done", "Not done", "Run again"])
async def test_an_operator_does_not_settle_their_own(stage: Stage, button: str) -> None:
    request, card = await lost(stage, by=stage.olga)
    async with stage.unchanged():
        await stage.olga.click(card, button)
        await stage.told(stage.olga, "You are on the requester's side of this request")
    stage.slack.workspace.set_group("S0OPERATORS", ["U0OLGA", "U0WALT"])
    assert await settles(stage, stage.walt, card, "Done") == ""
    await stage.reaches(request.id, "succeeded")


async def test_the_form_of_somebody_else_settles_nothing(stage: Stage) -> None:
    """What was opened by an operator and sent by another, or kept until they are none any more."""
    _, card = await lost(stage)
    await stage.olga.click(card, "Done")
    form = await stage.form(stage.olga, "What happened?")
    async with stage.unchanged():
        await stage.rita.forge_submit(form, {"reason": "it is fine"})
    stage.slack.workspace.set_group("S0OPERATORS", ["U0WALT"])
    async with stage.unchanged():
        answered = await stage.olga.submit(form, {"reason": "it is fine"})
        assert answered.top is not None
        assert "Only an operator" in stage.olga.reads(answered.top)


async def test_after_its_time_it_is_not_run_again_but_may_be_settled(stage: Stage) -> None:
    request, card = await lost(stage)
    await stage.later(hours=1)
    async with stage.unchanged():
        assert "needs a new request and a new approval" in await settles(stage, stage.olga, card, "Run again")
    await stage.olga.close(everything=True)
    assert await settles(stage, stage.olga, card, "Not done") == ""
    await stage.reaches(request.id, "failed")


async def test_run_again_that_could_not_start_in_time_leaves_it_to_the_operators(stage: Stage) -> None:
    request, card = await lost(stage)
    await stage.olga.command("#ops", "/signoff pause")
    assert await settles(stage, stage.olga, card, "Run again") == ""
    stage.forward(hours=1)
    await stage.olga.command("#ops", "/signoff resume")
    await stage.card(stage.walt, "It was not run again", "It did not start in time")
    await stage.settled()
    assert (await stage.request(request.id)).state == "unknown"
    assert len(stage.target.runs()) == 1
    assert await settles(stage, stage.olga, card, "Done") == ""
    await stage.reaches(request.id, "succeeded")


async def test_settled_once_it_is_settled(stage: Stage) -> None:
    _, card = await lost(stage)
    await stage.olga.click(card, "Not done")
    form = await stage.form(stage.olga, "What happened?")
    stage.slack.workspace.set_group("S0OPERATORS", ["U0OLGA", "U0WALT"])
    assert await settles(stage, stage.walt, card, "Done") == ""
    await stage.settled()
    async with stage.unchanged():
        answered = await stage.olga.submit(form, {"reason": "I looked into its log"})
        assert answered.top is not None
        assert "nothing to settle" in stage.olga.reads(answered.top)


PROBED = {
    "it has it": (status(200, id="re_9"), "succeeded"),
    "it has it not": (status(404, error="unknown"), "failed"),
}


@pytest.mark.parametrize(("answer", "state"), PROBED.values(), ids=PROBED.keys())
async def test_a_probe_settles_it_either_way(stage: Stage, answer: Answer, state: str) -> None:
    request, card = await stage.asked(stage.rita, REFUND)
    stage.target.answers += (drop, answer)
    await stage.fay.click(card, "Approve")
    settled = await stage.reaches(request.id, state)
    await stage.settled()
    run, probe = stage.target.arrivals
    assert (probe.method, probe.path) == ("GET", f"/by-key/{run.key}")
    assert any("A probe settled it" in stage.walt.reads(one) for one in stage.walt.thread(card))
    if state == "succeeded":
        assert settled.attempts[-1].result == {"id": "re_9"}
        await stage.told(stage.rita, "Refund 50", "✅ Done", "re_9")


@pytest.mark.parametrize("answer", [status(500), drop, status(401, error="who are you")], ids=["500", "reset", "401"])
async def test_a_probe_that_cannot_tell_leaves_it_to_an_operator(stage: Stage, answer: Answer) -> None:
    request, card = await lost(stage, REFUND, drop, answer)
    assert (await stage.request(request.id)).state == "unknown"
    assert await settles(stage, stage.olga, card, "Done") == ""
    await stage.reaches(request.id, "succeeded")


async def test_a_run_that_comes_back_from_the_dead_is_not_believed(stage: Stage) -> None:
    """Its lease ran out (the process stood still for it): unknown; what it says later changes nothing."""
    gate = asyncio.Event()
    request, card = await stage.asked(stage.rita, CHARGE)
    stage.target.answers.append(held(gate))
    await stage.fay.click(card, "Approve")
    await stage.target.arrived.wait()
    await stage.later(seconds=31)
    assert (await stage.request(request.id)).state == "unknown"
    async with stage.unchanged():
        gate.set()
        await stage.settled()
    assert await settles(stage, stage.olga, card, "Done") == ""
    await stage.reaches(request.id, "succeeded")
