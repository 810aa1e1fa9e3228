"""The words and signs people read for what the bot knows by name. A sign never stands without its word."""

from collections.abc import Mapping

from bot.catalogue import Risk
from bot.errors import Problem
from bot.outcome import Ending
from bot.request import State

STATES: Mapping[State, tuple[str, str]] = {
    State.DRAFTING: ("📝", "Draft"),
    State.PENDING: ("⏳", "Waiting for approval"),
    State.APPROVED: ("✅", "Approved, about to run"),
    State.DENIED: ("⛔", "Denied by the policy"),
    State.REJECTED: ("❌", "Rejected"),
    State.CANCELLED: ("⚪", "Cancelled"),
    State.EXPIRED: ("⌛", "Expired: its time was over"),
    State.EXECUTING: ("🔄", "Running"),
    State.SUCCEEDED: ("✅", "Done"),
    State.FAILED: ("❗", "Failed"),
    State.UNKNOWN: ("❓", "Outcome unknown"),
    State.UNDONE: ("🔙", "Undone"),
}
RISKS: Mapping[Risk, tuple[str, str]] = {
    Risk.LOW: ("🟢", "Low risk"),
    Risk.MEDIUM: ("🟡", "Medium risk"),
    Risk.HIGH: ("🟠", "High risk"),
    Risk.CRITICAL: ("🔴", "CRITICAL risk"),
}
ENDINGS: Mapping[Ending, str] = {
    Ending.SUCCEEDED: "succeeded",
    Ending.FAILED: "failed",
    Ending.UNKNOWN: "ended with an unknown outcome",
}
VIA: Mapping[str, str] = {
    "command": "/signoff",
    "form": "the form",
    "shortcut": "a message shortcut",
    "home": "the app home",
    "card": "the card",
    "review": "the review",
    "bulk": "a decision on several",
    "thread": "the thread",
    "dm": "a direct message",
    "api": "the API",
    "mcp": "MCP",
    "sdk": "the Python client",
    "gateway": "the gateway",
}
FLAGS: Mapping[str, str] = {
    "ambiguous": "the words can be read in more than one way",
    "missing_document": "a document it needs is missing",
    "policy_exception": "it is an exception to a policy",
    "irreversible": "it cannot be taken back",
    "unusual": "it is unusual",
    "conflicts_with_words": "it is not quite what the words say",
}


def state_words(state: State) -> str:
    return " ".join(STATES[state])


def risk_words(risk: Risk) -> str:
    return " ".join(RISKS[risk])


def via_words(via: str) -> str:
    return VIA.get(via, via)


def confidence_words(confidence: float) -> str:
    percent = f"{int(confidence * 100)} %"
    if confidence >= 0.95:
        return f"sure ({percent})"
    if confidence >= 0.8:
        return f"fairly sure ({percent})"
    return f"not sure ({percent})" if confidence >= 0.5 else f"mostly guessing ({percent})"


def count(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def span(milliseconds: int) -> str:
    """A duration as people say it: 45 s, 12 min, 4 h, 3 d; two units where the second says something."""
    seconds = max(0, milliseconds) // 1000
    for size, unit, smaller, below in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{seconds} s"


def problem_words(problem: Problem) -> str:
    return f"{problem.where}: {problem.message}" if problem.where else problem.message
