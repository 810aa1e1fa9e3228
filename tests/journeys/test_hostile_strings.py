"""Strings that want to be more than text, through every way a text comes in: they come out as text, whole and seen.

Every journey here ends with `only_text`: of all that Slack was sent, nothing is markup, nothing hides, nothing was
refused.
"""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.request import Request
from handlers.demo.model import Call, ModelServer
from handlers.demo.slack import Message, Person, View
from tests.corpus import DANGER, GROUPS, HOSTILE
from tests.handlers.drawings import boxes, read_back, whole_boxes
from tests.handlers.scripted import ScriptedModel, answering
from tests.journeys.said import nodes, only_text, sent
from tests.journeys.stage import Stage, staged
from tests.journeys.target import Answer

FILE = """
version: 1
slack: {channel: "#approvals", fallback_channel: "#ops", operators: [S0OPERATORS], cards: {per_minute: 1000}}
people: {approvers: {user_groups: [S0FINANCE]}}
limits: {requester: {open: 1000, hour: 1000}}
actions:
  say:
    title: "Say {text} to {who}"
    about: Says something.
    params:
      text: {type: string, x-long: true}
      who: {type: string, default: everybody}
      more: {type: array, items: {type: string}}
    required: [text]
    editable: [text, who, more]
    result: card
    run: {http: {method: POST, url: "TARGET/say", json: {text: "{text}", more: "{more}"}}}
    undo: {http: {method: POST, url: "TARGET/unsay", json: {id: "{result.id}"}}}
  look:
    title: "Look at {what}"
    risk: high
    params: {what: {type: string}}
    required: [what]
    preview: {http: {method: GET, url: "TARGET/preview"}}
    run: {http: {method: POST, url: "TARGET/look", json: {what: "{what}"}}}
  post:
    title: "Post {text}"
    risk: low
    params: {text: {type: string, x-long: true}}
    required: [text]
    run: {slack: {channel: "#general", text: "{text}"}}
"""
RITA = "U0RITA"
INPUT = 3_000  # characters an input of Slack's takes
TYPED = tuple(text for text in HOSTILE if 0 < len(text) <= INPUT)
LONG = tuple(text for text in HOSTILE if len(text) > INPUT)
SHORT = tuple(text for text in TYPED if len(text) <= 400 and text.strip())


def packed(texts: Iterable[str], most: int, between: str = "\n") -> list[str]:
    """As few texts as hold all of them in their order, each of at most so many characters."""
    made: list[str] = []
    for text in texts:
        if made and len(made[-1]) + len(between) + len(text) <= most:
            made[-1] += between + text
        else:
            made.append(text)
    return made


async def in_turn(work: Sequence[Coroutine[Any, Any, Any]], at_once: int = 8) -> None:
    """A few of them at a time."""
    for begin in range(0, len(work), at_once):
        await asyncio.gather(*work[begin : begin + at_once])


async def form_of(stage: Stage, who: Person, action: str) -> View:
    """The fields of an action as Slack shows them: a copy that can be sent again and again."""
    await who.command("#general", "/signoff")
    form = await stage.form(who, "What do you need?")
    answered = await who.submit(form, {"action": action})
    assert answered.top is not None
    await who.close(everything=True)
    return answered.top


async def requests(stage: Stage) -> list[Request]:
    """All that Rita asked for, drafts among them, the newest first."""
    return [await stage.request(row.id) for row in await stage.house.desk.store.of_asker(RITA, 1000)]


def cards(stage: Stage) -> dict[str, Message]:
    """request id → its newest card in the channel."""
    found = {}
    for message in stage.walt.sees("#approvals"):
        for node in nodes(message.blocks):
            if node.get("action_id") in ("approve", "review", "details"):
                found[node["value"].split(".")[1]] = message
    return found


