"""A sound file, and what becomes of it."""

import hashlib
import shutil
from pathlib import Path

import pytest

from bot.catalogue import Action, Risk, resolve
from bot.policy import Ask
from bot.route import Escalation, Requirement, Verdict
from handlers.config import Book, ConfigError, load, run_cases, template
from tests.handlers.configs import BASE, ENVIRONMENT, broken, read, which

EXAMPLE = Path(__file__).with_name("signoff.example.yaml")
DEMO = Path(__file__).parents[2] / "handlers" / "demo" / "catalogue.yaml"
HOUR = 3_600_000


@pytest.fixture(scope="module")
def example() -> Book:
    return load(EXAMPLE, ENVIRONMENT, which={"cleanup": "/usr/local/bin/cleanup"}.get)


def test_the_example_is_read_whole(example: Book) -> None:
    catalogue = example.catalogue
    assert [action.name for action in catalogue.offered()] == [
        "refund_payment",
        "delete_old_rows",
        "send_mail",
        "rotate_key",
        "run_query",
    ]
    assert (catalogue.channel, catalogue.fallback_channel) == ("#approvals", "#ops")
    assert catalogue.operators.user_groups == ("S0OPERATE1",)
    assert catalogue.private_hosts == frozenset({"billing.internal"})
    assert catalogue.groups["directors"].hours == "08:00-20:00"
    assert catalogue.groups["oncall"].lookup == {"url": "https://oncall.example.com/now", "path": "$.user.slack_id"}
    assert example.callables == {"rotate_key": "ops.keys:rotate"}
    assert example.kinds == {"http", "command", "email", "python", "caller"}
    assert example.warnings == ()


def test_the_example_s_refund_is_compiled(example: Book) -> None:
    refund = example.catalogue.action("refund_payment")
    assert (refund.risk, refund.run_by, refund.timeout, refund.channel) == (Risk.MEDIUM, HOUR, 20_000, "#refunds")
    assert (refund.required, refund.editable) == (("order_id", "amount"), ("amount", "note"))
    assert refund.sensitive == {"iban"}
    assert refund.params["amount"] == {"type": "number", "exclusiveMinimum": 0, "maximum": 10000}
    assert refund.run == {
        "kind": "http",
        "method": "POST",
        "url": "https://billing.example.com/refunds",
        "headers": {"Authorization": "Bearer ${BILLING_TOKEN}"},
        "json": {"order": "{order_id}", "amount": "{amount}", "note": "{note}"},
        "idempotent": True,
        "max_retries": 3,
    }
    assert refund.probe == {
        "kind": "http",
        "method": "GET",
        "url": "https://billing.example.com/refunds/by-key/{key}",
        "idempotent": False,
        "timeout": 10_000,
    }


def test_the_example_s_command_is_absolute(example: Book) -> None:
    delete = example.catalogue.action("delete_old_rows")
    assert delete.run["argv"] == ["/usr/local/bin/cleanup", "--table={table}", "--before={before}"]
    assert delete.timeout == 600_000
    assert delete.preview is not None
    assert delete.preview["argv"][:2] == ["/usr/local/bin/cleanup", "--dry-run"]
    assert delete.preview["timeout"] == 10_000
    assert delete.confirmation({"table": "events", "before": "2026-01-01"}) == "events"


def test_an_undo_is_an_action_of_its_own(example: Book) -> None:
    refund, undo = (example.catalogue.action(name) for name in ("refund_payment", "refund_payment.undo"))
    assert refund.undo == undo.name
    assert (undo.undoes, undo.base, undo.risk) == ("refund_payment", "refund_payment", Risk.MEDIUM)
    assert undo.may_ask == ("everyone",)
    assert undo.params["result.id"]["type"] == ["string", "number", "boolean"]
    assert set(undo.required) == {"order_id", "amount", "result.id"}
    assert "iban" not in undo.params, "what is sensitive is taken along only where the undo needs it"
    args = {"order_id": "ord_1", "amount": 50, "currency": "USD", "result.id": "re_9"}
    assert undo.headline(args) == "Undo: Refund 50 USD for order ord_1"
    assert resolve(undo.run, args)["url"] == "https://billing.example.com/refunds/re_9/reverse"


def test_an_undo_may_have_its_own_title_risk_and_timeout(tmp_path: Path) -> None:
    run = '    run: {command: [rotate, "--service={service}"]}\n'
    way = 'command: [rotate, "--undo={result.old.id}"], timeout: 5s'
    own = f'    undo: {{{way}, title: "Take back {{result.old.id}}", risk: low}}\n'
    undo = read(tmp_path, broken((run, run + own))).catalogue.action("rotate.undo")
    assert (undo.title, undo.risk, undo.timeout) == ("Take back {result.old.id}", Risk.LOW, 5_000)
    assert undo.required == ("service", "result.old.id")


def test_a_definition_survives_its_snapshot(example: Book) -> None:
    for action in example.catalogue.actions.values():
        assert Action.of_definition(action.definition()) == action


def test_the_example_s_policy_is_compiled(example: Book) -> None:
    policy = example.policy
    assert [(rule.name, rule.to) for rule in policy.raises] == [
        ("raise 1: action == 'refund_payment' && args.amount > 1000", Risk.HIGH),
        ("raise 2: requester.kind == 'agent' && history.last_hour > 20", Risk.HIGH),
    ]
    assert policy.flags == {"ambiguous": Risk.MEDIUM, "policy_exception": Risk.CRITICAL}
    small, large, sessions = policy.routes
    assert small.then is Verdict.ALLOW
    assert sessions.then is Verdict.DENY
    assert isinstance(large.then, Ask)
    first, second = large.then.stages
    assert large.then.expires == 4 * HOUR
    assert first.need == (Requirement(("finance",), 2),)
    assert (first.rejects, first.remind) == (1, 600_000)
    assert first.escalate == (Escalation(900_000, ("directors",)),)
    assert second.need == (Requirement(("directors",), 1),)
    assert policy.defaults[Risk.LOW] is Verdict.ALLOW
    assert set(policy.defaults) == set(Risk)


