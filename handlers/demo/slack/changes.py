"""Waiting for a condition: wakes on every change of the workspace, never by polling."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Counts changes and wakes who waits for the next one. One event loop only."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def touch(self) -> None:
        """Something changed."""
        self.count += 1
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def after(self, count: int) -> int:
        """Return the count as soon as it is beyond `count`."""
        while self.count <= count:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)
        return self.count

    async def until(
        self,
        predicate: Callable[[], Awaitable[T | None]],
        seconds: float,
        describe: Callable[[], str],
    ) -> T:
        """Return the first true value of `predicate`, tried now and after each change.

        Raises:
            TimeoutError: not true within `seconds`; its text is `describe()`.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    count = self.count
                    value = await predicate()
                    if value:
                        return value
                    await self.after(count)
        except TimeoutError as late:
            raise TimeoutError(f"not so within {seconds} s\n{describe()}") from late
