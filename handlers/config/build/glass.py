"""For which actions the glass may be broken, by whom."""

from collections.abc import Mapping

from bot.catalogue import Glass, Group
from handlers.config import shape
from handlers.config.build.people import named
from handlers.config.mistakes import Spot
from handlers.config.shape.people import Slack


def glass(
    spot: Spot, actions: Mapping[str, shape.Action | None], slack: Slack | None, known: Mapping[str, Group]
) -> dict[str, Glass]:
    """By the name of the action. `spot` is that of all actions; `slack` is None where its structure is wrong."""
    made: dict[str, Glass] = {}
    for name, action in actions.items():
        if action is None or action.break_glass is None:
            continue
        at = spot / name / "break_glass"
        if slack is not None and slack.security_channel is None:
            at.mistake(
                "whoever breaks the glass must be heard, and slack.security_channel is not set",
                'add security_channel: "#security" under slack, and invite the bot there',
            )
        groups = named(at / "who", action.break_glass.who, known)
        made[name] = Glass(tuple(known[group] for group in groups if group in known), action.break_glass.review)
    return made
