"""`signoff policy` as people run it: a process of its own, a real database, a local Slack to look people up in."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from ruamel.yaml import YAML
from typer.testing import CliRunner

from bot.moves import submit, vote
from bot.request import Actor, Asker
from bot.route import Surface
from handlers.cli import app
from tests.journeys.stage import Stage, environment_for, staged

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "handlers" / "signoff.example.yaml"
PATIENCE = 60.0
CANARY = "DE44-canary-9f3e"
FILE = """
version: 1
slack: {channel: "#approvals", operators: [S0OPERATORS]}
people:
  finance: {user_groups: [S0FINANCE]}
actions:
  refund:
    title: "Refund {amount} for {order}"
    params:
      order: {type: string}
      amount: {type: number, exclusiveMinimum: 0}
      iban: {type: string, x-sensitive: true}
    required: [order, amount]
    run: {http: {method: POST, url: "TARGET/refunds", json: {order: "{order}", amount: "{amount}", iban: "{iban}"}}}
  payout:
    title: "Pay {amount} to {to}"
    risk: high
    params: {to: {type: string}, amount: {type: number}}
    required: [to, amount]
    run: {http: {method: POST, url: "TARGET/payouts", json: {to: "{to}", amount: "{amount}"}}}
rules:
  route:
    - {name: tiny, when: "action == 'refund' && args.amount < 10", then: allow}
  default:
    medium: {ask: [{need: [{from: finance}], escalate: []}]}
    high: {ask: [{need: [{from: finance}], escalate: []}]}
    critical: {ask: [{need: [{from: finance, approvals: 2}], escalate: []}]}
