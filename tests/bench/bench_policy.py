"""Decisions a second, and the past replayed: `python -m tests.bench.bench_policy [REQUESTS]` (default 100,000).

First a policy of 200 route rules beside the same conditions written in Python, where the first rule decides, the one
in the middle, and none; slices are interleaved and the medians printed. Then a database is filled by the real moves
and replayed through a changed file by `signoff policy replay` itself, in a process of its own, its progress shown.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bot import machine
from bot.catalogue import Action, Group, Risk
from bot.compose import Composer, InForce, Known
from bot.condition import Basis, Condition
from bot.policy import Ask, Policy, RouteRule
from bot.ports import Moment
from bot.request import Actor, Asker, Plan, Request, State, Step, Vote
from bot.route import Requirement, Stage, Verdict
from handlers.config import Book, load
from handlers.schemas import JsonSchemas
from handlers.settings import Settings
from store import SqlStore, open_store
from tests.build import T0

RULES, SLICES, DECISIONS = 200, 7, 300
ROOT = Path(__file__).parents[2]
WIDTH = 64  # requests made at once
FILE = """
version: 1
slack: {channel: "#approvals", operators: [S0OPERATORS]}
people: {finance: {users: [U0FAY, U0FRED]}, directors: {users: [U0DORA]}}
actions:
  refund:
    title: "Refund {amount} for {order}"
    params: {order: {type: string}, amount: {type: number}, currency: {type: string, enum: [USD, EUR]}}
    required: [order, amount]
    run: caller
rules:
  raise:
    - {when: "action == 'refund' && args.amount > 5000", to: high}
  route:
    - {name: small, when: "action == 'refund' && args.amount < 50", then: allow}
    - {name: never, when: "action == 'refund' && args.amount > 9900", then: deny}
    - {name: euros, when: "args.currency == 'EUR' && args.amount > 2000", then: {ask: [{need: [{from: directors}]}]}}
  default:
    medium: {ask: [{need: [{from: finance}], escalate: []}]}
    high: {ask: [{need: [{from: finance}], escalate: []}]}
    critical: {ask: [{need: [{from: directors}], escalate: []}]}
