"""Forms: every input, what is wrong with it, stacks of forms, what was typed and what becomes of it."""

import pytest
from playwright.async_api import Page, expect

from handlers.demo.slack import LocalSlack
from tests.handlers.test_demo_page.bot import Bot, values
from tests.handlers.test_demo_page.conftest import Open
from tests.handlers.test_demo_page.kit import field, modal, section

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def asked(page: Page, words: str) -> None:
    await page.get_by_role("textbox", name="Message #general").fill(f"/signoff {words}")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()


async def filled(page: Page) -> None:
    form = page.get_by_role("dialog", name="Everything")
    await form.get_by_label("Title").fill("late parcel")
    await form.get_by_label("Note").fill("two\nlines")
    await form.get_by_label("Amount").fill("12.5")
    await form.get_by_label("Count").fill("3")
    await form.get_by_label("Currency").select_option("EUR")
    await form.get_by_role("combobox", name="Tags").click()
    await form.get_by_role("option", name="Late").click()
    await form.get_by_role("option", name="Broken").click()
    await page.keyboard.press("Escape")
    await form.get_by_label("Person").select_option("Gus Gray")
    await form.get_by_label("Signed").check()
    await form.get_by_label("Fast").check()
    await form.get_by_label("Day").fill("2026-03-04")
    await form.get_by_label("Hour").fill("09:30")
    await form.get_by_label("Moment").fill("2026-03-04T09:30")
    await form.get_by_label("Mail").fill("a@example.com")
    await form.get_by_label("Link").fill("https://example.com")


async def test_every_input_is_filled_refused_and_sent(bot: Bot, open_page: Open) -> None:
    page = await open_page("bob")
    await asked(page, "form")
    form = page.get_by_role("dialog", name="Everything")
    await expect(form.get_by_text("in one line")).to_be_visible()
    await expect(form.get_by_text("Note (optional)")).to_be_visible()
    await expect(form.get_by_text("0.5 – 99")).to_be_visible()
    await filled(page)
    bot.answers.append({"response_action": "errors", "errors": {"amount": "Too much for you", "day": "A holiday"}})
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_text("Too much for you")).to_be_visible()
    await expect(form.get_by_text("A holiday")).to_be_visible()
    await expect(form.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_label("Amount")).to_be_focused()
    await expect(form.get_by_label("Title")).to_have_value("late parcel")
    await form.get_by_label("Amount").fill("7.25")
    await expect(form.get_by_text("Too much for you")).to_have_count(0)
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_have_count(0)
    sent = values(await bot.hears("form", 2))
    chosen = {name: sent.pop(name) for name in ("currency", "speed", "tags", "checks")}
    assert [chosen["currency"]["value"], chosen["speed"]["value"]] == ["eur", "fast"]
    assert [[one["value"] for one in chosen[name]] for name in ("tags", "checks")] == [["late", "broken"], ["signed"]]
    assert sent == {
        "title": "late parcel",
        "note": "two\nlines",
        "amount": "7.25",
        "count": "3",
        "person": "U0GUS",
        "people": [],
        "day": "2026-03-04",
        "hour": "09:30",
        "moment": 1_772_634_600,  # 09:30 in New York, where Bob is
        "mail": "a@example.com",
        "link": "https://example.com",
    }


async def test_what_slack_would_not_send_stays_with_its_reason(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    page = await open_page("alice")
    await asked(page, "form")
    await filled(page)
    form = page.get_by_role("dialog")
    await form.get_by_label("Title").fill("ab")
    await expect(form.get_by_text("2 of at least 3")).to_be_visible()
    await form.get_by_label("Amount").fill("100")
    await form.get_by_label("Count").fill("one and a half")
    await form.get_by_label("Mail").fill("nobody")
    await form.get_by_label("Day").fill("")
    await form.get_by_role("button", name="Send").click()
    for words in ("at least 3 characters", "99 or less", "valid number", "valid email", "complete this required field"):
        await expect(form.get_by_text(words)).to_be_visible()
    await slack.quiet()
    assert bot.of("form") == []


async def test_what_stands_above_a_field_is_seen_first(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    page = await open_page("alice")
    await asked(page, "steps")
    text = section("\n".join(f"line {number}" for number in range(60)))
    long = modal("Long", text, field("last", "Last", {"type": "plain_text_input"}))
    shown = slack.person("alice").modal()
    assert shown
    await bot.client.views_update(view_id=shown.id, view=long)
    await expect(page.get_by_role("dialog", name="Long").get_by_text("line 0")).to_be_in_viewport()
    await expect(page.get_by_role("dialog", name="Long").get_by_label("Last")).not_to_be_in_viewport()
    await expect(page.get_by_role("dialog", name="Long").get_by_role("button", name="Send")).to_be_in_viewport()


async def test_forms_are_pushed_left_and_cleared(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    await asked(page, "steps")
    await page.get_by_label("Name").fill("Ada")
    await page.keyboard.press("Enter")
    second = page.get_by_role("dialog", name="Second step")
    await expect(second).to_be_visible()
    await second.get_by_role("button", name="Back").click()
    assert (await bot.hears("closed"))["is_cleared"] is False
    await expect(page.get_by_role("dialog", name="First step").get_by_label("Name")).to_have_value("Ada")
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await second.get_by_role("button", name="Finish").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await asked(page, "steps")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await asked(page, "steps")
    await page.get_by_label("Name").fill("Ada")
    await page.keyboard.press("Enter")
    await second.get_by_role("button", name="Close all").click()
    assert (await bot.hears("closed", 3))["is_cleared"] is True
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_press_within_a_form_takes_along_what_was_typed(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    await asked(page, "steps")
    await page.get_by_label("Name").fill("Ada")
    await page.get_by_role("button", name="Check").click()
    fresh = page.get_by_role("dialog", name="Checked")
    await expect(fresh.get_by_text("now checked")).to_be_visible()
    await expect(fresh.get_by_label("Name")).to_have_value("Ada")
    told = (await bot.hears("click"))["view"]["state"]["values"]
    assert told["name"]["it"]["value"] == "Ada"


async def test_a_form_whose_bot_is_silent_keeps_what_was_typed(bot: Bot, slack: LocalSlack, open_page: Open) -> None:
    page = await open_page("alice")
    await asked(page, "steps")
    await page.get_by_label("Name").fill("Ada")
    slack.connect_http("http://127.0.0.1:9/slack/events")
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    form = page.get_by_role("dialog", name="First step")
    await expect(form.get_by_role("alert")).to_contain_text("could not be reached")
    await expect(form.get_by_label("Name")).to_have_value("Ada")


async def test_below_an_open_form_nothing_can_be_pressed(bot: Bot, open_page: Open) -> None:
    page = await open_page("alice")
    await asked(page, "steps")
    await expect(page.get_by_label("Name")).to_be_focused()
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert not await page.evaluate("document.activeElement.closest('.pane-body') !== null")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Message #general")).to_be_focused()
