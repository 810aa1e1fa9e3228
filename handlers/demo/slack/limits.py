"""Slack's rate limits: calls per method and minute, and one post a second in each channel. Off by default."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping

POST_SECONDS = 1.0


class RateLimits:
    """Counts calls of the methods it is switched on for; windows slide over the last minute."""

    def __init__(self, per_minute: Mapping[str, int], now: Callable[[], float]) -> None:
        self._per_minute = dict(per_minute)
        self._now = now
        self._on: set[str] = set()
        self._calls: dict[str, deque[float]] = {}
        self._posts: dict[str, float] = {}

    def on(self, *methods: str) -> None:
        """Enforce the limit of these methods, or of all when none is named."""
        self._on |= set(methods or self._per_minute)

    def off(self, *methods: str) -> None:
        """Stop enforcing (all when none is named) and forget what was counted."""
        gone: Iterable[str] = methods or tuple(self._on)
        self._on -= set(gone)
        for method in gone:
            self._calls.pop(method, None)
        self._posts.clear()

    def set(self, method: str, per_minute: int) -> None:
        """Another number of calls in a minute for a method, and enforce it."""
        self._per_minute[method] = per_minute
        self._on.add(method)

    def wait(self, method: str, channel: str | None) -> int | None:
        """Seconds to wait (`Retry-After`), or None and the call is counted."""
        if method not in self._on:
            return None
        now = self._now()
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        waits = [calls[0] + 60 - now] if len(calls) >= self._per_minute[method] else []
        if method == "chat.postMessage" and channel in self._posts:
            waits.append(self._posts[channel] + POST_SECONDS - now)
        longest = max(waits, default=0.0)
        if longest > 0:
            return math.ceil(longest)
        calls.append(now)
        if method == "chat.postMessage" and channel:
            self._posts[channel] = now
        return None
