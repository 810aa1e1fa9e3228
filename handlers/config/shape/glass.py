"""Break-glass, as the file writes it."""

from typing import Annotated

from pydantic import Field

from handlers.config.shape.base import Part
from handlers.config.shape.values import Duration, GroupName

DAY = 86_400_000


class BreakGlass(Part):
    """Lets a few people run the action without approval, by typing why. Loud, and reviewed by a second person."""

    who: list[GroupName] = Field(
        min_length=1,
        description="Groups under people. Membership is asked of Slack at each click; never agents.",
        examples=[["oncall"]],
    )
    review: Annotated[int, Duration("1m", "24h")] = Field(
        DAY,
        description="Within what time somebody else must review it; default 24h, which is also the most.",
        examples=["24h"],
    )
