"""Scenarios as tables: a move a line, and after the arrow what has become of the request.

    ana asks refund order=ord_1 amount=60     → pending surface=card
    ana approves                              → refused is_maker
    +15m                                      → pending steps=1
    dora approves                             → approved label=-
    it runs                                   → succeeded calls=1

Lines without an indent name a scenario. Every move goes through `bot.moves` over a real store. A refusal must leave
the request as it was. Facts that may follow the state:

    version stage votes reminders steps     of the current version
    surface risk rule editor label          label: the exception to maker ≠ checker its last event names, - for none
    id expires run_by wake              since the first moment, such as 1h30m; - for none
    attempts calls                          calls: how often the target was really called
    waits held told seen                    told: who heard of the last move; seen: what the version's card shows
    early alone                             early: steps fired before their time; alone: nobody is left, and told
    copies                                  who holds a copy by direct message
    cover                                   who is away and who stands in, such as fay:fred; - for nobody
    original                                the state of what is undone
    review                                  of the version's break: open, concern, overdue, done, - where there is none
    left                                    how often the last standing approval given may still be used
"""

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot import timing
from bot.errors import Refusal
from bot.moves import (
    away,
    brake,
    cancel,
    claim,
    edit,
    glass,
    look,
    lost,
    reach,
    remark,
    settle,
    standing,
    submit,
    tick,
    undo,
    vote,
)
from bot.outcome import Ending, Outcome
from bot.request import Actor, Asker, EffectKind, Request
from bot.route import Surface
from bot.standing import StandingApproval, Wanted
from tests.bot import room
from tests.bot.room import DONE, HEAD, LOST, REFUSED, T0, Died, Room, open_room

_DURATION = re.compile(r"(\d+)(ms|h|m|s)")
_UNITS = {"h": room.HOUR, "m": room.MINUTE, "s": room.SECOND, "ms": 1}
AGENTS = {
    "agent": Asker(client="ci", owner=room.OWEN, acts_for=room.ANA),
    "robot": Asker(client="robot"),
}
OUTCOMES = {"succeeds": DONE, "fails": REFUSED, "lost": LOST}


