"""Standing approvals kept: given, counted in the transaction that saves what they allow, ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot import machine
from bot.ports import Arrange, Arranged, Moment
from bot.request import Asker, Event, Request, Step
from bot.route import Route, StandingUse, Verdict
from bot.standing import Bound, NoLongerStands, StandingApproval
from store import SqlStore
from tests.store.conftest import Database, Hand
from tests.store.values import ALICE, BOB, NOW, blank, person, submit, version

HOUR = 3_600_000
ID = "5a" * 16
USE = Route(Verdict.ALLOW, f"standing approval by {BOB}", standing=StandingUse(ID, BOB, "finance looks"))
GIVEN = StandingApproval(
    id=ID,
    action="refund_payment",
    asker=Asker(ALICE, "ci", "U0OWNER", "U0OTHER"),
    by=BOB,
    given_at=NOW,
    until=NOW + HOUR,
    uses=2,
    bounds=(Bound("amount", least=-2.5, most=60), Bound("order", exactly="ord_81"), Bound("note"), Bound("on", True)),
    definition="d" * 64,
    groups=("directors", "finance"),
    request_id="req_1",
    version=1,
)


def arranged(approval: StandingApproval) -> Arrange:
    def decide(_: tuple[StandingApproval, ...], moment: Moment) -> Arranged:
        return Arranged(approval, Event("standing_given", approval.request_id, person(BOB), moment.now))

    return decide


@pytest.fixture
async def kept(store: SqlStore) -> SqlStore:
    await store.transact([], submit("req_1"))
    await store.arrange(arranged(GIVEN))
    return store


async def test_it_comes_back_as_it_was_given(kept: SqlStore, database: Database) -> None:
    assert await kept.standing_approval(ID) == GIVEN
    assert await kept.standing_approvals() == (GIVEN,)
    assert await kept.standing_approval("nonsense") is None
    async with database.open() as again:
        assert await again.standing_approvals() == (GIVEN,)
    assert [event.type for event in await kept.story("req_1")] == ["send", "standing_given"]


async def test_saving_what_it_allows_counts_a_use_until_there_is_none(kept: SqlStore) -> None:
    for left in (1, 0):
        await kept.transact([], submit(f"req_a{left}", version(f"req_a{left}", by=USE)))
        found = await kept.standing_approval(ID)
        assert found is not None
        assert found.left == left
    assert await kept.standing_approvals() == ()
    with pytest.raises(NoLongerStands, match="used up"):
        await kept.transact([], submit("req_b", version("req_b", by=USE)))
    assert await kept.load("req_b") is None
    assert await kept.story("req_b") == ()


async def test_what_is_not_saved_counts_nothing(kept: SqlStore) -> None:
    """Three in one transaction, where two are left: none of them is kept, and none counts."""

    def three(_: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        names = ("req_a", "req_b", "req_c")
        return [
            machine.sent(blank(name), version(name, by=USE), person(ALICE, "command"), moment, fresh=True)
            for name in names
        ]

    with pytest.raises(NoLongerStands):
        await kept.transact([], three)
    assert await kept.standing_approval(ID) == GIVEN
    assert [row.id for row in await kept.recent(9)] == ["req_1"]


async def test_many_at_once_count_each_their_own(kept: SqlStore) -> None:
    moves = [kept.transact([], submit(f"req_{n:02}", version(f"req_{n:02}", by=USE))) for n in range(12)]
    made = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(each, NoLongerStands) for each in made) == 10
    assert len(await kept.recent(20)) == 3


@pytest.mark.parametrize("how", ["time", "end", "unknown"])
async def test_one_that_no_longer_stands_allows_nothing(kept: SqlStore, clock: Hand, how: str) -> None:
    use = USE
    if how == "time":
        clock.now += HOUR
    elif how == "end":
        await kept.arrange(arranged(GIVEN.ended(BOB, NOW)))
    else:
        use = replace(USE, standing=StandingUse("nonsense", BOB, "finance looks"))
    assert len(await kept.standing_approvals()) == (how == "unknown")
    with pytest.raises(NoLongerStands):
        await kept.transact([], submit("req_a", version("req_a", by=use)))
    assert await kept.load("req_a") is None


async def test_what_decide_refuses_is_not_kept(kept: SqlStore) -> None:
    def refuses(standing_now: tuple[StandingApproval, ...], moment: Moment) -> Arranged:
        assert standing_now == (GIVEN,)
        assert moment.now == NOW
        raise LookupError("no")

    with pytest.raises(LookupError):
        await kept.arrange(refuses)
    assert await kept.standing_approvals() == (GIVEN,)
    assert len(await kept.story("req_1")) == 2


async def test_the_one_that_ends_first_comes_first(kept: SqlStore) -> None:
    sooner = replace(GIVEN, id="6b" * 16, until=NOW + 1)
    await kept.arrange(arranged(sooner))
    assert await kept.standing_approvals() == (sooner, GIVEN)
