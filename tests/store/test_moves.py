"""Load, decide, save: one durable transaction, all of it or nothing."""

import asyncio
import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import machine
from bot.errors import AlreadyVoted, NotFound, Problem
from bot.glass import Break, Looked
from bot.outcome import Ending
from bot.ports import Moment
from bot.request import (
    BOT,
    Asker,
    Attempt,
    Draft,
    Effect,
    EffectKind,
    Event,
    Fired,
    Plan,
    Preview,
    Remark,
    Request,
    State,
    Step,
    Vote,
)
from store import SqlStore, StoreError, open_store
from tests.store.conftest import Database, Hand
from tests.store.values import (
    ALICE,
    BOB,
    CAROL,
    CLAIM,
    KEY,
    NOW,
    approve,
    blank,
    finish,
    on_one,
    person,
    reject,
    route,
    submit,
    version,
)

EVERY_KIND = list(EffectKind)


def stored(request: Request) -> Any:
    """A decision that stores a request just as it is, with one event."""
    event = Event("note", request.id, BOT, NOW)
    return lambda requests, moment: [Step(request, (event,))]


def full(request_id: str = "req_full") -> Request:
    """A request with a value of its own in every field."""
    current = replace(
        version(request_id, 2, token="s3cret"),
        preview=Preview(ok=False, text="it would refund 50", at=NOW + 3),
        fits=False,
        editor=CAROL,
        editor_may_approve=True,
    )
    return Request(
        id=request_id,
        state=State.PENDING,
        asker=Asker(person=ALICE, client="cli_1", owner=BOB, acts_for=CAROL),
        via="api",
        made_at=NOW + 1,
        expires_at=NOW + 2,
        words="refund it\ud800\0, please 💶",
        draft=Draft(
            "incomplete", "refund_payment", {"order": "ord_1"}, Plan("model", 0.5, ("a",)), (Problem("a", "b"),), "n"
        ),
        version=current,
        stage=0,
        stage_at=NOW + 4,
        votes=(Vote(2, 0, BOB, True, NOW + 5, current.digest, (0, 1), "fine", "review"),),
        fired=(
            Fired(2, 0, "remind", 0, 0, NOW + 6),
            Fired(2, 0, "remind", 1, 0, NOW + 7, (BOB, CAROL)),
        ),
        remarks=(Remark("question", BOB, "why?", NOW + 8), Remark("answer", ALICE, "late", NOW + 9)),
        held=(NOW + 10, NOW + 11),
        approved_at=NOW + 12,
        run_by=NOW + 13,
        waits_for_release=True,
        released_at=NOW + 14,
        again_by=CAROL,
        attempts=(
            Attempt(1, NOW + 15, NOW + 16, NOW + 17, Ending.UNKNOWN, "lost", {"list": [1, 2.5, None, "ü"]}, "half"),
            Attempt(2, NOW + 18, NOW + 19, result=False),
        ),
        breaks=(
            Break(
                1,
                "d" * 64,
                ALICE,
                "the shop is down",
                NOW + 21,
                NOW + 22,
                (BOB, CAROL),
                3,
                NOW + 23,
                (Looked(BOB, False, "which shop?", NOW + 24), Looked(CAROL, True, "ours", NOW + 25)),
            ),
            Break(2, current.digest, CAROL, "and once more", NOW + 26, NOW + 27),
        ),
        closed_at=NOW + 20,
        reason="because",
        batch="bat_1",
        undo_of="req_0",
        undone_by="req_9",
        context={"ticket": 7, "nested": {"a": [True]}},
        fingerprint="f" * 64,
    )


async def test_every_field_of_a_request_comes_back(store: SqlStore) -> None:
    request = full()
    plainest = blank("req_plain")
    for each in fields(Request):
        if each.name not in ("id", "state", "stage", "revision"):  # the open stage of the route here is its first
            assert getattr(request, each.name) != getattr(plainest, each.name), f"{each.name} is not tried here"
    await store.transact([], stored(request))
    assert await store.load("req_full") == request.but(revision=1)


async def test_a_change_of_any_field_is_stored(store: SqlStore) -> None:
    request = full()
    await store.transact([], stored(blank("req_full")))
    await store.transact(["req_full"], stored(request.but(revision=1)))
    assert await store.load("req_full") == request.but(revision=2)
    bare = request.but(draft=None, held=None, run_by=None, waits_for_release=False, reason="", context={}, revision=2)
    await store.transact(["req_full"], stored(bare))
    assert await store.load("req_full") == bare.but(revision=3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ANYTHING = st.text(st.characters(codec=None, categories=None))  # lone surrogates and NULs too


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=ANYTHING, args=JSON, result=JSON)
async def test_whatever_people_and_targets_say_comes_back(
    store: SqlStore, words: str, args: object, result: object
) -> None:
    request_id = f"req_{store.stirs}"  # grows with each commit
    draft = Draft(args={"value": args}, note=words)
    attempt = Attempt(1, NOW, NOW + 1, result=result, summary=words)
    request = blank(request_id, words=words, draft=draft, attempts=(attempt,), reason=words)
    await store.transact([], stored(request))
    loaded = await store.load(request_id)
    assert loaded is not None
    assert (loaded.words, loaded.draft, loaded.attempts[0].result) == (words, draft, result)
    for text in (loaded.reason, loaded.attempts[0].summary):  # a TEXT column: what it cannot hold is shown as such
        assert text == words.replace("\0", "␀").encode("utf-8", "replace").decode()


