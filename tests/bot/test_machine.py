"""The state machine itself: its table against the life of a request, what is final, and who hears of which move."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from bot import machine
from bot.errors import Paused, TooLate, Untrue, WrongMoment
from bot.outcome import Ending, Outcome
from bot.ports import Moment
from bot.request import (
    BOT,
    FINAL,
    OPEN,
    TABLE,
    Actor,
    Attempt,
    Draft,
    EffectKind,
    Move,
    Preview,
    Remark,
    Request,
    State,
    Step,
    check,
)
from bot.route import Requirement, Stage, Verdict
from tests import build
from tests.build import ALICE, BOB, DORA, ERIN, T0

S = State
LIFE = {  # of a request, as its users were told it
    (None, S.DRAFTING),
    (None, S.PENDING),
    (None, S.APPROVED),
    (None, S.DENIED),
    (S.DRAFTING, S.PENDING),
    (S.DRAFTING, S.APPROVED),
    (S.DRAFTING, S.DENIED),
    (S.DRAFTING, S.CANCELLED),
    (S.DRAFTING, S.EXPIRED),
    (S.PENDING, S.PENDING),
    (S.PENDING, S.APPROVED),
    (S.PENDING, S.REJECTED),
    (S.PENDING, S.EXPIRED),
    (S.PENDING, S.CANCELLED),
    (S.APPROVED, S.EXECUTING),
    (S.APPROVED, S.CANCELLED),
    (S.APPROVED, S.EXPIRED),
    (S.APPROVED, S.PENDING),
    (S.EXECUTING, S.SUCCEEDED),
    (S.EXECUTING, S.FAILED),
    (S.EXECUTING, S.UNKNOWN),
    (S.UNKNOWN, S.SUCCEEDED),
    (S.UNKNOWN, S.FAILED),
    (S.UNKNOWN, S.EXECUTING),
    (S.SUCCEEDED, S.UNDONE),
}
BESIDES = {(S.APPROVED, S.DENIED)}  # asked again at the claim, and the rules in force deny it


def test_the_table_is_the_life_of_a_request() -> None:
    edges = {(before, after) for rows in TABLE.values() for before, afters in rows.items() for after in afters}
    marks = {(state, state) for state in State if state is not S.PENDING}  # a mark on a request, its state the same
    assert edges - marks == LIFE | BESIDES


def test_final_is_final() -> None:
    """Nothing leads out of a final state, and from succeeded only to its undo."""
    for rows in TABLE.values():
        assert not FINAL & set(rows)
    assert {move for move, rows in TABLE.items() if S.SUCCEEDED in rows} == {Move.UNDO}
    assert set(State) == OPEN | FINAL | {S.SUCCEEDED}


def test_nothing_moves_but_by_the_table() -> None:
    for move, before, after in itertools.product(Move, [None, *State], State):
        if after in TABLE[move].get(before, frozenset()):
            check(move, before, after)
        else:
            with pytest.raises(AssertionError):
                check(move, before, after)


MINE = Actor("person", ALICE, "card")
NOW = Moment(T0 + 1000)
DONE = Outcome(Ending.SUCCEEDED, "done", {"id": 7})


def running(**rest: Any) -> Request:
    return build.request(state=S.EXECUTING, attempts=(Attempt(1, T0, T0 + 30_000),), **rest)


MOVES = {
    "cancelled": lambda request: machine.cancelled(request, MINE, NOW),
    "expired": lambda request: machine.expired(request, NOW),
    "voted": lambda request: machine.voted(
        request, build.vote(BOB, request.now_version), {"finance": frozenset({BOB})}, MINE, NOW
    ),
    "edited": lambda request: machine.edited(request, build.version(number=2), MINE, NOW),
    "remarked": lambda request: machine.remarked(request, Remark("question", BOB, "?", T0), MINE, NOW),
    "previewed": lambda request: machine.previewed(request, Preview(True, "x", T0), NOW),
    "reminded": lambda request: machine.reminded(request, 0, NOW),
    "claimed": lambda request: machine.claimed(request, NOW),
    "held": lambda request: machine.held(request, NOW),
    "released": lambda request: machine.released(request, MINE, NOW),
    "reopened": lambda request: machine.reopened(request, build.version(number=2), "changed", NOW),
    "finished": lambda request: machine.finished(request, 1, DONE, NOW),
    "recovered": lambda request: machine.recovered(request, NOW),
    "settled": lambda request: machine.settled(request, Ending.FAILED, MINE, NOW, "no"),
    "again": lambda request: machine.again(request, MINE, NOW),
    "undone": lambda request: machine.undone(request, "req_2", NOW),
    "planned": lambda request: machine.planned(request, Draft("ready"), NOW),
    "sent": lambda request: machine.sent(request, build.version(), MINE, NOW),
}


@pytest.mark.parametrize("state", [*FINAL, S.SUCCEEDED])
@pytest.mark.parametrize("move", MOVES)
def test_nothing_moves_what_is_final(move: str, state: State) -> None:
    request = build.request(state=state, attempts=(Attempt(1, T0, T0 + 30_000),), closed_at=T0)
    if (move, state) == ("undone", S.SUCCEEDED):
        assert MOVES[move](request).request.state is S.UNDONE
        return
    with pytest.raises((WrongMoment, AssertionError)):
        MOVES[move](request)


@pytest.mark.parametrize("move", MOVES)
def test_a_move_is_pure(move: str) -> None:
    """The request it was given is untouched, and the same move makes the same step."""
    for state in OPEN:
        request = build.request(state=state, attempts=(Attempt(1, T0, T0 + 30_000),), run_by=T0 + 5000, again_by="U")
        before = replace(request)
        try:
            first, second = MOVES[move](request), MOVES[move](request)
        except (WrongMoment, AssertionError, LookupError):
            continue
        assert first == second
        assert request == before
        (event,) = first.events
        assert (event.before, event.after, event.at) == (state, first.request.state, NOW.now)


def test_what_ends_is_closed_then_and_stays_so() -> None:
    for step in (
        machine.cancelled(build.request(), MINE, NOW),
        machine.expired(build.request(), NOW),
        machine.finished(running(), 1, DONE, NOW),
    ):
        assert step.request.closed_at == NOW.now
    lost = machine.finished(running(), 1, Outcome(Ending.UNKNOWN, "?"), NOW)
    assert lost.request.closed_at is None
    undone = machine.undone(machine.finished(running(), 1, DONE, NOW).request, "req_2", Moment(NOW.now + 9))
    assert undone.request.closed_at == NOW.now


@pytest.mark.parametrize("move", ["planned", "sent"])
def test_a_draft_lives_to_the_millisecond(move: str) -> None:
    last = build.request(state=S.DRAFTING, expires_at=NOW.now + 1)
    assert MOVES[move](last).events[0].before is S.DRAFTING
    for over in (0, -1):
        with pytest.raises(TooLate):
            MOVES[move](last.but(expires_at=NOW.now + over))


# ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────


def approved(**rest: Any) -> Request:
    given: dict[str, Any] = {"approved_at": T0, "run_by": T0 + 3_600_000}
    return build.request(state=S.APPROVED, **(given | rest))


@pytest.mark.parametrize(
    ("request_", "moment", "why"),
    [
        (approved(), Moment(T0, paused=True), Paused),
        (approved(waits_for_release=True), Moment(T0), Paused),
        (approved(), Moment(T0 + 3_600_000), TooLate),
        (approved(version=replace(build.version(), salt="00")), Moment(T0), Untrue),
        (build.request(state=S.UNKNOWN), Moment(T0), WrongMoment),
        (build.request(state=S.PENDING), Moment(T0), WrongMoment),
        (running(), Moment(T0), WrongMoment),
    ],
)
def test_no_claim(request_: Request, moment: Moment, why: type[Exception]) -> None:
    with pytest.raises(why) as refused:
        machine.claimed(request_, moment)
    assert refused.type is why


def test_an_attempt_that_came_back_from_the_dead_changes_nothing() -> None:
    request = running()
    second = machine.recovered(request.but(version=idempotent(), run_by=T0 + 60_000), Moment(T0 + 30_000)).request
    assert (second.state, [each.number for each in second.attempts]) == (S.EXECUTING, [1, 2])
    with pytest.raises(WrongMoment, match="Attempt 1 is no longer the one that counts"):
        machine.finished(second, 1, DONE, NOW)
    assert machine.finished(second, 2, DONE, NOW).request.state is S.SUCCEEDED


def idempotent(retries: int = 3) -> Any:
    run = {**build.REFUND.run, "idempotent": True, "max_retries": retries}
    return build.version(replace(build.REFUND, run=run))


@pytest.mark.parametrize(("retries", "states"), [(0, "uu"), (1, "eu"), (2, "ee")])
def test_recovery_tries_again_as_often_as_the_owner_allows(retries: int, states: str) -> None:
    request = running(version=idempotent(retries), run_by=T0 + 3_600_000)
    got = ""
    for turn in (1, 2):
        if request.state is S.EXECUTING:
            request = machine.recovered(request, Moment(T0 + turn * 30_000)).request
        got += request.state.value[0]
    assert got == states


def test_what_is_no_longer_true_is_not_run_again_by_recovery() -> None:
    broken = replace(idempotent(), salt="00")
    assert machine.recovered(running(version=broken, run_by=T0 + 60_000), NOW).request.state is S.UNKNOWN


def test_the_key_is_the_same_for_every_attempt_and_another_for_each_version() -> None:
    request = running()
    assert request.key == "req_1.1"
    assert machine.recovered(request.but(version=idempotent(), run_by=T0 + 60_000), NOW).request.key == "req_1.1"
    assert request.but(version=build.version(number=2)).key == "req_1.2"


def test_settling_keeps_what_the_target_had_said() -> None:
    lost = machine.finished(running(), 1, Outcome(Ending.UNKNOWN, "502", {"partly": True}), NOW).request
    settled = machine.settled(lost, Ending.SUCCEEDED, MINE, NOW, "I looked").request
    assert (settled.attempts[0].result, settled.reason) == ({"partly": True}, "I looked")


@pytest.mark.parametrize(
    ("approved_at", "resumed_at", "released_at", "paused", "waits"),
    [
        (0, None, None, False, False),
        (0, 300_000, None, False, False),
        (0, 300_001, None, False, True),
        (0, 300_001, None, True, False),  # nothing starts anyway
        (0, 300_001, 300_001, False, False),
        (0, 600_000, 300_001, False, True),  # released before it was paused again
        (600_000, 300_001, None, False, False),  # approved after the resume
    ],
)
def test_what_was_approved_long_before_a_resume_waits(
    approved_at: int, resumed_at: int | None, released_at: int | None, paused: bool, waits: bool
) -> None:
    request = approved(approved_at=approved_at, released_at=released_at)
    assert machine.should_wait(request, Moment(700_000, paused=paused, resumed_at=resumed_at)) is waits


# ── who hears ───────────────────────────────────────────────────────────────────────────────────────────────────


def told(step: Step) -> set[str]:
    return {str(effect.data["to"]) for effect in step.effects if effect.kind is EffectKind.TELL}


def does(step: Step) -> set[str]:
    return {effect.kind.value for effect in step.effects if effect.kind not in (EffectKind.TELL, EffectKind.SHOW)}


def shows(step: Step) -> set[str]:
    return {effect.key for effect in step.effects if effect.kind is EffectKind.SHOW}


ALLOWED = build.version(by=replace(build.route(), verdict=Verdict.ALLOW, stages=()))
ROSTER = {"finance": frozenset({BOB, DORA}), "directors": frozenset({DORA, ERIN})}


def voted(person: str = BOB, *, approve: bool = True, on: Any = None) -> Step:
    request = build.request(on)
    vote = build.vote(person, request.now_version, approve=approve, reason="" if approve else "no")
    return machine.voted(request, vote, ROSTER, Actor("person", person, "card"), NOW)


def test_an_approval_runs_it_and_a_rejection_does_not() -> None:
    assert does(voted()) == {"run"}
    assert does(voted(approve=False)) == set()
    assert told(voted(approve=False)) == {"thread", "requester"}
    assert told(voted()) == {"thread"}


def test_an_allow_runs_at_once_and_has_no_card() -> None:
    sent = machine.sent(build.request(state=S.DRAFTING), ALLOWED, MINE, NOW)
    assert (does(sent), shows(sent), told(sent)) == ({"run"}, {"mine"}, set())
    result = replace(ALLOWED, action=replace(ALLOWED.action, result="card"))
    assert shows(machine.sent(build.request(state=S.DRAFTING), result, MINE, NOW)) == {"mine", "card/1"}


def test_a_preview_runs_only_when_the_route_asks_once_a_version() -> None:
    looks = replace(build.REFUND, preview={"kind": "http", "method": "GET", "url": "https://bank.example/preview"})
    asks, allows = build.version(looks), build.version(looks, by=replace(ALLOWED.route))
    draft = build.request(state=S.DRAFTING)
    assert does(machine.sent(draft, asks, MINE, NOW)) == {"preview"}
    assert does(machine.sent(draft, allows, MINE, NOW)) == {"run"}
    pending = build.request(asks)
    assert does(machine.edited(pending, build.version(looks, number=2), MINE, NOW)) == {"preview"}
    assert does(machine.remarked(pending, Remark("comment", BOB, "hm", T0), MINE, NOW)) == set()


def test_a_new_version_is_a_new_message_and_the_old_one_is_drawn_once_more() -> None:
    edited = machine.edited(build.request(), build.version(number=2), Actor("person", BOB, "card"), NOW)
    assert shows(edited) == {"mine", "card/1", "card/2"}
    assert told(edited) == {"thread", "requester"}
    assert told(machine.edited(build.request(), build.version(number=2), MINE, NOW)) == {"thread"}


def test_those_an_escalation_reached_have_a_copy_that_stays_in_sync() -> None:
    two = build.version(by=build.route(*build.TWO_STAGES))
    reached = machine.escalated(build.request(two), 0, 0, [DORA, ERIN], NOW)
    copies = {f"dm/1/{DORA}", f"dm/1/{ERIN}"}
    assert shows(reached) == {"mine", "card/1"} | copies
    edited = machine.edited(reached.request, build.version(number=2), MINE, NOW)
    assert shows(edited) == {"mine", "card/1", "card/2"} | copies, "the copies of the old version are drawn once more"
    assert shows(machine.cancelled(reached.request, MINE, NOW)) == {"mine", "card/1"} | copies


def test_what_is_asked_again_is_told() -> None:
    again = machine.reopened(approved(), build.version(number=2), "it changed", NOW)
    assert told(again) == {"thread", "requester"}
    assert (does(again), again.request.votes, again.request.run_by) == (set(), (), None)


def test_an_unknown_outcome_is_told_to_operators_and_probed() -> None:
    lost = Outcome(Ending.UNKNOWN, "?")
    assert told(machine.finished(running(), 1, lost, NOW)) == {"thread", "requester", "operators"}
    assert does(machine.finished(running(), 1, lost, NOW)) == set()
    probe = replace(build.REFUND, probe={"kind": "http", "method": "GET", "url": "https://bank.example/{key}"})
    assert does(machine.finished(running(version=build.version(probe)), 1, lost, NOW)) == {"probe"}


def test_words_are_read_after_they_are_stored() -> None:
    received = machine.received("req_1", build.request().asker, MINE, "refund it", NOW)
    assert (does(received), shows(received)) == ({"plan"}, {"mine"})
    assert does(machine.planned(received.request, Draft("ready"), NOW)) == set()


def test_an_exception_to_maker_and_checker_is_labelled_in_its_event() -> None:
    assert "exception" not in voted().events[0].detail
    own = replace(build.version(), editor=BOB, editor_may_approve=True)
    assert voted(on=own).events[0].detail["exception"] == "edit_and_approve"
    assert voted(approve=False, on=own).events[0].detail["exception"] == "edit_and_approve"
    assert voted(ALICE).events[0].detail["exception"] == "from_requester"


def test_what_no_one_is_left_to_decide_is_rejected_at_once() -> None:
    chain = build.route(Stage(need=(Requirement(("finance",)),)), Stage(need=(Requirement(("finance",), 2),)))
    step = voted(on=build.version(by=chain))
    assert step.request.state is S.REJECTED
    assert step.events[0].detail["unreachable"] is True
    assert "can no longer meet" in step.request.reason


def test_events_hold_no_payload() -> None:
    """Digests, counts and names of rules only: what an action is about may have to be forgotten."""
    secret = build.version(args={**build.REFUND_ARGS, "note": "canary-note", "iban": "canary-iban"})
    request = build.request(secret)
    texts = [
        machine.sent(build.request(state=S.DRAFTING), secret, MINE, NOW),
        machine.voted(request, build.vote(BOB, secret, approve=False, reason="canary-reason"), ROSTER, MINE, NOW),
        machine.remarked(request, Remark("question", BOB, "canary-text", T0), MINE, NOW),
        machine.edited(request, replace(secret, number=2), MINE, NOW),
        machine.finished(running(version=secret), 1, Outcome(Ending.SUCCEEDED, "canary", {"canary": 1}), NOW),
        machine.expired(request, NOW),
        machine.cancelled(request, MINE, NOW, "canary-why"),
        machine.recovered(running(version=secret), NOW),
        machine.reopened(approved(version=secret), replace(secret, number=2), "it changed", NOW),
    ]
    assert [step.events for step in texts if "canary" in repr(step.events)] == []


def test_signoff_s_own_moves_are_its_own() -> None:
    assert machine.claimed(approved(), NOW).events[0].actor == BOT
    assert machine.expired(build.request(), NOW).events[0].actor.kind == "clock"
