"""`run: command`: one program with its arguments, no shell.

    cannot be started                     failed
    exit 0                                succeeded
    another exit code                     failed
    ended by a signal, or by the timeout  unknown

The program gets a small fixed environment, no standard input, and a session of its own; whatever is left of its
process group when it ends, runs out of time or is cancelled, is killed. What a program moves into another session
by itself (`setsid`) is out of reach.
"""

import asyncio
import errno
import os
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from bot.outcome import Ending, Job, Outcome
from handlers.executors.capped import Kept, one_line
from handlers.executors.environment import BadReference, Filled, fill

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
GRACE = 2.0
"""Seconds between asking the group to end and killing it, and for which output is read after the end."""

_LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 1024}
_FOR_NOW = frozenset({errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class _Run(asyncio.SubprocessProtocol):
    """Gathers what one program writes and notices its end, even while something else still holds its pipes."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self.stdout = Kept()
        self.stderr = Kept()
        self.ended = asyncio.Event()
        self.silent = asyncio.Event()
        self._show = show
        self._line = b""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        (self.stdout if fd == 1 else self.stderr).feed(data)
        if fd == 1:
            *whole, self._line = (self._line + data[-4096:]).replace(b"\r", b"\n").split(b"\n")
            self._line = self._line[-4096:]
            if last := next((line for line in reversed(whole) if line.strip()), b""):
                self._show(last.decode(errors="replace"))

    def process_exited(self) -> None:
        self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.silent.set()


class CommandExecutor:
    """`environment` fills the `${NAME}` of a way's `env`; nothing else of it reaches the program."""

    def __init__(self, *, environment: Mapping[str, str] = os.environ, grace: float = GRACE) -> None:
        self._environment = environment
        self._grace = grace

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        argv = list(job.way["argv"])
        try:
            filled = fill(job.way.get("env") or {}, self._environment)
        except BadReference as exc:
            return Outcome(Ending.FAILED, f"Not started: {exc}")
        if not argv or not Path(argv[0]).is_absolute():
            return Outcome(Ending.FAILED, "Not started: the program must be given by its absolute path")
        run = _Run(lambda line: progress(one_line(filled.hide(line))))
        try:
            transport = await self._start(run, argv, job, filled)
        except OSError as exc:
            why = f"{exc.filename or argv[0]}: {(exc.strerror or str(exc)).lower()}"
            return Outcome(Ending.FAILED, f"Not started: {why}", again=exc.errno in _FOR_NOW)
        except ValueError as exc:  # NUL, or a lone surrogate
            return Outcome(Ending.FAILED, f"Not started: an argument cannot be passed to a program ({exc})")
        in_time = False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(job.timeout):
                    await run.ended.wait()
                    in_time = True
        finally:
            await self._finish(run, transport)
        return _outcome(transport.get_returncode(), run, filled, job.timeout, in_time=in_time)

    async def _start(self, run: _Run, argv: Sequence[str], job: Job, filled: Filled) -> asyncio.SubprocessTransport:
        environment = {
            **ENVIRONMENT,
            **filled.texts,
            "SIGNOFF_IDEMPOTENCY_KEY": job.key,
            "SIGNOFF_REQUEST": job.request_id,
            "SIGNOFF_ATTEMPT": str(job.attempt),
        }
        transport, _ = await asyncio.get_running_loop().subprocess_exec(
            lambda: run,
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=job.way.get("cwd") or "/",
            env=environment,
            start_new_session=True,
        )
        _limit(transport.get_pid())
        return transport

    async def _finish(self, run: _Run, transport: asyncio.SubprocessTransport) -> None:
        """End the whole group, asking first where the program itself still runs; then read what it had written."""
        group = transport.get_pid()
        try:
            if not run.ended.is_set():
                _signal(group, signal.SIGTERM)
                await _at_most(self._grace, run.ended)
            _signal(group, signal.SIGKILL)
            await run.ended.wait()
            await _at_most(self._grace, run.silent)
        except asyncio.CancelledError:  # once more: no time left to be polite
            _signal(group, signal.SIGKILL)
            await _at_most(self._grace, run.ended)
            raise
        finally:
            transport.close()


def _limit(pid: int) -> None:
    """No core dumps (they hold secrets), no more open files than usual. Only Linux can set it from outside."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        return
    with suppress(OSError):  # it may have ended already
        for name, most in _LIMITS.items():
            which = getattr(resource, name)
            _, hard = prlimit(pid, which)
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            prlimit(pid, which, (least, least))


def _signal(group: int, number: signal.Signals) -> None:
    # Its number cannot belong to another group yet: the kernel reuses one only after going round all of them.
    with suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a group of zombies
        os.killpg(group, number)


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _outcome(code: int | None, run: _Run, filled: Filled, timeout: float, *, in_time: bool) -> Outcome:
    result: dict[str, Any] = {
        "exit_code": code,
        "stdout": filled.hide(run.stdout.text()),
        "stderr": filled.hide(run.stderr.text()),
    }
    last = one_line(next((x for x in reversed(result["stderr"].splitlines()) if x.strip()), ""), 200)
    if not in_time:
        return Outcome(Ending.UNKNOWN, f"It was stopped: not finished after {timeout:g} s", result)
    match cast("int", code):
        case 0:
            return Outcome(Ending.SUCCEEDED, "It ended with exit code 0", result)
        case number if number < 0:
            return Outcome(Ending.UNKNOWN, f"It was ended by {_name(-number)}: {last}".rstrip(": "), result)
        case number:
            text = f"It ended with exit code {number}: {last}".rstrip(": ")
            return Outcome(Ending.FAILED, text, result, denies=number == 1)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
