"""Groups, identity links, operators and hosts."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.catalogue import Group
from bot.identity import Identities
from bot.route import REQUESTER
from bot.weekly import When
from handlers.config.build.lookup import lookup
from handlers.config.build.machine import Machine
from handlers.config.build.urls import check_url
from handlers.config.mistakes import Spot
from handlers.config.shape.people import People, Slack
from handlers.config.shape.values import DAYS, USER, USER_GROUP
from handlers.words import quoted, use

EVERYONE = "everyone"


def groups(
    spot: Spot, people: Mapping[str, People | None], private: Sequence[str], machine: Machine
) -> dict[str, Group]:
    """Every group by name. One whose structure is wrong is there, empty, so that naming it is no mistake."""
    return {name: _group(spot / name, name, given, private, machine) for name, given in people.items()}


def _group(spot: Spot, name: str, given: People | None, private: Sequence[str], machine: Machine) -> Group:
    if given is None:
        return Group(name)
    if name in (EVERYONE, REQUESTER):
        spot.mistake(f'"{name}" has a meaning of its own and cannot name a group', "choose another name")
    if not (given.users or given.user_groups or given.channels or given.lookup):
        spot.mistake("names nobody: an empty group can approve nothing", "add users, user_groups, channels or a lookup")
    if given.hours and not given.time_zone:
        (spot / "hours").mistake("opening hours need a time zone", "add time_zone: Europe/Berlin (or your own)")
    for kind in ("users", "user_groups", "channels"):
        ids = getattr(given, kind)
        for at, each in enumerate(ids):
            if each in ids[:at]:
                (spot / kind / at).mistake(f"{each} is named twice", "remove one")
    return Group(
        name=name,
        users=tuple(given.users),
        user_groups=tuple(given.user_groups),
        channels=tuple(given.channels),
        lookup=lookup(spot / "lookup", given.lookup, private, machine) if given.lookup else None,
        time_zone=given.time_zone,
        hours=given.hours,
    )


def check_hosts(spot: Spot, hosts: Iterable[str]) -> None:
    for at, host in enumerate(hosts):
        literal = f"[{host.strip('[]')}]" if ":" in host else host
        check_url(spot / at, f"https://{literal}/", ())


def identities(spot: Spot, given: Iterable[Sequence[str] | None]) -> Identities:
    """Which accounts are one person; each account stands in one list."""
    links: list[tuple[str, ...]] = []
    first: dict[str, int] = {}  # account → the list it stands in
    for at, link in enumerate(given):
        for place, account in enumerate(link or ()):
            if first.setdefault(account, at) != at:
                remedy = "write all accounts of a person into one list"
                (spot / at / place).mistake(f"{account} stands in another list already", remedy)
            elif account in (link or ())[:place]:
                (spot / at / place).mistake(f"{account} is named twice", "remove one")
        if link is not None and len(link) < 2:
            (spot / at).mistake("one account alone is a person already", "name the other accounts, or remove it")
        links.append(tuple(link or ()))
    return Identities(tuple(links))


def named(spot: Spot, names: Iterable[str], known: Mapping[str, Group], *also: str) -> tuple[str, ...]:
    """The names of groups, each checked to exist."""
    for at, name in enumerate(names):
        if name not in known and name not in also:
            remedy = use([*known, *also], name) if known or also else "add the group under people"
            (spot / at).mistake(f"there is no group {quoted(name)} under people", remedy)
    return tuple(dict.fromkeys(names))


def weekly(given: str) -> When | None:
    """`monday 09:00` as a time of the week; None for `off`."""
    if given == "off":
        return None
    day, _, time = given.partition(" ")
    hour, _, minute = time.partition(":")
    return When(DAYS.index(day), int(hour), int(minute))


def operators(spot: Spot, slack: Slack | None, known: Mapping[str, Group]) -> Group:
    """The operators as one group, from ids and names of groups."""
    users: list[str] = []
    user_groups: list[str] = []
    channels: list[str] = []
    lookups = []
    for at, given in enumerate(slack.operators if slack else ()):
        if group := known.get(given):
            users += group.users
            user_groups += group.user_groups
            channels += group.channels
            lookups += [group.lookup] if group.lookup else []
        elif re.fullmatch(USER, given):
            users.append(given)
        elif re.fullmatch(USER_GROUP, given):
            user_groups.append(given)
        else:
            what = f"{quoted(given)} is neither a group under people nor a Slack id"
            (spot / at).mistake(what, "write U… or W… for a person, S… for a user group, or the name of a group")
    if len(lookups) > 1:
        spot.mistake("operators can be looked up in one place only", "name one group with a lookup")
    return Group(
        name="operators",
        users=tuple(dict.fromkeys(users)),
        user_groups=tuple(dict.fromkeys(user_groups)),
        channels=tuple(dict.fromkeys(channels)),
        lookup=lookups[0] if lookups else None,
    )
