"""Away and nobody left: who stands in, who is asked, and what goes on at once."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.moves import lost, submit
from bot.request import Actor, Asker, Request
from tests.bot.play import play, scenes
from tests.bot.room import ANA, FAY, FLO, FRED, open_room

FILE = """
actions:
  act:
    title: "Act {how}"
    params: {how: {type: string}, n: {type: number}}
    required: [how]
    editable: [n]
    run: caller
  grave: {title: "Grave {how}", risk: high, params: {how: {type: string}}, required: [how], run: caller}
rules:
  route:
    - name: two stages
      when: args.how == "stages"
      then: {ask: [{need: [{from: finance}]}, {need: [{from: directors}], escalate: [{after: 1h, to: leads}]}]}
    - name: two of finance
      when: args.how == "two"
      then: {ask: [{need: [{from: finance, approvals: 2}], escalate: [{after: 30m, to: directors}]}]}
    - name: chain
      when: args.how == "chain"
      then:
        ask:
          - need: [{from: finance}]
            escalate: [{after: 10m, to: leads}, {after: 5m, from: previous, to: directors}]
            loops: 1
    - name: told only
      when: args.how == "told"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 10m, to: directors, may_approve: false}]}]}
    - name: no step
      when: args.how == "only"
      then: {ask: [{need: [{from: finance}], remind: 10m}]}
    - name: by day
      when: args.how == "day"
      then: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: daily}]}], expires: 24h}
    - name: think again
      when: args.how == "own"
      then: {ask: [{need: [{from: requester}]}]}
  default:
    medium: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: directors}]}], expires: 4h}
    high: {ask: [{need: [{from: finance}], escalate: [{after: 15m, to: directors}]}], expires: 4h}
    critical: deny
"""
# finance: Fay, Fred, Flo and Gus, a guest. directors: Dora, Dan. leads: Fay, Dora. It is night in Berlin.
HEAD = """
version: 1
slack: {channel: "#approvals", operators: [S0OPERATORS]}
people:
  finance: {user_groups: [S0FINANCE]}
  directors: {users: [U0DORA, U0DAN]}
  leads: {user_groups: [S0LEADS]}
  daily: {users: [U0DORA], time_zone: Europe/Berlin, hours: "08:00-20:00"}
"""

SCENES = scenes("""
who is away is covered by who stands in
    ana asks act how=wait                           → pending cover=-
    fay goes away for 2h to fred                    → pending cover=fay:fred
    flo goes away                                   → pending cover=fay:fred,flo:-
    fay returns                                     → pending cover=flo:-
    fred approves                                   → approved

it ends by itself at its time
    ana asks act how=only                           → pending
    fay goes away for 2h to fred                    → pending cover=fay:fred wake=10m
    +1h59m59s999ms                                  → pending cover=fay:fred
    +1ms                                            → pending cover=-

an escalation goes to who stands in
    dora goes away for 24h to dan
    ana asks act how=wait                           → pending
    +15m                                            → pending steps=1 copies=dan cover=dora:dan
    dan approves                                    → approved label=-

an escalation goes to nobody in the place of who named nobody
    dora goes away
    ana asks act how=wait                           → pending
    +15m                                            → pending steps=1 copies=dan

who is away may still decide
    ana asks act how=wait                           → pending
    fay goes away to fred                           → pending
    fay approves                                    → approved label=-

who stands in is asked where they may decide it themselves
    dora goes away to fay
    ana asks act how=wait                           → pending
    +15m                                            → pending steps=1 copies=dan,fay
    fay approves                                    → approved

and nowhere else
    dora goes away to fay
    ana asks act how=stages                         → pending cover=-
    fred approves                                   → pending stage=2 cover=dora:-
    fay approves                                    → refused not_an_approver

delegation gives no right
    fay goes away to dora
    ana asks act how=only                           → pending cover=fay:-
    dora approves                                   → refused not_an_approver
    dora looks                                      → refused not_found
    dora rejects because no                         → refused not_an_approver

