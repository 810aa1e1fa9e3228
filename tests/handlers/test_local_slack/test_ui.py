"""The page's API: the same people, the same checks, and no way in for other pages."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from handlers.demo.slack import LocalSlack, Person, sample
from handlers.demo.slack.errors import PanelError
from handlers.demo.slack.ui import Panel
from tests.handlers.test_local_slack.bot import Bot
from tests.handlers.test_local_slack.conftest import Clock, start

GENERAL, ALICE, BOB = sample.channel_id("general"), sample.user_id("alice"), sample.user_id("bob")


class Page:
    """What a browser page does."""

    def __init__(self, slack: LocalSlack, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(self.slack.core.base_url + path) as response:
            return await response.json()

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        async with self.session.post(self.slack.core.base_url + path, json=body) as response:
            return response.status, await response.json()

    async def do(self, operation: str, person: str, **body: object) -> Any:
        _, answer = await self.post(f"/ui/do/{operation}", {"person": person, **body})
        return answer

    async def snapshot(self, person: str) -> Any:
        return await self.get(f"/ui/snapshot?person={person}")


@pytest.fixture
async def page(slack: LocalSlack) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession(headers={"X-Page-Token": slack.ui.token}) as session:
        yield Page(slack, session)


def room(snapshot: Mapping[str, Any], channel: str) -> Any:
    return next(one for one in snapshot["channels"] if one["id"] == channel)


async def test_a_person_works_through_the_page(page: Page, bot: Bot, bob: Person) -> None:
    people = await page.get("/ui/people")
    assert {one["name"] for one in people if one["guest"]} == {"gus"}
    answer = await page.do("command", ALICE, where=GENERAL, line="/card order 81")
    assert answer == {"ok": True, "ephemeral": "working on it"}
    card = await page.slack.wait_for(lambda: next((one for one in bob.sees(GENERAL) if bob.buttons(one)), None))
    seen = room(await page.snapshot(ALICE), GENERAL)["messages"]
    assert sorted(one["ephemeral"] for one in seen) == [False, True]
    assert [one["ephemeral"] for one in room(await page.snapshot(BOB), GENERAL)["messages"]] == [False]
    shown = {"channel": GENERAL, "ts": card.ts}
    assert (await page.do("click", BOB, shown=shown, what="approve", accept=False)) == {"ok": True}
    assert await page.do("click", BOB, shown=shown, what="ask") == {"ok": True}
    await page.slack.wait_for(bob.modal)
    view = (await page.snapshot(BOB))["modals"][-1]
    short = await page.do("submit", BOB, view=view["id"], values={"reason": "x"})
    assert (short["error"], set(short["problems"])) == ("client", {"reason"})
    assert (await page.do("fill", BOB, shown={"view": view["id"]}, values={"reason": "half"}))["ok"]
    typed = (await page.snapshot(BOB))["modals"][-1]["state"]["values"]["reason"]["it"]
    assert typed["value"] == "half"
    assert await page.do("submit", BOB, view=view["id"]) == {"ok": True, "errors": {}, "open": False}
    assert (await page.snapshot(BOB))["modals"] == []
    assert (await page.do("home", ALICE)) == {"ok": True}
    await page.slack.wait_for(page.slack.person("alice").home)
    assert (await page.snapshot(ALICE))["home"]["type"] == "home"
    said = await page.do("say", ALICE, where=GENERAL, text="hello", thread=card.ts)
    assert room(await page.snapshot(BOB), GENERAL)["messages"][-1]["thread_ts"] == card.ts
    where = {"channel": GENERAL, "ts": said["ts"]}
    assert (await page.do("shortcut", BOB, shown=where, callback_id="about_this"))["ok"]
    assert (await page.do("react", BOB, shown=where, name="eyes"))["ok"]


async def test_the_page_gets_the_same_refusals(page: Page, bot: Bot) -> None:
    answer = await page.do("command", ALICE, where=sample.channel_id("secret"), line="/card x")
    assert (answer["ok"], answer["error"]) == (False, "not_there")
    assert (await page.do("click", ALICE, shown={"channel": GENERAL, "ts": "1.1"}, what="x"))["error"] == "not_there"
    assert (await page.do("submit", ALICE, view="V0X"))["error"] == "not_there"
    assert (await page.do("say", "U0NOBODY", where=GENERAL, text="x"))["error"] == "not_there"
    page.slack.connect_http("http://127.0.0.1:9/nobody")
    failed = await page.do("command", ALICE, where=GENERAL, line="/card x")
    assert (failed["error"], failed["code"]) == ("bot", "dispatch_failed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ui/do/dance", {"person": ALICE}),
        ("/ui/do/say", {"person": ALICE, "where": 7, "text": "x"}),
        ("/ui/do/click", {"person": ALICE, "shown": "x", "what": "y"}),
        ("/ui/do/submit", []),
        ("/ui/extra/clock", {"operation": "x"}),
    ],
)
async def test_what_is_not_understood_gets_400(page: Page, path: str, body: object) -> None:
    status, answer = await page.post(path, body)
    assert (status, answer["error"]) == (400, "request")


async def test_the_page_is_told_of_each_change(page: Page, alice: Person) -> None:
    url = f"{page.slack.core.base_url}/ui/live?person={BOB}&token={page.slack.ui.token}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        first = await socket.receive_json(timeout=5)
        assert first["type"] == "snapshot"
        alice.say("#general", "hello")
        while True:
            snapshot = (await socket.receive_json(timeout=5))["snapshot"]
            if room(snapshot, GENERAL)["messages"]:
                break
        assert room(snapshot, GENERAL)["messages"][0]["as_text"] == "hello"
        assert snapshot["version"] > first["snapshot"]["version"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Page-Token": ""},
        {"X-Page-Token": "guess"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_no_other_page_gets_in(page: Page, headers: dict[str, str]) -> None:
    for path in ("/ui/people", f"/ui/snapshot?person={ALICE}", f"/ui/live?person={ALICE}", "/ui/extra"):
        async with page.session.get(page.slack.core.base_url + path, headers=headers) as response:
            assert response.status == 403
    say = {"person": ALICE, "where": GENERAL, "text": "x"}
    async with page.session.post(page.slack.core.base_url + "/ui/do/say", json=say, headers=headers) as response:
        assert response.status == 403
    assert page.slack.workspace.history(GENERAL) == []


async def test_its_own_origin_is_let_in(page: Page) -> None:
    headers = {"Origin": page.slack.core.base_url}
    async with page.session.get(page.slack.core.base_url + "/ui/people", headers=headers) as response:
        assert response.status == 200


async def test_panels_are_shown_and_operated(page: Page) -> None:
    moved: list[int] = []

    async def show() -> Any:
        return {"moved": moved}

    async def operate(operation: str, args: Mapping[str, Any]) -> Any:
        if operation != "move":
            raise PanelError("a clock only moves")
        moved.append(args["seconds"])
        page.slack.ui.touch()
        return len(moved)

    page.slack.ui.add(Panel("clock", "Clock", show, operate))
    assert await page.get("/ui/extra") == [{"name": "clock", "title": "Clock"}]
    assert (await page.snapshot(ALICE))["extras"] == ["clock"]
    done = await page.post("/ui/extra/clock", {"operation": "move", "args": {"seconds": 60}})
    assert done == (200, {"ok": True, "result": 1})
    assert await page.get("/ui/extra/clock") == {"moved": [60]}
    _, refused = await page.post("/ui/extra/clock", {"operation": "stop"})
    assert refused == {"ok": False, "error": "panel", "message": "a clock only moves"}


async def test_the_page_itself_is_served_with_its_token(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<meta content=__PAGE_TOKEN__>")
    (tmp_path / "page" / "app.js").write_text("1")
    (tmp_path / "outside.txt").write_text("private")
    async with LocalSlack(**start(), now=clock, page=tmp_path / "page") as slack, aiohttp.ClientSession() as session:
        async with session.get(slack.page_url) as response:
            assert slack.ui.token in await response.text()
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        async with session.get(f"{slack.page_url}page/app.js") as response:
            assert await response.text() == "1"
        async with session.get(f"{slack.page_url}page/..%2Foutside.txt") as response:
            assert response.status == 404
        async with session.get(slack.page_url, headers={"Host": "evil.example"}) as response:
            assert response.status == 403
