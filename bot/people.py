"""Who somebody is at this moment, as far as a decision needs it."""

from collections.abc import Mapping
from dataclasses import dataclass

Roster = Mapping[str, frozenset[str]]  # group name → ids of its members, read live
Unsaid = Mapping[str, str]  # name of a group whose members nobody could say → why, as people hear it


@dataclass(frozen=True, slots=True)
class Person:
    """A person as Slack knows them now. `problem` says why they are not a full member of this workspace."""

    id: str
    name: str
    problem: str | None = None  # "is a guest", "belongs to another organisation", "is a bot", "is deactivated", …
    time_zone: str = "UTC"


def groups_of(person: str, roster: Roster) -> frozenset[str]:
    return frozenset(group for group, members in roster.items() if person in members)
