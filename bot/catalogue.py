"""Actions and groups as data, and an action resolved to what will run.

A *way* is one way to run, as plain JSON: `{"kind": "http", "method": "POST", "url": "…", …}`. In an action it
holds templates; resolved with arguments it holds the very values that will be sent. References to the
environment (`${NAME}`) stay as written in both, so that no secret is digested, stored or shown.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bot import templates
from bot.errors import BadInput, NotFound, Problem
from bot.identity import ONE_EACH, Identities
from bot.limits import Limits
from bot.weekly import When

Way = Mapping[str, Any]
MASK = "••••••"


class Risk(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Risk).index(self)

    @property
    def grave(self) -> bool:
        """High and critical: nobody's own word is enough, and who may decide is asked anew at each click."""
        return self in (Risk.HIGH, Risk.CRITICAL)


def highest(*risks: Risk) -> Risk:
    return max(risks, key=lambda risk: risk.rank)


@dataclass(frozen=True, slots=True)
class Group:
    """Who can be asked, by id. Membership is read live; this is only where to look."""

    name: str
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    lookup: Mapping[str, Any] | None = None  # who is on call, by HTTP: {"url", "format", "path", "headers", "map"}
    time_zone: str | None = None
    hours: str | None = None  # "08:00-20:00" in time_zone

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, ())} | {"name": self.name}


@dataclass(frozen=True, slots=True)
class Action:
    """An entry of the catalogue. `params` is JSON Schema, property by property."""

    name: str
    title: str
    run: Way
    about: str = ""
    risk: Risk = Risk.MEDIUM
    may_ask: tuple[str, ...] = ("everyone",)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()
    edit_and_approve: bool = True
    run_by: int = 3_600_000  # after approval it must have started; milliseconds
    timeout: int = 60_000  # of one attempt; milliseconds
    result: str = "requester"  # or "card"
    channel: str | None = None
    confirm: str | None = None  # template of what must be typed
    preview: Way | None = None
    probe: Way | None = None
    undo: str | None = None  # name of the action that undoes it
    undoes: str | None = None  # name of the action it undoes
    standing: Mapping[str, Any] | None = None  # {"args", "uses", "lasts"}: the standing approvals the file permits

    @property
    def sensitive(self) -> frozenset[str]:
        return frozenset(name for name, schema in self.params.items() if schema.get("x-sensitive"))

    @property
    def base(self) -> str:
        """The name rules speak of: an undo is decided by the rules of what it undoes."""
        return self.undoes or self.name

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the arguments."""
        return {
            "type": "object",
            "properties": {name: dict(schema) for name, schema in self.params.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }

    def definition(self) -> dict[str, Any]:
        """The whole entry as JSON: digested with a version and compared again at the claim."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @staticmethod
    def of_definition(data: Mapping[str, Any]) -> "Action":
        tuples = {key: tuple(data[key]) for key in ("may_ask", "required", "editable")}
        return Action(**{**data, **tuples, "risk": Risk(data["risk"])})

    def with_defaults(self, args: Mapping[str, Any]) -> dict[str, Any]:
        defaults = {name: schema["default"] for name, schema in self.params.items() if "default" in schema}
        return defaults | {name: value for name, value in args.items() if value is not None}

    def masked(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as they may be shown, logged, put in a prompt or kept in clear."""
        return {name: MASK if name in self.sensitive else value for name, value in args.items()}

    def headline(self, args: Mapping[str, Any]) -> str:
        return templates.text(self.title, self.masked(args))

    def confirmation(self, args: Mapping[str, Any]) -> str | None:
        """What an approver must type, or None where the action names nothing."""
        return templates.text(self.confirm, args) if self.confirm else None


@dataclass(frozen=True, slots=True)
class Glass:
    """Who may run an action without approval (`bot.glass`), and within what time it must be reviewed; milliseconds."""

    who: tuple[Group, ...]
    review: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What `signoff.yaml` offers. `version` is the hash of the file it was read from."""

    actions: Mapping[str, Action]
    groups: Mapping[str, Group]
    operators: Group
    channel: str
    fallback_channel: str | None = None
    cards_per_minute: int = 10  # in one channel; further ones are listed together
    private_hosts: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    summary: When | None = None  # when operators get theirs
    version: str = ""
    identities: Identities = ONE_EACH
    security_channel: str | None = None
    glass: Mapping[str, Glass] = field(default_factory=dict)  # by the action's name; no part of its definition

    def action(self, name: str) -> Action:
        if name not in self.actions:
            raise NotFound(f"action {name!r}")
        return self.actions[name]

    def channel_of(self, action: Action) -> str:
        """Where its cards go."""
        return action.channel or self.channel

    def glass_of(self, action: Action) -> Glass | None:
        """An undo may be broken through where what it undoes may: the same rules decide on both."""
        return self.glass.get(action.base)

    def offered(self) -> list[Action]:
        """The actions people and models may name: all but the compiled undos."""
        return [action for action in self.actions.values() if action.undoes is None]


def resolve(way: Way, args: Mapping[str, Any]) -> dict[str, Any]:
    """The way with its templates filled: what will run, byte for byte. BadInput where a value does not fit.

    It shares nothing with the way nor the arguments, so that whoever runs it cannot change them.
    """
    kind, way, args = way["kind"], deepcopy(dict(way)), deepcopy(dict(args))
    resolved = {key: value for key, value in way.items() if key not in _FILLED}
    match kind:
        case "http":
            resolved["url"] = templates.url(way["url"], args)
            resolved["headers"] = {name: _header(name, value, args) for name, value in way.get("headers", {}).items()}
            if "json" in way:
                body = templates.tree(way["json"], args)
                resolved["json"] = None if body is templates.ABSENT else body
            if "body" in way:
                resolved["body"] = templates.text(way["body"], args)
        case "command":
            resolved["argv"] = templates.argv(way["argv"], args)
        case "python":
            resolved["args"] = templates.tree(way["args"], args) if "args" in way else dict(args)
        case "email":
            resolved |= {key: _line(key, way[key], args) for key in ("to", "cc", "subject", "from") if key in way}
            resolved["text"] = templates.text(way["text"], args)
        case "slack":
            resolved["channel"] = _line("channel", way["channel"], args)
            resolved["text"] = templates.text(way["text"], args)
        case "caller":
            resolved["args"] = dict(args)
        case _:
            raise BadInput(Problem("run", f"{kind!r} is not a way to run"))
    return resolved


_FILLED = frozenset(
    {"url", "headers", "json", "body", "argv", "args", "to", "cc", "subject", "from", "channel", "text"}
)


def _line(key: str, template: Any, args: Mapping[str, Any]) -> Any:
    if isinstance(template, list | tuple):
        return [_line(key, item, args) for item in template]
    value = templates.text(template, args)
    if any(character in value for character in "\r\n\0"):
        raise BadInput(Problem(key, "must be one line"))
    return value


def _header(name: str, template: str, args: Mapping[str, Any]) -> str:
    """A `$` in a value is doubled: only the file's own words may refer to the environment."""
    values = {key: templates.as_text(value).replace("$", "$$") for key, value in args.items() if value is not None}
    return str(_line(f"header {name}", template, values))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
