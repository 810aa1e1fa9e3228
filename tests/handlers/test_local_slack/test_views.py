"""Modals and home tabs: triggers that expire, stacks of three, hashes that must match."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.demo.slack import LocalSlack, Person
from tests.handlers.test_local_slack.bot import FORM, field, modal, section
from tests.handlers.test_local_slack.conftest import Clock
from tests.handlers.test_local_slack.test_web_api import error, refusal

HOME = {"type": "home", "blocks": [section("welcome")]}


async def opened(slack: LocalSlack, client: AsyncWebClient, person: Person, view: Mapping[str, Any] = FORM) -> Any:
    trigger = slack.core.tickets.trigger(person.id)
    return (await client.views_open(trigger_id=trigger, view=dict(view)))["view"]


async def test_a_trigger_serves_once_and_for_three_seconds(
    slack: LocalSlack, client: AsyncWebClient, alice: Person, clock: Clock
) -> None:
    trigger = slack.core.tickets.trigger(alice.id)
    await client.views_open(trigger_id=trigger, view=FORM)
    assert await error(client.views_open(trigger_id=trigger, view=FORM)) == "exchanged_trigger_id"
    late = slack.core.tickets.trigger(alice.id)
    clock.now += 3.1
    assert await error(client.views_open(trigger_id=late, view=FORM)) == "expired_trigger_id"
    assert await error(client.views_open(trigger_id="1.2.x", view=FORM)) == "invalid_trigger_id"


async def test_two_calls_with_one_trigger_open_one_view(
    slack: LocalSlack, client: AsyncWebClient, alice: Person
) -> None:
    trigger = slack.core.tickets.trigger(alice.id)
    both = (client.views_open(trigger_id=trigger, view=FORM) for _ in range(2))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(result, SlackApiError) for result in results) == 1
    assert len(slack.core.modals.stack(alice.id)) == 1


async def test_a_stack_holds_three(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    outside = slack.core.tickets.trigger(alice.id)
    assert await error(client.views_push(trigger_id=outside, view=FORM)) == "not_found"
    view = await opened(slack, client, alice)
    for _ in range(2):
        inside = slack.core.tickets.trigger(alice.id, view["id"])
        await client.views_push(trigger_id=inside, view=FORM)
    inside = slack.core.tickets.trigger(alice.id, view["id"])
    assert await error(client.views_push(trigger_id=inside, view=FORM)) == "push_limit_reached"
    await alice.close()
    assert len(slack.core.modals.stack(alice.id)) == 2
    await alice.close(everything=True)
    assert alice.modal() is None


async def test_a_stale_hash_is_refused(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    view = await opened(slack, client, alice)
    changed = modal(section("loaded"), title="Two")
    after = (await client.views_update(view_id=view["id"], hash=view["hash"], view=changed))["view"]
    stale = client.views_update(view_id=view["id"], hash=view["hash"], view=changed)
    assert await error(stale) == "hash_conflict"
    await client.views_update(view_id=view["id"], hash=after["hash"], view=changed)
    assert await error(client.views_update(view_id="V0X", view=changed)) == "not_found"
    await alice.close()
    assert await error(client.views_update(view_id=view["id"], view=changed)) == "not_found"


async def test_what_was_typed_survives_an_update_of_the_same_field(
    slack: LocalSlack, client: AsyncWebClient, alice: Person
) -> None:
    view = await opened(slack, client, alice)
    alice.fill(alice.now(alice.modal() or pytest.fail("no modal")), {"Reason": "half a"})
    kept = modal(field("reason", "Reason", {"type": "plain_text_input"}), title="Two")
    await client.views_update(view_id=view["id"], view=kept)
    top = alice.modal()
    assert top
    assert top.values["reason"]["it"]["value"] == "half a"
    fresh = modal(field("reason2", "Reason", {"type": "plain_text_input"}), title="Three")
    await client.views_update(view_id=view["id"], view=fresh)
    top = alice.modal()
    assert top
    assert top.values == {"reason2": {"it": {"type": "plain_text_input", "value": None}}}


async def test_an_external_id_finds_a_view_and_is_unique(
    slack: LocalSlack, client: AsyncWebClient, alice: Person, bob: Person
) -> None:
    named = FORM | {"external_id": "request-7"}
    await opened(slack, client, alice, named)
    await client.views_update(external_id="request-7", view=named | {"private_metadata": "two"})
    top = alice.modal()
    assert top
    assert top.content["private_metadata"] == "two"
    again = client.views_open(trigger_id=slack.core.tickets.trigger(bob.id), view=named)
    assert await error(again) == "duplicate_external_id"


async def test_a_home_tab_is_published_with_its_hash(slack: LocalSlack, client: AsyncWebClient, alice: Person) -> None:
    first = (await client.views_publish(user_id=alice.id, view=HOME))["view"]
    second = await client.views_publish(user_id=alice.id, view=HOME, hash=first["hash"])
    assert second["view"]["id"] == first["id"]
    stale = client.views_publish(user_id=alice.id, view=HOME, hash=first["hash"])
    assert await error(stale) == "hash_conflict"
    assert await error(client.views_publish(user_id="U0DAN", view=HOME)) == "user_not_found"
    assert await error(client.views_publish(user_id=alice.id, view=FORM)) == "invalid_arguments"
    slack.workspace.change_app(home_tab=False)
    assert await error(client.views_publish(user_id=alice.id, view=HOME)) == "not_enabled"


BIG = [section("x" * 3000) for _ in range(90)]


@pytest.mark.parametrize(
    ("view", "code", "said"),
    [
        (FORM | {"title": {"type": "plain_text", "text": "x" * 25}}, "invalid_arguments", "less than 25"),
        (FORM | {"private_metadata": "x" * 3001}, "invalid_arguments", "less than 3001"),
        (FORM | {"submit": None}, "invalid_arguments", "submit"),
        (FORM | {"title": None}, "invalid_arguments", "title"),
        (FORM | {"blocks": []}, "invalid_arguments", "no fewer than 1"),
        (FORM | {"blocks": [section("x")] * 101}, "invalid_arguments", "no more than 100"),
        (FORM | {"colour": "red"}, "invalid_arguments", "additional property: colour"),
        (FORM | {"blocks": BIG}, "view_too_large", ""),
        (HOME, "invalid_arguments", "must be modal"),
    ],
)
async def test_a_view_is_refused_and_its_trigger_kept(
    slack: LocalSlack, client: AsyncWebClient, alice: Person, view: dict[str, Any], code: str, said: str
) -> None:
    trigger = slack.core.tickets.trigger(alice.id)
    data = await refusal(client.views_open(trigger_id=trigger, view=view))
    assert data["error"] == code
    assert said in " ".join(data.get("response_metadata", {}).get("messages", []))
    await client.views_open(trigger_id=trigger, view=FORM)
