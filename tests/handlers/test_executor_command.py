"""`run: command` with real programs: the arguments arrive untouched, and nothing outlives its run."""

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bot.outcome import Ending, Job, Outcome
from handlers.executors.capped import HALF
from handlers.executors.command import CommandExecutor

PYTHON = [sys.executable, "-I", "-S", "-c"]
TOKEN = "s3cr3t-t0ken-value"


def job(argv: list[str], *, timeout: float = 20.0, **way: Any) -> Job:
    return Job("req_1", 3, 2, "req_1.3", {"kind": "command", "argv": argv} | way, timeout)


async def run(what: Job, lines: list[str] | None = None, *, grace: float = 0.3) -> Outcome:
    executor = CommandExecutor(environment={"TOKEN": TOKEN, "HOME": "/root", "EMPTY": ""}, grace=grace)
    return await executor.run(what, (lines if lines is not None else []).append)


async def in_python(code: str, *arguments: str, lines: list[str] | None = None, **more: Any) -> Outcome:
    return await run(job([*PYTHON, code, *arguments], **more), lines)


# --- arguments ------------------------------------------------------------------------------------------------------

CANARY = "/canary"  # replaced by a path of the test's own
HOSTILE = [
    f"; touch {CANARY}",
    f"&& touch {CANARY}",
    f"|| touch {CANARY}",
    f"| touch {CANARY}",
    f"& touch {CANARY} &",
    f"$(touch {CANARY})",
    f"`touch {CANARY}`",
    f"${{IFS}}touch${{IFS}}{CANARY}",
    f"'; touch {CANARY}; '",
    f'"; touch {CANARY}; "',
    f"\n touch {CANARY}\n",
    f"\r\ntouch {CANARY}",
    f"> {CANARY}",
    f">> {CANARY}",
    f"2>{CANARY}",
    f"< {CANARY}",
    f"<(touch {CANARY})",
    f">(touch {CANARY})",
    f"a\\\n; touch {CANARY}",
    f"exec:touch {CANARY}",
    f"@{CANARY}",
    "$HOME",
    "${TOKEN}",
    "${PATH}",
    "$$",
    "$0",
    "$(id)",
    "~",
    "~root",
    "*",
    "/*",
    "?",
    "[a-z]*",
    "{a,b}",
    "!!",
    "!$",
    "#",
    "\\",
    "\\\\",
    "%s%n%x",
    "-rf",
    "--config=/etc/passwd",
    "--",
    "-",
    "",
    " ",
    "\t",
    "  two  blanks  ",
    "'",
    '"',
    "`",
    "\x01\x02\x1b[2J\x7f",
    "\u202erotide\u202c",
    "zero\u200bwidth",
    "ünïcödé 💥",
    "e\u0301 é",
    "\udcff",  # a byte that is not UTF-8
    "x" * 100_000,
    "../../etc/passwd",
    "a=b",
    "{{7*7}}",
    "COMSPEC=/bin/sh",
]


async def test_hostile_arguments_arrive_as_they_are_and_no_shell_sees_them(tmp_path: Path) -> None:
    assert len(HOSTILE) >= 50
    canary = tmp_path / "canary"
    arguments = [each.replace(CANARY, str(canary)) for each in HOSTILE]
    code = (
        "import sys, os, json\n"
        "raw = [os.fsencode(each).hex() for each in sys.argv[1:]]\n"
        "print(json.dumps([raw, os.getppid(), os.getsid(0) == os.getpid()]))"
    )
    for given in [arguments, *([each] for each in arguments)]:
        encoded = [os.fsencode(each).hex() for each in given]
        if sum(map(len, encoded)) > HALF:  # its echo would be cut: compare digests
            digest = (
                "import sys, os, hashlib; print(hashlib.sha256(b'|'.join(map(os.fsencode, sys.argv[1:]))).hexdigest())"
            )
            outcome = await in_python(digest, *given)
            assert outcome.result["stdout"].strip() == sha256(b"|".join(map(os.fsencode, given))).hexdigest()
            continue
        outcome = await in_python(code, *given)
        assert outcome.ending is Ending.SUCCEEDED
        # its parent is this very process: no shell stands between
        assert json.loads(outcome.result["stdout"]) == [encoded, os.getpid(), True]
    assert os.listdir(tmp_path) == []  # noqa: PTH208 (in a coroutine)


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
async def test_what_no_argument_can_hold_is_not_started(bad: str) -> None:
    outcome = await run(job(["/bin/echo", bad]))
    assert outcome.ending is Ending.FAILED
    assert outcome.summary.startswith("Not started")


