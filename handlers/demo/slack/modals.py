"""Modals and home tabs: what each person has open."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from handlers.demo.slack.anatomy import SLOTS, elements_of, with_ids
from handlers.demo.slack.changes import Changes
from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.values import Json, View

STACK = 3


class Modals:
    """A stack of at most three modals and one home tab for each person."""

    def __init__(self, mint: Callable[[str], str], changes: Changes) -> None:
        self._mint = mint
        self._changes = changes
        self._stacks: dict[str, tuple[View, ...]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> tuple[View, ...]:
        """A person's open modals, the visible one last."""
        return self._stacks.get(user, ())

    def top(self, user: str) -> View | None:
        """The modal a person looks at."""
        return self.stack(user)[-1] if self.stack(user) else None

    def home(self, user: str) -> View | None:
        """A person's home tab of the app, if one was published."""
        return self._homes.get(user)

    def find(self, view_id: str | None, external_id: str | None = None) -> View | None:
        """An open modal or published home tab by id or the bot's own id."""
        views = [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())
        for view in views:
            if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                return view
        return None

    def open(self, user: str, content: Json) -> View:
        """Open a modal in place of whatever stack was open."""
        self._refuse_known(content)
        view = self._made(user, content)
        self._put(user, (view,))
        return view

    def push(self, user: str, content: Json) -> View:
        """Lay a modal on top.

        Raises:
            ApiError: `not_found` without an open modal, `push_limit_reached` above three.
        """
        stack = self.stack(user)
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= STACK:
            raise ApiError("push_limit_reached")
        self._refuse_known(content)
        view = replace(self._made(user, content), root_id=stack[0].id, previous_id=stack[-1].id)
        self._put(user, (*stack, view))
        return view

    def update(self, view: View, content: Json) -> View:
        """Draw an open modal or home anew; what was filled in stays where its ids stay."""
        blocks = with_ids(content["blocks"])
        drawn = content | {"blocks": list(blocks)}
        changed = replace(view, content=drawn, hash=_hash(), values=_kept(view.values, blocks))
        self._replace(changed)
        return changed

    def publish(self, user: str, content: Json) -> View:
        """Set a person's home tab."""
        current = self._homes.get(user)
        if current:
            return self.update(current, content)
        view = self._made(user, content)
        self._homes[user] = view
        self._changes.touch()
        return view

    def fill(self, view: View, values: Json) -> View:
        """Remember what a person put in (`{block_id: {action_id: value}}`)."""
        merged = {key: dict(value) for key, value in view.values.items()}
        for block_id, actions in values.items():
            merged.setdefault(block_id, {}).update(actions)
        changed = replace(view, values=merged)
        self._replace(changed)
        return changed

    def close(self, view: View) -> None:
        """Close one modal and any above it."""
        stack = self.stack(view.user)
        ids = [one.id for one in stack]
        if view.id in ids:
            self._put(view.user, stack[: ids.index(view.id)])

    def clear(self, user: str) -> None:
        """Close all modals of a person."""
        self._put(user, ())

    def _made(self, user: str, content: Json) -> View:
        ident = self._mint("V")
        blocks = with_ids(content["blocks"])
        return View(
            id=ident,
            user=user,
            content=content | {"blocks": list(blocks)},
            hash=_hash(),
            root_id=ident,
            values=initial_values(blocks),
        )

    def _refuse_known(self, content: Json) -> None:
        external = content.get("external_id")
        if external and self.find(None, external):
            raise ApiError("duplicate_external_id")

    def _put(self, user: str, stack: tuple[View, ...]) -> None:
        self._stacks[user] = stack
        self._changes.touch()

    def _replace(self, view: View) -> None:
        if view.type == "home":
            self._homes[view.user] = view
            self._changes.touch()
        else:
            self._put(view.user, tuple(view if one.id == view.id else one for one in self.stack(view.user)))


INITIAL: Mapping[str, str] = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
}
"""The field of an element that fills each slot of `state.values` at first."""


def initial_values(blocks: Iterable[Json]) -> Json:
    """What `state.values` holds before anybody touches a view: every field, an empty one as null or []."""
    values: dict[str, dict[str, Any]] = {}
    for block, element in elements_of(blocks):
        kind = element["type"]
        if kind in SLOTS and kind != "overflow":
            slot = SLOTS[kind]
            empty: list[Any] | None = [] if slot.endswith("s") else None
            state = {"type": kind, slot: element.get(INITIAL[slot], empty)}
            values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def _kept(values: Json, blocks: tuple[Json, ...]) -> Json:
    kept = initial_values(blocks)
    for block, element in elements_of(blocks):
        known = values.get(block["block_id"], {}).get(element["action_id"])
        if known and known["type"] == element["type"]:
            kept.setdefault(block["block_id"], {})[element["action_id"]] = known
    return kept


def _hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"
