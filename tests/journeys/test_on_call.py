"""Who is on call decides: found out at the click from PagerDuty or Opsgenie, and nobody where they do not say."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handlers import main
from handlers.config import load
from handlers.demo.slack import Fault, Message, Person
from tests.handlers.oncall import OnCallSystem, on_call_system, opsgenie, pagerduty, user
from tests.journeys.stage import Stage, World, world

KEY = "pd-s3cret-k3y"
FILE = """
version: 1
slack: {channel: "#approvals", operators: [U0OLGA]}
people:
  finance: {user_groups: [S0FINANCE]}
  oncall:
    lookup:
      url: ONCALL/oncalls?schedule_ids[]=PSCHED1&include[]=users
      format: pagerduty
      headers: {Authorization: "Token token=${PD_TOKEN}"}
  night:
    lookup:
      url: ONCALL/v2/schedules/night/on-calls?flat=true
      format: opsgenie
      map: {dan@pager.example: U0DAN}
actions:
  restart:
    {title: "Restart {host}", params: {host: {type: string}}, required: [host], run: {http: {url: "TARGET/restart"}}}
  failover:
    title: "Fail over {host}"
    risk: high
    params: {host: {type: string}}
    required: [host]
    run: {http: {url: "TARGET/failover"}}
  deploy:
    {title: "Deploy {host}", params: {host: {type: string}}, required: [host], run: {http: {url: "TARGET/deploy"}}}
rules:
  route:
    - {name: by night, when: action == "deploy", then: {ask: [{need: [{from: night}], escalate: []}]}}
    - name: finance, then whoever is on call
      when: action == "restart" && args.host == "later"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: oncall}]}]}
  default:
    medium: {ask: [{need: [{from: oncall}], escalate: []}]}
    high: {ask: [{need: [{from: oncall}], escalate: []}]}
    critical: deny
