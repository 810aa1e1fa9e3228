"""The limits of the file, its defaults filled in."""

from collections.abc import Collection

from bot.limits import Limit, Limits
from handlers.config.mistakes import Spot
from handlers.config.shape import limits as shape
from handlers.words import quoted, use

DEFAULT = Limits()


def limits(spot: Spot, given: shape.Limits | None, actions: Collection[str]) -> Limits:
    if given is None:
        return DEFAULT
    for name in given.actions:
        if name not in actions:
            (spot / "actions" / name).mistake(f"there is no action {quoted(name)}", use(actions, name))
    requester = _filled(given.requester, DEFAULT.requester)
    return Limits(
        requester=requester,
        client=_filled(given.client, DEFAULT.client),
        actions={name: _filled(each, requester) for name, each in given.actions.items()},
    )


def _filled(given: shape.Limit, default: Limit) -> Limit:
    return Limit(given.open or default.open, given.hour or default.hour)
