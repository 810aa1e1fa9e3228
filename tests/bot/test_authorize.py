"""The one door: each rule, their order, and every verb in every state by everybody."""

from dataclasses import replace
from typing import Any

import pytest

from bot.authorize import Click, Standing, Verb, authorize, operate
from bot.catalogue import Risk
from bot.errors import (
    AlreadyVoted,
    IsMaker,
    NeedsReview,
    NotAMember,
    NotAnApprover,
    NotFound,
    NotOperator,
    Refusal,
    Superseded,
    TooLate,
    WrongConfirmation,
    WrongMoment,
)
from bot.people import Person
from bot.ports import Moment
from bot.request import Asker, Attempt, Fired, Remark, Request, State, Version
from bot.route import REQUESTER, Escalation, Requirement, Stage, Surface
from bot.sight import CALM, Sight
from tests import build
from tests.build import ALICE, BOB, DORA, ERIN, OWNER, REFUND, T0

EVE, FRED, OLGA, GUS, CARL, MIA = "U0EVE", "U0FRED", "U0OLGA", "U0GUS", "U0CARL", "U0MIA"
ROSTER = {"finance": frozenset({BOB, FRED, EVE, ALICE}), "directors": frozenset({DORA, ERIN})}
ASKER = Asker(client="ci", owner=OWNER, acts_for=ALICE)
STAGES = (
    Stage(need=(Requirement(("finance",), 2),), escalate=(Escalation(900_000, ("directors",), may_approve=False),)),
    Stage(need=(Requirement(("directors",)),)),
)
NOW = Moment(T0)


def version(**rest: Any) -> Version:
    action = replace(REFUND, undo="refund_payment.undo", run={"kind": "caller"})
    return build.version(action, by=rest.pop("by", build.route(*STAGES)), **rest)


def standing(who: str, **rest: Any) -> Standing:
    return Standing(Person(who, who, rest.pop("problem", None)), rest.pop("roster", ROSTER), **rest)


def refused(click: Click, request: Request, who: Standing, moment: Moment = NOW) -> type[Refusal] | None:
    try:
        authorize(click, request, who, moment)
    except Refusal as refusal:
        return type(refusal)
    return None


# ── a line of 3d each: one thing is wrong ───────────────────────────────────────────────────────────────────────

PENDING = build.request(version(), asker=ASKER)
APPROVE = Click(Verb.APPROVE, 1)
READ = Sight(T0 - CALM)


def test_with_nothing_wrong_it_opens() -> None:
    assert refused(APPROVE, PENDING, standing(BOB)) is None
    assert refused(Click(Verb.REJECT, 1), PENDING, standing(BOB)) is None


@pytest.mark.parametrize("shown", [0, 2, -1])
def test_line_2_the_version_shown_is_the_current_one(shown: int) -> None:
    for verb in (Verb.APPROVE, Verb.REJECT, Verb.EDIT, Verb.ASK, Verb.REVEAL, Verb.SETTLE):
        assert refused(Click(verb, shown), PENDING, standing(BOB)) is Superseded


@pytest.mark.parametrize(
    "problem", ["is a guest", "belongs to another organisation", "is a bot", "is deactivated", "is not known"]
)
def test_lines_3_and_4_full_members_of_this_workspace_only(problem: str) -> None:
    other = standing(BOB, problem=problem, operator=True, in_channel=True)
    for verb in set(Verb) - {Verb.LOOK}:
        assert refused(Click(verb), PENDING, other) is NotAMember
    assert refused(Click(Verb.LOOK), PENDING, other) is NotFound, "to them it does not exist"
    with pytest.raises(NotAMember, match=problem):
        operate(standing(OLGA, problem=problem, operator=True))


@pytest.mark.parametrize("maker", [ALICE, OWNER, "ci"])
def test_line_6_no_maker(maker: str) -> None:
    everywhere = {name: members | {maker} for name, members in ROSTER.items()}
    for verb in (Verb.APPROVE, Verb.REJECT, Verb.ASK, Verb.REVEAL):
        assert refused(Click(verb, 1), PENDING, standing(maker, roster=everywhere, operator=True)) is IsMaker


