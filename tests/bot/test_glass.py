"""Break-glass: who may, what it is not, what it leaves behind, and who may say that it was right."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot import breakage, machine
from bot.authorize import Click, Standing, Verb, authorize
from bot.catalogue import Glass, Group, Risk
from bot.errors import (
    AlreadyVoted,
    BadInput,
    IsMaker,
    MayNotBreakGlass,
    NotAMember,
    NotAnApprover,
    NotRequester,
    Refusal,
    Superseded,
    TooLate,
    WrongConfirmation,
    WrongMoment,
)
from bot.glass import LABEL, TOLD, Break, Looked, reason_of
from bot.identity import Identities
from bot.moves import glass, submit
from bot.people import Person
from bot.ports import Moment
from bot.request import Actor, Asker, EffectKind, Request, State
from bot.route import REQUESTER, Requirement, Stage, Surface
from tests import build
from tests.bot import room
from tests.bot.play import play, scenes
from tests.bot.room import ANA, FAY, MINUTE, T0, open_room
from tests.build import ALICE, BOB, DORA

HEAD = """
version: 1
slack: {channel: "#approvals", security_channel: "#security", operators: [S0OPERATORS]}
people:
  finance: {user_groups: [S0FINANCE]}
  directors: {users: [U0DORA, U0DAN]}
  leads: {user_groups: [S0LEADS]}
  oncall: {users: [U0ANA, U0FAY, U0GUS, U0OWEN]}
limits: {}
"""
FILE = """
actions:
  restart:
    title: "Restart {service}"
    params: {service: {type: string}}
    required: [service]
    editable: [service]
    break_glass: {who: [oncall], review: 2h}
    run: {http: {url: "https://ops.example/restart/{service}"}}
    undo: {http: {url: "https://ops.example/back/{service}"}}
  failover:
    title: "Fail over to {host}"
    risk: critical
    params: {host: {type: string}}
    required: [host]
    confirm: "{host}"
    break_glass: {who: [oncall]}
    run: {http: {url: "https://ops.example/failover/{host}"}}
  payout:
    title: "Pay {amount}"
    risk: high
    params: {amount: {type: number}}
    required: [amount]
    break_glass: {who: [oncall]}
    run: {http: {url: "https://ops.example/payout"}}
  charge:
    title: "Charge {amount}"
    params: {amount: {type: number}}
    required: [amount]
    run: {http: {url: "https://ops.example/charge"}}
rules:
  route:
    - {name: never, when: 'action == "restart" && args.service == "bank"', then: deny}
    - {name: web, when: 'action == "restart" && args.service == "web"', then: allow}
    - name: two stages
      when: action == "restart" && args.service == "core"
      then:
        ask:
          - {need: [{from: finance, approvals: 2}], rejects: 2, escalate: []}
          - {need: [{from: directors}], escalate: []}
    - name: leads only
      when: action == "restart" && args.service == "lead"
      then: {ask: [{need: [{from: leads}], escalate: []}]}
  default:
    medium: {ask: [{need: [{from: finance}], remind: 10m, escalate: [{after: 15m, to: directors}]}], expires: 4h}
    high: {ask: [{need: [{from: finance}], escalate: []}], expires: 4h}
    critical: {ask: [{need: [{from: finance, approvals: 2}], escalate: []}], expires: 4h}
"""

SCENES = scenes("""
one of the group runs their own without a vote, and it is labelled
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved votes=0 label=break_glass review=open run_by=1h
    it runs                                           → succeeded calls=1 review=open
    fay reviews it was down                           → succeeded review=done

the command asks first, and what is allowed needs no glass
    ana asks broken restart service=shop              → pending
    ana asks broken restart service=web               → approved review=-
    it runs                                           → succeeded calls=1

what the policy denies stays denied
    ana asks broken restart service=bank              → refused denied
    ana breaks because the bank is down               → refused wrong_moment

nobody outside the group, no guest, no operator
    art asks restart service=shop                     → pending
    art breaks because the shop is down               → refused may_not_break_glass
    olga asks restart service=cart                    → pending
    olga breaks because the cart is down              → refused may_not_break_glass
    gus asks broken restart service=shop              → refused not_a_member

