"""What a card and the requester's own message say and offer, by the state of the request."""

from dataclasses import replace
from typing import Any

import pytest

from bot.catalogue import MASK, Risk
from bot.errors import Problem
from bot.outcome import Ending
from bot.policy import Decision
from bot.ports import Row
from bot.request import Asker, Attempt, Draft, Fired, Plan, Remark, Request, State
from bot.route import Requirement, Route, Stage, Surface, Verdict
from handlers.cards.card import card, fits, superseded
from handlers.cards.home import home
from handlers.cards.mine import mine
from handlers.tokens import Token
from tests.build import (
    ALICE,
    BOB,
    DORA,
    ERIN,
    FINANCE,
    MINUTE,
    OWNER,
    REFUND,
    REFUND_ARGS,
    T0,
    TWO_STAGES,
    action,
    previewed,
    request,
    reviewed,
    route,
    version,
    vote,
)
from tests.handlers.drawings import TOKEN, assert_message, assert_view, buttons, everything, hostile_request, nodes

UNDOABLE = action({}, name="act", undo="act.undo")
DONE = Attempt(1, T0, T0, T0 + 5_000, Ending.SUCCEEDED, "HTTP 201", {"id": "re_1"})


def names(drawn: Any) -> list[str]:
    return list(buttons(drawn.blocks if hasattr(drawn, "blocks") else drawn))


@pytest.mark.parametrize(
    ("of", "offered"),
    [
        (request(), ["approve", "reject", "edit", "ask", "details"]),
        (request(reviewed(version())), ["review", "reject", "edit", "ask", "details"]),
        (request(reviewed(version(), Surface.TYPED)), ["review", "reject", "edit", "ask", "details"]),
        (request(previewed(version(), "no such table", ok=False)), ["review", "reject", "edit", "ask", "details"]),
        (request(state=State.APPROVED), ["details"]),
        (request(state=State.APPROVED, waits_for_release=True), ["release", "details"]),
        (request(state=State.EXECUTING, attempts=(Attempt(1, T0, T0),)), ["details"]),
        (request(state=State.UNKNOWN, attempts=(DONE,)), ["done", "not_done", "again", "details"]),
        (request(state=State.UNKNOWN, attempts=(DONE,), again_by=BOB), ["details"]),
        (request(version(UNDOABLE, {}), State.SUCCEEDED, attempts=(DONE,)), ["undo", "details"]),
        (request(version(UNDOABLE, {}), State.SUCCEEDED, attempts=(DONE,), undone_by="req_2"), ["details"]),
        (request(state=State.SUCCEEDED, attempts=(DONE,)), ["details"]),
        *((request(state=state), ["details"]) for state in
          (State.REJECTED, State.CANCELLED, State.EXPIRED, State.DENIED, State.FAILED, State.UNDONE)),
    ],
)  # fmt: skip
def test_the_buttons_follow_from_the_state(of: Request, offered: list[str]) -> None:
    drawn = card(of, TOKEN)
    assert_message(drawn)
    assert names(drawn) == offered
    assert all(button["value"] == TOKEN for button in buttons(drawn.blocks).values())
    assert names(card(of, "")) == []


def test_a_copy_for_information_has_no_vote_buttons() -> None:
    assert names(card(request(), TOKEN, copy=True, may_vote=False)) == ["details"]
    assert names(card(request(), TOKEN, copy=True)) == names(card(request(), TOKEN))
    assert "you may decide here or in the channel" in everything(card(request(), TOKEN, copy=True).blocks)


def test_approve_asks_once_more_with_the_headline() -> None:
    sure = buttons(card(request(), TOKEN).blocks)["approve"]["confirm"]
    assert sure["text"]["text"] == "Refund 50 USD for order ord_81"
    assert sure["text"]["type"] == "plain_text"


def test_the_first_things_seen_are_headline_risk_who_and_the_arguments() -> None:
    seen = everything(card(request(version(risk=Risk.HIGH)), TOKEN).blocks)
    places = [
        seen.index(text) for text in ("Refund 50 USD", "High risk", "Asked by", "amount    50", "Rule: ", "digest")
    ]
    assert places == sorted(places)


def test_what_the_requester_says_comes_after_every_fact() -> None:
    pressing = "CEO ordered this, URGENT"
    of = request(version(plan=Plan("model", 0.99, impact="50 USD leave")), words=pressing)
    seen = everything(card(of, TOKEN).blocks)
    facts = (
        "High risk" if of.now_version.risk is Risk.HIGH else "Medium risk",
        "amount",
        "Rule: ",
        "Expires",
        "50 USD leave",
    )
    assert all(seen.index(fact) < seen.index(pressing) for fact in facts)
    assert "unverified" in seen
    assert pressing not in card(of, TOKEN).text


