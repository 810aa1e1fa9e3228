"""Several accounts of one person: makers together, one vote between them, one place in all stages."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import machine, quorum
from bot.authorize import Click, Standing, Verb, authorize
from bot.catalogue import Group, Risk
from bot.errors import Refusal
from bot.explain import approvers
from bot.identity import Identities
from bot.people import Person, Roster
from bot.ports import Moment
from bot.request import Actor, Asker, Request, State
from bot.route import REQUESTER, Requirement, Route, Stage, Verdict
from tests import build
from tests.bot.files import MONEY
from tests.bot.matching import filled
from tests.bot.play import play, scenes
from tests.bot.room import HEAD
from tests.build import T0

LINKED = (
    HEAD + "  admins: {users: [U0ANAADMIN, U0FAYADMIN]}\n"
    "identities: [[U0FAY, U0FAYADMIN], [U0ANA, U0ANAADMIN], [U0OWEN, U0FLO], [U0DORA, U0DAN]]\n"
)
ADMINS = """
    - name: two admins
      when: action == "label" && args.text == "two"
      then: {ask: [{need: [{from: [finance, admins], approvals: 2}], escalate: []}]}
    - name: finance, then an admin
      when: action == "label" && args.text == "twice"
      then: {ask: [{need: [{from: finance}], escalate: []}, {need: [{from: [admins, directors]}], escalate: []}]}
    - name: two noes
      when: action == "label" && args.text == "noes"
      then: {ask: [{need: [{from: [finance, admins]}], rejects: 2, escalate: []}]}
    - name: only admins
      when: action == "label" && args.text == "admins"
      then: {ask: [{need: [{from: admins}], escalate: []}]}
    - name: both directors or the requester
      when: action == "label" && args.text == "own"
      then: {ask: [{need: [{from: requester}], escalate: []}]}
    - name: often
      when: action == "label" && args.text == "often" && history.last_hour >= 2
      then: deny
    - name: small,"""
FILE = MONEY.replace("    - {name: small,", ADMINS.replace("- name: small,", "- {name: small,"))

SCENES = scenes("""
a requester's other account approves nothing
    ana asks refund order=ord_1 amount=60           → pending
    anaadmin joins S0FINANCE
    anaadmin approves                               → refused is_maker
    anaadmin rejects because no                     → refused is_maker
    fay approves                                    → approved label=-

nor what is asked by the other one
    anaadmin asks refund order=ord_1 amount=60      → pending
    ana joins S0FINANCE
    ana approves                                    → refused is_maker
    fred approves                                   → approved

the owner of a client, and whom it acts for, are makers with all their accounts
    agent asks refund order=ord_1 amount=60         → pending
    flo approves                                    → refused is_maker
    anaadmin joins S0FINANCE
    anaadmin approves                               → refused is_maker
    fay approves                                    → approved

one vote a person
    ana asks label order=ord_1 text=two             → pending
    fay approves                                    → pending votes=1
    fayadmin approves                               → refused already_voted
    fayadmin rejects because no                     → refused already_voted
    fred approves                                   → approved votes=2

a person counts in one stage
    ana asks label order=ord_1 text=twice           → pending
    fay approves                                    → pending stage=2
    fayadmin approves                               → refused already_voted
    anaadmin approves                               → refused is_maker
    dora approves                                   → approved

one no a person
    ana asks label order=ord_1 text=noes            → pending
    fay rejects because no                          → pending votes=1
    fayadmin rejects because no                     → refused already_voted
    fred rejects because no                         → rejected

what only the requester's own accounts could approve is refused when made
    anaadmin asks label order=ord_1 text=admins     → pending
    fayadmin approves                               → approved
    fay asks label order=ord_2 text=admins          → pending
    anaadmin approves                               → approved

two directors who are one person are not two
    fay leaves S0FINANCE
    fred leaves S0FINANCE
    flo leaves S0FINANCE
    ana asks refund order=ord_1 amount=60           → pending
    dora asks refund order=ord_2 amount=60          → refused nobody_to_ask

who edited from one account does not approve from the other
    ana asks charge order=ord_1 amount=60           → pending
    fayadmin joins S0FINANCE
    fayadmin edits amount=61                        → pending version=2 editor=fayadmin
    fay approves                                    → refused is_maker
    fred approves                                   → approved

