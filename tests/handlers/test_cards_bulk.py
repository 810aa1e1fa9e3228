"""Several at once: the ticks in a list, the window that shows all of each, what a selection carries."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.bulk import MOST
from bot.catalogue import Risk
from bot.errors import Denied, NotFound, WrongMoment
from bot.moves.bulk import Decided, Offered
from bot.ports import Row
from bot.request import Asker, Request, State
from bot.standing import StandingApproval
from handlers.cards import bulk, lists
from handlers.cards.home import home
from handlers.cards.views import place
from handlers.tokens import Selection, Token
from tests.build import ALICE, BOB, T0, action, request, version
from tests.handlers.drawings import assert_message, assert_view, buttons, everything, nodes

ROWS = [Row(f"{n:032}", State.PENDING, f"Refund {n}", "refund", Risk.LOW, ALICE, T0, T0, 3) for n in range(30)]


def ticks(blocks: Any) -> list[dict[str, Any]]:
    return [node for node in nodes(blocks) if node.get("type") == "checkboxes"]


def ids(blocks: Any) -> list[str]:
    return [Token.read(option["value"]).request_id for each in ticks(blocks) for option in each["options"]]


def several(number: int, **args: Any) -> list[Request]:
    made = []
    for n in range(number):
        of = version(args={"order_id": f"ord_{n}", "amount": 50 + n, **args}, request_id=f"req_{n:08}")
        made.append(request(of, id=f"req_{n:08}"))
    return made


def test_home_has_a_box_beside_each_that_may_be_one_of_several() -> None:
    alone = {row.id: "" if n % 2 else "it is high risk" for n, row in enumerate(ROWS)}
    view = home(waiting=ROWS, mine=[], recent=[], alone=alone)
    assert_view(view)
    assert ids(view["blocks"]) == [row.id for row in ROWS[1:10:2]]
    assert everything(view["blocks"]).count("because it is high risk") == 5
    assert "decide_selected" in buttons(view["blocks"])
    assert "decide_selected" not in buttons(home(waiting=ROWS, mine=[], recent=[])["blocks"])


def test_a_row_that_moves_takes_its_tick_along() -> None:
    """Slack keeps what is ticked by block and action: another request must never stand where one was ticked."""
    alone = dict.fromkeys((row.id for row in ROWS), "")
    before = home(waiting=ROWS[:3], mine=[], recent=[], alone=alone)["blocks"]
    after = home(waiting=ROWS[1:3], mine=[], recent=[], alone=alone)["blocks"]

    def places(blocks: Any) -> dict[str, str]:
        return {block["block_id"]: ids(block)[0] for block in blocks if ticks(block)}

    assert len(places(after)) == 2
    assert places(after).items() <= places(before).items()


def test_the_fullest_home_is_one_slack_takes() -> None:
    drafts = [replace(row, state=State.DRAFTING) for row in ROWS]
    stands = StandingApproval("5a" * 16, "refund", Asker(ALICE), BOB, T0, T0 + 9, 20, (), "", ("finance",), "x" * 32, 1)
    alone = dict.fromkeys((row.id for row in ROWS), "")
    view = home(
        waiting=ROWS,
        mine=[*drafts, *ROWS],
        recent=ROWS,
        alone=alone,
        standing=[(stands, True)] * 9,
        paused=True,
        shown=99,
    )
    assert_view(view)
    assert len(view["blocks"]) <= 100


def test_the_list_has_boxes_of_ten_and_the_others_one_by_one() -> None:
    rows = [replace(row, headline="x" * 300) for row in ROWS]
    alone = {row.id: "" if n < 15 else "it is high risk" for n, row in enumerate(rows)}
    drawn = lists.waiting(rows[:21], alone, shown=MOST)
    assert_message(drawn)
    assert [len(each["options"]) for each in ticks(drawn.blocks)] == [10, 5]
    seen = everything(drawn.blocks)
    assert seen.count("it is high risk") == 5
    assert "more characters" in seen, "a headline that is cut says so"
    odd = lists.waiting([replace(ROWS[0], headline="a\u202eb\nc")], {ROWS[0].id: ""}, shown=MOST)
    assert ticks(odd.blocks)[0]["options"][0]["text"]["text"] == "a\\u{202e}b⟨newline ×1⟩c"
    assert "There are more than these 20" in seen


def test_the_window_shows_each_whole_and_carries_the_version_it_shows() -> None:
    these = several(MOST)
    view = bulk.window([*map(Offered, these)])
    assert_view(view)
    assert view["title"]["text"] == "Decide 20 together"
    seen = everything(view["blocks"])
    for n, each in enumerate(these):
        assert each.now_version.headline in seen
        assert f"order_id  ord_{n}" in seen
        assert each.now_version.short_digest in seen
    carried = Selection.read(place(view["private_metadata"]).token)
    assert carried.shown == tuple((each.id, 1) for each in these)


def test_what_there_is_no_room_for_is_left_out_by_name_never_cut() -> None:
    """Each fits its card, and all of them not one window."""
    note = "\n".join("ü" * 60 for _ in range(30))
    these = several(MOST, note=note, iban="x")
    view = bulk.window([*map(Offered, these)])
    assert_view(view)
    assert len(json.dumps(view)) < 250_000
    shown = [request_id for request_id, _ in Selection.read(place(view["private_metadata"]).token).shown]
    seen = everything(view["blocks"])
    assert 0 < len(shown) < MOST
    assert view["title"]["text"] == f"Decide {len(shown)} together"
    assert seen.count(note) == len(shown)
    assert seen.count("There is no more room in this window") == MOST - len(shown)
    for each in these:
        assert each.now_version.headline in seen


def test_a_window_with_nothing_to_decide_has_no_button() -> None:
    (of,) = several(1)
    view = bulk.window([Offered(of, WrongMoment("This request is approved already.")), Offered(None, NotFound())])
    assert_view(view)
    assert "submit" not in view
    seen = everything(view["blocks"])
    for part in (of.now_version.headline, "This request is approved already.", "A request", "not yours to see"):
        assert part in seen


def test_what_came_of_it_names_what_counts_and_what_was_left_out() -> None:
    one, two = several(2)
    done = [
        Decided("Refund 50", one.but(state=State.APPROVED)),
        Decided("Refund 51", two, already=True),
        Decided("Refund 52", error=Denied("why")),
    ]
    seen = everything(bulk.outcome(done, {2: "It has changed."}, approve=True)["blocks"]).replace("\n", "")
    for part in (
        "2 requests approved, 1 left out",
        "Approved, about to run",
        "as you had said already",
        "It has changed.",
    ):
        assert part in seen
    assert "rejected" in everything(bulk.outcome(done, {2: "no"}, approve=False)["blocks"])
    none = bulk.outcome(done[2:], {0: "It has changed."}, approve=True)
    assert "Nothing is recorded, 1 left out" in everything(none["blocks"])


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (version(), ""),
        (version(risk=Risk.HIGH, fits=False), "it is high risk"),
        (
            version(args={"order_id": "ord_1", "amount": 1, "note": "a\u202eb"}, fits=False),
            "note has hidden characters",
        ),
        (version(action({"script": {}}), {"script": "x\n" * 9_000}, fits=False), "one card cannot show all of it"),
    ],
)
def test_why_one_is_decided_by_itself_is_told_as_exactly_as_may_be(of: Any, why: str) -> None:
    told = bulk.alone(request(of), BOB)
    assert told.startswith(why) if why else told == ""


def test_a_selection_reads_back_and_nothing_else_does() -> None:
    made = Selection((("a" * 32, 1), ("b" * 32, 12)))
    assert Selection.read(made.text) == made
    assert len(Selection(tuple((f"{n:032}", 999_999) for n in range(MOST))).text) < 3_000
    for wrong in ("", "s1.", "s1.abc", made.text + ",", made.text.replace("s1", "s2"), "v1.aaaaaaaa.1.bbbbbbbb"):
        with pytest.raises(NotFound):
            Selection.read(wrong)
