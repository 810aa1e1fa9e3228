"""The `tests:` of the file: pure, repeatable, and telling what the rules say."""

from pathlib import Path

import pytest

from bot.catalogue import Risk
from bot.route import Verdict
from handlers.config import CaseResult, run_cases
from tests.handlers.configs import broken, read

CASE = "  - {action: refund, args: {order: ord_1, amount: 20}, expect: allow}\n"


def results(folder: Path, case: str, *changes: tuple[str, str]) -> tuple[CaseResult, ...]:
    return run_cases(read(folder, broken((CASE, f"  - {case}\n"), *changes)))


@pytest.mark.parametrize(
    "case",
    [
        "{action: refund, args: {order: ord_1, amount: 20}, expect: allow}",
        "{action: refund, args: {order: ord_1, amount: 20}, expect: allow, risk: medium}",
        "{action: refund, args: {order: ord_1, amount: 70}, expect: ask}",
        "{action: refund, args: {order: ord_1, amount: 70}, expect: {ask: [finance]}}",
        "{action: refund, args: {order: ord_1, amount: 70}, expect: {ask: [[finance]]}}",
        "{action: refund, args: {order: ord_1, amount: 7000}, expect: {ask: [finance]}, risk: high}",
        "{action: refund, args: {order: ord_1, amount: 70}, plan: {flags: [unusual]}, expect: ask, risk: high}",
        "{action: rotate, args: {service: db}, expect: {ask: [finance]}, risk: high}",
        "{name: unsure, action: rotate, args: {service: db}, plan: {source: model, confidence: 0.5}, expect: ask}",
    ],
)
def test_cases_that_hold(tmp_path: Path, case: str) -> None:
    (result,) = results(tmp_path, case)
    assert result.passed, str(result)


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (
            "{action: refund, args: {order: ord_1, amount: 70}, expect: allow}",
            (
                "signoff.yaml:47: tests[0]: expected allow, but the rules say ask finance at medium risk "
                "(“default for medium risk”)"
            ),
        ),
        (
            "{name: big, action: refund, args: {order: ord_1, amount: 7000}, expect: {ask: [finance, directors]}}",
            (
                "signoff.yaml:47: big: expected ask finance, then directors, but the rules say ask finance at high "
                "risk (“default for high risk”; rule “raise 1: action == 'refund' && args.amount > 1000”)"
            ),
        ),
        (
            "{action: refund, args: {order: ord_1, amount: 20}, expect: allow, risk: low}",
            "signoff.yaml:47: tests[0]: expected allow at low risk, but the rules say allow at medium risk (“small”)",
        ),
    ],
)
def test_cases_that_do_not_hold_say_what_the_rules_say(tmp_path: Path, case: str, text: str) -> None:
    (result,) = results(tmp_path, case)
    assert not result.passed
    assert str(result) == text


def test_a_case_may_set_everything_that_conditions_see(tmp_path: Path) -> None:
    rule = (
        "    - name: small\n",
        (
            '    - {name: all, when: \'requester.kind == "agent" && requester.client == "bot" '
            '&& "finance" in requester.groups '
            '&& history.last_hour == 21 && history.last_day == 0 && context.ticket == "T-1" '
            '&& now == timestamp("2026-01-01T03:00:00Z")\', then: deny}\n    - name: small\n'
        ),
    )
    case = (
        "{action: refund, args: {order: ord_1, amount: 20}, requester: {kind: agent, client: bot, groups: [finance]}, "
        'history: {last_hour: 21}, context: {ticket: T-1}, now: "2026-01-01T03:00:00Z", expect: deny}'
    )
    (result,) = results(tmp_path, case, rule)
    assert result.passed, str(result)
    assert result.decision.route.rule == "all"
    (other,) = results(tmp_path, case.replace("last_hour: 21", "last_hour: 20").replace("deny", "allow"), rule)
    assert other.passed, str(other)


def test_a_sensitive_argument_takes_no_part(tmp_path: Path) -> None:
    (result,) = results(tmp_path, "{action: refund, args: {order: ord_1, amount: 20, iban: DE00}, expect: allow}")
    assert result.passed
    assert result.case.verdict is Verdict.ALLOW
    assert result.decision.risk is Risk.MEDIUM


def test_running_twice_says_the_same(tmp_path: Path) -> None:
    book = read(tmp_path, broken())
    assert run_cases(book) == run_cases(book)