def test_line_6_an_editor_is_a_maker_of_their_version() -> None:
    own = PENDING.but(version=replace(PENDING.now_version, editor=BOB))
    assert refused(APPROVE, own, standing(BOB)) is IsMaker
    assert refused(APPROVE, own, standing(FRED)) is None
    allowed = PENDING.but(version=replace(PENDING.now_version, editor=BOB, editor_may_approve=True))
    assert refused(APPROVE, allowed, standing(BOB)) is None
    gone = {**ROSTER, "finance": frozenset({FRED})}
    assert refused(APPROVE, allowed, standing(BOB, roster=gone)) is NotAnApprover, "eligible in their own right"


def test_line_7_a_member_now_of_a_group_of_the_open_stage() -> None:
    assert refused(APPROVE, PENDING, standing(DORA)) is NotAnApprover, "the next stage's"
    assert refused(APPROVE, PENDING, standing(CARL)) is NotAnApprover
    assert refused(APPROVE, PENDING, standing(OLGA, operator=True)) is NotAnApprover, "no admin's exemption"
    assert refused(APPROVE, PENDING, standing(BOB, roster={"finance": frozenset()})) is NotAnApprover
    assert refused(APPROVE, PENDING, standing(BOB, roster={})) is NotAnApprover, "nobody was looked up"


def test_line_7_an_empty_group_means_nobody() -> None:
    nobody = build.request(version(by=build.route(Stage(need=(Requirement(()),)))), asker=ASKER)
    everyone = {name: frozenset({BOB, DORA, CARL}) for name in ("finance", "directors", "", "everyone")}
    for who in (BOB, DORA, CARL):
        assert refused(APPROVE, nobody, standing(who, roster=everyone, operator=True)) is NotAnApprover


def test_line_7_told_by_escalation_is_not_asked() -> None:
    told = PENDING.but(fired=(Fired(1, 0, "escalate", 0, 0, T0, (DORA,)),))
    assert refused(APPROVE, told, standing(DORA)) is NotAnApprover
    assert refused(Click(Verb.LOOK), told, standing(DORA)) is None


@pytest.mark.parametrize(
    ("asked", "shown", "opens"),
    [
        (Surface.CARD, Surface.CARD, True),
        (Surface.REVIEW, Surface.CARD, False),
        (Surface.REVIEW, Surface.REVIEW, True),
        (Surface.REVIEW, Surface.TYPED, True),
        (Surface.TYPED, Surface.CARD, False),
    ],
)
def test_line_8_the_surface_is_strong_enough(asked: Surface, shown: Surface, opens: bool) -> None:
    request = PENDING.but(version=build.reviewed(PENDING.now_version, asked))
    assert refused(Click(Verb.APPROVE, 1, shown), request, standing(BOB)) is (None if opens else NeedsReview)
    assert refused(Click(Verb.REJECT, 1, shown), request, standing(BOB)) is None, "a no needs no review"


def test_line_8_what_a_card_cannot_show_or_preview_takes_a_review() -> None:
    cut = PENDING.but(version=replace(PENDING.now_version, fits=False))
    assert refused(APPROVE, cut, standing(BOB)) is NeedsReview
    looks = replace(REFUND, preview={"kind": "http", "method": "GET", "url": "https://bank.example/preview"})
    for preview, needed in ((None, True), ("failed", True), ("would refund", False)):
        made = build.version(looks, by=build.route(*STAGES))
        if preview is not None:
            made = build.previewed(made, preview, ok=preview != "failed")
        assert (refused(APPROVE, build.request(made), standing(BOB)) is NeedsReview) is needed


