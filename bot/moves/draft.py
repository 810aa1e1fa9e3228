"""Words on their way: planned, looked at by their requester, sent, or dropped."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from bot import limits, machine
from bot.authorize import Click, Standing, Verb
from bot.catalogue import Action
from bot.errors import BadInput, Joined, Problem, Refusal, TooMany, Unconfirmed, WrongMoment
from bot.moves import standing, submit
from bot.moves.desk import Desk
from bot.policy import Decision
from bot.ports import Moment, Planner
from bot.request import BOT, Actor, Draft, Plan, Request, State, Step, Version

CONFIDENT = 0.95
MOST_AT_ONCE = 5


async def plan(desk: Desk, planner: Planner, request_id: str) -> None:
    """Read the words and keep what was understood; only what is complete, sure and asks people is sent by itself."""
    request = await desk.open(request_id)
    if request.state is not State.DRAFTING or request.draft is None or request.draft.status != "reading":
        return
    actions = await submit.offered(desk, request.asker)
    answer = await planner.plan(request.words or "", actions, _earlier(request))
    drafts = answer.drafts[:MOST_AT_ONCE]
    batch = desk.new_id() if len(drafts) > 1 else request.batch
    read = _each_once(
        [
            await _read(desk, request.but(id=request.id if at == 0 else desk.new_id()), each)
            for at, each in enumerate(drafts)
        ]
    )

    kept: list[_Read] = []

    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        was = requests[0].but(batch=batch, fingerprint="")
        if was.draft is None or was.draft.status != "reading":
            return []  # its requester has typed it meanwhile: their word stands
        kept[:] = _allowed(desk, read, moment)
        first, *siblings = kept
        return [_kept(was, first, moment), *(_sibling(was, each, moment) for each in siblings)]

    marks = tuple(each.ready.fingerprint for each in read if each.ready)
    asking = desk.asking(request.asker, *marks, without=request_id)
    await desk.store.transact([request_id], decide, asking=asking)
    for each in kept:
        if each.refused is not None:
            await desk.note(each.refused, each.request_id, _bot(request))


@dataclasses.dataclass(frozen=True, slots=True)
class _Read:
    """One thing that was asked: its draft, and the version that may be sent without another look."""

    request_id: str
    draft: Draft
    ready: submit.Ready | None = None
    refused: Refusal | None = None

    def but_waits(self, refusal: Refusal) -> "_Read":
        """It stays a draft, and says why; its requester may send it when that is over."""
        return _Read(self.request_id, dataclasses.replace(self.draft, note=refusal.text), refused=refusal)


def _allowed(desk: Desk, read: Sequence[_Read], moment: Moment) -> list[_Read]:
    """What is sent without another look, as long as there is no such request yet and room for one more."""
    found: list[_Read] = []
    for each in read:
        if each.ready is None:
            found.append(each)
            continue
        try:
            submit.once_and_within_limits(desk, each.ready, moment)
        except (Joined, TooMany) as refusal:
            found.append(each.but_waits(refusal))
        else:
            found.append(each)
            asked = moment.asked.plus(each.ready.version.action.name)
            moment = dataclasses.replace(moment, asked=asked)
    return found


def _each_once(read: Sequence[_Read]) -> list[_Read]:
    """What is asked for twice in one breath is sent once; the second waits for its requester's word."""
    marks = [each.ready.fingerprint if each.ready else None for each in read]
    return [
        dataclasses.replace(each, ready=None) if each.ready and marks.index(mark) < at else each
        for at, (each, mark) in enumerate(zip(read, marks, strict=True))
    ]


def _earlier(request: Request) -> Draft | None:
    return request.draft if request.draft and request.draft.action else None


async def _read(desk: Desk, request: Request, draft: Draft) -> _Read:
    if draft.status != "ready" or draft.plan.confidence < CONFIDENT or draft.plan.flags:
        return _Read(request.id, draft)
    try:
        ready = await submit.prepare(desk, request, _action(desk, draft), draft.args, draft.plan)
    except Unconfirmed:
        return _Read(request.id, draft)  # it is ready as it stands: its requester may send it
    except Refusal as refusal:
        return _Read(request.id, dataclasses.replace(draft, status="incomplete", note=refusal.text))
    if ready.twin is not None:
        return _Read(request.id, draft).but_waits(submit.joined(ready.twin))
    sure = ready.version.route.asks and ready.allowed is None
    return _Read(request.id, draft, ready if sure else None)


def _kept(was: Request, read: _Read, moment: Moment) -> Step:
    if read.ready is None:
        readings = was.draft.readings if was.draft else 1
        return machine.planned(was, dataclasses.replace(read.draft, readings=readings), moment)
    return machine.sent(was.but(fingerprint=read.ready.fingerprint), read.ready.version, _bot(was), moment)


