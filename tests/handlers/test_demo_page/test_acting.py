"""What a person does: writes, presses, chooses, answers. The bot hears it over its signed endpoint."""

import re

import pytest
from playwright.async_api import expect

from handlers.demo.slack import LocalSlack
from tests.handlers.test_demo_page.bot import CARD, Bot
from tests.handlers.test_demo_page.conftest import Open
from tests.handlers.test_demo_page.kit import EVERY_BLOCK

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_press_asks_first_and_then_acts(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    await bot.post("a card", CARD)
    page = await open_page("bob")
    await page.get_by_role("button", name="Approve").click()
    asked = page.get_by_role("alertdialog", name="Approve exactly this?")
    await expect(asked).to_contain_text("Refund 50 USD")
    await asked.get_by_role("button", name="Not now").click()
    await expect(asked).to_have_count(0)
    await slack.quiet()
    assert bot.of("click") == []
    await page.get_by_role("button", name="Approve").click()
    await page.keyboard.press("Escape")
    await expect(asked).to_have_count(0)
    await page.get_by_role("button", name="Approve").click()
    await asked.get_by_role("button", name="Yes, do it").click()
    await expect(page.get_by_text("Approved by @Bob Brown")).to_be_visible()
    assert [one["user"]["id"] for one in bot.of("click")] == ["U0BOB"]


async def test_every_choice_in_a_message_is_told(bot: Bot, open_page: Open) -> None:
    await bot.post("one of each", EVERY_BLOCK)
    page = await open_page("alice")
    await page.get_by_label("Currency").select_option("USD")
    assert (await bot.hears("click", 1))["actions"][0]["selected_option"]["value"] == "usd"
    await page.get_by_label("Somebody").select_option("Bob Brown")
    assert (await bot.hears("click", 2))["actions"][0]["selected_user"] == "U0BOB"
    await page.get_by_label("Day").fill("2026-02-03")
    assert (await bot.hears("click", 3))["actions"][0]["selected_date"] == "2026-02-03"
    await page.get_by_label("Two").check()
    chosen = (await bot.hears("click", 4))["actions"][0]["selected_options"]
    assert [one["value"] for one in chosen] == ["two"]
    await page.get_by_role("button", name="More options").click()
    await page.get_by_role("menuitem", name="Archive").click()
    assert (await bot.hears("click", 5))["actions"][0]["selected_option"]["value"] == "archive"
    await page.reload()
    await expect(page.get_by_label("Currency")).to_have_value("usd")
    await expect(page.get_by_label("Two")).to_be_checked()


async def test_a_slash_command_is_completed_and_sent(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    writes = page.get_by_role("textbox", name="Message #general")
    await writes.fill("/si")
    offered = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(offered).to_have_count(2)
    await expect(offered.first).to_contain_text("Ask for something")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(writes).to_have_value("/signoff ")
    await expect(offered).to_have_text(["/signoff run", "/signoff list"])
    await page.keyboard.type("l")
    await expect(offered).to_have_text(["/signoff list"])
    await page.keyboard.press("Tab")
    await expect(writes).to_have_value("/signoff list ")
    await writes.fill("/signoff refund ord_81")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").last).to_contain_text("read: refund ord_81")
    await expect(page.get_by_role("article").last).to_contain_text("Only visible to you")
    await expect(writes).to_have_value("")
    told = await bot.hears("command")
    assert (told["user_id"], told["channel_id"], told["text"]) == ("U0ALICE", "C0GENERAL", "refund ord_81")


async def test_what_cannot_be_done_is_said_and_the_text_stays(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    writes = page.get_by_role("textbox", name="Message #general")
    for line, words in (("/nonsense", "not a valid command"), ("/signoff fail", "cannot be shown")):
        await writes.fill(line)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text(words)
        await expect(writes).to_have_value(line)
    await page.get_by_role("button", name="Dismiss").first.click()
    await expect(page.get_by_role("alert")).not_to_contain_text("not a valid command")


async def test_a_silent_bot_is_told_of_in_words(slack: LocalSlack, open_page: Open) -> None:
    slack.connect_http("http://127.0.0.1:9/slack/events")
    page = await open_page("alice")
    await page.get_by_role("textbox", name="Message #general").fill("/signoff anything")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("could not be reached")


async def test_messages_reactions_and_mentions(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    page = await open_page("alice")
    writes = page.get_by_role("textbox", name="Message #general")
    await writes.fill("hello @bob, *look* at #ops")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.get_by_role("button", name="Send message").click()
    said = page.get_by_role("article").last
    await expect(said.get_by_text("@Bob Brown")).to_be_visible()
    await expect(said.locator("strong")).to_have_text("look")
    await expect(said).to_contain_text("second line")
    await said.hover()
    await said.get_by_role("button", name="React with eyes").click()
    await expect(said.get_by_role("button", name="eyes, 1")).to_be_visible()
    assert (await bot.hears("message"))["text"] == "hello <@U0BOB>, *look* at <#C0OPS|ops>\nsecond line"
    assert slack.person("bob").sees("#general")[-1].reactions == (("eyes", "U0ALICE"),)


async def test_a_message_shortcut(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    slack.person("bob").say("#general", "please refund ord_81")
    page = await open_page("alice")
    said = page.get_by_role("article").last
    await said.hover()
    await said.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Ask about this").click()
    told = await bot.hears("shortcut")
    assert told["callback_id"] == "ask_about"
    assert told["message"]["text"] == "please refund ord_81"


async def test_a_thread_beside_the_conversation(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    ts = await bot.post("a card", CARD)
    page = await open_page("alice")
    card = page.get_by_role("log", name="Messages in #general").get_by_role("article").last
    await card.hover()
    await card.get_by_role("button", name="Reply in thread").click()
    thread = page.get_by_role("complementary", name="Thread")
    await thread.get_by_role("textbox", name="Reply").fill("is this right?")
    await page.keyboard.press("Enter")
    await expect(thread.get_by_text("is this right?")).to_be_visible()
    await bot.post("it is, <@U0ALICE>", thread_ts=ts)
    await expect(thread.get_by_text("it is, @Alice Adams")).to_be_visible()
    await expect(card.get_by_role("button", name="2 replies")).to_be_visible()
    await expect(page.get_by_role("log", name="Messages in #general").get_by_text("is this right?")).to_have_count(0)
    await thread.get_by_role("textbox", name="Reply").fill("/signoff x")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("do not work in threads")
    assert [one.thread_ts for one in slack.person("bob").thread(slack.person("bob").sees("#general")[0])] == [ts, ts]
    assert f"thread={ts}" in page.url
    await thread.get_by_role("button", name="Close thread").click()
    await expect(thread).to_have_count(0)
    assert "thread" not in page.url


async def test_the_home_tab(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    await page.get_by_role("button", name="signoff home").click()
    home = page.get_by_role("region", name="App home")
    await expect(home.get_by_text("Waiting for you")).to_be_visible()
    await home.get_by_role("button", name="Refresh").click()
    assert (await bot.hears("click"))["actions"][0]["action_id"] == "refresh"
    assert "channel=home" in page.url
    await page.get_by_role("tab", name="Messages").click()
    await expect(page.get_by_text("Messages cannot be written here")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await bot.client.chat_postMessage(channel="U0ALICE", text="privately")
    await expect(page.get_by_text("privately")).to_be_visible()


async def test_it_works_from_the_keyboard_alone(bot: Bot, open_page: Open) -> None:
    await bot.post("a card", CARD)
    page = await open_page("bob")
    approve = page.get_by_role("button", name="Approve")
    await approve.wait_for()
    for _ in range(60):
        if await approve.evaluate("node => node === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    await expect(page.get_by_role("button", name="Yes, do it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(re.compile("Approved by @Bob"))).to_be_visible()