"""
ENVIRONMENT = {"SIGNOFF_SECRET_KEY": "4e" * 32}


# ── decisions ───────────────────────────────────────────────────────────────────────────────────────────────────

PARAMS = ("amount", "currency", "order")
ACTION = Action("refund", "Refund", {"kind": "caller"}, params={name: {} for name in PARAMS})


def cel_policy() -> Policy:
    finance = Ask((Stage(need=(Requirement(("finance",)),)),))
    routes = tuple(
        RouteRule(
            f"rule {at}",
            Condition(
                f'action == "refund" && args.amount >= {at * 10} && args.amount < {at * 10 + 10} '
                '&& args.currency == "USD" && requester.kind == "person"',
                PARAMS,
            ),
            finance,
        )
        for at in range(RULES)
    )
    return Policy((), {}, routes, dict.fromkeys(Risk, finance), {"finance": Group("finance")})


def python_rules() -> list[Callable[[Basis], bool]]:
    def rule(at: int) -> Callable[[Basis], bool]:
        def holds(basis: Basis) -> bool:
            return bool(
                basis.action == "refund"
                and basis.args["amount"] >= at * 10
                and basis.args["amount"] < at * 10 + 10
                and basis.args["currency"] == "USD"
                and basis.requester["kind"] == "person"
            )

        return holds

    return [rule(at) for at in range(RULES)]


def basis(amount: float) -> Basis:
    requester = {"id": "U1", "groups": ["support"], "kind": "person", "client": ""}
    plan = {"source": "typed", "confidence": 1.0, "flags": []}
    history = {"last_hour": 1, "last_day": 2, "last_week": 3}
    args = {"amount": amount, "currency": "USD", "order": "ord_1"}
    return Basis("refund", args, Risk.MEDIUM, requester, plan, history, T0)


def rate(decide: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(DECISIONS):
        decide()
    return DECISIONS / (time.perf_counter() - begun)


def decisions() -> None:
    policy, rules = cel_policy(), python_rules()
    for name, amount in (("first", 5.0), ("middle", RULES * 5 + 5.0), ("none", -1.0)):
        asked = basis(amount)
        expected = next((at for at, rule in enumerate(rules) if rule(asked)), None)
        decided = policy.decide(asked, ACTION).route.rule
        assert decided == ("default for medium risk" if expected is None else f"rule {expected}"), (decided, expected)

        def plain(asked: Basis = asked) -> object:
            return next((at for at, rule in enumerate(rules) if rule(asked)), None)

        found: dict[str, list[float]] = {"policy": [], "python": []}
        for _ in range(SLICES):
            found["policy"].append(rate(partial(policy.decide, asked, ACTION)))
            found["python"].append(rate(plain))
        ours, floor = (statistics.median(found[each]) for each in ("policy", "python"))
        told = f"{ours:>10,.0f} decisions/s{floor:>12,.0f}/s in plain Python{floor / ours:>8.0f} times"
        sys.stdout.write(f"{RULES} rules, {name + ' holds':<14}{told}\n")


# ── the past ────────────────────────────────────────────────────────────────────────────────────────────────────


async def fill(store: SqlStore, book: Book, count: int) -> None:
    """Requests as they come: each composed by the policy, sent, and where it asks, decided by a person."""
    composer = Composer(InForce(book.catalogue, book.policy), JsonSchemas(), lambda _: True)
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await _one(store, composer, book.catalogue.action("refund"), number)

    await asyncio.gather(*(worker() for _ in range(WIDTH)))


async def _one(store: SqlStore, composer: Composer, action: Action, number: int) -> None:
    now, asker = T0 + number * 1_000, Asker(person=f"U{number % 97}")
    args: dict[str, Any] = {
        "order": f"ord_{number}",
        "amount": number * 7919 % 10_000,
        "currency": "EUR" if number % 3 else "USD",
    }
    base = Request(f"req-{number:08}", State.DRAFTING, asker, "command", now, now)
    version = composer.version(base, action, args, Plan(), Known(("support",), {"last_hour": 1}), now, f"salt{number}")
    person = Actor("person", asker.id, "command")

    def send(_: tuple[Request, ...], __: Moment) -> list[Step]:
        return [machine.sent(base, version, person, Moment(now), fresh=True)]

    await store.transact([], send)
    if version.route.verdict is not Verdict.ASK:
        return
    later = Moment(now + 60_000 * (number % 50))

    def decide(requests: tuple[Request, ...], _: Moment) -> list[Step]:
        (request,) = requests
        group = request.now_version.route.stages[0].need[0].groups[0]
        who = {"finance": "U0FAY", "directors": "U0DORA"}[group]
        seen = request.now_version
        vote = Vote(seen.number, 0, who, args["amount"] % 100 != 0, later.now, seen.digest, (0,), "no")
        return [machine.voted(request, vote, {group: frozenset({who})}, Actor("person", who, "card"), later)]

    await store.transact([base.id], decide)


async def past(count: int, folder: Path) -> None:
    (folder / "signoff.yaml").write_text(FILE)
    (folder / "changed.yaml").write_text(FILE.replace("args.amount < 50", "args.amount < 500").replace("9900", "9500"))
    environment = ENVIRONMENT | {
        "SIGNOFF_CONFIG": str(folder / "signoff.yaml"),
        "SIGNOFF_DATABASE_URL": f"sqlite:///{folder}/signoff.db",
    }
    settings = Settings.read(environment=environment, env_file=None, needed=False)
    begun = time.perf_counter()
    async with open_store(settings.database_url, key=settings.subkey("seal"), clock=lambda: T0) as store:
        await fill(store, load(settings.config, environment), count)
    sys.stdout.write(f"\n{count:,} requests made by moves in {time.perf_counter() - begun:,.0f} s\n")
    sys.stdout.flush()
    for command in (["replay", str(folder / "changed.yaml"), "--rows", "3"], ["suggest"]):
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "handlers.cli", "policy", *command,
            env=environment | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, cwd=folder,
        )  # fmt: skip
        code = await process.wait()
        took = time.perf_counter() - begun
        assert code == 0, (command, code)
        sys.stdout.write(f"policy {command[0]}: {took:,.1f} s, {count / took:,.0f} requests/s with the start\n\n")
        sys.stdout.flush()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    decisions()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(past(count, Path(folder)))


if __name__ == "__main__":
    main()
