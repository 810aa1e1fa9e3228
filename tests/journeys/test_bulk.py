"""Several at once: ticked at home or in a list, seen whole in one window, decided with one reason, each by itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.request import Request
from handlers.demo.slack import Message, Person, View
from tests.journeys.stage import Stage, World, world
from tests.journeys.test_home_and_lists import home

APPROVE, REJECT = {"says": "approve"}, {"says": "reject"}
MOST = 20
OPERATORS, FINANCE = "S0OPERATORS", "S0FINANCE"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


async def refunds(stage: Stage, number: int) -> list[Request]:
    """Of two requesters where they are many: one may have twenty open."""
    made = []
    for n in range(number):
        who = stage.rita if n < MOST else stage.walt
        made.append(await stage.asked(who, f"refund order=ord_{n} amount={50 + n}"))
    return [request for request, _ in made]


async def listed(stage: Stage, who: Person) -> Message:
    answered = await who.command("#general", "/signoff list waiting")
    assert answered.message is not None
    return answered.message


def boxes(who: Person, seen: View | Message) -> list[tuple[str, list[str]]]:
    """(block_id, values of its options), of all boxes to tick."""
    found = [one for one in who.buttons(seen) if one.type == "checkboxes"]
    return [(one.block_id, [option["value"] for option in one.json["options"]]) for one in found]


async def ticks(who: Person, seen: View | Message, picked: Sequence[Request]) -> None:
    """Tick what stands there for each of them."""
    ids = {request.id for request in picked}
    for block_id, values in boxes(who, seen):
        chosen = [value for value in values if value.split(".")[1] in ids]
        if chosen:
            await who.click(seen, _action(who, seen, block_id), chosen, block_id=block_id)
            ids -= {value.split(".")[1] for value in chosen}
    assert not ids, "not offered"


def _action(who: Person, seen: View | Message, block_id: str) -> str:
    return next(one.action_id for one in who.buttons(seen) if one.block_id == block_id and one.type == "checkboxes")


async def opened(stage: Stage, who: Person, seen: View | Message, picked: Sequence[Request], *words: str) -> View:
    """Tick them and press *Decide selected*."""
    await ticks(who, seen, picked)
    await who.click(seen, "Decide selected")
    return await stage.form(who, *words)


async def decides(who: Person, form: View, values: dict[str, str]) -> str:
    """Send the window; what it says in its place."""
    answered = await who.submit(form, values)
    assert answered.errors == {}
    assert answered.top is not None
    return who.reads(answered.top)


async def states(stage: Stage, of: Sequence[Request]) -> list[str]:
    return [await stage.state(each.id) for each in of]


# ── from home and from the list ─────────────────────────────────────────────────────────────────────────────────


async def test_what_is_ticked_at_home_is_seen_whole_and_decided_together(stage: Stage) -> None:
    these = await refunds(stage, 4)
    view = await home(stage, stage.fay, "Refund 50 USD", "Refund 53 USD", "Decide selected")
    form = await opened(stage, stage.fay, view, these[:3], "Decide 3 together")
    seen = stage.fay.reads(form)
    for n in range(3):
        for part in (f"Refund {50 + n} USD for order ord_{n}", f"ord_{n}", these[n].now_version.short_digest):
            assert part in seen
    assert "Refund 53 USD" not in seen

    told = await decides(stage.fay, form, APPROVE | {"reason": "all checked against the bank"})
    assert "3 requests approved" in told
    for each in these[:3]:
        done = await stage.reaches(each.id, "succeeded")
        assert [(one.person, one.via, one.reason) for one in done.votes] == [
            (stage.fay.id, "bulk", "all checked against the bank")
        ]
    await stage.settled()
    assert await stage.state(these[3].id) == "pending"
    assert len(stage.target.runs()) == 3

    events = [event for each in these[:3] for event in await stage.events(each.id) if event["type"] == "vote"]
    assert [(event["actor"]["via"], event["detail"]["exception"]) for event in events] == [("bulk", "bulk")] * 3
    assert len({event["detail"]["bulk"] for event in events}) == 1
    card = await stage.card(stage.walt, "Refund 50 USD", "Done")
    thread = "\n".join(stage.walt.reads(line) for line in stage.walt.thread(card))
    assert "@fay approved (together with others)" in thread
    assert "all checked against the bank" in thread
    waits = stage.fay.reads(view).split("────")[1]  # drawn anew by itself
    assert "Refund 50 USD" not in waits
    assert "Refund 53 USD" in waits


async def test_the_list_has_the_same_and_a_rejection_wants_its_reason(stage: Stage) -> None:
    these = await refunds(stage, 3)
    message = await listed(stage, stage.fay)
    form = await opened(stage, stage.fay, message, these[1:], "Decide 2 together")
    await stage.settled()
    async with stage.unchanged():
        answered = await stage.fay.submit(form, REJECT)
        assert "say why" in answered.errors["reason"]
    told = await decides(stage.fay, form, REJECT | {"reason": "the parcels came"})
    assert "2 requests rejected" in told
    assert await states(stage, these) == ["pending", "rejected", "rejected"]
    await stage.told(stage.rita, "Refund 51 USD", "the parcels came")
    await stage.settled()


async def test_nothing_ticked_says_what_to_do(stage: Stage) -> None:
    await refunds(stage, 2)
    await stage.settled()
    async with stage.unchanged():
        for seen in (await listed(stage, stage.fay), await home(stage, stage.fay, "Decide selected")):
            await stage.fay.click(seen, "Decide selected")
            await stage.form(stage.fay, "Nothing is ticked")
            await stage.fay.close()


async def test_what_is_decided_by_itself_is_not_offered_and_says_why(stage: Stage) -> None:
    plain, _ = await stage.asked(stage.rita, "refund order=ord_1 amount=50")
    await stage.asked(stage.rita, "payout to=acme amount=70")
    await stage.asked(stage.rita, "rename_host host=db1")
    await stage.asked(stage.rita, 'refund order=ord_2 amount=50 note="pay\u202ecba"')
    long = "\n".join(f"line {n}" for n in range(200))
    await stage.rita.command("#general", f'/signoff run refund order=ord_3 amount=50 note="{long}"')
    view = await home(stage, stage.fay, "Decide selected")
    message = await listed(stage, stage.fay)
    for seen in (view, message):
        (values,) = [values for _, values in boxes(stage.fay, seen)]
        assert [value.split(".")[1] for value in values] == [plain.id]
        told = stage.fay.reads(seen)
        for why in (
            "because it is high risk",
            "because something must be typed to approve it",
            "because note has hidden characters, shown as escapes: U+202E",
            "because one card cannot show all of it",
        ):
            assert why in told, why


async def test_where_nothing_can_be_decided_together_there_is_nothing_to_tick(stage: Stage) -> None:
    await stage.asked(stage.rita, "payout to=acme amount=70")
    for seen in (await home(stage, stage.fay, "Pay out 70"), await listed(stage, stage.fay)):
        assert boxes(stage.fay, seen) == []
        assert "Decide selected" not in stage.fay.reads(seen)
    assert "Nothing here" in stage.rita.reads(await listed(stage, stage.rita))


# ── what changes meanwhile ──────────────────────────────────────────────────────────────────────────────────────


async def test_one_that_changed_meanwhile_is_left_out_and_named(stage: Stage) -> None:
    these = await refunds(stage, 3)
    view = await home(stage, stage.fay, "Refund 52 USD")
    form = await opened(stage, stage.fay, view, these, "Decide 3 together")
    mine = await stage.told(stage.rita, "Refund 51 USD", "Edit")
    await stage.rita.click(mine, "Edit")
    await stage.rita.submit(await stage.form(stage.rita, "Edit"), {"amount": "9000"})
    await stage.settled()

    told = await decides(stage.fay, form, APPROVE)
    assert "2 requests approved, 1 left out" in told
    assert "Refund 51 USD for order ord_1" in told
    assert "version 2 is the one to decide on now" in told
    await stage.settled()
    assert await states(stage, these) == ["succeeded", "pending", "succeeded"]
    assert (await stage.request(these[1].id)).votes == ()


async def test_what_changed_before_the_window_opened_is_shown_as_it_is_now(stage: Stage) -> None:
    (request,) = await refunds(stage, 1)
    message = await listed(stage, stage.fay)
    mine = await stage.told(stage.rita, "Refund 50 USD", "Edit")
    await stage.rita.click(mine, "Edit")
    await stage.rita.submit(await stage.form(stage.rita, "Edit"), {"amount": "60"})
    await stage.settled()
    form = await opened(stage, stage.fay, message, [request], "Refund 60 USD", "version 2")
    assert "1 request approved" in await decides(stage.fay, form, APPROVE)
    assert (await stage.reaches(request.id, "succeeded")).votes[0].version == 2


async def test_when_all_are_refused_nothing_is_recorded_and_each_is_named(stage: Stage) -> None:
    these = await refunds(stage, 2)
    form = await opened(stage, stage.fay, await listed(stage, stage.fay), these, "Decide 2 together")
    stage.slack.workspace.remove_from_group(FINANCE, stage.fay.id)
    await stage.settled()
    async with stage.unchanged():
        told = await decides(stage.fay, form, APPROVE)
        assert "Nothing is recorded, 2 left out" in told
        for part in ("Refund 50 USD", "Refund 51 USD", "you are not a member there now"):
            assert part in told


async def test_whoever_lost_one_of_them_decides_the_others(stage: Stage) -> None:
    stage.slack.workspace.add_to_group(FINANCE, stage.olga.id)
    await stage.slack.quiet()
    (refund,) = await refunds(stage, 1)
    both, _ = await stage.asked(stage.rita, "both_look what=x")
    form = await opened(stage, stage.olga, await listed(stage, stage.olga), [refund, both], "Decide 2 together")
    stage.slack.workspace.remove_from_group(FINANCE, stage.olga.id)
    await stage.slack.quiet()
    told = await decides(stage.olga, form, APPROVE)
    assert "1 request approved, 1 left out" in told
    assert len((await stage.request(both.id)).votes) == 1
    assert (await stage.request(refund.id)).votes == ()


async def test_a_maker_s_own_is_never_among_them(stage: Stage) -> None:
    """It is not in the list; ticked all the same, it is not in the window; sent all the same, it does not count."""
    (hers,) = await refunds(stage, 1)
    own, _ = await stage.asked(stage.fay, "refund order=ord_9 amount=90")
    message = await listed(stage, stage.fay)
    ((block_id, values),) = boxes(stage.fay, message)
    assert own.id not in str(values)
    forged = [{"value": value} for value in (*values, f"v1.{own.id}.1.from-home")]
    state = {"values": {block_id: {"tick:0": {"type": "checkboxes", "selected_options": forged}}}}
    await stage.settled()
    async with stage.unchanged():
        await stage.fay.forge_click(message, "decide_selected", changes={"state": state})
        form = await stage.form(stage.fay, "Refund 50 USD", "Left out", "Refund 90 USD", "requester's side")
        assert own.id not in form.content["private_metadata"]
    metadata = form.content["private_metadata"].replace(hers.id, f"{own.id}.1,{hers.id}")
    ack = await _forged(stage, form, {"view": {"private_metadata": metadata}})
    told = str(ack)
    assert "1 request approved, 1 left out" in told
    assert "requester's side" in told
    assert await states(stage, [own]) == ["pending"]
    await stage.reaches(hers.id, "succeeded")


async def _forged(stage: Stage, form: View, changes: dict[str, Any]) -> Any:
    values = {"says": {"says": {"type": "radio_buttons", "selected_option": {"value": "approve"}}}}
    view = {"state": {"values": values}, **changes.get("view", {})}
    return (await stage.fay.forge_submit(form, {}, changes={"view": view})).body


async def test_strangers_see_nothing_by_ticking_what_they_guess(stage: Stage) -> None:
    (request,) = await refunds(stage, 1)
    await stage.asked(stage.fay, "announce what=x", where="#general")
    stage.slack.workspace.leave("C0APPROVALS", stage.walt.id)
    await stage.settled()
    message = await listed(stage, stage.walt)
    state = {"values": {"b": {"tick:0": {"selected_options": [{"value": f"v1.{request.id}.1.from-home"}]}}}}
    async with stage.unchanged():
        await stage.walt.forge_click(message, "decide_selected", "selected", changes={"state": state})
        form = await stage.form(stage.walt, "Nothing to decide", "no such request")
        assert "Refund" not in stage.walt.reads(form)


# ── once, in time, and over a restart ───────────────────────────────────────────────────────────────────────────


async def test_a_window_open_over_a_restart_still_counts(town: World) -> None:
    async with town.stage() as stage:
        these = await refunds(stage, 3)
        view = await home(stage, stage.fay, "Refund 52 USD")
        await ticks(stage.fay, view, these)
    async with town.stage() as stage:  # between ticking and opening
        await stage.fay.click(view, "Decide selected")
        form = await stage.form(stage.fay, "Decide 3 together")
    async with town.stage() as stage:  # between opening and sending
        assert "3 requests approved" in await decides(stage.fay, form, APPROVE)
        for each in these:
            await stage.reaches(each.id, "succeeded")


async def test_the_same_window_sent_to_two_replicas_decides_nothing_twice(town: World) -> None:
    async with town.stage() as one, town.stage() as two:
        these = await refunds(one, 5)
        form = await opened(one, one.fay, await listed(one, one.fay), these, "Decide 5 together")

        async def sent(to: Stage) -> str:
            town.slack.connect_http(f"http://127.0.0.1:{to.house.door.getsockname()[1]}/slack/events")
            return str(await _forged(to, form, {}))

        told = await asyncio.gather(*(sent(to) for to in (one, two, one, two)))
        assert all("5 requests approved" in each and "left out" not in each for each in told), told
        for each in these:
            done = await one.reaches(each.id, "succeeded")
            assert len(done.votes) == 1
            assert [event["type"] for event in await one.events(each.id)].count("vote") == 1
        await one.settled()
        assert len(one.target.runs()) == 5


async def test_twenty_at_once_are_answered_while_slack_waits(stage: Stage) -> None:
    """The most there may be at once, with nobody's membership remembered: Slack gives three seconds."""
    these = await refunds(stage, MOST + 1)
    message = await listed(stage, stage.fay)
    offered = boxes(stage.fay, message)
    assert [len(values) for _, values in offered] == [10, 10]
    assert "There are more than these 20" in stage.fay.reads(message)
    form = await opened(stage, stage.fay, message, these[:MOST], f"Decide {MOST} together")
    assert len(form.blocks) <= 100
    seen = stage.fay.reads(form)
    assert all(f"Refund {50 + n} USD for order ord_{n}" in seen for n in range(MOST))
    await stage.settled()
    stage.slack.workspace.add_to_group(FINANCE, stage.walt.id)  # what is remembered of people is forgotten
    await stage.slack.quiet()
    answered = await stage.fay.submit(form, APPROVE)
    assert answered.ack.error is None
    assert answered.ack.seconds < 3
    assert answered.top is not None
    assert f"{MOST} requests approved" in stage.fay.reads(answered.top)
    for each in these[:MOST]:
        await stage.reaches(each.id, "succeeded")
    await stage.settled()
    assert len(stage.target.runs()) == MOST
    assert await stage.state(these[MOST].id) == "pending"


async def test_too_many_are_refused_before_anything_is_shown(stage: Stage) -> None:
    await refunds(stage, 1)
    message = await listed(stage, stage.fay)
    ((block_id, (value,)),) = boxes(stage.fay, message)
    many = [{"value": value.replace(value.split(".")[1], f"{n:032}")} for n in range(MOST + 1)]
    await stage.settled()
    async with stage.unchanged():
        state = {"values": {block_id: {"tick:0": {"type": "checkboxes", "selected_options": many}}}}
        await stage.fay.forge_click(message, "decide_selected", changes={"state": state})
        await stage.form(stage.fay, "pick 1 to 20 requests to decide together; these are 21")
