"""App Home: what waits for me, what I asked for, what happened lately."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.absence import stand_in, widened
from bot.moves import look, standing
from handlers.cards.away import at_home
from handlers.cards.home import home
from handlers.slack import bulk, glass
from handlers.slack.inbound import Office

SHOWN = 10  # of each list


async def publish(office: Office, client: AsyncWebClient, person: str) -> None:
    """Draw a person's home from the store."""
    desk = office.desk
    waiting, alone = await bulk.waiting(office, person, SHOWN + 1)
    absences = widened(await desk.store.absences(), desk.in_force.catalogue.identities)
    stood_for = [each for who, each in absences.items() if who == each.person and stand_in(who, absences) == person]
    view = home(
        waiting=waiting,
        alone=alone,
        mine=await look.mine(desk, person, SHOWN + 1),
        recent=await look.visible(desk, person, SHOWN + 1),
        standing=await standing.shown_to(desk, person),
        paused=(await desk.store.moment()).paused,
        shown=SHOWN,
        away=at_home(absences.get(person), stood_for),
        more=await glass.at_home(desk, person),
    )
    await client.views_publish(user_id=person, view=view)
