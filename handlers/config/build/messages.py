"""`email: {…}`, `slack: {…}` and `python: …`: ways that need no more than their words."""

from typing import Any

from bot import templates
from handlers.config.build.placing import Template
from handlers.config.build.workshop import Workshop
from handlers.config.mistakes import Spot
from handlers.config.shape.values import channel
from handlers.config.shape.ways import Call, Email, Post
from handlers.words import quoted, use


def email(shop: Workshop, spot: Spot, given: Email) -> dict[str, Any]:
    for field, addresses in (("to", given.to), ("cc", given.cc or ())):
        for address in addresses:
            Template(shop.names, whole=True, line=True).check(spot / field, address)
            if not templates.names(address) and "@" not in address:
                remedy = "write one such as name@example.com, or {name} of a parameter"
                (spot / field).mistake(f"{quoted(address)} is no address", remedy)
    Template(shop.names, line=True).check(spot / "subject", given.subject)
    Template(shop.names).check(spot / "text", given.text)
    way: dict[str, Any] = {"to": list(given.to), "subject": given.subject, "text": given.text}
    if given.cc:
        way["cc"] = list(given.cc)
    if given.from_ is not None:
        Template(shop.names, line=True, literal="the sender is always the same").check(spot / "from", given.from_)
        way["from"] = given.from_
    return way


def slack(shop: Workshop, spot: Spot, given: Post) -> dict[str, Any]:
    Template(shop.names, whole=True, line=True).check(spot / "channel", given.channel)
    if not templates.names(given.channel):
        try:
            channel(given.channel)
        except ValueError as error:
            what, _, remedy = str(error).partition("; ")
            (spot / "channel").mistake(what, remedy)
    Template(shop.names).check(spot / "text", given.text)
    return {"channel": given.channel, "text": given.text}


def python(shop: Workshop, spot: Spot, given: Call | str) -> dict[str, Any]:
    """A callable by the name it is registered under. Without `args` it takes the action's own arguments."""
    name, args, here = (
        (given, None, spot) if isinstance(given, str) else (given.callable, given.args, spot / "callable")
    )
    if name not in shop.callables:
        remedy = use(shop.callables, name) if shop.callables else f"add callables: {{{name}: module:function}}"
        here.mistake(f"{quoted(name)} is not under callables", remedy)
    if args is None:
        return {"callable": name}
    Template(shop.names).check_tree(spot / "args", args)
    return {"callable": name, "args": args}
