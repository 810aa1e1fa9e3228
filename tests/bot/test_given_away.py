"""What was approved stays what runs, whatever is done to the values that were handed out (product.md 6)."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.moves import settle, submit, vote
from bot.outcome import Job, Outcome
from bot.request import Actor, Asker, EffectKind, Request, State
from bot.route import Surface
from tests.bot.room import ANA, DONE, FAY, LOST, OLGA, Room, open_room

FILE = """
actions:
  act:
    title: "Act on {ids}"
    params: {ids: {type: array, items: {type: string}}}
    required: [ids]
    preview: {python: {callable: look, args: {ids: "{ids}"}}}
    probe: {python: {callable: look, args: {ids: "{ids}"}}}
    run: {python: {callable: act, args: {ids: "{ids}", more: {fixed: [1]}}}}
callables: {act: "json:dumps", look: "json:dumps"}
rules:
  default:
    medium: {ask: [{need: [{from: finance}]}]}
    high: deny
    critical: deny
"""
AS_ASKED = {"ids": ["a", "b"], "more": {"fixed": [1]}}


class Careless:
    """A target that changes what it was given, as a callable may that pops from its arguments."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    async def run(self, job: Job, progress: Callable[[str], None]) -> Outcome:
        args = job.way["args"]
        self.given.append({"ids": list(args["ids"]), **({"more": {"fixed": [1]}} if "more" in args else {})})
        args["ids"].append("everything")
        return replace(LOST) if job.attempt else replace(DONE, ending=LOST.ending)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, FILE) as made:
        yield made


async def test_a_target_that_changes_its_arguments_changes_nothing_else(room: Room) -> None:
    target = Careless()
    room.runner.executors["python"] = target  # type: ignore[index]
    ana, fay = Actor("person", ANA, "card"), Actor("person", FAY, "review")
    request = await submit.typed(room.desk, Asker(person=ANA), ana, "act", {"ids": ["a", "b"]})
    await room.deliver(EffectKind.PREVIEW)
    await vote.approve(room.desk, fay, request.id, 1, Surface.REVIEW)
    for _ in range(2):  # and a person says each time that it is to run again
        await room.deliver(EffectKind.RUN, EffectKind.PROBE)
        lost = await room.request(request.id)
        assert lost.state is State.UNKNOWN
        await settle.settle(room.desk, Actor("person", OLGA, "review"), request.id, 1, "again", "nothing came")
    await room.deliver(EffectKind.RUN)
    assert [each for each in target.given if "more" in each] == [AS_ASKED] * 3
    assert [each for each in target.given if "more" not in each] == [{"ids": ["a", "b"]}] * len(target.given[3:])
    untouched(await room.request(request.id))


def untouched(request: Request) -> None:
    assert dict(request.now_version.way["args"]) == AS_ASKED
    assert dict(request.now_version.args) == {"ids": ["a", "b"]}
