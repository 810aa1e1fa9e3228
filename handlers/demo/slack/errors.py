"""What can go wrong, by who says no.

ApiError            slack.com refuses a Web API call of the bot (`code` is Slack's own error code)
NotThereError       a person tries what their Slack does not show them
ClientRefusesError  a person's Slack refuses what they filled in, before anything is sent
BotFailedError      the bot did not answer as Slack requires; the person saw a failure
"""

from collections.abc import Mapping, Sequence

from handlers.demo.slack.values import Json


class ApiError(Exception):
    """A refused Web API call: answered as `{"ok": false, "error": code, …}` with status 200."""

    def __init__(self, code: str, messages: Sequence[str] = (), **extra: object) -> None:
        super().__init__(f"{code}: {'; '.join(messages)}" if messages else code)
        self.code = code
        self.messages = tuple(messages)
        self.extra = extra

    def body(self) -> Json:
        """The JSON answer."""
        answer: Json = {"ok": False, "error": self.code} | self.extra
        if self.messages:
            answer["response_metadata"] = {"messages": list(self.messages)}
            answer["errors"] = list(self.messages)
        return answer


class NotThereError(Exception):
    """The button, channel, view or command is not there for this person."""


class ClientRefusesError(Exception):
    """Slack's own client keeps the form open; `problems` maps block_id to what it says under the field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{block}: {text}" for block, text in problems.items()))
        self.problems = dict(problems)


class PanelError(Exception):
    """An extra panel of the page refuses; its text is shown to the person."""


class BotFailedError(Exception):
    """The bot answered late, not at all, or not as Slack accepts; `code` is what Slack shows."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
