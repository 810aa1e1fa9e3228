"""Which stage has passed, and whether it still can: approvers matched to requirements, never chosen at the click.

Counted by person, `>=`. Each approver fills at most one place; a person who could fill several fills whichever
lets the stage pass (a bipartite matching), so the order of the votes does not matter.
"""

from collections.abc import Iterable, Mapping

from bot.people import Roster
from bot.request import Request, Vote
from bot.route import Stage

Meets = Mapping[str, frozenset[int]]  # person → the requirements they can count for


def passed(stage: Stage, votes: Iterable[Vote]) -> bool:
    return _filled(stage, _approvers(votes)) == _places(stage)


def missing(stage: Stage, votes: Iterable[Vote]) -> int:
    """How many approvals are still needed, at least."""
    return _places(stage) - _filled(stage, _approvers(votes))


def approvals(stage: Stage, votes: Iterable[Vote], requirement: int) -> int:
    """How many approvers stand at one requirement in the matching: what the card shows."""
    return sum(1 for place in _matching(stage, _approvers(votes)) if place[0] == requirement)


def rejected(stage: Stage, votes: Iterable[Vote]) -> bool:
    return sum(1 for vote in votes if not vote.approve) >= stage.rejects


def reachable(request: Request, roster: Roster) -> bool:
    """Whether those who may still vote, with those who did, can meet every stage that is left."""
    version = request.now_version
    for index in range(request.stage, len(version.route.stages)):
        stage = version.route.stages[index]
        votes = request.stage_votes(index)
        spent = {vote.person for vote in request.votes}
        fresh = {
            person: meets
            for person, meets in _eligible(request, index, roster).items()
            if person not in spent and person not in request.makers
        }
        own = _own_confirmation(request, stage)
        if _filled(stage, {**fresh, **own, **_approvers(votes)}) < _places(stage):
            return False
    return True


def meets(request: Request, person: str, roster: Roster) -> frozenset[int]:
    """Requirements of the open stage that this person's approval could count for."""
    stage = request.now_version.route.stages[request.stage]
    if person in request.asker.makers:
        return frozenset(_own_confirmation(request, stage).get(person, frozenset()))
    return _eligible(request, request.stage, roster).get(person, frozenset())


def _own_confirmation(request: Request, stage: Stage) -> dict[str, frozenset[int]]:
    """`from: requester`, low and medium only: the requester's own yes, exception (b) to maker ≠ checker."""
    person = request.asker.acts_for or request.asker.person
    if person is None or request.now_version.risk.rank > 1:
        return {}
    asks = frozenset(index for index, need in enumerate(stage.need) if "requester" in need.groups)
    return {person: asks} if asks else {}


def _eligible(request: Request, index: int, roster: Roster) -> dict[str, frozenset[int]]:
    stage = request.now_version.route.stages[index]
    people: dict[str, set[int]] = {}
    for requirement, need in enumerate(stage.need):
        groups = set(request.groups_for(requirement) if index == request.stage else need.groups)
        groups |= (
            {
                group
                for step in stage.escalate
                if step.may_approve and step.requirement in (None, requirement)
                for group in step.to
            }
            if index != request.stage
            else set()
        )
        for group in groups:
            for person in roster.get(group, frozenset()):
                people.setdefault(person, set()).add(requirement)
    return {person: frozenset(met) for person, met in people.items()}


def _approvers(votes: Iterable[Vote]) -> dict[str, frozenset[int]]:
    return {vote.person: frozenset(vote.meets) for vote in votes if vote.approve}


def _places(stage: Stage) -> int:
    return sum(need.approvals for need in stage.need)


def _filled(stage: Stage, people: Meets) -> int:
    return len(_matching(stage, people))


def _matching(stage: Stage, people: Meets) -> dict[tuple[int, int], str]:
    """Place (requirement, seat) → person, as many as can be: augmenting paths, small by nature."""
    seats = {index: [(index, seat) for seat in range(need.approvals)] for index, need in enumerate(stage.need)}
    taken: dict[tuple[int, int], str] = {}

    def seat(person: str, tried: set[tuple[int, int]]) -> bool:
        for requirement in sorted(people[person]):
            for place in seats.get(requirement, ()):
                if place in tried:
                    continue
                tried.add(place)
                if place not in taken or seat(taken[place], tried):
                    taken[place] = person
                    return True
        return False

    for person in people:
        seat(person, set())
    return taken
