"""The bot as manifest.yml makes it: it hears what it subscribed to, nothing else, and lives with what it was granted.

That the file keeps to Slack's rules and asks for no more than is used stands in tests/handlers/test_manifest.py.
"""

from typing import Any

from ruamel.yaml import YAML

from tests.journeys.stage import ROOT, Stage

MANIFEST: dict[str, Any] = YAML(typ="safe").load(ROOT / "manifest.yml")
KINDS = {"channels": "channel", "groups": "group", "im": "im", "mpim": "mpim"}  # of conversations, in message events
NOT_SUBSCRIBED = (
    *("app_mention", "channel_archive", "channel_deleted", "channel_left", "channel_rename", "channel_unarchive"),
    *("file_shared", "group_archive", "member_joined_channel", "reaction_added", "reaction_removed"),
    *("subteam_created", "team_join", "link_shared", "star_added"),
)


async def test_every_subscription_has_its_listener_and_every_listener_its_subscription(stage: Stage) -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    heard = set()
    for name in (*subscribed, *NOT_SUBSCRIBED):
        kind, _, where = name.partition(".")
        event = {"type": kind, "user": stage.rita.id, "channel": "C0APPROVALS", "tab": "home", "ts": "1.000001"}
        event |= {"channel_type": KINDS[where], "text": "x"} if where else {}
        ack = await stage.slack.deliveries.send("event", stage.slack.events.envelope(event))
        assert ack.status in (200, 404), name
        if ack.status == 200:
            heard.add(name)
    assert heard == set(subscribed)


async def test_every_command_and_shortcut_has_its_listener(stage: Stage) -> None:
    message = stage.walt.say("#general", "Please refund order ord_81")
    for command in MANIFEST["features"]["slash_commands"]:
        assert (await stage.rita.command("#general", f"{command['command']} help")).ack.status == 200
    typed = stage.slack.log[-1].payload
    other = await stage.slack.deliveries.send("command", {**typed, "command": "/another", "trigger_id": "1"})
    assert other.status == 404
    for shortcut in MANIFEST["features"]["shortcuts"]:
        assert (await stage.rita.shortcut(message, shortcut["callback_id"])).status == 200
    chosen = stage.slack.log[-1].payload
    other = await stage.slack.deliveries.send("interactive", {**chosen, "callback_id": "another", "trigger_id": "2"})
    assert other.status == 404


async def test_what_the_manifest_grants_is_enough(stage: Stage) -> None:
    """The local Slack grants the app what the manifest lists, and refuses what needs more."""
    request, card = await stage.asked(stage.rita, "refund order=ord_81 amount=50")
    await stage.fay.open_home()
    await stage.fay.click(card, "Details")
    await stage.form(stage.fay, "Details")
    await stage.fay.close()
    await stage.rejects(stage.fay, card, "no")
    await stage.reaches(request.id, "rejected")
    await stage.settled()
    assert [call for call in stage.slack.calls if call.error] == []


async def test_the_optional_rights_may_be_left_out(stage: Stage) -> None:
    granted = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])
    stage.slack.workspace.change_app(scopes=granted)
    await test_what_the_manifest_grants_is_enough(stage)
