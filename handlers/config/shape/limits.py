"""How much one requester, or one client, may ask for."""

from typing import Annotated

from pydantic import Field

from handlers.config.shape.base import Part
from handlers.config.shape.values import ActionName

Most = Annotated[int, Field(ge=1, le=10_000)]


class Limit(Part):
    """What is beyond it is refused when it is asked for."""

    open: Most | None = Field(None, description="Requests that wait, are to run or run, at once.", examples=[20])
    hour: Most | None = Field(None, description="Requests and words within the last hour.", examples=[60])


def _none() -> Limit:
    return Limit.model_validate({})


class Limits(Part):
    """For each of them; what is left out has its default."""

    requester: Limit = Field(default_factory=_none, description="Each person; default {open: 20, hour: 60}.")
    client: Limit = Field(default_factory=_none, description="Each API client; default {open: 100, hour: 600}.")
    actions: dict[ActionName, Limit] = Field(
        default_factory=dict,
        description="Actions with limits of their own, in place of those: they are counted by themselves. What is left "
        "out is as for a requester.",
        examples=[{"rotate_key": {"open": 2, "hour": 5}}],
    )
