"""The time, in whole milliseconds since the epoch. The demo can move it on; nothing else does."""

import time


class Clock:
    def __init__(self) -> None:
        self._ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead

    def forward(self, milliseconds: int) -> None:
        """Move on. The past cannot be had back: events are in order."""
        if milliseconds < 0:
            raise ValueError("a clock is only ever moved on")
        self._ahead += milliseconds
