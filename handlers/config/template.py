"""What `signoff init` writes: a signoff.yaml that a newcomer can read, and that is without mistakes as it stands."""

from pathlib import Path

_FILE = Path(__file__).with_name("template.yaml")


def template() -> str:
    """The text of a first signoff.yaml. What must be changed in it is marked CHANGE."""
    return _FILE.read_text(encoding="utf-8")
