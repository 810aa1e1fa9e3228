"""signoff.yaml as pydantic models: the structure, before anything is looked up or compiled."""

from typing import Annotated, Literal

from pydantic import Field

from handlers.config.shape.base import Part
from handlers.config.shape.glass import BreakGlass
from handlers.config.shape.limits import Limits
from handlers.config.shape.params import Param
from handlers.config.shape.people import Identity, Network, People, Slack
from handlers.config.shape.rules import Case, Rules
from handlers.config.shape.values import (
    ActionName,
    CallableName,
    CallablePath,
    Channel,
    Duration,
    GroupName,
    ParamName,
    Risk,
    Wait,
)
from handlers.config.shape.ways import Look, Run, Undo


class Standing(Part):
    """Approvers may allow similar requests of the same requester in advance; for low and medium risk only."""

    args: list[str] = Field(
        min_length=1,
        description="Parameters that must be bounded: a number by the most it may be, anything else by its value.",
        examples=[["amount"]],
    )
    uses: int = Field(20, ge=1, le=20, description="How often one may be used at most; default 20.")
    for_: Annotated[int, Duration("1m", "8h")] = Field(
        28_800_000, alias="for", description="How long one may stand at most; default 8h.", examples=["8h"]
    )


class Action(Part):
    """Something that can be asked for."""

    title: str = Field(
        min_length=1,
        max_length=300,
        description="The headline of its requests; {name} takes a parameter.",
        examples=["Refund {amount} {currency} for order {order_id}"],
    )
    about: str = Field("", max_length=2000, description="What it does, for people and for the model.")
    risk: Risk = Field("medium", description="low, medium, high or critical.")
    may_ask: list[str] = Field(
        default=["everyone"],
        min_length=1,
        description="Groups under people; everyone = the full members of the workspace.",
    )
    edit_and_approve: bool = Field(
        True, description="Whether an approver may approve the version they edited; low and medium only."
    )
    run_by: Wait = Field(3_600_000, description="After approval it must have started; default 1h.", examples=["1h"])
    result: Literal["requester", "card"] = Field("requester", description="Who sees the result.")
    channel: Channel | None = Field(None, description="Where its cards go; default: slack.channel.")
    params: dict[ParamName, Param] = Field(
        default_factory=dict, description="JSON Schema, property by property.", max_length=50
    )
    required: list[str] = Field(default_factory=list, description="Parameters that must be given.")
    editable: list[str] = Field(default_factory=list, description="Parameters that an approver may change.")
    confirm: str | None = Field(None, description="What an approver must type.", examples=["{hostname}"])
    standing: Standing | None = Field(
        None, description="Permits standing approvals.", examples=[{"args": ["amount"], "uses": 20, "for": "8h"}]
    )
    preview: Look | None = Field(None, description="Shows what it would do; its first lines appear on the card.")
    run: Run = Field(description="http, command, python, email or slack; or caller: the agent runs it itself.")
    probe: Look | None = Field(None, description="Asked when an outcome is unknown; {key} is the idempotency key.")
    undo: Undo | None = Field(None, description="How it is undone; {result.name} takes a value from the result.")
    break_glass: BreakGlass | None = Field(
        None, description="Who may run it (and its undo) without approval, loudly, by typing why; default: nobody."
    )


class File(Part):
    """signoff.yaml: what can be asked for, and who must say yes."""

    version: Literal[1] = Field(description="Of this format: 1.")
    slack: Slack
    network: Network = Field(default_factory=lambda: Network.model_validate({}))
    people: dict[GroupName, People] = Field(default_factory=dict, description="Groups: who can be asked.")
    identities: list[Identity] = Field(
        default_factory=list,
        max_length=1000,
        description="Accounts that are one person: makers together, with one vote between them.",
        examples=[[["U0FAY00001", "U0FAYADMIN"]]],
    )
    actions: dict[ActionName, Action] = Field(min_length=1, description="What can be asked for.")
    callables: dict[CallableName, CallablePath] = Field(
        default_factory=dict,
        description="Python functions that actions may name, as module:function.",
        examples=[{"rotate_key": "ops.keys:rotate"}],
    )
    limits: Limits = Field(
        default_factory=lambda: Limits.model_validate({}),
        description="How much each requester and each client may ask for, so that nobody is flooded.",
    )
    rules: Rules = Field(default_factory=lambda: Rules.model_validate({}))
    tests: list[Case] = Field(default_factory=list, description="What the rules must say; `signoff check` tries them.")


__all__ = ["Action", "Case", "File", "Limits", "Look", "Network", "Param", "People", "Rules", "Slack", "Standing"]
