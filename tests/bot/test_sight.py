"""High and critical risk, approved within two seconds of the first look: asked once more, and then it counts."""

from pathlib import Path

import pytest

from bot.errors import TooSoon
from bot.moves import look, submit, vote
from bot.request import Actor, Asker, State
from bot.route import Surface
from bot.sight import CALM, Sight, hasty
from tests.bot.files import MONEY
from tests.bot.play import play, scenes
from tests.bot.room import ANA, FAY, FRED, T0, Room, open_room

SCENES = scenes("""
opened and approved at once: once more, and then it counts
    ana asks payout to=bob amount=60                → pending surface=review
    fay opens                                       → pending
    fay approves in review                          → refused too_soon
    fay approves in review                          → refused too_soon
    fay approves again in review                    → approved votes=1

just before two seconds is too soon
    ana asks payout to=bob amount=60                → pending
    fay opens                                       → pending
    +1s999ms                                        → pending
    fay approves in review                          → refused too_soon

two seconds are a look
    ana asks payout to=bob amount=60                → pending
    fay opens                                       → pending
    +2s                                             → pending
    fay approves in review                          → approved

it is the first look that counts, not the last
    ana asks payout to=bob amount=60                → pending
    fay opens                                       → pending
    +1m                                             → pending
    fay opens                                       → pending
    fay approves in review                          → approved

a look of somebody else is not one's own
    ana asks payout to=bob amount=60                → pending
    fred opens                                      → pending
    +1m                                             → pending
    fay opens                                       → pending
    fay approves in review                          → refused too_soon
    fred approves in review                         → approved

an edit is something else to look at
    ana asks payout to=bob amount=60                → pending
    fay opens                                       → pending
    +1m                                             → pending
    ana edits amount=61                             → pending version=2
    fay opens                                       → pending
    fay approves in review                          → refused too_soon
    +2s                                             → pending
    fay approves in review                          → approved

who says it is once more, and was never asked, is asked
    ana asks payout to=bob amount=60                → pending
    fay opens                                       → pending
    fay approves again in review                    → refused too_soon
    fay approves again in review                    → approved

critical too, each of the two, and only once the right word is typed
    ana asks close name=acme                        → pending surface=typed
    fay opens                                       → pending
    fay approves typing ACME                        → refused wrong_confirmation
    fay approves typing acme                        → refused too_soon
    fay approves again typing ACME                  → refused wrong_confirmation
    fay approves again typing acme                  → pending votes=1
    fred opens                                      → pending
    fred approves typing acme                       → refused too_soon
    fred approves again typing acme                 → approved

a rejection is not asked twice
    ana asks payout to=bob amount=60                → pending
    fay opens                                       → pending
    fay rejects because no                          → rejected

nobody is asked twice who may not decide
    ana asks payout to=bob amount=60                → pending
    dora opens                                      → pending
    dora approves in review                         → refused not_an_approver
    ana opens                                       → pending
    ana approves in review                          → refused is_maker

what a card cannot show, at medium risk, is not asked twice
    ana asks refund order=ord_1 amount=60           → pending surface=card
    fay opens                                       → pending
    fay approves in review                          → approved
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_second_looks(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, MONEY, rows)


@pytest.mark.parametrize(
    ("seen", "again", "asked"),
    [
        (None, False, True),
        (None, True, True),
        (Sight(T0), False, True),
        (Sight(T0), True, True),
        (Sight(T0, T0), False, True),
        (Sight(T0, T0), True, False),
        (Sight(T0 - CALM + 1), False, True),
        (Sight(T0 - CALM), False, False),
        (Sight(T0 + 5), False, True),  # by another replica's clock: asked once more
    ],
)
def test_when_it_is_asked_once_more(seen: Sight | None, again: bool, asked: bool) -> None:
    assert hasty(seen, T0, again=again) is asked


async def payout(room: Room, amount: int = 60) -> str:
    asker, actor = Asker(person=ANA), Actor("person", ANA, "form")
    return (await submit.typed(room.desk, asker, actor, "payout", {"to": "x", "amount": amount})).id


async def approves(room: Room, who: str, request_id: str, *, again: bool = False) -> State:
    actor = Actor("person", who, "review")
    return (await vote.approve(room.desk, actor, request_id, 1, Surface.REVIEW, again=again)).state


async def test_another_replica_and_a_restart_know_of_it(tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY) as one:
        request_id = await payout(one)
        await look.shown(one.desk, FAY, await one.request(request_id))
        async with open_room(tmp_path, MONEY, beside=one) as other:
            with pytest.raises(TooSoon, match="This is high risk, and you have only just opened it"):
                await approves(other, FAY, request_id)
        async with open_room(tmp_path, MONEY, beside=one) as after:
            assert await approves(after, FAY, request_id, again=True) is State.APPROVED


async def test_its_event_says_how_long_they_looked_and_that_they_were_asked(tmp_path: Path) -> None:
    async with open_room(tmp_path, MONEY) as room:
        quick, calm = await payout(room), await payout(room, 61)
        await look.shown(room.desk, FAY, await room.request(quick))
        room.clock.now += 700
        with pytest.raises(TooSoon):
            await approves(room, FAY, quick)
        room.clock.now += 500
        await approves(room, FAY, quick, again=True)
        detail = (await room.events(quick))[-1]["detail"]
        assert isinstance(detail, dict)
        assert (detail["looked"], detail["asked_again"]) == (1200, True)
        assert [line["detail"] for line in await room.events(quick) if line["type"] == "refused"] == [
            {"code": "too_soon"}
        ]

        await look.shown(room.desk, FRED, await room.request(calm))
        room.clock.now += 60_000
        await approves(room, FRED, calm)
        told = (await room.events(calm))[-1]["detail"]
        assert isinstance(told, dict)
        assert told["looked"] == 60_000
        assert "asked_again" not in told


async def test_what_was_approved_unseen_is_looked_at_first(tmp_path: Path) -> None:
    """No sight is known: the window was opened by an older Signoff, or the database was put back."""
    async with open_room(tmp_path, MONEY) as room:
        request_id = await payout(room)
        with pytest.raises(TooSoon):
            await approves(room, FAY, request_id)
        assert await approves(room, FAY, request_id, again=True) is State.APPROVED
