"""The Slack app's manifest: beside the code in a checkout, inside the package when installed."""

from importlib import resources
from pathlib import Path


def manifest() -> str:
    """`manifest.yml` as text."""
    beside = Path(__file__).parents[1] / "manifest.yml"
    return beside.read_text() if beside.is_file() else (resources.files("handlers") / "manifest.yml").read_text()
