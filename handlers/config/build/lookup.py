"""`lookup: {…}` of a group: who is asked, and whether the answer can name people at all."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from handlers.config.build.http import OURS
from handlers.config.build.machine import REFERENCE, Machine
from handlers.config.build.urls import check_url
from handlers.config.mistakes import Spot
from handlers.config.shape.people import Lookup

_ONE_SCHEDULE = "https://api.pagerduty.com/oncalls?schedule_ids[]=…&include[]=users"
_NARROWED = ("schedule_ids[]", "escalation_policy_ids[]")


def lookup(spot: Spot, given: Lookup, private: Sequence[str], machine: Machine) -> dict[str, Any]:
    check_url(spot / "url", given.url, private)
    if REFERENCE.search(given.url):
        remedy = "write it out; a key belongs into headers"
        (spot / "url").mistake("a URL may not take ${…} from the environment", remedy)
    _headers(spot / "headers", given, machine)
    if given.format == "json" and given.path is None:
        spot.mistake('"path" is missing', "add path: $.user.slack_id, or say format: pagerduty or opsgenie")
    if given.format != "json" and given.path is not None:
        (spot / "path").mistake(f"where people stand in {given.format}'s answers is known", "remove it")
    if given.format == "pagerduty":
        _pagerduty(spot / "url", given)
    if given.format == "opsgenie":
        _opsgenie(spot / "url", given)
    made = {
        "url": given.url,
        "path": given.path,
        "format": given.format if given.format != "json" else None,
        "headers": dict(given.headers),
        "map": dict(given.map),
    }
    return {key: value for key, value in made.items() if value}


def _headers(spot: Spot, given: Lookup, machine: Machine) -> None:
    for name, value in given.headers.items():
        if name.lower() in OURS:
            (spot / name).mistake(f"the header {name} is set by Signoff itself", "remove it")
        if re.search(r"[\r\n\0]", value):
            (spot / name).mistake("must be one line", "take the line breaks out")
        machine.references(spot / name, value)


def _pagerduty(spot: Spot, given: Lookup) -> None:
    url = urlsplit(given.url)
    query = parse_qs(url.query, keep_blank_values=True)
    if set(query) & {"since", "until"}:
        spot.mistake("since and until are those of the moment it is asked", "remove them from the address")
    if re.fullmatch(r".*/schedules/[^/]+/users", url.path):
        return
    if not url.path.endswith("/oncalls"):
        spot.mistake("this is neither PagerDuty's /oncalls nor /schedules/{id}/users", f"write {_ONE_SCHEDULE}")
    elif not any(any(query.get(name, ())) for name in _NARROWED):
        spot.mistake("asks for everybody who is on call for anything", "add ?schedule_ids[]= and the schedule's id")
    elif "users" not in query.get("include[]", ()) and not given.map:
        remedy = "add &include[]=users to the address, or list them under map"
        spot.mistake("PagerDuty then names people by ids of its own", remedy)


def _opsgenie(spot: Spot, given: Lookup) -> None:
    url = urlsplit(given.url)
    if not re.fullmatch(r".*/schedules/[^/]+/on-calls", url.path):
        remedy = "write https://api.opsgenie.com/v2/schedules/…/on-calls?flat=true"
        spot.mistake("this is not who is on call by one of Opsgenie's schedules", remedy)
    elif "date" in parse_qs(url.query, keep_blank_values=True):
        spot.mistake("who is on call is asked for the moment it is asked", "remove date from the address")
