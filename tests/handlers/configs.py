"""A sound signoff.yaml to break in one place, and what came of reading it."""

from pathlib import Path

from handlers.config import Book, ConfigError, Mistake, load

ENVIRONMENT = {"BILLING_TOKEN": "b1ll-t0ken", "OTHER_TOKEN": "0ther"}
HERE = "# <-"  # stands on the line that a mistake must name

BASE = """\
version: 1
slack:
  channel: "#approvals"
  operators: [S0OPERATE1]
network:
  private: [billing.internal]
people:
  finance:   {user_groups: [S0FINANCE1]}
  directors: {users: [U0DIRECT01, U0DIRECT02]}
actions:
  refund:
    title: "Refund {amount} for {order}"
    risk: medium
    params:
      order:  {type: string, pattern: "^ord_[a-z0-9]+$"}
      amount: {type: number, exclusiveMinimum: 0, maximum: 10000}
      note:   {type: string, x-long: true}
      iban:   {type: string, x-sensitive: true}
    required: [order, amount]
    editable: [amount]
    run:
      http:
        url: "https://billing.example.com/refunds/{order}"
        headers: {Authorization: "Bearer ${BILLING_TOKEN}"}
        json: {amount: "{amount}", note: "{note}", iban: "{iban}"}
  rotate:
    title: "Rotate the key of {service}"
    risk: high
    params:
      service: {type: string}
    required: [service]
    run: {command: [rotate, "--service={service}"]}
callables:
  sweep: ops.jobs:sweep
rules:
  raise:
    - {when: "action == 'refund' && args.amount > 1000", to: high}
  route:
    - name: small
      when: action == "refund" && args.amount < 50
      then: allow
  default:
    medium:   {ask: [{need: [{from: [finance]}]}]}
    high:     {ask: [{need: [{from: [finance]}]}]}
    critical: {ask: [{need: [{from: [directors], approvals: 2}]}]}
tests:
  - {action: refund, args: {order: ord_1, amount: 20}, expect: allow}
"""


def which(name: str) -> str | None:
    """A machine with three programs."""
    return {"rotate": "/usr/bin/rotate", "sh": "/bin/sh", "env": "/usr/bin/env"}.get(name)


def read(folder: Path, text: str, *, offline: bool = False) -> Book:
    file = folder / "signoff.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, ENVIRONMENT, which=which, offline=offline)


def mistakes(folder: Path, text: str) -> tuple[Mistake, ...]:
    """The mistakes of a text; none where it is sound."""
    try:
        read(folder, text)
    except ConfigError as error:
        return error.mistakes
    return ()


def broken(*changes: tuple[str, str]) -> str:
    """The sound file with each first text, which must stand there once, replaced by the second."""
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
        text = text.replace(old, new)
    return text


def marked(text: str) -> int:
    """The number of the line that is marked."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if HERE in line]
    assert len(lines) == 1, f"{len(lines)} lines are marked"
    return lines[0]