@pytest.mark.parametrize(
    ("typed", "opens"),
    [
        ("ord_81", True),
        (" ord_81\n", True),
        ("ORD_81", False),
        ("ord_8", False),
        ("ord_811", False),
        ("", False),
        (None, False),
    ],
)
def test_line_8_what_must_be_typed_is_typed_exactly(typed: str | None, opens: bool) -> None:
    made = build.version(replace(REFUND, confirm="{order_id}"), by=build.route(*STAGES, surface=Surface.TYPED))
    click = Click(Verb.APPROVE, 1, Surface.TYPED, typed)
    assert refused(click, build.request(made), standing(BOB)) is (None if opens else WrongConfirmation)


def test_line_8_where_nothing_is_named_the_short_digest_is_typed() -> None:
    made = version(by=build.route(*STAGES, surface=Surface.TYPED), risk=Risk.CRITICAL)
    request = build.request(made)
    click = Click(Verb.APPROVE, 1, Surface.TYPED, made.short_digest, READ)
    assert refused(click, request, standing(BOB)) is None
    for wrong in (made.digest, made.short_digest[:-1], made.short_digest.upper() + "x"):
        assert refused(Click(Verb.APPROVE, 1, Surface.TYPED, wrong), request, standing(BOB)) is WrongConfirmation


@pytest.mark.parametrize("approve", [True, False])
def test_line_9_one_vote_on_a_version(approve: bool) -> None:
    voted = PENDING.but(votes=(build.vote(BOB, PENDING.now_version, approve=approve),))
    assert refused(APPROVE, voted, standing(BOB)) is AlreadyVoted
    assert refused(Click(Verb.REJECT, 1), voted, standing(BOB)) is AlreadyVoted
    assert refused(APPROVE, voted, standing(FRED)) is None


def test_line_9_a_vote_of_an_earlier_stage_counts_there_alone() -> None:
    both = {**ROSTER, "directors": frozenset({BOB, DORA})}
    later = PENDING.but(stage=1, votes=(build.vote(BOB, PENDING.now_version),))
    assert refused(APPROVE, later, standing(BOB, roster=both)) is AlreadyVoted
    assert refused(APPROVE, later, standing(DORA, roster=both)) is None


@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_line_10_only_while_it_is_open(state: State) -> None:
    request = build.request(version(), state)
    click = Click(Verb.APPROVE, request.version.number if request.version else 0)
    assert refused(click, request, standing(BOB)) is WrongMoment
    assert refused(replace(click, verb=Verb.REJECT), request, standing(BOB)) is WrongMoment


@pytest.mark.parametrize(("late", "opens"), [(-1, True), (0, False), (1, False)])
def test_line_10_before_the_deadline(late: int, opens: bool) -> None:
    moment = Moment(PENDING.expires_at + late)
    for verb in (Verb.APPROVE, Verb.REJECT, Verb.EDIT, Verb.ASK, Verb.REVEAL):
        assert refused(Click(verb, 1), PENDING, standing(BOB), moment) is (None if opens else TooLate)


def test_line_10_a_pause_stops_runs_not_votes() -> None:
    assert refused(APPROVE, PENDING, standing(BOB), Moment(T0, paused=True)) is None


# ── the first failure wins ──────────────────────────────────────────────────────────────────────────────────────


def test_the_first_failure_wins() -> None:
    """From everything wrong to nothing: each thing that is put right uncovers the next.

    Whether it is open is asked before who one is to its stage: only what is open has a stage that asks anybody.
    """
    made = build.reviewed(version(editor=BOB), Surface.TYPED)
    voted = build.request(made, State.APPROVED, asker=ASKER, votes=(build.vote(BOB, made),))
    click, who, moment = Click(Verb.APPROVE, 3), standing(BOB, problem="is a guest"), Moment(voted.expires_at)
    assert refused(click, voted, who, moment) is Superseded
    click = replace(click, version=1)
    assert refused(click, voted, who, moment) is NotAMember
    who = standing(BOB, roster={})
    assert refused(click, voted, who, moment) is WrongMoment
    open_ = voted.but(state=State.PENDING)
    assert refused(click, open_, who, moment) is TooLate
    moment = NOW
    assert refused(click, open_, who, moment) is IsMaker
    open_ = open_.but(version=replace(made, editor=None))
    assert refused(click, open_, who, moment) is NotAnApprover
    who = standing(BOB)
    assert refused(click, open_, who, moment) is NeedsReview
    click = replace(click, surface=Surface.TYPED, typed="?")
    assert refused(click, open_, who, moment) is WrongConfirmation
    click = replace(click, typed=made.short_digest)
    assert refused(click, open_, who, moment) is AlreadyVoted
    assert refused(click, open_.but(votes=()), who, moment) is None


