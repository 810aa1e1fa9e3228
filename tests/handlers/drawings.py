"""Reading what was drawn: every node, every text, and the arguments back out of their boxes."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from bot.catalogue import Risk
from bot.errors import BadInput, Denied, NotFound, Problem
from bot.moves.bulk import Decided, Offered
from bot.outcome import Ending
from bot.policy import Decision
from bot.ports import Row
from bot.request import Actor, Asker, Attempt, Draft, Event, Fired, Plan, Remark, Request, State, Version
from bot.route import Requirement, Stage
from bot.standing import Bound, StandingApproval, Terms
from handlers.cards import bulk, forms, home, lines, lists, modals
from handlers.cards.blocks import Drawn
from handlers.cards.card import card, superseded
from handlers.cards.mine import mine
from handlers.demo.slack.blocks import check_message_blocks, check_view, sdk_view_problem
from tests.build import (
    ALICE,
    BOB,
    DORA,
    ERIN,
    FINANCE,
    MINUTE,
    OWNER,
    T0,
    action,
    previewed,
    request,
    route,
    version,
    vote,
)

TOKEN = "v1.req_1234.1.abcdefgh"
PEOPLE = frozenset({ALICE, BOB, DORA, ERIN, OWNER})
GROUPS = frozenset(FINANCE.user_groups)
ROOM = 13_200  # characters of a message's blocks from which Slack has been seen to refuse it

_ESCAPED = re.compile(r"⟨(space|newline|\\u\{[0-9a-f]+\}) ×(\d+)⟩|\\u\{([0-9a-f]+)\}")


def unseen(shown: str) -> str:
    """The inverse of `text.visible`, written from its description alone."""

    def back(found: re.Match[str]) -> str:
        if found[3]:
            return chr(int(found[3], 16))
        one = {"space": " ", "newline": "\n"}.get(found[1]) or chr(int(found[1][3:-1], 16))
        return one * int(found[2])

    return _ESCAPED.sub(back, shown)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from nodes(each)


def texts(blocks: Any) -> list[str]:
    return [node["text"] for node in nodes(blocks) if isinstance(node.get("text"), str)]


def everything(blocks: Any) -> str:
    return "\n".join(texts(blocks))


def buttons(blocks: Any) -> dict[str, dict[str, Any]]:
    """action_id → button, of the rows of buttons."""
    return {node["action_id"]: node for node in nodes(blocks) if node.get("type") == "button"}


def assert_only_text(blocks: Any) -> None:
    """Nothing drawn is markup: no mrkdwn, no link, and nobody mentioned but by an id of ours."""
    for node in nodes(blocks):
        kind = node.get("type")
        assert kind not in ("mrkdwn", "link", "broadcast", "channel", "emoji", "markdown", "image"), node
        assert kind != "plain_text" or node["emoji"] is False, node
        assert kind != "user" or node["user_id"] in PEOPLE, node
        assert kind != "usergroup" or node["usergroup_id"] in GROUPS, node
        assert kind != "date" or (isinstance(node["timestamp"], int) and "url" not in node), node
        assert "url" not in node, node
        for text in (node.get("text"), node.get("fallback"), node.get("accessibility_label")):
            if isinstance(text, str):
                assert text.replace("\n", "").isprintable(), ascii(text)


def assert_message(drawn: Drawn) -> None:
    check_message_blocks(json.loads(json.dumps(drawn.blocks)))
    assert len(json.dumps(drawn.blocks, ensure_ascii=False)) <= ROOM
    assert 0 < len(drawn.text) <= 3_000
    assert "<" not in drawn.text
    assert ">" not in drawn.text
    assert not re.search(r"&(?!amp;|lt;|gt;)", drawn.text.split("… ")[0])
    assert_only_text(drawn.blocks)


def assert_view(view: dict[str, Any]) -> None:
    plain = json.loads(json.dumps(view))
    check_view(plain)
    assert sdk_view_problem(plain) is None
    assert_only_text({key: value for key, value in view.items() if key != "private_metadata"})


# ── reading arguments back ──────────────────────────────────────────────────────────────────────────────────────


def boxes(blocks: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """(label, text) of every preformatted box, in order; a box without a label of its own has an empty one."""
    for block in blocks:
        label = ""
        for element in block.get("elements", ()) if block["type"] == "rich_text" else ():
            content = "".join(part.get("text", "") for part in element["elements"])
            if element["type"] == "rich_text_preformatted":
                yield label, content
            label = content if element["type"] == "rich_text_section" else ""


def whole_boxes(pages: Iterable[Iterable[dict[str, Any]]]) -> dict[str, str]:
    """label → text over all pages, pieces put together in the order of their numbers."""
    found: dict[str, str] = {}
    for label, content in (each for page in pages for each in boxes(page)):
        name = re.sub(r" \(\d+ of \d+\)\Z", "", label)
        found[name] = found.get(name, "") + content
    return found


def read_back(found: dict[str, str], table: str) -> dict[str, Any]:
    """Arguments from their boxes: those of the table, a line each, and those with a box of their own."""
    args = {name: value(text) for name, text in found.items() if name != table}
    for line in found.get(table, "").split("\n") if found.get(table) else ():
        name, text = re.fullmatch(r"(\S+) {2,}(.*)", line).groups()  # type: ignore[union-attr]
        args[name] = value(text)
    return args


def value(text: str) -> Any:
    """A value as shown, read: JSON where it has the look of JSON, else a string that stands for itself."""
    looks = re.match(r'["\[{]|(?:true|false|null|-?\d+(?:\.\d+)?)\Z', text)
    return json.loads(unseen(text)) if looks else unseen(text)


def card_arguments(drawn: Drawn) -> dict[str, Any]:
    """The arguments on a card: of the block after the one that says who asks."""
    at = next(n for n, block in enumerate(drawn.blocks) if "Asked by" in everything(block))
    return read_back(dict(boxes(drawn.blocks[at + 1 : at + 2])), "")


def same(one: Any, other: Any) -> bool:
    """The same JSON: 50 is 50.0, but 1 is not true."""
    return json.dumps(_numbers(one), sort_keys=True) == json.dumps(_numbers(other), sort_keys=True)


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float(value)


def review_pages(of: Request) -> list[list[dict[str, Any]]]:
    """Every page of the review, reached by *Next* alone."""
    pages = [modals.review(of, TOKEN)]
    while following := next(
        (b for b in buttons(pages[-1]["blocks"]).values() if b["text"]["text"].startswith("Next")), None
    ):
        place = modals.place(pages[-1]["private_metadata"])
        pages.append(modals.turned("review", of, place, int(following["value"])))
    for view in pages:
        assert_view(view)
        assert ("submit" in view) == (view is pages[-1])
    return [view["blocks"] for view in pages]


# ── everything that is drawn ────────────────────────────────────────────────────────────────────────────────────


def hostile_version(text: str, **rest: Any) -> Version:
    """A version with the text in every place that is not Signoff's own."""
    of = action(
        {"first": {"type": "string"}, "second": {"type": "object"}, "third": {"type": "array"}},
        name="act",
        title="Do {first} now",
        about=text,
        required=("first",),
        editable=("first", "second"),
        undo="act.undo",
        result=rest.pop("result", "card"),
    )
    args = {"first": text, "second": {"key": text, "deep": [text]}, "third": [text, 1]}
    plan = Plan("model", 0.5, (text, text), text, (text,), (text, "irreversible"))
    basis = {
        "requester": {"id": text, "groups": [text], "kind": "agent"},
        "context": {"why": text},
        "plan": {"x": text},
    }
    return version(
        of,
        args,
        plan=plan,
        basis=basis,
        by=route(rule=text or "rule", notes=(text, "note")),
        raised_by=(text, "rule"),
        **rest,
    )


