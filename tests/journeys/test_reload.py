"""`signoff reload` and SIGHUP: rules change without a restart, and only for what comes after."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.journeys.process import PATIENCE, Play, free_port, playing
from tests.journeys.stage import newest_private

T = TypeVar("T")
ROUTES = "  route:\n"
SMALL = f"""{ROUTES}    - {{name: small charges run, when: 'action == "charge" && args.amount < 100', then: allow}}\n"""
BROKEN = f"""{ROUTES}    - {{name: small, when: 'action == "chrge" && args.amuont < 100', then: allow}}
    - {{name: smaller, when: 'action == "charge"', then: alow}}
"""


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    out: str
    err: str


async def signoff(play: Play, *words: str) -> Said:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "handlers.cli", *words,
        env=play.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())


def rewrite(play: Play, routes: str, name: str = "signoff.yaml") -> str:
    """The file of the play with other routes at the top."""
    sound = (play.folder / "signoff.yaml").read_text().replace(SMALL, ROUTES).replace(BROKEN, ROUTES)
    assert sound.count(ROUTES) == 1
    (play.folder / name).write_text(sound.replace(ROUTES, routes))
    return sound


async def eventually(look: Callable[[], T | None]) -> T:
    """What it finds, when it finds something: the log and the database do not tell when they change."""
    async with asyncio.timeout(PATIENCE):
        while (found := look()) is None:  # noqa: ASYNC110 - another process: there is no event
            await asyncio.sleep(0.05)
    return found


async def logged(play: Play, event: str, has: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
    """The line of its log, when it comes."""

    def found() -> dict[str, Any] | None:
        lines = (json.loads(line) for line in play.said if f'"event": "{event}"' in line)
        return next((line for line in lines if has(line)), None)

    return await eventually(found)


async def states(play: Play, *expected: str) -> None:
    await eventually(lambda: play.states == [*expected] or None)


@asynccontextmanager
async def another(play: Play, config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A second process that serves the same database, with a file of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "handlers.cli", "serve",
        env=play.environment | {"SIGNOFF_CONFIG": str(config), "SIGNOFF_LISTEN": f"127.0.0.1:{free_port()}"},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await eventually(lambda: len(play.look("SELECT id FROM servers")) == 2 or None)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_only_what_comes_after_sees_the_new_rules(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        await play.rita.command("#general", "/signoff run charge order=ord_1 amount=50")
        card = await play.shown(play.fay, "Charge 50 to ord_1", "Approve")
        (before,) = play.look("SELECT digest, snapshot FROM versions")

        rewrite(play, SMALL)
        said = await signoff(play, "reload")
        assert (said.status, said.err) == (0, "")
        assert "taken" in said.out
        assert "change only at a restart" in said.out
        assert (await logged(play, "reloaded"))["changed"] is True

        await play.rita.command("#general", "/signoff run charge order=ord_2 amount=60")
        await states(play, "pending", "succeeded")
        assert play.look("SELECT digest, snapshot FROM versions WHERE digest = ?", before[0]) == [before]
        await play.fay.click(card, "approve")
        await states(play, "succeeded", "succeeded")
        votes = play.look("SELECT person, digest FROM votes")
        assert votes == [(play.fay.id, before[0])]
        noted = [json.loads(body) for (body,) in play.look("SELECT body FROM events") if b'"reload"' in body]
        assert [event["detail"]["taken"] for event in noted] == [True]


async def test_a_broken_file_leaves_the_old_one_in_force_and_says_so(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        rewrite(play, BROKEN)
        said = await signoff(play, "reload")
        assert said.status == 1
        assert "NOT taken" in said.err
        assert 'action is never "chrge"; did you mean charge?' in said.err
        assert '"alow" is not a verdict' in said.err
        assert said.err.count("signoff.yaml:") == 3, said.err
        assert "chrge" in (await logged(play, "not_reloaded"))["mistakes"]
        told = await play.slack.wait_for(
            lambda: newest_private(play.olga, ("signoff.yaml was changed and cannot be used",)), timeout=PATIENCE
        )
        assert "did you mean charge?" in play.olga.reads(told)

        await play.rita.command("#general", "/signoff run charge order=ord_1 amount=50")
        await play.shown(play.fay, "Charge 50 to ord_1", "Approve")

        rewrite(play, SMALL)
        assert (await signoff(play, "reload")).status == 0
        await play.rita.command("#general", "/signoff run charge order=ord_2 amount=60")
        await states(play, "pending", "succeeded")


async def test_sighup_does_it_for_one_process(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        assert play.process is not None
        rewrite(play, BROKEN)
        play.process.send_signal(signal.SIGHUP)
        assert (await logged(play, "not_reloaded"))["by"] == "SIGHUP"
        rewrite(play, SMALL)
        play.process.send_signal(signal.SIGHUP)
        assert (await logged(play, "reloaded"))["by"] == "SIGHUP"
        await play.rita.command("#general", "/signoff run charge order=ord_1 amount=50")
        await states(play, "succeeded")
        assert play.exits == []


async def test_each_of_several_answers_for_its_own_file(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        rewrite(play, ROUTES, "other.yaml")
        async with another(play, play.folder / "other.yaml"):
            assert (await signoff(play, "reload")).out.count(": taken") == 2
            rewrite(play, BROKEN, "other.yaml")
            said = await signoff(play, "reload")
            assert said.status == 1
            assert said.out.count(": taken") == 1
            assert said.err.count("NOT taken") == 1
            assert "other.yaml:" in said.err
        assert "NOT" not in (await signoff(play, "reload")).err, "who has left is not waited for"


async def test_one_that_died_is_named(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        rewrite(play, ROUTES, "other.yaml")
        async with another(play, play.folder / "other.yaml") as process:
            process.kill()
            await process.wait()
            said = await signoff(play, "reload", "--wait", "2")
            assert said.status == 3
            assert f"(process {process.pid}): no answer." in said.err
            assert said.out.count(": taken") == 1


async def test_without_a_process_nothing_is_asked(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        assert await play.stop() == 0
        said = await signoff(play, "reload")
        assert (said.status, said.out) == (3, "")
        assert said.err.startswith("Nobody serves this database")
        play.environment["SIGNOFF_DATABASE_URL"] = f"sqlite:///{tmp_path / 'none.db'}"
        said = await signoff(play, "reload")
        play.environment["SIGNOFF_DATABASE_URL"] = f"sqlite:///{tmp_path / 'signoff.db'}"
        assert said.status == 3
        assert "There is no database" in said.err
