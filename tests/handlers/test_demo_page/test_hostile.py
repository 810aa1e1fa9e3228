"""Text is text: nothing anybody writes becomes markup, a script, or an address that runs one."""

import pytest
from playwright.async_api import Page, expect

from handlers.demo.slack import LocalSlack, sample
from handlers.demo.slack.values import Channel
from tests.handlers.test_demo_page.bot import Bot
from tests.handlers.test_demo_page.conftest import Extras, Open
from tests.handlers.test_demo_page.kit import Json, actions, button, field, line, markdown, modal, plain, rich, said

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STRINGS = [
    "<img src=x onerror=\"document.title='pwned'\">",
    "<script>document.title='pwned'</script>",
    "\"><svg onload=document.title='pwned'>",
    "javascript:document.title='pwned'",
    "</textarea></pre><iframe srcdoc=\"<script>parent.document.title='pwned'</script>\">",
    "__proto__ constructor {{7*7}} ${7*7} &lt;b&gt; &amp;amp;",
]


LOOK = """() => {
    const all = [...document.querySelectorAll("#app *")];
    const made = all.filter((node) => node.matches("img, script, iframe, object, embed, base, meta, style"));
    const attributes = all.flatMap((node) => [...node.attributes].map(({ name }) => name));
    const links = all.filter((node) => node.matches("a")).map((node) => node.protocol);
    return [
        ...made.map((node) => node.outerHTML),
        ...attributes.filter((name) => name.startsWith("on") || name === "srcdoc" || name === "src"),
        ...links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol)),
    ];
}"""


async def unharmed(page: Page) -> None:
    """Nothing ran, nothing was made that could."""
    assert "pwned" not in await page.title()
    assert await page.evaluate(LOOK) == []


@pytest.mark.parametrize("text", STRINGS)
async def test_in_messages_it_stays_text(bot: Bot, slack: LocalSlack, open_page: Open, text: str) -> None:
    picture = {"type": "image", "image_url": "https://x.test/i.png", "alt_text": text}
    blocks: list[Json] = [
        {"type": "header", "text": plain(text[:150])},
        {"type": "section", "text": markdown(text), "fields": [markdown(text), plain(text)]},
        rich(line(said(text), said(text, code=True)), {"type": "rich_text_preformatted", "elements": [said(text)]}),
        {"type": "context", "elements": [markdown(text), picture]},
        {**picture, "title": plain(text)},
        actions(button("other", text[:75], accessibility_label=text[:75])),
    ]
    await bot.post(text, blocks)
    await bot.post(text)
    slack.person("bob").say("#general", text)
    page = await open_page("alice")
    await expect(page.get_by_role("article")).to_have_count(3)
    preformatted = await page.locator("pre").first.evaluate("node => node.textContent")
    assert preformatted == text
    assert await page.get_by_role("article").last.locator(".text").inner_text() == text
    await unharmed(page)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc",
    ],
)
async def test_no_link_leads_where_a_script_could_be(bot: Bot, open_page: Open, address: str) -> None:
    link = {"type": "link", "url": address, "text": "harmless"}
    await bot.post(
        "x",
        [
            rich(line(link)),
            {"type": "section", "text": markdown(f"<{address.replace('<', '').replace('>', '')}|click>")},
        ],
    )
    page = await open_page("alice")
    await expect(page.get_by_role("article").last).to_contain_text("harmless")
    await expect(page.get_by_role("article").last.get_by_role("link")).to_have_count(0)
    await unharmed(page)


async def test_in_names_forms_and_panels_it_stays_text(
    bot: Bot, slack: LocalSlack, extras: Extras, open_page: Open
) -> None:
    evil = STRINGS[0]
    slack.workspace.add_user(sample.person("mallory", evil))
    slack.workspace.add_channel(Channel("C0EVIL", evil, "public", ("U0ALICE", "U0MALLORY")))
    happened = {"service": evil, "id": "1", "what": evil, "at": "2026-01-01T09:00:00Z", "html_url": STRINGS[3]}
    extras.effects.append(happened | {"details": {evil: evil, "long": evil * 3}})
    page = await open_page("alice", effects="1")
    await expect(page.get_by_role("button", name=evil).first).to_be_visible()
    await expect(page.get_by_role("complementary", name="Effects").get_by_role("article")).to_contain_text(evil)
    await page.get_by_role("textbox", name="Message #general").fill("/signoff steps")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").wait_for()
    written = {"type": "plain_text_input", "placeholder": plain(evil), "initial_value": evil}
    menu = {"type": "static_select", "options": [{"text": plain(evil), "value": evil}]}
    view = modal("Evil", field("one", evil, written), field("two", "Two", menu, hint=plain(evil)))
    await bot.client.views_update(view_id=slack.person("alice").modal().id, view=view)  # type: ignore[union-attr]
    await expect(page.get_by_role("dialog").get_by_label(evil)).to_have_value(evil)
    bot.answers.append({"response_action": "errors", "errors": {"one": evil}})
    await page.get_by_label("Two").select_option(evil)
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(page.get_by_role("dialog").locator(".error").first).to_have_text(evil)
    await unharmed(page)


async def test_a_message_made_to_be_slow_is_drawn_at_once(bot: Bot, open_page: Open) -> None:
    await bot.post("`*_~<" * 2_000 + "*a* _b_ ~c~ " * 1_500)
    page = await open_page("alice")
    await expect(page.get_by_role("article").last).to_be_visible()


async def test_the_browser_itself_refuses_markup_and_scripts(open_page: Open, complaints: list[str]) -> None:
    page = await open_page("alice")
    refused = await page.evaluate(
        """() => {
            try {
                document.body.innerHTML = "<b>x</b>";
                return false;
            } catch (error) {
                return error instanceof TypeError;
            }
        }"""
    )
    assert refused
    await page.evaluate(
        """() => {
            const node = document.createElement("img");
            node.src = "https://elsewhere.test/x.png";
            document.body.append(node);
        }"""
    )
    assert any("Content Security Policy" in one for one in complaints)
    complaints.clear()
