"""Go away for a time, and come back: by oneself, or by the clock. What being away means stands in `bot.absence`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import absence, effects
from bot.absence import Absence, Change
from bot.errors import BadInput, NotAMember, Problem, Unconfirmed, WrongMoment
from bot.moves.desk import Desk
from bot.moves.reach import stage_groups
from bot.people import Person, groups_of
from bot.request import CLOCK, Actor, Effect, EffectKind, Event

LONGEST = 366 * 86_400_000  # milliseconds: beyond it, the year was mistyped
REDRAWN = 50  # cards that show it at once; the others do when they are next drawn


@dataclass(frozen=True, slots=True)
class Gone:
    """What somebody who goes away should know."""

    absence: Absence
    shared: tuple[str, ...] = ()  # groups in which the delegate is asked in their own right
    alone: tuple[str, ...] = ()  # groups of theirs in which the delegate is not
    stood_for: tuple[str, ...] = ()  # those away for whom they stood in


async def leave(desk: Desk, actor: Actor, until: int | None, delegate: str | None = None) -> Gone:
    """Away from now. `until`: milliseconds since the epoch, None for until they say so. Said again, it is replaced."""
    now = desk.clock()
    me, other = await asyncio.gather(desk.people.person(actor.id), _person(desk, delegate))
    if me.problem:
        raise NotAMember(f"Only full members of this workspace may do this; your account {me.problem}.")
    if until is not None and until <= now:
        raise BadInput(Problem("until", "that time is over; name one to come"))
    if until is not None and until > now + LONGEST:
        raise BadInput(Problem("until", "that is more than a year from now; name an earlier time"))
    wanted = Absence(actor.id, now, until, delegate)
    identities = desk.in_force.catalogue.identities
    if delegate is not None and identities.same(actor.id, delegate):
        raise BadInput(Problem("delegate", "you cannot stand in for yourself; name somebody else, or nobody"))
    if other is not None and other.problem:
        raise BadInput(Problem("delegate", f"{other.name} {other.problem}; name a full member of this workspace"))
    mine, theirs = await _groups(desk, actor.id, delegate)
    if delegate is not None and not set(mine) & set(theirs):
        raise BadInput(Problem("delegate", _no_use(other.name if other else delegate, mine)))

    def decide(stored: Mapping[str, Absence], at: int) -> Sequence[Change]:
        others = {who: each for who, each in in_force(stored, at).items() if not identities.same(actor.id, who)}
        absence.agreed(wanted, absence.widened(others, identities), other.name if other else "")
        detail = {"until": until, "delegate": delegate}
        event = Event("away", "", actor, at, detail={key: value for key, value in detail.items() if value is not None})
        return [Change(actor.id, wanted, event, _told(wanted, at))]

    await desk.store.change_absence(decide)
    await _redrawn(desk, sorted(identities.accounts(actor.id)))
    stood_for = [who for who, each in (await desk.store.absences()).items() if each.delegate == actor.id]
    return Gone(
        wanted,
        shared=tuple(name for name in mine if name in theirs),
        alone=tuple(name for name in mine if name not in theirs),
        stood_for=tuple(sorted(stood_for)),
    )


async def back(desk: Desk, actor: Actor) -> None:
    """There again, before the time or because none was named: with every account of theirs."""
    accounts = desk.in_force.catalogue.identities.accounts(actor.id)

    def decide(stored: Mapping[str, Absence], at: int) -> Sequence[Change]:
        away = sorted(accounts & in_force(stored, at).keys())
        if not away:
            raise WrongMoment("You are not away, so there is nothing to end.")
        return [Change(who, None, Event("back", "", actor, at, detail={"person": who})) for who in away]

    await desk.store.change_absence(decide)
    await _redrawn(desk, sorted(accounts))


async def ended(desk: Desk) -> None:
    """Those whose time is over are there again: it ends by itself."""
    over: list[str] = []

    def decide(stored: Mapping[str, Absence], at: int) -> Sequence[Change]:
        over[:] = sorted(stored.keys() - in_force(stored, at).keys())
        return [Change(who, None, Event("back", "", CLOCK, at, detail={"person": who})) for who in over]

    until = await desk.store.next_back()
    if until is not None and until <= desk.clock():
        await desk.store.change_absence(decide)
        await _redrawn(desk, over)


def in_force(stored: Mapping[str, Absence], now: int) -> dict[str, Absence]:
    """Those that are not over."""
    return {who: each for who, each in stored.items() if each.holds(now)}


async def _person(desk: Desk, person: str | None) -> Person | None:
    return await desk.people.person(person) if person else None


async def _groups(desk: Desk, person: str, delegate: str | None) -> tuple[list[str], list[str]]:
    """The groups of the file each of the two is in now, by name. Not asked where there is no delegate."""
    if delegate is None:
        return [], []
    roster = await desk.roster(desk.in_force.catalogue.groups.values())
    return sorted(groups_of(person, roster)), sorted(groups_of(delegate, roster))


def _no_use(name: str, mine: Sequence[str]) -> str:
    if not mine:
        return "you are in no group of signoff.yaml, so nobody can stand in for you; leave the delegate out"
    groups = ", ".join(mine)
    return f"{name} is in none of your groups ({groups}) and could decide nothing; name somebody who is"


def _told(wanted: Absence, at: int) -> tuple[Effect, ...]:
    """The delegate hears of it."""
    if wanted.delegate is None:
        return ()
    data = {"to": wanted.delegate, "what": "stands_in", "person": wanted.person, "until": wanted.until}
    return (Effect(EffectKind.TELL, "", f"away/{wanted.person}/{at}", data),)


async def _redrawn(desk: Desk, people: Sequence[str]) -> None:
    """Cards that wait for them say what changed: the newest ones, so that Slack is not flooded."""
    marks, mark = [], await desk.store.next_mark("")
    while mark is not None:
        marks.append(mark)
        mark = await desk.store.next_mark(mark)
    found = await asyncio.gather(*(_waiting_for(desk, each, people) for each in marks))
    for request_id in [each for several in found for each in several][:REDRAWN]:
        await desk.store.put(effects.shows(await desk.open(request_id)))


async def _waiting_for(desk: Desk, mark: str, people: Sequence[str]) -> list[str]:
    """The newest requests of a mark, where one of these people is asked there; one of them tells for all."""
    rows = await desk.store.waiting_as(mark, None, REDRAWN)
    sample = await desk.open(rows[0].id) if rows else None
    if sample is None or sample.open_stage is None:
        return []
    try:
        roster = await desk.roster(stage_groups(sample))
    except Unconfirmed:
        return []  # they say so when they are next drawn
    asked = frozenset[str]().union(*roster.values())
    return [row.id for row in rows] if asked.intersection(people) else []
