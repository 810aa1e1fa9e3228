"""Details: everything that is known of a request, page by page, for whoever may look at it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.glass import LABEL
from bot.request import Event, Request, Version
from handlers.cards import facts, glass
from handlers.cards.arguments import sensitive_names, without_secrets
from handlers.cards.blocks import (
    Json,
    actions,
    bold,
    button,
    code,
    date,
    header,
    note,
    person,
    pre,
    rich,
    section,
    words,
)
from handlers.cards.facts import Line
from handlers.cards.paging import PAGE, Part, box_part, pages, turning
from handlers.cards.parts import (
    TO_THE_SECOND,
    arguments_parts,
    effect_parts,
    headline_parts,
    lines_part,
    way_part,
    words_parts,
)
from handlers.cards.standing import offer
from handlers.cards.text import clip, shown, visible
from handlers.cards.views import NO_NONCE, modal
from handlers.cards.words import ENDINGS, STATES, span

MOST_REVEALS, EVENTS_TOGETHER = 20, 15


def details(
    request: Request,
    token: str,
    page: int = 0,
    *,
    versions: Sequence[Version] = (),
    events: Sequence[Event] = (),
    may_reveal: bool = False,
    sees_result: bool = False,
    similar: bool = False,
    may_break: bool = False,
) -> Json:
    """A page of everything.

    `versions`: the earlier ones; `may_reveal`: offer the sensitive arguments; `sees_result`: somebody of the
    requester's side looks, who may see a result that is not for the card; `similar`: offer a standing approval;
    `may_break`: offer to break the glass.
    """
    made = pages(_all(request, versions, events, sees_result=sees_result))
    at = min(max(page, 0), len(made) - 1)
    blocks = [
        *(_top(request) if at == 0 else []),
        *(_reveals(request, token) if at == 0 and may_reveal else []),
        *(_similar(request, token) if at == 0 and similar else []),
        *(glass.offered(request, token) if at == 0 and may_break else []),
        *made[at],
        *turning(at, len(made)),
    ]
    title = "Details" if len(made) == 1 else f"Details: {at + 1} of {len(made)}"
    return modal("details", title, blocks, token, page=at)


def _top(request: Request) -> list[Json]:
    if request.version is None:
        return [rich(section([bold(STATES[request.state][1])], facts.who(request)))]
    return header(request.version.headline)[:1]


def _reveals(request: Request, token: str) -> list[Json]:
    if request.version is None:
        return []
    names = sensitive_names(request.version)[:MOST_REVEALS]
    if names and token.endswith(f".{NO_NONCE}"):
        return [note("Sensitive arguments are revealed in the Details of the card.")]
    buttons = [button(f"Reveal {name}", f"reveal:{n}", f"{token}#{name}") for n, name in enumerate(names)]
    return [*actions(*buttons), *([note("Each reveal is kept in the audit trail.")] if buttons else [])]


def _similar(request: Request, token: str) -> list[Json]:
    if token.endswith(f".{NO_NONCE}"):
        return []  # what was given up from a list decides nothing
    return actions(offer(token, request.now_version.headline))


def revealed(name: str, value: object) -> Json:
    """A sensitive value, to the one person who asked."""
    told = note("Only you see this; that you looked is kept in the audit trail.")
    label = section([bold(name)])
    return modal("loading", "Revealed", [rich(label, pre(clip(shown(value), PAGE, ""), ready=True)), told])


def _all(
    request: Request, versions: Sequence[Version], events: Sequence[Event], *, sees_result: bool
) -> Iterator[Part]:
    version = request.version
    if version is not None:
        yield from headline_parts(version)
        yield lines_part(facts.standing(request), facts.who(request), *facts.waiting(request))
        yield lines_part(
            *facts.running(request, None), *facts.closed(request), [f"The arguments were {facts.source_words(version)}"]
        )
        yield from arguments_parts(version)
        yield way_part(version)
        yield from _reasons(version)
        yield from effect_parts(version)
    yield from glass.parts(request)
    yield from _said(request)
    yield from _attempts(request, sees_result=sees_result)
    if version is not None:
        yield from _digests(request, version, versions)
    if events:
        yield lines_part([bold("Events")])
        for begin in range(0, len(events), EVENTS_TOGETHER):
            yield lines_part(*(_event(event) for event in events[begin : begin + EVENTS_TOGETHER]))


def _reasons(version: Version) -> Iterator[Part]:
    yield lines_part([bold("Why it was asked")], *facts.why(version, full=True))
    if basis := "\n".join(_basis(version.basis)):
        yield box_part("What it was decided on", basis)


def _basis(basis: Mapping[str, Any]) -> Iterator[str]:
    """What the rules looked at, a line each."""
    requester = basis.get("requester", {})
    if requester:
        groups = ", ".join(map(str, requester.get("groups", []))) or "no group"
        yield visible(f"requester {requester.get('id')}, a {requester.get('kind')}, in {groups}", one_line=True)
    if history := basis.get("history"):
        yield visible(f"requests of theirs: {', '.join(f'{k} {v}' for k, v in history.items())}", one_line=True)
    if "base_risk" in basis:
        yield visible(f"the action's own risk: {basis['base_risk']}", one_line=True)
    if plan := basis.get("plan"):
        yield visible(f"plan: {shown(dict(plan))}", one_line=True)
    if broken := basis.get(LABEL):
        yield visible(f"break-glass: approved by nobody, run by {broken.get('person')}", one_line=True)
    if context := basis.get("context"):
        yield f"context: {shown(dict(context))}"
    if "now" in basis:
        yield f"decided at {basis['now']} (milliseconds since 1970)"


def _said(request: Request) -> Iterator[Part]:
    for vote in request.votes:
        yes = "✅ approved" if vote.approve else "❌ rejected"
        stage = f" in stage {vote.stage + 1} · digest …{vote.digest[-8:]} · "
        yield lines_part([person(vote.person), f" {yes} version {vote.version}", stage, date(vote.at, TO_THE_SECOND)])
        if vote.reason:
            yield box_part("Reason", visible(vote.reason))
    for remark in request.remarks:
        yield lines_part([person(remark.by), f" · {remark.kind} · ", date(remark.at, TO_THE_SECOND)])
        yield box_part("", visible(remark.text))
    for fired in request.fired:
        kind = _FIRED.get(fired.kind) or f"Escalated to {len(fired.people)} more"
        yield lines_part([f"{kind} in stage {fired.stage + 1} · ", date(fired.at, TO_THE_SECOND)])
    yield from words_parts(request)


_FIRED = {"remind": "Reminded", "alone": "Nobody was left who could decide it"}


def _attempts(request: Request, *, sees_result: bool) -> Iterator[Part]:
    on_card = request.version is not None and request.version.action.result == "card"
    for attempt in request.attempts:
        took = f" · {span(attempt.ended_at - attempt.started_at)}" if attempt.ended_at else ""
        ended = ENDINGS[attempt.ending] if attempt.ending else "is running"
        yield lines_part(
            [bold(f"Attempt {attempt.number} {ended}"), took, " · ", date(attempt.started_at, TO_THE_SECOND)]
        )
        if attempt.summary:
            yield box_part("", visible(without_secrets(attempt.summary, request.version)))
        if attempt.result is not None and (sees_result or on_card):
            yield box_part("Result", without_secrets(shown(attempt.result), request.version))


def _digests(request: Request, version: Version, versions: Sequence[Version]) -> Iterator[Part]:
    known = {each.number: each for each in (*versions, version)}
    lines: list[Line] = [[bold("Versions")]]
    for number in sorted(known):
        each = known[number]
        by: Line = [" by ", person(each.editor)] if each.editor else []
        lines.append(
            [f"{number}: ", code(each.headline, 300), *by, " · ", date(each.made_at), " · ", code(each.digest)]
        )
    yield lines_part(*lines)
    yield lines_part(["Request ", code(request.id), " · idempotency key ", code(request.key)])


def _event(event: Event) -> Line:
    by: Line = [person(event.actor.id)] if event.actor.id else [event.actor.kind]
    moved = f" {event.before or 'new'} → {event.after}" if event.after and event.before is not event.after else ""
    number = f" v{event.version}" if event.version else ""
    return [
        date(event.at, TO_THE_SECOND),
        f"  {event.type}{number}{moved} · ",
        *by,
        " through ",
        words(event.actor.via),
    ]