an emergency waits for no limit
    file "limits: {}" "limits: {requester: {open: 1}}" →
    ana asks charge amount=5                          → pending
    ana asks restart service=shop                     → refused too_many
    ana asks broken restart service=shop              → pending
    ana breaks because the shop is down               → approved label=break_glass

not where the file does not turn it on
    ana asks charge amount=5                          → pending
    ana breaks because the till is down               → refused may_not_break_glass
    ana asks broken charge amount=6                   → refused may_not_break_glass

only one's own
    ana asks restart service=shop                     → pending
    fay breaks because the shop is down               → refused not_requester
    ana breaks because the shop is down               → approved

no agent, and nobody for what an agent asked
    agent asks restart service=shop                   → pending
    agent breaks because the shop is down             → refused may_not_break_glass
    ana breaks because the shop is down               → refused may_not_break_glass
    owen breaks because the shop is down              → refused may_not_break_glass
    robot asks broken restart service=cart            → refused may_not_break_glass

slack must say who it is
    ana asks restart service=shop                     → pending
    slack is silent
    ana breaks because the shop is down               → refused unconfirmed

a reason of some length
    ana asks restart service=shop                     → pending
    ana breaks because down                           → refused bad_input
    ana breaks because a b c d e f g h i              → refused bad_input

high and critical want the word, or the digest where none is named
    ana asks failover host=db2                        → pending surface=typed
    ana breaks because the first one is dead          → refused wrong_confirmation
    ana breaks typing db1 because it is dead now      → refused wrong_confirmation
    ana breaks typing db2 because it is dead now      → approved
    ana asks payout amount=5                          → pending surface=review
    ana breaks because the bank waits for it          → refused wrong_confirmation

a vote given before stays what it was, and counts for nothing
    ana asks restart service=core                     → pending
    fay approves                                      → pending votes=1
    fred rejects because not now                      → pending votes=2
    ana breaks because everything is down             → approved votes=2 label=break_glass
    flo approves                                      → refused wrong_moment
    dora reviews it had to be                         → approved review=done
    it runs                                           → succeeded calls=1

what was rejected, has expired or has run cannot be broken through
    ana asks restart service=shop                     → pending
    fay rejects because no                            → rejected
    ana breaks because the shop is down               → refused wrong_moment
    ana asks restart service=cart                     → pending
    +4h                                               → expired
    ana breaks because the cart is down               → refused wrong_moment
    ana asks restart service=till                     → pending
    fay approves                                      → approved
    ana breaks because the till is down               → refused wrong_moment review=-

an edit in between makes it another version
    ana asks restart service=shop                     → pending
    fay edits service=cart                            → pending version=2
    ana breaks v1 because the shop is down            → refused superseded
    ana breaks because the shop is down               → approved version=2

it runs only once, and only in time
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved
    ana breaks because the shop is down               → refused wrong_moment
    +1h                                               → expired review=open
    it runs                                           → expired calls=0
    +1h                                               → expired review=overdue
    fay reviews nothing came of it                    → expired review=done

a pause holds it too, and a late resume wants a release
    olga pauses
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved review=open
    it runs                                           → approved calls=0
    +6m                                               → approved
    olga resumes
    it runs                                           → approved waits=yes calls=0
    olga releases                                     → approved
    it runs                                           → succeeded calls=1

the definition changed before it ran: it is asked about, and the break stays to be reviewed
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved
    file 'Restart {service}' 'Start {service} again'
    it runs                                           → pending version=2 review=- calls=0
    fay reviews v1 nothing ran                        → pending
    fay approves                                      → approved votes=1
    it runs                                           → succeeded calls=1

the glass may be broken again on what is asked about anew
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved
    file 'Restart {service}' 'Start {service} again'
    it runs                                           → pending version=2
    ana breaks because it is still down               → approved review=open
    it runs                                           → succeeded calls=1

whoever broke a critical one must still be entitled when it runs
    olga pauses
    ana asks failover host=db2                        → pending
    ana breaks typing db2 because db1 is dead now     → approved
    file 'U0ANA, U0FAY' 'U0FAY'
    olga resumes
    it runs                                           → pending version=2 calls=0

turning it off in the file touches nothing that runs, and nothing else can be broken
    ana asks restart service=shop                     → pending
    file 'break_glass: {who: [oncall], review: 2h}' 'about: no glass'
    ana breaks because the shop is down               → refused may_not_break_glass

