"""Who is there now: the members of groups without those who are away, and whom a step of escalation reaches."""

from collections.abc import Sequence
from dataclasses import replace

from bot import absence
from bot.absence import Absences, Cover
from bot.catalogue import Group
from bot.errors import Unconfirmed
from bot.moves.desk import Desk
from bot.people import Roster
from bot.request import Request


def stage_groups(request: Request, more: Sequence[str] = ()) -> list[Group]:
    """The groups whose members count in the stage it stands at; `more`: names of further ones of its route."""
    known = request.now_version.route.groups
    return [known[name] for name in dict.fromkeys((*request.stage_groups, *more)) if name in known]


async def present(desk: Desk, request: Request, *, fresh: bool = False) -> Roster:
    """Members of the open stage's groups who are there now. Raises Unconfirmed where Slack does not say."""
    roster = await desk.roster(stage_groups(request), fresh=fresh)
    away = (await _absences(desk, request)).keys()
    return {name: members - away for name, members in roster.items()}


async def reached(desk: Desk, request: Request, index: int) -> tuple[str, ...]:
    """Who gets the DM of a step of the open stage: its groups' members at this moment, without the makers.

    For who is away their stand-in, where one of those asked themselves. Where Slack does not say, those the file
    names by id are reached: a look-up never holds an escalation up.
    """
    to = request.now_stage.escalate[index].to
    asked, eligible = set[str](), set[str]()
    for group in stage_groups(request, to):
        members = await _members(desk, group) - request.makers
        eligible |= members
        asked |= members if group.name in to else set()
    return absence.reached(asked, eligible, await _absences(desk, request))


async def covers(desk: Desk, request: Request) -> tuple[Cover, ...]:
    """Who of those the open stage waits for is away, with their names; nobody where Slack does not say."""
    absences = await _absences(desk, request)
    if not absences or request.open_stage is None:
        return ()
    try:
        found = absence.covers(request, await desk.roster(stage_groups(request)), absences)
        return tuple([replace(each, name=(await desk.people.person(each.person)).name) for each in found])
    except Unconfirmed:
        return ()


async def _absences(desk: Desk, request: Request) -> Absences:
    return absence.widened(await desk.store.absences(), request.identities)


async def _members(desk: Desk, group: Group) -> frozenset[str]:
    try:
        return await desk.people.members(group)
    except Unconfirmed:
        return frozenset(group.users)
