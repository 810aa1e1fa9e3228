"""Who may look at what: one request, lists, the sensitive values."""

from collections.abc import Sequence
from dataclasses import replace

from bot.authorize import Click, Verb, authorize
from bot.errors import NotFound, Refusal
from bot.moves.desk import Desk
from bot.ports import Row
from bot.request import Actor, Event, Request, State

WINDOW = 200  # newest requests a list looks through


async def look(desk: Desk, person: str, request_id: str) -> Request:
    """The request, for who may see it; to others it does not exist."""
    request = await desk.open(request_id)
    standing = await desk.standing(person, request, looks=True)
    authorize(Click(Verb.LOOK), request, standing, await desk.store.moment())
    return request


async def may(desk: Desk, actor: Actor, request_id: str, click: Click) -> Request:
    """The request, where this person could make this move now: asked before somebody is given a form to fill in."""
    request = await desk.open(request_id)
    standing = await desk.standing_for(click, actor.id, request, looks=True)
    moment = await desk.store.moment()
    try:
        if not standing.person.problem:  # a guest who presses is told that they are one
            authorize(Click(Verb.LOOK), request, standing, moment)
        authorize(click, request, standing, moment)
    except Refusal as refusal:
        await desk.note(refusal, request_id, actor)
        raise
    return request


async def shown(desk: Desk, person: str, request: Request) -> None:
    """Keep that this person is about to be shown all of it, where a quick approval of it is asked for once more."""
    version = request.now_version
    if version.risk.grave:
        await desk.store.saw(request.id, version.number, person, desk.clock())


async def mine(desk: Desk, person: str, limit: int) -> tuple[Row, ...]:
    """Their own requests; a draft is known by its words, which only they see."""
    return tuple([await _by_its_words(desk, row) for row in await desk.store.of_asker(person, limit)])


async def _by_its_words(desk: Desk, row: Row) -> Row:
    request = await desk.store.load(row.id) if row.state == State.DRAFTING else None
    return replace(row, headline=request.words) if request and request.words else row


async def waiting(desk: Desk, person: str, limit: int) -> tuple[Row, ...]:
    """Open requests this person could decide now."""
    return tuple(row for row, _ in await deciding(desk, person, limit))


async def deciding(desk: Desk, person: str, limit: int) -> tuple[tuple[Row, Request], ...]:
    """The same, each with the request itself."""
    return await _those(desk, person, await desk.store.pending(WINDOW), limit, Verb.REJECT)


async def visible(desk: Desk, person: str, limit: int) -> tuple[Row, ...]:
    """The newest requests this person may see."""
    return tuple(row for row, _ in await _those(desk, person, await desk.store.recent(WINDOW), limit, Verb.LOOK))


async def _those(
    desk: Desk, person: str, rows: Sequence[Row], limit: int, verb: Verb
) -> tuple[tuple[Row, Request], ...]:
    found: list[tuple[Row, Request]] = []
    moment = await desk.store.moment()
    for row in rows:
        if len(found) == limit:
            break
        request = await desk.open(row.id)
        standing = await desk.standing(person, request, looks=verb is Verb.LOOK)
        try:
            authorize(Click(verb), request, standing, moment)
        except Refusal:
            continue
        found.append((row, request))
    return tuple(found)


async def reveal(desk: Desk, actor: Actor, request_id: str, version: int, name: str) -> object:
    """A sensitive value in clear, for an eligible approver of the open stage. Looking is an event."""
    request = await desk.open(request_id)
    standing = await desk.standing(actor.id, request, fresh=True)
    try:
        authorize(Click(Verb.REVEAL, version), request, standing, await desk.store.moment())
    except Refusal as refusal:
        await desk.note(refusal, request_id, actor)
        raise
    if name not in request.now_version.args:
        raise NotFound("parameter")
    seen = request.now_version
    await desk.store.note(
        [Event("reveal", request.id, actor, desk.clock(), seen.number, digest=seen.digest, detail={"name": name})]
    )
    return seen.args[name]


async def may_reveal(desk: Desk, person: str, request: Request) -> bool:
    """Whether Details offers *Reveal* to this person."""
    if request.state is not State.PENDING or not request.now_version.action.sensitive:
        return False
    standing = await desk.standing(person, request)
    try:
        authorize(Click(Verb.REVEAL), request, standing, await desk.store.moment())
    except Refusal:
        return False
    return True