# ── from: requester ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asker", "confirms"),
    [
        (Asker(person=ALICE), ALICE),
        (Asker(client="ci", owner=OWNER, acts_for=ALICE), ALICE),
        (Asker(person=OWNER, acts_for=ALICE), ALICE),
        (Asker(client="ci", owner=OWNER), None),
    ],
)
def test_from_requester_asks_the_person_it_is_for(asker: Asker, confirms: str | None) -> None:
    own = version(by=build.route(Stage(need=(Requirement((REQUESTER,)),))))
    request = build.request(own, asker=asker)
    for who in (ALICE, OWNER, "ci", BOB):
        opens = refused(APPROVE, request, standing(who)) is None
        assert opens is (who == confirms)


@pytest.mark.parametrize(
    ("risk", "opens"), [(Risk.LOW, True), (Risk.MEDIUM, True), (Risk.HIGH, False), (Risk.CRITICAL, False)]
)
def test_from_requester_for_low_and_medium_only(risk: Risk, opens: bool) -> None:
    own = version(by=build.route(Stage(need=(Requirement((REQUESTER,)),))), risk=risk)
    assert (refused(APPROVE, build.request(own), standing(ALICE)) is None) is opens


def test_from_requester_beside_a_group_opens_for_both() -> None:
    both = version(by=build.route(Stage(need=(Requirement((REQUESTER, "finance")),))))
    request = build.request(both, asker=ASKER)
    assert [who for who in (ALICE, BOB, OWNER, CARL) if refused(APPROVE, request, standing(who)) is None] == [
        ALICE,
        BOB,
    ]


# ── every verb, in every state, by everybody ────────────────────────────────────────────────────────────────────

EVERYBODY = {
    "requester": standing(ALICE, roster={**ROSTER, "finance": ROSTER["finance"] - {ALICE}}),
    "owner": standing(OWNER),
    "client": standing("ci"),
    "editor": standing(EVE),
    "voter": standing(FRED),
    "approver": standing(BOB),
    "later": standing(DORA),
    "operator": standing(OLGA, operator=True),
    "operator who asked": standing(ALICE, operator=True),
    "operator who edited": standing(EVE, operator=True),
    "in the channel": standing(CARL, in_channel=True),
    "nobody": standing(MIA),
}
SIDE = {"requester", "owner", "client", "operator who asked"}
EDITORS = {"editor", "operator who edited"}
OPERATORS = {"operator", "operator who asked", "operator who edited"}
ASKED = {"voter", "approver"}
SENT = frozenset(State) - {State.DRAFTING}
PEOPLE_SEE = SIDE | EDITORS | OPERATORS | ASKED | {"in the channel"}

