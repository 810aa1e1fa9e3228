"""views.*: modals and home tabs."""

from typing import Any

from handlers.demo.slack.blocks import check_view, sdk_view_problem
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.tickets import Trigger
from handlers.demo.slack.values import Json, View
from handlers.demo.slack.webapi.call import Call, Method


def checked_view(view: Any, wanted: str | None = None) -> Json:
    """A view to show, checked; `wanted` is the only type accepted here.

    Raises:
        ApiError: `invalid_arguments` with what is wrong, `view_too_large`.
    """
    check_view(view)
    content = dict(view)
    if wanted and content["type"] != wanted:
        raise ApiError("invalid_arguments", [f"[ERROR] view type must be {wanted} [json-pointer:/view/type]"])
    if problem := sdk_view_problem(content):
        raise ApiError("invalid_arguments", [f"[ERROR] {problem} [json-pointer:/view]"])
    return content


def _given(call: Call) -> Any:
    view = call.args.structure("view")
    if view is None:
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: view"])
    return view


def _trigger(call: Call) -> Trigger:
    return call.core.tickets.peek(call.args.required("trigger_id"))


def _answer(call: Call, view: View) -> Json:
    core = call.core
    return {"view": view.json(core.workspace.team.id, core.app.id, core.app.bot_id)}


def _match_hash(call: Call, view: View) -> None:
    given = call.args.text("hash")
    if given is not None and given != view.hash:
        raise ApiError("hash_conflict")


def open_view(call: Call) -> Json:
    """views.open"""
    trigger = _trigger(call)
    content = checked_view(_given(call), "modal")
    view = call.core.modals.open(trigger.user, content)
    trigger.used = True
    return _answer(call, view)


def push_view(call: Call) -> Json:
    """views.push: only from within a modal."""
    trigger = _trigger(call)
    content = checked_view(_given(call), "modal")
    if trigger.view is None:
        raise ApiError("not_found")
    view = call.core.modals.push(trigger.user, content)
    trigger.used = True
    return _answer(call, view)


def update_view(call: Call) -> Json:
    """views.update: by `view_id` or `external_id`, refused on a stale `hash`."""
    content = checked_view(_given(call))
    view = call.core.modals.find(call.args.text("view_id"), call.args.text("external_id"))
    if view is None or view.type != content["type"]:
        raise ApiError("not_found")
    _match_hash(call, view)
    return _answer(call, call.core.modals.update(view, content))


def publish_view(call: Call) -> Json:
    """views.publish: a person's home tab."""
    core = call.core
    content = checked_view(_given(call), "home")
    user = core.workspace.users.get(call.args.required("user_id"))
    if user is None or user.deleted:
        raise ApiError("user_not_found")
    if not core.app.home_tab:
        raise ApiError("not_enabled")
    current = core.modals.home(user.id)
    if current:
        _match_hash(call, current)
    return _answer(call, core.modals.publish(user.id, content))


METHODS = (
    Method("views.open", open_view, (), 100),
    Method("views.push", push_view, (), 100),
    Method("views.update", update_view, (), 100),
    Method("views.publish", publish_view, (), 100),
)