def _sibling(was: Request, read: _Read, moment: Moment) -> Step:
    """A request of its own, of the same batch; it has the words, and none of what happened to the first."""
    step = machine.received(
        read.request_id,
        was.asker,
        _bot(was),
        was.words or "",
        moment,
        draft=read.draft,
        batch=was.batch,
        context=was.context,
    )
    if read.ready is None:
        return step
    fresh = step.request.but(fingerprint=read.ready.fingerprint)
    return machine.sent(fresh, read.ready.version, _bot(was), moment, fresh=True)


def _bot(request: Request) -> Actor:
    """Signoff itself, through what the words came by."""
    return dataclasses.replace(BOT, via=request.via)


def _action(desk: Desk, draft: Draft) -> Action:
    return desk.in_force.catalogue.action(draft.action or "")


async def send(desk: Desk, actor: Actor, request_id: str) -> Request:
    """*Send*: the draft becomes a request by its route; an allow runs at once."""
    request = await desk.open(request_id)
    draft = request.draft
    if request.state is not State.DRAFTING or draft is None or draft.status != "ready":
        return await desk.act(actor.id, request_id, Click(Verb.SEND), actor, _unfinished)
    ready = await submit.prepare(desk, request, _action(desk, draft), draft.args, draft.plan)

    async def sent(version: Version) -> Request:
        def decide(current: Request, _: Standing, moment: Moment) -> Step:
            if current.revision != request.revision:
                raise WrongMoment("This draft has just changed; look at it again, then send it.")
            submit.once_and_within_limits(desk, ready, moment)
            return machine.sent(current.but(fingerprint=ready.fingerprint), version, actor, moment)

        asking = desk.asking(request.asker, ready.fingerprint, without=request_id)
        return await desk.act(actor.id, request_id, Click(Verb.SEND), actor, decide, asking=asking)

    return submit.refuse_denied(await submit.as_it_stands(ready, sent))


_UNFINISHED = Problem("draft", "it is not complete yet; open the form and fill in what is missing")


def _unfinished(request: Request, standing: Standing, moment: Moment) -> Step:
    """What is missing, told behind the door: it is said of the requester's own words."""
    raise BadInput(*(request.draft.problems if request.draft and request.draft.problems else (_UNFINISHED,)))


async def outlook(desk: Desk, request: Request) -> tuple[Action | None, Decision | None]:
    """What a draft names, and what the policy would say of it now: what *Send* would do."""
    draft = request.draft
    if request.state is not State.DRAFTING or draft is None or draft.action not in desk.in_force.catalogue.actions:
        return None, None
    action = _action(desk, draft)
    if draft.status != "ready":
        return action, None
    known = await desk.known(request.asker, desk.clock())
    try:
        decision, _, __ = desk.composer.decide(
            action, draft.args, draft.plan, request.asker, known, desk.clock(), request.context
        )
        if decision.route.asks and action.standing is not None:
            version = desk.composer.version(request, action, draft.args, draft.plan, known, desk.clock(), "")
            allowed = await standing.allowed(desk, request, version)
            decision = dataclasses.replace(decision, route=allowed.route) if allowed else decision
    except Refusal:
        return action, None
    return action, decision


async def change(desk: Desk, actor: Actor, request_id: str, action_name: str, args: Mapping[str, Any]) -> Request:
    """What the form says now stands in the draft, typed by the requester; nothing is sent yet."""
    action = desk.in_force.catalogue.action(action_name)
    filled = action.with_defaults(args)
    if problems := desk.composer.schemas.problems(action, filled):
        raise BadInput(*problems)

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        was = request.draft or Draft()
        same = was.action == action_name and was.status != "unread" and was.plan.source == "model"
        draft = Draft("ready", action_name, filled, was.plan if same else Plan(), readings=was.readings)
        return machine.planned(request.but(fingerprint=""), draft, moment, actor)

    return await desk.act(actor.id, request_id, Click(Verb.EDIT), actor, decide)


async def regenerate(desk: Desk, actor: Actor, request_id: str) -> Request:
    """Read the words again; the planner is told what it said before."""

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        was = request.draft or Draft()
        if was.readings >= limits.READINGS:
            raise TooMany(f"These words were read {was.readings} times. Open the form, or say it in other words.")
        again = dataclasses.replace(was, status="reading", readings=was.readings + 1)
        return machine.planned(request, again, moment, actor)

    return await desk.act(actor.id, request_id, Click(Verb.SEND), actor, decide)
