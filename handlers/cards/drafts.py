"""A draft in the requester's own message: what was understood, what is missing, what *Send* would do."""

from collections.abc import Callable, Mapping

from bot.catalogue import Action
from bot.policy import Decision
from bot.request import Draft, Request
from bot.route import Route, Verdict
from handlers.cards.arguments import CARD_ROOM, boxes
from handlers.cards.blocks import (
    Json,
    actions,
    bold,
    button,
    code,
    confirm,
    header,
    joined,
    paragraph,
    pre,
    quoted,
    rich,
    section,
    weight,
)
from handlers.cards.card import HEADLINE_ROOM
from handlers.cards.facts import Line
from handlers.cards.text import clip, suspicious
from handlers.cards.words import FLAGS, confidence_words, problem_words, risk_words

WORDS_ROOM = 1_500

Parts = tuple[str, list[Json]]


def draft_parts(request: Request, draft: Draft, token: str, action: Action | None, decision: Decision | None) -> Parts:
    """The line for notifications, and the blocks."""
    return _DRAFTS[draft.status](request, draft, token, action, decision)


def _reading(request: Request, _: Draft, token: str, __: Action | None, ___: Decision | None) -> Parts:
    told = "⏳ Reading your words"
    lines = section([bold(told), ". Nothing is asked for yet; you see here what was understood."])
    return told, [rich(lines), *_said("", request.words), *actions(_discard(token))]


def _ready(request: Request, draft: Draft, token: str, action: Action | None, decision: Decision | None) -> Parts:
    headline = _headline(draft, action)
    lines = [["📝 ", bold("Draft"), ". ", *_coming(decision)], _understood(draft), *_doubts(draft, action)]
    blocks = [
        *header(headline, HEADLINE_ROOM),
        rich(section(*lines)),
        *_args(draft, action),
        *_said("Your words", request.words),
        *actions(
            *_send(token, headline, decision),
            button("Edit", "edit", token, about=headline),
            *_regenerate(request, token),
            _discard(token),
        ),
    ]
    return f"Draft, not sent yet: {headline}", blocks


def _incomplete(request: Request, draft: Draft, token: str, action: Action | None, _: Decision | None) -> Parts:
    headline = _headline(draft, action)
    wrong = "\n".join(problem_words(problem) for problem in draft.problems)
    missing = section(["📝 ", bold("Almost there"), ". This is missing or does not fit yet:"], _understood(draft))
    blocks = [
        *header(headline, HEADLINE_ROOM),
        rich(missing, quoted(wrong or draft.note or "something", WORDS_ROOM, " in the form")),
        *([paragraph(draft.note)] if draft.note and wrong else []),
        *_args(draft, action),
        *_said("Your words", request.words),
        *_form(request, token),
    ]
    return f"Not complete yet: {headline}", blocks


def _unread(request: Request, draft: Draft, token: str, action: Action | None, _: Decision | None) -> Parts:
    told = "📝 Your words were not read"
    closest: Line = ["The form opens with the closest action: ", code(action.name)] if action else []
    blocks = [
        rich(section([bold(told)], closest)),
        paragraph(draft.note or "Choose the action in the form and fill it in."),
        *_said("Your words", request.words),
        *_form(request, token),
    ]
    return told, blocks


_DRAFTS: Mapping[str, Callable[[Request, Draft, str, Action | None, Decision | None], Parts]] = {
    "reading": _reading,
    "ready": _ready,
    "incomplete": _incomplete,
    "unread": _unread,
}


def _headline(draft: Draft, action: Action | None) -> str:
    return action.headline(draft.args) if action else draft.action or "No action yet"


def _coming(decision: Decision | None) -> Line:
    """What the policy says will happen when *Send* is pressed."""
    if decision is None:
        return ["Nothing happens until you press Send."]
    risk = risk_words(decision.risk)
    match decision.route.verdict:
        case Verdict.ALLOW:
            return [risk, ": ", bold("it will run at once when you press Send"), ", nobody else looks at it."]
        case Verdict.DENY:
            return [risk, ": ", bold("the policy does not allow it"), " (rule ", code(decision.route.rule, 220), ")."]
        case Verdict.ASK:
            return [risk, ": when you press Send, ", *asked(decision.route), " will be asked before it runs."]


def asked(route: Route) -> Line:
    """Who looks, stage by stage."""
    stages: list[Line] = []
    for stage in route.stages:
        needs = [[bold(f"{need.approvals} of {' or '.join(need.groups) or 'nobody'}", 220)] for need in stage.need]
        stages.append(joined(needs, " and "))
    return joined(stages, ", then ")


def _understood(draft: Draft) -> Line:
    if draft.plan.source != "model":
        return ["Filled in by you"] if draft.plan.confidence >= 1 else []
    groups: list[Line] = [["Understood from your words; the model is ", confidence_words(draft.plan.confidence)]]
    flags: list[Line] = [["🚩 ", FLAGS.get(flag, flag)] for flag in draft.plan.flags]
    return joined([*groups, *flags])


def _doubts(draft: Draft, action: Action | None) -> list[Line]:
    hidden = action.sensitive if action else frozenset[str]()
    texts = [(name, value) for name, value in draft.args.items() if isinstance(value, str) and name not in hidden]
    found: list[Line] = []
    for name, value in texts:
        found += [["🚩 ", bold(name, 220), ": ", code(why, 400)] for why in suspicious(value)]
    return found[:4]


def _args(draft: Draft, action: Action | None) -> list[Json]:
    if action is None or not draft.args:
        return []
    whole = boxes(action, draft.args)
    elements = [element for box in whole for element in box.drawn()]
    if weight(elements) <= CARD_ROOM:
        return [rich(*elements)]
    begun = "\n".join(f"{box.label}  {box.text}" if box.label else box.text for box in whole)
    return [rich(pre(clip(begun, CARD_ROOM // 2, "; Edit shows all"), ready=True))]


def _send(token: str, headline: str, decision: Decision | None) -> list[Json]:
    verdict = decision.route.verdict if decision else None
    if verdict is Verdict.DENY:
        return []
    sure = confirm("Run this at once?", headline, "Run it") if verdict is Verdict.ALLOW else None
    return [button("Send", "send", token, style="primary", about=headline, confirm=sure)]


def _form(request: Request, token: str) -> list[Json]:
    opens = button("Open the form", "open_form", token, style="primary")
    return actions(opens, *_regenerate(request, token), _discard(token))


def _regenerate(request: Request, token: str) -> list[Json]:
    return [button("Regenerate", "regenerate", token, about="read the words again")] if request.words else []


def _discard(token: str) -> Json:
    return button("Discard", "discard", token, about="this draft")


def _said(label: str, words: str | None) -> list[Json]:
    if not words:
        return []
    return [rich(*([section([bold(label)])] if label else []), quoted(words, WORDS_ROOM, ""))]