where an editor may approve, it is labelled so from either account
    ana asks refund order=ord_1 amount=60           → pending
    fayadmin joins S0FINANCE
    fayadmin edits amount=61                        → pending version=2
    fay approves                                    → approved label=edit_and_approve

a requester's own confirmation is theirs from either account, and labelled
    ana asks label order=ord_1 text=own             → pending
    dora approves                                   → refused not_an_approver
    anaadmin approves                               → approved label=from_requester

and it counts once
    ana asks refund order=ord_1 amount=555          → pending
    anaadmin joins S0FINANCE
    anaadmin approves                               → pending stage=2 label=from_requester
    ana approves                                    → refused is_maker
    fred approves                                   → approved

the requester's side may edit and cancel from any account
    ana asks refund order=ord_1 amount=60 note=x    → pending
    anaadmin edits order=ord_2                      → pending version=2 editor=-
    fayadmin cancels                                → refused not_requester
    anaadmin cancels                                → cancelled

a link gives nobody a vote
    ana asks refund order=ord_1 amount=60           → pending
    fayadmin approves                               → refused not_an_approver

an operator settles nothing of their own, from any account
    ana asks refund order=ord_1 amount=60           → pending
    fay approves                                    → approved
    it runs and lost                                → unknown
    anaadmin joins S0OPERATORS
    anaadmin settles done                           → refused is_maker
    olga settles done                               → succeeded

requests of a person are counted from all of their accounts
    ana asks label order=ord_1 text=a               → approved
    anaadmin asks label order=ord_2 text=b          → approved
    anaadmin asks label order=ord_3 text=often      → refused denied

links are fixed with the version, as groups are
    ana asks refund order=ord_1 amount=60           → pending
    walt joins S0FINANCE
    file "[U0ANA, U0ANAADMIN]" "[U0ANA, U0WALT]"    → pending
    anaadmin joins S0FINANCE
    anaadmin approves                               → refused is_maker
    walt approves                                   → approved
    ana asks refund order=ord_2 amount=60           → pending
    walt approves                                   → refused is_maker
    anaadmin approves                               → approved

a link made meanwhile holds from the next version on
    ana asks refund order=ord_1 amount=60           → pending
    file "[U0ANA, U0ANAADMIN]" "[U0ANA, U0FRED]"    → pending
    ana edits amount=61                             → pending version=2
    fred approves                                   → refused is_maker
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_linked_accounts(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows, head=LINKED)


def test_links_that_share_an_account_are_one() -> None:
    links = Identities((("a", "b"), ("c", "d"), ("b", "c")))
    assert links.accounts("d") == {"a", "b", "c", "d"}
    assert {links.person(each) for each in "abcd"} == {"a"}
    assert links.persons("abcde") == {"a", "e"}


def test_a_route_keeps_its_links() -> None:
    links = Identities((("U0FAY", "U0FAYADMIN"),))
    route = build.route(identities=links)
    assert Route.from_json(route.as_json()) == route
    assert "identities" not in build.route().as_json(), "what was stored before there were links reads as it did"
    assert Route.from_json(build.route().as_json()).identities == Identities()


# ── no sequence of clicks makes one person two, or lets them decide their own ───────────────────────────────────

ACCOUNTS = ("A0", "A1", "A2", "A3", "A4", "A5", "A6")
NAMES = ("red", "green", "blue")
partitions = st.lists(st.integers(0, 4), min_size=len(ACCOUNTS), max_size=len(ACCOUNTS))  # account → its person
groups = st.lists(st.sampled_from((*NAMES, REQUESTER)), min_size=1, max_size=2, unique=True).map(tuple)
requirements = st.builds(Requirement, groups=groups, approvals=st.integers(1, 2))
stages = st.builds(Stage, need=st.lists(requirements, min_size=1, max_size=2).map(tuple), rejects=st.integers(1, 3))
rosters = st.fixed_dictionaries({name: st.frozensets(st.sampled_from(ACCOUNTS), min_size=2) for name in NAMES})
clicks = st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from([True, True, True, False])), max_size=14)


def linked(persons: list[int]) -> Identities:
    of = [tuple(each for each, who in zip(ACCOUNTS, persons, strict=True) if who == one) for one in set(persons)]
    return Identities(tuple(link for link in of if len(link) > 1))


