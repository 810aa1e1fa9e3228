"""Words on their way: planned, looked at by their requester, sent, or dropped."""

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bot import machine
from bot.authorize import Click, Standing, Verb
from bot.catalogue import Action
from bot.errors import BadInput, Problem, Refusal, Unconfirmed, WrongMoment
from bot.moves import submit
from bot.moves.desk import Desk
from bot.policy import Decision
from bot.ports import Moment, Planner
from bot.request import BOT, Actor, Draft, Plan, Request, State, Step

CONFIDENT = 0.95
MOST_AT_ONCE = 5


async def plan(desk: Desk, planner: Planner, request_id: str) -> None:
    """Read the words and keep what was understood; only what is complete, sure and asks people is sent by itself."""
    request = await desk.open(request_id)
    if request.state is not State.DRAFTING or request.draft is None or request.draft.status != "reading":
        return
    answer = await planner.plan(request.words or "", desk.in_force.catalogue.offered(), _earlier(request))
    drafts = answer.drafts[:MOST_AT_ONCE]
    siblings = [desk.new_id() for _ in drafts[1:]]
    batch = desk.new_id() if siblings else request.batch

    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        (was,) = requests
        if was.draft is None or was.draft.status != "reading":
            return []  # its requester has typed it meanwhile: their word stands
        first = machine.planned(was.but(batch=batch), drafts[0], moment)
        return [first, *_siblings(was, siblings, drafts[1:], batch, moment)]

    for step in await desk.store.transact([request_id], decide):
        await _send_if_sure(desk, step.request)


def _earlier(request: Request) -> Draft | None:
    return request.draft if request.draft and request.draft.action else None


def _siblings(
    was: Request, ids: Sequence[str], drafts: Sequence[Draft], batch: str | None, moment: Moment
) -> list[Step]:
    return [
        machine.received(
            new,
            was.asker,
            dataclasses.replace(BOT, via=was.via),
            was.words or "",
            moment,
            batch=batch,
            draft=draft,
            context=was.context,
        )
        for new, draft in zip(ids, drafts, strict=True)
    ]


async def _send_if_sure(desk: Desk, request: Request) -> None:
    draft = request.draft
    if draft is None or draft.status != "ready" or draft.plan.confidence < CONFIDENT or draft.plan.flags:
        return
    try:
        ready = await submit.prepare(desk, request, _action(desk, draft), draft.args, draft.plan)
    except Unconfirmed:
        return  # it is ready as it stands: its requester may send it
    except Refusal as refusal:
        await _keep(desk, request, dataclasses.replace(draft, status="incomplete", note=refusal.text))
        return
    if ready.version.route.asks and ready.twin is None:
        with suppress(WrongMoment):  # its requester was quicker
            await _sent(desk, request, ready, dataclasses.replace(BOT, via=request.via))


def _action(desk: Desk, draft: Draft) -> Action:
    return desk.in_force.catalogue.action(draft.action or "")


async def _keep(desk: Desk, request: Request, draft: Draft, actor: Actor = BOT) -> Request:
    def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        return [machine.planned(requests[0], draft, moment, actor)]

    return (await desk.store.transact([request.id], decide))[0].request


async def send(desk: Desk, actor: Actor, request_id: str) -> Request:
    """*Send*: the draft becomes a request by its route; an allow runs at once."""
    request = await desk.open(request_id)
    draft = request.draft
    if request.state is State.DRAFTING and (draft is None or draft.status != "ready"):
        raise BadInput(*(draft.problems if draft and draft.problems else (_UNFINISHED,)))
    if request.state is not State.DRAFTING or draft is None:
        return await desk.act(actor.id, request_id, Click(Verb.SEND), actor, _never)
    ready = await submit.prepare(desk, request, _action(desk, draft), draft.args, draft.plan)
    if ready.twin is not None:
        raise BadInput(Problem("", f"an identical request of yours is open already: {ready.twin.id}"))
    return submit.refuse_denied(await _sent(desk, request, ready, actor, press=True))


_UNFINISHED = Problem("draft", "it is not complete yet; open the form and fill in what is missing")


def _never(request: Request, standing: Standing, moment: Moment) -> Step:
    raise AssertionError("the door lets no finished draft be sent again")


async def _sent(desk: Desk, request: Request, ready: submit.Ready, actor: Actor, *, press: bool = False) -> Request:
    def finish(current: Request, moment: Moment) -> Step:
        if current.state is State.DRAFTING and current.revision != request.revision:
            raise WrongMoment("This draft has just changed; look at it again, then send it.")
        stamped = current.but(fingerprint=ready.fingerprint)
        return machine.sent(stamped, ready.version, actor, moment)

    if press:
        click = Click(Verb.SEND)
        return await desk.act(actor.id, request.id, click, actor, lambda current, _, moment: finish(current, moment))
    made = await desk.store.transact([request.id], lambda requests, moment: [finish(requests[0], moment)])
    return made[0].request


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
        same = was.action == action_name and was.plan.source == "model"
        draft = Draft("ready", action_name, filled, was.plan if same else Plan())
        return machine.planned(request, draft, moment, actor)

    return await desk.act(actor.id, request_id, Click(Verb.EDIT), actor, decide)


async def regenerate(desk: Desk, actor: Actor, request_id: str) -> Request:
    """Read the words again; the planner is told what it said before."""

    def decide(request: Request, _: Standing, moment: Moment) -> Step:
        return machine.planned(request, dataclasses.replace(request.draft or Draft(), status="reading"), moment, actor)

    return await desk.act(actor.id, request_id, Click(Verb.SEND), actor, decide)
