"""The rules of the house that a machine can hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOP = {"pyproject.toml", "README.md", "bot", "handlers", "store", "tests", "manifest.yml", "LICENSE"}


def test_imports_go_only_where_the_contracts_let_them() -> None:
    linter = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    found = subprocess.run(linter, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert found.returncode == 0, found.stdout


def test_the_top_level_holds_what_it_may() -> None:
    listing = ["git", "ls-files"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    tops = {path.split("/")[0] for path in listed.splitlines()}
    assert {top for top in tops if not top.startswith(".")} <= TOP
