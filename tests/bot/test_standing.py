"""Standing approvals: who may give one, what it covers, when it no longer does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.moves import standing, submit
from bot.request import Actor, Asker, Request
from bot.standing import MOST_USES, Bound, StandingApproval, Terms, Wanted
from tests import build
from tests.bot.play import play, scenes
from tests.bot.room import ANA, ART, FAY, FRED, HEAD, HOUR, OLGA, WALT, Room, open_room

FILE = """
actions:
  refund:
    title: "Refund {amount} {currency} for {order}"
    params:
      order: {type: string}
      amount: {type: number, maximum: 100000}
      currency: {type: string, enum: [USD, EUR], default: USD}
      note: {type: string, maxLength: 9000}
    required: [order, amount]
    editable: [amount, currency]
    standing: {args: [amount, currency], uses: 3, for: 2h}
    run: {http: {url: "https://bank.example/refunds", json: {order: "{order}", amount: "{amount}"}}}
    undo: {http: {url: "https://bank.example/refunds/{result.id}/reverse"}}
  charge:
    title: "Charge {amount} to {order}"
    params: {order: {type: string}, amount: {type: number}}
    required: [order, amount]
    run: {http: {url: "https://bank.example/charges", json: {amount: "{amount}"}}}
  ring:
    title: "Ring {times} times for {who}"
    params: {who: {type: string}, times: {type: integer}, loud: {type: boolean}}
    required: [who]
    editable: [times]
    standing: {args: [who, times, loud]}
    run: {http: {url: "https://bell.example/ring"}}
rules:
  raise:
    - {when: "action == 'refund' && args.amount == 66", to: high}
  route:
    - {name: never, when: "action == 'refund' && args.amount == 67", then: deny}
    - {name: small, when: "action == 'refund' && args.amount < 5 && args.amount >= 0", then: allow}
    - {name: errs, when: "action == 'refund' && args.amount == 13 && size(args.note) > 3", then: allow}
    - name: both
      when: action == "refund" && args.amount == 68
      then: {ask: [{need: [{from: finance}, {from: directors}]}]}
    - name: in order
      when: action == "refund" && args.amount == 69
      then: {ask: [{need: [{from: finance}]}, {need: [{from: directors}]}]}
    - name: two
      when: action == "refund" && args.amount == 70
      then: {ask: [{need: [{from: finance, approvals: 2}]}]}
    - name: yourself
      when: action == "refund" && args.amount == 71
      then: {ask: [{need: [{from: requester}]}]}
    - name: directors only
      when: action == "refund" && args.amount == 72
      then: {ask: [{need: [{from: directors}]}]}
  default:
    medium: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: directors}]}], expires: 4h}
    high: {ask: [{need: [{from: finance}]}], expires: 4h}
    critical: {ask: [{need: [{from: finance, approvals: 2}]}], expires: 4h}
"""

SCENES = scenes("""
it is given, and used until it is used up
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=2 for=1h                   → pending left=2 votes=0
    ana asks refund order=b amount=100                    → approved rule=standing_approval_by_U0FAY left=1 label=standing_approval
    it runs                                               → succeeded calls=1
    ana asks refund order=c amount=0.5                    → approved rule=small left=1 label=-
    ana asks refund order=d amount=99                     → approved left=0
    ana asks refund order=e amount=99                     → pending rule=default_for_medium_risk left=0
    fay approves                                          → approved label=-

what is out of bounds asks
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=b amount=100.01                 → pending
    ana asks refund order=c amount=90 currency=EUR        → pending
    ana asks refund order=d amount=-1                     → pending
    ana asks charge order=e amount=60                     → pending
    art asks refund order=f amount=60                     → pending
    agent asks refund order=g amount=60                   → pending left=3

a bound of a value that is less than nothing ends there
    ana asks refund order=a amount=-60                    → pending
    fay allows amount=-10 uses=3 for=1h                   → pending
    ana asks refund order=b amount=-61                    → pending
    ana asks refund order=c amount=-59                    → approved
    ana asks refund order=d amount=-9                     → pending

