"""App Home: what waits for me, what I asked for, what happened lately."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.moves import look, standing
from handlers.cards.home import home
from handlers.slack import bulk
from handlers.slack.inbound import Office

SHOWN = 10  # of each list


async def publish(office: Office, client: AsyncWebClient, person: str) -> None:
    """Draw a person's home from the store."""
    desk = office.desk
    waiting, alone = await bulk.waiting(office, person, SHOWN + 1)
    view = home(
        waiting=waiting,
        alone=alone,
        mine=await look.mine(desk, person, SHOWN + 1),
        recent=await look.visible(desk, person, SHOWN + 1),
        standing=await standing.shown_to(desk, person),
        paused=(await desk.store.moment()).paused,
        shown=SHOWN,
    )
    await client.views_publish(user_id=person, view=view)
