"""Several at once: each by itself through the one door, as it was shown; what changed meanwhile is left out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.bulk import MOST, by_itself
from bot.catalogue import Risk
from bot.errors import BadInput, IsMaker, NeedsReview, NotAMember, NotAnApprover, NotFound, Superseded, Unconfirmed
from bot.moves import bulk, edit, submit, vote
from bot.moves.bulk import Decided, Shown
from bot.request import Actor, Asker, Draft, EffectKind, Plan, Request, State
from bot.route import Surface
from tests import build
from tests.bot.files import MONEY
from tests.bot.room import ANA, ART, DORA, FAY, FLO, FRED, GUS, WALT, Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, MONEY) as made:
        yield made


def by(who: str, via: str = "bulk") -> Actor:
    return Actor("person", who, via)


async def ask(room: Room, number: int, *, who: str = ANA, action: str = "refund", **args: Any) -> Request:
    given = args or {"order": f"ord_{number}", "amount": 60}
    return await submit.typed(room.desk, Asker(person=who), by(who, "form"), action, given)


async def several(room: Room, number: int) -> list[Request]:
    """Of two requesters where they are many: one may have twenty open."""
    return [await ask(room, each, who=ANA if each < 20 else ART) for each in range(number)]


def shown(requests: Sequence[Request]) -> list[Shown]:
    return [Shown(each.id, each.now_version.number) for each in requests]


async def decide(
    room: Room, who: str, these: Sequence[Request], *, approve: bool = True, reason: str = ""
) -> tuple[Decided, ...]:
    return await bulk.decide(room.desk, by(who), shown(these), approve=approve, reason=reason)


async def states(room: Room, these: Sequence[Request]) -> list[str]:
    return [(await room.request(each.id)).state.value for each in these]


def why(done: Sequence[Decided]) -> list[type[BaseException] | None]:
    return [type(each.error) if each.error else None for each in done]


async def test_each_is_decided_and_recorded_by_itself(room: Room) -> None:
    these = await several(room, 3)
    done = await decide(room, FAY, these, reason=" month's end ")
    assert why(done) == [None] * 3
    assert await states(room, these) == ["approved"] * 3
    marks = set()
    for each in these:
        now = await room.request(each.id)
        (vote_given,) = now.votes
        assert (vote_given.person, vote_given.version, vote_given.via) == (FAY, 1, "bulk")
        assert vote_given.reason == "month's end"
        assert vote_given.digest == now.now_version.digest
        event: Any = (await room.events(each.id))[-1]
        assert event["actor"]["via"] == "bulk"
        assert event["detail"]["exception"] == "bulk"
        marks.add(event["detail"]["bulk"])
    assert len(marks) == 1, "an auditor sees which were decided together"


async def test_rejecting_wants_the_reason_and_gives_it_to_each(room: Room) -> None:
    these = await several(room, 2)
    with pytest.raises(BadInput, match="say why"):
        await decide(room, FAY, these, approve=False, reason="  ")
    assert await states(room, these) == ["pending"] * 2
    await decide(room, FAY, these, approve=False, reason="not this week")
    assert await states(room, these) == ["rejected"] * 2
    assert {(await room.request(each.id)).reason for each in these} == {"not this week"}


async def test_one_that_changed_was_decided_or_is_another_s_to_decide_is_left_out(room: Room) -> None:
    stale, gone, good, own = *(await several(room, 3)), await ask(room, 9, who=FAY)
    high = await ask(room, 0, action="payout", to="bob", amount=60)
    await edit.edit(room.desk, by(ANA, "form"), stale.id, 1, {"amount": 61})
    await vote.reject(room.desk, by(FRED, "card"), gone.id, 1, "no")
    done = await decide(room, FAY, [stale, gone, good, own, high])
    assert [each.headline for each in done] == [
        *("Refund 60 for ord_0", "Refund 60 for ord_1", "Refund 60 for ord_2", "Refund 60 for ord_9", "Pay 60 to bob")
    ]
    assert [str(each.error) if each.error else "" for each in done] == [
        "That was version 1; version 2 is the one to decide on now.",
        "This request was rejected already.",
        "",
        "You are on the requester's side of this request, so somebody else must decide it.",
        "It is decided by itself, because it is high risk.",
    ]
    assert await states(room, [stale, gone, good, own, high]) == [
        "pending",
        "rejected",
        "approved",
        "pending",
        "pending",
    ]
    refusals = [line for line in await room.events(high.id) if line["type"] == "refused"]
    assert [line["detail"] for line in refusals] == [{"code": "needs_review"}]


async def test_all_of_them_may_be_refused(room: Room) -> None:
    these = await several(room, 3)
    for who, refused in ((ANA, IsMaker), (WALT, NotAnApprover), (GUS, NotAMember), (DORA, NotAnApprover)):
        assert why(await decide(room, who, these)) == [refused] * 3
    room.people.silent = True
    assert why(await decide(room, FAY, these)) == [Unconfirmed] * 3
    assert await states(room, these) == ["pending"] * 3


async def test_who_is_no_longer_entitled_to_one_of_them_decides_the_others(room: Room) -> None:
    finance, both = await ask(room, 1), await ask(room, 2, action="refund", order="ord_2", amount=1000)
    room.people.take_out("S0FINANCE", FAY)
    assert why(await decide(room, FAY, [finance, both])) == [NotAnApprover] * 2
    room.people.put_in("S0FINANCE", FAY)
    first = await ask(room, 3, action="refund", order="ord_3", amount=777)  # the leads: Fay is one of them
    room.people.take_out("S0LEADS", FAY)
    assert why(await decide(room, FAY, [finance, first, both])) == [None, NotAnApprover, None]


async def test_the_same_press_twice_decides_nothing_twice(room: Room, tmp_path: Path) -> None:
    """Two replicas, each given the same click: one of them records it, and both say that it counts."""
    these = await several(room, 5)
    async with open_room(tmp_path, MONEY, beside=room) as other:
        one, two = await asyncio.gather(decide(room, FAY, these), decide(other, FAY, these))
    assert why(one) == why(two) == [None] * 5
    assert sorted([each.already for each in one] + [each.already for each in two]) == [False] * 5 + [True] * 5
    for each in these:
        now = await room.request(each.id)
        assert len(now.votes) == 1
        assert [line["type"] for line in await room.events(each.id)].count("vote") == 1
    await room.deliver(EffectKind.RUN)
    assert len(room.target.calls) == 5


async def test_the_other_word_said_later_is_not_theirs_already(room: Room) -> None:
    these = await several(room, 1)
    await decide(room, FAY, these)
    done = await decide(room, FAY, these, approve=False, reason="I think again")
    assert not done[0].already
    assert "is approved already" in str(done[0].error)


async def test_a_stage_passes_and_the_next_one_still_asks(room: Room) -> None:
    large = [await ask(room, each, action="refund", order=f"ord_{each}", amount=5000) for each in range(2)]
    await decide(room, FAY, large)
    await decide(room, FRED, large)
    assert [(await room.request(each.id)).stage for each in large] == [1, 1]
    assert why(await decide(room, FLO, large)) == [NotAnApprover] * 2
    await decide(room, DORA, large)
    assert await states(room, large) == ["approved"] * 2


async def test_at_most_so_many_at_once(room: Room) -> None:
    these = await several(room, MOST + 1)
    with pytest.raises(BadInput, match=f"pick 1 to {MOST} requests to decide together; these are {MOST + 1}"):
        await decide(room, FAY, these)
    for nothing in (bulk.decide(room.desk, by(FAY), [], approve=True, reason=""), bulk.offered(room.desk, by(FAY), [])):
        with pytest.raises(BadInput, match="these are 0"):
            await nothing
    assert set(await states(room, these)) == {"pending"}
    done = await decide(room, FAY, [*these[:MOST], *these[:MOST]])  # each once, however often it was picked
    assert len(done) == MOST
    assert await states(room, these) == ["approved"] * MOST + ["pending"]


async def test_siblings_of_a_batch_are_picked_one_by_one(room: Room) -> None:
    five = tuple(Draft("ready", "refund", {"order": f"ord_{at}", "amount": 60}, Plan("model", 0.99)) for at in range(5))
    room.reader.drafts["five refunds"] = five
    words = await submit.words(room.desk, Asker(person=ANA), by(ANA, "command"), "five refunds")
    await room.deliver(EffectKind.PLAN)
    batch = (await room.request(words.id)).batch
    assert batch is not None
    siblings = [await room.request(each) for each in await room.store.batch_of(batch)]
    assert {each.state for each in siblings} == {State.PENDING}
    await decide(room, FAY, siblings[1:3])
    assert await states(room, siblings) == ["pending", "approved", "approved", "pending", "pending"]


async def test_offered_is_what_may_be_decided_and_why_the_others_are_not(room: Room) -> None:
    good, high = await ask(room, 1), await ask(room, 2, action="payout", to="bob", amount=60)
    own, old = await ask(room, 3, who=FAY), await ask(room, 4)
    await edit.edit(room.desk, by(ANA, "form"), old.id, 1, {"amount": 70})
    found = await bulk.offered(room.desk, by(FAY), [good.id, high.id, own.id, old.id, "no-such-request"])
    assert [type(each.refusal) if each.refusal else None for each in found] == [
        None,
        NeedsReview,
        IsMaker,
        None,
        NotFound,
    ]
    assert [each.request.now_version.number if each.request else 0 for each in found] == [1, 1, 1, 2, 0]
    strangers = await bulk.offered(room.desk, by(WALT), [good.id])
    assert strangers[0].request is None, "to whoever may not look it does not exist"
    assert isinstance(strangers[0].refusal, NotFound)


async def test_an_editor_decides_what_they_wrote_by_itself(room: Room) -> None:
    request = await ask(room, 1)
    changed = await edit.edit(room.desk, by(FAY, "form"), request.id, 1, {"amount": 70})
    done = await decide(room, FAY, [changed])
    assert "because you wrote this version" in str(done[0].error)
    assert (await vote.approve(room.desk, by(FAY, "card"), changed.id, 2, Surface.CARD)).state is State.APPROVED


async def test_the_requester_confirms_their_own_by_itself(room: Room) -> None:
    own = await ask(room, 1, who=ART, action="charge", order="ord_1", amount=555)
    done = await decide(room, ART, [own])
    assert "because you are on its requester's side" in str(done[0].error)


def test_what_is_decided_by_itself() -> None:
    plain = build.version()
    looks = replace(build.REFUND, preview={"kind": "caller"})
    ways = {
        None: (plain, build.previewed(plain, "would refund"), build.version(risk=Risk.LOW)),
        "it is high risk": (build.version(risk=Risk.HIGH),),
        "it is critical risk": (build.version(risk=Risk.CRITICAL, fits=False),),
        "something must be typed to approve it": (build.reviewed(plain, Surface.TYPED),),
        "one card cannot show all of it, or something in it may deceive the eye": (build.version(fits=False),),
        "it is approved in Review": (build.reviewed(plain),),
        "there is no preview of what it would do": (build.version(looks), build.previewed(plain, "no", ok=False)),
    }
    for wanted, versions in ways.items():
        for each in versions:
            assert by_itself(build.request(each), build.BOB) == wanted
    assert by_itself(build.request(plain), build.ALICE) == "you are on its requester's side"


async def test_high_is_not_rejected_among_others_either(room: Room) -> None:
    high = await ask(room, 1, action="payout", to="bob", amount=60)
    assert why(await decide(room, FAY, [high], approve=False, reason="no")) == [NeedsReview]


async def test_one_whose_risk_was_raised_between_is_left_out(room: Room) -> None:
    good, raised = await several(room, 2)
    found = await bulk.offered(room.desk, by(FAY), [good.id, raised.id])
    picked = [each.request for each in found if each.request]
    await edit.edit(room.desk, by(ANA, "form"), raised.id, 1, {"amount": 20001})
    assert why(await decide(room, FAY, picked)) == [None, Superseded]