async def seen_whole(stage: Stage, request: Request, card: Message) -> None:
    """The exact arguments stand on the card where it takes one click, else on the pages of its review."""
    wanted = request.now_version.args
    labels = [button.label for button in stage.fay.buttons(card)]
    if "Approve" in labels:
        at = next(n for n, block in enumerate(card.blocks) if any(node.get("type") == "user" for node in nodes(block)))
        assert read_back(dict(boxes(card.blocks[at + 1 : at + 2])), "") == wanted
        return
    assert "Review" in labels
    pages = await reviewed(stage, stage.fay, card)
    shown = {name: text for name, text in whole_boxes(pages).items() if name in {*wanted, "Arguments"}}
    assert read_back(shown, "Arguments") == wanted


async def reviewed(stage: Stage, who: Person, card: Message) -> list[Sequence[dict[str, Any]]]:
    """Every page of the review, reached by Next; only the last one can be sent."""
    await who.click(card, "review")
    view = await stage.form(who)
    while stage.house.tasks.running:  # where there is a preview, it is asked again, and the modal redrawn
        await stage.house.tasks.finish()
    pages: list[Sequence[dict[str, Any]]] = [who.now(view).blocks]
    while following := [each for each in who.buttons(view) if each.label.startswith("Next")]:
        assert not view.content.get("submit")
        await who.click(view, following[0].label)
        await stage.house.tasks.finish()
        view = await stage.form(who)
        pages.append(view.blocks)
    assert view.content["submit"]["text"] == "Approve"
    await who.close(everything=True)
    return pages


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, yaml_text=FILE) as made:
        yield made
        await made.settled()
        assert only_text(made.slack) > 0


def test_the_corpus_holds_every_group_of_the_threats() -> None:
    assert len(set(HOSTILE)) > 160
    assert len(SHORT) > 120
    assert set(GROUPS) >= {
        "markup", "blocks", "limits", "blanks", "controls", "bidi", "invisible", "combining", "lookalikes", "links",
        "secrets", "values", "programs", "prompts",
    }  # fmt: skip


async def test_arguments_are_seen_whole_or_take_more_than_a_click(stage: Stage) -> None:
    form = await form_of(stage, stage.rita, "say")
    await in_turn([stage.rita.forge_submit(form, {"arg:text": text, "arg:who": "x"}) for text in TYPED])
    leaves = [text for text in SHORT if "\n" not in text][:60]
    await stage.rita.forge_submit(form, {"arg:text": "leaves", "arg:more": "\n".join(leaves)})
    for text in LONG:
        await stage.rita.command("#general", f"/signoff run say who=x text='{text}'")
    await stage.settled()

    made = await requests(stage)
    given = [request.now_version.args["text"] for request in made]
    assert sorted(given) == sorted({*TYPED, *LONG, "leaves"})
    shown = cards(stage)
    for request in made:
        await seen_whole(stage, request, shown[request.id])


@pytest.mark.parametrize("where", [10, 2_900, 3_100, 12_000])
async def test_danger_behind_a_long_text_is_seen_before_anyone_can_approve(stage: Stage, where: int) -> None:
    for filler in ("x", " ", "ab ", "line\n"):
        text = (filler * where)[:where] + DANGER
        await stage.rita.command("#general", f"/signoff run say who=x text='{text}'")
    await stage.settled()
    shown = cards(stage)
    for request in await requests(stage):
        assert request.now_version.args["text"].endswith(DANGER)
        await seen_whole(stage, request, shown[request.id])


