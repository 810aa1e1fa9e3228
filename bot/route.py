"""What the policy says of a version: allow, deny, or ask with ordered stages.

A route is fixed for its version: it carries the groups it names and the identity links as they were defined when it
was made, so that a later change of the file touches only new versions.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.catalogue import Group
from bot.identity import ONE_EACH, Identities

REQUESTER = "requester"  # `from: requester`: the stage asks for the requester's own confirmation
DAY = 86_400_000


class Verdict(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


class Surface(StrEnum):
    """How strong a click must be: on the card, in the review modal drawn fresh, or there with something typed."""

    CARD = "card"
    REVIEW = "review"
    TYPED = "typed"

    @property
    def rank(self) -> int:
        return list(Surface).index(self)


@dataclass(frozen=True, slots=True)
class Requirement:
    """So many approvals (persons, at least) from members of any of these groups."""

    groups: tuple[str, ...]
    approvals: int = 1


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step that falls due while a stage waits: add people (unless told otherwise) and DM them."""

    after: int
    to: tuple[str, ...]
    may_approve: bool = True
    requirement: int | None = None  # the index of the one it is for, else every one of the stage
    counted_from: str = "stage"  # or "previous"
    any_hour: bool = False  # do not wait for the group's hours


@dataclass(frozen=True, slots=True)
class Stage:
    need: tuple[Requirement, ...]
    rejects: int = 1
    remind: int | None = None
    escalate: tuple[Escalation, ...] = ()
    loops: int = 0

    @property
    def groups(self) -> frozenset[str]:
        """Every group the stage names, those it may escalate to among them."""
        named = {group for requirement in self.need for group in requirement.groups}
        return frozenset(named.union(*(step.to for step in self.escalate)))


@dataclass(frozen=True, slots=True)
class StandingUse:
    """The standing approval that made an allow of what would have asked: its id, who gave it, the rule that asked."""

    id: str
    by: str
    rule: str


@dataclass(frozen=True, slots=True)
class Route:
    verdict: Verdict
    rule: str  # the name of the rule that decided, or of the default
    stages: tuple[Stage, ...] = ()
    expires: int = DAY
    surface: Surface = Surface.CARD
    groups: Mapping[str, Group] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # conditions that erred, named for the card
    identities: Identities = ONE_EACH
    standing: StandingUse | None = None  # only of an allow; saving its version counts the use

    @property
    def asks(self) -> bool:
        return self.verdict is Verdict.ASK

    @property
    def one_click(self) -> bool:
        """Whether one person's click on the card is all it asks, for all that is known of it."""
        approvals = sum(need.approvals for stage in self.stages for need in stage.need)
        return self.asks and approvals == 1 and self.surface is Surface.CARD and not self.notes

    def at_least(self, surface: Surface) -> "Route":
        return self if self.surface.rank >= surface.rank else replace(self, surface=surface)

    def one_approval(self, stage: Stage, *, note: str) -> "Route":
        """This route turned into one approval from the groups of a stage: an allow that still takes a look.

        Where others than the requester are asked there, it is one of them who looks.
        """
        groups = tuple(dict.fromkeys(group for requirement in stage.need for group in requirement.groups))
        others = tuple(group for group in groups if group != REQUESTER)
        steps = tuple(replace(step, requirement=None) for step in stage.escalate)
        asked = replace(stage, need=(Requirement(groups=others or groups),), rejects=1, escalate=steps)
        return replace(self, verdict=Verdict.ASK, stages=(asked,), notes=(*self.notes, note), standing=None)

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "rule": self.rule,
            "stages": [_stage_json(stage) for stage in self.stages],
            "expires": self.expires,
            "surface": self.surface.value,
            "groups": {name: group.as_json() for name, group in sorted(self.groups.items())},
            "notes": list(self.notes),
            **({"standing": asdict(self.standing)} if self.standing else {}),
        } | ({"identities": [list(link) for link in self.identities.links]} if self.identities.links else {})

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Route":
        return Route(
            verdict=Verdict(data["verdict"]),
            rule=data["rule"],
            stages=tuple(_stage(stage) for stage in data["stages"]),
            expires=data["expires"],
            surface=Surface(data["surface"]),
            groups={name: _group(group) for name, group in data["groups"].items()},
            notes=tuple(data["notes"]),
            identities=Identities(tuple(tuple(link) for link in data.get("identities", ()))),
            standing=StandingUse(**data["standing"]) if "standing" in data else None,
        )


def _stage_json(stage: Stage) -> dict[str, Any]:
    return {
        "need": [{"groups": list(need.groups), "approvals": need.approvals} for need in stage.need],
        "rejects": stage.rejects,
        "remind": stage.remind,
        "escalate": [
            {
                "after": step.after,
                "to": list(step.to),
                "may_approve": step.may_approve,
                "requirement": step.requirement,
                "counted_from": step.counted_from,
                "any_hour": step.any_hour,
            }
            for step in stage.escalate
        ],
        "loops": stage.loops,
    }


def _stage(data: Mapping[str, Any]) -> Stage:
    return Stage(
        need=tuple(Requirement(groups=tuple(need["groups"]), approvals=need["approvals"]) for need in data["need"]),
        rejects=data["rejects"],
        remind=data["remind"],
        escalate=tuple(Escalation(**{**step, "to": tuple(step["to"])}) for step in data["escalate"]),
        loops=data["loops"],
    )


def _group(data: Mapping[str, Any]) -> Group:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Group(**fields)
