"""Details: everything that is known of a request, page by page, for whoever may look at it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.request import Event, Request, Version
from handlers.cards import facts
from handlers.cards.arguments import sensitive_names, way, without_secrets
from handlers.cards.blocks import Json, actions, bold, button, code, date, header, note, person, rich, section
from handlers.cards.facts import Line
from handlers.cards.modals import TO_THE_SECOND, arguments_parts, effect_parts, headline_parts
from handlers.cards.paging import Part, blocks_part, box_part, pages, turning
from handlers.cards.text import shown, visible
from handlers.cards.views import modal
from handlers.cards.words import ENDINGS, STATES, span
from handlers.redact import redact

MOST_REVEALS, EVENTS_TOGETHER = 20, 15


def details(
    request: Request,
    token: str,
    page: int = 0,
    *,
    versions: Sequence[Version] = (),
    events: Sequence[Event] = (),
    may_reveal: bool = False,
    revealed: Collection[str] = (),
    sees_result: bool = False,
) -> Json:
    """`versions`: earlier ones; `revealed`: sensitive arguments this person has revealed, shown in clear here only;
    `sees_result`: for the requester's side, where the result is not on the card."""
    made = pages(_all(request, versions, events, tuple(revealed), sees_result=sees_result))
    at = min(max(page, 0), len(made) - 1)
    blocks = [
        *(_top(request) if at == 0 else []),
        *(_reveals(request, token, revealed) if at == 0 and may_reveal else []),
        *made[at],
        *turning(at, len(made), token),
    ]
    title = "Details" if len(made) == 1 else f"Details: {at + 1} of {len(made)}"
    return modal("details", title, blocks, token, p=at)


def _top(request: Request) -> list[Json]:
    if request.version is None:
        return [rich(section([bold(STATES[request.state][1])], facts.who(request)))]
    return header(request.version.headline)[:1]


def _reveals(request: Request, token: str, revealed: Collection[str]) -> list[Json]:
    if request.version is None:
        return []
    names = sensitive_names(request.version)[:MOST_REVEALS]
    buttons = [button(f"Reveal {name}", f"reveal:{n}", token) for n, name in enumerate(names) if name not in revealed]
    return [*actions(*buttons), *([note("Each reveal is kept in the audit trail.")] if buttons else [])]


def _all(
    request: Request,
    versions: Sequence[Version],
    events: Sequence[Event],
    revealed: tuple[str, ...],
    *,
    sees_result: bool,
) -> Iterator[Part]:
    version = request.version
    if version is not None:
        yield from headline_parts(version)
        yield _lines(facts.standing(request), facts.who(request), *facts.waiting(request))
        yield _lines(
            *facts.running(request, None), *facts.closed(request), [f"The arguments were {facts.source_words(version)}"]
        )
        yield from arguments_parts(version, revealed)
        yield box_part("What runs", shown(way(version)))
        yield from _reasons(version)
        yield from effect_parts(version)
    yield from _said(request)
    yield from _attempts(request, sees_result=sees_result)
    if version is not None:
        yield from _digests(request, version, versions)
    if events:
        yield _lines([bold("Events")])
        for begin in range(0, len(events), EVENTS_TOGETHER):
            yield _lines(*(_event(event) for event in events[begin : begin + EVENTS_TOGETHER]))


def _lines(*lines: Line) -> Part:
    return blocks_part(rich(section(*lines)))


def _reasons(version: Version) -> Iterator[Part]:
    yield _lines(
        [bold("Why it was asked")],
        *facts.why(version, full=True),
        [f"The arguments were {facts.source_words(version)}"],
    )
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
    if context := basis.get("context"):
        yield f"context: {shown(dict(context))}"
    if "now" in basis:
        yield f"decided at {basis['now']} (milliseconds since 1970)"


def _said(request: Request) -> Iterator[Part]:
    for vote in request.votes:
        yes = "✅ approved" if vote.approve else "❌ rejected"
        stage = f" in stage {vote.stage + 1} · digest …{vote.digest[-8:]} · "
        yield _lines([person(vote.person), f" {yes} version {vote.version}", stage, date(vote.at, TO_THE_SECOND)])
        if vote.reason:
            yield box_part("Reason", visible(vote.reason))
    for remark in request.remarks:
        yield _lines([person(remark.by), f" · {remark.kind} · ", date(remark.at, TO_THE_SECOND)])
        yield box_part("", visible(remark.text))
    for fired in request.fired:
        kind = "Reminded" if fired.kind == "remind" else f"Escalated to {len(fired.people)} more"
        yield _lines([f"{kind} in stage {fired.stage + 1} · ", date(fired.at, TO_THE_SECOND)])
    if request.words:
        yield box_part("In the requester's own words, unverified",
                       visible(without_secrets(redact(request.words), request.version)))  # fmt: skip


def _attempts(request: Request, *, sees_result: bool) -> Iterator[Part]:
    on_card = request.version is not None and request.version.action.result == "card"
    for attempt in request.attempts:
        took = f" · {span(attempt.ended_at - attempt.started_at)}" if attempt.ended_at else ""
        ended = ENDINGS[attempt.ending] if attempt.ending else "is running"
        yield _lines([bold(f"Attempt {attempt.number} {ended}"), took, " · ", date(attempt.started_at, TO_THE_SECOND)])
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
    yield _lines(*lines)
    yield _lines(["Request ", code(request.id), " · idempotency key ", code(request.key)])


def _event(event: Event) -> Line:
    by: Line = [person(event.actor.id)] if event.actor.id else [event.actor.kind]
    moved = f" {event.before} → {event.after}" if event.after and event.before is not event.after else ""
    number = f" v{event.version}" if event.version else ""
    return [date(event.at, TO_THE_SECOND), f"  {event.type}{number}{moved} · ", *by, f" through {event.actor.via}"]
