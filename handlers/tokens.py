"""What a button carries: which request, which version, which message. Nothing else is ever read from a card."""

import re
from dataclasses import dataclass

from bot.errors import NotFound

_SHAPE = re.compile(r"v1\.([A-Za-z0-9_-]{8,64})\.(\d{1,6})\.([A-Za-z0-9_-]{8,64})")
_SHOWN = re.compile(r"([A-Za-z0-9_-]{8,64})\.(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Token:
    request_id: str
    version: int
    nonce: str

    @property
    def text(self) -> str:
        return f"v1.{self.request_id}.{self.version}.{self.nonce}"

    @staticmethod
    def read(text: str) -> "Token":
        """Raises NotFound for anything we did not write."""
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise NotFound
        return Token(found[1], int(found[2]), found[3])


@dataclass(frozen=True, slots=True)
class Selection:
    """What a window about several requests carries: each of them with the version it shows."""

    shown: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        return "s1." + ",".join(f"{request_id}.{version}" for request_id, version in self.shown)

    @staticmethod
    def read(text: str) -> "Selection":
        """Raises NotFound for anything we did not write."""
        found = [_SHOWN.fullmatch(part) for part in text.removeprefix("s1.").split(",")]
        read = [(each[1], int(each[2])) for each in found if each is not None]
        if not text.startswith("s1.") or len(read) != len(found):
            raise NotFound
        return Selection(tuple(read))
