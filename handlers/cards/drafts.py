"""A draft in the requester's own message: what was understood, what is missing, what *Send* would do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.catalogue import Action
from bot.policy import Decision
from bot.request import Draft, Request
from bot.route import Route, Verdict
from handlers.cards.arguments import CARD_ROOM, boxes
from handlers.cards.blocks import (
    MESSAGE_ROOM,
    Json,
    actions,
    bold,
    button,
    clip_to,
    code,
    confirm,
    header,
    joined,
    paragraph,
    person,
    pre,
    quoted,
    rich,
    section,
    weight,
    words,
)
from handlers.cards.card import HEADLINE_ROOM, plan_lines
from handlers.cards.facts import Line
from handlers.cards.text import suspicious, visible
from handlers.cards.words import FLAGS, confidence_words, problem_words, risk_words

ROOMS = (1_500, 500)  # characters of words, of problems; less where all of them are long
Parts = tuple[str, list[Json]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A draft and what is known of it: the action it names, and what the policy would say of it now."""

    request: Request
    draft: Draft
    token: str
    action: Action | None
    decision: Decision | None
    room: int = ROOMS[0]

    @property
    def headline(self) -> str:
        if self.action is None:
            return self.draft.action or "No action yet"
        return self.action.headline(dict.fromkeys(self.action.params, "…") | dict(self.draft.args))


def draft_parts(request: Request, token: str, action: Action | None, decision: Decision | None) -> Parts:
    """The line for notifications, and the blocks."""
    draft = request.draft or Draft()
    for room in ROOMS:
        text, blocks = _DRAFTS[draft.status](Seen(request, draft, token, action, decision, room))
        if weight(blocks) <= MESSAGE_ROOM:
            break
    return text, blocks


def _reading(seen: Seen) -> Parts:
    told = "⏳ Reading your words"
    lines = section([bold(told), ". Nothing is asked for yet; you see here what was understood."])
    return told, [rich(lines), *_words(seen, ""), *actions(_discard(seen))]


def _ready(seen: Seen) -> Parts:
    coming: Line = ["📝 ", bold("Draft"), ". ", *_coming(seen.decision)]
    waits: Line = ["✋ ", words(seen.draft.note, seen.room)] if seen.draft.note else []
    lines = [coming, waits, _understood(seen.draft), *_doubts(seen)]
    edits = button("Edit", "edit", seen.token, about=seen.headline)
    blocks = [
        *header(seen.headline, HEADLINE_ROOM),
        rich(section(*lines)),
        *_args(seen),
        *_effect(seen),
        *_words(seen, "Your words"),
        *actions(*_send(seen), edits, *_regenerate(seen), _discard(seen)),
    ]
    return f"Draft, not sent yet: {seen.headline}", blocks


def _incomplete(seen: Seen) -> Parts:
    draft = seen.draft
    wrong = "\n".join(problem_words(problem) for problem in draft.problems)
    missing = section(_understood(draft), ["📝 ", bold("Almost there"), ". This is missing or does not fit yet:"])
    blocks = [
        *header(seen.headline, HEADLINE_ROOM),
        rich(missing, quoted(wrong or draft.note or "something", seen.room, " in the form")),
        *([rich(quoted(draft.note, seen.room, ""))] if draft.note and wrong else []),
        *_args(seen),
        *_words(seen, "Your words"),
        *_form(seen),
    ]
    return f"Not complete yet: {seen.headline}", blocks


def _unread(seen: Seen) -> Parts:
    told = "📝 Your words were not read"
    blocks = [
        rich(section([bold(told)])),
        paragraph(seen.draft.note or "Choose the action in the form and fill it in."),
        *_words(seen, "Your words"),
        *_form(seen),
    ]
    return told, blocks


_DRAFTS: Mapping[str, Callable[[Seen], Parts]] = {
    "reading": _reading,
    "ready": _ready,
    "incomplete": _incomplete,
    "unread": _unread,
}


def _coming(decision: Decision | None) -> Line:
    """What the policy says will happen when *Send* is pressed."""
    if decision is None:
        return ["Nothing happens until you press Send."]
    risk = risk_words(decision.risk)
    match decision.route.verdict:
        case Verdict.ALLOW if use := decision.route.standing:
            told = bold("it will run at once when you press Send")
            return [risk, ": ", told, ", by a standing approval of ", person(use.by), "."]
        case Verdict.ALLOW:
            return [risk, ": ", bold("it will run at once when you press Send"), ", nobody else looks at it."]
        case Verdict.DENY:
            return [risk, ": ", bold("the policy does not allow it"), " (rule ", code(decision.route.rule), ")."]
        case Verdict.ASK:
            return [risk, ": when you press Send, ", *asked(decision.route), " will be asked before it runs."]


def asked(route: Route) -> Line:
    """Who looks, stage by stage."""
    stages: list[Line] = []
    for stage in route.stages:
        needs = [[bold(f"{need.approvals} of {' or '.join(need.groups) or 'nobody'}")] for need in stage.need]
        stages.append(joined(needs, " and "))
    return joined(stages, ", then ")


def _understood(draft: Draft) -> Line:
    if draft.plan.source != "model":
        return ["Filled in by you."] if draft.plan.confidence >= 1 else []
    groups: list[Line] = [["Understood from your words; the model is ", confidence_words(draft.plan.confidence)]]
    flags: list[Line] = [["🚩 ", FLAGS.get(flag, flag)] for flag in draft.plan.flags]
    return joined([*groups, *flags])


def _doubts(seen: Seen) -> list[Line]:
    hidden = seen.action.sensitive if seen.action else frozenset[str]()
    found: list[Line] = []
    for name, value in seen.draft.args.items():
        if isinstance(value, str) and name not in hidden:
            found += [["🚩 ", bold(name), ": ", code(why)] for why in suspicious(value)]
    return found[:4]


def _args(seen: Seen) -> list[Json]:
    if seen.action is None or not seen.draft.args:
        return []
    whole = boxes(seen.action, seen.draft.args)
    elements = [element for box in whole for element in box.drawn()]
    if weight(elements) <= CARD_ROOM:
        return [rich(*elements)]
    begun = "\n".join(f"{box.label}  {box.text}" if box.label else box.text for box in whole)
    return [rich(pre(clip_to(begun, CARD_ROOM // 2, "; the form shows all"), ready=True))]


def _effect(seen: Seen) -> list[Json]:
    told = "\n".join(visible(line, one_line=True) for line in plan_lines(seen.draft.plan))
    label = section([bold("What the model says of it"), ", unverified"])
    return [rich(label, pre(clip_to(told, seen.room, ""), ready=True))] if told else []


def _send(seen: Seen) -> list[Json]:
    verdict = seen.decision.route.verdict if seen.decision else None
    if verdict is Verdict.DENY:
        return []
    sure = confirm("Run this at once?", seen.headline, "Run it") if verdict is Verdict.ALLOW else None
    return [button("Send", "send", seen.token, style="primary", about=seen.headline, confirm=sure)]


def _form(seen: Seen) -> list[Json]:
    opens = button("Open the form", "open_form", seen.token, style="primary")
    return actions(opens, *_regenerate(seen), _discard(seen))


def _regenerate(seen: Seen) -> list[Json]:
    return [button("Regenerate", "regenerate", seen.token, about="read the words again")] if seen.request.words else []


def _discard(seen: Seen) -> Json:
    return button("Discard", "discard", seen.token, about="this draft")


def _words(seen: Seen, label: str) -> list[Json]:
    if not seen.request.words:
        return []
    return [rich(*([section([bold(label)])] if label else []), quoted(seen.request.words, seen.room, ""))]
