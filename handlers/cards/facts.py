"""The facts of a request, a line each: made by Signoff, never by the requester or a model."""

from collections.abc import Sequence

from bot import quorum
from bot.absence import Cover
from bot.ports import Row
from bot.request import Request, State, Version, Vote
from bot.route import REQUESTER
from bot.timing import schedule
from handlers.cards.arguments import doubts
from handlers.cards.blocks import SENTENCE, Part, bold, clock, code, date, joined, people, person, user_group, words
from handlers.cards.words import FLAGS, STATES, confidence_words, count, risk_words, span, state_words, via_words

Line = list[Part]
MOST_NAMED = 5  # people mentioned one by one
MOST_DOUBTS = 4
WHOLE = 100_000


def standing(request: Request) -> Line:
    """How risky, and where it stands."""
    version = request.now_version
    groups: list[Line] = [[bold(risk_words(version.risk))], [bold(stands(request))]]
    if version.number > 1:
        groups.append([f"version {version.number}"])
    if version.editor:
        groups[-1] += [" by ", person(version.editor)]
    return joined(groups)


def stands(request: Request) -> str:
    """Where it stands, in a few words."""
    match request.state:
        case State.APPROVED if request.waits_for_release:
            return "✋ Approved, waits for an operator's Release"
        case State.EXECUTING if request.now_version.by_caller:
            return "🔄 Approved, its requester runs it"
        case State.SUCCEEDED if request.undone_by:
            return "✅ Done; an undo was asked for"
        case State.EXPIRED:
            return f"⌛ Expired: {_why_expired(request)}"
        case state:
            return state_words(state)


def _why_expired(request: Request) -> str:
    if request.version is None:
        return "it was never sent"
    return "approved, but it did not start in time" if request.approved_at else "nobody said yes or no in time"


def who(request: Request) -> Line:
    """Who asks, for whom, through what."""
    asker = request.asker
    asked: Line = ["Asked by ", person(asker.person) if asker.person else code(asker.client or "unknown")]
    if asker.person and asker.client:
        asked += [" with ", code(asker.client)]
    if asker.owner and asker.owner != asker.person:
        asked += [" (owned by ", person(asker.owner), ")"]
    if asker.acts_for and asker.acts_for != asker.person:
        asked += [" for ", person(asker.acts_for)]
    more: list[Line] = []
    if request.undo_of:
        more.append(["takes back an earlier request"])
    if request.batch:
        more.append(["one of several asked at once"])
    return joined([asked, ["through ", words(via_words(request.via))], *more])


def waiting(request: Request, covers: Sequence[Cover] = ()) -> list[Line]:
    """Whose turn it is, by name, and who of them is away; what has been said; when it goes on by itself."""
    stage = request.open_stage
    if stage is None:
        return []
    version = request.now_version
    votes = request.stage_votes()
    have = quorum.approvals(stage, votes, request.identities)
    groups: list[Line] = []
    if len(version.route.stages) > 1:
        groups.append([f"Stage {request.stage + 1} of {len(version.route.stages)}"])
    for at, need in enumerate(stage.need):
        named: Line = [] if groups else ["Waiting for "]
        named += [bold(_names(request.groups_for(at))), f" {have[at]} of {need.approvals}"]
        if have[at] < need.approvals:
            named += _mentions(request, at, covers)
        groups.append(named)
    return [joined(groups), *covered(covers), *said(request.votes), _times(request)]


def progress(request: Request) -> Line:
    """How many of those asked have approved, without a mention of anybody."""
    stage = request.now_stage
    have = quorum.approvals(stage, request.stage_votes())
    needs = [f"{_names(request.groups_for(at))} {have[at]} of {need.approvals}" for at, need in enumerate(stage.need)]
    return joined([[words(need)] for need in needs], ", ")


def _names(groups: Sequence[str]) -> str:
    named = ["the requester's own confirmation" if name == REQUESTER else name for name in groups]
    return " or ".join(named) or "nobody"


def covered(covers: Sequence[Cover]) -> list[Line]:
    """“Fay is away until Friday, @fred stands in”: who is away is named, not mentioned, so that nobody calls them."""
    lines: list[Line] = []
    for each in covers[:MOST_NAMED]:
        until: Line = [" until ", date(each.until)] if each.until is not None else []
        instead: Line = [", ", person(each.stand_in), " stands in"] if each.stand_in else [", nobody stands in"]
        lines.append([words(each.name or each.person), " is away", *until, *instead])
    more = len(covers) - MOST_NAMED
    return [*lines, [f"and {more} more are away"]] if more > 0 else lines


def in_place(asked: Sequence[str], covers: Sequence[Cover]) -> list[str]:
    """Those asked, each once; in the place of who is away, who stands in."""
    instead = {each.person: each.stand_in for each in covers}
    found = (instead.get(ident, ident) for ident in asked)
    return list(dict.fromkeys(ident for ident in found if ident is not None))


def _mentions(request: Request, at: int, covers: Sequence[Cover]) -> Line:
    """People asked, so that Slack tells them: their groups, and the few that are named one by one."""
    known = request.now_version.route.groups
    groups = [known[name] for name in request.groups_for(at) if name in known]
    teams = [user_group(ident) for group in groups for ident in group.user_groups][:MOST_NAMED]
    silent = request.makers | request.spent
    named = in_place([ident for group in groups for ident in group.users if ident not in silent], covers)
    if request.asks_requester(at) and request.asker.told:
        named.append(request.asker.told)
    mentioned = [[team] for team in teams] + ([people(named)] if 0 < len(named) <= MOST_NAMED else [])
    return [" (", *joined(mentioned, ", "), ")"] if mentioned else []


