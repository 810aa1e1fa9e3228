"""A flood of requests: the first have cards, the rest are listed in one message, and each is decided by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.request import Request
from handlers.demo.slack import Message, Person
from handlers.demo.slack.faults import Fault
from tests.journeys.stage import ROOT, Stage, World, staged, world

FILE = (ROOT / "tests/journeys/signoff.yaml").read_text().replace("per_minute: 100", "per_minute: 2")
FILE += "limits: {requester: {open: 100, hour: 100}}\n"
LISTED = "listed. Each one is decided by itself"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, yaml_text=FILE) as made:
        yield made


async def flood(stage: Stage, count: int, since: int = 50, action: str = "charge order=ord_81") -> list[Request]:
    """So many at once, in the order of their amounts."""
    await asyncio.gather(
        *(stage.rita.command("#general", f"/signoff run {action} amount={since + n}") for n in range(count))
    )
    await stage.settled()
    rows = await stage.house.desk.store.of_asker(stage.rita.id, count)
    found = [await stage.request(row.id) for row in rows]
    return sorted(found, key=lambda request: float(request.now_version.args["amount"]))


def roots(who: Person, where: str = "#approvals") -> list[Message]:
    return [each for each in who.sees(where) if each.thread_ts in (None, each.ts)]


def lists(who: Person, where: str = "#approvals") -> list[Message]:
    return [each for each in roots(who, where) if LISTED in who.reads(each)]


async def the_list(stage: Stage, who: Person, *words: str) -> Message:
    """The newest list in the channel, when it holds all these words."""
    return await stage.card(who, LISTED, *words)


def listed(stage: Stage, requests: list[Request], shown: Message) -> list[Request]:
    return [each for each in requests if each.now_version.headline in stage.walt.reads(shown)]


def of(who: Person, shown: Message, request: Request) -> str:
    """Its button in the list, as it stands now."""
    return next(each.action_id for each in who.buttons(who.now(shown)) if request.id in each.value)


async def reviews(stage: Stage, who: Person, shown: Message, request: Request) -> None:
    """Open its review from the list, and approve there."""
    await who.click(shown, of(who, shown, request))
    form = await stage.form(who, request.now_version.headline)
    answered = await who.submit(form)
    assert answered.top is None, who.reads(answered.top)


async def test_a_flood_is_listed_and_decided_one_by_one(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 6)
        assert len(roots(stage.walt)) == 3  # two cards, one list
        shown = await the_list(stage, stage.fay, "4 requests of 4 wait for approval", "Waiting for")
        inside = listed(stage, made, shown)
        assert len(inside) == 4
        text = stage.fay.reads(shown)
        for each in inside:
            assert each.now_version.headline in text
        assert text.count("Medium risk") == 4
        assert text.count("by @rita") == 4

        await reviews(stage, stage.fay, shown, inside[0])
        await stage.reaches(inside[0].id, "succeeded")
        await stage.fay.click(shown, of(stage.fay, shown, inside[1]))
        form = await stage.form(stage.fay, inside[1].now_version.headline)
        await stage.fay.click(form, "Reject")
        await stage.fay.submit(await stage.form(stage.fay, "Why not?"), {"reason": "no"})
        await stage.reaches(inside[1].id, "rejected")

        shown = await the_list(stage, stage.fay, "2 requests of 4 wait", "✅ Done", "❌ Rejected")
        assert [each.label for each in stage.fay.buttons(shown)].count("Review") == 2
        assert len(roots(stage.walt)) == 3
        assert [arrival.key for arrival in stage.target.runs()] == [inside[0].key]
        votes = (await stage.request(inside[0].id)).votes
        assert [(vote.person, vote.approve, vote.via) for vote in votes] == [(stage.fay.id, True, "review")]


async def test_a_list_outlives_a_restart(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 5)
        shown = await the_list(stage, stage.fay, "3 requests of 3")
        inside = listed(stage, made, shown)
    async with town.stage() as stage:
        await reviews(stage, stage.fay, shown, inside[0])
        await stage.reaches(inside[0].id, "succeeded")
        await the_list(stage, stage.fay, "2 requests of 3", "✅ Done")
        await flood(stage, 1, 70)
        await the_list(stage, stage.fay, "3 requests of 4", "Charge 70")
        assert len(lists(stage.walt)) == 1


async def test_stopped_before_the_list_stood_there_it_is_posted_after(town: World) -> None:
    async with town.stage() as stage:
        await flood(stage, 2)
        town.slack.faults.next("chat.postMessage", *[Fault.http(503)] * 50)
        await asyncio.gather(
            *(stage.rita.command("#general", f"/signoff run charge order=o amount={n}") for n in (8, 9))
        )
    town.slack.faults.clear()
    async with town.stage() as stage:
        await the_list(stage, stage.fay, "Charge 8", "Charge 9", "2 requests of 2")
        assert len(lists(stage.walt)) == 1


async def test_a_critical_one_has_its_card_in_any_flood(town: World) -> None:
    async with town.stage() as stage:
        await flood(stage, 5)
        await stage.rita.command("#general", "/signoff run wipe_disk disk=sda")
        card = await stage.card(stage.fay, "Wipe disk sda", "CRITICAL")
        assert LISTED not in stage.fay.reads(card)
        await the_list(stage, stage.fay, "3 requests of 3")


async def test_when_the_flood_is_over_new_ones_have_cards_again(town: World) -> None:
    async with town.stage() as stage:
        await flood(stage, 4)
        stage.forward(minutes=1)
        await stage.rita.command("#general", "/signoff run charge order=ord_81 amount=70")
        card = await stage.card(stage.fay, "Charge 70")
        assert LISTED not in stage.fay.reads(card)
        assert len(lists(stage.walt)) == 1


async def test_each_channel_has_a_rate_of_its_own(town: World) -> None:
    async with town.stage() as stage:
        await flood(stage, 4)
        await stage.rita.command("#general", "/signoff run announce what=lunch")
        card = await stage.card(stage.fay, "Announce lunch", where="#general")
        assert LISTED not in stage.fay.reads(card)


async def test_who_may_not_decide_is_refused_privately(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 4)
        shown = await the_list(stage, stage.walt, "2 requests of 2")
        request = listed(stage, made, shown)[0]
        async with stage.unchanged():
            await stage.walt.click(shown, of(stage.walt, shown, request))
            await stage.told(stage.walt, "⛔", "This stage asks finance")
            await stage.rita.click(shown, of(stage.rita, shown, request))
            await stage.told(stage.rita, "⛔", "requester's side")


async def test_an_edited_one_is_superseded_in_the_list(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 4, action="refund order=ord_81")
        shown = await the_list(stage, stage.fay, "2 requests of 2")
        request = listed(stage, made, shown)[0]
        stage.forward(minutes=1)
        own = await stage.told(stage.rita, request.now_version.headline, "Edit")
        await stage.rita.click(own, "Edit")
        await stage.rita.submit(await stage.form(stage.rita, "Edit"), {"arg:amount": "99"})
        await stage.card(stage.fay, "Refund 99", "Approve")
        button = next(each for each in stage.fay.buttons(shown) if request.id in each.value)
        await stage.fay.forge_click(shown, button.action_id)
        await stage.told(stage.fay, "That was version 1; version 2 is the one to decide on now")
        await the_list(stage, stage.fay, "Version 1 is superseded by version 2", "1 request of 2 wait")
        assert (await stage.request(request.id)).votes == ()


async def test_what_is_listed_expires_and_escalates_as_any(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 4, action="refund order=ord_81")
        shown = await the_list(stage, stage.fay, "2 requests of 2")
        request = listed(stage, made, shown)[0]
        await stage.later(minutes=20)
        copy = await stage.told(stage.dora, request.now_version.headline, "Approve")
        await stage.dora.click(copy, "Approve")
        await stage.reaches(request.id, "succeeded")
        await the_list(stage, stage.fay, "1 request of 2", "✅ Done")
        await stage.later(hours=48)
        await the_list(stage, stage.fay, "nothing waits here any more", "Expired")


async def test_many_reminders_are_one_line(town: World) -> None:
    async with town.stage() as stage:
        await flood(stage, 6, action="refund order=ord_81")
        shown = await the_list(stage, stage.fay, "4 requests of 4")
        await stage.later(minutes=10)
        lines = [stage.fay.reads(each) for each in stage.fay.thread(shown)]
        assert len(lines) == 1, lines
        assert "4 requests here still wait for" in lines[0]


async def test_a_list_that_was_deleted_is_posted_again(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 4)
        shown = await the_list(stage, stage.fay, "2 requests of 2")
        town.slack.workspace.delete_message(shown.channel, shown.ts)
        request = (await stage.house.desk.store.pending(10))[-1]
        await stage.rita.command("#general", f"/signoff cancel {request.id}")
        again = await the_list(stage, stage.fay, "1 request of 2", "Cancelled")
        assert again.ts != shown.ts
        (other,) = [each for each in listed(stage, made, again) if each.id != request.id]
        await reviews(stage, stage.fay, again, other)
        await stage.reaches(other.id, "succeeded")


async def test_of_a_list_that_stands_twice_the_copy_decides_nothing(town: World) -> None:
    """Slack took the post and its answer was lost: it is posted again, and only that one counts."""
    async with town.stage() as stage:
        await flood(stage, 2)
        await stage.rita.command("#general", "/signoff run charge order=ord_81 amount=70")
        await stage.told(stage.rita, "Charge 70", "Edit")  # the list follows a second later
        town.slack.faults.next("chat.postMessage", Fault.dropped(after_effect=True))
        await stage.settled()
        copy, counts = lists(stage.walt)
        (request,) = [row for row in await stage.house.desk.store.pending(9) if row.headline.startswith("Charge 70")]
        now = await stage.request(request.id)
        async with stage.unchanged():
            await stage.fay.click(copy, of(stage.fay, copy, now))
            await stage.told(stage.fay, "This list was replaced by a newer one")
        assert "decides nothing" in stage.walt.reads(stage.walt.now(copy))
        await reviews(stage, stage.fay, counts, now)
        await stage.reaches(request.id, "succeeded")


async def test_where_the_channel_takes_no_posts_the_list_goes_to_the_fallback(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=FILE) as stage:
        await flood(stage, 2)
        stage.slack.workspace.change_channel("C0APPROVALS", archived=True)
        await stage.rita.command("#general", "/signoff run charge order=ord_81 amount=70")
        await stage.card(stage.olga, LISTED, "Charge 70", where="#ops")


async def test_people_in_the_channel_may_look_at_what_is_listed(town: World) -> None:
    async with town.stage() as stage:
        made = await flood(stage, 3)
        shown = await the_list(stage, stage.walt, "1 request of 1")
        (request,) = listed(stage, made, shown)
        answered = await stage.walt.command("#general", f"/signoff show {request.id}")
        assert answered.message is not None
        assert request.now_version.headline in stage.walt.reads(answered.message)


async def test_a_hundred_at_once_are_a_few_messages(tmp_path: Path) -> None:
    text = FILE.replace("per_minute: 2", "per_minute: 5")
    async with staged(tmp_path, yaml_text=text) as stage:
        made = await flood(stage, 60)
        assert len(roots(stage.walt)) == 5 + 5  # cards; lists of at most twelve
        everything = "\n".join(stage.walt.reads(each) for each in roots(stage.walt))
        assert all(each.now_version.headline in everything for each in made)
