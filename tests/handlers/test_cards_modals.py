"""The modals in which people decide and look, the lines of the thread, and what one person is told privately."""

from typing import Any

import pytest

from bot.catalogue import MASK, Risk
from bot.errors import BadInput, Denied, NotFound, Problem
from bot.outcome import Ending
from bot.ports import Row
from bot.request import Actor, Attempt, Event, Fired, Remark, Request, State
from bot.route import Surface
from handlers.cards import lines, lists, modals
from handlers.cards.blocks import Drawn
from handlers.cards.views import NO_NONCE
from tests.build import (
    ALICE,
    BOB,
    DORA,
    ERIN,
    REFUND,
    REFUND_ARGS,
    T0,
    TWO_STAGES,
    action,
    request,
    reviewed,
    route,
    version,
    vote,
)
from tests.handlers.drawings import (
    TOKEN,
    assert_message,
    assert_view,
    buttons,
    everything,
    nodes,
    review_pages,
    whole_boxes,
)

IBAN = "DE89370400440532013000"
SECRET = {**REFUND_ARGS, "iban": IBAN}
LONG = request(reviewed(version(action({"script": {}}), {"script": "echo one line of many\n" * 5_000})))


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


# ── review ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_review_shows_headline_risk_who_rule_arguments_what_runs_and_the_digest() -> None:
    of = request(reviewed(version(risk=Risk.HIGH, raised_by=("rule “over 1000”",))), words="please")
    seen = everything(review_pages(of))
    facts = ("Refund 50 USD", "High risk", "Asked by", "large refunds need finance", "rule “over 1000”")
    for part in (*facts, "amount    50", "https://billing.example.com/refunds", "please", of.now_version.short_digest):
        assert part in seen


def test_the_last_page_alone_has_approve_and_each_page_is_reached_from_its_neighbour() -> None:
    pages = [modals.review(LONG, TOKEN, page) for page in range(len(review_pages(LONG)))]
    assert len(pages) > 5
    for number, view in enumerate(pages):
        assert_view(view)
        assert ("submit" in view) == (number == len(pages) - 1)
        assert modals.place(view["private_metadata"]) == modals.Place(TOKEN, number)
        turns = {int(one["value"]) for name, one in buttons(view["blocks"]).items() if name.startswith("page:")}
        assert buttons(view["blocks"])["reject"]["value"] == TOKEN
        assert turns == {number - 1, number + 1} & set(range(len(pages)))
    assert "".join(whole_boxes(view["blocks"] for view in pages)["script"]).count("echo one line") == 5_000


@pytest.mark.parametrize("page", [-5, 0, 10_000])
def test_a_page_that_is_not_there_is_the_nearest_one(page: int) -> None:
    view = modals.review(LONG, TOKEN, page)
    assert_view(view)
    assert 0 <= modals.place(view["private_metadata"]).page < len(review_pages(LONG))


@pytest.mark.parametrize(("confirm", "wanted"), [("{order_id}", "ord_81"), (None, "digest")])
def test_a_typed_confirmation_says_what_to_type_and_is_never_filled_in(confirm: str | None, wanted: str) -> None:
    of = reviewed(version(action(REFUND.params, title="Refund", confirm=confirm), REFUND_ARGS), Surface.TYPED)
    expected = of.short_digest if wanted == "digest" else wanted
    view = modals.review(request(of), TOKEN)
    assert_view(view)
    assert expected in everything([block for block in view["blocks"] if "Type this to approve" in everything(block)])
    assert "initial_value" not in inputs(view)["confirm"]
    assert expected not in str(inputs(view))
    plain = modals.review(request(reviewed(of, Surface.REVIEW)), TOKEN)
    assert "confirm" in inputs(plain), "the stronger of the two stands"
    assert inputs(modals.review(request(), TOKEN)) == {}


def test_review_names_what_may_deceive() -> None:
    of = request(version(action({"account": {}}), {"account": "pаypal.com"}))
    assert "xn--pypal-4ve.com" in everything(review_pages(of))