# --- starting -------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_started_is_failed_and_named(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("touch /tmp/never\n")
    cases = {
        "/nowhere/at/all": "/nowhere/at/all: no such file",
        str(tmp_path): "permission denied",
        str(text): "permission denied",
        "echo": "absolute path",
        "./echo": "absolute path",
        "": "absolute path",
    }
    for program, why in cases.items():
        outcome = await run(job([program, "x"]))
        assert outcome.ending is Ending.FAILED
        assert why in outcome.summary
        assert not outcome.again
    text.chmod(0o755)
    assert "exec format error" in (await run(job([str(text)]))).summary  # no shell to fall back on
    assert "/nowhere" in (await run(job(["/bin/echo"], cwd="/nowhere"))).summary
    assert "argument list too long" in (await run(job(["/bin/echo", "x" * 3_000_000]))).summary
    assert (await run(job([]))).ending is Ending.FAILED


async def test_the_program_gets_a_small_fixed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-canary")
    env = {"API_TOKEN": "${TOKEN}", "MODE": "fast", "PRICE": "$$5", "SIGNOFF_REQUEST": "another"}
    outcome = await run(job(["/usr/bin/env"], env=env))
    lines = dict(line.split("=", 1) for line in outcome.result["stdout"].splitlines())
    assert lines == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "API_TOKEN": "${TOKEN}",  # it was the value; what comes back is hidden again
        "MODE": "fast",
        "PRICE": "$5",
        "SIGNOFF_IDEMPOTENCY_KEY": "req_1.3",
        "SIGNOFF_REQUEST": "req_1",
        "SIGNOFF_ATTEMPT": "2",
    }
    code = f"import os; raise SystemExit(0 if os.environ['API_TOKEN'] == '{TOKEN}' else 9)"
    assert (await in_python(code, env=env)).result["exit_code"] == 0


@pytest.mark.parametrize("reference", ["${MISSING}", "${EMPTY}", "${SIGNOFF_SECRET_KEY}", "${"])
async def test_a_variable_that_cannot_be_filled_starts_nothing(reference: str, tmp_path: Path) -> None:
    outcome = await run(job(["/usr/bin/touch", str(tmp_path / "x")], env={"A": reference}))
    assert outcome.ending is Ending.FAILED
    assert reference.strip("${}") in outcome.summary
    assert os.listdir(tmp_path) == []  # noqa: PTH208 (in a coroutine)


async def test_where_it_runs_and_within_which_limits(tmp_path: Path) -> None:
    assert (await run(job(["/bin/pwd"]))).result["stdout"] == "/\n"
    assert (await run(job(["/bin/pwd"], cwd=str(tmp_path)))).result["stdout"] == f"{tmp_path}\n"
    assert (await run(job(["/bin/cat"]))).result == {"exit_code": 0, "stdout": "", "stderr": ""}  # no standard input
    code = (  # the limits are set from outside, at once after the start
        "import resource as r\n"
        "while r.getrlimit(r.RLIMIT_NOFILE)[0] != 1024 or r.getrlimit(r.RLIMIT_CORE) != (0, 0): pass"
    )
    assert (await in_python(code)).ending is Ending.SUCCEEDED
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 1024  # ours are as they were
    code = "import os, sys; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:-1])"
    assert (await in_python(code)).result["stdout"] == "[0, 1, 2]\n"  # none of ours is inherited