def hostile_request(text: str, state: State = State.PENDING) -> Request:
    """A request in a state, with the text wherever somebody else writes."""
    made = previewed(hostile_version(text), text, ok=state is not State.PENDING)
    ended = {State.SUCCEEDED: Ending.SUCCEEDED, State.FAILED: Ending.FAILED, State.UNKNOWN: Ending.UNKNOWN}.get(state)
    ran = ended is not None or state is State.EXECUTING
    attempt = Attempt(1, T0, T0 + 1, T0 + 2 if ended else None, ended, text, {"said": text}, text)
    return request(
        made,
        state,
        asker=Asker(client=text or "agent", owner=OWNER, acts_for=ALICE),
        via=text,
        words=text or None,
        votes=(vote(BOB, made, approve=state is not State.REJECTED, reason=text),),
        fired=(Fired(1, 0, "remind", 0, 0, T0 + 3),),
        remarks=(Remark("question", DORA, text, T0 + 4),),
        attempts=(attempt,) if ran else (),
        closed_at=T0 + 9 if ended else None,
        reason=text if state not in (State.PENDING, State.EXECUTING) else "",
    )


def drafts(text: str) -> Iterator[tuple[Request, Decision | None]]:
    """A draft in each of its statuses, and what the policy would say of it."""
    of = hostile_version(text)
    for status in ("reading", "ready", "incomplete", "unread"):
        draft = Draft(status, "act", of.args, of.plan, (Problem("first", text), Problem("", text)), text)
        decision = (
            Decision(of.risk, (text,), route(Stage((Requirement((text or "x",)),)), rule=text))
            if status == "ready"
            else None
        )
        yield request(state=State.DRAFTING, words=text or None, draft=draft), decision


