"""Which stage has passed, and whether it still can: approvers matched to requirements, never chosen at the click.

Counted by person, `>=`; linked accounts are one. Each approver fills at most one place; a person who could fill
several fills whichever lets the stage pass (a bipartite matching), so the order of the votes does not matter.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from bot.identity import ONE_EACH, Identities
from bot.people import Roster
from bot.request import Request, Vote
from bot.route import REQUESTER, Stage

Need = tuple[int, int]  # stage, requirement
Place = tuple[Need, int]  # and the seat in it


def passed(stage: Stage, votes: Iterable[Vote], identities: Identities = ONE_EACH) -> bool:
    return missing(stage, votes, identities) == 0


def missing(stage: Stage, votes: Iterable[Vote], identities: Identities = ONE_EACH) -> int:
    """How many approvals are still needed, at least."""
    needs = _needs(0, stage)
    return sum(needs.values()) - len(_matching(needs, _approvers(0, votes, identities)))


def approvals(stage: Stage, votes: Iterable[Vote], identities: Identities = ONE_EACH) -> tuple[int, ...]:
    """How many approvers stand at each requirement: what the card shows."""
    filled = _matching(_needs(0, stage), _approvers(0, votes, identities))
    return tuple(sum(1 for (_, at), _ in filled if at == index) for index in range(len(stage.need)))


def rejected(stage: Stage, votes: Iterable[Vote], identities: Identities = ONE_EACH) -> bool:
    return len(identities.persons(vote.person for vote in votes if not vote.approve)) >= stage.rejects


def meets(request: Request, person: str, roster: Roster) -> tuple[int, ...]:
    """Requirements of the open stage that this person's approval would count for now."""
    stage = request.now_stage
    if person in request.makers:
        return tuple(at for at in range(len(stage.need)) if _confirms_own(request, stage, at, person))
    return tuple(
        at
        for at in range(len(stage.need))
        if any(person in roster.get(group, frozenset()) for group in request.groups_for(at))
    )


def reachable(request: Request, roster: Roster) -> bool:
    """Whether those who voted and those who may still vote can fill every stage that is left, one person one place.

    People whom an escalation to come may add are counted: the file named them when the request was made.
    """
    stages = request.now_version.route.stages
    needs: dict[Need, int] = {}
    people: dict[str, frozenset[Need]] = {}
    identities, spent = request.identities, request.spent
    for index in range(request.stage, len(stages)):
        needs |= _needs(index, stages[index])
        for at, account in _could(request, index, roster):
            if account not in spent:
                person = identities.person(account)
                people[person] = people.get(person, frozenset()) | {(index, at)}
    people |= _approvers(request.stage, request.stage_votes(), identities)
    return len(_matching(needs, people)) == sum(needs.values())


def manned(request: Request, roster: Roster) -> bool:
    """Whether the open stage can be filled as it stands: by those who approved in it and those who may still vote.

    `roster`: of those who are there now. Steps of escalation to come are not counted: where this fails, the next one
    is due.
    """
    needs, identities = _needs(request.stage, request.now_stage), request.identities
    people = _approvers(request.stage, request.stage_votes(), identities)
    own = _asked_for(request)
    everybody = frozenset([own] if own else []).union(*roster.values())
    for account in sorted(everybody - request.spent):
        if able := meets(request, account, roster):
            person = identities.person(account)
            people[person] = people.get(person, frozenset()) | {(request.stage, at) for at in able}
    return len(_matching(needs, people)) == sum(needs.values())


def ample(request: Request, roster: Roster) -> bool:
    """Whether the open stage can be filled whoever of those on the roster asked for it, edited it or has voted.

    By Hall's theorem: each requirement has as many people as there are places in all, and those who do not count.
    """
    stage = request.now_stage
    enough = sum(need.approvals for need in stage.need) + _MAKERS + len(request.votes)
    able = (
        frozenset[str]().union(*(roster.get(group, frozenset()) for group in request.groups_for(at)))
        for at in range(len(stage.need))
    )
    return all(len(request.identities.persons(accounts)) >= enough for accounts in able)


_MAKERS = 5  # the requester, the client, its owner, the person acted for, an editor


def mark(request: Request) -> str | None:
    """A short text, the same for all pending requests that wait for the same of the same groups, whoever asked.

    None where nobody is waited for, and where it is known that nobody is left.
    """
    if request.open_stage is None or request.alone:
        return None
    version, known = request.now_version, request.now_version.route.groups
    asks = [
        (need.approvals, [(name, known.get(name)) for name in request.groups_for(at)])
        for at, need in enumerate(request.now_stage.need)
    ]
    editor = None if version.editor_may_approve else version.editor
    one = (asks, len(request.votes), editor, version.risk.grave, request.identities)
    return blake2b(repr(one).encode(), digest_size=9).hexdigest()


def _could(request: Request, index: int, roster: Roster) -> Iterable[tuple[int, str]]:
    stage = request.now_version.route.stages[index]
    for at, need in enumerate(stage.need):
        added = (step.to for step in stage.escalate if step.may_approve and step.requirement in (None, at))
        for group in {*need.groups, *(name for names in added for name in names)}:
            for person in roster.get(group, frozenset()) - request.makers:
                yield at, person
        own = _asked_for(request)
        if own is not None and _confirms_own(request, stage, at, own):
            yield at, own


def _confirms_own(request: Request, stage: Stage, at: int, person: str) -> bool:
    """`from: requester`, low and medium only: the requester's own yes, exception (b) to maker ≠ checker."""
    mild, own = not request.now_version.risk.grave, _asked_for(request)
    return mild and REQUESTER in stage.need[at].groups and own is not None and request.identities.same(own, person)


def _asked_for(request: Request) -> str | None:
    """The person whose own confirmation `from: requester` means."""
    return request.asker.acts_for or request.asker.person


def _needs(index: int, stage: Stage) -> dict[Need, int]:
    return {(index, at): need.approvals for at, need in enumerate(stage.need)}


def _approvers(index: int, votes: Iterable[Vote], identities: Identities) -> dict[str, frozenset[Need]]:
    return {
        identities.person(vote.person): frozenset((index, at) for at in vote.meets) for vote in votes if vote.approve
    }


def _matching(needs: Mapping[Need, int], people: Mapping[str, frozenset[Need]]) -> dict[Place, str]:
    """Place → person, as many as can be: augmenting paths over a handful of people."""
    taken: dict[Place, str] = {}

    def seated(person: str, tried: set[Place]) -> bool:
        for need in sorted(people[person]):
            for place in ((need, seat) for seat in range(needs.get(need, 0))):
                if place in tried:
                    continue
                tried.add(place)
                if place not in taken or seated(taken[place], tried):
                    taken[place] = person
                    return True
        return False

    for person in people:
        seated(person, set())
    return taken
