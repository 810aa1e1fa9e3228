"""What one person sees of the workspace, as JSON for the page. The shape is told in `ui`."""

from collections.abc import Iterable

from handlers.demo.slack.core import Core
from handlers.demo.slack.people import Person
from handlers.demo.slack.pressing import state_key
from handlers.demo.slack.values import Channel, Json, Message, User, View
from handlers.demo.slack.workspace import SLACKBOT


def account(user: User, home_team: str) -> Json:
    """A person in the list of people."""
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name or user.name,
        "is_bot": user.is_bot or user.id == SLACKBOT,
        "guest": user.is_restricted or user.is_ultra_restricted,
        "external": user.team_id != home_team,
        "deleted": user.deleted,
        "presence": user.presence,
        "tz": user.tz,
    }


def people(core: Core) -> list[Json]:
    """Everybody with an account here, bots too."""
    return [account(user, core.workspace.team.id) for user in core.workspace.users.values()]


def snapshot(core: Core, person: Person, extras: Iterable[str]) -> Json:
    """The workspace as this person sees it now."""
    app, team = core.app, core.workspace.team
    home = person.home()
    return {
        "version": core.workspace.changes.count,
        "now": core.workspace.now(),
        "team": {"id": team.id, "name": team.name},
        "app": {
            "id": app.id,
            "name": app.name,
            "user": app.bot_user,
            "commands": [
                {"name": command.name, "description": command.description, "usage_hint": command.usage_hint}
                for command in app.commands
            ],
            "shortcuts": [
                {"callback_id": one.callback_id, "name": one.name, "type": one.type} for one in app.shortcuts
            ],
            "home_tab": app.home_tab,
            "takes_messages": app.messages_tab and not app.messages_read_only,
            "dm": person.dm().id,
        },
        "person": account(person.user, team.id),
        "people": people(core),
        "groups": [
            {"id": group.id, "handle": group.handle, "users": list(group.users)}
            for group in core.workspace.groups.values()
            if not group.disabled
        ],
        "channels": [_room(core, person, channel) for channel in person.rooms()],
        "modals": [_view(core, person, view) for view in core.modals.stack(person.id)],
        "home": _view(core, person, home) if home else None,
        "extras": list(extras),
    }


def _room(core: Core, person: Person, channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "archived": channel.archived,
        "external": channel.is_ext_shared,
        "members": list(channel.members),
        "messages": [_message(core, person, message) for message in person.sees(channel)],
    }


def _message(core: Core, person: Person, message: Message) -> Json:
    shape = message.json()
    chosen = core.chosen.get(state_key(person.id, message), {})
    return shape | {
        "blocks": _shown(message.blocks, person.id),
        "ephemeral": message.ephemeral_to is not None,
        "edits": message.edits,
        "chosen": chosen,
        "as_text": person.reads(message),
    }


def _view(core: Core, person: Person, view: View) -> Json:
    shape = view.json(core.workspace.team.id, core.app.id, core.app.bot_id)
    return shape | {"blocks": _shown(view.blocks, person.id)}


def _shown(blocks: Iterable[Json], user: str) -> list[Json]:
    """Blocks without the buttons that are for other people."""
    found = []
    for block in blocks:
        if block["type"] == "actions":
            kept = [one for one in block["elements"] if user in one.get("visible_to_user_ids", [user])]
            found += [block | {"elements": kept}] if kept else []
        elif user in (block.get("accessory") or {}).get("visible_to_user_ids", [user]):
            found.append(block)
        else:
            found.append({name: value for name, value in block.items() if name != "accessory"})
    return found
