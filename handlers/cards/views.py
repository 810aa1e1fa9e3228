"""Modal views as plain dicts, and what they carry: a token, and for paged ones the page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handlers.cards.blocks import Drawn, Json, numbered, plain

TITLE = 24  # characters; so are submit and close


def modal(
    callback: str, title: str, blocks: Sequence[Json], token: str = "", *, submit: str = "", **carried: Any
) -> Json:
    """A modal. `carried`: small things kept with it beside the token, such as the page."""
    view: Json = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE),
        "close": plain("Close", TITLE),
        "private_metadata": json.dumps({"t": token, **carried}) if carried else token,
        "blocks": numbered(blocks, callback),
    }
    return view | ({"submit": plain(submit, TITLE)} if submit else {})


@dataclass(frozen=True, slots=True)
class Carried:
    """What a view brings back: the token, the page, and whatever else it was given."""

    token: str
    page: int
    rest: Json


def carried(private_metadata: str) -> Carried:
    """Read back what `modal` wrote. ValueError for what it did not write."""
    if not private_metadata.startswith("{"):
        return Carried(private_metadata, 0, {})
    content: Json = json.loads(private_metadata)
    token, page = content.pop("t", None), content.pop("p", 0)
    if not isinstance(token, str) or not isinstance(page, int) or page < 0:
        raise ValueError("this view was not drawn by Signoff")
    return Carried(token, page, content)


def text_input(label: str, block_id: str, *, placeholder: str = "", optional: bool = False, most: int = 3_000) -> Json:
    """Several lines of text; block_id and action_id are the same word."""
    element: Json = {"type": "plain_text_input", "action_id": block_id, "multiline": True, "max_length": most}
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    return {"type": "input", "block_id": block_id, "label": plain(label, 2_000), "element": element,
            "optional": optional}  # fmt: skip


def typed(values: Json, block_id: str) -> str:
    """What was put into such an input (`view.state.values`), or the empty string."""
    return str((values.get(block_id, {}).get(block_id) or {}).get("value") or "")


def chosen(values: Json, block_id: str) -> str:
    """The value of the option that was chosen, or the empty string."""
    option = (values.get(block_id, {}).get(block_id) or {}).get("selected_option") or {}
    return str(option.get("value") or "")


def loading(told: str = "One moment…") -> Json:
    """What is opened within the three seconds a trigger lives, to be filled later."""
    return modal("loading", "Signoff", [{"type": "section", "text": plain(told)}])


def notice(title: str, content: Drawn) -> Json:
    """A modal that only tells something, such as a refusal."""
    return modal("loading", title, content.blocks)
