"""A Slack workspace on this machine: slack.com towards a bot, and people to drive it.

It answers the Web API, signs and posts what people do to the bot, and refuses what Slack refuses. Nothing
here knows what the bot is for.

    start = sample.build(
        App(name="signoff", commands=(Command("/signoff"),)),       # or App.from_manifest(manifest)
        [sample.person("alice"), sample.person("bob"), sample.person("gus", is_restricted=True)],
        channels={"general": ["alice", "bob"], "ops": ["alice", "bob", "gus"]},
        groups={"finance": ["bob"]},
    )
    async with LocalSlack(**start) as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        app = AsyncApp(client=client, signing_secret=slack.signing_secret)
        ...                                                          # serve it, then:
        slack.connect_http("http://127.0.0.1:4000/slack/events")

        alice, bob = slack.person("alice"), slack.person("bob")
        await alice.command("#ops", "/signoff run refund order=ord_81")
        card = await slack.wait_for(lambda: next(iter(bob.sees("#ops")), None))
        print(bob.reads(card), bob.buttons(card))
        await bob.click(card, "Approve")                             # by label or action_id
        form = await slack.wait_for(bob.modal)
        await bob.submit(form, {"Reason": "fine"})                   # by label or block_id

People (`Person`): `command click fill submit close open_home shortcut say react suggest`, and to look:
`sees thread rooms dm now modal home reads buttons`. They press only what their own Slack shows them, as it
stands now; otherwise NotThereError. A bot that fails raises BotFailedError, a form the client keeps raises
ClientRefusesError. Messages and views are frozen: one that was kept is a stale copy, and `forge_click`,
`forge_submit` send clicks on stale copies, wrong nonces, other teams' users, bad signatures;
`slack.replay(slack.log[-1])` sends the same bytes again.

The workspace changes while it runs: `slack.workspace.deactivate(id)`, `.set_group`, `.remove_from_group`,
`.leave`, `.change_channel(id, archived=True)`, `.change_user(id, presence="away")`, `.delete_message`,
`.change_app(scopes=…)`, `.uninstall()`. Trouble: `slack.faults.next("chat.postMessage",
Fault.dropped(after_effect=True))`, `slack.limits.on("chat.postMessage")`. Records: `slack.calls` (Web API),
`slack.log` (deliveries with the bot's answers). `slack.wait_for(condition)` wakes on every change;
`slack.wait_until(condition)` awaits it; `slack.quiet()` waits until nothing is on its way to the bot.

Socket Mode needs no `connect_http`: give the bot `slack.app_token` and `slack.api_url`; `slack.sockets` has
`count`, `disconnect(reason)`, `cut()`. The page's API is told in `ui`: `LocalSlack(…, page=folder)`,
`slack.page_url`, `slack.ui.add(Panel(…))`.

Stricter than slack.com or guessed, where its documents are silent: `alert` blocks only in modals and home
tabs, multi-selects not in `actions`, `chat.update` texts of 4,000 bytes (not characters), a message's blocks
of 13,200 characters with 100 for each header and 125 for each divider, at most 3 buttons on a card, a refused
view leaves its trigger unused, `views.open` over open modals replaces them, a post to a deactivated person's
DM is `channel_not_found`. Not here: files, canvases, scheduled messages, OAuth, token rotation, Grid,
`blocks.validate`, assistant threads and streaming.
"""

from handlers.demo.slack import sample
from handlers.demo.slack.app import App, Command, Shortcut
from handlers.demo.slack.delivery import Ack, Delivery, SignedRequest
from handlers.demo.slack.errors import ApiError, BotFailedError, ClientRefusesError, NotThereError
from handlers.demo.slack.faults import ANY, Fault
from handlers.demo.slack.people import Person, Reply
from handlers.demo.slack.pressing import Submitted
from handlers.demo.slack.render import Element, elements, plain
from handlers.demo.slack.server import LocalSlack
from handlers.demo.slack.values import Channel, Dnd, Json, Message, Team, User, UserGroup, View
from handlers.demo.slack.webapi.server import ApiCall

__all__ = [
    "ANY",
    "Ack",
    "ApiCall",
    "ApiError",
    "App",
    "BotFailedError",
    "Channel",
    "ClientRefusesError",
    "Command",
    "Delivery",
    "Dnd",
    "Element",
    "Fault",
    "Json",
    "LocalSlack",
    "Message",
    "NotThereError",
    "Person",
    "Reply",
    "Shortcut",
    "SignedRequest",
    "Submitted",
    "Team",
    "User",
    "UserGroup",
    "View",
    "elements",
    "plain",
    "sample",
]