async def test_words_and_all_that_a_model_makes_of_them(tmp_path: Path) -> None:
    turns = itertools.cycle(range(4))

    async def echo(call: Call) -> web.StreamResponse:
        """The words in every place that an answer has."""
        (said,) = re.findall(r"```json\n(.*?)\n```", str(call.body["messages"][1]["content"]))
        words = json.loads(said)["words"]
        whole = {
            "action": "say",
            "arguments": {"text": words, "who": words[:40], "more": [words, words[:60]]},
            "steps": [words, words],
            "impact": words,
            "warnings": [words],
            "flags": [],
            "confidence": 0.99,
            "missing": [],
        }
        match next(turns):
            case 1:
                whole |= {"flags": [words, "unusual"], "confidence": 0.5}
            case 2:
                whole |= {"missing": [words], "arguments": {words: words}}
            case 3:
                whole |= {"action": words}
        return await answering(whole)(call)

    async with (
        ModelServer(ScriptedModel(echo)) as server,
        staged(tmp_path, yaml_text=FILE, OPENAI_BASE_URL=server.url, SIGNOFF_MODEL="any") as stage,
    ):
        said = packed(SHORT, 700, " ¦ ")
        await in_turn(
            [stage.rita.command("#general", f"/signoff please say {n}: {words}") for words in said for n in range(4)]
        )
        await stage.settled()
        made = await requests(stage)
        pending = [request for request in made if request.state == "pending"]
        assert len(made) == 4 * len(said)
        assert len(pending) >= len(said) // 2
        shown = cards(stage)
        for request in pending:
            await seen_whole(stage, request, shown[request.id])
        for message in stage.rita.sees(stage.rita.dm()):  # and all that opens from there
            for button in stage.rita.buttons(message):
                if button.action_id in ("edit", "open_form", "details"):
                    await stage.rita.click(message, button.action_id)
                    await stage.house.tasks.finish()
                    await stage.rita.close(everything=True)
        await stage.rita.open_home()
        await stage.settled()
        assert only_text(stage.slack) > 8 * len(said)


async def test_what_people_write_to_each_other(stage: Stage) -> None:
    form = await form_of(stage, stage.rita, "say")
    for number, text in enumerate(packed(SHORT, 1_200)):
        await stage.rita.forge_submit(form, {"arg:text": f"number {number}"})
        await stage.settled()
        request = (await requests(stage))[0]
        card = cards(stage)[request.id]

        await stage.fay.click(card, "Ask")
        await stage.fay.submit(await stage.form(stage.fay, "What do you want to know?"), {"question": text})
        asked = await stage.told(stage.rita, "asks you", f"number {number}")
        await stage.rita.click(asked, "Answer")
        await stage.rita.submit(await stage.form(stage.rita, "Your answer"), {"answer": text})
        stage.walt.say("#approvals", text, thread=card)
        await stage.settled()

        await stage.rita.click(await stage.told(stage.rita, f"number {number}", "Edit"), "Edit")
        edited = await stage.rita.submit(
            await stage.form(stage.rita, "Edit"), {"arg:text": text, "arg:who": text.split("\n")[0]}
        )
        assert edited.top is None, edited.errors
        await stage.settled()
        request = await stage.request(request.id)
        card = cards(stage)[request.id]
        assert (request.now_version.number, request.now_version.args["text"]) == (2, text)
        await seen_whole(stage, request, card)
        for who in (stage.fay, stage.rita):
            await who.click(card, "Details")
            await stage.form(who, "Details")
            await who.close(everything=True)

        await stage.rejects(stage.fay, card, text)
        await stage.settled()
        rejected = await stage.request(request.id)
        assert rejected.state == "rejected"
        assert rejected.votes[-1].reason == text.strip().replace("\x00", "␀")  # no text of a database holds a NUL
        assert {remark.kind for remark in rejected.remarks} == {"question", "answer", "comment"}
        shown = await stage.rita.command("#general", f"/signoff show {request.id}")
        assert shown.message is not None


def text_of(body: str, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body.encode("utf-8", "surrogatepass"), status=status, content_type="text/plain")

    return answer