"""
FAY, DAN, GUS = (user(f"P{name.upper()}", f"{name}@example.com") for name in ("fay", "dan", "gus"))


@dataclass(frozen=True, slots=True)
class Office:
    world: World
    system: OnCallSystem


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with on_call_system() as system:
        system.answer = pagerduty(FAY)
        text = FILE.replace("ONCALL", system.url)
        async with world(tmp_path, yaml_text=text, PD_TOKEN=KEY) as made:
            yield Office(made, system)


async def approved(stage: Stage, who: Person, card: Message) -> None:
    await who.click(card, "Review")
    answered = await who.submit(await stage.form(who, "Fail over db1"))
    assert answered.top is None, who.reads(answered.top)


async def refused(stage: Stage, who: Person, card: Message, *words: str) -> None:
    """They press Review and hear all these words in private, in time for Slack; nothing has happened."""
    async with stage.unchanged():
        ack = await who.click(card, "Review")
        assert ack is not None
        assert ack.seconds < 2.5
        told = await stage.told(who, *words)
        assert KEY not in who.reads(told)
        assert who.modal() is None


async def test_whoever_is_on_call_approves_and_after_the_handover_the_next_one(office: Office) -> None:
    async with office.world.stage() as stage:
        request, card = await stage.asked(stage.rita, "failover host=db1")
        assert "oncall 0 of 1" in stage.walt.reads(card)
        await refused(stage, stage.dan, card, "This stage asks oncall, and you are not a member there now")
        office.system.answer = pagerduty(DAN)  # high risk: it is asked anew at the click
        await approved(stage, stage.dan, card)
        await stage.reaches(request.id, "succeeded")
    asked = [each for each in office.system.asked if each.path == "/oncalls"]
    assert {each.headers["Authorization"] for each in asked} == {f"Token token={KEY}"}
    assert all("since" in each.query for each in asked)


async def test_whom_opsgenie_names_is_mapped_by_the_file(office: Office) -> None:
    office.system.answer = opsgenie(flat=["Dan@pager.example"])
    async with office.world.stage() as stage:
        request, card = await stage.asked(stage.rita, "deploy host=web1")
        await stage.dan.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")
        assert not [call for call in stage.slack.calls if call.method == "users.lookupByEmail"]


async def test_nobody_on_call_is_nobody_to_ask(office: Office) -> None:
    async with office.world.stage() as stage:
        for nobody in (pagerduty(), pagerduty(GUS), pagerduty(FAY, end="2020-01-01T00:00:00Z")):
            office.system.answer = nobody
            async with stage.unchanged():
                reply = await stage.rita.command("#general", "/signoff run failover host=db1")
                assert reply.message is not None
                assert "Nobody could approve this" in stage.rita.reads(reply.message)


TROUBLES: dict[str, tuple[dict[str, Any], str]] = {
    "an outage": ({"status": 503}, "it answered 503"),
    "a wrong key": ({"status": 401}, "it does not accept the key"),
    "a redirect": ({"status": 302}, "it answered 302, a redirect"),
    "a web page": ({"raw": b"<html>Sign in</html>"}, "its answer is not JSON"),
    "another answer": ({"answer": {"incidents": []}}, "it holds neither oncalls nor users"),
    "silence": ({"silent": True}, "no answer in time"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_system_that_does_not_say_lets_nobody_decide_and_says_why(office: Office, trouble: str) -> None:
    fields, why = TROUBLES[trouble]
    async with office.world.stage() as stage:
        request, card = await stage.asked(stage.rita, "failover host=db1")
        before = {name: getattr(office.system, name) for name in fields}
        for name, value in fields.items():
            setattr(office.system, name, value)
        await refused(stage, stage.fay, card, "Who oncall is now is not known", why, "press again")
        refusals = [each["detail"] for each in await stage.events(request.id) if each["type"] == "refused"]
        assert refusals == [{"code": "unconfirmed"}]
        for name, value in before.items():
            setattr(office.system, name, value)
        await approved(stage, stage.fay, card)
        await stage.reaches(request.id, "succeeded")


async def test_slack_not_saying_whose_address_it_is_lets_nobody_decide(office: Office) -> None:
    async with office.world.stage() as stage:
        _, card = await stage.asked(stage.rita, "failover host=db1")
        stage.slack.faults.next("users.lookupByEmail", Fault.http(503), times=5)
        await refused(stage, stage.fay, card, "Slack did not confirm you, nothing is recorded, press again")
        await stage.fay.click(card, "Details")  # whoever may look still may
        await stage.form(stage.fay, "Details")


async def test_an_on_call_system_that_is_down_holds_up_nobody_else(office: Office) -> None:
    office.system.status = 503
    async with office.world.stage() as stage:
        request, card = await stage.asked(stage.rita, "restart host=later")
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")
        async with stage.unchanged():
            reply = await stage.rita.command("#general", "/signoff run failover host=db1")
            assert reply.message is not None
            assert "Who oncall is now is not known" in stage.rita.reads(reply.message)


async def test_an_escalation_reaches_whoever_is_on_call_when_it_happens(office: Office) -> None:
    async with office.world.stage() as stage:
        request, _ = await stage.asked(stage.rita, "restart host=later")
        office.system.answer = pagerduty(DAN)
        stage.slack.workspace.change_user(stage.walt.id, presence="away")  # whatever: what is remembered is forgotten
        await stage.settled()
        await stage.later(minutes=15)
        fired = [each for each in (await stage.request(request.id)).fired if each.kind == "escalate"]
        assert [each.people for each in fired] == [("U0DAN",)]
        copy = await stage.told(stage.dan, "Restart later", "Approve")
        await stage.dan.click(copy, "Approve")
        await stage.reaches(request.id, "succeeded")


async def test_the_key_stands_nowhere(office: Office, tmp_path: Path) -> None:
    async with office.world.stage() as stage:
        request, card = await stage.asked(stage.rita, "failover host=db1")
        await stage.fay.click(card, "Details")
        details = await stage.form(stage.fay, "Details")
        assert KEY not in stage.fay.reads(details)
        assert KEY not in str(await stage.events(request.id))
        stored = (await stage.request(request.id)).now_version.snapshot
        assert b"Token token=${PD_TOKEN}" in stored
    assert KEY.encode() not in everything_in(tmp_path)


def everything_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


async def test_check_tries_each_look_up(office: Office) -> None:
    async with office.world.stage():
        settings = office.world.settings
        book = load(settings.config, settings.environment)
        office.system.answer = pagerduty(user("PXX", "x@example.com"), FAY)
        told = [each for each in await main.troubles(settings, book) if "lookup" in each]
    day, night = f"{office.system.url}/oncalls", f"{office.system.url}/v2/schedules/night/on-calls"
    nobody = "Slack knows nobody for x@example.com; correct it there, or add it under map."
    assert told == [
        f"people.oncall: the lookup at {day}: {nobody}",
        f"people.night: the lookup at {night}: its answer is not Opsgenie's: it holds no data.",
    ]
