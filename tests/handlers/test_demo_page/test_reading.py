"""What a person reads: every block, who wrote it, when, for whom."""

import re

import pytest
from playwright.async_api import expect

from handlers.demo.slack import LocalSlack
from tests.handlers.test_demo_page.bot import CARD, Bot
from tests.handlers.test_demo_page.conftest import PAGE, Clock, Extras, Open
from tests.handlers.test_demo_page.kit import EVERY_BLOCK, section

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_every_block_is_drawn(bot: Bot, open_page: Open) -> None:
    await bot.post("one of each", EVERY_BLOCK)
    page = await open_page("alice")
    said = page.get_by_role("article").last
    await expect(said.get_by_role("heading", name="Refund 50 USD for order ord_81")).to_be_visible()
    for tag, text in (("strong", "bold"), ("em", "italic"), ("s", "gone"), ("code", "code"), ("blockquote", "lines")):
        await expect(said.locator(tag).filter(has_text=text).first).to_be_visible()
    link = said.get_by_role("link", name="the docs")
    assert await link.get_attribute("href") == "https://example.com/a?b=1&c=2"
    assert await link.get_attribute("rel") == "noopener noreferrer"
    await expect(said.get_by_text("@Bob Brown")).to_be_visible()
    await expect(said.get_by_text("#ops").first).to_be_visible()
    await expect(said.locator("pre").first).to_have_text("if a < b:\n    pass")
    await expect(said.get_by_text("Amount: 50")).to_be_visible()
    await expect(said.get_by_text("plain *not bold*")).to_be_visible()
    await expect(said.get_by_text("@Alice Adams")).to_have_class("mention mine")
    await expect(said.get_by_text("@finance")).to_have_class("mention")
    await expect(said.get_by_text("@here")).to_be_visible()
    await expect(said.get_by_text("🦄")).to_be_visible()
    await expect(said.get_by_text("1 Jan 2026 at 00:00:00")).to_be_visible()
    await expect(said.locator("pre").last).to_have_text("order_id  ord_81\namount    50")
    assert await said.locator("li").all_inner_texts() == ["first", "second", "third"]
    assert await said.locator("ol").get_attribute("start") == "3"
    await expect(said.get_by_role("img", name="a chart of refunds")).to_be_visible()
    await expect(said.get_by_role("img", name="a seal")).to_be_visible()
    await expect(said.get_by_role("separator")).to_be_visible()
    await expect(said.get_by_role("cell", name="Bob")).to_be_visible()
    await expect(said.get_by_role("button", name="Approve")).to_have_class("button primary")
    await expect(said.get_by_role("button", name="Reject")).to_have_class("button danger")
    await expect(said.get_by_label("Day")).to_have_value("2026-01-02")
    await expect(said.get_by_text("is not drawn here")).to_have_count(0)


NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, [role=dialog], [role=log]")]
    .filter((node) => node.checkVisibility())
    .filter((node) => !node.getAttribute("aria-label") && !node.textContent.trim() && !node.labels?.length
        && !document.getElementById(node.getAttribute("aria-labelledby")))
    .map((node) => node.outerHTML)"""


async def test_everything_to_press_has_a_name(bot: Bot, extras: Extras, open_page: Open) -> None:
    await bot.post("one of each", EVERY_BLOCK)
    page = await open_page("alice", split="1")
    assert await page.evaluate(NAMELESS) == []
    await page.get_by_role("textbox", name="Message #general").first.fill("/signoff form")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    assert await page.evaluate(NAMELESS) == []


async def test_every_emoji_has_its_drawing(bot: Bot, open_page: Open) -> None:
    table = (PAGE / "emoji.js").read_text().partition("const NAMES")[0]
    drawn = dict(re.findall(r'"([^"]+)": "(\w+)"', table))
    assert len(drawn) > 20
    assert set(drawn.values()) == {path.stem for path in (PAGE / "emoji").glob("*.svg")}
    await bot.post("".join(drawn))
    page = await open_page("alice")
    await expect(page.get_by_role("article").last.locator(".text .emoji")).to_have_count(len(drawn))
    assert await page.get_by_role("article").last.locator(".text").evaluate("node => node.textContent") == "".join(
        drawn
    )


async def test_times_are_those_of_the_reader(bot: Bot, open_page: Open) -> None:
    await bot.post("what time is it: <!date^1767225600^{date_num} {time}|then>")
    page = await open_page("alice")
    await expect(page.get_by_role("article", name="signoff at 09:00")).to_contain_text("2026-01-01 00:00")
    page = await open_page("bob")
    await expect(page.get_by_role("article", name="signoff at 04:00")).to_contain_text("2025-12-31 19:00")


@pytest.mark.parametrize(
    ("pattern", "at", "told"),
    [
        ("{date_pretty}, {time}", 1_767_258_000, "today, 09:00"),
        ("{date_short_pretty} at {time}", 1_767_258_000 + 86_400, "tomorrow at 09:00"),
        ("{date_long_pretty}", 1_767_258_000 - 86_400, "yesterday"),
        ("{date_short_pretty}", 1_767_258_000 + 3 * 86_400, "4 Jan 2026"),
        ("{date}", 1_767_258_000, "1 January 2026"),
        ("{ago}", 1_767_258_000 - 7_200, "2 hours ago"),
        ("{ago}", 1_767_258_000 + 60, "in 1 minute"),
        ("{nonsense} {time_secs}", 1_767_258_001, "{nonsense} 09:00:01"),
    ],
)
async def test_date_tokens(open_page: Open, pattern: str, at: int, told: str) -> None:
    page = await open_page("alice")
    made = await page.evaluate(
        "async ([pattern, at]) => (await import('/page/dates.js')).dateText(pattern, at, 'Europe/London', 1767258000)",
        [pattern, at],
    )
    assert made == told


async def test_local_times_survive_the_change_of_clocks(open_page: Open) -> None:
    page = await open_page("alice")
    for zone, moment in (("Europe/London", 1_774_746_000), ("America/New_York", 1_772_953_200), ("Asia/Kathmandu", 0)):
        back = await page.evaluate(
            """async ([zone, moment]) => {
                const { localParts, momentOf } = await import('/page/dates.js');
                return momentOf(localParts(moment, zone), zone);
            }""",
            [zone, moment],
        )
        assert back == moment


async def test_only_the_person_meant_sees_an_ephemeral(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    await bot.whisper("U0ALICE", "for your eyes")
    page = await open_page("alice")
    await expect(page.get_by_role("article").last).to_contain_text("Only visible to you")
    await expect(page.get_by_role("group", name="Actions on this message")).to_have_count(0)
    await page.get_by_role("button", name="Bob Brown").click()
    await expect(page.get_by_role("region", name="Bob Brown's screen")).to_be_visible()
    await expect(page.get_by_text("for your eyes")).to_have_count(0)


async def test_one_click_makes_one_somebody_else(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    await expect(page.get_by_role("button", name="secret")).to_have_count(0)
    await page.get_by_role("button", name="Bob Brown").click()
    await page.get_by_role("button", name="secret").click()
    await expect(page.get_by_role("heading", name="secret")).to_be_visible()
    assert "as=U0BOB" in page.url
    assert "channel=C0SECRET" in page.url
    await page.get_by_role("button", name="Alice Adams").click()
    await expect(page.get_by_role("heading", name="general")).to_be_visible()


async def test_what_is_for_somebody_is_counted_where_they_are(bot: Bot, clock: Clock, open_page: Open) -> None:
    page = await open_page("alice", channel="ops")
    clock.now += 60
    await bot.post("a card", CARD)
    await expect(page.get_by_role("button", name="Bob Brown").get_by_label("1 unread")).to_be_visible()
    await expect(page.get_by_role("button", name="Gus Gray").get_by_label("1 unread")).to_have_count(0)
    await expect(page.get_by_role("button", name="general")).to_have_class("room unread")
    await page.get_by_role("button", name="Bob Brown").click()
    await page.get_by_role("button", name="general").click()
    await expect(page.get_by_role("button", name="general")).to_have_class("room current")
    await expect(page.get_by_role("button", name="general").get_by_label("1 unread")).to_have_count(0)


async def test_a_card_changes_under_the_readers_eyes(bot: Bot, open_page: Open) -> None:
    ts = await bot.post("a card", CARD)
    page = await open_page("bob")
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    await bot.client.chat_update(channel="C0GENERAL", ts=ts, text="over", blocks=[section("Nothing to decide")])
    await expect(page.get_by_text("Nothing to decide")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)


async def test_a_long_conversation_shows_its_end(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    alice = slack.person("alice")
    for number in range(60):
        alice.say("#general", f"line {number}")
    page = await open_page("alice")
    await expect(page.get_by_text("line 59")).to_be_in_viewport()
    alice.say("#general", "line 60")
    await expect(page.get_by_text("line 60")).to_be_in_viewport()
    await page.get_by_text("line 3", exact=True).scroll_into_view_if_needed()
    alice.say("#general", "line 61")
    await expect(page.get_by_text("line 61")).to_be_attached()
    await expect(page.get_by_text("line 61")).not_to_be_in_viewport()
