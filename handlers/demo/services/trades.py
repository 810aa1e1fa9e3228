"""What the HTTP services of the demo do: refunds, expenses, transfers, orders of shares."""

from collections.abc import Mapping
from typing import Any

from handlers.demo.services.desk import Refused, Trade
from handlers.demo.services.records import Record


def _money(record: Record) -> str:
    return f"{record['amount']:,.2f} {record['currency']}"


def _known_order(content: Mapping[str, Any]) -> None:
    """Orders that begin with `ord_none` were never made: for whoever wants to see a refund fail."""
    if content["order"].startswith("ord_none"):
        raise Refused(f"there is no order {content['order']}")


BILLING = Trade(
    name="billing",
    noun="refunds",
    prefix="rf",
    fields={"order": "text", "amount": "number", "currency": "text", "note": "text?"},
    say=lambda record: f"Refunded {_money(record)} for order {record['order']}",
    reversible=True,
    check=_known_order,
)
LEDGER = Trade(
    name="ledger",
    noun="expenses",
    prefix="ex",
    fields={"amount": "number", "currency": "text", "purpose": "text", "receipt": "flag?"},
    say=lambda record: f"Paid {_money(record)} for {record['purpose']}",
)
BANK = Trade(
    name="bank",
    noun="transfers",
    prefix="tr",
    fields={"amount": "number", "currency": "text", "payee": "text", "iban": "text", "reference": "text?"},
    say=lambda record: f"Transferred {_money(record)} to {record['payee']} ({record['iban']})",
    keep=lambda content: content | {"iban": f"…{content['iban'][-4:]}"},
)


def _priced(content: Record) -> Record:
    """At the demo's market price: the same for a ticker at all times, between 10 and 200."""
    price = 10 + sum(ord(letter) * place for place, letter in enumerate(content["ticker"], start=7)) % 19_000 / 100
    return content | {"price": round(price, 2)}


def _side(content: Mapping[str, Any]) -> None:
    if content["side"] not in ("buy", "sell"):
        raise Refused("side: must be buy or sell")
    if content["shares"] < 1:
        raise Refused("shares: must be at least 1")


DESK = Trade(
    name="desk",
    noun="orders",
    prefix="or",
    fields={"side": "text", "shares": "whole", "ticker": "text"},
    say=lambda record: (
        f"{'Bought' if record['side'] == 'buy' else 'Sold'} {record['shares']:,} shares of {record['ticker']} "
        f"at {record['price']:.2f}"
    ),
    honours_keys=False,  # a second order is a second trade: what an approved action must never do by itself
    check=_side,
    keep=_priced,
)
