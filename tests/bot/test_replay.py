"""Past requests through a changed file: what it would have said, and what that would have saved or added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.catalogue import Risk
from bot.moves import submit
from bot.replay import Answer, Change, Past, Replayed, Tally, basis_of, renewed, replayed
from bot.request import Actor, Asker
from bot.route import Verdict
from handlers.config import Book
from store.past import open_archive
from tests.bot.files import MONEY
from tests.bot.play import Play
from tests.bot.room import HEAD, KEY, MINUTE, Room, in_force_of, open_room, read_file


@dataclass(frozen=True, slots=True)
class Told:
    """What a replay of a small past told."""

    each: tuple[Replayed, ...]
    tally: Tally

    @property
    def changes(self) -> list[str]:
        return [made.change.value for made in self.each]


async def past_of(made: Room, size: int = 2) -> list[Past]:
    """Everything in the database, read in pages of few, so that versions meet their page's end."""
    async with open_archive(made.url, key=KEY) as archive:
        pages = [page async for page in archive.pages(size)]
        assert await archive.count() == sum(page.requests for page in pages)
    return [past for page in pages for past in page.versions]


async def told(folder: Path, rows: Sequence[str], *changes: tuple[str, str]) -> Told:
    """The rows played on the file as it is, then replayed through the changed one."""
    async with open_room(folder, MONEY) as made:
        stage = Play(made, folder, HEAD + MONEY)
        for number, row in enumerate(rows, 1):
            await stage.row(number, row)
        past = await past_of(made)
    return through(past, changed(folder, *changes))


def changed(folder: Path, *changes: tuple[str, str]) -> Book:
    text = HEAD + MONEY
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return read_file(folder, text)


def through(past: Sequence[Past], book: Book) -> Told:
    tally = Tally()
    found = [tally.add(each, book.catalogue, book.policy) for each in past]
    return Told(tuple(each for each in found if each is not None), tally)


SMALL = ("action == 'refund' && args.amount < 50\"", "action == 'refund' && args.amount < 100\"")
OTHERWISE = "asked differently"
EVERYTHING = (
    "ana asks refund order=ord_1 amount=20 → approved",
    "ana asks refund order=ord_2 amount=60 → pending",
    "+12m",
    "fay approves → approved",
    "art asks refund order=ord_3 amount=70 → pending",
    "+3m",
    "fred rejects because no → rejected",
    "ana asks refund order=ord_4 amount=80 → pending",
    "ana cancels → cancelled",
    "ana asks refund order=ord_5 amount=6000 → pending",
    "ana asks refund order=ord_6 amount=60000 → refused denied",
    "ana asks payout to=acme amount=5 → pending",
    "ana asks label order=ord_1 text=hi → approved",
)


async def test_through_the_same_file_nothing_changes(tmp_path: Path) -> None:
    found = await told(tmp_path, EVERYTHING)
    assert set(found.changes) == {"same"}
    assert len(found.changes) == 8
    assert (found.tally.cards_saved, found.tally.cards_added, found.tally.saved, found.tally.unknown) == (0, 0, 0, 0)
    assert found.tally.wait_added == 0


async def test_what_is_stored_says_what_people_decided_and_how_long_it_took(tmp_path: Path) -> None:
    found = await told(tmp_path, EVERYTHING)
    assert [(each.past.answer, each.past.waited) for each in found.each] == [
        (Answer.UNASKED, None),
        (Answer.APPROVED, 12 * MINUTE),
        (Answer.REJECTED, 3 * MINUTE),
        (Answer.CANCELLED, 0),
        (Answer.WAITING, None),
        (Answer.UNASKED, None),
        (Answer.WAITING, None),
        (Answer.UNASKED, None),
    ]
    assert found.each[1].past.approved_by == ("U0FAY",)
    assert found.each[2].past.rejected_by == ("U0FRED",)


async def test_a_larger_allowance_saves_cards_and_waiting(tmp_path: Path) -> None:
    found = await told(tmp_path, EVERYTHING, SMALL)
    assert found.changes == ["same", "now allowed", "now allowed", "now allowed", "same", "same", "same", "same"]
    assert (found.tally.cards_saved, found.tally.saved) == (3, 15 * MINUTE)
    assert found.tally.answers[Change.ALLOWED, Answer.REJECTED] == 1
    assert found.tally.cards_added == 0


async def test_a_smaller_allowance_adds_cards_and_the_usual_wait_of_the_action(tmp_path: Path) -> None:
    found = await told(tmp_path, EVERYTHING, (SMALL[0], SMALL[0].replace("50", "5")))
    assert found.changes == ["now asked", *["same"] * 7]
    assert (found.tally.cards_added, found.tally.wait_added) == (1, 7.5 * MINUTE)


async def test_without_any_wait_nothing_is_estimated(tmp_path: Path) -> None:
    low = ("    risk: low\n", "    risk: medium\n")
    found = await told(tmp_path, EVERYTHING[-1:], low)
    assert found.changes == ["now asked"]
    assert found.tally.wait_added is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("args.amount > 50000", "args.amount > 5000"), {4: "now denied"}),
        (("args.amount > 50000", "args.amount > 500000"), {5: "now asked"}),
        (("approvals: 2}], rejects: 2", "approvals: 3}], rejects: 2"), {4: OTHERWISE}),
        (("amount > 20000\", to: high", "amount > 50\", to: high"), dict.fromkeys(range(1, 5), OTHERWISE)),
        (("    risk: low\n", "    risk: high\n"), {7: "now asked"}),
        (("  payout:\n", "  payouts:\n"), {6: "now denied"}),
        (("expires: 4h\n    - name: both", "expires: 3h\n    - name: both"), {}),
    ],
)  # fmt: skip
async def test_each_kind_of_change_is_told_for_what_it_touches(
    tmp_path: Path, change: tuple[str, str], expected: dict[int, str]
) -> None:
    found = await told(tmp_path, EVERYTHING, change)
    assert {at: each for at, each in enumerate(found.changes) if each != "same"} == expected


