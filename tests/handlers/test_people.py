"""Who is who: asked of Slack and of on-call systems, remembered for a minute, and never guessed."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.catalogue import Catalogue, Group
from bot.errors import Unconfirmed
from handlers import checking
from handlers.demo.slack import App, Fault, LocalSlack, sample
from handlers.egress import Egress
from handlers.oncall import Lookups
from handlers.people import TTL, Home, SlackPeople
from tests.handlers.oncall import OnCallSystem, on_call_system, opsgenie, pagerduty, user

FAY, DAN = user("PFAY", "fay@example.com"), user("PDAN", "dan@example.com")
ALL = ("users:read", "users:read.email", "usergroups:read", "channels:read", "groups:read")


@dataclass(slots=True)
class Town:
    """A workspace, an on-call system, and who is asked about both; `seconds` is what its clock says."""

    slack: LocalSlack
    system: OnCallSystem
    seconds: float = 1000.0
    people: SlackPeople = field(init=False)

    def __post_init__(self) -> None:
        self.people = SlackPeople(
            AsyncWebClient(token=self.slack.bot_token, base_url=self.slack.api_url, retry_handlers=[]),
            Home(self.slack.workspace.team.id, None, "U0BOT"),
            Lookups(Egress(), environment={"TOKEN": "t0p-s3cret"}),
            now=lambda: self.seconds,
        )

    def lookup(self, **more: Any) -> Mapping[str, Any]:
        return {"url": f"{self.system.url}/oncalls", "format": "pagerduty"} | more

    async def on_call(self, *, fresh: bool = False, **more: Any) -> frozenset[str]:
        return await self.people.members(Group("oncall", lookup=self.lookup(**more)), fresh=fresh)

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)

    async def troubles(self, **more: Any) -> list[str]:
        """What `signoff check` says of the group."""
        groups = {"oncall": Group("oncall", lookup=self.lookup(**more))}
        catalogue = Catalogue({}, groups, Group("operators", users=("U0FAY",)), "C0OPS")
        return [each async for each in checking.troubles(self.people.client, self.people, catalogue)]


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    people = [
        *(sample.person(name) for name in ("fay", "dan", "rob")),
        sample.person("gus", is_restricted=True),
        sample.person("eve", team_id=sample.STRANGERS.id, is_stranger=True),
        sample.person("left", deleted=True),
        sample.person("bob", is_bot=True),
    ]
    start = sample.build(App(name="signoff", scopes=frozenset(ALL)), people, channels={"ops": ["fay"]})
    async with LocalSlack(**start) as slack, on_call_system() as system:
        yield Town(slack, system)


# ── whom Slack knows ────────────────────────────────────────────────────────────────────────────────────────────


async def test_addresses_are_found_in_slack(town: Town) -> None:
    town.system.answer = pagerduty(FAY, user("PDAN", "DAN@Example.com"))
    assert await town.on_call() == {"U0FAY", "U0DAN"}
    town.system.answer = opsgenie(flat=["fay@example.com"])
    assert await town.on_call(format="opsgenie") == {"U0FAY"}
    town.system.answer = {"now": ["rob@example.com", "U0FAY"]}
    assert await town.on_call(format="json", path="$.now[*]") == {"U0ROB", "U0FAY"}


async def test_the_files_own_map_goes_first_and_needs_no_addresses(town: Town) -> None:
    town.system.answer = pagerduty(user("PFAY"), DAN)
    assert await town.on_call(map={"PFAY": "U0FAY", "Dan@example.com": "U0ROB"}) == {"U0FAY", "U0ROB"}
    assert town.calls("users.lookupByEmail") == 0


async def test_their_ids_are_never_taken_for_slacks(town: Town) -> None:
    town.system.answer = pagerduty(user("U0FAY"), DAN)
    assert await town.on_call() == {"U0DAN"}


async def test_only_full_members_are_on_call(town: Town) -> None:
    names = ("fay", "gus", "eve", "left", "bob")
    town.system.answer = pagerduty(*(user(f"P{name.upper()}", f"{name}@example.com") for name in names))
    assert await town.on_call() == {"U0FAY"}
    ids = [f"U0{name.upper()}" for name in names] + ["U0NOBODY"]
    town.system.answer = {"now": ids}
    assert await town.on_call(format="json", path="$.now[*]") == {"U0FAY"}


async def test_nobody_on_call_is_an_empty_group(town: Town) -> None:
    town.system.answer = pagerduty()
    assert await town.on_call() == frozenset()


async def test_whom_slack_does_not_know_is_left_out_and_told_by_check(town: Town) -> None:
    town.system.answer = pagerduty(FAY, user("PXX", "x@example.com"))
    assert await town.on_call() == {"U0FAY"}
    (told,) = await town.troubles()
    assert told == (
        f"people.oncall: the lookup at {town.system.url}/oncalls: Slack knows nobody for x@example.com; "
        "correct it there, or add it under map."
    )


# ── and where it is not known ───────────────────────────────────────────────────────────────────────────────────


async def test_where_slack_knows_none_of_them_nobody_is_confirmed(town: Town) -> None:
    town.system.answer = pagerduty(user("PXX", "x@example.com"), user("PYY"))
    with pytest.raises(Unconfirmed, match=r"Who oncall is now is not known .*Slack knows none of those it names \(2\)"):
        await town.on_call()


async def test_without_the_scope_the_remedy_is_told(town: Town) -> None:
    town.slack.workspace.change_app(scopes=frozenset(ALL) - {"users:read.email"})
    town.system.answer = pagerduty(FAY)
    with pytest.raises(Unconfirmed, match=r"lacks the scope users:read\.email"):
        await town.on_call()
    assert any("lacks the scope users:read.email; add it under OAuth" in each for each in await town.troubles())
    assert await town.on_call(map={"PFAY": "U0FAY"}) == {"U0FAY"}


@pytest.mark.parametrize("fault", [Fault.refused("internal_error"), Fault.http(503), Fault.silent()])
async def test_where_slack_does_not_say_whose_an_address_is(town: Town, fault: Fault) -> None:
    town.system.answer = pagerduty(FAY)
    town.slack.faults.next("users.lookupByEmail", fault, times=3)
    with pytest.raises(Unconfirmed, match="Slack did not confirm you"):
        await town.on_call()
    town.slack.faults.clear()
    town.people.forget()  # a question that still hangs would be shared
    assert await town.on_call() == {"U0FAY"}


async def test_a_system_that_is_down_is_named_without_its_key(town: Town) -> None:
    town.system.answer, town.system.status = {"error": "t0p-s3cret"}, 503
    with pytest.raises(Unconfirmed) as refused:
        await town.on_call(headers={"Authorization": "Token token=${TOKEN}"})
    assert refused.value.text == (
        "Who oncall is now is not known (127.0.0.1: it answered 503: it does not work just now). "
        "Nothing is recorded, press again."
    )
    (told,) = [each for each in await town.troubles(url=f"{town.system.url}/oncalls?k=v") if "lookup" in each]
    assert told == (
        f"people.oncall: the lookup at {town.system.url}/oncalls: it answered 503: it does not work just now."
    )


async def test_check_tells_of_a_gap_and_of_guests(town: Town) -> None:
    town.system.answer = pagerduty()
    assert any("nobody is on call now; fill the gap" in each for each in await town.troubles())
    town.people.forget()
    town.system.answer = pagerduty(FAY, user("PGUS", "gus@example.com"))
    assert [each for each in await town.troubles() if "lookup" in each] == [
        f"people.oncall: the lookup at {town.system.url}/oncalls: U0GUS is a guest; correct the id, or take it out."
    ]


# ── for how long it is remembered ───────────────────────────────────────────────────────────────────────────────


async def test_a_look_up_is_remembered_for_a_minute_and_asked_anew_where_it_matters(town: Town) -> None:
    town.system.answer = pagerduty(FAY)
    assert await town.on_call() == {"U0FAY"}
    town.system.answer = pagerduty(DAN)
    town.seconds += TTL - 0.001
    assert await town.on_call() == {"U0FAY"}
    assert len(town.system.asked) == 1
    assert await town.on_call(fresh=True) == {"U0DAN"}
    assert len(town.system.asked) == 2

    town.system.answer = pagerduty(FAY)
    town.seconds += TTL - 0.001
    assert await town.on_call() == {"U0DAN"}, "remembered from when it was asked last"
    town.seconds += 0.001
    assert await town.on_call() == {"U0FAY"}


async def test_two_look_ups_of_one_address_are_two(town: Town) -> None:
    """Another map, or another key, is another answer."""
    town.system.answer = pagerduty(user("PFAY"))
    assert await town.on_call(map={"PFAY": "U0FAY"}) == {"U0FAY"}
    assert await town.on_call(map={"PFAY": "U0DAN"}) == {"U0DAN"}


async def test_a_person_is_remembered_for_a_minute_and_asked_anew_where_it_matters(town: Town) -> None:
    assert (await town.people.person("U0FAY")).problem is None
    town.slack.workspace.deactivate("U0FAY")
    town.seconds += TTL - 0.001
    assert (await town.people.person("U0FAY")).problem is None
    assert (await town.people.person("U0FAY", fresh=True)).problem == "is deactivated"
    assert (await town.people.person("U0FAY")).problem == "is deactivated"