a delegate who made it is no checker
    fay goes away to fred
    fred asks act how=only                          → pending cover=fay:-
    fred approves                                   → refused is_maker
    flo approves                                    → approved

a delegate who has voted is not asked again
    fay goes away to fred
    ana asks act how=two                            → pending cover=fay:fred
    fred approves                                   → pending cover=fay:-
    flo approves                                    → approved

a delegate who goes away passes it on
    fay goes away to fred
    ana asks act how=only                           → pending cover=fay:fred
    fred goes away to flo                           → pending cover=fay:flo,fred:flo
    fred returns                                    → pending cover=fay:fred

oneself is no delegate
    fay goes away to fay                            → refused bad_input

a guest is no delegate
    fay goes away to gus                            → refused bad_input

who is away is no delegate
    fred goes away
    fay goes away to fred                           → refused bad_input

two do not stand in for each other
    ana asks act how=only                           → pending
    fay goes away to fred                           → pending
    fred goes away to fay                           → refused bad_input
    fred goes away                                  → pending cover=fay:-,fred:-

three do not stand in for each other
    ana asks act how=only                           → pending
    fay goes away to fred                           → pending
    fred goes away to flo                           → pending
    flo goes away to fay                            → refused bad_input

who could decide nothing is no delegate
    dan goes away to fred                           → refused bad_input

who is deactivated is no delegate
    fred is deactivated
    fay goes away to fred                           → refused bad_input

a guest goes nowhere
    gus goes away                                   → refused not_a_member

who is there does not return
    fay returns                                     → refused wrong_moment

what Slack does not confirm is not kept
    ana asks act how=only                           → pending
    slack is silent
    fay goes away to fred                           → refused unconfirmed
    slack answers
    sweep                                           → pending cover=-

a time that is over is none to come
    fay goes away for 0s                            → refused bad_input

a year that was mistyped is too far
    fay goes away for 8785h                         → refused bad_input

the last one away lets the next step go, once
    ana asks act how=wait                           → pending
    fay goes away                                   → pending
    fred goes away                                  → pending
    sweep                                           → pending steps=0
    flo goes away                                   → pending steps=0
    sweep                                           → pending steps=1 early=1 copies=dan,dora told=thread
    sweep                                           → pending steps=1
    +15m                                            → pending steps=1
    fay approves                                    → approved

the last one to leave the group lets the next step go
    ana asks act how=wait                           → pending
    fay leaves S0FINANCE
    fred leaves S0FINANCE
    sweep                                           → pending steps=0
    flo is deactivated
    sweep                                           → pending steps=1 early=1 copies=dan,dora
    dora approves                                   → approved

with no step left people are told, once
    ana asks act how=only                           → pending
    fay leaves S0FINANCE
    fred leaves S0FINANCE
    flo leaves S0FINANCE
    sweep                                           → pending steps=0 alone=yes told=operators,requester,thread
    sweep                                           → pending told=-
    +10m                                            → pending reminders=1 alone=yes
    flo joins S0FINANCE
    flo approves                                    → approved

steps that find nobody either go on to the last, and then people are told
    dora goes away
    dan goes away
    fay is deactivated
    fred is deactivated
    ana asks act how=chain                          → pending
    flo is deactivated
    sweep                                           → pending steps=2 early=2 copies=- told=operators,requester,thread
    sweep                                           → pending steps=2 alone=yes
    +10h                                            → pending steps=3

a step that only tells lets it go on
    fay is deactivated
    fred is deactivated
    ana asks act how=told                           → pending
    flo is deactivated
    sweep                                           → pending steps=1 copies=dan,dora alone=yes
    dora approves                                   → refused not_an_approver

where two are needed, one is not enough
    ana asks act how=two                            → pending
    fay goes away                                   → pending
    sweep                                           → pending steps=0
    fred goes away                                  → pending
    sweep                                           → pending steps=1 early=1
    flo approves                                    → pending votes=1
    dora approves                                   → approved

