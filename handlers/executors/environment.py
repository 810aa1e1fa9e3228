"""References to the environment, `${NAME}`, filled at the last moment, and their values kept out of what comes back.

`${NAME}` is the variable; `$$` is one `$` (so a value that people gave is written with its `$` doubled and can
never become a reference). Nothing else that begins with `${` is accepted. Signoff's own secrets are not handed out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_REFERENCE = re.compile(r"\$\$|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")
OWN = frozenset(
    {
        "OPENAI_API_KEY",
        "SIGNOFF_DATABASE_URL",
        "SIGNOFF_SECRET_KEY",
        "SIGNOFF_SMTP_URL",
        "SLACK_APP_TOKEN",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
    }
)
_SHORTEST = 6  # a shorter value is no secret, and would take innocent text with it


class BadReference(Exception):
    """A reference that cannot be filled. The text names the variable and what to do."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Texts with their references filled, and which values came from the environment (value → name)."""

    texts: Mapping[str, str]
    values: Mapping[str, str] = field(repr=False, default_factory=dict)

    def hide(self, text: str) -> str:
        """The text with each of those values put back as `${NAME}`: targets like to echo what they were sent."""
        for value in sorted(self.values, key=len, reverse=True):
            text = text.replace(value, f"${{{self.values[value]}}}")
        return text


def fill(texts: Mapping[str, str], environment: Mapping[str, str]) -> Filled:
    """Every text with its references filled. BadReference for a variable that is missing, empty or Signoff's own."""
    values: dict[str, str] = {}

    def put(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        if not (name := found[1]):
            raise BadReference("'${' begins a reference that does not end; write ${NAME}, or $$ for a dollar sign")
        if name in OWN:
            raise BadReference(
                f"{name} is Signoff's own and is not handed out; use a variable of its own for the target"
            )
        value = environment.get(name, "")
        if not value:
            raise BadReference(f"the environment variable {name} is missing or empty; set it for Signoff's process")
        if len(value) >= _SHORTEST:
            values[value] = name
        return value

    return Filled({key: _REFERENCE.sub(put, text) for key, text in texts.items()}, values)