def test_what_runs_is_shown_with_masks() -> None:
    way = {"kind": "http", "method": "POST", "url": "https://bank.example.com/{iban}", "json": {"to": "{iban}"}}
    of = version(action({"iban": {"type": "string", "x-sensitive": True}}, run=way), {"iban": IBAN})
    seen = everything(review_pages(request(of)))
    assert IBAN not in seen
    assert f'"to": "{MASK}"' in seen


# ── details ─────────────────────────────────────────────────────────────────────────────────────────────────────


def told() -> Request:
    of = version(
        args=SECRET, number=2, editor=DORA, basis={"requester": {"id": ALICE, "kind": "person", "groups": ["ops"]}}
    )
    return request(
        of,
        State.SUCCEEDED,
        votes=(vote(BOB, of, reason="looks right"),),
        remarks=(Remark("question", DORA, "which parcel?", T0), Remark("answer", ALICE, "the blue one", T0)),
        attempts=(Attempt(1, T0, T0, T0 + 4_000, Ending.SUCCEEDED, "HTTP 201", {"id": "re_1"}),),
        fired=(Fired(2, 0, "remind", 0, 0, T0 + 1),),
        words="refund please",
    )


def test_details_hold_votes_with_digests_remarks_attempts_versions_and_events() -> None:
    of = told()
    event = Event("vote", of.id, Actor("person", BOB, "card"), T0, 2, State.PENDING, State.APPROVED)
    view = modals.details(of, TOKEN, versions=[version(args=SECRET)], events=[event])
    assert_view(view)
    seen = everything(view["blocks"])
    for said in (of.now_version.digest, version(args=SECRET).digest, of.votes[0].digest[-8:], "looks right",
                 "which parcel?", "the blue one", "HTTP 201", "4 s", "req_1.2", "vote v2 pending → approved",
                 "in ops", "Reminded", "refund please"):  # fmt: skip
        assert said in seen, said


def test_the_result_is_for_the_requesters_side_unless_the_action_puts_it_on_the_card() -> None:
    assert "re_1" not in everything(modals.details(told(), TOKEN)["blocks"])
    assert "re_1" in everything(modals.details(told(), TOKEN, sees_result=True)["blocks"])


def test_reveal_is_offered_to_those_who_may_and_shows_the_value_to_them_alone() -> None:
    of = request(version(args=SECRET))
    assert IBAN not in str(modals.details(of, TOKEN, may_reveal=True))
    reveal = buttons(modals.details(of, TOKEN, may_reveal=True)["blocks"])["reveal:0"]
    assert reveal["value"] == f"{TOKEN}#iban"
    assert "reveal:0" not in buttons(modals.details(of, TOKEN)["blocks"])
    from_home = modals.details(of, f"v1.req_1234.1.{NO_NONCE}", may_reveal=True)
    assert "reveal:0" not in buttons(from_home["blocks"]), "no message of ours vouches for that token"
    view = modals.revealed("iban", IBAN)
    assert_view(view)
    assert IBAN in everything(view["blocks"])


def test_a_draft_has_details_too() -> None:
    view = modals.details(request(state=State.DRAFTING, words="refund please"), TOKEN)
    assert_view(view)
    assert "refund please" in everything(view["blocks"])


# ── saying something ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("view", "callback", "asked"),
    [
        (modals.reject(request(), TOKEN), "reject", ["reason"]),
        (modals.ask(request(), TOKEN), "ask", ["question"]),
        (modals.answer(request(remarks=(Remark("question", DORA, "which?", T0),)), TOKEN), "answer", ["answer"]),
        (modals.settle(told().but(state=State.UNKNOWN), TOKEN), "settle", ["says", "reason"]),
    ],
)
def test_what_is_asked_is_required(view: dict[str, Any], callback: str, asked: list[str]) -> None:
    assert_view(view)
    assert view["callback_id"] == callback
    assert list(inputs(view)) == asked
    assert not any(block.get("optional") for block in view["blocks"])
    assert "Refund 50 USD" in everything(view["blocks"])
    assert modals.place(view["private_metadata"]).token == TOKEN


@pytest.mark.parametrize("pressed", ["done", "not_done", "again"])
def test_settle_begins_with_what_was_pressed_and_shows_what_is_known(pressed: str) -> None:
    view = modals.settle(told().but(state=State.UNKNOWN), TOKEN, pressed)
    assert inputs(view)["says"]["initial_option"]["value"] == pressed
    assert "HTTP 201" in everything(view["blocks"])
    assert "amount    50" in everything(view["blocks"])


