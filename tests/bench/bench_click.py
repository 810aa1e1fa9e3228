"""A signed click to the committed decision over HTTP, against a bare handler with one durable commit, in one run.

    python -m tests.bench.bench_click [ROUNDS]

Slices of both are taken in turn on the same machine; the ratio of the medians is what counts.
"""

import asyncio
import hashlib
import hmac
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from handlers.demo.slack import App, LocalSlack, sample
from tests.journeys.stage import environment_for

ALONE, TOGETHER = 150, 960  # clicks in a slice, one at a time and 32 at once


@asynccontextmanager
async def server(kind: str, **given: Any) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.click_server",
        kind,
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        port = json.loads(await process.stdout.readline())["port"]
        yield f"http://127.0.0.1:{port}/slack/events"
    finally:
        process.kill()
        await process.wait()


def click(token: str, number: int) -> bytes:
    """What Slack posts when Fay presses Approve."""
    payload = {
        "type": "block_actions",
        "user": {"id": "U0FAY", "username": "fay", "name": "fay", "team_id": sample.TEAM.id},
        "api_app_id": "A0LOCALAPP",
        "container": {"type": "message", "message_ts": f"{number}.000001", "channel_id": "C0APPROVALS"},
        "trigger_id": f"{number}.1.{'0' * 32}",
        "team": {"id": sample.TEAM.id, "domain": "local"},
        "channel": {"id": "C0APPROVALS", "name": "approvals"},
        "message": {"type": "message", "ts": f"{number}.000001", "text": "Refund", "blocks": [FILLER] * 8},
        "response_url": "http://127.0.0.1:9/",
        "actions": [
            {"action_id": "approve", "block_id": "v1.1.8", "type": "button", "value": token, "action_ts": "1.1"}
        ],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


FILLER = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "Refund 50 USD for order ord_81"}]}
    ],
}


async def slice_of(
    session: aiohttp.ClientSession, url: str, secret: str, bodies: Sequence[bytes], width: int
) -> list[float]:
    """Seconds each took; every one must be answered 200."""
    took: list[float] = []
    left = iter(bodies)

    async def worker() -> None:
        for body in left:
            stamp = str(int(time.time()))
            signed = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": f"v0={signed}",
            }
            begun = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(worker() for _ in range(width)))
    return took


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = [sample.person(who) for who in ("rita", "fay", "fred", "olga")]
        slack = LocalSlack(**sample.build(App(), people, channels={"approvals": ["rita", "fay", "fred", "olga"]}))
        async with slack, aiohttp.ClientSession() as session:
            secret = slack.signing_secret
            count = rounds * (ALONE + TOGETHER) + 1
            environment = environment_for(slack, folder)
            async with (
                server("bare", folder=name, secret=secret) as bare,
                server("signoff", folder=name, environment=environment, requests=count) as ours,
            ):
                tokens = json.loads((folder / "tokens.json").read_text())
                bodies = [click(token, number) for number, token in enumerate(tokens)]
                await slice_of(session, ours, secret, [bodies.pop()], 1)
                for width, size in ((1, ALONE), (32, TOGETHER)):
                    await compared(session, secret, bare, ours, bodies, width, size, rounds)


async def compared(
    session: aiohttp.ClientSession,
    secret: str,
    bare: str,
    ours: str,
    bodies: list[bytes],
    width: int,
    size: int,
    rounds: int,
) -> None:
    rates: dict[str, list[float]] = {"bare": [], "signoff": []}
    times: list[float] = []
    for _ in range(rounds):
        chosen = [bodies.pop() for _ in range(size)]
        for name, url in (("bare", bare), ("signoff", ours)):
            begun = time.perf_counter()
            took = await slice_of(session, url, secret, chosen, width)
            rates[name].append(size / (time.perf_counter() - begun))
            times += took if name == "signoff" else []
    floor, rate = statistics.median(rates["bare"]), statistics.median(rates["signoff"])
    times.sort()
    p50, p99 = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    print(
        f"c{width}: {rate:,.0f} decisions/s against {floor:,.0f} bare commits/s: ratio {rate / floor:.2f}"
        f" (p50 {p50:.1f} ms, p99 {p99:.1f} ms)"
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
