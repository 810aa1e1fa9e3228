"""The demo as a newcomer meets it: in Chromium, from words to effect, with an escalation and an expiry.

`SIGNOFF_PICTURES=.github .venv/bin/pytest tests/journeys/test_demo_in_a_browser.py` makes README's pictures from it.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from handlers.demonstration import showing, with_panels

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PICTURES = os.environ.get("SIGNOFF_PICTURES")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: Debian's package `chromium` has it"),
]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with showing(tmp_path) as show, async_playwright() as playwright:
        with_panels(show)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(15_000)
        opened = await context.new_page()
        await opened.goto(show.slack.page_url)
        yield opened
        await browser.close()


async def be(page: Page, name: str, channel: str) -> None:
    await page.get_by_role("button", name=name).first.click()
    await goes(page, channel)


async def goes(page: Page, channel: str) -> None:
    await page.locator("nav, aside").get_by_role("button", name=re.compile(rf"^{channel}\b")).first.click()


async def types(page: Page, line: str) -> None:
    box = page.get_by_role("textbox", name="Message #")
    await box.fill(line)
    await box.press("Enter")


def card(page: Page, *words: str) -> Locator:
    found = page.get_by_role("article")
    for word in words:
        found = found.filter(has_text=word)
    return found.last


async def presses(page: Page, shown: Locator, name: str) -> None:
    await shown.locator("button", has_text=re.compile(rf"^{name}$")).click()
    sure = page.get_by_role("alertdialog").get_by_role("button", name=name)
    if await shown.page.get_by_role("alertdialog").count():
        await sure.click()


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def test_a_newcomer_asks_edits_approves_and_sees_it_happen(page: Page) -> None:
    await be(page, "Rita Ramos", "general")
    await types(page, "/signoff refund order ord_81 eighty dollars, parcel never came")
    await goes(page, "approvals")
    asked = card(page, "Refund 80 USD for order ord_81", "Waiting for approval")
    await presses(page, asked, "Approve")
    await expect(card(page, "requester's side")).to_be_visible()

    await be(page, "Tom Okafor", "approvals")
    await presses(page, card(page, "Refund 80 USD", "Waiting for approval"), "Edit")
    form = page.get_by_role("dialog")
    await form.get_by_label("Amount").fill("75")
    await form.get_by_role("button", name="Save").click()
    edited = card(page, "Refund 75 USD", "Waiting for approval")
    await expect(edited).to_be_visible()
    await picture(page, "card")
    await presses(page, edited, "Approve")
    await expect(card(page, "Refund 75 USD", "Done")).to_be_visible()
    await expect(page.get_by_text("Refunded 75.00 USD for order ord_81")).to_be_visible()
    await picture(page, "demo")


async def test_silence_escalates_by_dm_and_is_approved_from_there(page: Page) -> None:
    await be(page, "Rita Ramos", "general")
    await types(page, '/signoff run publish_page page=status headline="All is well" text="Every system is running."')
    await goes(page, "approvals")
    await expect(card(page, "Publish the page status", "Waiting for approval")).to_be_visible()
    await page.get_by_role("button", name="+15 min").click()
    await be(page, "Fay Lindqvist", "signoff")
    await presses(page, card(page, "Publish the page status", "Waiting for approval"), "Approve")
    await expect(page.get_by_text("Published status: All is well")).to_be_visible()


async def test_what_nobody_decides_expires(page: Page) -> None:
    await be(page, "Rita Ramos", "general")
    await types(page, "/signoff run refund_payment order_id=ord_99 amount=60")
    await goes(page, "approvals")
    await expect(card(page, "ord_99", "Waiting for approval")).to_be_visible()
    await page.get_by_role("button", name="+24 h").click()
    await expect(card(page, "ord_99", "Expired")).to_be_visible()
    await expect(page.get_by_text("Refunded")).to_have_count(0)


async def test_several_are_ticked_at_home_and_decided_in_one_window(page: Page) -> None:
    await be(page, "Rita Ramos", "general")
    for n in range(3):
        await types(page, f"/signoff run refund_payment order_id=ord_{n} amount={60 + n}")
        await expect(page.get_by_text(f"Refund {60 + n} USD for order ord_{n}").first).to_be_visible()
    await be(page, "Tom Okafor", "signoff home")
    for n in range(2):
        await page.get_by_role("checkbox", name=f"Select: Refund {60 + n} USD for order ord_{n}").check()
    await page.get_by_role("button", name="Decide selected").click()
    window = page.get_by_role("dialog", name="Decide 2 together")
    await expect(window.get_by_text("order_id  ord_1")).to_be_visible()
    await window.get_by_role("radio", name="Approve all 2").check()
    await window.get_by_role("button", name="Decide").click()
    await expect(page.get_by_role("dialog").get_by_text("2 requests approved")).to_be_visible()
    await expect(page.get_by_text("Refunded 61.00 USD for order ord_1")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).last.click()
    await expect(page.get_by_role("checkbox")).to_have_count(1)  # drawn anew: one is left