def said(votes: Sequence[Vote]) -> list[Line]:
    """Who has approved, who has rejected."""
    yes = [vote.person for vote in votes if vote.approve]
    no = [vote.person for vote in votes if not vote.approve]
    return [
        ["✅ Approved by ", *people(yes)] if yes else [],
        ["❌ Rejected by ", *people(no)] if no else [],
    ]


def _times(request: Request) -> Line:
    groups: list[Line] = []
    escalation = next((due for due in schedule(request) if due.kind == "escalate"), None)
    stage = request.now_stage
    if escalation is not None and escalation.at < request.expires_at:
        to = stage.escalate[escalation.index].to
        groups.append(["Escalates to ", words(_names(to)), " ", clock(escalation.at)])
    return joined([*groups, ["expires " if groups else "Expires ", date(request.expires_at)]])


def under(version: Version) -> Line:
    """By whose standing approval it runs, where it does."""
    use = version.route.standing
    return ["Allowed by a standing approval of ", person(use.by)] if use else []


def why(version: Version, *, full: bool = False) -> list[Line]:
    """The rule that asked, what raised the risk, and conditions that erred."""
    route = version.route

    def short(text: str) -> Part:
        return code(text, WHOLE if full else SENTENCE)

    decided = {"ask": "Rule: ", "allow": "Allowed by rule: ", "deny": "Denied by rule: "}[route.verdict.value]
    lines: list[Line] = [[decided, short(route.rule)]]
    if route.standing:
        lines = [under(version), ["In place of rule: ", short(route.standing.rule)]]
    if version.raised_by:
        reasons = version.raised_by if full else version.raised_by[:3]
        more = len(version.raised_by) - len(reasons)
        parts: Line = joined([[short(reason)] for reason in reasons], ", ")
        lines.append(["Risk raised by ", *parts, f" and {more} more" if more else ""])
    notes = [note for note in route.notes if note not in version.raised_by]
    lines += [["🚩 ", short(note)] for note in (notes if full else notes[:2])]
    return lines


def cautions(request: Request, left: int) -> list[Line]:
    """What makes one look not enough: flags, text that may deceive, what is not shown, a preview that is missing."""
    version = request.now_version
    source = source_words(version)
    lines: list[Line] = [
        ["🚩 ", bold(FLAGS.get(flag, flag)), " (flag ", code(flag), f", {source})"]
        for flag in version.plan.flags[:MOST_DOUBTS]
    ]
    found = doubts(version)
    lines += [["🚩 ", bold(name), ": ", code(reason)] for name, reason in found[:MOST_DOUBTS]]
    if len(found) > MOST_DOUBTS:
        lines.append([f"🚩 and {count(len(found) - MOST_DOUBTS, 'such warning')} more in Review"])
    if left:
        lines.append(["🚩 ", bold("This card cannot show all of it"), f": {left:,} more characters in Review"])
    if request.state is State.PENDING:
        lines += _without_preview(version)
    return lines


def _without_preview(version: Version) -> list[Line]:
    if version.preview is not None and not version.preview.ok:
        return [["🚩 ", bold("The preview failed"), ", so what it would do is not known"]]
    if version.action.preview is not None and version.preview is None:
        return [["⏳ The preview is being asked what it would do"]]
    return []


def source_words(version: Version) -> str:
    if version.plan.source != "model":
        return "typed"
    return f"read from words by a model, {confidence_words(version.plan.confidence)}"


def running(request: Request, now: int | None) -> list[Line]:
    """Since when, which attempt."""
    if not request.attempts or request.state is not State.EXECUTING:
        return []
    attempt = request.attempts[-1]
    if request.now_version.by_caller:
        return [["Its requester runs it, and says what came of it by ", date(attempt.lease_until)]]
    groups: list[Line] = [["Running since ", date(attempt.started_at, "{time_secs}")]]
    if now is not None:
        groups.append([span(now - attempt.started_at)])
    if attempt.number > 1:
        groups.append([f"attempt {attempt.number}"])
    return [joined(groups)]


def closed(request: Request) -> list[Line]:
    """When it ended, or until when it may still begin."""
    if request.state is State.APPROVED and request.run_by:
        return [["It must have started by ", date(request.run_by)]]
    return [["Ended ", date(request.closed_at)]] if request.closed_at else []


def similar(rows: Sequence[Row]) -> str:
    """What became of the last ones like it, in one line."""
    counts: dict[str, int] = {}
    for row in rows:
        word = STATES[row.state][1].split(":")[0].lower()
        counts[word] = counts.get(word, 0) + 1
    if len(rows) == 1:
        return f"The last request of this kind: {next(iter(counts))}"
    told = ", ".join(f"{number} {word}" for word, number in counts.items())
    return f"The last {len(rows)} requests of this kind: {told}" if rows else ""


def small_print(version: Version, request_id: str) -> str:
    return f"digest {version.short_digest} · version {version.number} · {request_id}"
