"""`signoff check`: what would stop Signoff in this workspace, each trouble in one sentence with its remedy."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot import templates
from bot.catalogue import Catalogue, Group
from bot.errors import Unconfirmed
from handlers.oncall import LookupFailed
from handlers.people import UNKNOWN, SlackPeople
from handlers.slack_errors import code_of

_WHY: Mapping[str, str] = {  # what Slack says of a user group or channel, and the remedy
    "no_such_subteam": "there is none, or it is disabled; copy its id (S…) again, or enable it in Slack",
    "plan_upgrade_required": "user groups need a paid Slack plan; name people (U…) or a channel (C…) in its place",
    "channel_not_found": "there is none that the bot can see; copy its id (C…) again, or invite it: /invite @signoff",
    "missing_scope": "the Slack app lacks a scope; add what manifest.yml lists and install the app again",
}


async def troubles(client: AsyncWebClient, people: SlackPeople, catalogue: Catalogue) -> AsyncIterator[str]:
    """Channels the bot cannot post to, groups nobody is in, people Slack does not know; each told once."""
    async for trouble in _channels(client, catalogue):
        yield trouble
    told: set[str] = set()
    groups = {f"people.{group.name}": group for group in catalogue.groups.values()}
    for link in catalogue.identities.links:
        for ident in link:
            if why := await _stranger(people, ident):
                yield f"identities: {why}"
    for where, group in (groups | {"slack.operators": catalogue.operators}).items():
        async for trouble in _group(people, group):
            if trouble not in told:
                yield f"{where}: {trouble}"
            told.add(trouble)


async def _channels(client: AsyncWebClient, catalogue: Catalogue) -> AsyncIterator[str]:
    known = {key: channel async for channel in _listed(client) for key in ("#" + channel["name"], channel["id"])}
    for name in dict.fromkeys(_named(catalogue)):
        channel = known.get(name)
        if channel is None:
            yield f"channel {name}: there is none the bot can see; check the name, or invite it: /invite @signoff."
        elif channel.get("is_archived"):
            yield f"channel {name}: it is archived; name another in signoff.yaml, or unarchive it."
        elif not channel.get("is_member"):
            yield f"channel {name}: the bot is not in it; invite it there: /invite @signoff."
        elif channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
            yield (
                f"channel {name}: it is shared with another organisation, whose members would see the cards; "
                "name one that is not."
            )


def _named(catalogue: Catalogue) -> Iterator[str]:
    """Every channel that is named outright: for cards, and for what actions post."""
    for name in (catalogue.channel, catalogue.fallback_channel, catalogue.security_channel):
        if name:
            yield name
    for action in catalogue.actions.values():
        if action.channel:
            yield action.channel
        if action.run["kind"] == "slack" and not templates.names(action.run["channel"]):
            yield action.run["channel"]


async def _listed(client: AsyncWebClient) -> AsyncIterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        answer = await client.conversations_list(types="public_channel,private_channel", limit=1000, cursor=cursor)
        for channel in answer["channels"]:
            yield channel
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return


async def _group(people: SlackPeople, group: Group) -> AsyncIterator[str]:
    for ident in group.users:
        if why := await _person(people, ident):
            yield why
    for part, what in _parts(group):
        if why := await _nobody(people, part, what):
            yield why
    if group.lookup is not None:
        async for why in _lookup(people, group.lookup):
            yield f"the lookup at {URL(str(group.lookup['url'])).with_query(None)}: {why}"


async def _lookup(people: SlackPeople, lookup: Mapping[str, Any]) -> AsyncIterator[str]:
    """What a lookup, tried now, does not say, or says of somebody who may not approve."""
    try:
        found = await people.on_call(lookup, fresh=True)
    except LookupFailed as error:
        yield f"{error}."
        return
    except Unconfirmed as error:
        yield f"Slack does not say who they are ({_reason(error)}); try again in a minute."
        return
    for stranger in found.strangers:
        yield f"Slack knows nobody for {stranger}; correct it there, or add it under map."
    for ident in sorted(found.ids):
        if why := await _person(people, ident):
            yield why
    if not found.ids:
        yield "nobody is on call now; fill the gap in the schedule, or add users who stand in."


async def _stranger(people: SlackPeople, ident: str) -> str | None:
    """Why this account cannot be linked: Slack does not know it. What else it is does not matter there."""
    try:
        person = await people.person(ident, fresh=True)
    except Unconfirmed as error:
        return f"Slack does not say who {ident} is ({_reason(error)}); try again in a minute."
    return f"{ident} {person.problem}; correct the id, or take it out." if person.problem == UNKNOWN else None


async def _person(people: SlackPeople, ident: str) -> str | None:
    """Why this person may not approve; None where they may."""
    try:
        person = await people.person(ident, fresh=True)
    except Unconfirmed as error:
        return f"Slack does not say who {ident} is ({_reason(error)}); try again in a minute."
    return f"{ident} {person.problem}; correct the id, or take it out." if person.problem else None


def _parts(group: Group) -> Iterator[tuple[Group, str]]:
    """Where else it looks for people, one by one, and what each is called."""
    for ident in group.user_groups:
        yield Group(group.name, user_groups=(ident,)), f"user group {ident}"
    for ident in group.channels:
        yield Group(group.name, channels=(ident,)), f"channel {ident}"


async def _nobody(people: SlackPeople, part: Group, what: str) -> str | None:
    """Why nobody could approve by being there; None where somebody can."""
    try:
        members = await people.members(part, fresh=True)
    except Unconfirmed as error:
        reason = _reason(error)
        return f"{what}: {_WHY.get(reason, f'it does not say who is in it ({reason}); try again, or name another')}."
    return None if members else f"{what}: no full member of this workspace is in it; add some, or name another."


def _reason(error: Unconfirmed) -> str:
    cause = error.__cause__
    return code_of(cause) if isinstance(cause, SlackApiError) else type(cause).__name__
