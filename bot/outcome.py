"""One attempt handed to an executor, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Ending(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt, preview or probe of a resolved way to run."""

    request_id: str
    version: int
    attempt: int  # 0 for a preview or a probe
    key: str  # the idempotency key, the same for every attempt of a version
    way: Mapping[str, Any]  # resolved: no templates left; references `${NAME}` to the environment still in it
    timeout: float  # seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    ending: Ending
    summary: str  # one line for people, plain text
    result: Any = None  # a JSON value or text, capped
    again: bool = False  # may be tried again with the same key: nothing was sent, or the target is idempotent
    retry_after: float | None = None  # seconds
    denies: bool = False  # the target says there is no such thing: what a probe needs to hear before it says “not done”
