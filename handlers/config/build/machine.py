"""What of this machine the file depends on: its environment and its programs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from handlers.config.mistakes import Spot
from handlers.executors.environment import OWN

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Machine:
    """`offline`: the file is checked elsewhere than where it will serve, so what is absent here is only a warning."""

    environment: Mapping[str, str]
    which: Callable[[str], str | None]
    offline: bool = False

    def absent(self, spot: Spot, what: str, remedy: str) -> None:
        (spot.warning if self.offline else spot.mistake)(what, remedy)

    def references(self, spot: Spot, text: str) -> None:
        """Check each `${NAME}` of a text in which they may stand."""
        rest = REFERENCE.sub("", text.replace("$$", ""))
        if "${" in rest:
            spot.mistake("${ begins a reference that does not end", "write ${NAME}, or $$ for a dollar sign")
        for name in dict.fromkeys(REFERENCE.findall(text.replace("$$", ""))):
            if name in OWN:
                spot.mistake(f"{name} is Signoff's own secret and is not handed out", "use a variable of its own")
            elif not self.environment.get(name):
                remedy = f"set {name} in the environment or in .env, before Signoff starts"
                self.absent(spot, f"the environment variable {name} is not set", remedy)

    def program(self, spot: Spot, name: str) -> str:
        """The absolute path of a program, as it will be digested and run."""
        found = self.which(name)
        if found is None:
            remedy = "install it, correct the name, or write its absolute path"
            self.absent(spot, f'there is no program "{name}" on this machine', remedy)
            return name
        return str(Path(found).absolute())  # symbolic links stay: some programs go by the name they are called
