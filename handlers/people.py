"""Who is who in Slack, read live with a short cache. Whoever Slack does not confirm is nobody."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.catalogue import Group
from bot.errors import Unconfirmed
from bot.people import Person
from handlers.oncall import LookupFailed, Lookups, Named
from handlers.slack_errors import code_of

TTL = 60.0  # seconds a look-up may be old; not at all where `fresh` is asked
LOOK_UP = 1.5  # seconds a look-up may take, with all it needs to ask
SIFTED = 30  # groups up to this size are sifted for guests, bots and the deactivated
UNKNOWN = "is not known in this workspace"
_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
_NO_EMAIL = (
    "it names people by e-mail, and the Slack app lacks the scope users:read.email; "
    "add it under OAuth & Permissions and install the app again, or add them under map"
)
_UNCONFIRMED = "Slack did not confirm you, nothing is recorded, press again."


@dataclass(frozen=True, slots=True)
class Home:
    """The workspace the bot lives in."""

    team_id: str
    enterprise_id: str | None
    bot_user_id: str


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call: as Slack ids, and those whom Slack does not know, as the other system calls them."""

    ids: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    value: Any


@dataclass(slots=True)
class SlackPeople:
    """`bot.ports.People` over users.info, usergroups.users.list, conversations.members, and on-call systems."""

    client: AsyncWebClient
    home: Home
    lookups: Lookups | None = None
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
            *([self._looked_up(group, group.lookup, fresh=fresh)] if group.lookup is not None else []),
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

    async def _looked_up(self, group: Group, lookup: Mapping[str, Any], *, fresh: bool) -> frozenset[str]:
        try:
            return (await self.on_call(lookup, fresh=fresh)).ids
        except LookupFailed as error:
            where = URL(str(lookup["url"])).host
            why = str(error) if str(where) in str(error) else f"{where}: {error}"
            raise Unconfirmed(
                f"Who {group.name} is now is not known ({why}). Nothing is recorded, press again."
            ) from error

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

    async def on_call(self, lookup: Mapping[str, Any], *, fresh: bool = False) -> OnCall:
        """Who a lookup names, as Slack knows them. LookupFailed says why that is not known."""
        if self.lookups is None:
            raise LookupFailed("nothing is looked up here")
        lookups = self.lookups

        async def ask(_: str) -> tuple[Named, ...]:
            return await lookups.named(lookup)

        key = orjson.dumps(lookup, option=orjson.OPT_SORT_KEYS).decode()
        named: tuple[Named, ...] = await self._read("on call", key, ask, fresh=fresh)
        found = await asyncio.gather(*(self._slack_id(each, lookup, fresh=fresh) for each in named))
        ids = frozenset(ident for ident in found if ident)
        if named and not ids:
            raise LookupFailed(f"Slack knows none of those it names ({len(named)}); add them under map")
        return OnCall(ids, tuple(str(each) for each, ident in zip(named, found, strict=True) if not ident))

    async def _slack_id(self, named: Named, lookup: Mapping[str, Any], *, fresh: bool) -> str | None:
        """By the file's own map; where it is an id of Slack's itself; by e-mail. None: nobody that Slack knows."""
        mapped = {_folded(word): ident for word, ident in lookup.get("map", {}).items()}
        for word in named.words:
            if ident := mapped.get(_folded(word)):
                return str(ident)
        if lookup.get("format", "json") == "json" and _SLACK_ID.fullmatch(named.words[0]):
            return named.words[0]
        if named.email is None:
            return None
        found: str | None = await self._read("e-mail", named.email.lower(), self._by_email, fresh=fresh)
        return found

    async def _by_email(self, email: str) -> str | None:
        """users.lookupByEmail (scope users:read.email); it finds nobody who is deactivated."""
        try:
            answer = await self.client.users_lookupByEmail(email=email)
        except SlackApiError as error:
            if code_of(error) in {"users_not_found", "user_not_found"}:
                return None
            if code_of(error) == "missing_scope":
                raise LookupFailed(_NO_EMAIL) from error
            raise
        return str(answer["user"]["id"])


def _folded(word: str) -> str:
    """An address however it is written; an id as it is."""
    return word.strip().lower() if "@" in word else word.strip()


async def _bounded(reading: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(LOOK_UP):
            return await reading
    except (TimeoutError, SlackClientError, aiohttp.ClientError, OSError, ValueError) as error:
        raise Unconfirmed(_UNCONFIRMED) from error
