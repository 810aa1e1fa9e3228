"""`signoff check`: what would stop Signoff in this workspace, each trouble in one sentence with its remedy."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.catalogue import Catalogue, Group
from bot.errors import Unconfirmed
from handlers.people import SlackPeople
from handlers.slack_errors import code_of


async def troubles(client: AsyncWebClient, people: SlackPeople, catalogue: Catalogue) -> AsyncIterator[str]:
    """Channels the bot cannot post to, and groups and people Slack does not know."""
    async for trouble in _channels(client, catalogue):
        yield trouble
    for group in [*catalogue.groups.values(), catalogue.operators]:
        async for trouble in _group(people, group):
            yield trouble


async def _channels(client: AsyncWebClient, catalogue: Catalogue) -> AsyncIterator[str]:
    known = {key: channel async for channel in _listed(client) for key in ("#" + channel["name"], channel["id"])}
    for name in _named(catalogue):
        channel = known.get(name)
        if channel is None:
            yield f"channel {name}: there is none the bot can see; check the name, or invite it: /invite @signoff."
        elif channel.get("is_archived"):
            yield f"channel {name}: it is archived; name another in signoff.yaml, or unarchive it."
        elif not channel.get("is_member"):
            yield f"channel {name}: the bot is not in it; invite it there: /invite @signoff."
        elif channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
            yield f"channel {name}: it is shared with another organisation, whose members would see the cards."


def _named(catalogue: Catalogue) -> Iterable[str]:
    named = [catalogue.channel, catalogue.fallback_channel, *(a.channel for a in catalogue.actions.values())]
    return dict.fromkeys(name for name in named if name)


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
    try:
        members = await people.members(group, fresh=True)
    except Unconfirmed as error:
        cause = error.__cause__
        why = code_of(cause) if isinstance(cause, SlackApiError) else type(cause).__name__
        yield f"people.{group.name}: Slack does not say who is in it ({why}); check the ids in signoff.yaml."
        return
    if not members:
        yield f"people.{group.name}: no full member of this workspace is in it, so nobody could approve for it."
