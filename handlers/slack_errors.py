"""What Slack said when it said no."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

UNANSWERED = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What the SDK raises where no answer of Slack's came; a server that hangs up is none of Python's own errors."""


def code_of(error: SlackApiError) -> str:
    """Slack's word for it, such as `channel_not_found`; `http_503` where the answer was no JSON of Slack's at all."""
    said = error.response
    data = said if isinstance(said, dict) else getattr(said, "data", None)
    word = data.get("error") if isinstance(data, dict) else None
    return str(word) if word else f"http_{getattr(said, 'status_code', 'error')}"
