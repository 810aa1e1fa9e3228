"""Breaking the glass in Slack: the window that asks why, and the one in which a second person says what they found."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot import breakage
from bot.authorize import Click, Verb
from bot.errors import Refusal
from bot.moves import glass, look
from bot.moves.desk import Desk
from bot.request import Actor, Request, State
from handlers.cards import glass as drawn
from handlers.cards import lists
from handlers.cards.blocks import Drawn, Json
from handlers.slack.inbound import Office, log
from handlers.slack.previews import previewed
from handlers.slack_errors import UNANSWERED
from handlers.tokens import Token

LISTED = 5  # open breaks a list begins with


async def open_window(
    office: Office, client: AsyncWebClient, request: Request, trigger_id: str, *, on_top: bool = False
) -> None:
    """The window of one's own pending request, drawn fresh; `on_top` of the one that is open. It decides nothing."""
    desk = office.desk
    message = await desk.store.message(request.id, request.now_version.number, "card")
    token = Token(request.id, request.now_version.number, message.nonce)

    async def draw(now: Request, text: str) -> Json:
        return await page(desk, now, text)

    opens = client.views_push if on_top else client.views_open
    opened = await opens(trigger_id=trigger_id, view=await draw(request, token.text))
    if request.now_version.action.preview is not None:
        office.tasks.start(previewed(office, client, token, dict(opened["view"]), draw))


async def pressed(
    office: Office, client: AsyncWebClient, who: Actor, token: Token, trigger_id: str, *, on_top: bool
) -> None:
    """*Break glass…* in Details."""
    request = await look.may(office.desk, who, token.request_id, Click(Verb.BREAK_GLASS, token.version))
    await open_window(office, client, request, trigger_id, on_top=on_top)


async def typed(
    office: Office, client: AsyncWebClient, who: Actor, action: str, args: dict[str, Any], trigger_id: str
) -> Drawn | None:
    """`/signoff break-glass …`: the request is made, and the window opened; None where it was."""
    request = await glass.ask(office.desk, who, action, args)
    if request.state is not State.PENDING:
        return lists.sent(request)  # allowed, or on its way already: nothing is there to be broken
    try:
        await open_window(office, client, request, trigger_id)
    except UNANSWERED as error:
        log.warning("window_not_opened", error=type(error).__name__)
        where = "press Break glass… in its Details"
        return lists.refusal(Refusal(f"Slack did not open the window. The request is made, and waits: {where}."))
    return None


async def page(desk: Desk, request: Request, token: str, turn_to: int = 0) -> Json:
    """A page of the window, drawn fresh."""
    return drawn.breaking(request, token, turn_to, paused=(await desk.store.moment()).paused)


async def review(desk: Desk, who: Actor, token: Token, chosen: str) -> Json:
    """The window in which a second person says what they found, for who may."""
    request = await look.may(desk, who, token.request_id, Click(Verb.REVIEW_BREAK))
    broken = breakage.of_version(request, token.version)
    if broken.reviewed is not None:
        raise Refusal("This was reviewed already.")
    message = await desk.store.message(request.id, token.version, "security")
    version = next(each for each in await desk.store.versions(request.id) if each.number == token.version)
    text = Token(request.id, token.version, message.nonce).text
    return drawn.reviewing(request, broken, version, text, chosen)


async def waiting(desk: Desk, person: str) -> list[Json]:
    """What begins a list: the open breaks this person may review."""
    return drawn.as_list(await glass.to_review(desk, person, LISTED), now=desk.clock())


async def at_home(desk: Desk, person: str) -> list[Json]:
    """The same in App Home."""
    return drawn.listed(await glass.to_review(desk, person, LISTED), now=desk.clock())
