"""A person's first sight of a version, and whether an approval comes too soon after it to have been a look."""

from dataclasses import dataclass

CALM = 2_000  # milliseconds from the first sight of a grave version to an approval of it that counts at once


@dataclass(frozen=True, slots=True)
class Sight:
    """When somebody was first shown all of a version; `asked_at`: when they were last asked to look once more."""

    at: int
    asked_at: int | None = None


def hasty(seen: Sight | None, now: int, *, again: bool) -> bool:
    """Whether somebody must look once more. `again`: this answers the window that asked them to.

    A version that nobody is known to have been shown was approved unseen, as far as can be proven.
    """
    if seen is None:
        return True
    answered = again and seen.asked_at is not None
    return not answered and now - seen.at < CALM
