"""The forms: choose an action, fill in its fields, change those of an open request."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.catalogue import Action
from bot.errors import Problem
from bot.request import Request
from handlers.cards import facts, inputs
from handlers.cards.arguments import in_order
from handlers.cards.blocks import Json, header, note, paragraph, plain, rich, section
from handlers.cards.fields import block_of
from handlers.cards.inputs import OPTION, Field
from handlers.cards.parts import arguments_parts_of, first_page
from handlers.cards.text import clip, visible
from handlers.cards.views import TITLE, modal
from handlers.cards.words import count

MOST_FIELDS, DESCRIBED = 40, 500  # each may need a line above it; a view has 100 blocks


def form(actions: Sequence[Action], token: str, *, begins: str | None = None, told: str = "") -> Json:
    """Choose an action. `begins`: the name of the one to begin with; `told`: why it is asked."""
    if not actions:
        return modal("loading", "New request", [paragraph("There is nothing you may ask for yet.")], token)
    about = len(actions) <= DESCRIBED
    options = [_option(action, about=about) for action in sorted(actions, key=lambda action: action.name)]
    first = next((option for option in options if option["value"] == begins), None)
    select = {"type": "static_select", "action_id": "action", **inputs.choices(options)}
    block = {
        "type": "input",
        "block_id": "action",
        "label": plain("What do you need?"),
        "element": select | ({"initial_option": first} if first else {}),
    }
    return modal("form", "New request", [*([paragraph(told)] if told else []), block], token, submit="Next")


def _option(action: Action, *, about: bool) -> Json:
    option: Json = {"text": plain(action.name, OPTION), "value": action.name}
    return option | ({"description": plain(action.about, OPTION)} if about and action.about else {})


def fields(action: Action, begins: Mapping[str, Any], token: str, problems: Sequence[Problem] = ()) -> Json:
    """Fill in an action. `begins`: values understood so far; `problems`: what is wrong with them.

    With a token it is the form of a draft, which is only kept; without one it is sent at once.
    """
    top = [paragraph(action.about)] if action.about else []
    drawn = [*top, *_inputs(action, action.with_defaults(begins), problems)]
    title = clip(visible(action.name, one_line=True), TITLE)
    blocks = drawn or [paragraph(f"{action.name} needs nothing else.")]
    return modal("fields", title, blocks, token, submit="Keep" if token else "Send", action=action.name)


def edit(
    request: Request, token: str, *, only: Collection[str] | None = None, problems: Sequence[Problem] = ()
) -> Json:
    """Change an open request. `only`: the parameters this person may change; the others are shown."""
    version = request.now_version
    locked = {name: value for name, value in version.args.items() if only is not None and name not in only}
    inputs_drawn = _inputs(version.action, version.args, problems, only)
    told = "What you change becomes the next version: it is checked and asked about anew, and earlier votes fall."
    blocks = [
        *header(version.headline, 1_000),
        rich(section(facts.standing(request), facts.who(request))),
        *first_page(arguments_parts_of(version.action, locked) if locked else ()),
        *inputs_drawn,
        note(told if inputs_drawn else "Only the requester may change these. Ask them, or reject it."),
    ]
    return modal("edit", "Edit", blocks, token, submit="Save" if inputs_drawn else "", action=version.action.name)


def _inputs(
    action: Action, begins: Mapping[str, Any], problems: Sequence[Problem], only: Collection[str] | None = None
) -> list[Json]:
    names = [name for name in in_order(action, dict.fromkeys(action.params)) if only is None or name in only]
    drawn: list[Json] = []
    for name in names[:MOST_FIELDS]:
        block_id = inputs.ARGUMENT + name
        wrong = [problem.message for problem in problems if block_of(problem.where, {block_id})]
        drawn += [paragraph(f"🚩 {name}: {message}") for message in wrong[:1]]
        field = Field(name, action.params[name], name in action.required, begins.get(name))
        drawn.append(inputs.block(field) or _too_long(name, begins[name]))
    if len(names) > MOST_FIELDS:
        more = count(len(names) - MOST_FIELDS, "optional field")
        drawn.append(note(f"{more} more: /signoff run {action.name} name=value takes them all."))
    return drawn


def _too_long(name: str, value: Any) -> Json:
    size = f" of {len(value):,} characters" if isinstance(value, str) else ""
    return note(f"{name}: a value{size} is too long for a form; it stays as it is.")
