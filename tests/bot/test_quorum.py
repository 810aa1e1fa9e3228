"""Approvers matched to requirements, against trying out everything there is to try."""

import itertools
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot import quorum
from bot.catalogue import Group
from bot.people import Roster
from bot.request import Asker, Fired, Request, Vote
from bot.route import Escalation, Requirement, Route, Stage, Verdict
from tests import build
from tests.bot.matching import filled
from tests.build import T0

PEOPLE = ("P0", "P1", "P2", "P3", "P4", "P5")
NAMES = ("red", "green", "blue")
requirements = st.builds(
    Requirement,
    groups=st.lists(st.sampled_from(NAMES), min_size=0, max_size=2, unique=True).map(tuple),
    approvals=st.integers(1, 2),
)
stages = st.builds(Stage, need=st.lists(requirements, min_size=1, max_size=3).map(tuple), rejects=st.integers(1, 3))
rosters = st.fixed_dictionaries({name: st.frozensets(st.sampled_from(PEOPLE)) for name in NAMES})


def routed(*given_stages: Stage) -> Route:
    groups = {name: Group(name, users=("U0",)) for name in NAMES}
    return Route(Verdict.ASK, "rule", given_stages, groups=groups)


def pending(*given_stages: Stage, asker: str = "U0REQ") -> Request:
    return build.request(build.version(by=routed(*given_stages)), asker=Asker(person=asker))


def seats_of(stage: Stage, roster: Roster) -> list[frozenset[str]]:
    return [
        frozenset[str]().union(*(roster[group] for group in need.groups))
        for need in stage.need
        for _ in range(need.approvals)
    ]


def vote(request: Request, person: str, roster: Roster, *, approve: bool = True) -> Vote:
    meets = quorum.meets(request, person, roster)
    return replace(build.vote(person, request.now_version, approve=approve, meets=meets), stage=request.stage)


@given(stages, rosters, st.lists(st.sampled_from(PEOPLE), unique=True), st.randoms())
def test_a_stage_passes_when_its_approvers_can_be_matched(
    stage: Stage, roster: Roster, voters: list[str], random: Random
) -> None:
    request = pending(stage)
    votes = [vote(request, person, roster) for person in voters]
    passes = filled(seats_of(stage, roster), voters)
    assert quorum.passed(stage, votes) is passes
    random.shuffle(votes)
    assert quorum.passed(stage, votes) is passes, "the order of the votes does not matter"


@given(stages, rosters, st.lists(st.sampled_from(PEOPLE), unique=True))
def test_how_many_are_missing_is_the_fewest_that_would_do(stage: Stage, roster: Roster, voters: list[str]) -> None:
    request = pending(stage)
    votes = [vote(request, person, roster) for person in voters]
    seats = seats_of(stage, roster)
    best = max(
        len(taken)
        for size in range(len(seats) + 1)
        for taken in itertools.combinations(seats, size)
        if filled(taken, voters)
    )
    assert quorum.missing(stage, votes) == len(seats) - best
    assert sum(quorum.approvals(stage, votes)) == best
    assert all(have <= need.approvals for have, need in zip(quorum.approvals(stage, votes), stage.need, strict=True))


@given(stages, rosters, st.lists(st.sampled_from(PEOPLE), unique=True))
def test_another_approval_never_unpasses_a_stage(stage: Stage, roster: Roster, voters: list[str]) -> None:
    request = pending(stage)
    votes = [vote(request, person, roster) for person in voters]
    missing = [quorum.missing(stage, votes[:count]) for count in range(len(votes) + 1)]
    assert all(before - after in (0, 1) for before, after in itertools.pairwise(missing))


@given(st.lists(stages, min_size=1, max_size=2), rosters, st.lists(st.sampled_from(PEOPLE), unique=True), st.data())
def test_reachable_is_whether_some_way_to_the_end_is_left(
    given_stages: list[Stage], roster: Roster, order: list[str], data: st.DataObject
) -> None:
    """Walk along the votes of the first stage; at each, compare with trying every way to fill all that is left."""
    request = pending(*given_stages)
    for person in order:
        if not quorum.meets(request, person, roster):
            continue
        approve = data.draw(st.booleans())
        request = request.but(votes=(*request.votes, vote(request, person, roster, approve=approve)))
    spent = {each.person for each in request.votes}
    able = {each.person for each in request.votes if each.approve}
    first, *later = given_stages
    left = set(PEOPLE) - spent
    seats = [
        *(seat & (able | left) for seat in seats_of(first, roster)),
        *(seat & left for stage in later for seat in seats_of(stage, roster)),
    ]
    assert quorum.reachable(request, roster) is filled(seats, able | left)


