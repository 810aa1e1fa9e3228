"""users.*, dnd.info, usergroups.*, bots.info: who is who."""

from handlers.demo.slack.errors import ApiError
from handlers.demo.slack.values import Json, User, UserGroup
from handlers.demo.slack.webapi.call import Call, Method


def _user(call: Call) -> User:
    found = call.core.workspace.users.get(call.args.text("user") or "")
    if found is None:
        raise ApiError("user_not_found")
    return found


def _shown(call: Call, user: User) -> Json:
    shape = user.json(call.core.workspace.now())
    if "users:read.email" not in call.core.app.scopes:
        shape["profile"].pop("email", None)
    return shape


def users_info(call: Call) -> Json:
    """users.info"""
    return {"user": _shown(call, _user(call))}


def users_list(call: Call) -> Json:
    """users.list"""
    team = call.core.workspace.team.id
    users = [user for user in call.core.workspace.users.values() if user.team_id == team or user.is_stranger]
    return call.page([_shown(call, user) for user in users], "members")


def get_presence(call: Call) -> Json:
    """users.getPresence"""
    return {"presence": _user(call).presence}


def lookup_by_email(call: Call) -> Json:
    """users.lookupByEmail: neither deactivated people are found nor those of other organisations."""
    wanted = call.args.required("email").lower()
    for user in call.core.workspace.users.values():
        if user.email.lower() == wanted and not user.deleted and not user.is_stranger:
            return {"user": _shown(call, user)}
    raise ApiError("users_not_found")


def dnd_info(call: Call) -> Json:
    """dnd.info"""
    dnd = _user(call).dnd
    answer: Json = {
        "dnd_enabled": dnd.enabled,
        "next_dnd_start_ts": dnd.next_start or 1,
        "next_dnd_end_ts": dnd.next_end or 1,
        "snooze_enabled": dnd.snooze_until > call.core.workspace.now(),
    }
    return answer | ({"snooze_endtime": dnd.snooze_until} if answer["snooze_enabled"] else {})


def _plan(call: Call) -> None:
    if not call.core.workspace.paid:
        raise ApiError("plan_upgrade_required")


def _group(call: Call) -> UserGroup:
    group = call.core.workspace.groups.get(call.args.required("usergroup"))
    if group is None or (group.disabled and not call.args.boolean("include_disabled")):
        raise ApiError("no_such_subteam")
    return group


def usergroups_list(call: Call) -> Json:
    """usergroups.list"""
    _plan(call)
    workspace = call.core.workspace
    with_users = call.args.boolean("include_users")
    groups = [
        group.json(workspace.team.id, workspace.now(), with_users=with_users)
        for group in workspace.groups.values()
        if call.args.boolean("include_disabled") or not group.disabled
    ]
    return {"usergroups": groups}


def usergroups_users(call: Call) -> Json:
    """usergroups.users.list: ids only."""
    _plan(call)
    return {"users": list(_group(call).users)}


def bots_info(call: Call) -> Json:
    """bots.info"""
    wanted = call.args.text("bot")
    for user in call.core.workspace.users.values():
        if user.is_bot and user.bot_id and user.bot_id == wanted:
            app = call.core.app
            own = {"app_id": app.id} if user.id == app.bot_user else {}
            return {"bot": {"id": user.bot_id, "deleted": user.deleted, "name": user.name, "user_id": user.id} | own}
    raise ApiError("bot_not_found")


METHODS = (
    Method("users.info", users_info, ("users:read",), 100),
    Method("users.list", users_list, ("users:read",), 20),
    Method("users.getPresence", get_presence, ("users:read",), 50),
    Method("users.lookupByEmail", lookup_by_email, ("users:read.email",), 50),
    Method("dnd.info", dnd_info, ("dnd:read",), 50),
    Method("usergroups.list", usergroups_list, ("usergroups:read",), 20),
    Method("usergroups.users.list", usergroups_users, ("usergroups:read",), 20),
    Method("bots.info", bots_info, ("users:read",), 50),
)
