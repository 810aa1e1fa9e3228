"""signoff.yaml as what the rest of Signoff works with, or all of its mistakes."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.catalogue import Catalogue
from bot.policy import Policy
from handlers.config.build.actions import actions
from handlers.config.build.glass import glass
from handlers.config.build.limits import limits
from handlers.config.build.machine import Machine
from handlers.config.build.people import check_hosts, groups, identities, operators, weekly
from handlers.config.build.rules import policy
from handlers.config.cases import CaseResult, PolicyCase, cases, run
from handlers.config.mistakes import ConfigError, Mistake, Spot
from handlers.config.structure import Parts, cases_of, parts_of
from handlers.config.tree import LARGEST, Tree, Unreadable, read


@dataclass(frozen=True, slots=True)
class Book:
    """Everything the file says. Its catalogue and its policy carry the SHA-256 of the file as their version."""

    catalogue: Catalogue
    policy: Policy
    callables: Mapping[str, str] = field(default_factory=dict)  # name → module:function
    tests: tuple[PolicyCase, ...] = ()
    source: Path = Path("signoff.yaml")
    warnings: tuple[Mistake, ...] = ()  # what can be used, and should be looked at

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of ways it uses: http, command, python, email, slack, caller."""
        ways = (way for each in self.catalogue.actions.values() for way in (each.run, each.preview, each.probe) if way)
        return frozenset(str(way["kind"]) for way in ways)


def load(
    path: Path | str,
    environment: Mapping[str, str] = os.environ,
    *,
    which: Callable[[str], str | None] = shutil.which,
    offline: bool = False,
) -> Book:
    """Read the file. ConfigError tells every mistake at once, each with its line and remedy.

    `environment` is where `${NAME}` comes from; `which` finds programs. `offline` turns what is missing on this
    machine (variables, programs, folders) into warnings, for a check somewhere else than where it will serve.
    """
    source = Path(path)
    content = _content(source)
    version = hashlib.sha256(content).hexdigest()
    root = Spot(_tree(source.name, content))
    root.mistakes.extend(_told(source.name, fault) for fault in root.tree.faults)
    parts = parts_of(root)
    if parts is None:
        raise ConfigError(root.mistakes)
    book = _built(root, parts, Machine(environment, which, offline), version, source)
    if root.mistakes or book is None:
        raise ConfigError(root.mistakes)
    return book


def load_cases(path: Path, book: Book) -> tuple[PolicyCase, ...]:
    """Cases from a file of their own: `tests:` and nothing else. ConfigError tells every mistake at once."""
    root = Spot(_tree(path.name, _content(path)))
    root.mistakes.extend(_told(path.name, fault) for fault in root.tree.faults)
    made = cases(root / "tests", cases_of(root), book.catalogue.actions, book.catalogue.groups, frozenset())
    if root.mistakes:
        raise ConfigError(root.mistakes)
    return made


def run_cases(book: Book, more: Iterable[PolicyCase] = ()) -> tuple[CaseResult, ...]:
    """What the rules say of each case under `tests`, and of more."""
    return run(book.catalogue, book.policy, (*book.tests, *more))


def _content(source: Path) -> bytes:
    def unusable(what: str, remedy: str) -> ConfigError:
        return ConfigError([Mistake(source.name, 1, 1, "", what, remedy)])

    try:
        with source.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise unusable(f"there is no file {source}", "run signoff init, or set SIGNOFF_CONFIG") from None
    except (OSError, ValueError) as error:
        raise unusable(f"{source} cannot be read ({getattr(error, 'strerror', None) or error})", "check it") from None
    if len(content) > LARGEST:
        raise unusable("the file is larger than 1 MiB", "make it smaller")
    return content


def _tree(file: str, content: bytes) -> Tree:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError([Mistake(file, line, 1, "", "this is not UTF-8", "save the file as UTF-8")]) from None
    try:
        return read(file, text)
    except Unreadable as fault:
        raise ConfigError([_told(file, fault)]) from fault


def _told(file: str, fault: Unreadable) -> Mistake:
    return Mistake(file, fault.mark.line, fault.mark.column, "", fault.what, fault.remedy)


def _built(root: Spot, parts: Parts, machine: Machine, version: str, source: Path) -> Book | None:
    private = tuple(parts.network.private) if parts.network else ()
    check_hosts(root / "network" / "private", private)
    known = groups(root / "people", parts.people, private, machine)
    made, wrong = actions(root / "actions", parts.actions, known, private, parts.callables, machine)
    links = identities(root / "identities", parts.identities)
    broken = glass(root / "actions", parts.actions, parts.slack, known)
    rules = policy(root / "rules", parts, made, known, version, links)
    chiefs = operators(root / "slack" / "operators", parts.slack, known)
    tests = cases(root / "tests", parts.cases, made, known, wrong)
    bounds = limits(root / "limits", parts.limits, parts.actions)
    if parts.slack is None:
        return None
    catalogue = Catalogue(
        actions=made,
        groups=known,
        operators=chiefs,
        channel=parts.slack.channel,
        fallback_channel=parts.slack.fallback_channel,
        cards_per_minute=parts.slack.cards.per_minute,
        private_hosts=frozenset(private),
        limits=bounds,
        summary=weekly(parts.slack.summary),
        version=version,
        identities=links,
        security_channel=parts.slack.security_channel,
        glass=broken,
    )
    return Book(catalogue, rules, dict(parts.callables), tests, source, tuple(root.warnings))
