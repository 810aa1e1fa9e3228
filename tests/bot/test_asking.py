"""Asking for a typed action: who may, with what, and what the rules know of the requester (product.md 4)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue import Risk
from bot.condition import Basis
from bot.errors import BadInput, MayNotAsk, NotFound, Unconfirmed
from bot.moves import edit, submit
from bot.policy import Policy
from bot.quorum import reachable
from bot.request import Actor, Asker, Request, State
from bot.route import Verdict
from tests.bot.room import ANA, ART, FAY, HOUR, OWEN, T0, Room, open_room

FILE = """
actions:
  act:
    title: "Act on {what}"
    params:
      what: {type: string, maxLength: 20}
      count: {type: integer, minimum: 1, default: 1}
      iban: {type: string, x-sensitive: true}
    required: [what]
    editable: [count]
    run: {http: {url: "https://bank.example/act", json: {what: "{what}", count: "{count}", iban: "{iban}"}}}
  pay:
    title: "Pay {what}"
    may_ask: [finance, leads]
    params: {what: {type: string}}
    required: [what]
    run: {http: {url: "https://bank.example/pay"}}
rules:
  raise:
    - {when: "history.last_hour >= 3", to: high, name: busy}
  route:
    - {name: agents wait, when: "requester.kind == 'agent' && requester.client == 'ci'", then: deny}
    - {name: leads run, when: "'leads' in requester.groups", then: allow}
    - {name: by ticket, when: "has(context.ticket) && context.ticket == 'T-1'", then: allow}
  default:
    medium: {ask: [{need: [{from: finance}]}]}
    high: {ask: [{need: [{from: directors}]}]}
    critical: deny
"""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, FILE) as made:
        yield made


async def ask(room: Room, who: str | Asker = ANA, action: str = "act", **args: Any) -> Request:
    asker = Asker(person=who) if isinstance(who, str) else who
    context = args.pop("context", None)
    actor = Actor(asker.kind, asker.id, "command")
    return await submit.typed(room.desk, asker, actor, action, {"what": "a"} | args, context)


async def test_an_unknown_action_is_none(room: Room) -> None:
    with pytest.raises(NotFound, match="action 'drop_everything'"):
        await ask(room, action="drop_everything")
    assert await room.store.recent(5) == ()


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ({"what": None}, "what"),
        ({"what": "x" * 21}, "what"),
        ({"what": 5}, "what"),
        ({"count": 0}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": "2"}, "count"),
        ({"count": True}, "count"),
        ({"other": 1}, "other"),
        ({"what": "\ud800"}, "what"),
        ({"count": 2**53}, "count"),
    ],
)
async def test_what_is_wrong_is_named(room: Room, args: dict[str, Any], names: str) -> None:
    with pytest.raises(BadInput) as wrong:
        await ask(room, **args)
    assert [problem.where for problem in wrong.value.problems] == [names]
    assert await room.store.recent(5) == ()


async def test_defaults_are_part_of_what_is_asked(room: Room) -> None:
    assert dict((await ask(room)).now_version.args) == {"what": "a", "count": 1}


async def test_who_may_ask_is_what_the_action_says(room: Room) -> None:
    assert (await ask(room, FAY, "pay")).state is State.APPROVED
    for asker in (ANA, Asker(client="ci", owner=FAY, acts_for=FAY)):
        with pytest.raises(MayNotAsk, match="pay may be asked for by finance, leads only"):
            await ask(room, asker, "pay")
    room.people.put_in("S0FINANCE", ANA)
    assert (await ask(room, ANA, "pay")).state is State.PENDING


async def test_rules_know_who_asks_and_through_what(room: Room) -> None:
    assert (await ask(room)).now_version.route.rule == "default for medium risk"
    room.people.put_in("S0LEADS", ART)
    assert (await ask(room, ART)).now_version.route.rule == "leads run"
    assert (await ask(room, Asker(client="robot"))).now_version.route.verdict is Verdict.ASK
    assert (await ask(room, what="b", context={"ticket": "T-1"})).now_version.route.rule == "by ticket"
    basis = (await ask(room, Asker(client="robot", owner=OWEN), what="c")).now_version.basis
    assert basis["requester"] == {"id": "robot", "groups": [], "kind": "agent", "client": "robot"}


async def test_rules_know_how_much_was_asked_lately(room: Room) -> None:
    for number in range(3):
        assert (await ask(room, what=f"w{number}")).now_version.risk == "medium"
    busy = await ask(room, what="w3")
    assert (busy.now_version.risk, busy.now_version.raised_by) == ("high", ("rule “busy”",))
    assert (await ask(room, ART, what="w3")).now_version.risk == "medium", "of this requester"
    room.clock.now = T0 + HOUR + 1
    assert (await ask(room, what="w4")).now_version.risk == "medium", "within the hour"


async def test_slack_must_know_the_requester(room: Room) -> None:
    room.people.silent = True
    with pytest.raises(Unconfirmed):
        await ask(room)
    room.people.silent = False
    assert await room.store.recent(5) == ()


async def test_a_version_stores_what_it_was_decided_on(room: Room) -> None:
    """So that it can be explained, and decided again to the same end; a sensitive value takes no part."""
    request = await ask(room, iban="DE02-canary")
    seen = request.now_version
    stored = dict((await room.request(request.id)).now_version.basis)
    assert stored["policy"] == room.desk.in_force.policy.version
    assert "canary" not in str(stored)
    policy: Policy = room.desk.in_force.policy
    given = {key: value for key, value in stored.items() if key != "policy"}
    again = policy.decide(Basis(**given | {"base_risk": Risk(stored["base_risk"])}), seen.action)
    assert (again.risk, again.raised_by, again.route) == (seen.risk, seen.raised_by, seen.route)


async def test_what_is_stored_is_what_was_made(room: Room) -> None:
    request = await ask(room, count=3, iban="DE02")
    edited = await edit.edit(room.desk, Actor("person", ANA, "card"), request.id, 1, {"count": 4})
    assert await room.request(request.id) == edited
    assert edited.now_version.way["json"] == {"what": "a", "count": 4, "iban": "DE02"}


async def test_a_sensitive_value_left_masked_stays_what_it_is(room: Room) -> None:
    request = await ask(room, iban="DE02")
    changes = {"count": 4, "iban": "••••••"}
    edited = await edit.edit(room.desk, Actor("person", ANA, "card"), request.id, 1, changes)
    assert edited.now_version.args["iban"] == "DE02"
    changed = await edit.edit(room.desk, Actor("person", ANA, "card"), request.id, 2, {"iban": "DE03"})
    assert changed.now_version.args["iban"] == "DE03"


async def test_who_asks_is_not_counted_among_those_who_could_approve(room: Room) -> None:
    request = await ask(room)
    assert reachable(request, {"finance": frozenset({FAY})})
    assert not reachable(request, {"finance": frozenset({ANA})})
    assert not reachable(request, {})
