"""`http: {…}`."""

import re
from typing import Any

from bot import templates
from handlers.config.build.placing import Template
from handlers.config.build.urls import check_url
from handlers.config.build.workshop import Workshop
from handlers.config.mistakes import Spot
from handlers.config.shape.ways import Http
from handlers.words import quoted

RETRIES = 3
OURS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-signoff-attempt",
        "x-signoff-request",
    }
)


def http(shop: Workshop, spot: Spot, given: Http) -> dict[str, Any]:
    _url(shop, spot / "url", given.url)
    for name, value in given.headers.items():
        if name.lower() in OURS:
            (spot / "headers" / name).mistake(f"the header {name} is set by Signoff itself", "remove it")
        Template(shop.names, line=True, machine=shop.machine).check(spot / "headers" / name, value)
    way: dict[str, Any] = {"method": given.method or ("GET" if shop.looks else "POST"), "url": given.url}
    if given.headers:
        way["headers"] = dict(given.headers)
    return way | _body(shop, spot, given) | _retries(spot, given)


def _url(shop: Workshop, spot: Spot, url: str) -> None:
    literal = templates.authority(url)
    if not literal or templates.names(literal):
        what = f"{quoted(url)} does not begin with a literal scheme and host"
        spot.mistake(what, "write https://host/… and take values only after it")
        return
    if "#" in url:
        spot.mistake("what follows # is never sent", "remove it, or write %23")
    if re.search(r"[^!-~]|\\", url):
        spot.mistake(f"{quoted(url)} holds blanks or other characters that no URL holds", "percent-encode them")
        return
    check_url(spot, templates.url(url, dict.fromkeys(templates.names(url), "x")), shop.private)
    Template(shop.names, shown=True, whole=True).check(spot, url)


def _body(shop: Workshop, spot: Spot, given: Http) -> dict[str, Any]:
    has_json = "json_" in given.model_fields_set
    if has_json and given.body is not None:
        (spot / "body").mistake("a request has one body", "keep json or body")
    if has_json:
        Template(shop.names).check_tree(spot / "json", given.json_)
        return {"json": given.json_}
    if given.body is not None:
        Template(shop.names).check(spot / "body", given.body)
        return {"body": given.body}
    return {}


def _retries(spot: Spot, given: Http) -> dict[str, Any]:
    if given.idempotent:
        return {"idempotent": True, "max_retries": RETRIES if given.max_retries is None else given.max_retries}
    if given.max_retries is not None:
        remedy = "add idempotent: true if the target honours Idempotency-Key, or remove it"
        (spot / "max_retries").mistake("only a target declared idempotent is tried again", remedy)
    return {"idempotent": False}
