"""One decision and why: of a request in the database, or of one that nobody has sent."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import typer

from bot.catalogue import Action
from bot.compose import Known
from bot.condition import Basis
from bot.errors import MayNotAsk, Unconfirmed
from bot.explain import approvers, explain
from bot.identity import Identities
from bot.moves.submit import may_ask
from bot.people import Person, Roster
from bot.policy import Decision
from bot.replay import basis_of, renewed
from bot.request import Asker, Plan, Request, State, Version
from handlers import config
from handlers import main as composition
from handlers.policy import words
from handlers.policy.standing import standing
from handlers.policy.words import show
from handlers.settings import Settings
from handlers.terminal import stop
from handlers.words import printable


@dataclass(frozen=True, slots=True)
class Given:
    """A request that nobody has sent."""

    action: Action
    args: Mapping[str, Any]
    asker: Asker
    groups: tuple[str, ...] | None
    plan: Plan
    history: Mapping[str, int]
    context: Mapping[str, str]
    now: int

    def basis(self, groups: Sequence[str]) -> Basis:
        action, asker, plan = self.action, self.asker, self.plan
        filled = action.with_defaults(self.args)
        return Basis(
            action=action.base,
            args={name: value for name, value in filled.items() if name not in action.sensitive},
            base_risk=action.risk,
            requester={"id": asker.id, "groups": list(groups), "kind": asker.kind, "client": asker.client or ""},
            plan={"source": plan.source, "confidence": plan.confidence, "flags": list(plan.flags)},
            history=self.history,
            now=self.now,
            context=dict(self.context) | ({"undo": True} if action.undoes else {}),
        )

    def request(self, decision: Decision, identities: Identities) -> Request:
        """As it would wait."""
        version = Version(
            number=1,
            snapshot=b"",
            salt="",
            digest="",
            action=self.action,
            args=self.args,
            way={},
            route=replace(decision.route, identities=identities),
            risk=decision.risk,
            raised_by=decision.raised_by,
            plan=self.plan,
            basis={},
            made_at=self.now,
        )
        return Request("", State.PENDING, self.asker, "", self.now, self.now + decision.route.expires, version=version)


@dataclass(frozen=True, slots=True)
class _Looked:
    """Who is who in Slack now; `roster` is None where nobody was asked."""

    roster: Roster | None = None
    people: Mapping[str, Person] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        return {person.id: person.name for person in self.people.values()}


async def _look(settings: Settings, book: config.Book, request: Request | None, asker: Asker) -> _Looked:
    """The groups of the file, those the request has fixed, and everybody in them."""
    fixed = request.version.route.groups if request and request.version else {}
    known = {**book.catalogue.groups, **fixed}
    try:
        async with composition.slack_people(settings, book) as people:
            found = await asyncio.gather(*(people.members(group) for group in known.values()))
            roster = dict(zip(known, found, strict=True))
            ids = {each for each in (asker.person, asker.acts_for) if each}.union(*found)
            persons = await asyncio.gather(*(people.person(each) for each in sorted(ids)))
    except Unconfirmed:
        stop("Slack did not say who is in the groups of signoff.yaml; run it again, or with --offline.")
    return _Looked(roster, {person.id: person for person in persons})


async def explain_given(settings: Settings, book: config.Book, given: Given, *, live: bool) -> None:
    looked = await _look(settings, book, None, given.asker) if live else _Looked()
    groups = given.groups
    if groups is None:
        groups = tuple(sorted(name for name, ids in (looked.roster or {}).items() if given.asker.id in ids))
    basis = given.basis(groups)
    found = explain(book.policy, basis, given.action)
    show(words.basis(basis, given.action.sensitive))
    show(_refusals(given, groups, looked))
    show(words.explanation(found))
    if found.decision.route.asks:
        request = given.request(found.decision, book.catalogue.identities)
        show(await standing(settings, request, looked.roster, looked.names, given.now))
        _who(request, looked)


def _refusals(given: Given, groups: Sequence[str], looked: _Looked) -> Iterable[str]:
    """What would stop it before the policy is asked at all."""
    for person in looked.people.values():
        if person.problem and person.id in (given.asker.person, given.asker.acts_for):
            yield f"It would be refused first: {person.id} {person.problem}."
    try:
        may_ask(given.action, Known(groups=tuple(groups)))
    except MayNotAsk as refusal:
        yield f"It would be refused first: {refusal.text}"


async def explain_request(settings: Settings, book: config.Book, request_id: str, *, live: bool) -> None:
    async with composition.archive(settings) as archive:
        request = await archive.load(request_id)
    if request is None:
        stop(f"There is no request {words.value_words(request_id)} in the database.")
    if request.version is None:
        stop(f"Request {request.id} is a draft: the policy decides when it is sent.")
    version = request.version
    waiting = request.state is State.PENDING
    looked = await _look(settings, book, request, request.asker) if live and waiting else _Looked()
    stored = basis_of(version.basis)
    typer.echo(f"Request {request.id}, version {version.number}, {request.state}: {printable(version.headline)}")
    action = book.catalogue.actions.get(version.action.name)
    hidden = version.action.sensitive | (action.sensitive if action else frozenset())
    shown = replace(stored, args={name: value for name, value in stored.args.items() if name not in hidden})
    show(words.basis(shown, hidden))
    if action is None:
        typer.echo(f"{version.action.name} is no longer in {book.source}; an unknown action is denied today.")
    else:
        show(words.explanation(explain(book.policy, renewed(stored, version.action, action), action)))
    if action is None or version.basis.get("policy") != book.policy.version:
        typer.echo(f"{book.source} has changed since; the request keeps what was decided then, at {version.risk} risk.")
        show(words.route(version.route))
    elif version.number > 1:
        typer.echo("It is an edited version, which takes an approval even where the rules allow. What it keeps:")
        show(words.route(version.route))
    elif version.route.standing is not None:
        typer.echo("A standing approval allowed it instead:")
        show(words.route(version.route))
    if waiting:
        _who(request, looked)
    else:
        typer.echo(f"Nobody is asked: it is {request.state}.")


def _who(request: Request, looked: _Looked) -> None:
    if looked.roster is None:
        typer.echo("Who could approve now was not looked up: that takes SLACK_BOT_TOKEN, and no --offline.")
    else:
        show(words.approvers(approvers(request, looked.roster), looked.names))
