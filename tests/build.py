"""Requests, versions and drafts for tests, made the way the bot makes them: snapshot first, read back from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import digest
from bot.catalogue import Action, Group, Risk, resolve
from bot.request import Asker, Plan, Preview, Request, State, Version, Vote
from bot.route import Escalation, Requirement, Route, Stage, Surface, Verdict

MINUTE = 60_000
T0 = 1_780_000_000_000  # a fixed moment, milliseconds since the epoch

ALICE, BOB, DORA, ERIN, OWNER = "U0ALICE01", "U0BOB0001", "U0DORA001", "U0ERIN001", "U0OWNER01"
FINANCE = Group("finance", user_groups=("S0FINANCE1",))
DIRECTORS = Group("directors", users=(DORA, ERIN))

REFUND = Action(
    name="refund_payment",
    title="Refund {amount} {currency} for order {order_id}",
    about="Sends money back to the card that paid for an order.",
    run={"kind": "http", "method": "POST", "url": "https://billing.example.com/refunds", "json": {"id": "{order_id}"}},
    params={
        "order_id": {"type": "string", "pattern": "^ord_[a-z0-9]+$", "title": "Order"},
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 10000},
        "currency": {"type": "string", "enum": ["USD", "EUR"], "default": "USD"},
        "note": {"type": "string", "maxLength": 2000, "x-long": True},
        "iban": {"type": "string", "x-sensitive": True},
    },
    required=("order_id", "amount"),
    editable=("amount", "note"),
)  # fmt: skip
REFUND_ARGS = {"order_id": "ord_81", "amount": 50, "currency": "USD"}

TWO_STAGES = (
    Stage(
        need=(Requirement(("finance",), 2),),
        remind=10 * MINUTE,
        escalate=(Escalation(15 * MINUTE, ("directors",)),),
    ),
    Stage(need=(Requirement(("directors",)),)),
)


def action(params: Mapping[str, Mapping[str, Any]], **rest: Any) -> Action:
    """An action `act` with these parameters, run by the agent itself."""
    given = {"name": "act", "title": "Act", "run": {"kind": "caller"}, "params": params} | rest
    return Action(**given)


def route(*stages: Stage, rule: str = "large refunds need finance", **rest: Any) -> Route:
    """A route that asks; by default one approval of finance."""
    asked = stages or (Stage(need=(Requirement(("finance",)),)),)
    groups = {"finance": FINANCE, "directors": DIRECTORS}
    return Route(Verdict.ASK, rule, asked, groups=groups, **rest)


def version(
    of: Action = REFUND,
    args: Mapping[str, Any] = REFUND_ARGS,
    *,
    number: int = 1,
    risk: Risk = Risk.MEDIUM,
    by: Route | None = None,
    plan: Plan | None = None,
    request_id: str = "req_1",
    **rest: Any,
) -> Version:
    """A version read back from its own snapshot."""
    snapshot = Version.snapshot_of(request_id, number, of, args, resolve(of.run, args), by or route())
    salt = "5a" * 16
    return Version.read(
        snapshot,
        salt=salt,
        digest=digest.digest_of(snapshot, salt),
        risk=risk,
        raised_by=rest.pop("raised_by", ()),
        plan=plan or Plan(),
        basis=rest.pop("basis", {}),
        made_at=T0,
        **rest,
    )


def request(of: Version | None = None, state: State = State.PENDING, **rest: Any) -> Request:
    """A request of alice, made at T0, that expires four hours later."""
    given: dict[str, Any] = {
        "id": "req_1",
        "asker": Asker(person=ALICE),
        "via": "command",
        "made_at": T0,
        "expires_at": T0 + 240 * MINUTE,
        "stage_at": T0,
    }
    made = None if state is State.DRAFTING else of or version()
    return Request(**(given | {"state": state, "version": made} | rest))


def vote(
    by: str, on: Version, *, stage: int = 0, approve: bool = True, meets: Sequence[int] = (0,), reason: str = ""
) -> Vote:
    return Vote(on.number, stage, by, approve, T0 + MINUTE, on.digest, tuple(meets), reason)


def reviewed(of: Version, surface: Surface = Surface.REVIEW) -> Version:
    """The same version where its route asks for a stronger click."""
    return replace(of, route=of.route.at_least(surface))


def previewed(of: Version, text: str, *, ok: bool = True) -> Version:
    """The same version, of an action that has a preview, with what that said."""
    asks = replace(of.action, preview={"kind": "caller"})
    made = version(asks, of.args, by=of.route, plan=of.plan, risk=of.risk, raised_by=of.raised_by, basis=of.basis)
    return replace(made, editor=of.editor, preview=Preview(ok, text, T0))
