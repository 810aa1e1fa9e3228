"""The actions of the catalogue, and the undo of each as an action of its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import templates
from bot.catalogue import Action, Group, Risk, Way
from handlers.config import shape
from handlers.config.build import params
from handlers.config.build.machine import Machine
from handlers.config.build.people import EVERYONE, named
from handlers.config.build.placing import RESULT, Names, Template
from handlers.config.build.standing import standing
from handlers.config.build.ways import Compiled, compiled, texts
from handlers.config.build.workshop import Workshop
from handlers.config.mistakes import Spot
from handlers.config.shape.ways import Look, OwnUndo

PREVIEW = 10_000  # milliseconds; a preview may take no longer
PROBE = 10_000
TIMEOUT = 60_000
_OF_A_RESULT = {"type": ["string", "number", "boolean"]}


def actions(
    spot: Spot,
    given: Mapping[str, shape.Action | None],
    groups: Mapping[str, Group],
    private: tuple[str, ...],
    callables: Mapping[str, str],
    machine: Machine,
) -> tuple[dict[str, Action], frozenset[str]]:
    """Every action by name, each undo after what it undoes; and the names of those in which something is wrong.

    Those whose structure is wrong are left out of the first.
    """
    made: dict[str, Action] = {}
    wrong = {name for name, each in given.items() if each is None}
    for name, each in given.items():
        if each is None:
            continue
        before = len(spot.mistakes)
        for action in _action(spot / name, name, each, groups, private, callables, machine):
            made[action.name] = action
        if len(spot.mistakes) > before:
            wrong.add(name)
    return made, frozenset(wrong)


def _action(
    spot: Spot,
    name: str,
    given: shape.Action,
    groups: Mapping[str, Group],
    private: tuple[str, ...],
    callables: Mapping[str, str],
    machine: Machine,
) -> list[Action]:
    raw = {each: (spot / "params" / each).value for each in given.params}
    params.check(spot / "params", given.params, raw)
    required = params.existing(spot / "required", given.required, given.params)
    names = Names(
        params=frozenset(given.params),
        certain=params.always(raw, required),
        secret=frozenset(each for each, param in given.params.items() if param.sensitive),
    )
    Template(names, shown=True, line=True).check(spot / "title", given.title)
    if given.confirm is not None:
        Template(names, shown=True, whole=True, line=True).check(spot / "confirm", given.confirm)
    shop = Workshop(machine, names, private, callables)
    run = compiled(shop, spot / "run", given.run) or Compiled({"kind": "caller"})
    action = Action(
        name=name,
        title=given.title,
        about=given.about,
        risk=Risk(given.risk),
        may_ask=named(spot / "may_ask", given.may_ask, groups, EVERYONE),
        params=raw,
        required=required,
        editable=params.existing(spot / "editable", given.editable, given.params),
        edit_and_approve=given.edit_and_approve,
        run_by=given.run_by,
        result=given.result,
        channel=given.channel,
        confirm=given.confirm,
        run=run.way,
        timeout=run.timeout or TIMEOUT,
        preview=_look(shop, spot / "preview", given.preview, PREVIEW, most=PREVIEW),
        probe=_look(replace(shop, names=replace(names, key=True)), spot / "probe", given.probe, PROBE),
        standing=standing(spot / "standing", given),
    )
    if given.undo is None:
        return [action]
    undo = _undo(replace(shop, names=replace(names, result=True)), spot / "undo", action, given.undo)
    return [replace(action, undo=undo.name), undo]


def _look(shop: Workshop, spot: Spot, given: Look | None, timeout: int, *, most: int | None = None) -> Way | None:
    if given is None:
        return None
    made = compiled(replace(shop, looks=True), spot, given)
    if made is None:
        return None
    if most is not None and (made.timeout or 0) > most:
        spot.mistake(
            f"a preview may take {most // 1000}s, for people wait for it", f"use timeout: {most // 1000}s or less"
        )
    return made.way | {"timeout": made.timeout or timeout}


def _undo(shop: Workshop, spot: Spot, action: Action, given: OwnUndo | str) -> Action:
    """The undo as an action: what it takes from the result are parameters of it, shown and digested like any other.

    It keeps the other parameters too, so that the rules decide on it by the same arguments.
    """
    own = given if isinstance(given, OwnUndo) else None
    made = compiled(shop, spot, given) or Compiled({"kind": "caller"})
    title = f"Undo: {action.title}"
    if own and own.title is not None:
        Template(shop.names, shown=True, line=True).check(spot / "title", own.title)
        title = own.title
    taken = templates.names([*texts(given), title, action.confirm or ""])
    results: dict[str, dict[str, Any]] = {
        name: {**_OF_A_RESULT, "title": f"{name.removeprefix(RESULT)} of the result"}
        for name in sorted(taken)
        if name.startswith(RESULT)
    }
    kept = {name: schema for name, schema in action.params.items() if name in taken or name not in action.sensitive}
    return replace(
        action,
        name=f"{action.name}.undo",
        title=title,
        about=f"Undoes {action.name}.",
        risk=Risk(own.risk) if own and own.risk else action.risk,
        params=kept | results,
        required=(*(name for name in kept if name in action.required), *results),
        editable=(),
        run=made.way,
        timeout=made.timeout or TIMEOUT,
        preview=None,
        probe=None,
        standing=None,
        undoes=action.name,
    )
