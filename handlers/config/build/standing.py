"""What the file permits of standing approvals, and where it must not."""

from typing import Any

from bot.catalogue import Risk
from handlers.config import shape
from handlers.config.build import params
from handlers.config.mistakes import Spot


def standing(spot: Spot, given: shape.Action) -> dict[str, Any] | None:
    """As `bot.standing.Terms.of` reads it; None where the action permits none. Each mistake is told."""
    terms = given.standing
    if terms is None:
        return None
    if Risk(given.risk).grave:
        what = f"an action of {given.risk} risk cannot be approved in advance"
        spot.mistake(what, "remove standing: it is for low and medium risk")
    if given.confirm is not None:
        spot.mistake("what must be typed at each approval cannot be approved in advance", "remove standing, or confirm")
    args = params.existing(spot / "args", terms.args, given.params)
    for at, name in enumerate(terms.args):
        if name in given.params and given.params[name].sensitive:
            what = f"{name} is sensitive, and a bound is stored and shown"
            (spot / "args" / at).mistake(what, "name parameters that are not")
    return {"args": list(args), "uses": terms.uses, "lasts": terms.for_}
