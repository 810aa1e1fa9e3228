"""The parts of the file whose structure is sound.

A part that is not sound is None: what refers to it is not another mistake, and all else is still looked at, so
that one reading tells every mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from handlers.config.mistakes import Spot
from handlers.config.shape import Action, File, Limits, Network, People, Slack
from handlers.config.shape.base import Part
from handlers.config.shape.people import Identity
from handlers.config.shape.rules import Case, Escalation, Raise, Rule, Then
from handlers.config.shape.values import Risk
from handlers.config.wording import tell
from handlers.words import near

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a file, each None where its structure is wrong. The keys are those of the file."""

    slack: Slack | None = None
    network: Network | None = None
    people: Mapping[str, People | None] = field(default_factory=dict)
    identities: tuple[list[str] | None, ...] = ()
    actions: Mapping[str, Action | None] = field(default_factory=dict)
    callables: Mapping[str, str] = field(default_factory=dict)
    limits: Limits | None = None
    raises: tuple[Raise | None, ...] = ()
    flags: Mapping[str, Risk] = field(default_factory=dict)
    routes: tuple[Rule | None, ...] = ()
    defaults: Mapping[str, Then | None] = field(default_factory=dict)
    escalation: Escalation | None = None
    cases: tuple[Case | None, ...] = ()


_SLACK = TypeAdapter(Slack)
_NETWORK = TypeAdapter(Network)
_PEOPLE = TypeAdapter(People)
_IDENTITY: TypeAdapter[list[str]] = TypeAdapter(Identity)
_LIMITS = TypeAdapter(Limits)
_ACTION = TypeAdapter(Action)
_RAISE = TypeAdapter(Raise)
_RULE = TypeAdapter(Rule)
_THEN: TypeAdapter[Then] = TypeAdapter(Then)
_ESCALATION = TypeAdapter(Escalation)
_CASE = TypeAdapter(Case)
_FLAGS: TypeAdapter[Mapping[str, Risk]] = TypeAdapter(Mapping[str, Risk])
_SPARE = frozenset({"about", "break_glass", "channel", "edit_and_approve", "result", "risk", "run_by", "standing"})


def parts_of(root: Spot) -> Parts | None:
    """The sound parts of a file, None where it has none; every mistake of its structure is told to `root`."""
    value = root.tree.value
    if value is None:
        root.mistake("the file is empty", "run signoff init in another folder to see one")
        return None
    try:
        File.model_validate(value)
    except ValidationError as error:
        for each in error.errors():
            tell(root, each)
    if not isinstance(value, dict):
        return None
    rules = _mapping(value.get("rules"))
    return Parts(
        slack=_sound(_SLACK, value.get("slack")),
        network=_sound(_NETWORK, value.get("network", {})),
        people={name: _sound(_PEOPLE, each) for name, each in _mapping(value.get("people")).items()},
        identities=tuple(_sound(_IDENTITY, each) for each in _list(value.get("identities"))),
        actions={name: _sound_action(each) for name, each in _mapping(value.get("actions")).items()},
        callables={name: path for name, path in _mapping(value.get("callables")).items() if isinstance(path, str)},
        limits=_sound(_LIMITS, value.get("limits", {})),
        raises=tuple(_sound(_RAISE, each) for each in _list(rules.get("raise"))),
        flags=_sound(_FLAGS, rules.get("flags", {})) or {},
        routes=tuple(_sound(_RULE, each) for each in _list(rules.get("route"))),
        defaults={risk: _sound(_THEN, each) for risk, each in _mapping(rules.get("default")).items()},
        escalation=_sound(_ESCALATION, rules.get("escalation")),
        cases=tuple(_sound(_CASE, each) for each in _list(value.get("tests"))),
    )


class _CaseFile(Part):
    tests: list[Case] = Field(min_length=1)


def cases_of(root: Spot) -> tuple[Case | None, ...]:
    """The sound cases of a file that holds nothing else; every mistake of its structure is told to `root`."""
    value = root.tree.value
    try:
        _CaseFile.model_validate(value)
    except ValidationError as error:
        for each in error.errors():
            tell(root, each)
    return tuple(_sound(_CASE, each) for each in _list(_mapping(value).get("tests")))


def _sound(kind: TypeAdapter[T], value: Any) -> T | None:
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None


def _sound_action(value: Any) -> Action | None:
    """An action without those wrong entries on which nothing else of it depends; None where that is not enough."""
    try:
        return _ACTION.validate_python(value)
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
    if not isinstance(value, dict) or not all((near(name, Action.model_fields) or name) in _SPARE for name in wrong):
        return None
    return _sound(_ACTION, {name: each for name, each in value.items() if name not in wrong})


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
