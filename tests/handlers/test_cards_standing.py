"""What people see of standing approvals: the form, the word of whom something ran by, the list at home."""

from typing import Any

import pytest

from bot.policy import Decision
from bot.request import Asker, Draft, State
from bot.route import Route, StandingUse, Verdict
from bot.standing import Bound, StandingApproval, Terms
from handlers.cards import modals, standing
from handlers.cards.card import card
from handlers.cards.home import home
from handlers.cards.lists import sent
from handlers.cards.mine import mine
from handlers.tokens import Token
from tests.build import ALICE, BOB, MINUTE, OWNER, REFUND, REFUND_ARGS, T0, request, version
from tests.handlers.drawings import TOKEN, assert_message, assert_view, buttons, everything

HOUR = 60 * MINUTE
USE = StandingUse("5a" * 16, BOB, "large refunds need finance")
ALLOWED = Route(Verdict.ALLOW, f"standing approval by {BOB}", standing=USE)


def read(blocks: Any) -> str:
    """The texts with who is mentioned, in their order, on one line."""
    match blocks:
        case {"type": "user", "user_id": str(who)}:
            return f"@{who}"
        case {"type": "text", "text": str(text)}:
            return text.replace("\n", " ")
        case dict():
            return "".join(read(each) for each in blocks.values() if isinstance(each, dict | list))
        case list():
            return "".join(map(read, blocks))
    return ""


def approval(**rest: object) -> StandingApproval:
    given: dict[str, object] = {
        "id": "5a" * 16, "action": "refund_payment", "asker": Asker(person=ALICE), "by": BOB, "given_at": T0,
        "until": T0 + HOUR, "uses": 5, "used": 2,
        "bounds": (Bound("amount", least=0, most=60), Bound("currency", "USD")),
        "definition": "", "groups": ("finance",), "request_id": "req_1", "version": 1,
    }  # fmt: skip
    return StandingApproval(**(given | rest))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [State.APPROVED, State.SUCCEEDED])
def test_a_card_and_the_requester_s_message_say_by_whose_word_it_runs(state: State) -> None:
    of = request(version(by=ALLOWED), state)
    for drawn in (card(of, TOKEN), mine(of, TOKEN, now=T0), sent(of)):
        assert_message(drawn)
        assert f"Allowed by a standing approval of @{BOB}" in read(drawn.blocks)
    assert "In place of rule: large refunds need finance" in read(card(of, TOKEN).blocks)


def test_nothing_is_said_where_none_was_used() -> None:
    for of in (request(), request(version(by=Route(Verdict.ALLOW, "small")), State.APPROVED)):
        for drawn in (card(of, TOKEN), mine(of, TOKEN, now=T0), sent(of)):
            assert "standing approval" not in everything(drawn.blocks)


def test_a_draft_says_by_whose_word_it_would_run() -> None:
    draft = Draft("ready", "refund_payment", REFUND_ARGS)
    of = request(state=State.DRAFTING, words="refund", draft=draft)
    drawn = mine(of, TOKEN, action=REFUND, decision=Decision(version().risk, (), ALLOWED))
    assert f"by a standing approval of @{BOB}." in read(drawn.blocks)


def test_the_form_asks_for_a_most_of_numbers_and_shows_the_rest_as_fixed() -> None:
    view = modals.similar(request(), TOKEN, Terms(("amount", "currency", "note"), 20, 8 * HOUR))
    assert_view(view)
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert set(inputs) == {"arg:amount", "how_long", "how_often"}
    assert inputs["arg:amount"]["element"]["initial_value"] == "50"
    assert not inputs["arg:amount"]["optional"]
    assert inputs["how_long"]["element"]["initial_option"]["value"] == str(HOUR)
    assert len(inputs["how_long"]["element"]["options"]) == 6
    seen = everything(view["blocks"])
    assert "currency  USD" in seen
    assert "note      (left out)" in seen


def test_no_longer_and_no_oftener_than_the_file_permits() -> None:
    view = modals.similar(request(), TOKEN, Terms(("currency",), 3, 20 * MINUTE))
    inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert set(inputs) == {"how_long", "how_often"}
    assert [option["value"] for option in inputs["how_long"]["options"]] == [str(15 * MINUTE), str(20 * MINUTE)]
    assert (inputs["how_often"]["max_value"], inputs["how_often"]["initial_value"]) == ("3", "3")


def test_home_lists_them_with_a_button_for_those_who_may_end_one() -> None:
    view = home(waiting=[], mine=[], recent=[], standing=[(approval(), True)])
    assert_view(view)
    seen = read(view["blocks"])
    assert f"asked by @{ALICE}, allowed by @{BOB}" in seen
    assert "amount from 0 to 60, currency is USD" in seen
    assert "3 of 5 uses left" in seen
    (end,) = [each for name, each in buttons(view["blocks"]).items() if name.startswith("end_standing")]
    assert Token.read(end["value"]).request_id == approval().id

    others = home(
        waiting=[], mine=[], recent=[], standing=[(approval(asker=Asker(client="ci", acts_for=OWNER)), False)]
    )
    assert not [name for name in buttons(others["blocks"]) if name.startswith("end_standing")]
    assert f"asked by ci for @{OWNER}" in read(others["blocks"])


def test_many_are_counted_and_each_shown_one_has_its_button() -> None:
    many = [(approval(id=f"{n:032}"), n % 2 == 0) for n in range(standing.MOST + 3)]
    view = home(waiting=[], mine=[], recent=[], standing=many)
    assert_view(view)
    ends = [each for name, each in buttons(view["blocks"]).items() if name.startswith("end_standing")]
    assert [each["text"]["text"] for each in ends] == [f"End {n}" for n in range(1, standing.MOST + 1, 2)]
    assert "and 3 more that stand longer" in everything(view["blocks"])


def test_details_from_a_list_do_not_offer_it() -> None:
    assert "allow_similar" in buttons(modals.details(request(), TOKEN, similar=True)["blocks"])
    assert "allow_similar" not in buttons(modals.details(request(), TOKEN)["blocks"])
    listed = Token("req_1234", 1, "from-home").text
    assert "allow_similar" not in buttons(modals.details(request(), listed, similar=True)["blocks"])
    assert "allow_similar" in buttons(modals.review(request(), TOKEN, similar=True)["blocks"])