"""


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    def has(self, *texts: str) -> bool:
        """Whether it printed all these; lines count by their words."""
        told = " ".join(self.out.split())
        return all(" ".join(text.split()) in told for text in texts)


async def signoff(*words: str, environment: dict[str, str], cwd: Path) -> Ran:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "handlers.cli", "policy", *words,
        env=environment | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}, cwd=cwd,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert b"Traceback" not in err, err.decode()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def alone(folder: Path, *words: str) -> Ran:
    """Without Slack and without a database."""
    return await signoff(*words, environment={"SIGNOFF_CONFIG": str(EXAMPLE)}, cwd=folder)


async def beside(stage: Stage, *words: str) -> Ran:
    """In the surroundings of the bot that serves."""
    folder = stage.settings.config.parent
    return await signoff(*words, environment=environment_for(stage.slack, folder), cwd=folder)


@pytest.fixture
def console() -> Iterator[Callable[..., Ran]]:
    """The same commands in this process, for mistakes: they end before anything is asked."""
    before = logging.root.handlers[:]

    def ran(*words: str) -> Ran:
        result = CliRunner().invoke(app, ["policy", *words], env={"SIGNOFF_CONFIG": str(EXAMPLE)})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    yield ran
    logging.root.handlers[:] = before
    structlog.reset_defaults()


# ── test ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_cases_of_the_file_pass_with_the_rule_that_decided(tmp_path: Path) -> None:
    ran = await alone(tmp_path, "test")
    assert ran.code == 0, ran
    assert ran.has(
        "pass signoff.example.yaml:114: tests[0] allow allow at medium risk small refunds run by themselves",
        "large refunds need finance, then a director",
        "2 cases: 2 passed, 0 failed.",
    )


async def test_a_case_beside_the_file_that_fails_ends_with_1_and_says_what_came(tmp_path: Path) -> None:
    more = tmp_path / "more.yaml"
    more.write_text(
        "tests:\n"
        "  - {name: sessions, action: delete_old_rows, args: {table: sessions, before: 2026-01-01}, expect: deny}\n"
        "  - {name: much, action: refund_payment, args: {order_id: ord_1, amount: 2500}, expect: allow}\n"
    )
    ran = await alone(tmp_path, "test", "--cases", str(more))
    assert ran.code == 1, ran
    assert ran.has(
        "pass more.yaml:2: sessions deny deny at critical risk nobody touches sessions from here",
        "FAIL more.yaml:3: much allow ask finance, then directors at high risk large refunds need finance",
        "more.yaml:3: much: rule “raise 1: action == 'refund_payment' && args.amount > 1000”",
        "4 cases: 3 passed, 1 failed.",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tests:\n  - {action: refund, expect: allow}\n", 'more.yaml:2: tests[0].action: there is no action "refund"'),
        ("tests:\n  - {action: rotate_key, expect: maybe}\n", 'more.yaml:2: tests[0].expect: "maybe"'),
        ("rules: {}\ntests: []\n", "more.yaml:1: rules:"),
        ("- {action: rotate_key}\n", "more.yaml:1:"),
        ("", "more.yaml:1:"),
        ("tests: [\n", "more.yaml:"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_cases_is_told_with_its_line(
    console: Callable[..., Ran], tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "more.yaml").write_text(text)
    ran = console("test", "--cases", str(tmp_path / "more.yaml"))
    assert ran.code == 1
    assert said in ran.err, ran.err


# ── explain ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_arguments_are_explained_rule_by_rule_without_slack(tmp_path: Path) -> None:
    plan = ("--flag", "ambiguous", "--confidence", "0.9")
    ran = await alone(tmp_path, "explain", "refund_payment", "order_id=ord_1", "amount=70", *plan)
    assert ran.code == 0, ran
    assert ran.has(
        "Risk: medium",
        "medium: flag ambiguous of the plan",
        "“small refunds run by themselves” does not hold",
        "not true: args.amount < 50; plan.confidence >= 0.95 args.amount = 70 plan.confidence = 0.9",
        "“large refunds need finance, then a director” does not hold",
        "Route: ask, by “default for medium risk” stage 1: 1 approval from finance after 15 min adds directors",
        "Who could approve now was not looked up",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("refund_pament",), "did you mean refund_payment?"),
        (("refund_payment", "amount=70"), "order_id"),
        (("refund_payment", "order_id=ord_1", "amount=lots"), "amount: must be a number"),
        (("refund_payment", "order_id"), '"order_id" is no name=value'),
        (("rotate_key", "service=a", "--flag", "odd"), '"odd" is no flag'),
        (("rotate_key", "service=a", "--now", "noon"), '"noon" is not a moment'),
        (("rotate_key", "service=a", "--history", "today=3"), "--history takes last_hour"),
        ((), "Name an action and its arguments"),
    ],
)
def test_what_cannot_be_explained_is_told_in_a_sentence(
    console: Callable[..., Ran], words: tuple[str, ...], said: str
) -> None:
    ran = console("explain", *words)
    assert ran.code == 1
    assert said in ran.err, ran


async def test_who_could_approve_is_looked_up_in_slack_as_is_who_asks(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=FILE) as stage:
        ran = await beside(stage, "explain", "refund", "order=ord_1", "amount=60", f"iban={CANARY}", "--as", "U0FAY")
        assert ran.code == 0, ran
        assert ran.has(
            "asked by U0FAY, person, in finance",
            "(sensitive, without part in rules: iban)",
            "Who could approve now: stage 1, 1 approval from finance:",
        )
        assert "(U0FRED)" in ran.out
        assert "(U0FAY)" not in ran.out
        assert CANARY not in ran.out + ran.err
        guest = await beside(stage, "explain", "refund", "order=ord_1", "amount=60", "--as", "U0GUS")
        assert guest.has("It would be refused first: U0GUS is a guest.")


async def test_a_request_is_explained_as_it_waits_and_when_it_is_decided(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=FILE) as stage:
        request, card = await stage.asked(stage.rita, f"refund order=ord_81 amount=60 iban={CANARY}")
        waits = await beside(stage, "explain", "--request", request.id)
        assert waits.code == 0, waits
        assert waits.has(
            f"Request {request.id}, version 1, pending: Refund 60 for ord_81",
            "asked by U0RITA, person, in no group",
            f"Route: ask, by “{request.now_version.route.rule}”",
        )
        assert "(U0FAY)" in waits.out
        assert "(U0FRED)" in waits.out
        assert "(U0RITA)" not in waits.out
        assert CANARY not in waits.out + waits.err
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")
        assert (await beside(stage, "explain", "--request", request.id)).has("Nobody is asked: it is succeeded.")
        missing = await beside(stage, "explain", "--request", "nonsense")
        assert (missing.code, "There is no request" in missing.err) == (1, True)


# ── replay and suggest ──────────────────────────────────────────────────────────────────────────────────────────


async def test_the_past_is_replayed_through_a_changed_file_while_the_bot_serves(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=FILE) as stage:
        request, card = await stage.asked(stage.rita, f"refund order=ord_81 amount=60 iban={CANARY}")
        stage.forward(minutes=12)
        await stage.fay.click(card, "Approve")
        await stage.reaches(request.id, "succeeded")
        refused, card = await stage.asked(stage.rita, "refund order=ord_82 amount=70")
        await stage.rejects(stage.fred, card, "no such order")
        await stage.reaches(refused.id, "rejected")
        await stage.asked(stage.rita, "payout to=acme amount=70")
        before = await stage.events()

        changed = tmp_path / "changed.yaml"
        yaml = YAML(typ="safe")
        file = yaml.load(stage.settings.config.read_text())
        file["rules"].setdefault("route", []).insert(
            0, {"name": "up to a hundred", "when": 'action == "refund" && args.amount <= 100', "then": "allow"}
        )
        with changed.open("w") as out:
            yaml.dump(file, out)
        ran = await beside(stage, "replay", "changed.yaml")
        assert ran.code == 0, ran
        assert ran.has(
            "3 versions replayed: 1 same, 2 now allowed",
            f"{request.id} v1",
            "approved by U0FAY after 12 min",
            "rejected by U0FRED",
            "→ “up to a hundred”",
            "now allowed 2 1 approved, 1 rejected",
            "Cards saved: 2; waiting saved: 12 min.",
            "Cards added: 0; waiting added: 0 min.",
        )
        assert "replayed 3 of 3 requests (100 %)" in ran.err
        assert CANARY not in ran.out + ran.err
        assert await stage.events() == before
        one = await beside(stage, "replay", "changed.yaml", "--rows", "1")
        assert one.has("… and 1 more; --rows 0 lists all.")
        same = await beside(stage, "replay")
        assert same.has("3 versions replayed: 3 same", "Cards saved: 0")


async def test_a_suggestion_is_a_rule_that_the_file_takes_and_is_not_applied(tmp_path: Path) -> None:
    async with staged(tmp_path, yaml_text=FILE) as stage:
        none = await beside(stage, "suggest")
        assert none.has("Nothing to suggest: no bounds hold at least 20 approvals")
        desk, asker, fay, fred = stage.house.desk, Asker(person="U0RITA"), _at_the_card("U0FAY"), _at_the_card("U0FRED")
        for amount in (*range(101, 122), 300):
            args = {"order": f"ord_{amount}", "amount": amount, "iban": CANARY}
            request = await submit.typed(desk, asker, Actor("person", "U0RITA", "command"), "refund", args)
            if amount < 300:
                await vote.approve(desk, fay, request.id, 1, Surface.CARD)
            else:
                await vote.reject(desk, fred, request.id, 1, "too much")
        await stage.settled()
        config = stage.settings.config.read_bytes()
        ran = await beside(stage, "suggest")
        assert ran.code == 0, ran
        assert ran.has(
            "21 versions approved by 1 person, none refused within.",
            f"nearest against: {request.id} v1, rejected by U0FRED",
        )
        assert CANARY not in ran.out + ran.err
        (rule,) = YAML(typ="safe").load(ran.out)
        assert rule["when"] == 'action == "refund" && risk in ["low", "medium"] && args.amount <= 121'
        assert stage.settings.config.read_bytes() == config

        file = YAML(typ="safe").load(config)
        file["rules"].setdefault("route", []).insert(0, rule)
        with (tmp_path / "with.yaml").open("w") as out:
            YAML(typ="safe").dump(file, out)
        assert (await beside(stage, "replay", "with.yaml")).has("22 versions replayed: 1 same, 21 now allowed")


def _at_the_card(person: str) -> Actor:
    return Actor("person", person, "card")


@pytest.mark.parametrize("command", ["replay", "suggest"])
async def test_without_a_database_it_says_so(tmp_path: Path, command: str) -> None:
    environment = {
        "SIGNOFF_CONFIG": str(EXAMPLE),
        "SIGNOFF_DATABASE_URL": f"sqlite:///{tmp_path}/none.db",
        "SIGNOFF_SECRET_KEY": "4e" * 32,
    }
    ran = await signoff(command, environment=environment, cwd=tmp_path)
    assert (ran.code, "there is no database" in ran.err) == (1, True), ran
    keyless = await signoff(command, environment={"SIGNOFF_CONFIG": str(EXAMPLE)}, cwd=tmp_path)
    assert (keyless.code, "SIGNOFF_SECRET_KEY is missing" in keyless.err) == (1, True), keyless
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("command", ["test", "explain", "replay", "suggest"])
def test_each_command_says_what_it_does(console: Callable[..., Ran], command: str) -> None:
    ran = console(command, "--help")
    assert ran.code == 0
    assert len(ran.out.split()) > 60