it never allows what is risky, denied, undecided, or more than one click of its giver
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=b amount=66                     → pending risk=high
    ana asks refund order=c amount=67                     → refused denied
    ana asks refund order=d amount=13                     → pending
    ana asks refund order=e amount=68                     → pending rule=both
    ana asks refund order=f amount=69                     → pending rule=in_order
    ana asks refund order=g amount=70                     → pending rule=two
    ana asks refund order=h amount=71                     → pending rule=yourself
    ana asks refund order=i amount=72                     → pending rule=directors_only left=3

nor is it given for any of that
    ana asks refund order=b amount=66                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed
    ana asks refund order=d amount=13                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed
    ana asks refund order=e amount=68                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed
    ana asks refund order=f amount=69                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed
    ana asks refund order=g amount=70                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed
    ana asks refund order=h amount=71                     → pending
    ana allows amount=100 uses=1 for=1h                   → refused not_allowed
    ana asks charge order=j amount=60                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed

who is no approver now gives none
    ana asks refund order=a amount=60                     → pending
    ana allows amount=100 uses=1 for=1h                   → refused is_maker
    walt allows amount=100 uses=1 for=1h                  → refused not_an_approver
    gus allows amount=100 uses=1 for=1h                   → refused not_a_member
    dora allows amount=100 uses=1 for=1h                  → refused not_an_approver
    fay approves                                          → approved
    fred allows amount=100 uses=1 for=1h                  → refused wrong_moment

a member of finance cannot allow their own
    fay asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=1 for=1h                   → refused is_maker
    fred allows amount=100 uses=1 for=1h                  → pending
    fay asks refund order=b amount=60                     → approved rule=standing_approval_by_U0FRED

an editor gives none for the version they wrote, though they may approve it
    ana asks refund order=a amount=60                     → pending
    fay edits amount=61                                   → pending editor=fay
    fay allows amount=100 uses=1 for=1h                   → refused not_allowed
    fred allows amount=100 uses=1 for=1h                  → pending left=1

somebody whom an escalation added could approve, and still gives none
    ana asks refund order=a amount=60                     → pending
    +15m                                                  → pending steps=1
    dora allows amount=100 uses=1 for=1h                  → refused not_allowed

a click on an older version gives none
    ana asks refund order=a amount=60                     → pending
    ana edits amount=61                                   → pending version=2
    fay allows v1 amount=100 uses=1 for=1h                → refused superseded

it is over when its time is
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    +59m59s                                               → pending
    ana asks refund order=b amount=60                     → approved left=2
    +1s                                                   → approved
    ana asks refund order=c amount=60                     → pending left=2

it ends by one click of who gave it, an approver or an operator
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana ends                                              → refused not_allowed
    walt ends                                             → refused not_allowed
    gus ends                                              → refused not_a_member
    fay ends                                              → pending
    fay ends                                              → refused wrong_moment
    ana asks refund order=b amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    fred ends                                             → pending
    ana asks refund order=c amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    olga ends                                             → pending
    ana asks refund order=d amount=60                     → pending

a requester of finance does not end what was given for theirs
    fay asks refund order=a amount=60                     → pending
    fred allows amount=100 uses=3 for=1h                  → pending
    fay ends                                              → refused not_allowed

its giver gives one at a time, others give theirs
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=1 for=1h                   → pending
    fay allows amount=100 uses=3 for=1h                   → refused wrong_moment
    fred allows amount=100 uses=1 for=2h                  → pending left=1
    ana asks refund order=b amount=60                     → approved rule=standing_approval_by_U0FAY left=1
    ana asks refund order=c amount=60                     → approved rule=standing_approval_by_U0FRED left=0
    ana asks refund order=d amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending left=3

