"""What becomes of a break after it: a second person's word, and a reminder where nobody has given one in time.

These are moves of the break, not of its request: the request stands where it stands, final states among them.
"""

from bot import effects
from bot.errors import WrongMoment
from bot.glass import Break, Looked
from bot.ports import Moment
from bot.request import CLOCK, Actor, Event, Request, Step

REVIEWED, CONCERN, OVERDUE = "glass_reviewed", "glass_concern", "glass_overdue"


def of_version(request: Request, version: int) -> Break:
    """Raises WrongMoment where that version was not approved by breaking the glass."""
    for each in request.breaks:
        if each.version == version:
            return each
    raise WrongMoment("This was not run by breaking the glass; there is nothing to review.")


def looked(request: Request, version: int, look: Looked, actor: Actor) -> Step:
    """A second person reviewed it, or raises a concern."""
    after = of_version(request, version).looked(look)
    return _step(request, after, REVIEWED if look.fine else CONCERN, actor, look.at)


def overdue(request: Request, version: int, moment: Moment) -> Step:
    """Nobody has reviewed it in time: said once, to operators and in the security channel. It stays open."""
    return _step(request, of_version(request, version).reminded(moment.now), OVERDUE, CLOCK, moment.now)


def _step(request: Request, broken: Break, kind: str, actor: Actor, now: int) -> Step:
    detail = {"person": broken.person, "review_by": broken.review_by}
    event = Event(kind, request.id, actor, now, broken.version, digest=broken.digest, detail=detail)
    after = request.with_break(broken)
    return Step(after, (event,), effects.of_break(after, event, loud=kind != REVIEWED))
