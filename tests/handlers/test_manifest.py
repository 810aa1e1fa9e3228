"""manifest.yml: by Slack's rules, with what the bot uses and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from handlers import main
from handlers.slack import app as slack
from handlers.slack import events

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = YAML(typ="safe").load(ROOT / "manifest.yml")
SOURCES = [*(ROOT / "handlers").glob("*.py"), *(ROOT / "handlers" / "slack").glob("*.py")]
SOURCES += [*(ROOT / "handlers" / "channels").glob("*.py")]

# Slack's manifest schema v2: the keys it knows, as far as a bot like this one may use them; others are refused.
KNOWN: dict[str, Any] = {
    "_metadata": {"major_version": int, "minor_version": int},
    "display_information": {"name": 35, "description": 140, "long_description": 4000, "background_color": 7},
    "features": {
        "app_home": {"home_tab_enabled": bool, "messages_tab_enabled": bool, "messages_tab_read_only_enabled": bool},
        "bot_user": {"display_name": 80, "always_online": bool},
        "shortcuts": [{"name": 24, "type": 7, "callback_id": 255, "description": 150}],
        "slash_commands": [
            {"command": 32, "description": 2000, "usage_hint": 1000, "should_escape": bool, "url": 3000},
        ],
    },
    "oauth_config": {"scopes": {"bot": [255], "bot_optional": [255]}, "redirect_urls": [3000]},
    "settings": {
        "event_subscriptions": {"request_url": 3000, "bot_events": [255]},
        "interactivity": {"is_enabled": bool, "request_url": 3000},
        "org_deploy_enabled": bool,
        "socket_mode_enabled": bool,
        "token_rotation_enabled": bool,
    },
}

# The scopes each Web API method we call, and each event we listen to, needs of a bot token; docs.slack.dev.
METHOD_SCOPES = {
    "auth.test": set(),
    "chat.postMessage": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.open": {"im:write"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.info": {"channels:read", "groups:read"},
    "users.info": {"users:read"},
    "users.lookupByEmail": {"users:read.email"},
    "usergroups.users.list": {"usergroups:read"},
    "usergroups.list": {"usergroups:read"},
    "views.open": set(),
    "views.push": set(),
    "views.update": set(),
    "views.publish": set(),
}
EVENT_SCOPES = {
    "app_home_opened": set(),
    "app_uninstalled": set(),
    "tokens_revoked": set(),
    "member_left_channel": {"channels:read", "groups:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "subteam_members_changed": {"usergroups:read"},
    "subteam_updated": {"usergroups:read"},
    "user_change": {"users:read"},
}


def keeps_to(known: Any, given: Any, where: str) -> None:
    """`known`: a mapping of known keys, a list of one rule for each item, a type, or the longest a text may be."""
    match known:
        case dict():
            unknown = set(given) - set(known)
            assert not unknown, f"{where}: Slack knows no {unknown}"
            for key, value in given.items():
                keeps_to(known[key], value, f"{where}.{key}")
        case list():
            for at, value in enumerate(given):
                keeps_to(known[0], value, f"{where}[{at}]")
        case int():
            assert isinstance(given, str), f"{where} is no text"
            assert 0 < len(given) <= known, f"{where} has {len(given)} characters; {known} are the most"
        case _:
            assert isinstance(given, known), f"{where} must be {known.__name__}"


def called() -> set[str]:
    """The Web API methods our code names."""
    found: set[str] = set()
    for path in SOURCES:
        text = path.read_text()
        found |= set(re.findall(r'"((?:chat|conversations|views|users|usergroups|auth)\.[a-zA-Z.]+)"', text))
        for name in re.findall(r"client\.((?:chat|conversations|views|users|usergroups|auth)_[a-zA-Z_]+)\(", text):
            found.add(_method(name))
    return found


def _method(name: str) -> str:
    """`chat_postMessage` → `chat.postMessage`."""
    return name.replace("_", ".")


def test_slack_takes_it() -> None:
    keeps_to(KNOWN, MANIFEST, "manifest")
    assert MANIFEST["display_information"]["name"]
    assert all(each["command"].startswith("/") for each in MANIFEST["features"]["slash_commands"])
    assert re.fullmatch(r"#[0-9a-f]{6}", MANIFEST["display_information"]["background_color"])


@pytest.mark.parametrize("broken", ["slash_comands", "features"])
def test_the_rules_here_refuse_what_slack_refuses(broken: str) -> None:
    with pytest.raises(AssertionError):
        keeps_to(KNOWN, {broken: {"no_such_key": 1}}, "manifest")
    with pytest.raises(AssertionError):
        keeps_to(KNOWN, {"display_information": {"name": "n" * 36}}, "manifest")


def test_every_listener_stands_in_it_and_everything_in_it_has_a_listener() -> None:
    features = MANIFEST["features"]
    assert [each["command"] for each in features["slash_commands"]] == [slack.COMMAND]
    assert [each["callback_id"] for each in features["shortcuts"]] == [slack.SHORTCUT]
    listened = {
        "app_home_opened",
        "message.channels",
        "message.groups",
        *events.NEWS_OF_PEOPLE,
        *events.NEWS_OF_THE_APP,
    }
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == listened
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]


def test_it_asks_for_the_scopes_we_need_and_no_others() -> None:
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert set(scopes["bot"]) == set(main.SCOPES)
    unknown = called() - set(METHOD_SCOPES)
    assert not unknown, f"say which scopes {unknown} need"
    needed = {"commands"}.union(*(METHOD_SCOPES[method] for method in called()))
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    needed = needed.union(*(EVENT_SCOPES[event] for event in subscribed))
    assert needed == {*scopes["bot"], *scopes["bot_optional"]}


def test_each_scope_is_explained_where_people_read() -> None:
    readme = (ROOT / "README.md").read_text()
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert [scope for scope in (*scopes["bot"], *scopes["bot_optional"]) if f"`{scope}`" not in readme] == []
