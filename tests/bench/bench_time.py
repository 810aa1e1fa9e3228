"""Memory, restart and punctuality with many requests pending: `python -m tests.bench.bench_time [PENDING]`.

One run: a database with PENDING requests is opened by the real bot (lanes off), the time until it is ready and the
memory it takes are told beside those of an empty one, then 1,000 escalations fall due within one second.
"""

import asyncio
import gc
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bot import machine
from bot.compose import Known
from bot.moves import submit
from bot.request import Actor, Asker, Plan
from handlers import config, logs, main
from handlers.demo.slack import App, LocalSlack, sample
from handlers.settings import Settings
from tests.journeys.stage import environment_for

DUE = 1_000
BATCH = 256
CATALOGUE = """
version: 1
slack: {channel: "#approvals", operators: [U0OLGA]}
people: {finance: {users: [U0FAY]}, directors: {users: [U0DORA]}}
actions:
  pay:
    title: "Pay {amount}"
    params: {amount: {type: number}}
    required: [amount]
    run: {http: {method: POST, url: "http://127.0.0.1:9/pay", json: {amount: "{amount}"}}}
rules:
  default:
    low: allow
    medium: {ask: [{need: [{from: [finance]}], escalate: [{after: 12h, to: [directors]}]}], expires: 24h}
    high: {ask: [{need: [{from: [finance]}]}]}
    critical: {ask: [{need: [{from: [finance]}]}]}
"""
HALF_A_DAY = 12 * 3_600_000


class Clock:
    """Real time, from a beginning that can be chosen."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


async def seed(house: main.House, made_at: list[int]) -> None:
    desk = house.desk
    action = desk.in_force.catalogue.action("pay")
    asker, actor = Asker(person="U0RITA"), Actor("person", "U0RITA", "command")

    async def one(number: int, at: int) -> None:
        blank = submit.blank(desk, asker, actor)
        version = desk.composer.version(blank, action, {"amount": number}, Plan(), Known(), at, f"{number:032x}")
        await desk.store.transact(
            [],
            lambda _, moment: [machine.sent(blank, version, actor, type(moment)(now=at), fresh=True)],
        )

    for start in range(0, len(made_at), BATCH):
        await asyncio.gather(*(one(start + n, at) for n, at in enumerate(made_at[start : start + BATCH])))


def resident() -> float:
    """Megabytes this process has in memory now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def measured(settings: Settings, clock: Clock) -> tuple[float, float]:
    """Seconds until ready, and megabytes then."""
    before = resident()
    begun = time.perf_counter()
    async with main.built(settings, config.load(settings.config, {}), clock=clock) as house:
        await house.desk.store.next_wake()
        return time.perf_counter() - begun, resident() - before


async def run(pending: int) -> None:
    people = [sample.person(who) for who in ("rita", "fay", "dora", "olga")]
    slack = LocalSlack(**sample.build(App(), people, channels={"approvals": ["rita", "fay", "dora", "olga"]}))
    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "signoff.yaml").write_text(CATALOGUE)
        async with slack:
            settings = Settings.read(environment=environment_for(slack, folder), env_file=None)
            empty = await measured(settings, clock)
            async with main.built(settings, config.load(settings.config, {}), clock=clock) as house:
                begun = time.perf_counter()
                await seed(house, [clock() + 6 * 3_600_000] * pending)
                took = time.perf_counter() - begun
            print(f"{pending:,} requests made in {took:.0f} s, {pending / took:,.0f} a second")
            full = await measured(settings, clock)
            print(f"ready after {empty[0]:.2f} s with none pending, {full[0]:.2f} s with {pending:,}")
            print(f"memory +{empty[1]:.1f} MB with none pending, +{full[1]:.1f} MB with {pending:,}")
            async with main.built(settings, config.load(settings.config, {}), clock=clock) as house:
                await punctual(house, clock)


async def punctual(house: main.House, clock: Clock) -> None:
    """1,000 escalations due within one second; how late each happened."""
    begin = clock() + 5_000
    await seed(house, [begin - HALF_A_DAY + number for number in range(DUE)])
    ticking = asyncio.create_task(house.ticker.serve(house.stopping))
    await asyncio.sleep((begin + 1_000 - clock()) / 1000)
    for _ in range(100):  # the trail is read when all is over: reading it takes the time it would measure
        if not await house.desk.store.due(clock(), 1):
            break
        await asyncio.sleep(0.2)
    house.stopping.set()
    await ticking
    due = {request: by async for request, by in late(house)}
    lateness = sorted(due.values())
    p99 = lateness[int(len(lateness) * 0.99)] if lateness else -1
    print(
        f"{len(due)} of {DUE} steps due in one second happened; late p50 {statistics.median(lateness)} ms, p99 {p99} ms"
    )


async def late(house: main.House):  # type: ignore[no-untyped-def] # the request's id and how late it was, in ms
    async with main.open_trail(house.settings.database_url) as trail:
        made: dict[str, int] = {}
        async for raw in trail.export():
            event = json.loads(raw)["event"]
            if event["type"] == "send":
                made[event["request"]] = event["at"]
            elif event["type"] == "escalate":
                yield event["request"], event["at"] - made[event["request"]] - HALF_A_DAY


if __name__ == "__main__":
    logs.set_up(level="error")
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
