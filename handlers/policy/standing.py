"""What the standing approvals of the database would make of a request: which would allow it, why the others not."""

from collections.abc import Iterable, Iterator, Mapping

from bot.people import Roster
from bot.request import Request
from bot.standing import StandingApproval, Terms, objection, suffices
from handlers import main as composition
from handlers.cards.words import count
from handlers.policy.words import moment
from handlers.settings import Settings
from handlers.words import printable


async def standing(
    settings: Settings, request: Request, roster: Roster | None, names: Mapping[str, str], now: int
) -> Iterable[str]:
    """A line for each that is for this action and requester; none where the file permits none, or risk is high.

    `roster`: who is in which group now; None where nobody was asked.
    """
    version = request.now_version
    if Terms.of(version.action) is None or version.risk.grave or not version.route.asks:
        return []
    try:
        async with composition.archive(settings) as archive:
            found = await archive.standing_approvals(now)
    except composition.STOPS:
        return ["Standing approvals were not looked for: there is no database to be read."]
    mine = [each for each in found if (each.action, each.asker) == (version.action.name, request.asker)]
    if not mine:
        return ["Standing approvals: none stands for such requests of this requester."]
    return ["Standing approvals:", *_told(mine, request, roster, names, now)]


def _told(
    found: Iterable[StandingApproval], request: Request, roster: Roster | None, names: Mapping[str, str], now: int
) -> Iterator[str]:
    for each in found:
        by = f"{names[each.by]} ({each.by})" if each.by in names else each.by
        why = objection(each, request, now)
        if why is None and roster is not None and not suffices(request, each.by, roster):
            why = "their own click would not be enough for it now"
        if why is not None:
            yield printable(f"  by {by}: does not allow it, since {why}")
            continue
        unless = "" if roster is not None else ", if they could still approve it (nobody was looked up)"
        left = f"{each.left} of {count(each.uses, 'use')} left, until {moment(each.until)}"
        yield printable(f"  by {by}: allows it without asking{unless}; {left}")
