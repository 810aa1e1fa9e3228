"""What the Web API, the deliveries and the people share: one workspace and what stands around it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from handlers.demo.slack.app import App
from handlers.demo.slack.modals import Modals
from handlers.demo.slack.tickets import Tickets
from handlers.demo.slack.values import Channel, Json, Message
from handlers.demo.slack.workspace import Workspace


@dataclass(slots=True)
class Core:
    """The workspace, what people have open, and the tickets handed out.

    Attributes:
        base_url: where this Slack listens, e.g. `http://127.0.0.1:40123`.
        socket_url: makes the address of a new Socket Mode connection.
        chosen: what people chose in messages' menus, `{(user, channel, ts): state.values}`.
    """

    workspace: Workspace
    modals: Modals = field(init=False)
    tickets: Tickets = field(init=False)
    base_url: str = ""
    socket_url: Callable[[], str] = str
    chosen: dict[tuple[str, str, str], Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.modals = Modals(self.workspace.mint, self.workspace.changes)
        self.tickets = Tickets(self.workspace.now)

    @property
    def app(self) -> App:
        """The installed app."""
        return self.workspace.app

    def direct_with_bot(self, user: str) -> Channel:
        """A person's direct message with the bot."""
        return self.workspace.direct(user, self.app.bot_user)

    def bot_message(self, channel: str, content: Json) -> Message:
        """A message of the bot that is not posted yet; `content` holds fields of `Message`."""
        app = self.app
        return Message(
            channel=channel,
            ts=self.workspace.next_ts(),
            user=app.bot_user,
            bot_id=app.bot_id,
            app_id=app.id,
            team=self.workspace.team.id,
            **content,
        )