def test_the_answer_stands_below_its_question() -> None:
    view = modals.answer(request(remarks=(Remark("question", DORA, "which parcel?", T0),)), TOKEN)
    assert "which parcel?" in everything(view["blocks"])


@pytest.mark.parametrize("written", ["{", "[]", '"x"', '{"t": 5}', '{"p": "1"}', "nonsense"])
def test_what_signoff_did_not_write_into_a_view_is_not_read(written: str) -> None:
    with pytest.raises(NotFound):
        modals.place(written)


def test_a_refusal_in_a_modal_says_why() -> None:
    view = modals.notice(Denied("The policy does not allow this."))
    assert_view(view)
    assert "The policy does not allow this." in everything(view["blocks"])


# ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────

BY_DORA = Actor("person", DORA, "card")
CLOCK = Actor("clock", "", "clock")


def said(kind: str, of: Request, /, actor: Actor = BY_DORA, after: State = State.PENDING, **detail: Any) -> Drawn:
    event = Event(kind, of.id, actor, T0 + 4, 1, State.PENDING, after, detail=detail)
    drawn = lines.line(event, of)
    assert drawn is not None
    assert_message(drawn)
    return drawn


def test_a_vote_is_a_line_with_its_reason() -> None:
    of = version(by=route(*TWO_STAGES))
    voted = request(of, votes=(vote(DORA, of, approve=False, reason="too much"),))
    drawn = said("vote", voted, approve=False, stage=0, after=State.REJECTED)
    assert "rejected stage 1 of 2" in everything(drawn.blocks)
    assert "too much" in everything(drawn.blocks)
    passed = said("vote", voted, approve=True, stage=0, passed=True)
    assert "Stage 1 has passed" in everything(passed.blocks)
    assert "It is approved" in everything(
        said("vote", voted, approve=True, stage=1, passed=True, after=State.APPROVED).blocks
    )
    assert "can no longer meet" in everything(said("vote", voted, approve=True, stage=0, unreachable=True).blocks)


def test_a_vote_on_a_version_that_is_gone_is_told_without_inventing_its_reason() -> None:
    of = version(number=2)
    other = request(of, votes=(vote(DORA, of, reason="about version 2"),))
    assert "about version 2" not in everything(said("vote", other, approve=True, stage=0).blocks)


def test_a_reminder_mentions_those_who_have_not_voted() -> None:
    both = version(by=route(TWO_STAGES[1]))
    drawn = said("remind", request(both, votes=(vote(DORA, both),)), CLOCK)
    mentioned = [node["user_id"] for node in nodes(drawn.blocks) if node.get("type") == "user"]
    assert mentioned == [ERIN]
    assert lines.line(Event("remind", "req_1", CLOCK, T0, 1), request(state=State.APPROVED)) is None


def test_an_escalation_names_whom_it_reached() -> None:
    of = request(version(by=route(*TWO_STAGES)), fired=(Fired(1, 0, "escalate", 0, 0, T0 + 4, (DORA, ERIN)),))
    drawn = said("escalate", of, CLOCK, to=["directors"], people=2)
    assert {node["user_id"] for node in nodes(drawn.blocks) if node.get("type") == "user"} == {DORA, ERIN}
    assert "directors" in everything(drawn.blocks)


