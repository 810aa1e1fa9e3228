"""The servers bench_click measures, each in a process of its own: `python -m tests.bench.click_server KIND FOLDER …`.

`signoff` is the real bot with its lanes off, so that only the path from a signed click to the committed decision is
measured; `bare` verifies the same signature and makes one durable SQLite commit. Both print one line of JSON when up.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import sqlite3
import sys
import time
from pathlib import Path

from aiohttp import web

from bot import machine
from bot.compose import Known
from bot.moves import submit
from bot.request import Actor, Asker, Plan
from handlers import config, logs, main
from handlers.settings import Settings
from handlers.web import listen

CATALOGUE = """
version: 1
slack: {channel: "#approvals", operators: [U0OLGA]}
people: {finance: {users: [U0FAY, U0FRED]}}
limits: {requester: {open: 10000, hour: 10000}}
actions:
  refund:
    title: "Refund {amount} for order {order}"
    params: {order: {type: string}, amount: {type: number}, note: {type: string}}
    required: [order, amount]
    run: {http: {method: POST, url: "http://127.0.0.1:9/refunds", json: {order: "{order}", amount: "{amount}"}}}
rules:
  default:
    low: allow
    medium: {ask: [{need: [{from: [finance]}]}]}
    high: {ask: [{need: [{from: [finance]}]}]}
    critical: {ask: [{need: [{from: [finance]}]}]}
"""


async def signoff(folder: Path, environment: dict[str, str], requests: int) -> None:
    (folder / "signoff.yaml").write_text(CATALOGUE)
    settings = Settings.read(environment=environment, env_file=None)
    async with main.built(settings, config.load(settings.config, environment)) as house:
        tokens = await seed(house, requests)
        runner = await listen(house.web, house.door)
        (folder / "tokens.json").write_text(json.dumps(tokens))
        ready(runner)
        await asyncio.Event().wait()


async def seed(house: main.House, requests: int) -> list[str]:
    """Pending requests whose cards stand in #approvals; their tokens."""
    desk = house.desk
    action = desk.in_force.catalogue.action("refund")
    asker, actor = Asker(person="U0RITA"), Actor("person", "U0RITA", "command")

    async def one(number: int) -> str:
        blank = submit.blank(desk, asker, actor)
        args = {"order": f"ord_{number}", "amount": number}
        version = desk.composer.version(blank, action, args, Plan(), Known(), desk.clock(), f"{number:032x}")
        (step,) = await desk.store.transact(
            [], lambda _, moment: [machine.sent(blank, version, actor, moment, fresh=True)]
        )
        message = await desk.store.message(step.request.id, 1, "card")
        await desk.store.posted(message.nonce, "C0APPROVALS", f"{number}.000001")
        return f"v1.{step.request.id}.1.{message.nonce}"

    tokens: list[str] = []
    for start in range(0, requests, 256):
        tokens += await asyncio.gather(*(one(number) for number in range(start, min(start + 256, requests))))
    return tokens


async def bare(folder: Path, secret: str) -> None:
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE clicks (at REAL, body BLOB)")

    async def click(request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers["X-Slack-Request-Timestamp"]
        made = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest("v0=" + made, request.headers["X-Slack-Signature"]):
            return web.Response(status=401)
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO clicks VALUES (?, ?)", (time.time(), body))
        database.execute("COMMIT")
        return web.Response()

    app = web.Application()
    app.router.add_post("/slack/events", click)
    runner = await listen(app, socket.create_server(("127.0.0.1", 0)))
    ready(runner)
    await asyncio.Event().wait()


def ready(runner: web.AppRunner) -> None:
    sys.stdout.write(json.dumps({"port": runner.addresses[0][1]}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logs.set_up()
    given = json.loads(sys.argv[2])
    if sys.argv[1] == "bare":
        asyncio.run(bare(Path(given["folder"]), given["secret"]))
    else:
        asyncio.run(signoff(Path(given["folder"]), given["environment"], given["requests"]))