async def test_a_request_goes_its_whole_way(store: SqlStore, clock: Hand) -> None:
    (sent,) = await store.transact([], submit("req_1", version("req_1", by=route(approvals=2))))
    assert (sent.request.revision, sent.request.state) == (1, State.PENDING)
    for who in (BOB, CAROL):
        clock.now += 1
        (voted,) = await store.transact(["req_1"], approve(who))
    assert (voted.request.revision, voted.request.state) == (3, State.APPROVED)
    await store.transact(["req_1"], CLAIM)
    (done,) = await store.transact(["req_1"], finish({"refund": "re_1"}))
    assert await store.load("req_1") == done.request
    assert [vote.person for vote in done.request.votes] == [BOB, CAROL]
    assert done.request.attempts[0].result == {"refund": "re_1"}


async def test_an_edit_leaves_the_votes_of_the_version_before_behind(store: SqlStore) -> None:
    await store.transact([], submit("req_1", version("req_1", by=route(approvals=2))))
    await store.transact(["req_1"], approve(BOB))
    second = version("req_1", 2, by=route(approvals=2), amount=40)
    await store.transact(
        ["req_1"], on_one(lambda request, moment: machine.edited(request, second, person(ALICE), moment))
    )
    loaded = await store.load("req_1")
    assert loaded is not None
    assert (loaded.now_version.args["amount"], loaded.votes, loaded.revision) == (40, (), 3)
    assert await store.versions("req_1") == (version("req_1", by=route(approvals=2)), second)
    (voted,) = await store.transact(["req_1"], approve(BOB))  # the same person, on the next version
    assert [vote.version for vote in voted.request.votes] == [2]


async def test_a_preview_changes_a_version_and_nothing_else_of_it(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))
    preview = Preview(ok=True, text="3 rows", at=NOW)
    await store.transact(["req_1"], on_one(lambda request, moment: machine.previewed(request, preview, moment)))
    loaded = await store.load("req_1")
    assert loaded is not None
    assert loaded.version == replace(version("req_1"), preview=preview)

    def other_bytes(requests: tuple[Request, ...], _: Moment) -> Sequence[Step]:
        return [Step(requests[0].but(version=version("req_1", amount=99)), ())]

    with pytest.raises(StoreError, match="version 1 of request req_1 is fixed"):
        await store.transact(["req_1"], other_bytes)


