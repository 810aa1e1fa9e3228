"""Standing approvals as people see them: the form that gives one, what was given, the list in App Home."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.request import Request, Version
from bot.standing import HOW_LONG, HOW_OFTEN, StandingApproval, Terms, ranges
from handlers.cards import facts, inputs
from handlers.cards.arguments import boxes
from handlers.cards.blocks import (
    Json,
    Part,
    actions,
    bold,
    button,
    code,
    confirm,
    date,
    header,
    joined,
    note,
    person,
    plain,
    rich,
    section,
    words,
)
from handlers.cards.inputs import Field
from handlers.cards.views import NO_NONCE, modal
from handlers.cards.words import count, span
from handlers.tokens import Token

MINUTE, HOUR = 60_000, 3_600_000
LASTS = (15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR)
OFTEN = 5  # what the form begins with
MOST = 8  # shown in App Home


def offer(token: str, headline: str) -> Json:
    """The button that opens the form."""
    return button("Allow similar…", "allow_similar", token, about=headline)


def similar(request: Request, token: str, terms: Terms) -> Json:
    """Asks for the bounds within which requests like this one run without asking."""
    version = request.now_version
    told = note(
        f"They must stay of low or medium risk. You can end it at any time in Signoff's home; so can other approvers "
        f"and operators. {version.action.name} permits {count(terms.uses, 'use')} in {span(terms.lasts)} at most.",
        "This request itself still waits for your decision.",
    )
    blocks = [
        *header(version.headline, 1_000),
        rich(section(["Requests like this by ", *_asker(request), " run without asking, within these bounds:"])),
        *_fixed(version, terms),
        *(block for name in terms.args if (block := _most(version, name))),
        _how_long(terms),
        _how_often(terms),
        told,
    ]
    return modal("similar", "Allow similar", blocks, token, submit="Allow")


def _asker(request: Request) -> facts.Line:
    asker = request.asker
    parts: facts.Line = [person(asker.person) if asker.person else code(asker.client or "unknown")]
    return [*parts, " for ", person(asker.acts_for)] if asker.acts_for and asker.acts_for != asker.person else parts


def _fixed(version: Version, terms: Terms) -> list[Json]:
    """Arguments that must be exactly as they are here."""
    fixed = [name for name in terms.args if not ranges(version.action, name, version.args.get(name))]
    shown = {name: version.args.get(name, "(left out)") for name in fixed}
    elements = [element for box in boxes(version.action, shown) for element in box.drawn()]
    return [rich(section([bold("Exactly as here")]), *elements)] if elements else []


def _most(version: Version, name: str) -> Json | None:
    value = version.args.get(name)
    if not ranges(version.action, name, value):
        return None
    schema = version.action.params[name]
    title = f"{schema.get('title') or name}: at most"
    return inputs.block(Field(name, {**schema, "title": title}, required=True, begins=value))


def _how_long(terms: Terms) -> Json:
    lengths = [*(each for each in LASTS if each < terms.lasts), terms.lasts]
    options = [{"text": plain(span(each)), "value": str(each)} for each in lengths]
    first = next((option for option in options if option["value"] == str(HOUR)), options[-1])
    select = {"type": "static_select", "action_id": HOW_LONG, "options": options, "initial_option": first}
    return {"type": "input", "block_id": HOW_LONG, "label": plain("For how long?"), "element": select}


def _how_often(terms: Terms) -> Json:
    number = {
        "type": "number_input",
        "action_id": HOW_OFTEN,
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(terms.uses),
        "initial_value": str(min(OFTEN, terms.uses)),
    }
    return {"type": "input", "block_id": HOW_OFTEN, "label": plain("How often at most?"), "element": number}


def allowed(approval: StandingApproval) -> Json:
    """It was given."""
    told = note("It stands in Signoff's home, where one click ends it. The request itself still waits for a decision.")
    lines = section(
        [bold("Similar requests now run without asking")], _whose(approval), _bounds(approval), _left(approval)
    )
    return modal("loading", "Allowed", [rich(lines), told])


def listed(found: Sequence[tuple[StandingApproval, bool]]) -> list[Json]:
    """Those that concern somebody, in their App Home: four blocks, however many; `True`: they may end it."""
    if not found:
        return []
    shown = list(enumerate(found[:MOST], 1))
    many = len(shown) > 1
    lines: list[facts.Line] = [[bold("Standing approvals")]]
    for number, (approval, _) in shown:
        lines += [[f"{number}. " if many else "", *_whose(approval)], [*_bounds(approval), " · ", *_left(approval)]]
    if len(found) > MOST:
        lines.append([f"and {len(found) - MOST} more that stand longer"])
    ends = [_end(approval, number if many else 0) for number, (approval, may_end) in shown if may_end]
    return [{"type": "divider"}, rich(section(*lines)), *actions(*ends)]


def _end(approval: StandingApproval, number: int) -> Json:
    label = f"End {number}" if number else "End it"
    value = Token(approval.id, 0, NO_NONCE).text
    sure = confirm("End this standing approval?", "Such requests are asked about again.", "End it")
    return button(label, f"end_standing:{number}", value, style="danger", about=approval.action, confirm=sure)


def _whose(approval: StandingApproval) -> facts.Line:
    asker = approval.asker
    who: Part = person(asker.person) if asker.person else code(asker.client or "unknown")
    acting: facts.Line = [" for ", person(asker.acts_for)] if asker.acts_for else []
    return [bold(approval.action), " asked by ", who, *acting, ", allowed by ", person(approval.by)]


def _bounds(approval: StandingApproval) -> facts.Line:
    return joined([[words(str(bound))] for bound in approval.bounds], ", ")


def _left(approval: StandingApproval) -> facts.Line:
    return [f"{approval.left} of {count(approval.uses, 'use')} left, until ", date(approval.until)]


def line(detail: Mapping[str, Any], by: facts.Line, *, ended: bool) -> facts.Line:
    """What the thread of the request that was looked at hears."""
    giver, asker = str(detail.get("standing_by", "")), str(detail.get("for", ""))
    if ended:
        used = count(int(detail.get("used", 0)), "use")
        return ["⏹ ", *by, " ended the standing approval by ", person(giver), f", after {used}"]
    often = count(int(detail.get("uses", 0)), "time")
    until = date(int(detail.get("until", 0)))
    return [
        "🔁 ",
        *by,
        " allows similar requests by ",
        person(asker),
        f" without asking: {often} at most, until ",
        until,
    ]