# --- endings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, 2, 42, 126, 127, 255])
async def test_another_exit_code_is_failed(code: int) -> None:
    outcome = await in_python(f"import sys; print('out'); sys.stderr.write('it is\\nbroken\\n\\n'); sys.exit({code})")
    assert outcome.ending is Ending.FAILED
    assert outcome.result == {"exit_code": code, "stdout": "out\n", "stderr": "it is\nbroken\n\n"}
    assert outcome.summary == f"It ended with exit code {code}: broken"


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGTERM", "SIGABRT"])
async def test_ended_by_a_signal_is_unknown(name: str) -> None:
    outcome = await in_python(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    assert outcome.ending is Ending.UNKNOWN
    assert not outcome.again
    assert outcome.summary == f"It was ended by {name}"


# --- nothing outlives its run ---------------------------------------------------------------------------------------

CONNECT = """
import os, signal, socket, subprocess, sys
port, mode = int(sys.argv[1]), sys.argv[2]
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
line = socket.create_connection(("127.0.0.1", port))
line.sendall(mode.encode() + b"\\n")
if mode in ("parent", "leaver", "escaper"):
    child = {"parent": "deaf", "leaver": "deaf", "escaper": "free"}[mode]
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", sys.argv[3], str(port), child, sys.argv[3]],
                               start_new_session=mode == "escaper")
    line.recv(1)  # told that the grandchild is there
    print("started", flush=True)
    if mode != "parent":
        os._exit(0)
while line.recv(1):  # until it is killed, or the test is over
    pass
"""


class Lifelines:
    """A listener to which each process of a run holds a connection: when it breaks, that process is gone."""

    def __init__(self) -> None:
        self.port = 0
        self.gone: dict[str, asyncio.Event] = {}
        self.there: dict[str, asyncio.Event] = {}
        self.writers: dict[str, asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = (await reader.readline()).decode().strip()
        self.writers[name] = writer
        self.of(self.there, name).set()
        if name in ("deaf", "free"):
            for starter in {"parent", "leaver", "escaper"} & self.writers.keys():
                self.writers[starter].write(b"!")
        try:
            await reader.read()
        except OSError:
            pass
        finally:
            self.of(self.gone, name).set()
            writer.close()

    def of(self, events: dict[str, asyncio.Event], name: str) -> asyncio.Event:
        return events.setdefault(name, asyncio.Event())

    async def ended(self, name: str) -> None:
        async with asyncio.timeout(10):
            await self.of(self.gone, name).wait()

    async def began(self, name: str) -> None:
        async with asyncio.timeout(10):
            await self.of(self.there, name).wait()


@asynccontextmanager
async def lifelines() -> AsyncIterator[Lifelines]:
    lines = Lifelines()
    server = await asyncio.start_server(lines.serve, "127.0.0.1", 0)
    lines.port = server.sockets[0].getsockname()[1]
    try:
        yield lines
    finally:
        server.close()
        await server.wait_closed()


def connecting(lines: Lifelines, mode: str, **more: Any) -> Job:
    return job([*PYTHON, CONNECT, str(lines.port), mode, CONNECT], **more)


async def test_the_timeout_kills_the_whole_group_even_one_that_ignores_being_asked() -> None:
    async with lifelines() as lines:
        task = asyncio.create_task(run(connecting(lines, "parent", timeout=1.5), grace=0.2))
        await lines.began("deaf")
        assert not lines.of(lines.gone, "deaf").is_set()
        outcome = await task
        await lines.ended("parent")
        await lines.ended("deaf")
    assert outcome.ending is Ending.UNKNOWN
    assert not outcome.again
    assert outcome.summary == "It was stopped: not finished after 1.5 s"
    assert outcome.result["stdout"] == "started\n"


async def test_cancelling_kills_the_whole_group() -> None:
    async with lifelines() as lines:
        task = asyncio.create_task(run(connecting(lines, "parent"), grace=0.2))
        await lines.began("deaf")
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await lines.ended("parent")
        await lines.ended("deaf")


async def test_cancelling_twice_kills_it_without_waiting_for_the_grace() -> None:
    async with lifelines() as lines:
        task = asyncio.create_task(run(connecting(lines, "deaf"), grace=1000.0))
        await lines.began("deaf")
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
        assert not task.done()  # it is being asked, and is deaf
        task.cancel()
        await lines.ended("deaf")
        await asyncio.wait({task})


async def test_what_a_program_leaves_behind_in_its_group_ends_with_it() -> None:
    async with lifelines() as lines:
        outcome = await run(connecting(lines, "leaver"))
        await lines.ended("deaf")
    assert outcome.ending is Ending.SUCCEEDED
    assert outcome.result["stdout"] == "started\n"


async def test_a_daemon_that_keeps_the_pipes_open_does_not_hold_up_the_outcome() -> None:
    async with lifelines() as lines:
        async with asyncio.timeout(10):
            outcome = await run(connecting(lines, "escaper"), grace=0.2)
        assert outcome.ending is Ending.SUCCEEDED
        assert not lines.of(lines.gone, "free").is_set()  # a session of its own: out of reach, as documented
        lines.writers["free"].close()
        await lines.ended("free")


async def test_a_program_that_is_asked_to_end_may_put_things_away() -> None:
    code = (
        "import signal, sys, time\n"
        "def bye(*_):\n    print('bye', flush=True)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, bye)\nprint('ready', flush=True)\n"
        "while True: time.sleep(1000)"
    )
    lines: list[str] = []
    outcome = await run(job([*PYTHON, code], timeout=1.0), lines, grace=10.0)
    assert outcome.ending is Ending.UNKNOWN  # whatever its exit code says: it was stopped
    assert outcome.result == {"exit_code": 0, "stdout": "ready\nbye\n", "stderr": ""}


# --- output ---------------------------------------------------------------------------------------------------------


async def test_long_output_keeps_its_beginning_and_its_end() -> None:
    code = "import sys; sys.stdout.write('head' + 'x' * 5_000_000 + 'tail'); sys.stderr.write('e' * 2 * %d)" % HALF  # noqa: UP031
    outcome = await in_python(code)
    stdout = outcome.result["stdout"]
    digest = sha256(b"head" + b"x" * 5_000_000 + b"tail").hexdigest()
    marker = f"\n[… {5_000_008 - 2 * HALF} bytes left out; SHA-256 of all 5000008: {digest} …]\n"
    assert stdout == "head" + "x" * (HALF - 4) + marker + "x" * (HALF - 4) + "tail"
    assert outcome.result["stderr"] == "e" * 2 * HALF


async def test_endless_output_is_stopped_by_the_timeout_and_stays_small() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = await run(job(["/usr/bin/yes", "x" * 1000], timeout=0.5))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert outcome.ending is Ending.UNKNOWN
    assert len(outcome.result["stdout"]) < 2 * HALF + 200
    assert "bytes left out" in outcome.result["stdout"]
    assert grown < 32 * 1024  # KiB


async def test_the_last_line_is_told_while_it_runs() -> None:
    async with lifelines() as lines:  # a gate: the program waits between its lines for the test
        code = (
            "import socket, sys\n"
            f"line = socket.create_connection(('127.0.0.1', {lines.port}))\n"
            "line.sendall(b'gate\\n')\n"
            "for text in ('one\\n', 'two\\r', '\\n\\nth', 'ree\\nfour\\n', '\\x1b[31mfi\\0ve "
            + TOKEN
            + "\\n', 'rest'):\n"
            "    sys.stdout.write(text); sys.stdout.flush(); line.recv(1)\n"
        )
        told: asyncio.Queue[str] = asyncio.Queue()
        executor = CommandExecutor(environment={"TOKEN": TOKEN})
        what = job([*PYTHON, code], env={"A": "${TOKEN}"})
        task = asyncio.create_task(executor.run(what, told.put_nowait))
        await lines.began("gate")
        seen = []
        async with asyncio.timeout(10):
            for expected in ("one", "two", None, "four", "[31mfi ve ${TOKEN}", None):
                if expected is not None:
                    seen.append(await told.get())
                    assert seen[-1] == expected
                lines.writers["gate"].write(b"!")
            outcome = await task
    assert seen == ["one", "two", "four", "[31mfi ve ${TOKEN}"]
    assert outcome.result["stdout"].endswith("rest")
    assert TOKEN not in repr(outcome)