async def test_requests_are_given_in_the_order_asked_and_saved_together(store: SqlStore) -> None:
    for each in ("req_1", "req_2", "req_3"):
        await store.transact([], submit(each))
    seen: list[str] = []

    def cancel_all(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        seen.extend(request.id for request in requests)
        return [machine.cancelled(request, person(ALICE), moment) for request in requests]

    await store.transact(["req_3", "req_1", "req_2"], cancel_all)
    assert seen == ["req_3", "req_1", "req_2"]
    assert {row.state for row in await store.recent(9)} == {"cancelled"}


async def test_siblings_are_made_in_one_move_and_found_in_their_order(store: SqlStore) -> None:
    def siblings(_: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        asker = Asker(person=ALICE)
        return [
            machine.received(each, asker, person(ALICE), "words", moment, batch="bat_1")
            for each in ("req_z", "req_a", "req_m")
        ]

    await store.transact([], siblings)
    assert await store.batch_of("bat_1") == ("req_z", "req_a", "req_m")
    assert await store.batch_of("bat_2") == ()


async def test_two_steps_of_one_request_in_a_move_follow_each_other(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))

    def twice(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        first = machine.remarked(requests[0], Remark("comment", BOB, "one", NOW), person(BOB), moment)
        second = machine.remarked(first.request, Remark("comment", BOB, "two", NOW), person(BOB), moment)
        return [first, second]

    steps = await store.transact(["req_1"], twice)
    assert [step.request.revision for step in steps] == [2, 3]
    loaded = await store.load("req_1")
    assert loaded is not None
    assert [remark.text for remark in loaded.remarks] == ["one", "two"]


async def test_an_unknown_id_is_not_found_and_nobody_decides(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))
    with pytest.raises(NotFound):
        await store.transact(["req_1", "req_none"], lambda *_: pytest.fail("decided without the request"))
    assert await store.load("req_none") is None


async def test_a_decision_that_raises_leaves_nothing(store: SqlStore, database: Database) -> None:
    await store.transact([], submit("req_1"))
    before = await store.load("req_1")

    def refuses(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        raise AlreadyVoted("no")

    with pytest.raises(AlreadyVoted):
        await store.transact(["req_1"], refuses)
    assert await store.load("req_1") == before
    async with database.trail() as trail:
        assert (await trail.head())[0] == 1


async def test_an_event_that_cannot_be_written_stops_its_move(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))

    def unspeakable(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        event = Event("note", "req_1", BOT, NOW, detail={"ratio": float("nan")})
        effect = Effect(EffectKind.TELL, "req_1", "told")
        return [Step(requests[0].but(reason="changed"), (event,), (effect,))]

    with pytest.raises(ValueError, match=r"(?i)nan"):
        await store.transact(["req_1"], unspeakable)
    loaded = await store.load("req_1")
    assert loaded is not None
    assert (loaded.reason, loaded.revision) == ("", 1)
    assert "told" not in {parcel.key for parcel in await store.take(NOW, 1, 99, EVERY_KIND)}


async def test_a_request_that_was_not_loaded_cannot_be_saved(store: SqlStore) -> None:
    (sent,) = await store.transact([], submit("req_1"))
    with pytest.raises(StoreError, match="without being loaded"):
        await store.transact([], lambda *_: [Step(sent.request.but(reason="blind"), ())])


async def test_two_hundred_moves_at_once_on_one_request_come_one_after_the_other(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))
    seen: list[int] = []

    def comment(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        (request,) = requests
        seen.append(request.revision)
        remark = Remark("comment", BOB, f"nr {len(request.remarks)}", NOW)
        return [machine.remarked(request, remark, person(BOB), moment)]

    await asyncio.gather(*(store.transact(["req_1"], comment) for _ in range(200)))
    loaded = await store.load("req_1")
    assert loaded is not None
    assert [remark.text for remark in loaded.remarks] == [f"nr {n}" for n in range(200)]
    assert seen == list(range(1, 201))


async def test_of_approve_and_reject_in_the_same_moment_one_decides(store: SqlStore) -> None:
    for turn in range(40):
        request_id = f"req_{turn}"
        await store.transact([], submit(request_id))

        def once(move: Any) -> Any:
            def decide(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
                if requests[0].state is not State.PENDING:
                    raise AlreadyVoted("too late")
                return list(move(requests, moment))

            return decide

        moves = [once(approve(BOB)), once(reject(CAROL)), once(approve(CAROL)), once(reject(BOB))]
        answers = await asyncio.gather(*(store.transact([request_id], move) for move in moves), return_exceptions=True)
        assert sum(isinstance(answer, AlreadyVoted) for answer in answers) == 3
        loaded = await store.load(request_id)
        assert loaded is not None
        assert len(loaded.votes) == 1


async def test_one_move_that_raises_among_many_takes_no_other_with_it(store: SqlStore, database: Database) -> None:
    def failing(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        raise RuntimeError("mine alone")

    def half_done(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        first = submit("req_half")((), moment)
        return [*first, Step(blank("req_never", revision=7), ())]  # the second cannot be stored

    moves = [store.transact([], submit(f"req_{n}")) for n in range(30)]
    moves[11:11] = [store.transact([], failing), store.transact([], half_done)]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, BaseException)] == [RuntimeError, StoreError]
    assert {row.id for row in await store.pending(99)} == {f"req_{n}" for n in range(30)}
    assert await store.load("req_half") is None
    async with database.trail() as trail:
        checked = await trail.check()
    assert checked.holds, checked
    assert checked.report.events == 30


async def test_a_move_nobody_waits_for_any_more_is_not_begun(store: SqlStore) -> None:
    first = asyncio.create_task(store.transact([], submit("req_1")))
    second = asyncio.create_task(store.transact([], submit("req_2")))
    await asyncio.sleep(0)  # both are queued; the writer has begun neither
    second.cancel()
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert [row.id for row in await store.pending(9)] == ["req_1"]


async def test_the_open_request_with_a_fingerprint_is_found(store: SqlStore) -> None:
    await store.transact([], submit("req_1", fingerprint="same"))
    found = await store.by_fingerprint("same")
    assert found is not None
    assert found.id == "req_1"
    await store.transact(["req_1"], reject())
    assert await store.by_fingerprint("same") is None
    await store.transact([], submit("req_2", fingerprint="same"))
    found = await store.by_fingerprint("same")
    assert found is not None
    assert found.id == "req_2"


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_requests_fall_due_in_their_order(store: SqlStore, clock: Hand) -> None:
    assert await store.next_wake() is None
    for minutes, request_id in ((30, "late"), (5, "soon"), (15, "then")):
        clock.now = NOW + minutes * 60_000
        await store.transact([], submit(request_id))
    first = NOW + 15 * 60_000  # a reminder comes ten minutes after the stage opened
    assert await store.next_wake() == first
    assert await store.due(first - 1, 9) == ()
    assert await store.due(NOW + 60 * 60_000, 9) == ("soon", "then", "late")
    assert await store.due(NOW + 60 * 60_000, 2) == ("soon", "then")
    for request_id in ("late", "soon", "then"):
        await store.transact([request_id], reject())
    assert await store.next_wake() is None


async def test_a_beat_renews_the_lease_of_the_attempt_that_counts(store: SqlStore) -> None:
    await store.transact([], submit("req_1"))
    assert not await store.beat("req_1", 1, NOW + 1, "")
    await store.transact(["req_1"], approve())
    await store.transact(["req_1"], CLAIM)
    assert await store.next_wake() == NOW + machine.LEASE
    assert await store.beat("req_1", 1, NOW + 99_000, "row 5 of 9")
    assert await store.next_wake() == NOW + 99_000
    loaded = await store.load("req_1")
    assert loaded is not None
    assert dataclasses.astuple(loaded.attempts[0])[2] == NOW + 99_000
    assert (loaded.attempts[0].progress, loaded.revision) == ("row 5 of 9", 3)
    assert not await store.beat("req_1", 2, NOW + 99_000, "a zombie")
    assert not await store.beat("req_none", 1, NOW + 99_000, "")
    await store.transact(["req_1"], finish())
    assert not await store.beat("req_1", 1, NOW + 199_000, "after the end")


# ── the brake ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_brake_is_seen_by_the_next_decision(store: SqlStore, clock: Hand, database: Database) -> None:
    seen: list[Moment] = []

    def look(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        seen.append(moment)
        return []

    await store.transact([], look)
    await store.pause(Event("pause", "", person(BOB), NOW))
    await store.pause(Event("pause", "", person(CAROL), NOW))  # already so
    await store.transact([], look)
    clock.now += 60_000
    await store.resume(Event("resume", "", person(BOB), clock.now))
    await store.resume(Event("resume", "", person(BOB), clock.now + 9))
    await store.transact([], look)
    assert seen == [Moment(NOW), Moment(NOW, paused=True), Moment(NOW + 60_000, resumed_at=NOW + 60_000)]
    assert await store.moment() == seen[-1]
    async with database.trail() as trail:
        assert (await trail.head())[0] == 2


async def test_a_pause_holds_over_a_restart(database: Database) -> None:
    async with database.open() as store:
        await store.pause(Event("pause", "", person(BOB), NOW))
    async with database.open() as store:
        assert (await store.moment()).paused


# ── being woken ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_commit_wakes_whoever_waits(store: SqlStore) -> None:
    waiting = [asyncio.create_task(store.stirred(60)) for _ in range(3)]
    await asyncio.sleep(0)  # they wait now
    await store.transact([], submit("req_1"))
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)


async def test_a_commit_between_the_look_and_the_wait_is_not_missed(store: SqlStore) -> None:
    seen = store.stirs
    await store.transact([], submit("req_1"))
    async with asyncio.timeout(5):
        await store.stirred(60, since=seen)


async def test_without_a_commit_the_wait_ends_by_itself(store: SqlStore) -> None:
    seen = store.stirs
    await store.transact([], lambda *_: [])
    await store.stirred(0.01, since=seen)
    assert store.stirs == seen


async def test_a_move_whose_caller_went_away_still_wakes_who_waits(store: SqlStore) -> None:
    """A client that hangs up while its move is being committed: it is committed, and its effects are due."""
    begun, let_go = threading.Event(), threading.Event()

    def slow(requests: tuple[Request, ...], moment: Moment) -> Sequence[Step]:
        begun.set()
        assert let_go.wait(10)
        return submit("req_1")(requests, moment)

    seen = store.stirs
    caller = asyncio.create_task(store.transact([], slow))
    assert await asyncio.to_thread(begun.wait, 10)
    caller.cancel()
    let_go.set()
    async with asyncio.timeout(10):
        await store.stirred(60, since=seen)
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await store.load("req_1") is not None


async def test_the_writer_serves_on_after_a_listener_failed(
    database: Database, clock: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(steps: Sequence[Step]) -> None:
        raise RuntimeError("a counter is broken")

    async with open_store(database.url, key=KEY, clock=clock, committed=fails) as store:
        await store.transact([], submit("req_1"))
        await store.transact([], submit("req_2"))
        assert len(await store.pending(9)) == 2
    assert "a counter is broken" in caplog.text
