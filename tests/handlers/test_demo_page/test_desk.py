"""Two people side by side, the panels beside the chat, the address, and a line that breaks."""

from collections.abc import Callable

import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect

from handlers.demo.slack import LocalSlack
from tests.handlers.test_demo_page.bot import CARD, Bot
from tests.handlers.test_demo_page.conftest import PAGE, Clock, Extras, Open, workspace

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_side_by_side_one_watches_the_other(bot: Bot, open_page: Open) -> None:
    await bot.post("a card", CARD)
    page = await open_page("alice", channel="general", split="1", **{"with": "bob", "there": "general"})
    alice, bob = (page.get_by_role("region", name=f"{name}'s screen") for name in ("Alice Adams", "Bob Brown"))
    await expect(alice.get_by_role("button", name="Approve")).to_be_visible()
    await bob.get_by_role("button", name="Approve").click()
    await expect(alice.get_by_role("alertdialog")).to_have_count(0)
    await bob.get_by_role("alertdialog").get_by_role("button", name="Yes, do it").click()
    await expect(alice.get_by_text("Approved by @Bob Brown")).to_be_visible()
    await expect(bob.get_by_text("Approved by @Bob Brown")).to_be_visible()
    await alice.get_by_role("textbox", name="Message #general").fill("/signoff steps")
    await page.keyboard.press("Enter")
    await expect(alice.get_by_role("dialog", name="First step")).to_be_visible()
    await bob.get_by_role("textbox", name="Message #general").fill("I can still write")
    await page.keyboard.press("Enter")
    await expect(bob.get_by_text("I can still write")).to_be_visible()


async def test_side_by_side_is_one_click_away_and_in_the_address(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    await page.get_by_role("button", name="Side by side").click()
    await expect(page.get_by_role("region", name="Bob Brown's screen")).to_be_visible()
    await page.get_by_role("region", name="Bob Brown's screen").get_by_role("button", name="secret").click()
    await page.reload()
    second = page.get_by_role("region", name="Bob Brown's screen")
    await expect(second.get_by_role("heading", name="secret")).to_be_visible()
    await page.get_by_role("button", name="Side by side").click()
    await expect(second).to_have_count(0)
    assert "split" not in page.url


async def test_without_panels_there_are_none(open_page: Open) -> None:
    page = await open_page("alice")
    await expect(page.get_by_role("group", name="Clock")).to_have_count(0)
    for name in ("Effects", "Guide"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)
    await expect(page.get_by_role("complementary", name="Effects")).to_have_count(0)


async def test_the_clock_is_moved_on(clock: Clock, extras: Extras, open_page: Open, complaints: list[str]) -> None:
    page = await open_page("alice")
    shown = page.get_by_role("group", name="Clock")
    await expect(shown).to_contain_text("09:00:0")
    before = clock.now
    await shown.get_by_role("button", name="+15 min").click()
    await expect(shown).to_contain_text("09:15:0")
    await shown.get_by_role("button", name="+24 h").click()
    await expect(shown).to_contain_text("Fri 2 Jan")
    assert clock.now == before + 900 + 86_400
    await shown.get_by_role("button", name="+24 h").click()
    await expect(page.get_by_role("alert")).to_contain_text("does not go that far")


async def test_what_really_happened_appears_by_itself(slack: LocalSlack, extras: Extras, open_page: Open) -> None:
    page = await open_page("alice")
    happened = page.get_by_role("complementary", name="Effects")
    await expect(happened).to_contain_text("Nothing yet")
    mail = {"to": ["a@example.com"], "subject": "Hello", "text": "Dear A,\nyour parcel is on its way."}
    extras.effects.append(
        {"service": "mail", "id": "ml_1", "what": "Sent mail to A", "at": "2026-01-01T09:00:00+00:00", "details": mail}
    )
    slack.ui.touch()
    one = happened.get_by_role("article", name="Sent mail to A")
    await expect(one).to_contain_text("your parcel is on its way")
    await expect(one).to_contain_text("today at 09:00")
    extras.effects[0] |= {"undone": True}
    slack.ui.touch()
    await expect(one.get_by_text("undone")).to_be_visible()
    await happened.get_by_role("button", name="Close effects").click()
    await expect(happened).to_have_count(0)
    await page.get_by_role("button", name="Effects").click()
    await expect(happened).to_be_visible()


async def test_an_example_is_one_click_and_enter(bot: Bot, extras: Extras, open_page: Open) -> None:
    page = await open_page("alice")
    guide = page.get_by_role("region", name="Guide")
    await guide.get_by_role("button", name="refund order").click()
    await expect(page.get_by_role("textbox", name="Message #ops")).to_have_value("/signoff refund order ord_81")
    await page.keyboard.press("Enter")
    assert (await bot.hears("command"))["text"] == "refund order ord_81"
    await expect(guide).to_have_count(0)
    await page.get_by_role("button", name="Guide").click()
    await guide.get_by_role("button", name="buy 100 shares").click()
    await expect(page.get_by_role("textbox", name="Message #secret")).to_have_value("/signoff buy 100 shares")
    await expect(page.get_by_role("region", name="Bob Brown's screen")).to_be_visible()


async def test_the_guide_comes_and_goes_without_disturbing(slack: LocalSlack, extras: Extras, open_page: Open) -> None:
    for number in range(60):
        slack.person("bob").say("#general", f"line {number}")
    page = await open_page("alice")
    await page.get_by_text("line 20").scroll_into_view_if_needed()
    writes = page.get_by_role("textbox", name="Message #general")
    await writes.fill("half a sentence")
    await page.get_by_role("region", name="Guide").get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_role("region", name="Guide")).to_have_count(0)
    await expect(page.get_by_text("line 20")).to_be_in_viewport()
    await page.get_by_role("button", name="Bob Brown").click()
    await expect(page.get_by_role("region", name="Bob Brown's screen")).to_be_visible()
    await expect(writes).to_have_value("")
    await page.get_by_role("button", name="Alice Adams").click()
    await expect(writes).to_have_value("half a sentence")


async def test_a_dismissed_guide_stays_away(extras: Extras, open_page: Open) -> None:
    page = await open_page("alice")
    guide = page.get_by_role("region", name="Guide")
    await guide.get_by_role("button", name="Dismiss").click()
    await expect(guide).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("button", name="Guide")).to_be_visible()
    await expect(guide).to_have_count(0)


async def test_a_broken_line_is_mended(bot: Bot, context: BrowserContext, open_page: Open) -> None:
    lines: list[WebSocketRoute] = []

    def through(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    await context.route_web_socket("**/ui/live*", through)
    page = await open_page("alice")
    await lines[0].close()
    await expect(page.get_by_role("status")).to_contain_text("Connection lost")
    await bot.post("said meanwhile")
    await expect(page.get_by_text("said meanwhile")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_count(0)


async def test_a_page_of_an_earlier_run_loads_itself_anew(
    context: BrowserContext, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port = unused_tcp_port_factory()
    async with LocalSlack(**workspace(), page=PAGE, port=port) as slack:
        page = await context.new_page()
        await page.goto(f"{slack.page_url}?as=alice")
        await page.get_by_role("textbox", name="Message #general").wait_for()
    await expect(page.get_by_role("status")).to_contain_text("Connection lost")
    async with LocalSlack(**workspace(), page=PAGE, port=port) as slack:
        slack.person("bob").say("#general", "a new day")
        await expect(page.get_by_text("a new day")).to_be_visible(timeout=15_000)