one who voted counts, though they have gone since
    ana asks act how=two                            → pending
    fay approves                                    → pending votes=1
    fay is deactivated
    fred is deactivated
    sweep                                           → pending steps=0
    flo goes away                                   → pending
    sweep                                           → pending steps=1 early=1

the maker does not count as there
    fay is deactivated
    flo is deactivated
    fred asks act how=wait                          → pending
    sweep                                           → pending steps=1 early=1
    dora approves                                   → approved

who edited it does not count where they may not approve
    fay is deactivated
    flo is deactivated
    ana asks grave how=it                           → pending
    sweep                                           → pending steps=0

a stage to come is looked at when it opens
    dora goes away
    dan goes away
    ana asks act how=stages                         → pending
    sweep                                           → pending stage=1 steps=0
    fred approves                                   → pending stage=2
    sweep                                           → pending steps=1 early=1 copies=fay

a stage that opens with nobody there, and only the maker to come
    dora goes away
    dan goes away
    ana asks act how=stages                         → pending
    fay approves                                    → pending stage=2
    sweep                                           → pending steps=1 copies=fay alone=yes
    fay approves                                    → refused already_voted

a request made while everybody is away goes on at once
    fay goes away
    fred goes away
    flo goes away
    ana asks act how=wait                           → pending
    sweep                                           → pending steps=1 early=1 copies=dan,dora

a step that fires early does not wait for the morning
    ana asks act how=day                            → pending
    fay is deactivated
    fred is deactivated
    flo is deactivated
    sweep                                           → pending steps=1 early=1 copies=dora
    dora approves                                   → approved

nor for an answer
    ana asks act how=wait                           → pending
    fay questions why?                              → pending
    fay is deactivated
    fred is deactivated
    flo is deactivated
    sweep                                           → pending steps=1 early=1

the next step is counted from the one that came early
    ana asks act how=chain                          → pending
    fred is deactivated
    flo is deactivated
    fay goes away
    sweep                                           → pending steps=1 early=1 copies=dora wake=5m
    +5m                                             → pending steps=2 early=1 copies=dan,dora

Slack that does not answer loses nobody
    ana asks act how=wait                           → pending
    fay is deactivated
    fred is deactivated
    flo is deactivated
    slack is silent
    sweep                                           → pending steps=0 alone=no
    slack answers
    sweep                                           → pending steps=1 early=1

the requester's own confirmation needs nobody else
    fay goes away
    ana asks act how=own                            → pending
    sweep                                           → pending alone=no
    ana approves                                    → approved label=from_requester

what is over is only over
    ana asks act how=wait                           → pending
    fay is deactivated
    fred is deactivated
    flo is deactivated
    +4h                                             → expired
    sweep                                           → expired steps=0

a new version is told of anew
    ana asks act how=only                           → pending
    fay is deactivated
    fred is deactivated
    flo goes away
    sweep                                           → pending alone=yes told=operators,requester,thread
    ana edits n=2                                   → pending version=2 alone=no
    sweep                                           → pending alone=yes told=operators,requester,thread
""")


@pytest.mark.parametrize("rows", SCENES)
async def test_scenario(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows, head=HEAD)


LINKED = HEAD + "identities: [[U0FAY, U0FAYADMIN], [U0DORA, U0DAN]]\n"
ACCOUNTS = scenes("""
every account of hers is away with her
    fayadmin joins S0FINANCE
    ana asks act how=only                           → pending
    fayadmin goes away to fred                      → pending cover=fay:fred
    fay returns                                     → pending cover=-

another account of oneself is no delegate
    fayadmin joins S0FINANCE
    fay goes away to fayadmin                       → refused bad_input

nor one whose other account is away
    fayadmin joins S0FINANCE
    fay goes away                                   → -
    fred goes away to fayadmin                      → refused bad_input

two accounts of the last one left are one, and away together
    fayadmin joins S0FINANCE
    ana asks act how=wait                           → pending
    fred is deactivated
    flo is deactivated
    sweep                                           → pending steps=0
    fay goes away                                   → pending
    sweep                                           → pending steps=1 early=1