def scenes(text: str) -> list[Any]:
    """One pytest parameter for each scenario of the text."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip():
            continue
        if line[0] != " ":
            name = line.strip()
            assert name not in found, f"two scenarios are called {name!r}"
            found[name] = []
        else:
            found[name].append(line.strip())
    return [pytest.param(rows, id=name) for name, rows in found.items()]


async def play(folder: Path, file: str, rows: list[str], *, head: str = HEAD) -> None:
    async with open_room(folder, file, head=head) as made:
        stage = Play(made, folder, head + file)
        for number, row in enumerate(rows, 1):
            await stage.row(number, row)


def duration(text: str) -> int:
    parts = _DURATION.findall(text)
    assert "".join(map("".join, parts)) == text, f"{text!r} is no duration"
    return sum(int(count) * _UNITS[unit] for count, unit in parts)


def since(at: int | None) -> str:
    """A moment as its distance from the first one."""
    if at is None:
        return "-"
    rest, parts = at - T0, []
    for unit, length in _UNITS.items():
        count, rest = divmod(rest, length)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def _fired(request: Request, kind: str) -> int:
    return sum(1 for fired in request.fired if fired.kind == kind)


def _name(person: str | None) -> str:
    return (person or "-").removeprefix("U0").lower()


def _held(request: Request) -> str:
    return "-" if request.held is None else f"{since(request.held[0])}-{since(request.held[1])}"


def _review(request: Request) -> str:
    broken = request.broken
    if broken is None:
        return "-"
    if not broken.open:
        return "done"
    return "concern" if broken.looks else "overdue" if broken.reminded_at else "open"


FACTS: dict[str, Callable[[Request], object]] = {
    "id": lambda request: request.id.removeprefix("req-"),
    "version": lambda request: request.version.number if request.version else 0,
    "stage": lambda request: request.stage + 1,
    "votes": lambda request: len(request.votes),
    "reminders": lambda request: _fired(request, "remind"),
    "steps": lambda request: _fired(request, "escalate"),
    "surface": lambda request: request.now_version.surface.value,
    "risk": lambda request: request.now_version.risk.value,
    "rule": lambda request: request.now_version.route.rule.replace(" ", "_"),
    "editor": lambda request: (request.now_version.editor or "-").removeprefix("U0").lower(),
    "expires": lambda request: since(request.expires_at),
    "run_by": lambda request: since(request.run_by),
    "wake": lambda request: since(timing.wake_at(request)),
    "held": _held,
    "attempts": lambda request: len(request.attempts),
    "alone": lambda request: "yes" if request.alone else "no",
    "copies": lambda request: ",".join(sorted(_name(person) for person, _ in request.escalated_to)) or "-",
    "review": _review,
    "waits": lambda request: "yes" if request.waits_for_release else "no",
}


@dataclass(slots=True)
class Play:
    room: Room
    folder: Path
    file: str
    it: str = ""
    told: int = 0
    given: StandingApproval | None = None  # the last standing approval

    async def row(self, number: int, row: str) -> None:
        move, _, expected = (part.strip() for part in row.partition("→"))
        before = await self.room.store.load(self.it) if self.it else None
        if "told=" in expected:
            await self.room.deliver(EffectKind.TELL)
            self.told = len(self.room.wall.told)
        try:
            await self._do(shlex.split(move))
        except Refusal as error:
            refused = error.code
        else:
            refused = ""
        if refused and move.split()[1] not in ("asks", "undoes"):
            after = await self.room.store.load(self.it) if self.it else None
            assert after == before, f"row {number}, {row}: refused, and yet it moved"
        state = (await self._now()).state.value if self.it else "-"
        got = f"refused {refused}" if refused else state
        await self._compare(number, row, expected.split(), got)

    async def _now(self) -> Request:
        return await self.room.request(self.it)

    async def _compare(self, number: int, row: str, expected: list[str], got: str) -> None:
        if not expected:
            return
        words = 2 if expected[0] == "refused" else 1
        facts = dict(fact.split("=", 1) for fact in expected[words:])
        there = await self._facts(facts) if facts else {}
        assert (" ".join(expected[:words]), facts) == (got, there), f"row {number}: {row}"

    async def _facts(self, wanted: Mapping[str, str]) -> dict[str, str]:
        request = await self._now()
        return {name: str(await self._fact(name, request)) for name in wanted}

    async def _fact(self, name: str, request: Request) -> object:
        if name in FACTS:
            return FACTS[name](request)
        return await getattr(self, f"_{name}")(request)

    async def _label(self, request: Request) -> object:
        detail: Any = (await self.room.events(request.id))[-1]["detail"]
        return detail.get("exception", "-")

    async def _early(self, request: Request) -> object:
        events: list[Any] = list(await self.room.events(request.id))
        return sum(1 for event in events if event["type"] == "escalate" and event["detail"].get("early"))

    async def _cover(self, request: Request) -> object:
        found = await reach.covers(self.room.desk, request)
        return ",".join(f"{_name(each.person)}:{_name(each.stand_in)}" for each in found) or "-"

    async def _calls(self, request: Request) -> object:
        return sum(1 for job in self.room.target.calls if job.request_id == request.id and job.attempt)

    async def _told(self, _: Request) -> object:
        already = self.told
        await self.room.deliver(EffectKind.TELL)
        return ",".join(sorted({to for to, _ in self.room.wall.told[already:]})) or "-"

    async def _seen(self, request: Request) -> object:
        await self.room.deliver(EffectKind.SHOW)
        return self.room.wall.messages.get((request.id, "card", request.now_version.number, ""), "-")

    async def _original(self, request: Request) -> object:
        return (await self.room.request(request.undo_of or "")).state.value

    async def _left(self, _: Request) -> object:
        found = await self.room.store.standing_approval(self.given.id if self.given else "")
        return found.left if found else "-"

    # ── moves ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _do(self, words: list[str]) -> None:
        who, *rest = words
        if who.startswith("+"):
            self.room.clock.now += duration(who[1:])
            await tick.tick(self.room.desk)
        elif who == "it":
            await self._it(rest)
        elif who == "request":
            self.it = f"req-{rest[0]}"
        elif who == "file":
            self._file(*rest)
        elif who == "slack":
            self._slack(*rest)
        elif who == "sweep":
            await lost.sweep(self.room.desk)
        else:
            await self._person(who, rest[0], rest[1:])

    def _slack(self, does: str, *what: str) -> None:
        people = self.room.people
        match does:
            case "hides":
                people.hidden |= {*what}
            case "shows":
                people.hidden -= {*what}
            case _:
                people.silent = (does, *what) == ("is", "silent")

    def _file(self, old: str, new: str) -> None:
        """The file is changed and loaded anew, as a reload does it."""
        assert old in self.file, f"the file does not say {old!r}"
        self.file = self.file.replace(old, new)
        book = room.read_file(self.folder, self.file)
        in_force = self.room.desk.in_force
        in_force.catalogue, in_force.policy = book.catalogue, book.policy

    async def _it(self, rest: list[str]) -> None:
        target = self.room.target
        match rest:
            case ["is", "claimed"]:
                await claim.claim(self.room.desk, self.it)
            case ["dies"]:
                target.dies = True
                with pytest.raises(Died):
                    await self._run_one()
                target.dies = False
            case ["runs"]:
                await self.room.deliver(EffectKind.RUN, EffectKind.PROBE)
            case ["runs", "and", outcome]:
                target.answers.append(OUTCOMES[outcome])
                await self.room.deliver(EffectKind.RUN, EffectKind.PROBE)
            case ["is", "previewed"]:
                await self.room.deliver(EffectKind.PREVIEW)
            case ["fails", "to", "preview"]:
                target.answers.append(REFUSED)
                await self.room.deliver(EffectKind.PREVIEW)
            case _:
                raise AssertionError(f"it {' '.join(rest)}: no such move")

    async def _run_one(self) -> None:
        (parcel,) = await self.room.store.take(self.room.clock(), 120_000, 5, [EffectKind.RUN])
        await self.room.runner.run(parcel)

    async def _person(self, name: str, verb: str, rest: list[str]) -> None:
        who = f"U0{name.upper()}"
        actor = Actor("person", who, "card")
        if name in AGENTS:
            actor = Actor("agent", AGENTS[name].client or "", "api")
        match verb:
            case "asks":
                await self._asks(name, actor, rest)
            case "leaves":
                self.room.people.take_out(rest[0], who)
            case "joins":
                self.room.people.put_in(rest[0], who)
            case "is":
                self.room.people.problems[who] = " ".join(["is", *rest])
            case "goes":
                await self._goes(actor, rest)
            case "returns":
                await away.back(self.room.desk, actor)
            case "pauses":
                await brake.pause(self.room.desk, actor)
            case "resumes":
                await brake.resume(self.room.desk, actor)
            case "undoes":
                self.it = (await undo.undo(self.room.desk, actor, self.it)).id
            case _:
                await self._on_it(actor, verb, rest)

    async def _goes(self, actor: Actor, rest: list[str]) -> None:
        """`away`, then `for 2h` and `to fred` as it may be."""
        pairs = dict(zip(rest[1::2], rest[2::2], strict=True))
        until = self.room.clock() + duration(pairs["for"]) if "for" in pairs else None
        await away.leave(self.room.desk, actor, until, f"U0{pairs['to'].upper()}" if "to" in pairs else None)

    async def _asks(self, name: str, actor: Actor, rest: list[str]) -> None:
        asker = AGENTS.get(name) or Asker(person=actor.id)
        desk = self.room.desk
        broken = rest[0] == "broken"  # as `/signoff break-glass` asks
        try:
            if broken:
                self.it = (await glass.ask(desk, actor, rest[1], _values(rest[2:]))).id
                return
            self.it = (await submit.typed(desk, asker, actor, rest[0], _values(rest[1:]))).id
        except Refusal as refusal:
            if refusal.code == "denied":  # it is kept, and refused
                self.it = (await desk.store.recent(1))[0].id
            raise

    async def _on_it(self, actor: Actor, verb: str, rest: list[str]) -> None:
        desk, request = self.room.desk, await self._now()
        shown = request.version.number if request.version else 0
        if rest and re.fullmatch(r"v\d+", rest[0]):
            shown = int(rest.pop(0)[1:])
        text = " ".join(rest)
        simple: dict[str, Callable[[], Awaitable[object]]] = {
            "rejects": lambda: vote.reject(desk, actor, self.it, shown, text.removeprefix("because ")),
            "edits": lambda: edit.edit(desk, actor, self.it, shown, _values(rest)),
            "questions": lambda: remark.remark(desk, actor, self.it, "question", text, shown),
            "answers": lambda: remark.remark(desk, actor, self.it, "answer", text),
            "comments": lambda: remark.remark(desk, actor, self.it, "comment", text),
            "cancels": lambda: cancel.cancel(desk, actor, self.it, text),
            "releases": lambda: brake.release(desk, actor, self.it),
            "looks": lambda: look.look(desk, actor.id, self.it),
            "reveals": lambda: look.reveal(desk, actor, self.it, shown, text),
            "settles": lambda: settle.settle(desk, actor, self.it, shown, text, "I asked the bank"),
            "reports": lambda: settle.report(desk, actor, self.it, _outcome(text)),
            "allows": lambda: self._allows(actor, shown, _values(rest)),
            "breaks": lambda: glass.break_glass(desk, actor, self.it, shown, *_breaks(text)),
            "reviews": lambda: glass.review(desk, actor, self.it, shown, text, fine=True),
            "objects": lambda: glass.review(desk, actor, self.it, shown, text, fine=False),
            "ends": lambda: standing.end(desk, actor, self.given.id if self.given else ""),
        }
        if verb == "approves":
            again = rest[:1] == ["again"]
            surface, typed = _surface(rest[again:])
            if surface is not Surface.CARD and request.version:
                await self.room.has_read(self.it, actor.id, version=shown)
            await vote.approve(desk, actor, self.it, shown, surface, typed, again=again)
            return
        if verb == "opens":
            await look.shown(desk, actor.id, request)
            return
        assert verb in simple, f"no such move: {verb}"
        await simple[verb]()

    async def _allows(self, actor: Actor, shown: int, said: dict[str, Any]) -> None:
        """`allows amount=100 uses=2 for=1h`: requests like it, from now on."""
        uses, lasts = int(said.pop("uses")), duration(said.pop("for"))
        self.given = await standing.give(self.room.desk, actor, self.it, shown, Wanted(said, lasts, uses))


def _surface(rest: list[str]) -> tuple[Surface, str | None]:
    match rest:
        case []:
            return Surface.CARD, None
        case ["in", "review"]:
            return Surface.REVIEW, None
        case ["typing", text]:
            return Surface.TYPED, text
    raise AssertionError(f"approves {' '.join(rest)}: no such way")


def _breaks(text: str) -> tuple[str, str | None]:
    """`typing acme because the shop is down`: the reason, and what was typed."""
    typed, _, reason = text.rpartition("because ")
    return reason, typed.removeprefix("typing ").strip() or None


def _outcome(text: str) -> Outcome:
    return replace(OUTCOMES[text], summary="as the agent says") if text in OUTCOMES else Outcome(Ending.UNKNOWN, text)


def _values(words: list[str]) -> dict[str, Any]:
    return {name: _value(text) for name, _, text in (word.partition("=") for word in words)}


def _value(text: str) -> Any:
    if text == "none":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