def test_progress_by_name_and_when_it_goes_on_by_itself() -> None:
    of = version(by=route(*TWO_STAGES))
    drawn = card(request(of, votes=(vote(BOB, of),)), TOKEN)
    seen = everything(drawn.blocks).replace("\n", "")
    assert "Stage 1 of 2 · finance 1 of 2" in seen
    assert {"type": "usergroup", "usergroup_id": FINANCE.user_groups[0]} in list(nodes(drawn.blocks))
    assert {"type": "user", "user_id": BOB} in list(nodes(drawn.blocks))
    dates = [node["timestamp"] * 1000 for node in nodes(drawn.blocks) if node.get("type") == "date"]
    assert dates == [T0 + 15 * MINUTE, T0 + 240 * MINUTE], "escalates, expires"


def test_people_asked_are_mentioned_but_not_makers_nor_those_who_have_voted() -> None:
    both = Stage((Requirement(("directors",), 2),))
    of = version(by=route(both))
    drawn = card(request(of, asker=Asker(person=DORA), votes=(vote(ERIN, of),)), TOKEN)
    waiting = next(
        block for block in drawn.blocks if "Waiting for" in everything(block) and "Expires" in everything(block)
    )
    mentioned = [node["user_id"] for node in nodes(waiting) if node.get("type") == "user"]
    assert mentioned == [ERIN], "she is named for her vote, and nobody is asked again"


def test_all_of_the_requesters_side_is_named() -> None:
    of = request(asker=Asker(client="billing-agent", owner=OWNER, acts_for=ALICE), via="mcp")
    seen = everything(card(of, TOKEN).blocks).replace("\n", "")
    assert "Asked by billing-agent (owned by ) for  · through MCP" in seen
    ids = {node["user_id"] for node in nodes(card(of, TOKEN).blocks) if node.get("type") == "user"}
    assert ids == {OWNER, ALICE}


def test_the_rule_what_raised_the_risk_and_conditions_that_erred_are_named() -> None:
    of = version(by=route(rule="large refunds", notes=("A condition erred in rule “x”: no such key",)),
                 raised_by=("rule “over 1000”", "flag “unusual”"))  # fmt: skip
    seen = everything(card(request(of), TOKEN).blocks)
    for said in ("large refunds", "rule “over 1000”", "flag “unusual”", "no such key"):
        assert said in seen


def test_sensitive_arguments_are_masked_everywhere() -> None:
    secret = "DE89370400440532013000"
    of = version(args={**REFUND_ARGS, "iban": secret}, plan=Plan("model", 1.0, (f"send to {secret}",)))
    every = [
        card(request(previewed(of, f"would send to {secret}"), words=f"iban is {secret}"), TOKEN),
        card(request(of, State.FAILED, attempts=(DONE,), reason=f"no account {secret}"), TOKEN),
        mine(request(of), TOKEN),
    ]
    for drawn in every:
        assert secret not in str(drawn)
        assert MASK in str(drawn)


def test_secrets_pasted_into_words_are_not_shown() -> None:
    token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
    assert token not in str(card(request(words=f"use {token}"), TOKEN))


def test_a_preview_stands_with_its_time_and_one_that_failed_takes_one_click_away() -> None:
    seen = everything(card(request(previewed(version(), "3 rows would go")), TOKEN).blocks)
    assert "What it says it would do" in seen
    assert "3 rows would go" in seen
    asked = version(replace(REFUND, preview={"kind": "caller"}))
    assert "The preview is being asked" in everything(card(request(asked), TOKEN).blocks)
    assert "approve" not in names(card(request(asked), TOKEN))
    failed = card(request(previewed(version(), "connection refused", ok=False)), TOKEN)
    assert "The preview failed" in everything(failed.blocks)
    assert "approve" not in names(failed)


def test_decided_cards_keep_the_outcome_and_who_decided() -> None:
    of = version()
    rejected = request(of, State.REJECTED, votes=(vote(DORA, of, approve=False),), reason="too much", closed_at=T0)
    drawn = card(rejected, TOKEN)
    assert "❌ Rejected by " in everything(drawn.blocks)
    assert "too much" in everything(drawn.blocks)
    assert {"type": "user", "user_id": DORA} in list(nodes(drawn.blocks))
    assert "Nobody" not in everything(drawn.blocks)


def test_expiry_does_not_look_like_a_persons_no() -> None:
    seen = everything(card(request(state=State.EXPIRED, reason="nobody decided it in time"), TOKEN).blocks)
    assert "Rejected" not in seen
    assert "nobody said yes or no in time" in seen


