"""Ask the requester, answer, or comment: words kept with the request, decided by nobody."""

from bot import machine
from bot.authorize import Click, Standing, Verb
from bot.errors import BadInput, Problem
from bot.moves.desk import Desk
from bot.ports import Moment
from bot.request import Actor, Remark, Request, Step

_VERBS = {"question": Verb.ASK, "answer": Verb.ANSWER, "comment": Verb.COMMENT}
LONGEST = {"question": 3_000, "answer": 3_000, "comment": 40_000}  # characters: of an input, of a message in Slack


async def remark(
    desk: Desk, actor: Actor, request_id: str, kind: str, text: str, version: int | None = None
) -> Request:
    """`kind`: question, answer or comment."""
    text = text.strip()
    if not 0 < len(text) <= LONGEST[kind]:
        raise BadInput(Problem(kind, f"write 1 to {LONGEST[kind]} characters"))

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        return machine.remarked(request, Remark(kind, actor.id, text, moment.now), actor, moment)

    return await desk.act(actor.id, request_id, Click(_VERBS[kind], version), actor, decide)