its giver must still be who could approve it
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    fay leaves S0FINANCE                                  → pending
    ana asks refund order=b amount=60                     → pending
    fay joins S0FINANCE                                   → pending
    ana asks refund order=c amount=60                     → approved
    fay is deactivated                                    → approved
    ana asks refund order=d amount=60                     → pending left=2

where the definition changed it allows nothing, where only rules did it does
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    file "expires: 4h" "expires: 5h"                      → pending
    ana asks refund order=b amount=60                     → approved left=2
    file "Refund {amount}" "Pay back {amount}"            → approved
    ana asks refund order=c amount=60                     → pending left=2

where the file no longer permits it, it allows nothing, and none is given
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    file "    standing: {args: [amount, currency], uses: 3, for: 2h}" "    edit_and_approve: true" → pending
    ana asks refund order=b amount=60                     → pending left=3
    fay allows amount=100 uses=3 for=1h                   → refused not_allowed
    request 1                                             → pending
    fred allows amount=100 uses=3 for=1h                  → refused wrong_moment

an edit is never made an allow by it
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=b amount=101                    → pending
    ana edits amount=100                                  → pending version=2 left=3
    fred edits amount=99                                  → pending version=3 left=3

an undo is not like what it undoes
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=b amount=60                     → approved left=2
    it runs                                               → succeeded
    ana undoes                                            → pending left=2

what it allowed is asked about anew where its definition changes before it runs
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=b amount=60                     → approved left=2
    file "Refund {amount}" "Pay back {amount}"            → approved
    it is claimed                                         → pending version=2 left=2
    fay approves                                          → approved

a value that is no number stays exactly as it was, one left out stays left out
    ana asks ring who=bob times=2                         → pending
    fay allows times=3 uses=3 for=8h                      → pending
    ana asks ring who=bob times=3                         → approved
    ana asks ring who=bea times=3                         → pending
    ana asks ring who=bob                                 → pending
    request 1                                             → pending

an identical request that is open is given back, and nothing is used
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=a amount=60                     → pending id=1 left=3

an agent's requests for somebody are a side of their own
    agent asks refund order=a amount=60                   → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    ana asks refund order=b amount=60                     → pending
    robot asks refund order=c amount=60                   → pending
    agent asks refund order=d amount=60                   → approved left=2

while signoff is paused it allows, and nothing starts
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=3 for=1h                   → pending
    olga pauses                                           → pending
    ana asks refund order=b amount=60                     → approved left=2
    it runs                                               → approved calls=0
    olga resumes                                          → approved
    +30s                                                  → approved
    it runs                                               → succeeded calls=1

bounds that the file does not permit are named
    ana asks refund order=a amount=60                     → pending
    fay allows amount=100 uses=4 for=1h                   → refused bad_input
    fay allows amount=100 uses=0 for=1h                   → refused bad_input
    fay allows amount=100 uses=1 for=121m                 → refused bad_input
    fay allows amount=100 uses=1 for=59s                  → refused bad_input
    fay allows amount=-1 uses=1 for=1h                    → refused bad_input
    fay allows uses=1 for=1h                              → refused bad_input
    fay allows amount=many uses=1 for=1h                  → refused bad_input
""")  # noqa: E501 - a move a line


LINKED = HEAD + "identities: [[U0ANA, U0ANAADMIN], [U0FRED, U0FREDADMIN]]\n"
LINKED_SCENES = scenes("""
a requester's other account allows nothing
    anaadmin joins S0FINANCE
    ana asks refund order=a amount=60                     → pending
    anaadmin allows amount=100 uses=3 for=1h              → refused is_maker

what was given before the accounts were known as one no longer counts
    file "[U0ANA, U0ANAADMIN], " ""
    anaadmin joins S0FINANCE
    ana asks refund order=a amount=60                     → pending
    anaadmin allows amount=100 uses=3 for=1h              → pending
    ana asks refund order=b amount=60                     → approved left=2
    file "identities: [" "identities: [[U0ANA, U0ANAADMIN], "
    ana asks refund order=c amount=60                     → pending left=2