somebody else must review it, who could have approved it, or operates Signoff
    ana asks restart service=core                     → pending
    ana breaks because everything is down             → approved
    ana reviews it was fine                           → refused is_maker
    walt reviews it was fine                          → refused not_an_approver
    gus reviews it was fine                           → refused not_a_member
    dora reviews it was fine                          → approved review=done
    fay reviews me too                                → refused wrong_moment
    fay objects still                                 → refused wrong_moment

an operator may, and no agent
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved
    agent reviews it was fine                         → refused may_not_break_glass
    olga reviews it was fine                          → approved review=done

not where nobody broke anything
    ana asks restart service=shop                     → pending
    fay reviews why not                               → refused wrong_moment
    fay approves                                      → approved
    fay objects to what                               → refused wrong_moment

a review says something
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved
    fay reviews                                       → refused bad_input

a concern leaves it open, once from each
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved
    it runs                                           → succeeded
    fred objects it was not down                      → succeeded review=concern told=glass,requester,thread
    fred objects it was not                           → refused already_voted
    flo objects it never is                           → succeeded review=concern
    fay reviews we spoke                              → succeeded review=done told=requester,thread

overdue is said once
    ana asks restart service=shop                     → pending
    ana breaks because the shop is down               → approved review=open told=glass,thread
    it runs                                           → succeeded wake=2h
    +119m                                             → succeeded review=open
    +1m                                               → succeeded review=overdue wake=- told=glass,thread
    +48h                                              → succeeded review=overdue told=-

its undo may be broken through where it may
    ana asks restart service=shop                     → pending
    fay approves                                      → approved
    it runs                                           → succeeded
    ana undoes                                        → pending
    ana breaks because it got worse now               → approved label=break_glass
    it runs                                           → succeeded original=undone

nobody could approve it: it can be asked for with the glass, and not without
    fay leaves S0LEADS
    dora leaves S0LEADS
    ana asks restart service=lead                     → refused nobody_to_ask
    ana asks broken restart service=lead              → pending
    ana breaks because nobody else is left            → approved review=open
    fay reviews she was right                         → refused not_an_approver
    olga reviews she was right                        → approved review=done
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_scene(rows: list[str], tmp_path: Path) -> None:
    await play(tmp_path, FILE, rows, head=HEAD)


# ── the door ────────────────────────────────────────────────────────────────────────────────────────────────────

ONCALL = Glass((Group("oncall", users=(ALICE,)),), 7_200_000)
ROSTER = {"finance": frozenset({BOB, ALICE}), "directors": frozenset({DORA})}
STAGES = (Stage(need=(Requirement(("finance",)),)), Stage(need=(Requirement(("directors", REQUESTER)),)))
NOW = Moment(T0)
OPENS, SENDS = Click(Verb.BREAK_GLASS, 1), Click(Verb.BREAK_GLASS, 1, Surface.TYPED)


def pending(**rest: object) -> Request:
    return build.request(build.version(by=build.route(*STAGES)), asker=Asker(person=ALICE), **rest)  # type: ignore[arg-type]


def standing(who: str, *, breaks: bool = True, **rest: object) -> Standing:
    problem = rest.pop("problem", None)
    given = {"roster": ROSTER, "glass": ONCALL, "breaks": breaks} | rest
    return Standing(Person(who, who, problem), **given)  # type: ignore[arg-type]


def refused(click: Click, request: Request, who: Standing, moment: Moment = NOW) -> type[Refusal] | None:
    try:
        authorize(click, request, who, moment)
    except Refusal as refusal:
        return type(refusal)
    return None


def test_each_thing_that_is_wrong_alone_refuses() -> None:
    assert refused(SENDS, pending(), standing(ALICE)) is None
    assert refused(OPENS, pending(), standing(ALICE)) is None
    assert refused(SENDS, pending(), standing(ALICE, breaks=False)) is MayNotBreakGlass
    assert refused(SENDS, pending(), standing(ALICE, glass=None)) is MayNotBreakGlass
    assert refused(SENDS, pending(), standing(ALICE, problem="is a guest")) is NotAMember
    assert refused(SENDS, pending(), standing(BOB)) is NotRequester
    assert refused(SENDS, pending(), standing(BOB, operator=True)) is NotRequester
    assert refused(replace(SENDS, version=2), pending(), standing(ALICE)) is Superseded
    assert refused(SENDS, pending(), standing(ALICE), Moment(pending().expires_at)) is TooLate
    for asker in (Asker(client="ci", acts_for=ALICE), Asker(client="ci", owner=ALICE), Asker(ALICE, client="ci")):
        assert refused(SENDS, pending().but(asker=asker), standing(ALICE)) is MayNotBreakGlass
    for state in set(State) - {State.PENDING}:
        assert refused(SENDS, pending().but(state=state), standing(ALICE)) is WrongMoment, state


