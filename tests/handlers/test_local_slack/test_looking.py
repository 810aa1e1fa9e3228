"""Text of messages and views, and waiting for a condition."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import LocalSlack, NotThereError, Person, elements, plain, sample
from tests.handlers.test_local_slack.bot import FORM, actions, button, section
from tests.handlers.test_local_slack.test_blocks import GOOD_CARD

GENERAL = sample.channel_id("general")


async def test_a_card_reads_as_text(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Refund & more"}},
        section("for <@U0BOB> in <#C0OPS|ops> by <!subteam^S0FINANCE> &lt;now&gt; <https://x.example|docs> <!here>"),
        *[block for block in GOOD_CARD if block["type"] in {"rich_text", "table", "divider", "context"}],
        actions(button("go", "Go"), {"type": "users_select", "action_id": "who"}),
    ]
    await client.chat_postMessage(channel=GENERAL, text="fallback", blocks=blocks)
    message = alice.sees("#general")[0]
    assert alice.reads(message).split("\n") == [
        "Refund & more",
        "for @bob in #ops by @finance <now> docs (https://x.example) @here",
        '{"a": 1}',
        "U1https://x.example",
        "────",
        "v1 of `abc`",
        "cell | cell",
        "cell | x",
        "[Go] [users_select ▾]",
    ]
    assert [(one.label, one.value) for one in elements(message)] == [("Go", "v"), ("", "")]
    assert "<" not in plain(message).replace("<now>", "")


async def test_a_form_reads_with_what_was_typed(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    await client.views_open(trigger_id=slack.core.tickets.trigger(alice.id), view=FORM)
    form = await slack.wait_for(alice.modal)
    alice.fill(form, {"Reason": "because"})
    text = alice.reads(form)
    assert text.split("\n") == ["Form", "Reason: because", "Amount (optional): [number_input]", "[Send]"]


async def test_the_same_label_twice_must_be_told_apart(client: AsyncWebClient, alice: Person) -> None:
    rows = [actions(button("go", "Go"), block_id="one"), actions(button("go", "Go"), block_id="two")]
    await client.chat_postMessage(channel=GENERAL, text="x", blocks=rows)
    message = alice.sees("#general")[0]
    with pytest.raises(NotThereError, match="2 times"):
        await alice.click(message, "Go")
    assert [one.block_id for one in alice.buttons(message)] == ["one", "two"]


async def test_waiting_ends_with_the_change_that_makes_it_true(slack: LocalSlack, alice: Person) -> None:
    waiting = asyncio.create_task(slack.wait_for(lambda: alice.sees("#general")))
    await asyncio.sleep(0)
    alice.say("#general", "hello")
    assert [one.text for one in await waiting] == ["hello"]


async def test_a_condition_may_be_awaited(slack: LocalSlack, alice: Person) -> None:
    async def said() -> str | None:
        await asyncio.sleep(0)
        found = alice.sees("#general")
        return found[0].text if found else None

    waiting = asyncio.create_task(slack.wait_until(said))
    await asyncio.sleep(0)
    alice.say("#general", "hello")
    assert await waiting == "hello"


async def test_waiting_in_vain_tells_what_there_was(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    await client.chat_postMessage(channel=GENERAL, text="only this")
    with pytest.raises(TimeoutError, match="only this"):
        await slack.wait_for(lambda: False, timeout=0.01)
