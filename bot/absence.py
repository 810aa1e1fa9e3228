"""Away: who is not there, until when, and who stands in.

What it means, and what it does not:
- It gives no right. A delegate gets what the absent person would have got only where they could decide that very
  request in their own right, and then votes in their own name; to anybody else nothing is shown.
- It takes no right. Whoever is away and presses all the same is counted.
- Escalations, mentions and cards go to the delegate; where the delegate has gone away too, to theirs.
- Without one (or where theirs could not decide that request) no message goes out to anybody in their place, nor to
  them: nobody is woken on holiday. The others are asked as ever; where nobody else is left, that is nobody at all,
  and the next step is due at once (`bot.moves.lost`).
- What somebody was sent before they went stays with them; their delegate finds what waits already at home, where
  everything stands that they could decide.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot import quorum
from bot.errors import BadInput, Problem
from bot.identity import Identities
from bot.people import Roster
from bot.request import Effect, Event, Request


@dataclass(frozen=True, slots=True)
class Absence:
    """One person is away from `since` to `until` (milliseconds since the epoch; None: until they say so)."""

    person: str
    since: int
    until: int | None = None
    delegate: str | None = None

    def holds(self, now: int) -> bool:
        """Whether it is not over."""
        return self.until is None or self.until > now


Absences = Mapping[str, Absence]  # by person


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody goes, or is back (`absence` None). Stored whole, with its event, or not at all."""

    person: str
    absence: Absence | None
    event: Event
    effects: tuple[Effect, ...] = ()


Decide = Callable[[Absences, int], Sequence[Change]]  # all that stand, those over among them, and the time


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody a request asks who is away, and who is asked in their place. `name`: as Slack has it, no mention."""

    person: str
    until: int | None
    stand_in: str | None
    name: str = ""


def widened(absences: Absences, identities: Identities) -> Absences:
    """Whoever goes away goes with every account of theirs."""
    found = {account: each for each in absences.values() for account in identities.accounts(each.person)}
    return {**found, **absences}


def stand_in(person: str, absences: Absences) -> str | None:
    """Who is asked in a person's place: themselves while they are there, else their delegate, or the delegate's."""
    seen = {person}
    while (absence := absences.get(person)) is not None:
        if absence.delegate is None or absence.delegate in seen:
            return None
        person = absence.delegate
        seen.add(person)
    return person


def reached(asked: Iterable[str], eligible: Collection[str], absences: Absences) -> tuple[str, ...]:
    """Who gets what is meant for those asked: each themselves, or who stands in and is eligible. Sorted, each once."""
    found: set[str] = set()
    for person in asked:
        instead = stand_in(person, absences)
        if instead is not None and (instead == person or instead in eligible):
            found.add(instead)
    return tuple(sorted(found))


def covers(request: Request, roster: Roster, absences: Absences) -> tuple[Cover, ...]:
    """Those the open stage still waits for who are away, with the stand-in who could decide it in their own right."""
    if request.open_stage is None or not absences:
        return ()
    identities, silent = request.identities, request.makers | request.spent
    asked = frozenset[str]().union(*(roster.get(name, frozenset()) for name in request.stage_groups)) - silent
    each_once = {identities.person(account): account for account in sorted(asked & absences.keys(), reverse=True)}
    found = []
    for person in sorted(each_once.values()):
        instead = stand_in(person, absences)
        able = instead is not None and instead not in silent and quorum.meets(request, instead, roster)
        found.append(Cover(person, absences[person].until, instead if able else None))
    return tuple(found)


def agreed(absence: Absence, absences: Absences, named: str) -> None:
    """Raises BadInput where the delegate cannot stand in because of who is away now. `named`: what they are called."""
    delegate = absence.delegate
    if delegate is None or delegate not in absences:
        return
    if absence.person in _passed_on(delegate, absences):
        raise BadInput(
            Problem("delegate", f"{named} is away and you stand in for them: it would go round; name somebody else")
        )
    raise BadInput(Problem("delegate", f"{named} is away too; name somebody who is there"))


def _passed_on(person: str, absences: Absences) -> set[str]:
    """Everybody to whom what is meant for a person goes, one after the other."""
    seen: set[str] = set()
    while (absence := absences.get(person)) is not None and absence.delegate not in (None, *seen):
        person = str(absence.delegate)
        seen.add(person)
    return seen
