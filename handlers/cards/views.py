"""Modal views as plain dicts, and what they carry: a token, and for paged ones the page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import NotFound
from handlers.cards.blocks import Json, numbered, plain

NO_NONCE = "from-home"  # a list is no message about one version: its buttons open a request and decide nothing
TITLE = 24  # characters; so are submit and close


def modal(
    callback: str,
    title: str,
    blocks: Sequence[Json],
    token: str = "",
    *,
    submit: str = "",
    page: int = 0,
    action: str = "",
) -> Json:
    """A modal. `page` and `action` are kept with it beside the token, for `place` to read back."""
    kept = {"t": token, "p": page, "a": action}
    view: Json = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE),
        "close": plain("Close", TITLE),
        "private_metadata": json.dumps({name: value for name, value in kept.items() if value}),
        "blocks": numbered(blocks, callback),
    }
    return view | ({"submit": plain(submit, TITLE)} if submit else {})


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is: the token of the request (empty: none yet), the page, the action whose form it is."""

    token: str = ""
    page: int = 0
    action: str = ""


def place(private_metadata: str) -> Place:
    """What `modal` wrote, read back. NotFound for what it did not write."""
    try:
        kept = json.loads(private_metadata or "{}")
    except ValueError:
        raise NotFound from None
    if not isinstance(kept, dict):
        raise NotFound
    found = Place(kept.get("t", ""), kept.get("p", 0), kept.get("a", ""))
    if not (isinstance(found.token, str) and isinstance(found.page, int) and isinstance(found.action, str)):
        raise NotFound
    return found


def text_input(label: str, block_id: str, *, placeholder: str = "", optional: bool = False, most: int = 3_000) -> Json:
    """Several lines of text; block_id and action_id are the same word."""
    element: Json = {"type": "plain_text_input", "action_id": block_id, "multiline": True, "max_length": most}
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    return {"type": "input", "block_id": block_id, "label": plain(label, 2_000), "element": element,
            "optional": optional}  # fmt: skip