one person gives one at a time, from whichever account
    fredadmin joins S0FINANCE
    ana asks refund order=a amount=60                     → pending
    fred allows amount=100 uses=3 for=1h                  → pending
    fredadmin allows amount=100 uses=3 for=1h             → refused wrong_moment

an editor's other account gives none for the version they wrote
    fredadmin joins S0FINANCE
    ana asks refund order=a amount=60                     → pending
    fred edits amount=61                                  → pending editor=fred
    fredadmin allows amount=100 uses=1 for=1h             → refused not_allowed
""")


@pytest.mark.parametrize("rows", LINKED_SCENES)
async def test_linked_accounts(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows, head=LINKED)


@pytest.mark.parametrize("rows", SCENES)
async def test_standing_approvals(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows)


# ── what a table cannot say ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, FILE) as made:
        yield made


async def asks(room: Room, order: str, amount: float = 60, person: str = ANA, **more: object) -> Request:
    args = {"order": order, "amount": amount, **more}
    return await submit.typed(room.desk, Asker(person=person), Actor("person", person, "command"), "refund", args)


async def gives(room: Room, uses: int, by: str = FAY, person: str = ANA) -> StandingApproval:
    request = await asks(room, f"looked-at-{by}-{person}", person=person)
    actor = Actor("person", by, "review")
    return await standing.give(room.desk, actor, request.id, 1, Wanted({"amount": 100}, HOUR, uses))


async def test_many_at_once_never_exceed_its_uses(room: Room) -> None:
    given = await gives(room, 3)
    made = await asyncio.gather(*(asks(room, f"r{n}") for n in range(8)))
    assert sorted(each.state.value for each in made) == ["approved"] * 3 + ["pending"] * 5
    assert all(each.now_version.route.rule == "default for medium risk" for each in made if each.state == "pending")
    stored = await room.store.standing_approval(given.id)
    assert stored is not None
    assert (stored.used, stored.left) == (3, 0)


@pytest.mark.parametrize("meanwhile", ["ends", "runs out", "is used up"])
async def test_what_ends_between_the_look_and_the_saving_allows_nothing(room: Room, meanwhile: str) -> None:
    """It happens while the giver is looked up: what was seen then no longer counts."""
    given = await gives(room, 1)

    async def happens() -> None:
        if meanwhile == "ends":
            await standing.end(room.desk, Actor("person", OLGA, "home"), given.id)
        elif meanwhile == "runs out":
            room.clock.now += HOUR
        else:
            assert (await asks(room, "the other")).state == "approved"

    base = submit.blank(room.desk, Asker(person=ANA), Actor("person", ANA, "command"))
    action = room.desk.in_force.catalogue.action("refund")
    ready = await submit.prepare(room.desk, base, action, {"order": "late", "amount": 60}, build.version().plan)
    assert ready.allowed is not None
    assert ready.allowed.route.standing is not None
    await happens()
    late = await asks_prepared(room, base, ready)
    assert late.state == "pending"
    assert late.now_version.route.standing is None


async def asks_prepared(room: Room, base: Request, ready: submit.Ready) -> Request:
    return await submit._made(room.desk, base, ready, Actor("person", ANA, "command"))


async def test_slack_that_does_not_know_the_giver_means_the_ordinary_route(room: Room) -> None:
    given = await gives(room, 3)
    base = submit.blank(room.desk, Asker(person=ANA), Actor("person", ANA, "command"))
    action = room.desk.in_force.catalogue.action("refund")
    ready = await submit.prepare(room.desk, base, action, {"order": "b", "amount": 60}, build.version().plan)
    room.people.silent = True
    assert not await standing.speaks(room.desk, given, base.but(version=ready.version))
    assert await standing.allowed(room.desk, base, ready.version) is None


async def test_a_card_that_does_not_show_all_of_it_is_looked_at(room: Room) -> None:
    await gives(room, 3)
    room.fits[0] = False
    assert (await asks(room, "b")).state == "pending"
    room.fits[0] = True
    assert (await asks(room, "c")).state == "approved"


async def test_it_outlives_a_restart(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE) as room:
        given = await gives(room, 2)
        assert (await asks(room, "b")).state == "approved"
        async with open_room(tmp_path, FILE, beside=room) as again:
            assert await again.store.standing_approval(given.id) == replace(given, used=1)
            assert (await asks(again, "c")).state == "approved"
            assert (await asks(again, "d")).state == "pending"
            assert await again.store.standing_approvals() == ()


async def test_the_trail_names_it_and_holds_no_values(room: Room) -> None:
    given = await gives(room, 2)
    used = await asks(room, "b", note="a secret note")
    await standing.end(room.desk, Actor("person", OLGA, "home"), given.id)
    story = [each for each in await room.events(given.request_id) if str(each["type"]).startswith("standing")]
    assert [each["type"] for each in story] == ["standing_given", "standing_ended"]
    first: dict[str, object] = dict(story[0]["detail"])  # type: ignore[call-overload]
    assert first == {
        "standing": given.id,
        "standing_by": FAY,
        "standing_digest": given.digest,
        "action": "refund",
        "for": ANA,
        "bounds": ["amount", "currency"],
        "uses": 2,
        "used": 0,
        "until": given.until,
    }
    (sent,) = await room.events(used.id)
    detail: dict[str, object] = dict(sent["detail"])  # type: ignore[call-overload]
    assert (detail["exception"], detail["standing"], detail["standing_by"]) == ("standing_approval", given.id, FAY)
    assert "secret" not in str(sent)


async def test_it_concerns_its_giver_its_requester_and_those_who_may_end_it(room: Room) -> None:
    given = await gives(room, 2)
    seen = {who: await standing.shown_to(room.desk, who) for who in (FAY, FRED, OLGA, ANA, ART, WALT)}
    may_end = {who: [ends for _, ends in found] for who, found in seen.items()}
    assert may_end == {FAY: [True], FRED: [True], OLGA: [True], ANA: [False], ART: [], WALT: []}
    await standing.end(room.desk, Actor("person", FAY, "home"), given.id)
    assert await standing.shown_to(room.desk, FAY) == ()


async def test_what_is_out_of_bounds_is_named_each_at_its_field(room: Room) -> None:
    request = await asks(room, "a")
    with pytest.raises(BadInput) as refused:
        await standing.give(room.desk, Actor("person", FAY, "review"), request.id, 1, Wanted({}, 9 * HOUR, 21))
    assert {problem.where for problem in refused.value.problems} == {"amount", "how_often", "how_long"}


def test_no_file_permits_more_than_the_product_does() -> None:
    action = build.action({}, standing={"args": ["x"], "uses": 1_000, "lasts": 1_000 * HOUR})
    assert Terms.of(action) == Terms(("x",), MOST_USES, 8 * HOUR)


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        (Bound("x", exactly="USD"), "USD", True),
        (Bound("x", exactly="USD"), "usd", False),
        (Bound("x", exactly=None), None, True),
        (Bound("x", exactly=None), "", False),
        (Bound("x", exactly=True), 1, False),
        (Bound("x", exactly=1), 1.0, True),
        (Bound("x", exactly=["a", "b"]), ["b", "a"], False),
        (Bound("x", least=0, most=10), 10, True),
        (Bound("x", least=0, most=10), 10.0001, False),
        (Bound("x", least=0, most=10), -0.0001, False),
        (Bound("x", least=0, most=10), True, False),
        (Bound("x", least=0, most=10), "5", False),
        (Bound("x", least=0, most=10), None, False),
    ],
)
def test_bounds(bound: Bound, value: object, holds: bool) -> None:
    assert bound.holds(value) is holds
