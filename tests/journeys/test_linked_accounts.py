"""Several accounts of one person: they count once, and never for what another of them asked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.stage import Stage, World, world

FILE = (Path(__file__).parent / "signoff.yaml").read_text()
LINKS = "identities: [[U0RITA, U0WALT], [U0FAY, U0FRED]]\n"  # walt is rita's other account, fred is fay's
FINANCE = "S0FINANCE"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, yaml_text=FILE + LINKS, people=["flo"]) as made:
        yield made


@pytest.fixture
async def linked(town: World) -> AsyncIterator[Stage]:
    async with town.stage() as stage:
        yield stage


async def test_the_requesters_other_account_decides_nothing(linked: Stage) -> None:
    linked.slack.workspace.add_to_group(FINANCE, linked.walt.id)
    request, card = await linked.asked(linked.rita, "refund order=ord_81 amount=50")
    async with linked.unchanged():
        for button in ("Approve", "Reject"):
            await linked.walt.click(card, button)
            await linked.told(
                linked.walt, "on the requester's side of this request, with another of your accounts, so somebody else"
            )
        assert linked.walt.modal() is None
    assert [each["detail"]["code"] for each in await linked.events(request.id) if each["type"] == "refused"] == [
        "is_maker"
    ]
    made = next(each for each in await linked.events(request.id) if each["type"] == "send")
    assert made["detail"]["makers"] == ["U0RITA", "U0WALT"], "an auditor sees both accounts"

    await linked.fay.click(card, "Approve")
    await linked.reaches(request.id, "succeeded")


async def test_two_accounts_are_one_of_two_approvals(linked: Stage) -> None:
    request, card = await linked.asked(linked.rita, "both_of_finance what=x")
    await linked.fay.click(card, "Approve")
    await linked.settled()
    async with linked.unchanged():
        await linked.fred.click(card, "Approve")
        await linked.told(linked.fred, "You have voted on this version already with another account")
    assert "finance 1 of 2" in linked.walt.reads(card)
    await linked.slack.person("flo").click(card, "Approve")
    done = await linked.reaches(request.id, "succeeded")
    assert [vote.person for vote in done.votes] == ["U0FAY", "U0FLO"]


async def test_what_takes_two_people_is_refused_where_two_accounts_are_one(linked: Stage) -> None:
    linked.slack.workspace.set_group(FINANCE, [linked.fay.id, linked.fred.id])
    async with linked.unchanged():
        reply = await linked.rita.command("#general", "/signoff run both_of_finance what=x")
        assert reply.message is not None
        assert "Nobody could approve this" in linked.rita.reads(reply.message)


async def test_the_requester_cancels_from_their_other_account(linked: Stage) -> None:
    request, _ = await linked.asked(linked.rita, "refund order=ord_81 amount=50")
    reply = await linked.walt.command("#general", f"/signoff cancel {request.id}")
    assert reply.message is None or "Only the requester" not in linked.walt.reads(reply.message)
    await linked.reaches(request.id, "cancelled")


async def test_links_stay_as_they_were_when_it_was_made(town: World) -> None:
    async with town.stage() as stage:
        stage.slack.workspace.add_to_group(FINANCE, stage.walt.id)
        request, card = await stage.asked(stage.rita, "refund order=ord_81 amount=50")
    town.settings.config.write_text(town.settings.config.read_text().replace(LINKS, ""))
    async with town.stage() as stage:
        async with stage.unchanged():
            await stage.walt.click(card, "Approve")
            await stage.told(stage.walt, "with another of your accounts")
        _, other = await stage.asked(stage.rita, "refund order=ord_82 amount=50")
        await stage.walt.click(other, "Approve")
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")