def json_of(body: Any, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


async def test_what_targets_answer(stage: Stage) -> None:
    texts = packed(SHORT, 1_500)
    answers = [
        *((json_of({"id": text, "list": [text], text[:80]: text[:80]}), "succeeded") for text in texts),
        *((text_of(text), "succeeded") for text in texts),
        *((text_of(text, 400), "failed") for text in texts),
        *((json_of({"error": text}, 500), "unknown") for text in texts),
        (text_of("<!channel> " * 30_000), "succeeded"),
        (text_of("half a character \udcff\udcfe and a nul \x00"), "succeeded"),
    ]
    form = await form_of(stage, stage.rita, "say")
    for number, (answer, state) in enumerate(answers):
        await stage.rita.forge_submit(form, {"arg:text": f"number {number}"})
        card = await stage.card(stage.fay, f"Say number {number} to")
        stage.target.answers.append(answer)
        (request,) = [each for each in await requests(stage) if each.now_version.args["text"] == f"number {number}"]
        await stage.fay.click(card, "Approve")
        ended = await stage.reaches(request.id, state)
        await stage.settled()
        for who in (stage.rita, stage.fay):
            await who.click(card, "Details")
            await stage.form(who, "Details")
            await who.close(everything=True)
        if state == "unknown":
            await stage.olga.click(card, "Done")
            settling = await stage.form(stage.olga, "Settle the outcome")
            await stage.olga.submit(settling, {"reason": texts[number % len(texts)]})
            await stage.reaches(request.id, "succeeded")
        elif number < len(texts):
            await stage.rita.click(await stage.told(stage.rita, f"Say number {number} to", "Undo"), "Undo")
            await stage.settled()
            undo = (await requests(stage))[0]
            assert undo.undo_of == request.id
            assert undo.now_version.way["json"]["id"] == ended.attempts[-1].result["id"]
            await seen_whole(stage, undo, cards(stage)[undo.id])
        assert ended.attempts[-1].result is not None


async def test_what_previews_answer(stage: Stage) -> None:
    for number, text in enumerate(packed(SHORT, 1_500)):
        stage.target.answers += [text_of(text, 200 if number % 2 else 400), text_of(text)]  # and again at the review
        await stage.rita.command("#general", f"/signoff run look what={number}")
        await stage.settled()
        request = (await requests(stage))[0]
        assert request.now_version.preview is not None
        await reviewed(stage, stage.fay, cards(stage)[request.id])
        await stage.settled()


async def test_names_of_people_groups_and_channels_are_never_text_of_ours(stage: Stage) -> None:
    rita, fay, walt = stage.rita, stage.fay, stage.walt
    room = stage.slack.workspace
    mark = "Named~"
    people = itertools.cycle((rita.id, fay.id, stage.olga.id, walt.id))
    for number, text in enumerate(SHORT):
        room.change_user(next(people), name=f"{mark}{text}"[:80], real_name=f"{mark}{text}")
        room.change_group("S0FINANCE", handle=f"{mark}{number}", name=f"{mark}{text}")
        if number % 20 == 0:
            await rita.command("#general", f"/signoff run say text=hello-{number} who=x")
            await stage.settled()
            request = (await requests(stage))[0]
            card = next(
                each for each in reversed(walt.sees("#approvals")) if f"hello-{number}" in json.dumps(each.blocks)
            )
            await fay.click(card, "Details")
            await stage.form(fay, "Details")
            await fay.close(everything=True)
            await fay.click(card, "Approve")
            await stage.reaches(request.id, "succeeded")
            await rita.open_home()
            await rita.command("#general", "/signoff list all")
    await stage.settled()
    for how, said in sent(stage.slack):
        assert mark not in json.dumps(said), how


async def test_what_is_typed_in_place_of_names_and_commands(stage: Stage) -> None:
    lines = itertools.cycle(
        ("run {}", "run say {}=1", "run say text=x {}", "show {}", "cancel {}", "list {}", "{}", "run say more={}")
    )
    await in_turn([stage.rita.command("#general", f"/signoff {next(lines).format(text)}") for text in SHORT])
    await stage.settled()
    assert stage.target.arrivals == []


async def test_what_is_posted_as_the_effect_of_an_action(stage: Stage) -> None:
    texts = SHORT[::2]
    form = await form_of(stage, stage.rita, "post")
    await in_turn([stage.rita.forge_submit(form, {"arg:text": text}) for text in texts])
    for request in await requests(stage):
        await stage.reaches(request.id, "succeeded")
    posted = [
        "".join(node["text"] for node in nodes(call.args["blocks"]) if node.get("type") == "text")
        for call in stage.slack.calls
        if call.method == "chat.postMessage" and call.answer.get("channel") == "C0GENERAL"
    ]
    assert sorted(posted) == sorted(texts)
