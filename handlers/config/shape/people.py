"""Slack, the network, and who can be asked."""

from typing import Annotated, Literal

from pydantic import Field

from handlers.config.shape.base import Part
from handlers.config.shape.values import (
    Channel,
    ChannelId,
    HeaderName,
    Hours,
    Text,
    TimeZone,
    UserGroupId,
    UserId,
    Weekly,
)


class Cards(Part):
    """How many cards people can read."""

    per_minute: int = Field(
        10,
        ge=1,
        le=1_000,
        description="Cards in one channel within a minute; further requests are listed in one message, but critical "
        "ones, which always have a card.",
    )


class Slack(Part):
    """Where cards go, and who operates Signoff."""

    channel: Channel = Field(description="Where cards go, unless an action names its own.", examples=["#approvals"])
    fallback_channel: Channel | None = Field(
        None, description="Where cards go when that channel is archived or the bot was removed from it."
    )
    security_channel: Channel | None = Field(
        None,
        description="Where it is said at once that somebody broke the glass. Needed where any action has break_glass.",
        examples=["#security"],
    )
    cards: Cards = Field(default_factory=lambda: Cards.model_validate({}), description="Against too many at once.")
    summary: Weekly = Field(
        "monday 09:00",
        description="When each operator privately hears how requests were decided, by their own clock; off for never.",
    )
    operators: list[str] = Field(
        min_length=1,
        description="Who may pause, resume, cancel and settle an unknown outcome: Slack ids (U…, W…, S…) or groups "
        "under people.",
        examples=[["S0OPERATE1"]],
    )


HostName = Annotated[
    str,
    Text(r"[A-Za-z0-9_.:\[\]-]{1,255}", "a host", "write its name or address alone, without https:// and path"),
]


class Network(Part):
    """What actions may reach beyond public https."""

    private: list[HostName] = Field(
        default_factory=list,
        description="Hosts that may resolve to private addresses or speak plain http.",
        examples=[["billing.internal"]],
    )


JsonPath = Annotated[
    str,
    Text(
        r"\$(?:\.[A-Za-z_][\w-]*|\[\*\])+",
        "a path into JSON",
        "write $ and names, [*] for a list, such as $.user.slack_id or $.users[*].slack_id",
    ),
]
MapKey = Annotated[str, Text(r"\S{1,320}", "an id or an address", "write it as the other system does, without blanks")]


class Lookup(Part):
    """An HTTP answer that says who to ask right now, such as an on-call schedule's."""

    url: str = Field(
        description="Asked with GET; PagerDuty's with since and until of that moment added.",
        examples=["https://oncall.example.com/now"],
    )
    format: Literal["json", "pagerduty", "opsgenie"] = Field(
        "json", description="What the answer looks like: PagerDuty's, Opsgenie's, or other JSON with a path."
    )
    path: JsonPath | None = Field(
        None,
        description="Where Slack ids, e-mail addresses or ids of map stand in a JSON answer.",
        examples=["$.user.slack_id"],
    )
    headers: dict[HeaderName, str] = Field(
        default_factory=dict,
        description="Headers; ${NAME} is taken from the environment and never shown.",
        examples=[{"Authorization": "Token token=${PAGERDUTY_TOKEN}"}],
    )
    map: dict[MapKey, UserId] = Field(
        default_factory=dict,
        max_length=1000,
        description="Ids or e-mail addresses there → Slack user ids; others are looked up in Slack by e-mail.",
        examples=[{"PXPGF42": "U0FAY00001"}],
    )


Identity = Annotated[list[UserId], Field(max_length=20, description="The Slack user ids of one person, at least two.")]


class People(Part):
    """A group: everyone named in any of these ways. Always ids: names can be taken by others."""

    users: list[UserId] = Field(default_factory=list, description="Slack user ids.", examples=[["U0DIRECT01"]])
    user_groups: list[UserGroupId] = Field(
        default_factory=list, description="Slack user group ids.", examples=[["S0FINANCE1"]]
    )
    channels: list[ChannelId] = Field(default_factory=list, description="Ids of channels whose members count.")
    lookup: Lookup | None = Field(None, description="Who it is right now, from another system.")
    time_zone: TimeZone | None = Field(None, description="Of `hours`.")
    hours: Hours | None = Field(None, description="When this group is asked: an escalation waits for its next opening.")
