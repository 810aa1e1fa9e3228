"""`signoff …` as somebody types it: the console script in a process of its own, with only the environment given."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds one command may take on a machine that is busy


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


async def signoff(*words: str, folder: Path, **environment: str) -> Ran:
    """Type it in that folder and wait for its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "handlers.cli", *words, cwd=folder, env=surroundings(**environment),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


def surroundings(**environment: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environment


def refused(ran: Ran, *words: str, status: int = 1, lines: int = 1) -> None:
    """It ended with so many sentences on standard error, which hold all these words, and with nothing else."""
    said = ran.err.splitlines()
    assert ran.status == status, ran
    assert ran.out == ""
    assert len(said) == lines, ran.err
    for line in said:
        plain(line)
    for word in words:
        assert word in ran.err, ran.err


def plain(line: str) -> None:
    """A sentence for people: it ends, it is not endless, and nothing in it is a program's inside."""
    assert line.endswith((".", ")", "#C…", "S…")) or "; " in line, line
    assert len(line) < 400, line
    for inside in ("Traceback", "Error(", "Exception", 'File "', "object at 0x", "errno"):
        assert inside not in line, line


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
