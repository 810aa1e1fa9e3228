"""A planner over the real wire to a model of our own, and a small catalogue, for the planner's tests."""

import datetime
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.catalogue import Action
from bot.request import Draft
from handlers.demo.model import Model, ModelServer
from handlers.planner import ModelPlanner, model_client
from handlers.schemas import JsonSchemas
from tests.handlers.scripted import ScriptedModel

TODAY = datetime.date(2026, 11, 21)
REFUND = Action(
    name="refund_payment",
    title="Refund {amount} {currency} for order {order_id}",
    about="Sends money back to the card that paid for an order.",
    run={"kind": "caller"},
    params={
        "order_id": {"type": "string", "pattern": "^ord_[a-z0-9]+$", "title": "Order"},
        "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 10000},
        "currency": {"type": "string", "enum": ["USD", "EUR"], "default": "USD"},
        "note": {"type": "string", "maxLength": 2000, "x-long": True},
    },
    required=("order_id", "amount"),
)
MAIL = Action(
    name="send_mail",
    title="Send mail to {to}: {subject}",
    about="Sends an e-mail.",
    run={"kind": "caller"},
    params={
        "to": {"type": "string", "format": "email"},
        "subject": {"type": "string"},
        "body": {"type": "string", "x-long": True},
    },
    required=("to", "subject", "body"),
)
TRANSFER = Action(
    name="transfer_money",
    title="Transfer {amount} to {payee}",
    run={"kind": "caller"},
    params={
        "amount": {"type": "number", "exclusiveMinimum": 0},
        "payee": {"type": "string"},
        "iban": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$", "x-sensitive": True},
        "pin": {"type": "string", "x-sensitive": True},
    },
    required=("amount", "payee", "iban"),
)
ACTIONS = (REFUND, MAIL, TRANSFER)
WORDS = "refund order ord_81 fifty dollars, parcel never came"


def entry(**changes: Any) -> dict[str, Any]:
    """A good answer to WORDS, changed."""
    return {
        "action": "refund_payment",
        "arguments": {"order_id": "ord_81", "amount": 50, "note": "parcel never came"},
        "steps": ["Ask billing to refund 50 USD"],
        "impact": "One card is credited.",
        "warnings": [],
        "flags": [],
        "confidence": 0.98,
        "missing": [],
    } | changes


@dataclass(frozen=True, slots=True)
class Asked:
    planner: ModelPlanner
    url: str

    async def draft(self, words: str = WORDS, *actions: Action, earlier: Draft | None = None) -> Draft:
        """The only draft these words lead to."""
        (draft,) = (await self.planner.plan(words, actions or ACTIONS, earlier)).drafts
        return draft


@asynccontextmanager
async def asking(model: Model, **budgets: Any) -> AsyncIterator[Asked]:
    async with ModelServer(model) as server, model_client(server.url, "key-1") as client:
        yield Asked(ModelPlanner(client, "any", JsonSchemas(), today=lambda: TODAY, **budgets), server.url)


def told(model: ScriptedModel, call: int = 0) -> dict[str, Any]:
    """What the user's message of a call held, as the JSON it is."""
    content = model.calls[call].body["messages"][1]["content"]
    found = re.fullmatch(r"```json\n(.*)\n```", content, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data
