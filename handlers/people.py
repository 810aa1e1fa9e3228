"""Who is who in Slack, read live with a short cache. Whoever Slack does not confirm is nobody."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.catalogue import Group
from bot.errors import Unconfirmed
from bot.people import Person
from handlers.egress import Egress, NoAnswer
from handlers.slack_errors import code_of

TTL = 60.0  # seconds a look-up may be old; not at all where `fresh` is asked
LOOK_UP = 1.5  # seconds a look-up may take, with all it needs to ask
SIFTED = 30  # groups up to this size are sifted for guests, bots and the deactivated
UNKNOWN = "is not known in this workspace"
_UNCONFIRMED = "Slack did not confirm you, nothing is recorded, press again."


@dataclass(frozen=True, slots=True)
class Home:
    """The workspace the bot lives in."""

    team_id: str
    enterprise_id: str | None
    bot_user_id: str


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    value: Any


@dataclass(slots=True)
class SlackPeople:
    """`bot.ports.People` over users.info, usergroups.users.list and conversations.members."""

    client: AsyncWebClient
    home: Home
    egress: Egress | None = None
    now: Callable[[], float] = time.monotonic
    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)
    _asking: dict[tuple[str, str], asyncio.Task[Any]] = field(default_factory=dict)
    _forgotten: int = 0  # how often; what was asked for before is not kept after

    async def person(self, person_id: str, *, fresh: bool = False) -> Person:
        """Raises Unconfirmed where Slack does not answer in time; an unknown id is a person with a problem."""
        person: Person = await _bounded(self._read("person", person_id, self._person, fresh=fresh))
        return person

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        """Live members of a group by id: full members only, as far as a look at each is affordable."""
        members: frozenset[str] = await _bounded(self._members(group, fresh=fresh))
        return members

    async def _members(self, group: Group, *, fresh: bool) -> frozenset[str]:
        asking: list[Awaitable[frozenset[str]]] = [
            *(self._read("user group", each, self._user_group, fresh=fresh) for each in group.user_groups),
            *(self._read("channel", each, self._channel, fresh=fresh) for each in group.channels),
            *([self._on_call(group, fresh=fresh)] if group.lookup is not None else []),
        ]
        found = frozenset(group.users).union(*await asyncio.gather(*asking))
        if len(found) > SIFTED:
            return found
        people = await asyncio.gather(*(self.person(each) for each in sorted(found)))
        return frozenset(person.id for person in people if person.problem is None)

    def remembered(self, person_id: str, groups: Sequence[Group]) -> tuple[Person, tuple[frozenset[str], ...]] | None:
        """Only reads what is kept, from whichever thread."""
        person = self._young("person", person_id)
        found = [self._members_kept(group) for group in groups]
        if person is None or any(members is None for members in found):
            return None
        return person, tuple(members for members in found if members is not None)

    def _members_kept(self, group: Group) -> frozenset[str] | None:
        if group.lookup is not None:
            return None
        asked = [("user group", each) for each in group.user_groups] + [("channel", each) for each in group.channels]
        parts = [self._young(*place) for place in asked]
        if any(part is None for part in parts):
            return None
        found = frozenset(group.users).union(*parts)
        if len(found) > SIFTED:
            return found
        people = [self._young("person", each) for each in found]
        if any(person is None for person in people):
            return None
        return frozenset(person.id for person in people if person.problem is None)

    async def in_channel(self, person_id: str, channel: str) -> bool:
        try:
            members: frozenset[str] = await self._read("channel", channel, self._channel, fresh=False)
        except Unconfirmed:
            return False
        return person_id in members

    def forget(self) -> None:
        """Drop what is remembered: something about people or groups changed."""
        self._kept.clear()
        self._asking.clear()
        self._forgotten += 1

    async def _read(self, kind: str, key: str, read: Callable[[str], Awaitable[Any]], *, fresh: bool) -> Any:
        kept = None if fresh else self._young(kind, key)
        if kept is not None:
            return kept
        place = (kind, key)
        before = self._forgotten
        value = await self._once(place, read)
        if before == self._forgotten:
            self._kept[place] = _Kept(self.now(), value)
        return value

    def _young(self, kind: str, key: str) -> Any:
        """What is kept of it and young enough to count, or None."""
        kept = self._kept.get((kind, key))
        return kept.value if kept is not None and self.now() - kept.at < TTL else None

    async def _once(self, place: tuple[str, str], read: Callable[[str], Awaitable[Any]]) -> Any:
        """One look-up at a time for one thing: those who ask meanwhile share its answer."""
        task = self._asking.get(place)
        if task is None:
            task = asyncio.create_task(_bounded(read(place[1])))
            self._asking[place] = task
            task.add_done_callback(lambda done: self._asked(place, done))
        return await asyncio.shield(task)

    def _asked(self, place: tuple[str, str], done: asyncio.Task[Any]) -> None:
        if self._asking.get(place) is done:
            del self._asking[place]
        if not done.cancelled():
            done.exception()  # those who waited have heard it; where nobody did any more, it is nobody's

    async def _person(self, person_id: str) -> Person:
        try:
            answer = await self.client.users_info(user=person_id)
        except SlackApiError as error:
            if code_of(error) in {"user_not_found", "users_not_found", "user_not_visible"}:
                return Person(person_id, person_id, UNKNOWN)
            raise
        user: dict[str, Any] = answer["user"]
        name = user.get("profile", {}).get("display_name") or user.get("real_name") or user.get("name") or person_id
        return Person(person_id, name, self.problem(user), user.get("tz") or "UTC")

    def problem(self, user: dict[str, Any]) -> str | None:
        """Why this user is no full member of this workspace. `is_stranger` alone would miss some from elsewhere."""
        enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
        at_home = user.get("team_id") == self.home.team_id or (
            self.home.enterprise_id is not None and enterprise == self.home.enterprise_id
        )
        troubles = (
            (user.get("deleted"), "is deactivated"),
            (user.get("is_bot") or user.get("id") == "USLACKBOT", "is a bot"),
            (user.get("is_stranger") or not at_home, "belongs to another organisation"),
            (user.get("is_restricted") or user.get("is_ultra_restricted"), "is a guest"),
        )
        return next((trouble for holds, trouble in troubles if holds), None)

    async def _user_group(self, group_id: str) -> frozenset[str]:
        answer = await self.client.usergroups_users_list(usergroup=group_id)
        return frozenset(answer["users"])

    async def _channel(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        cursor: str | None = None
        while True:
            answer = await self.client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            found.update(answer["members"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return frozenset(found)

    async def _on_call(self, group: Group, *, fresh: bool) -> frozenset[str]:
        lookup = group.lookup or {}

        async def ask(url: str) -> frozenset[str]:
            if self.egress is None:
                raise Unconfirmed(_UNCONFIRMED)
            answer = await self.egress.request("GET", url, timeout=LOOK_UP)
            return ids_at(orjson.loads(answer.body), str(lookup["path"]))

        found: frozenset[str] = await self._read("on call", str(lookup["url"]), ask, fresh=fresh)
        return found


async def _bounded(reading: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(LOOK_UP):
            return await reading
    except (TimeoutError, SlackClientError, aiohttp.ClientError, OSError, NoAnswer, ValueError) as error:
        raise Unconfirmed(_UNCONFIRMED) from error


def ids_at(answer: Any, path: str) -> frozenset[str]:
    """The Slack ids at a path such as `$.user.slack_id` or `$.users[*].id`. ValueError where there are none."""
    found = [answer]
    for key in path.removeprefix("$").replace("[*]", ".*").strip(".").split("."):
        if key == "*":
            found = [item for each in found if isinstance(each, list) for item in each]
        else:
            found = [each[key] for each in found if isinstance(each, dict) and key in each]
    ids = frozenset(each for each in found if isinstance(each, str) and each[:1] in {"U", "W"})
    if not ids:
        raise ValueError(f"nobody is named at {path}")
    return ids