@pytest.mark.parametrize("risk", [Risk.HIGH, Risk.CRITICAL])
def test_grave_risk_wants_it_typed_even_where_an_approval_does_not(risk: Risk) -> None:
    grave = pending(version=None).but(version=build.version(by=build.route(*STAGES), risk=risk))
    short = grave.now_version.short_digest
    assert grave.now_version.confirmation is None
    assert grave.now_version.glass_confirmation == short
    assert refused(OPENS, grave, standing(ALICE)) is None, "the window only opens"
    for typed in (None, "", short[:-1], short.upper() + "x"):
        assert refused(replace(SENDS, typed=typed), grave, standing(ALICE)) is WrongConfirmation
    assert refused(replace(SENDS, typed=f" {short} "), grave, standing(ALICE)) is None


def broken(request: Request, **rest: object) -> Request:
    fields = {"version": 1, "digest": request.now_version.digest, "person": ALICE, "reason": "it is down", "at": T0}
    return request.with_break(Break(**{**fields, "review_by": T0 + MINUTE, **rest}))  # type: ignore[arg-type]


def test_who_reviews() -> None:
    request = broken(pending()).but(state=State.SUCCEEDED)
    click = Click(Verb.REVIEW_BREAK)
    for who in (BOB, DORA):
        assert refused(click, request, standing(who)) is None, "every stage was passed over, not only the open one"
        assert refused(click, request, standing(who, problem="is deactivated")) is NotAMember
    assert refused(click, request, standing("U0WALT")) is NotAnApprover
    assert refused(click, request, standing("U0WALT", operator=True)) is None
    assert refused(click, request, standing(ALICE, operator=True)) is IsMaker
    assert refused(click, pending(), standing(BOB)) is WrongMoment


def test_linked_accounts_are_one_person_here_too() -> None:
    both = Identities(((ALICE, "U0ADMIN"), (BOB, "U0BOB2")))
    linked = build.version(by=replace(build.route(*STAGES), identities=both))
    request = build.request(linked, asker=Asker(person=ALICE))
    assert refused(SENDS, request, standing("U0ADMIN")) is None, "it is their own, from any of their accounts"
    roster = {**ROSTER, "finance": ROSTER["finance"] | {"U0ADMIN"}}
    after = broken(request).but(state=State.SUCCEEDED)
    assert refused(Click(Verb.REVIEW_BREAK), after, standing("U0ADMIN", roster=roster, operator=True)) is IsMaker
    other = broken(request.but(asker=Asker(person="U0ART")), person=BOB).but(state=State.SUCCEEDED)
    assert refused(Click(Verb.REVIEW_BREAK), other, standing("U0BOB2", operator=True)) is IsMaker


# ── the break itself ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["", "   ", "too short", "a  b  c  d  e  f  g", "\u200b" * 40, "x" * 2_501])
def test_a_reason_says_something_and_not_too_much(text: str) -> None:
    with pytest.raises(BadInput):
        reason_of(text)
    assert reason_of("  it is down now ") == "it is down now"


def test_a_look_is_final_where_it_is_fine() -> None:
    made = Break(1, "d", ALICE, "it is down", T0, T0 + MINUTE)
    concern, fine = Looked(BOB, False, "why?", T0 + 1), Looked(DORA, True, "so", T0 + 2)
    assert (made.open, made.overdue_at) == (True, T0 + MINUTE)
    worried = made.looked(concern)
    assert (worried.open, worried.overdue_at) == (True, T0 + MINUTE), "a concern settles nothing"
    with pytest.raises(AlreadyVoted):
        worried.looked(replace(concern, note="again"))
    done = worried.looked(replace(concern, fine=True, note="ah"))  # whoever raised it may say that it is settled
    assert (done.open, done.overdue_at) == (False, None)
    with pytest.raises(WrongMoment):
        done.looked(fine)
    assert made.reminded(T0 + 9).overdue_at is None


