"""Once a week, at their own hour, each operator privately hears how requests were decided (`bot.summary`)."""

import asyncio
from collections.abc import Sequence
from functools import partial

from bot import summary
from bot.errors import Unconfirmed
from bot.moves.desk import Desk
from bot.summary import Dues, Next


async def tick(desk: Desk) -> None:
    """Let every summary that is due be told. Who the operators are is asked of Slack, and then at most once a day."""
    when = desk.in_force.catalogue.summary
    dues = await desk.store.summaries()
    if when is None:
        if dues:  # turned off: nothing of it is left to come all at once when it is turned on again
            await desk.store.plan_summaries(lambda stored, _: [Next(person, None) for person in stored])
        return
    if not summary.looks(dues, desk.clock()):
        return
    try:
        zones = await _operators(desk)
    except Unconfirmed:
        await desk.store.plan_summaries(_later)
        return
    await desk.store.plan_summaries(partial(summary.following, when, zones))


def _later(_: Dues, now: int) -> Sequence[Next]:
    return [Next(summary.LOOK, now + summary.AGAIN)]


async def _operators(desk: Desk) -> dict[str, str]:
    """Full members among them, each with their time zone."""
    members = sorted(await desk.people.members(desk.in_force.catalogue.operators))
    people = await asyncio.gather(*(desk.people.person(each) for each in members))
    return {person.id: person.time_zone for person in people if not person.problem}