def test_the_version_is_the_digest_of_the_file(example: Book) -> None:
    digest = hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert example.catalogue.version == example.policy.version == digest
    assert example.source == EXAMPLE


def test_the_cases_of_the_example_pass(example: Book) -> None:
    assert [result.passed for result in run_cases(example)] == [True, True]


def test_the_demo_s_catalogue_is_sound_once_filled(tmp_path: Path) -> None:
    text = DEMO.read_text(encoding="utf-8")
    for place in ("billing", "ledger", "desk", "bank"):
        text = text.replace(f'"@{place}@', '"http://127.0.0.1:8081')
    for place in ("team", "finance", "directors", "operators"):
        text = text.replace(f'"@{place}@"', "S0DEMO0001")
    text = (
        text.replace("@channel@", "#approvals")
        .replace("@fallback_channel@", "#general")
        .replace("@root@", str(tmp_path))
    )
    text = text.replace("@python@", "/usr/bin/rotate").replace("@database@", "demo.db")
    file = tmp_path / "catalogue.yaml"
    file.write_text(text, encoding="utf-8")
    book = load(file, {}, which=lambda name: name)
    assert [str(result) for result in run_cases(book) if not result.passed] == []


def test_the_first_file_of_a_newcomer_is_without_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "signoff.yaml"
    file.write_text(template(), encoding="utf-8")
    book = load(file, {}, which=shutil.which)
    assert book.warnings == ()
    assert [str(result) for result in run_cases(book) if not result.passed] == []
    assert template().count("CHANGE:") == 4


def test_a_program_is_made_absolute_and_its_links_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "other-name").symlink_to(program)
    monkeypatch.chdir(tmp_path)
    run = '    run: {command: [rotate, "--service={service}"]}\n'
    file = tmp_path / "signoff.yaml"
    file.write_text(broken((run, "    run: {command: [./other-name]}\n")), encoding="utf-8")
    book = load(file, ENVIRONMENT, which=shutil.which)
    assert book.catalogue.action("rotate").run["argv"] == [str(tmp_path / "other-name")]


WAYS = {
    "http with text": (
        "{http: {url: 'https://a.example.com/', method: PUT, body: 'x={service}', timeout: 500ms}}",
        {"kind": "http", "method": "PUT", "url": "https://a.example.com/", "body": "x={service}", "idempotent": False},
        500,
    ),
    "http with a null": (
        "{http: {url: 'https://a.example.com/', json: null}, timeout: 2m}",
        {"kind": "http", "method": "POST", "url": "https://a.example.com/", "json": None, "idempotent": False},
        120_000,
    ),
    "command with surroundings": (
        "{command: [rotate, --, '{service}'], cwd: /, env: {TOKEN: '${OTHER_TOKEN}'}}",
        {
            "kind": "command",
            "argv": ["/usr/bin/rotate", "--", "{service}"],
            "cwd": "/",
            "env": {"TOKEN": "${OTHER_TOKEN}"},
        },
        60_000,
    ),
    "a shell that is given its values": (
        "{command: [sh, -c, 'rotate \"$1\"', --, '{service}']}",
        {"kind": "command", "argv": ["/bin/sh", "-c", 'rotate "$1"', "--", "{service}"]},
        60_000,
    ),
    "python": ("{python: sweep}", {"kind": "python", "callable": "sweep"}, 60_000),
    "python with arguments of its own": (
        "{python: {callable: sweep, args: {what: '{service}', deep: [1, true]}}}",
        {"kind": "python", "callable": "sweep", "args": {"what": "{service}", "deep": [1, True]}},
        60_000,
    ),
    "email": (
        "{email: {to: a@example.com, cc: [b@example.com], from: c@example.com, subject: Hi, text: 'Of {service}'}}",
        {
            "kind": "email",
            "to": ["a@example.com"],
            "subject": "Hi",
            "text": "Of {service}",
            "cc": ["b@example.com"],
            "from": "c@example.com",
        },
        60_000,
    ),
    "slack": (
        "{slack: {channel: '#releases', text: '{service}'}}",
        {"kind": "slack", "channel": "#releases", "text": "{service}"},
        60_000,
    ),
    "caller": ("caller", {"kind": "caller"}, 86_400_000),
}


@pytest.mark.parametrize(("written", "way", "timeout"), WAYS.values(), ids=WAYS.keys())
def test_a_way_to_run_becomes_plain_json(tmp_path: Path, written: str, way: dict[str, object], timeout: int) -> None:
    run = '    run: {command: [rotate, "--service={service}"]}\n'
    rotate = read(tmp_path, broken((run, f"    run: {written}\n"))).catalogue.action("rotate")
    assert rotate.run == way
    assert rotate.timeout == timeout
    assert "{service}" not in str(resolve(rotate.run, {"service": "db"}))


def test_a_missing_file_is_told_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*; run signoff init"):
        load(tmp_path / "signoff.yaml", {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "signoff.yaml"
    file.write_text(BASE + "#" * 1024 * 1024, encoding="utf-8")
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(file, ENVIRONMENT, which=which)


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "signoff.yaml"
    file.write_bytes(b"version: 1\n# caf\xe9\n")
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert [(mistake.line, mistake.what) for mistake in raised.value.mistakes] == [(2, "this is not UTF-8")]


def test_a_byte_order_mark_and_dos_lines_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "signoff.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert load(file, ENVIRONMENT, which=which).catalogue.action("rotate").risk is Risk.HIGH