MAY: dict[Verb, dict[State, set[str]]] = {
    Verb.LOOK: {State.DRAFTING: SIDE | OPERATORS, **dict.fromkeys(SENT, PEOPLE_SEE)},
    Verb.COMMENT: {State.PENDING: PEOPLE_SEE},
    Verb.APPROVE: {State.PENDING: {"approver"}},
    Verb.REJECT: {State.PENDING: {"approver"}},
    Verb.EDIT: {State.DRAFTING: SIDE, State.PENDING: SIDE | ASKED},
    Verb.ASK: {State.PENDING: ASKED},
    Verb.ANSWER: {State.PENDING: SIDE},
    Verb.REVEAL: {State.PENDING: ASKED},
    Verb.SEND: {State.DRAFTING: SIDE},
    Verb.CANCEL: {State.DRAFTING: SIDE, State.PENDING: SIDE | OPERATORS, State.APPROVED: SIDE | OPERATORS},
    Verb.RELEASE: {State.APPROVED: OPERATORS},
    Verb.REPORT: {State.EXECUTING: SIDE},
    Verb.SETTLE: {State.UNKNOWN: {"operator"}},
    Verb.UNDO: {State.SUCCEEDED: SIDE | EDITORS | OPERATORS | {"voter"}},
    Verb.BREAK_GLASS: {},  # an agent asked
    Verb.REVIEW_BREAK: {},  # nobody broke any
    Verb.OPERATE: {},
    Verb.ALLOW_SIMILAR: {},  # the file permits none here; who may give one: test_standing.py
}


def in_state(state: State) -> Request:
    """A request as it stands in this state, with everything that the verbs ask of it."""
    made = version(editor=EVE)
    return build.request(
        made,
        state,
        asker=ASKER,
        votes=() if state is State.DRAFTING else (build.vote(FRED, made),),
        remarks=(Remark("question", BOB, "why?", T0),),
        attempts=(Attempt(1, T0, T0 + 1),),
        waits_for_release=state is State.APPROVED,
    )


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("state", State)
def test_who_may_do_what_and_when(verb: Verb, state: State) -> None:
    request = in_state(state)
    opens = {name for name, who in EVERYBODY.items() if refused(Click(verb), request, who) is None}
    assert opens == MAY[verb].get(state, set())


def test_what_a_verb_asks_besides() -> None:
    bob, alice, olga = EVERYBODY["approver"], EVERYBODY["requester"], EVERYBODY["operator"]
    quiet = in_state(State.PENDING).but(remarks=())
    assert refused(Click(Verb.ANSWER), quiet, alice) is WrongMoment, "there is no open question"
    answered = quiet.but(remarks=(Remark("question", BOB, "?", T0), Remark("answer", ALICE, "!", T0)))
    assert refused(Click(Verb.ANSWER), answered, alice) is WrongMoment
    lone = in_state(State.PENDING).but(asker=Asker(client="ci"))
    assert refused(Click(Verb.ASK), lone, bob) is WrongMoment, "there is nobody to ask"
    approved = in_state(State.APPROVED).but(waits_for_release=False)
    assert refused(Click(Verb.RELEASE), approved, olga) is WrongMoment
    for_us = build.request(build.version(REFUND), State.EXECUTING, asker=ASKER, attempts=(Attempt(1, T0, T0),))
    assert refused(Click(Verb.REPORT), for_us, alice) is WrongMoment, "Signoff ran it itself"
    lasting = build.request(build.version(REFUND), State.SUCCEEDED, asker=ASKER)
    assert refused(Click(Verb.UNDO), lasting, alice) is WrongMoment, "it names no undo"
    late = in_state(State.DRAFTING)
    assert refused(Click(Verb.SEND), late, alice, Moment(late.expires_at)) is TooLate


def test_pause_and_resume_are_the_operators() -> None:
    operate(EVERYBODY["operator"])
    for name in sorted(set(EVERYBODY) - OPERATORS):
        with pytest.raises(NotOperator):
            operate(EVERYBODY[name])


def test_what_a_person_hears_names_the_remedy() -> None:
    with pytest.raises(NotAnApprover, match="This stage asks finance, and you are not a member there now"):
        authorize(APPROVE, PENDING, standing(CARL), NOW)
    with pytest.raises(IsMaker, match="somebody else must decide it"):
        authorize(APPROVE, PENDING, standing(OWNER), NOW)
    with pytest.raises(Superseded, match="That was version 1; version 2 is the one to decide on now"):
        authorize(APPROVE, PENDING.but(version=version(number=2)), standing(BOB), NOW)
