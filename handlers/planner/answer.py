"""The model's answer, read as a form somebody filled in: checked against the action's schema, never obeyed.

Only what `Entry` names is read. Whatever else an answer holds (a risk, an approval, a tier) has no field to go to.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.catalogue import Action
from bot.errors import Problem
from bot.policy import FLAGS
from bot.ports import Schemas
from bot.request import Draft, Plan
from handlers.executors.capped import as_json
from handlers.planner.prompt import MOST_ACTIONS
from handlers.redact import holds_mark

_MOST_LINES, _MOST_CHARACTERS = 12, 500
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)


class Unreadable(ValueError):
    """The answer is not the object that was asked for. The text tells the model what is wrong."""


class TooMany(ValueError):
    """More was asked in one breath than is read: refused as a whole, so that nothing is left out unseen."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} actions")
        self.count = count


def _line(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _lines(value: Any) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    lines = [line for each in given if (line := _line(each).strip())]
    more = len(lines) - _MOST_LINES
    return (*lines[:_MOST_LINES], f"… and {more} more") if more > 0 else tuple(lines)


def _flags(value: Any) -> tuple[str, ...]:
    """A flag that is not on the list still says that something is the matter: it counts as `unusual`."""
    if value is None:
        return ()
    given = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(each if each in FLAGS else "unusual" for each in given if each not in ("", None)))


def _confidence(value: Any) -> float:
    sure = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if sure else 0.0


class Entry(BaseModel):
    """One action as the model filled it in."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    action: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    steps: Annotated[tuple[str, ...], BeforeValidator(_lines)] = ()
    impact: Annotated[str, BeforeValidator(_line)] = ""
    warnings: Annotated[tuple[str, ...], BeforeValidator(_lines)] = ()
    flags: Annotated[tuple[str, ...], BeforeValidator(_flags)] = ()
    confidence: Annotated[float, BeforeValidator(_confidence)] = 0.0
    missing: Annotated[tuple[str, ...], BeforeValidator(_lines)] = ()


def entries(text: str) -> tuple[Entry, ...]:
    """The entries of an answer: plain JSON, JSON in a fence, or JSON amid prose. Unreadable or TooMany."""
    found = _json_in(text)
    if isinstance(found, dict) and "actions" in found:
        found = found["actions"]
    elif isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise Unreadable('there must be one JSON object with a list "actions"')
    if len(found) > MOST_ACTIONS:
        raise TooMany(len(found))
    try:
        return tuple(Entry.model_validate(each) for each in found)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'entry'}: {each['msg']}" for each in error.errors())
        raise Unreadable(f"an entry of the list is wrong: {where[:300]}") from None


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft, and what the model could still put right in it. What the words lack is not among these."""

    draft: Draft
    faults: tuple[str, ...]


def judged(entry: Entry, action: Action, schemas: Schemas) -> Judged:
    """An entry held against its action's schema. Ready only if everything fits, as it is, with nothing said missing."""
    said = {name: value for name, value in entry.arguments.items() if name not in action.sensitive}
    given = {name: value for name, value in said.items() if name in action.params and value is not None}
    kept = [Problem(name, f"{_KEPT}: fill it in yourself") for name, value in given.items() if holds_mark(value)]
    strange = [Problem(name[:60], f"is no parameter of {action.name}") for name in said if name not in action.params]
    wrong = [problem for problem in schemas.problems(action, given) if _parameter(problem) in given]
    bad = {_parameter(problem) for problem in (*kept, *wrong)}
    args = action.with_defaults({name: value for name, value in given.items() if name not in bad})
    lacking = [problem for problem in schemas.problems(action, args) if _parameter(problem) not in bad]
    faults = [*strange, *wrong]
    problems = (*kept, *faults, *lacking, *_unsure(entry, action, args))
    plan = Plan(
        source="model",
        confidence=entry.confidence,
        steps=entry.steps,
        impact=entry.impact,
        warnings=entry.warnings,
        flags=entry.flags,
    )
    draft = Draft(
        status="incomplete" if problems else "ready",
        action=action.name,
        args=args,
        plan=plan,
        problems=problems,
        note=_note(action, problems, faults),
    )
    return Judged(draft, tuple(map(str, faults)))


_KEPT = "holds a secret, which was kept from the model"


def _unsure(entry: Entry, action: Action, args: Mapping[str, Any]) -> Iterator[Problem]:
    """What the model says is missing though something stands there, or though the action has no place for it."""
    for name in entry.missing:
        if name in action.required and name in args:
            yield Problem(name, "the model was not sure of it: check what stands there")
        elif name not in action.params:
            yield Problem("", f"the model says that this is missing: {name}")


def _parameter(problem: Problem) -> str:
    """The parameter a problem is about: `items[2]` is about `items`."""
    return problem.where.split("[", 1)[0]


def _note(action: Action, problems: Sequence[Problem], wrong: Sequence[Problem]) -> str:
    if not problems:
        return ""
    names = ", ".join(dict.fromkeys(_parameter(problem) for problem in problems if problem.where))
    if wrong:
        return f"I read your words as {action.name}, but what the model answered does not fit: {names}."
    asked = f"{names} still needed" if names else "something may be missing"
    return f"I read your words as {action.name}; {asked}. Open the form to complete it."


def _json_in(text: str) -> Any:
    text = text.rsplit("</think>", 1)[-1].strip()
    first = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=len(text))
    last = max(text.rfind("}"), text.rfind("]")) + 1
    for candidate in (text, *_FENCE.findall(text), text[first:last]):
        try:
            return as_json(candidate)
        except ValueError:
            continue
    raise Unreadable("it is not JSON" if text else "it is empty")
