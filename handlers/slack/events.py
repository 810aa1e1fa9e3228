"""Events: App Home opened, words in a card's thread, and news about people and channels."""

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refusal, WrongMoment
from bot.moves import remark, vote
from bot.ports import Message
from bot.request import Actor
from bot.route import Surface
from handlers.cards.lists import refusal
from handlers.people import SlackPeople
from handlers.slack import home
from handlers.slack.commands import plain
from handlers.slack.inbound import Office, actor, log, refused
from handlers.slack.replies import Replies

_REJECT = re.compile(r"reject\s*:\s*(\S.*)", re.IGNORECASE | re.DOTALL)
NEWS_OF_PEOPLE = ("user_change", "subteam_updated", "subteam_members_changed", "member_left_channel")
NEWS_OF_THE_APP = ("app_uninstalled", "tokens_revoked")


async def home_opened(office: Office, client: AsyncWebClient, event: Mapping[str, Any]) -> None:
    if event.get("tab") == "home":
        office.tasks.start(home.publish(office, client, str(event["user"])))  # Slack need not wait for Slack


async def people_changed(office: Office, people: SlackPeople, event: Mapping[str, Any]) -> None:
    """Whatever is remembered of people may be wrong now; where somebody may have gone, what is open is looked at."""
    people.forget()
    user = event.get("user")
    if event.get("type") != "user_change" or (isinstance(user, dict) and people.problem(user)):
        office.news.somebody_went()


async def said(office: Office, client: AsyncWebClient, body: Mapping[str, Any]) -> None:
    """A message in a card's thread: `approve`, `reject: reason`, or a comment that is kept."""
    event = body["event"]
    root = event.get("thread_ts")
    if root is None or root == event.get("ts") or event.get("subtype") or event.get("bot_id") or not event.get("user"):
        return
    message = await office.desk.store.by_ts(str(event["channel"]), str(root))
    if message is None or message.place != "card":
        return
    user = {"id": event["user"], "team_id": event.get("user_team") or event.get("team") or body.get("team_id")}
    replies = Replies(client, office.tasks, user["id"], str(event["channel"]), thread_ts=str(root))
    try:
        await _heard(office, actor(office, user, "thread"), message, event)
    except Refusal as error:
        await replies.privately(refusal(error))
        await refused(office, error, user, "thread", f"v1.{message.request_id}.{message.version}.{message.nonce}")


async def _heard(office: Office, who: Actor, message: Message, event: Mapping[str, Any]) -> None:
    desk, text = office.desk, plain(str(event.get("text") or ""))
    rejected = _REJECT.fullmatch(text)
    if text.lower() != "approve" and rejected is None:
        await _comment(office, who, message, text)
        return
    if message.ts is None or float(message.ts) >= float(event["ts"]):
        raise WrongMoment("Your message is older than the card; look at the card and decide there.")
    if rejected is not None:
        request = await desk.open(message.request_id)
        if request.version is not None and request.version.risk.grave:
            raise WrongMoment("This one is decided with its buttons, not in words.")
        await vote.reject(desk, who, message.request_id, message.version, rejected[1])
        return
    await vote.approve(desk, who, message.request_id, message.version, Surface.CARD)


async def _comment(office: Office, who: Actor, message: Message, text: str) -> None:
    """Kept with the request where it is still open; a chat after the decision is only a chat."""
    if not text:
        return
    try:
        await remark.remark(office.desk, who, message.request_id, "comment", text)
    except Refusal as error:
        log.info("comment_not_kept", request=message.request_id, code=error.code)