@pytest.mark.parametrize(
    ("kind", "detail", "after", "told_so"),
    [
        ("finish", {"attempt": 1, "ending": "succeeded"}, State.SUCCEEDED, "It ran"),
        ("finish", {"attempt": 1, "ending": "failed"}, State.FAILED, "It failed"),
        ("finish", {"attempt": 1, "ending": "unknown"}, State.UNKNOWN, "outcome is unknown"),
        ("recover", {"attempt": 2}, State.EXECUTING, "attempt 2 runs with the same key"),
        ("recover", {"attempt": 1}, State.UNKNOWN, "An operator settles it"),
        ("settle", {"ending": "failed"}, State.FAILED, "settled it: it failed"),
        ("again", {}, State.UNKNOWN, "run it again"),
        ("expire", {}, State.EXPIRED, "Nobody said no, and nothing ran"),
        ("cancel", {}, State.CANCELLED, "cancelled it"),
        ("edit", {}, State.PENDING, "votes fall"),
        ("reopen", {"reason": "the definition changed"}, State.PENDING, "the definition changed"),
        ("reopen", {"reason": "the definition changed"}, State.DENIED, "the policy now denies it"),
        ("hold", {}, State.APPROVED, "waits for an operator's Release"),
        ("release", {}, State.APPROVED, "released it"),
        ("undo", {"undo": "req_2"}, State.SUCCEEDED, "req_2"),
        ("undo", {"undo": "req_2"}, State.UNDONE, "It was undone"),
    ],
)  # fmt: skip
def test_each_move_people_should_hear_of_is_a_line(
    kind: str, detail: dict[str, Any], after: State, told_so: str
) -> None:
    assert told_so in everything(said(kind, told(), after=after, **detail).blocks).replace("\n", "")


@pytest.mark.parametrize("kind", ["draft", "plan", "send", "claim", "refused", "reveal", "something new"])
def test_what_the_card_or_a_private_answer_says_makes_no_line(kind: str) -> None:
    assert lines.line(Event(kind, "req_1", BY_DORA, T0, 1), told()) is None


def test_a_question_and_its_answer_are_lines_a_comment_is_in_the_thread_already() -> None:
    of = request(remarks=(Remark("question", DORA, "which parcel?", T0 + 4), Remark("answer", DORA, "x", T0 + 5)))
    assert "which parcel?" in everything(said("remark", of, kind="question").blocks)
    assert lines.line(Event("remark", of.id, BY_DORA, T0, 1, detail={"kind": "comment"}), of) is None


def test_operators_hear_of_an_unknown_outcome_with_what_is_known() -> None:
    drawn = lines.operator_alert(told().but(state=State.UNKNOWN))
    assert_message(drawn)
    for part in ("Refund 50 USD", "HTTP 201", "req_1"):
        assert part in everything(drawn.blocks)


# ── private answers ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_says_every_problem() -> None:
    drawn = lists.refusal(BadInput(Problem("amount", "must be more than 0"), Problem("order_id", "is required")))
    assert_message(drawn)
    assert "amount: must be more than 0" in everything(drawn.blocks)
    assert "order_id: is required" in everything(drawn.blocks)


def test_a_message_is_said_whole_or_says_how_much_is_missing() -> None:
    long = lists.said("word " * 1_900 + "end")
    assert_message(long)
    texts = [node["text"] for node in nodes(long.blocks) if node.get("type") == "plain_text"]
    assert "".join(texts) == "word " * 1_900 + "end"
    assert "more characters" in everything(lists.said("word " * 5_000).blocks)


def test_a_list_says_how_to_see_each_and_that_there_are_more() -> None:
    rows = [Row(f"req_{n}", State.PENDING, f"Refund {n}", "refund", Risk.HIGH, ALICE, T0, T0, 1) for n in range(16)]
    drawn = lists.rows("mine", rows, shown=15)
    assert_message(drawn)
    assert "/signoff show req_14" in everything(drawn.blocks)
    assert "req_15" not in everything(drawn.blocks)
    assert "There are more than these 15" in everything(drawn.blocks)
    assert "Nothing here" in everything(lists.rows("waiting", [], shown=15).blocks)


def test_show_is_the_card_without_buttons() -> None:
    drawn = lists.shown(request())
    assert_message(drawn)
    assert buttons(drawn.blocks) == {}
    assert "amount    50" in everything(drawn.blocks)


def test_what_became_of_a_command_is_said() -> None:
    for drawn in (
        lists.sent(request()),
        lists.sent(request(state=State.APPROVED)),
        lists.cancelled(request(state=State.CANCELLED)),
        lists.reading(request(state=State.DRAFTING)),
        lists.help_text([REFUND]),
    ):
        assert_message(drawn)
    assert "Waiting for finance 0 of 1" in everything(lists.sent(request()).blocks).replace("\n", "")
    assert "refund_payment" in everything(lists.help_text([REFUND]).blocks)