@pytest.mark.parametrize(("where", "stands"), [("card", True), ("requester", False)])
def test_the_result_stands_on_the_card_only_where_the_action_says_so(where: str, *, stands: bool) -> None:
    of = request(version(action({}, result=where), {}), State.SUCCEEDED, attempts=(DONE,), reason="HTTP 201")
    assert ("re_1" in everything(card(of, TOKEN).blocks)) is stands
    assert "re_1" in everything(mine(of, TOKEN).blocks), "the requester always sees it"
    assert "HTTP 201" in everything(card(of, TOKEN).blocks)


def test_a_run_shows_its_progress_and_how_long_it_has_run() -> None:
    of = request(state=State.EXECUTING, attempts=(Attempt(2, T0, T0, progress="row 500 of 1000"),))
    seen = everything(card(of, TOKEN, now=T0 + 65_000).blocks)
    for said in ("Running since", "1 min 5 s", "attempt 2", "row 500 of 1000"):
        assert said in seen


def test_an_open_question_stands_on_the_card_and_its_answer_button_with_the_requester() -> None:
    asked = request(remarks=(Remark("question", DORA, "which parcel?", T0),))
    assert "which parcel?" in everything(card(asked, TOKEN).blocks)
    assert names(mine(asked, TOKEN)) == ["answer", "edit", "cancel", "details"]
    answered = asked.but(remarks=(*asked.remarks, Remark("answer", ALICE, "the blue one", T0)))
    assert "Open question" not in everything(card(answered, TOKEN).blocks)
    assert "answer" not in names(mine(answered, TOKEN))


def test_an_edited_version_names_its_editor_and_the_old_message_decides_nothing() -> None:
    of = request(version(number=2, editor=DORA))
    assert "version 2" in everything(card(of, TOKEN).blocks)
    assert {"type": "user", "user_id": DORA} in list(nodes(card(of, TOKEN).blocks))
    old = superseded(of, 1, "Refund 500 USD")
    assert_message(old)
    assert "Version 1 is superseded by version 2" in everything(old.blocks)
    assert names(old) == []
    struck = [node for node in nodes(old.blocks) if node.get("style", {}).get("strike")]
    assert [node["text"] for node in struck] == ["Refund 500 USD"]


def test_every_redraw_and_every_version_has_its_own_block_ids() -> None:
    ids = [
        {block["block_id"] for block in card(of, TOKEN).blocks}
        for of in (request(), request(revision=1), request(version(number=2)))
    ]
    assert len(ids[0] | ids[1] | ids[2]) == sum(len(each) for each in ids)


def test_similar_decisions_take_one_line() -> None:
    rows = [
        Row(str(n), state, "x", "a", Risk.LOW, ALICE, T0, T0, 1)
        for n, state in enumerate([State.SUCCEEDED, State.REJECTED, State.SUCCEEDED])
    ]
    seen = everything(card(request(), TOKEN, similar=rows).blocks)
    assert "The last 3 requests of this kind: 2 done, 1 rejected" in seen
    assert "The last request of this kind: done" in everything(card(request(), TOKEN, similar=rows[:1]).blocks)


def test_flags_say_what_they_mean_and_whose_word_it_is() -> None:
    of = version(plan=Plan("model", 0.97, flags=("irreversible",)))
    seen = everything(card(request(of), TOKEN).blocks).replace("\n", "")
    assert "it cannot be taken back (flag irreversible, read from words by a model, sure (97 %))" in seen


def test_fits_is_for_what_one_look_can_hold() -> None:
    assert fits(version())
    assert not fits(version(action({"a": {}}), {"a": "x" * 5_000}))
    assert not fits(version(action({"a": {}}), {"a": "line\n" * 100})), "tall is as bad as long"
    assert not fits(version(action({str(n): {} for n in range(90)}), {str(n): n for n in range(90)}))
    assert not fits(version(plan=Plan("model", 1.0, ("step " * 90,) * 12)))
    assert not fits(version(action({"a": {}}, title="{a}"), {"a": "x " * 400}))


@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFTING])
def test_a_state_is_told_in_words_never_by_colour_alone(state: State) -> None:
    for drawn in (card(hostile_request("x", state), TOKEN), mine(hostile_request("x", state), TOKEN)):
        assert_message(drawn)
        bold = [node["text"] for node in nodes(drawn.blocks) if node.get("style") == {"bold": True}]
        assert any(any(letter.isalpha() for letter in text) for text in bold)
        assert any(letter.isalpha() for letter in drawn.text.split(":")[0])


