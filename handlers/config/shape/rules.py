"""The policy as the file writes it: what raises the risk, who is asked, and cases that show it."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from handlers.config.shape.base import Part
from handlers.config.shape.values import Names, Risk, Wait

Flag = Literal["ambiguous", "missing_document", "policy_exception", "irreversible", "unusual", "conflicts_with_words"]
_CONDITION = "A CEL condition over action, args, risk, requester, plan, context, now and history."


class Need(Part):
    """So many approvals from members of any of these groups."""

    from_: Names = Field(
        alias="from",
        description="Groups under people; `requester` asks for the requester's own confirmation (low and medium).",
        examples=[["finance"]],
    )
    approvals: int = Field(1, ge=1, le=20, description="How many different people must approve.")


class Escalate(Part):
    """A step that falls due while the stage waits."""

    after: Wait = Field(description="How long to wait first.", examples=["15m"])
    to: Names = Field(description="Groups that are told by direct message.", examples=[["directors"]])
    may_approve: bool = Field(True, description="Whether their approval counts; false only tells them.")
    for_: str | None = Field(
        None, alias="for", description="The group of the requirement they are added to; default: every one."
    )
    from_: Literal["stage", "previous"] = Field("stage", alias="from", description="What `after` counts from.")
    any_hour: bool = Field(False, description="Do not wait for the group's hours.")


class Stage(Part):
    """All its needs must be met before the next stage begins."""

    need: list[Need] = Field(min_length=1, max_length=10)
    rejects: int = Field(1, ge=1, le=20, description="How many rejections end the request.")
    remind: Wait | None = Field(None, description="Mention those asked in the thread, again and again.")
    escalate: list[Escalate] | None = Field(
        None, max_length=10, description="Default: `escalation` of the rules; [] for none."
    )
    loops: int = Field(0, ge=0, le=20, description="How often the steps are repeated.")


class Ask(Part):
    """Ask people, stage by stage."""

    ask: list[Stage] = Field(min_length=1, max_length=10)
    expires: Wait = Field(86_400_000, description="Default 24h. Nothing is approved by expiry.", examples=["4h"])


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "mapping"


Then = Annotated[
    Annotated[Literal["allow", "deny"], Tag("text")] | Annotated[Ask, Tag("mapping")], Discriminator(_kind)
]


class Raise(Part):
    """Raises the risk where it holds; nothing lowers it."""

    when: str = Field(description=_CONDITION, examples=["action == 'refund_payment' && args.amount > 1000"])
    to: Literal["medium", "high", "critical"]
    name: str | None = Field(None, min_length=1, max_length=200, description="What cards call it.")


class Rule(Part):
    """The first rule that holds decides."""

    name: str | None = Field(None, min_length=1, max_length=200, description="What cards call it.")
    when: str = Field(description=_CONDITION, examples=['action == "refund_payment" && args.amount < 50'])
    then: Then = Field(description="allow, deny, or {ask: [stages], expires: 24h}.")


class Default(Part):
    """Who decides where no rule holds, by risk."""

    low: Then | None = Field(None, description="Default: allow.")
    medium: Then | None = Field(None, description="Default: one approval of the group `approvers`.")
    high: Then | None = Field(None, description="Default: one approval of `approvers`, in the review modal.")
    critical: Then | None = Field(None, description="Default: two approvals of `approvers` and a typed confirmation.")


class Escalation(Part):
    """What a stage that names no `escalate` of its own does while it waits."""

    to: Names = Field(description="Groups that are told by direct message.", examples=[["directors"]])
    after: Wait = Field(900_000, description="Default 15m.", examples=["15m"])
    may_approve: bool = Field(True, description="Whether their approval counts; false only tells them.")


class Rules(Part):
    """From an action and its arguments to a risk and to the people who are asked."""

    raise_: list[Raise] = Field(default_factory=list, alias="raise", max_length=200)
    flags: dict[Flag, Risk] = Field(
        default_factory=dict, description="What a flag of the planner raises the risk to; default high."
    )
    route: list[Rule] = Field(default_factory=list, max_length=200)
    default: Default = Field(default_factory=lambda: Default.model_validate({}))
    escalation: Escalation | None = None


class ExpectAsk(Part):
    ask: list[Names] = Field(description="The groups of each stage.", examples=[["finance", "directors"]])


class Requester(Part):
    """Who asks, as conditions see them."""

    id: str = "U0EXAMPLE"
    groups: list[str] = Field(default_factory=list)
    kind: Literal["person", "agent"] = "person"
    client: str = ""


class PlanCase(Part):
    """What the planner said, as conditions see it."""

    source: Literal["typed", "model"] = "typed"
    confidence: float = Field(1.0, ge=0, le=1)
    flags: list[Flag] = Field(default_factory=list)


class Case(Part):
    """What the rules must say of one request; `signoff check` tries it."""

    name: str | None = None
    action: str = Field(description="An action of this file.")
    args: dict[str, Any] = Field(default_factory=dict)
    requester: Requester = Field(default_factory=lambda: Requester.model_validate({}))
    plan: PlanCase = Field(default_factory=lambda: PlanCase.model_validate({}))
    history: dict[Literal["last_hour", "last_day", "last_week"], int] = Field(default_factory=dict)
    context: dict[str, Any] = Field(default_factory=dict)
    now: str | None = Field(None, description="Default: a Monday at noon, UTC.", examples=["2026-03-02T12:00:00Z"])
    expect: Annotated[
        Annotated[Literal["allow", "deny", "ask"], Tag("text")] | Annotated[ExpectAsk, Tag("mapping")],
        Discriminator(_kind),
    ] = Field(description="allow, deny, ask, or {ask: [a group for each stage]}.")
    risk: Risk | None = Field(None, description="The risk it must come to.")