two accounts do not fill two places
    fayadmin joins S0FINANCE
    ana asks act how=two                            → pending
    fred is deactivated
    sweep                                           → pending steps=0
    flo is deactivated
    sweep                                           → pending steps=1 early=1
""")


@pytest.mark.parametrize("rows", ACCOUNTS)
async def test_linked_accounts(tmp_path: Path, rows: list[str]) -> None:
    await play(tmp_path, FILE, rows, head=LINKED)


async def test_however_many_wait_for_the_same_they_are_not_read_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those that nobody is left for are loaded; what tells the others apart stands in their rows."""
    async with open_room(tmp_path, FILE, head=HEAD) as room:
        desk, many = room.desk, lost.PAGE + 20
        for n in range(many):
            who = f"U0P{n}"
            await submit.typed(desk, Asker(person=who), Actor("person", who, "api"), "act", {"how": "wait"})
        own = await submit.typed(desk, Asker(person=FAY), Actor("person", FAY, "api"), "act", {"how": "wait"})
        for who in (FRED, FLO):
            room.people.problems[who] = "is deactivated"
        read, load = list[str](), room.store.load

        async def counted(request_id: str) -> Request | None:
            read.append(request_id)
            return await load(request_id)

        monkeypatch.setattr(room.store, "load", counted)
        assert await lost.sweep(desk)
        assert set(read) == {own.id}  # the newest tells for all; she asked for it herself, and nobody else is left
        assert len((await room.request(own.id)).fired) == 1
        room.people.problems[FAY] = "is deactivated"
        assert await lost.sweep(desk)
        assert len(set(read)) == many + 1  # each of them goes on
        waiting = [await room.request(f"req-{n}") for n in range(1, many + 1)]
        assert [len(each.fired) for each in waiting] == [1] * many


async def test_what_came_from_before_there_were_marks_is_looked_at_for_itself(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE, head=HEAD) as room:
        asked = await submit.typed(room.desk, Asker(person=ANA), Actor("person", ANA, "api"), "act", {"how": "wait"})
        with closing(sqlite3.connect(tmp_path / "signoff.db")) as raw:
            raw.execute("UPDATE requests SET mark = '?'")
            raw.commit()
        assert await lost.sweep(room.desk)
        assert (await room.request(asked.id)).fired == ()
        room.people.groups["S0FINANCE"] = frozenset()
        assert await lost.sweep(room.desk)
        assert len((await room.request(asked.id)).fired) == 1


async def test_another_replica_lets_it_go_on_only_once(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE, head=HEAD) as one, open_room(tmp_path, FILE, head=HEAD, beside=one) as two:
        asked = await submit.typed(one.desk, Asker(person=ANA), Actor("person", ANA, "api"), "act", {"how": "wait"})
        one.people.groups["S0FINANCE"] = frozenset()
        await asyncio.gather(*(lost.sweep(room.desk) for room in (one, two, one, two)))
        assert len((await one.request(asked.id)).fired) == 1
        assert [event["type"] for event in await one.events(asked.id)] == ["send", "escalate"]


async def test_whoever_comes_back_while_it_is_looked_at_is_not_lost(tmp_path: Path) -> None:
    async with open_room(tmp_path, FILE, head=HEAD) as room:
        asked = await submit.typed(room.desk, Asker(person=ANA), Actor("person", ANA, "api"), "act", {"how": "wait"})
        room.people.groups["S0FINANCE"] = frozenset()

        async def joins() -> None:
            room.people.put_in("S0FINANCE", FAY)

        async def later() -> None:
            room.people.meanwhile = joins

        room.people.meanwhile = later  # not at the first look, but before the second, which asks anew
        await lost.check(room.desk, asked.id)
        assert [fresh for what, fresh in room.people.asked if what == "finance"][-2:] == [False, True]
        assert (await room.request(asked.id)).fired == ()
