"""What the policy commands print: plain text for a terminal. Values are quoted; a secret is never among them."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import typer

from bot.condition import Basis
from bot.explain import Approvers, Explanation, Held, Need, Reason
from bot.policy import RaiseRule
from bot.replay import Answer, Change, Past, Replayed, Tally
from bot.route import REQUESTER, Escalation, Route, Stage, Surface
from bot.suggest import Counter, Suggestion
from handlers.cards.words import count, span
from handlers.config import CaseResult
from handlers.words import every, printable, quoted

WIDEST = 60  # characters of one cell


def table(rows: Sequence[Sequence[str]], heading: Sequence[str]) -> Iterator[str]:
    """Columns as wide as what stands in them; the last one is left as it is."""
    cells = [[_cell(each, last=at == len(row) - 1) for at, each in enumerate(row)] for row in (heading, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heading))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cell(text: str, *, last: bool) -> str:
    line = printable(text)
    return line if last or len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"


def arguments(args: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value_words(value)}" for name, value in args.items() if value is not None)


def value_words(value: Any) -> str:
    """A value on one line, short: what is in a list or a mapping too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{printable(str(key))}: {value_words(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(value_words, value)) + "]"
    return "null" if value is None else quoted(value)


def show(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


# ── test ────────────────────────────────────────────────────────────────────────────────────────────────────────


def cases(results: Sequence[CaseResult]) -> Iterator[str]:
    rows = [
        ("pass" if each.passed else "FAIL", each.case.place, each.case.expected, each.said, each.decision.route.rule)
        for each in results
    ]
    yield from table(rows, ("", "CASE", "EXPECTED", "THE RULES SAY", "DECIDED BY"))
    for each in results:
        if not each.passed and (why := (*each.decision.raised_by, *each.decision.route.notes)):
            yield printable(f"{each.case.place}: {'; '.join(why)}")
    failed = sum(not each.passed for each in results)
    yield ""
    yield f"{count(len(results), 'case')}: {len(results) - failed:,} passed, {failed:,} failed."


# ── explain ─────────────────────────────────────────────────────────────────────────────────────────────────────


def basis(of: Basis, hidden: Iterable[str] = ()) -> Iterator[str]:
    """What was decided on. `hidden`: sensitive parameters."""
    yield f"{of.action}  {arguments(of.args)}".rstrip()
    if names := sorted(hidden):
        yield f"  (sensitive, without part in rules: {', '.join(names)})"
    who = of.requester
    groups = every(map(str, who.get("groups", ()))) if who.get("groups") else "no group"
    client = f" through {printable(str(who['client']))}" if who.get("client") else ""
    name = printable(str(who.get("id", ""))) or "nobody in particular"
    yield f"  asked by {name}, {who.get('kind', 'person')}{client}, in {groups}"
    flags = every(map(str, of.plan.get("flags", ()))) if of.plan.get("flags") else "no flags"
    yield f"  plan: {of.plan.get('source')}, confidence {of.plan.get('confidence')}, {flags}"
    yield f"  asked before: {_history(of.history)}"
    if of.context:
        yield f"  context: {value_words(dict(of.context))}"
    yield f"  at {moment(of.now)}"


def _history(counts: Mapping[str, int]) -> str:
    told = [f"{number:,} in the {name.replace('_', ' ')}" for name, number in counts.items()]
    return ", ".join(told) or "not known"


def moment(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def explanation(of: Explanation) -> Iterator[str]:
    yield f"Risk: {of.decision.risk}"
    yield f"  {of.basis.base_risk}: the action's own"
    for reason in of.raises:
        yield from _rule(reason, f"{reason.rule.to}: " if isinstance(reason.rule, RaiseRule) else "")
    for flag, to in of.flags:
        yield f"  {to}: flag {printable(flag)} of the plan"
    yield "Rules, from the top; the first that holds decides:" if of.routes else "Rules: none in the file"
    for reason in of.routes:
        yield from _rule(reason, "")
    yield from route(of.decision.route)


def _rule(reason: Reason, what: str) -> Iterator[str]:
    source = reason.rule.when.source
    yield printable(f"  {what}“{reason.rule.name}” {_HELD[reason.held]}")
    if reason.held is Held.UNTRIED:
        return
    if source not in reason.rule.name:
        yield printable(f"      when {source}")
    if reason.held is Held.ERRED:
        yield printable(f"      {reason.error}")
    if reason.failed:
        yield printable(f"      not true: {'; '.join(reason.failed)}")
    for seen in reason.seen:
        yield printable(f"      {seen.name} = {value_words(seen.value)}")


_HELD = {
    Held.YES: "holds",
    Held.NO: "does not hold",
    Held.ERRED: "errs, so it is taken to the safe side",
    Held.UNTRIED: "was not tried: a rule above it decided",
}
_SURFACES = {
    Surface.CARD: "one click on the card",
    Surface.REVIEW: "in the review modal",
    Surface.TYPED: "in the review modal, with something typed",
}


def route(of: Route) -> Iterator[str]:
    yield printable(f"Route: {of.verdict}, by “{of.rule}”")
    if of.standing:
        yield printable(f"  in place of “{of.standing.rule}”; its id is {of.standing.id}")
    for note in of.notes:
        yield printable(f"  {note}")
    if not of.asks:
        return
    for at, stage in enumerate(of.stages, 1):
        yield f"  stage {at}: {' and '.join(_need(need.groups, need.approvals) for need in stage.need)}"
        yield from (f"    {_step(step, stage)}" for step in stage.escalate)
    yield f"  approved {_SURFACES[of.surface]}; expires after {span(of.expires)}"


def _need(groups: Sequence[str], approvals: int) -> str:
    names = " or ".join("the requester" if group == REQUESTER else group for group in groups) or "nobody"
    return f"{count(approvals, 'approval')} from {names}"


def _step(step: Escalation, stage: Stage) -> str:
    since = "" if step.counted_from == "stage" or step is stage.escalate[0] else " more"
    told = "adds" if step.may_approve else "tells, without a vote,"
    return f"after {span(step.after)}{since} {told} {every(step.to)}"


def approvers(of: Approvers, names: Mapping[str, str]) -> Iterator[str]:
    yield "Who could approve now:"
    for at, stage in enumerate(of.stages, of.first + 1):
        for need in stage:
            yield f"  stage {at}, {_need(need.groups, need.approvals)}: {_people(need, names)}"
    if not of.enough:
        yield "  Too few: as the groups stand now, it could not be approved, not even after escalation."


def _people(need: Need, names: Mapping[str, str]) -> str:
    told = sorted(f"{printable(names[each])} ({each})" if each in names else each for each in need.people)
    return ", ".join(told) or "nobody"


# ── replay ──────────────────────────────────────────────────────────────────────────────────────────────────────


def change_row(made: Replayed, hidden: frozenset[str]) -> tuple[str, ...]:
    """`hidden`: what is sensitive now; what was sensitive then is not in the basis."""
    past = made.past
    shown = {name: value for name, value in past.basis.get("args", {}).items() if name not in hidden}
    return (
        f"{past.request} v{past.number}",
        f"{past.action.name} {arguments(shown)}".rstrip(),
        _verdict(past.route),
        "no version" if made.change is Change.NEVER_MADE else _verdict(made.route),
        f"{answered(past)}; “{past.route.rule}” → “{made.route.rule}”",
    )


CHANGE_HEADING = ("REQUEST", "WHAT", "WAS", "WOULD BE", "PEOPLE; RULES")


def _verdict(of: Route) -> str:
    if not of.asks:
        return of.verdict.value
    stages = (" and ".join(_short(need.groups, need.approvals) for need in stage.need) for stage in of.stages)
    strong = "" if of.surface is Surface.CARD else f" ({of.surface})"
    return f"ask {', then '.join(stages)}{strong}"


def _short(groups: Sequence[str], approvals: int) -> str:
    return ("" if approvals == 1 else f"{approvals} of ") + ("/".join(groups) or "nobody")


def answered(past: Past) -> str:
    """What people had decided, who, and after how long."""
    by = {Answer.APPROVED: past.approved_by, Answer.REJECTED: past.rejected_by}.get(past.answer, ())
    who = f" by {every(by)}" if by else ""
    after = f" after {span(past.waited)}" if past.waited is not None else ""
    return f"{_ANSWERS[past.answer]}{who}{after}"


_ANSWERS = {
    Answer.APPROVED: "approved",
    Answer.REJECTED: "rejected",
    Answer.EDITED: "edited",
    Answer.EXPIRED: "expired",
    Answer.CANCELLED: "cancelled",
    Answer.WAITING: "still waiting",
    Answer.BREAK_GLASS: "break-glass, nobody approved it",
    Answer.UNASKED: "nobody was asked",
}


def tally(of: Tally) -> Iterator[str]:
    yield f"{count(of.versions, 'version')} replayed: " + ", ".join(
        f"{of.changes[change]:,} {change}" for change in Change if of.changes[change] or change is Change.SAME
    )
    if of.unknown:
        yield f"{count(of.unknown, 'version')} could not be: what they were decided on was not stored."
    rows = [
        (change.value, f"{of.changes[change]:,}", _answers(of, change))
        for change in Change
        if change is not Change.SAME and of.changes[change]
    ]
    if rows:
        yield ""
        yield from table(rows, ("CHANGE", "VERSIONS", "WHAT PEOPLE HAD DECIDED"))
    yield ""
    yield f"Cards saved: {of.cards_saved:,}; waiting saved: {minutes(of.saved)}."
    yield f"Cards added: {of.cards_added:,}; waiting added: {_added(of)}."


def _answers(of: Tally, change: Change) -> str:
    told = [f"{number:,} {_ANSWERS[answer]}" for answer in Answer if (number := of.answers[change, answer])]
    return ", ".join(told)


def _added(of: Tally) -> str:
    wait = of.wait_added
    if wait is None:
        return "not to be told, since people have decided nothing yet"
    return f"about {minutes(wait)}, at the usual wait for the action" if wait else minutes(0)


def minutes(milliseconds: int) -> str:
    told = f"{milliseconds / 60_000:,.0f} min"
    return f"{told} ({span(milliseconds)})" if milliseconds >= 3_600_000 else told


# ── suggest ─────────────────────────────────────────────────────────────────────────────────────────────────────


def suggestion(of: Suggestion) -> Iterator[str]:
    """A rule as signoff.yaml takes it, under what speaks for it and against."""
    yield f"# {count(of.approvals, 'version')} approved by {count(of.people, 'person', 'people')}, none refused within."
    if not of.against:
        yield "# Nothing was ever refused for this action: what lies beyond has not been tried."
    for each in of.against:
        yield f"# nearest against: {_counter(each)}"
    name = f"{of.action} people always approved"
    yield f"- name: {_yaml(name + _within(of))}"
    yield f"  when: {_yaml(of.when)}"
    yield "  then: allow"


def _within(of: Suggestion) -> str:
    parts = [f"{of.choice[0]} {of.choice[1]}"] if of.choice else []
    if of.bounds:
        low = "" if of.bounds.low is None else f"{of.bounds.low:g} to "
        parts.append(f"{of.bounds.name} {low or 'up to '}{of.bounds.high:g}")
    return f": {', '.join(parts)}"


def _counter(of: Counter) -> str:
    each = of.of
    by = f" by {every(each.people)}" if each.people else ""
    return printable(f"{each.request} v{each.number}, {each.answer}{by}: {arguments(each.args)}")


def _yaml(text: str) -> str:
    return "'" + printable(text).replace("'", "''") + "'"