EDITED = (
    "ana asks refund order=ord_1 amount=60 → pending",
    "+2m",
    "ana edits amount=70 → pending version=2",
    "+5m",
    "fay approves → approved",
)


async def test_what_would_have_been_allowed_would_never_have_been_edited(tmp_path: Path) -> None:
    found = await told(tmp_path, EDITED, SMALL)
    assert [(each.past.number, each.past.answer, each.change.value) for each in found.each] == [
        (1, Answer.EDITED, "now allowed"),
        (2, Answer.APPROVED, "never made"),
    ]
    assert (found.tally.cards_saved, found.tally.saved) == (2, 7 * MINUTE)


async def test_an_edited_version_that_would_be_allowed_still_takes_one_approval(tmp_path: Path) -> None:
    rows = ("ana asks refund order=ord_1 amount=120 → pending", *EDITED[1:])
    found = await told(tmp_path, rows, SMALL)
    assert found.changes == ["same", "same"]
    assert found.each[1].route.verdict is Verdict.ASK
    assert found.tally.cards_saved == 0


async def test_an_edit_that_would_be_denied_leaves_its_first_version_waiting(tmp_path: Path) -> None:
    rows = ("ana asks refund order=ord_1 amount=60 → pending", "ana edits amount=6000 → pending version=2")
    found = await told(tmp_path, rows, ("args.amount > 50000", "args.amount > 5000"))
    assert found.changes == ["same", "now denied"]
    assert found.tally.cards_saved == 0


async def test_groups_history_and_time_are_those_stored(tmp_path: Path) -> None:
    """The third within an hour, by a member of leads; an hour later, no longer a member, it is replayed as it was."""
    rows = (
        *(f"fay asks charge order=o{n} amount=60 → pending" for n in range(3)),
        "fay leaves S0LEADS",
        "+3h",
        "fay asks charge order=o9 amount=60 → pending",
    )
    rule = "- {name: often, when: \"action == 'charge' && history.last_hour >= 2 && 'leads' in requester.groups && now < timestamp('2026-05-29T00:00:00Z')\", then: deny}\n    - name: cheap charges"  # noqa: E501 - one line of the file
    found = await told(tmp_path, rows, ("- name: cheap charges", rule))
    assert found.changes == ["same", "same", "now denied", "same"]


async def test_an_agent_is_replayed_as_an_agent(tmp_path: Path) -> None:
    rows = ("agent asks charge order=a amount=60 → pending", "ana asks charge order=b amount=60 → pending")
    rule = "- {name: no agents, when: \"requester.kind == 'agent' && requester.client == 'ci'\", then: deny}\n    - name: cheap charges"  # noqa: E501 - one line of the file
    found = await told(tmp_path, rows, ("- name: cheap charges", rule))
    assert found.changes == ["now denied", "same"]


async def test_a_draft_is_no_decision(tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY) as made:
        from_words = await _draft(made)
        assert from_words
        assert await past_of(made) == []


async def _draft(made: Room) -> str:
    asker = Asker(person="U0ANA")
    return (await submit.words(made.desk, asker, Actor("person", "U0ANA", "command"), "please refund me")).id


async def test_sensitive_values_are_not_in_the_past_and_stay_absent(tmp_path: Path) -> None:
    rows = ("ana asks refund order=ord_1 amount=60 iban=DE44-canary → pending",)
    async with open_room(tmp_path, MONEY) as made:
        stage = Play(made, tmp_path, HEAD + MONEY)
        await stage.row(1, rows[0])
        (past,) = await past_of(made)
        book = changed(tmp_path, ("iban: {type: string, x-sensitive: true}", "iban: {type: string, default: none}"))
        assert "canary" not in repr(past)
        basis = renewed(basis_of(past.basis), past.action, in_force_of(book).catalogue.action("refund"))
        assert "iban" not in basis.args  # what was given is not known, so its default is not taken for it


async def test_what_is_sensitive_now_takes_no_part(tmp_path: Path) -> None:
    rows = ("ana asks refund order=ord_1 amount=60 note=canary → pending",)
    hide = ("note: {type: string, maxLength: 200}", "note: {type: string, maxLength: 200, x-sensitive: true}")
    async with open_room(tmp_path, MONEY) as made:
        stage = Play(made, tmp_path, HEAD + MONEY)
        await stage.row(1, rows[0])
        (past,) = await past_of(made)
    action = changed(tmp_path, hide).catalogue.action("refund")
    assert renewed(basis_of(past.basis), past.action, action).args == {"order": "ord_1", "amount": 60}


async def test_a_basis_that_was_not_stored_is_counted_and_left_out(tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY) as made:
        stage = Play(made, tmp_path, HEAD + MONEY)
        await stage.row(1, "ana asks refund order=ord_1 amount=60 → pending")
        (past,) = await past_of(made)
    book = changed(tmp_path)
    found = through([replace(past, basis={"action": "refund"})], book)
    assert (found.each, found.tally.unknown, found.tally.versions) == ((), 1, 1)
    with pytest.raises(ValueError, match="args is missing"):
        replayed(replace(past, basis={"action": "refund"}), book.catalogue, book.policy)
    assert past.risk is Risk.MEDIUM