def test_one_person_in_two_groups_fills_one_place() -> None:
    stage = Stage(need=(Requirement(("red",)), Requirement(("green",))))
    roster = {"red": frozenset({"P0"}), "green": frozenset({"P0"}), "blue": frozenset[str]()}
    request = pending(stage)
    assert not quorum.passed(stage, [vote(request, "P0", roster)])
    assert not quorum.reachable(request, roster)


def test_who_could_fill_either_fills_the_one_that_is_left() -> None:
    """P0 counts for both, P1 for the first only: together they pass, whoever presses first."""
    stage = Stage(need=(Requirement(("red",)), Requirement(("green",))))
    roster = {"red": frozenset({"P0", "P1"}), "green": frozenset({"P0"}), "blue": frozenset[str]()}
    request = pending(stage)
    votes = [vote(request, person, roster) for person in ("P0", "P1")]
    assert quorum.passed(stage, votes)
    assert quorum.passed(stage, votes[::-1])
    assert quorum.approvals(stage, votes) == (1, 1)


def test_more_than_enough_is_enough() -> None:
    stage = Stage(need=(Requirement(("red",)),))
    roster = {"red": frozenset(PEOPLE), "green": frozenset[str](), "blue": frozenset[str]()}
    assert quorum.passed(stage, [vote(pending(stage), person, roster) for person in PEOPLE])


def test_a_requirement_of_nobody_is_never_met() -> None:
    stage = Stage(need=(Requirement(()),))
    roster = {name: frozenset(PEOPLE) for name in NAMES}
    request = pending(stage)
    assert [quorum.meets(request, person, roster) for person in PEOPLE] == [()] * len(PEOPLE)
    assert not quorum.reachable(request, roster)
    assert not quorum.passed(stage, [])


def test_makers_count_nowhere_and_are_not_waited_for() -> None:
    stage = Stage(need=(Requirement(("red",), 2),))
    roster = {"red": frozenset({"P0", "P1"}), "green": frozenset[str](), "blue": frozenset[str]()}
    assert quorum.reachable(pending(stage), roster)
    assert not quorum.reachable(pending(stage, asker="P0"), roster)
    assert quorum.meets(pending(stage, asker="P0"), "P0", roster) == ()


def test_people_an_escalation_may_add_are_waited_for_but_do_not_count_yet() -> None:
    adds = Stage(need=(Requirement(("red",)), Requirement(("blue",))), escalate=(Escalation(1, ("green",)),))
    roster = {"red": frozenset[str](), "green": frozenset({"P0", "P1"}), "blue": frozenset[str]()}
    request = pending(adds)
    assert quorum.reachable(request, roster)
    assert quorum.meets(request, "P0", roster) == ()
    happened = request.but(fired=(Fired(1, 0, "escalate", 0, 0, T0, ()),))
    assert quorum.meets(happened, "P0", roster) == (0, 1)
    only_told = replace(adds, escalate=(Escalation(1, ("green",), may_approve=False),))
    assert not quorum.reachable(pending(only_told), roster)
    told = pending(only_told).but(fired=happened.fired)
    assert quorum.meets(told, "P0", roster) == ()
    for_one = replace(adds, escalate=(Escalation(1, ("green",), requirement=1),))
    assert not quorum.reachable(pending(for_one), roster)
    assert quorum.meets(pending(for_one).but(fired=happened.fired), "P0", roster) == (1,)


def test_rejections_are_counted_over_the_stage() -> None:
    stage = Stage(need=(Requirement(("red",)),), rejects=2)
    roster = {"red": frozenset(PEOPLE), "green": frozenset[str](), "blue": frozenset[str]()}
    request = pending(stage)
    votes = [vote(request, person, roster, approve=False) for person in PEOPLE[:2]]
    assert not quorum.rejected(stage, votes[:1])
    assert quorum.rejected(stage, votes)