def messages(text: str) -> Iterator[Drawn]:
    """Every message, with the text in every place."""
    row = Row("req_1234", State.PENDING, text, text, Risk.HIGH, text, T0, T0 + 1, 1)
    for state in (State.PENDING, State.EXECUTING, State.SUCCEEDED, State.UNKNOWN, State.REJECTED):
        of = hostile_request(text, state)
        yield card(of, TOKEN, similar=(row, row), now=T0)
        yield mine(of, TOKEN, now=T0)
        yield lists.sent(of)
        yield lines.operator_alert(of)
    yield card(of, TOKEN, copy=True, may_vote=False)
    yield lists.shown(of)
    yield superseded(of, 1, text)
    for of, decision in drafts(text):
        yield mine(of, TOKEN, action=hostile_version(text).action, decision=decision)
        yield mine(of, TOKEN)
        yield lists.reading(of)
    yield from thread(text)
    yield lists.said(text)
    yield lists.rows("mine", [row, row], shown=1)
    waiting = [replace(row, id=f"{n:032}") for n in range(21)]
    for together in range(4):  # all of them, most, few, none
        alone = {each.id: text if n % 3 < together else "" for n, each in enumerate(waiting)}
        yield lists.waiting(waiting, alone, shown=20)
    yield lists.help_text([hostile_version(text).action])
    yield lists.refusal(Denied(text))
    yield lists.refusal(BadInput(Problem(text, text), Problem("first", text)))


def thread(text: str) -> Iterator[Drawn]:
    """A line for every kind of event."""
    of = hostile_request(text, State.UNKNOWN)
    detail = {"kind": "question", "approve": False, "to": [text], "reason": text, "ending": "unknown", "attempt": 1,
              "standing_by": text, "for": text}  # fmt: skip
    for kind in ("vote", "edit", "remark", "preview", "remind", "escalate", "expire", "cancel", "reopen", "finish",
                 "recover", "settle", "again", "hold", "release", "undo", "refused", "send", "claim",
                 "standing_given", "standing_ended"):  # fmt: skip
        ways = ((Actor("person", DORA, "card"), of), (Actor("agent", text, "api"), of.but(state=State.PENDING)))
        for actor, now in ways:
            event = Event(kind, of.id, actor, T0 + 4, 1, State.PENDING, State.UNKNOWN, "", {**detail, "undo": text})
            drawn = lines.line(event, now)
            if drawn is not None:
                yield drawn


def views(text: str) -> Iterator[dict[str, Any]]:
    """Every modal and the home tab, with the text in every place."""
    of = hostile_request(text)
    unknown = hostile_request(text, State.UNKNOWN)
    yield from (draw(of, TOKEN) for draw in (modals.reject, modals.ask, modals.answer))
    yield modals.settle(unknown, TOKEN, "again")
    yield modals.edit(of, TOKEN)
    yield modals.edit(of, TOKEN, only=("first",), problems=(Problem("first", text),))
    yield forms.form([of.now_version.action], TOKEN, told=text)
    yield modals.fields(of.now_version.action, of.now_version.args, TOKEN, (Problem("first", text),))
    yield modals.notice(Denied(text))
    yield modals.revealed(text, text)
    for each in (of, unknown, next(drafts(text))[0]):
        yield from some_details(each, text)
    row = Row("req_1234", State.PENDING, text, text, Risk.HIGH, text, T0, T0 + 1, 1)
    waiting = [replace(row, id=f"req_{n:08}") for n in range(30)]
    alone = {each.id: text if n % 2 else "" for n, each in enumerate(waiting)}
    yield home.home(waiting=waiting, mine=[row] * 30, recent=[row] * 30, alone=alone, paused=True, shown=30)
    several = [of.but(id=f"req_{n:08}") for n in range(19)]
    yield bulk.window([*map(Offered, several), Offered(of, Denied(text))], home=True)
    yield bulk.window([Offered(of, Denied(text)), Offered(None, NotFound())])
    done = [*(Decided(text, each) for each in several[:10]), *(Decided(text, error=Denied(text)) for _ in range(10))]
    yield bulk.outcome(done, dict.fromkeys(range(10, 20), text), approve=True)
    yield from standing_views(of, text)


def standing_views(of: Request, text: str) -> Iterator[dict[str, Any]]:
    """The form that gives a standing approval, the word that it was given, a home with many."""
    names = tuple(of.now_version.args)
    yield modals.similar(of, TOKEN, Terms(names[:10], 20, 60 * MINUTE))
    bounds = (Bound(text, exactly=text), Bound("amount", least=0, most=9))
    given = StandingApproval(
        "5a" * 16, text, Asker(text, text, text, text), text, T0, T0 + 60 * MINUTE, 20, bounds, "", (text,), of.id, 1
    )
    yield modals.allowed(given)
    yield home.home(waiting=[], mine=[], recent=[], standing=[(given, True)] * 30)


def some_details(of: Request, text: str) -> Iterator[dict[str, Any]]:
    """The first, the second and the last page."""
    events = [Event("vote", of.id, Actor("agent", text, text), T0, 1)] * 20
    more: Any = {"versions": [hostile_version(text, number=7)], "events": events, "sees_result": True}
    first = modals.details(of, TOKEN, **more)
    yield first
    count = int(first["title"]["text"].rpartition("of ")[2]) if "of " in first["title"]["text"] else 1
    for page in {1, count - 1} & set(range(1, count)):
        yield modals.details(of, TOKEN, page, **more)