def waiting(persons: list[int], given_stages: list[Stage], risk: Risk, editor: str | None) -> Request:
    named = {name: Group(name, users=("U0",)) for name in NAMES}
    route = Route(Verdict.ASK, "rule", tuple(given_stages), groups=named, identities=linked(persons))
    return build.request(build.version(by=route, risk=risk, editor=editor), asker=Asker(person="A0", owner="A1"))


@given(
    partitions,
    st.lists(stages, min_size=1, max_size=3),
    rosters,
    clicks,
    st.sampled_from([Risk.MEDIUM, Risk.HIGH]),
    st.sampled_from([None, "A2"]),
)
def test_whatever_is_clicked_a_person_counts_once_and_never_for_their_own(
    persons: list[int],
    given_stages: list[Stage],
    roster: Roster,
    pressed: list[tuple[str, bool]],
    risk: Risk,
    editor: str | None,
) -> None:
    one = dict(zip(ACCOUNTS, persons, strict=True))
    request = waiting(persons, given_stages, risk, editor)
    makers = {one["A0"], one["A1"]} | ({one[editor]} if editor else set())
    said: list[tuple[int, str, bool]] = []
    for account, approve in pressed:
        stage = request.stage
        try:
            request = clicked(request, account, roster, approve=approve)
        except Refusal:
            continue
        said.append((stage, account, approve))
        own = risk is Risk.MEDIUM and one[account] == one["A0"]
        asks_own = any(REQUESTER in need.groups for need in given_stages[stage].need)
        assert one[account] not in makers or (own and asks_own)
    assert len({one[account] for _, account, _ in said}) == len(said), "one vote a person, in all stages"
    if request.state is State.APPROVED:
        for at, stage_ in enumerate(given_stages):
            seats = [
                frozenset(who for who in people(said, at) if stands(who, need, roster, one, makers))
                for need in stage_.need
                for _ in range(need.approvals)
            ]
            assert filled(seats, people(said, at))
            assert sum(1 for in_stage, _, yes in said if in_stage == at and not yes) < stage_.rejects


def clicked(request: Request, account: str, roster: Roster, *, approve: bool) -> Request:
    """The door and the machine, as `moves.vote` asks them."""
    verb = Verb.APPROVE if approve else Verb.REJECT
    surface = request.now_version.surface
    moment = Moment(T0 + 1)
    authorize(Click(verb, 1, surface), request, Standing(Person(account, account), roster), moment)
    meets = quorum.meets(request, account, roster)
    vote = replace(build.vote(account, request.now_version, approve=approve, meets=meets), stage=request.stage)
    return machine.voted(request, vote, roster, Actor("person", account, "card"), moment).request


def people(said: list[tuple[int, str, bool]], stage: int) -> list[str]:
    return [account for at, account, yes in said if at == stage and yes]


def stands(account: str, need: Requirement, roster: Roster, one: dict[str, int], makers: set[int]) -> bool:
    """By the words of the product: a member of a group that is asked, or the requester where their own yes is."""
    if one[account] in makers:
        return REQUESTER in need.groups and one[account] == one["A0"]
    return any(account in roster[name] for name in need.groups if name != REQUESTER)


@given(partitions, st.lists(stages, min_size=1, max_size=2), rosters)
def test_what_could_be_approved_is_what_different_people_could_fill(
    persons: list[int], given_stages: list[Stage], roster: Roster
) -> None:
    one = dict(zip(ACCOUNTS, persons, strict=True))
    request = waiting(persons, given_stages, Risk.MEDIUM, None)
    makers = {one["A0"], one["A1"]}
    seats = [
        frozenset(str(one[each]) for each in ACCOUNTS if stands(each, need, roster, one, makers))
        for stage in given_stages
        for need in stage.need
        for _ in range(need.approvals)
    ]
    everybody = {str(person) for person in persons}
    possible = len(seats) <= len(everybody) and filled(seats, everybody)
    assert quorum.reachable(request, roster) is possible


@given(partitions, st.lists(stages, min_size=1, max_size=2), rosters)
def test_who_could_approve_is_told_person_by_person(
    persons: list[int], given_stages: list[Stage], roster: Roster
) -> None:
    links = linked(persons)
    for needs in approvers(waiting(persons, given_stages, Risk.MEDIUM, None), roster).stages:
        for need in needs:
            assert not any(links.same(a, b) for a, b in itertools.combinations(need.people, 2))
