"""auth.test, team.info, apps.connections.open: the app itself."""

from handlers.demo.slack.values import Json
from handlers.demo.slack.webapi.call import Call, Method


def auth_test(call: Call) -> Json:
    """auth.test"""
    app, team = call.core.app, call.core.workspace.team
    answer: Json = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": app.name,
        "team_id": team.id,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }
    return answer | ({"enterprise_id": team.enterprise_id} if team.enterprise_id else {})


def team_info(call: Call) -> Json:
    """team.info"""
    team = call.core.workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain}}


def connections_open(call: Call) -> Json:
    """apps.connections.open: a WebSocket address for one connection, with the app-level token."""
    return {"url": call.core.socket_url()}


METHODS = (
    Method("auth.test", auth_test, (), 600),
    Method("team.info", team_info, ("team:read",), 50),
    Method("apps.connections.open", connections_open, ("connections:write",), 50, caller="app"),
)
