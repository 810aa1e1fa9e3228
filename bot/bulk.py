"""Bulk: which requests may be decided several at once, with one reason. Exception (d) of product.md 5.

Only what one look in a list of several can do justice to: low and medium risk, whole on one card, one click to
approve, and nothing of one's own. Each is a decision of its own all the same.
"""

from bot.request import Request
from bot.route import Surface

MOST = 20  # at once: each has its own look-ups and its own transaction, and Slack waits three seconds for all of them
VIA = "bulk"  # through what such a vote was given, and the label of the exception in its event


def by_itself(request: Request, person: str) -> str | None:
    """Why this person decides it by itself, to go on after “because”; None where it may be one of several."""
    version = request.now_version
    wrote = version.editor is not None and request.identities.same(person, version.editor)
    reasons = (
        (version.risk.grave, f"it is {version.risk.value} risk"),
        (person in request.requesters, "you are on its requester's side"),
        (wrote, "you wrote this version"),
        (version.route.surface is Surface.TYPED, "something must be typed to approve it"),
        (not version.fits, "one card cannot show all of it, or something in it may deceive the eye"),
        (version.route.surface is not Surface.CARD, "it is approved in Review"),
        (version.surface is not Surface.CARD, "there is no preview of what it would do"),
    )
    return next((why for holds, why in reasons if holds), None)