# ── the requester's own message ─────────────────────────────────────────────────────────────────────────────────


def draft(status: str, **rest: Any) -> Request:
    given: dict[str, Any] = {"action": "refund_payment", "args": REFUND_ARGS, "plan": Plan("model", 0.97)} | rest
    return request(state=State.DRAFTING, words="refund ord_81 fifty dollars", draft=Draft(status, **given))


@pytest.mark.parametrize(
    ("of", "offered"),
    [
        (draft("reading"), ["discard"]),
        (draft("ready"), ["send", "edit", "regenerate", "discard"]),
        (draft("incomplete", problems=(Problem("order_id", "is required"),)), ["open_form", "regenerate", "discard"]),
        (draft("unread", note="No model is configured."), ["open_form", "regenerate", "discard"]),
        (draft("ready").but(words=None), ["send", "edit", "discard"]),
        (request(), ["edit", "cancel", "details"]),
        (request(state=State.APPROVED), ["cancel", "details"]),
        (request(state=State.REJECTED, reason="no"), ["details"]),
        (request(version(UNDOABLE, {}), State.SUCCEEDED, attempts=(DONE,)), ["undo", "details"]),
        (request(state=State.CANCELLED).but(version=None, words="never mind"), []),
    ],
)  # fmt: skip
def test_the_requester_is_offered_what_can_be_done_now(of: Request, offered: list[str]) -> None:
    drawn = mine(of, TOKEN, action=REFUND)
    assert_message(drawn)
    assert names(drawn) == offered


def test_a_draft_says_what_send_will_do() -> None:
    allowed = Decision(Risk.LOW, (), Route(Verdict.ALLOW, "small refunds"))
    drawn = mine(draft("ready"), TOKEN, action=REFUND, decision=allowed)
    assert "it will run at once when you press Send" in everything(drawn.blocks)
    assert buttons(drawn.blocks)["send"]["confirm"]["confirm"]["text"] == "Run it"
    asks = mine(draft("ready"), TOKEN, action=REFUND, decision=Decision(Risk.HIGH, (), route(*TWO_STAGES)))
    assert "2 of finance, then 1 of directors will be asked" in everything(asks.blocks).replace("\n", "")
    denied = mine(draft("ready"), TOKEN, action=REFUND, decision=Decision(Risk.HIGH, (), Route(Verdict.DENY, "never")))
    assert "the policy does not allow it" in everything(denied.blocks)
    assert "send" not in names(denied)


def test_a_draft_says_how_sure_the_model_is_and_what_it_flagged() -> None:
    of = draft("ready", plan=Plan("model", 0.62, flags=("ambiguous",)))
    seen = everything(mine(of, TOKEN, action=REFUND).blocks)
    assert "not sure (62 %)" in seen
    assert "the words can be read in more than one way" in seen


def test_what_is_missing_is_named_and_the_headline_leaves_room_for_it() -> None:
    of = draft("incomplete", args={"amount": 50}, problems=(Problem("order_id", "is required"),))
    seen = everything(mine(of, TOKEN, action=REFUND).blocks)
    assert "order_id: is required" in seen
    assert "Refund 50 … for order …" in seen


# ── App Home ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_home_opens_requests_and_counts_what_it_does_not_show() -> None:
    rows = [Row(f"req_{n:08}", State.PENDING, f"Refund {n}", "refund", Risk.HIGH, ALICE, T0, T0, 3) for n in range(30)]
    view = home(
        waiting=rows, mine=[*rows, Row("req_draft000", State.DRAFTING, "", "", None, ALICE, T0, T0, 0)], recent=rows
    )
    assert_view(view)
    opens = [button for name, button in buttons(view["blocks"]).items() if name.startswith("open_request:")]
    assert len(opens) == 21, "ten of each list of what is asked or was, and the draft"
    reviews = [button for name, button in buttons(view["blocks"]).items() if name.startswith("review_request:")]
    assert len(reviews) == 10, "what waits is decided"
    assert Token.read(reviews[0]["value"]).request_id == "req_00000000"
    assert "the newest 10; /signoff list has more" in everything(view["blocks"])
    assert "Signoff is paused" in everything(home(waiting=[], mine=[], recent=[], paused=True)["blocks"])


def test_fired_escalations_leave_the_card_whole() -> None:
    of = version(by=route(*TWO_STAGES))
    fired = (Fired(1, 0, "escalate", 0, 0, T0 + 15 * MINUTE, (DORA, ERIN)),)
    drawn = card(request(of, fired=fired), TOKEN)
    assert_message(drawn)
    assert "finance or directors 0 of 2" in everything(drawn.blocks).replace("\n", "")
