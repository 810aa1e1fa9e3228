"""A workspace from a few names: ids are made from the names, so `alice` is U0ALICE and `#ops` is C0OPS."""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from handlers.demo.slack.app import App
from handlers.demo.slack.values import Channel, Team, User, UserGroup

TEAM = Team("T0LOCAL", "Local", "local")
STRANGERS = Team("T0OTHER", "Other Ltd", "other")


class Start(TypedDict):
    """What `LocalSlack(**start)` takes to begin with."""

    team: Team
    app: App
    users: list[User]
    channels: list[Channel]
    groups: list[UserGroup]
    other_teams: list[Team]


def user_id(name: str) -> str:
    """`alice` → `U0ALICE`."""
    return f"U0{_upper(name)}"


def channel_id(name: str) -> str:
    """`#ops` → `C0OPS`."""
    return f"C0{_upper(name.removeprefix('#'))}"


def group_id(name: str) -> str:
    """`finance` → `S0FINANCE`."""
    return f"S0{_upper(name)}"


def person(name: str, real_name: str = "", **fields: Any) -> User:
    """A full member; other kinds by the fields of `User`.

    A guest has `is_restricted=True`, somebody who left `deleted=True`, somebody of another company
    `team_id=sample.STRANGERS.id, is_stranger=True`.
    """
    given: dict[str, Any] = {
        "team_id": TEAM.id,
        "real_name": real_name or name.title(),
        "email": f"{name}@example.com",
    }
    return User(user_id(name), name, **given | fields)


def build(
    app: App,
    people: Iterable[User],
    *,
    channels: Mapping[str, Iterable[str]],
    private: Iterable[str] = (),
    groups: Mapping[str, Iterable[str]] | None = None,
) -> Start:
    """A workspace to start from.

    Args:
        channels: name → names of its members; the bot is in each of them.
        private: the names among them that are private.
        groups: handle → names of its members.
    """
    hidden = set(private)
    return {
        "team": TEAM,
        "app": app,
        "users": list(people),
        "channels": [
            Channel(
                channel_id(name),
                name,
                "private" if name in hidden else "public",
                (*(user_id(member) for member in members), app.bot_user),
            )
            for name, members in channels.items()
        ],
        "groups": [
            UserGroup(group_id(handle), handle, handle.title(), tuple(user_id(member) for member in members))
            for handle, members in (groups or {}).items()
        ],
        "other_teams": [STRANGERS],
    }


def _upper(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())
