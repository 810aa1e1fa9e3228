"""What is wrong with signoff.yaml, all of it at once: where it stands, what it is, what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from handlers.config.tree import Path, Tree
from handlers.words import printable


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` and `column` count from 1; `path` is the place in the file, such as `rules.route[0].when`."""

    file: str
    line: int
    column: int
    path: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        parts = (f"{self.path}: {self.what}" if self.path else self.what, self.remedy)
        return printable(f"{self.file}:{self.line}: {'; '.join(part for part in parts if part)}")


class ConfigError(Exception):
    """The file cannot be used. `mistakes` holds every one that was found, in the order of the lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        ordered = sorted(set(mistakes), key=lambda mistake: (mistake.line, mistake.column, mistake.path, mistake.what))
        super().__init__("\n".join(map(str, ordered)))
        self.mistakes = tuple(ordered)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the file, at which something can be found wrong. `spot / "run" / "http"` leads further down."""

    tree: Tree
    path: Path = ()
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    def __truediv__(self, step: str | int) -> "Spot":
        return Spot(self.tree, (*self.path, step), self.mistakes, self.warnings)

    def under(self, path: Iterable[str | int]) -> "Spot":
        return Spot(self.tree, (*self.path, *path), self.mistakes, self.warnings)

    @property
    def value(self) -> Any:
        """What the file says here, word for word."""
        value = self.tree.value
        for step in self.path:
            value = value[step]
        return value

    @property
    def name(self) -> str:
        return dotted(self.path)

    def mistake(self, what: str, remedy: str = "") -> None:
        self.mistakes.append(self._made(what, remedy))

    def warning(self, what: str, remedy: str = "") -> None:
        self.warnings.append(self._made(what, remedy))

    def _made(self, what: str, remedy: str) -> Mistake:
        mark = self.tree.mark(self.path)
        return Mistake(self.tree.file, mark.line, mark.column, self.name, what, remedy)


def dotted(path: Path) -> str:
    """`("rules", "route", 0)` as `rules.route[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
