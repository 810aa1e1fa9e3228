"""Requests for the store's tests, and moves on them made by the state machine itself."""

from collections.abc import Callable, Sequence
from typing import Any

from bot import digest, machine
from bot.catalogue import Action, Group, Risk, resolve
from bot.outcome import Ending, Outcome
from bot.ports import Decide, Moment
from bot.request import Actor, Asker, Plan, Request, State, Step, Version, Vote
from bot.route import Requirement, Route, Stage, Verdict

KEY = bytes(range(32))
NOW = 1_790_000_000_000
ALICE, BOB, CAROL = "U0ALICE", "U0BOB", "U0CAROL"
FINANCE = Group("finance", users=(BOB, CAROL))
ROSTER = {"finance": frozenset({BOB, CAROL})}
CANARY = "canary-7d1f0c55e2"

ACTION = Action(
    name="refund_payment",
    title="Refund {order} by {amount}",
    run={
        "kind": "http",
        "method": "POST",
        "url": "https://pay.example/refunds",
        "json": {"o": "{order}", "t": "{token}"},
    },
    params={
        "order": {"type": "string"},
        "amount": {"type": "number"},
        "token": {"type": "string", "x-sensitive": True},
    },
    required=("order", "amount"),
)


def route(approvals: int = 1, verdict: Verdict = Verdict.ASK) -> Route:
    asked = Stage(need=(Requirement(("finance",), approvals),), remind=600_000)
    return Route(verdict, "finance looks", (asked,), groups={"finance": FINANCE})


def version(
    request_id: str, number: int = 1, *, by: Route | None = None, action: Action = ACTION, **args: Any
) -> Version:
    values = {"order": "ord_81", "amount": 50} | args
    snapshot = Version.snapshot_of(request_id, number, action, values, resolve(action.run, values), by or route())
    salt = f"salt-of-{request_id}-{number}"
    return Version.read(
        snapshot,
        salt=salt,
        digest=digest.digest_of(snapshot, salt),
        risk=Risk.MEDIUM,
        raised_by=("rule “late”",),
        plan=Plan(source="model", confidence=0.97, steps=("look", "pay"), flags=("unusual",)),
        basis={"action": action.name, "history": {"last_day": 2}},
        made_at=NOW,
    )


def person(who: str, via: str = "card") -> Actor:
    return Actor("person", who, via)


def blank(request_id: str, asker: Asker | None = None, **rest: Any) -> Request:
    given: dict[str, Any] = {"via": "command", "made_at": NOW, "expires_at": NOW + 86_400_000} | rest
    return Request(id=request_id, state=State.DRAFTING, asker=asker or Asker(person=ALICE), **given)


def submit(request_id: str, of: Version | None = None, **rest: Any) -> Decide:
    """A request, sent by its requester, never stored before."""

    def decide(_: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        base = blank(request_id, **rest)
        return [machine.sent(base, of or version(request_id), person(ALICE, "command"), moment, fresh=True)]

    return decide


def approve(who: str = BOB, reason: str = "") -> Decide:
    return _vote(who, approve=True, reason=reason)


def reject(who: str = BOB, reason: str = "no") -> Decide:
    return _vote(who, approve=False, reason=reason)


def _vote(who: str, *, approve: bool, reason: str) -> Decide:
    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        (request,) = requests
        seen = request.now_version
        vote = Vote(seen.number, request.stage, who, approve, moment.now, seen.digest, (0,), reason)
        return [machine.voted(request, vote, ROSTER, person(who), moment)]

    return decide


def on_one(move: Callable[[Request, Moment], Step]) -> Decide:
    """A move of the machine on the one request that is given."""

    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        (request,) = requests
        return [move(request, moment)]

    return decide


CLAIM = on_one(machine.claimed)


def finish(result: Any = None, number: int = 1) -> Decide:
    outcome = Outcome(Ending.SUCCEEDED, "refunded", result)
    return on_one(lambda request, moment: machine.finished(request, number, outcome, moment))
