"""The seeds of the field, as the demo has them: who is asked, how strong a click it takes, what may be edited."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.catalogue import Risk
from bot.condition import Basis
from bot.policy import Decision
from bot.route import Surface
from handlers.cli import app
from handlers.config import Book, load
from handlers.demo.catalogue import catalogue
from tests.build import T0

PLACES = {
    "channel": "#approvals",
    "fallback_channel": "#ops",
    "operators": "S0OPERATORS",
    "team": "S0TEAM",
    "finance": "S0FINANCE",
    "directors": "S0DIRECTORS",
    "python": "/usr/bin/python3",
    "root": "/",
    "database": "/rows.db",
    "site": "/site",
    **{name: f"http://127.0.0.1:1/{name}" for name in ("billing", "ledger", "desk", "bank")},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "signoff.yaml"
    path.write_text(catalogue(PLACES), encoding="utf-8")
    return path


@pytest.fixture
def book(file: Path) -> Book:
    return load(file, {}, offline=True)


def decided(book: Book, name: str, **args: Any) -> Decision:
    action = book.catalogue.actions[name]
    plan = {"source": "typed", "confidence": 1.0, "flags": []}
    shown = {key: value for key, value in action.with_defaults(args).items() if key not in action.sensitive}
    return book.policy.decide(Basis(action.base, shown, action.risk, {"id": "U1"}, plan, {}, T0), action)


def test_its_cases_pass_on_the_command_line(file: Path) -> None:
    result = CliRunner().invoke(app, ["policy", "test", "--config", str(file)])
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.output
    assert ", 0 failed." in result.output
    for action in load(file, {}, offline=True).catalogue.offered():
        assert any(case.action == action.name for case in load(file, {}, offline=True).tests), action.name


def test_a_trade_is_approved_by_typing_the_ticker(book: Book) -> None:
    trade: dict[str, Any] = {"side": "sell", "shares": 5, "ticker": "ACME"}
    assert decided(book, "trade_shares", **trade).route.surface is Surface.TYPED
    assert book.catalogue.actions["trade_shares"].confirmation(trade) == "ACME"


def test_a_deletion_is_critical_and_takes_two_who_type_the_table(book: Book) -> None:
    deletion = {"table": "events", "before": "2025-01-01"}
    decision = decided(book, "delete_old_rows", **deletion)
    assert (decision.risk, decision.route.surface) == (Risk.CRITICAL, Surface.TYPED)
    assert [(need.groups, need.approvals) for need in decision.route.stages[0].need] == [(("finance", "directors"), 2)]
    assert book.catalogue.actions["delete_old_rows"].confirmation(deletion) == "events"


def test_content_may_be_edited_by_who_approves_it(book: Book) -> None:
    page = book.catalogue.actions["publish_page"]
    assert (page.editable, page.edit_and_approve) == (("headline", "text"), True)
    assert decided(book, "publish_page", page="status").route.surface is Surface.CARD


def test_the_largest_expenses_take_finance_before_a_director(book: Book) -> None:
    stages = decided(book, "pay_expense", amount=10_001, purpose="fair").route.stages
    assert [[need.groups for need in stage.need] for stage in stages] == [[("finance",)], [("directors",)]]


def test_only_a_transfer_that_is_not_grave_is_confirmed_by_who_asks(book: Book) -> None:
    for amount, risk, groups in ((500, Risk.MEDIUM, ("requester",)), (20_000, Risk.HIGH, ("finance",))):
        decision = decided(book, "transfer_money", amount=amount, payee="Jo")
        assert (decision.risk, decision.route.stages[0].need[0].groups) == (risk, groups)