def test_other_bytes_than_the_glass_was_broken_for_never_run() -> None:
    request = broken(pending(), digest="f" * 64).but(state=State.APPROVED)
    assert machine.untrue(request) == "the glass was broken for other bytes"
    assert machine.untrue(broken(pending())) is None


def test_it_is_no_vote_and_leaves_a_label_in_event_and_basis() -> None:
    request = pending()
    step = machine.glass_broken(request, broken(request).breaks[0], Actor("person", ALICE, "review"), NOW)
    (said,) = step.events
    assert (said.type, said.before, said.after) == ("break_glass", State.PENDING, State.APPROVED)
    assert said.detail["exception"] == LABEL
    assert "it is down" not in str(said.detail)
    assert step.request.votes == ()
    assert step.request.now_version.basis[LABEL] == {"person": ALICE, "at": T0}
    assert step.request.now_version.snapshot == request.now_version.snapshot


def test_what_is_said_of_a_break_moves_no_request() -> None:
    for state in State:
        if state is State.DRAFTING:
            continue
        request = broken(pending()).but(state=state)
        step = breakage.looked(request, 1, Looked(BOB, True, "fine", T0), Actor("person", BOB, "review"))
        assert step.request.state is state
        assert (step.events[0].before, step.events[0].after) == (None, None)


# ── who hears of it ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_everybody_passed_over_is_told_once_one_after_the_other_and_not_without_end(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE, head=HEAD) as made:
        crowd = frozenset(f"U0CROWD{number:03}" for number in range(TOLD + 25))
        made.people.groups["S0FINANCE"] = crowd | {ANA}
        actor = Actor("person", ANA, "card")
        request = await glass.ask(made.desk, actor, "restart", {"service": "shop"})
        request = await glass.break_glass(made.desk, actor, request.id, 1, "the shop is down")
        (one,) = request.breaks
        assert one.skipped == tuple(sorted(crowd))[:TOLD]
        assert one.uncounted == 25
        parcels = await made.store.take(made.clock() + room.HOUR, 1_000, 500, [EffectKind.TELL])
        told = [each for each in parcels if each.data["to"] == "glass"]
        assert [each.data["where"] for each in told] == list(one.skipped)
        assert await made.store.next_due([EffectKind.TELL]) is not None


async def test_the_list_of_open_ones_is_for_those_who_may_review(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE, head=HEAD) as made:
        for who, service in ((ANA, "shop"), (FAY, "cart")):
            actor = Actor("person", who, "card")
            request = await glass.ask(made.desk, actor, "restart", {"service": service})
            await glass.break_glass(made.desk, actor, request.id, 1, f"the {service} is down")
            made.clock.now += MINUTE

        async def seen(who: str) -> list[str]:
            return [row.headline for row in await glass.to_review(made.desk, who, 9)]

        assert await seen(room.OLGA) == ["Restart shop", "Restart cart"]
        assert await seen(room.FRED) == ["Restart shop", "Restart cart"]
        assert await seen(FAY) == ["Restart shop"]
        assert await seen(ANA) == []
        assert await seen(room.GUS) == []
        (first, _) = await made.store.to_review(9)
        olga = Actor("person", room.OLGA, "card")
        await glass.review(made.desk, olga, first.request_id, 1, "who?", fine=False)
        assert [row.concerns for row in await made.store.to_review(9)] == [1, 0]
        await glass.review(made.desk, olga, first.request_id, 1, "ah", fine=True)
        assert await seen(room.OLGA) == ["Restart cart"]


async def test_what_was_broken_through_is_no_approval_to_learn_from(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE, head=HEAD) as made:
        actor = Actor("person", ANA, "card")
        request = await glass.ask(made.desk, actor, "restart", {"service": "shop"})
        await glass.break_glass(made.desk, actor, request.id, 1, "the shop is down")
        assert await made.store.similar("restart", made.clock() + 1, 9) == ()
        other = await submit.typed(
            made.desk, Asker(person=room.ART), Actor("person", room.ART, "card"), "restart", {"service": "cart"}
        )
        assert other.state is State.PENDING
