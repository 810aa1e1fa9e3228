"""Who is on call: what the formats say, and every way in which a system does not say it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.egress import Egress
from handlers.oncall import LookupFailed, Lookups, Named
from handlers.oncall.ask import LARGEST, address
from handlers.oncall.formats import MOST, read
from tests.handlers.oncall import OnCallSystem, on_call_system, opsgenie, pagerduty, user

NOW = 1_780_000_000_000  # 2026-05-28T20:26:40Z
SECRET = "t0p-s3cret-t0ken"
FAY, DAN = user("PFAY", "fay@example.com"), user("PDAN", "dan@example.com")
TEAM = {"id": "t1", "name": "Payments", "type": "team"}

SAYS: dict[str, tuple[str, Any, str, list[tuple[str, ...]]]] = {
    "a field": ("json", {"user": {"slack_id": "U0FAY"}}, "$.user.slack_id", [("U0FAY",)]),
    "a list": ("json", {"users": [{"id": "U0FAY"}, {"id": "U0DAN"}]}, "$.users[*].id", [("U0FAY",), ("U0DAN",)]),
    "a list of words": ("json", ["U0FAY", "fay@example.com"], "$[*]", [("U0FAY",), ("fay@example.com",)]),
    "lists in lists": ("json", {"a": [{"b": ["x"]}, {"b": ["y", "x"]}]}, "$.a[*].b[*]", [("x",), ("y",)]),
    "a number": ("json", {"id": 4711}, "$.id", [("4711",)]),
    "somebody without one": ("json", {"users": [{"id": "U0FAY"}, {"name": "x"}]}, "$.users[*].id", [("U0FAY",)]),
    "an empty list": ("json", {"users": []}, "$.users[*].id", []),
    "nobody": ("json", {"user": None}, "$.user", []),
    "PagerDuty's": ("pagerduty", pagerduty(FAY, DAN), "", [("PFAY", "fay@example.com"), ("PDAN", "dan@example.com")]),
    "somebody at several levels": ("pagerduty", pagerduty(FAY, FAY), "", [("PFAY", "fay@example.com")]),
    "references": ("pagerduty", pagerduty(user("PFAY")), "", [("PFAY",)]),
    "nobody at PagerDuty": ("pagerduty", pagerduty(), "", []),
    "a shift that began": (
        "pagerduty",
        pagerduty(FAY, start="2026-05-28T20:26:40Z", end="2026-05-29T20:26:40Z"),
        "",
        [("PFAY", "fay@example.com")],
    ),
    "a shift to come": ("pagerduty", pagerduty(FAY, start="2026-05-28T20:26:41Z"), "", []),
    "a shift that is over": ("pagerduty", pagerduty(FAY, end="2026-05-28T22:26:40+02:00"), "", []),
    "PagerDuty's schedule": ("pagerduty", {"users": [FAY]}, "", [("PFAY", "fay@example.com")]),
    "Opsgenie's, flat": ("opsgenie", opsgenie(flat=["fay@example.com"]), "", [("fay@example.com",)]),
    "nobody at Opsgenie": ("opsgenie", opsgenie(flat=[]), "", []),
    "Opsgenie's, in teams": (
        "opsgenie",
        opsgenie(
            participants=[
                {"id": "u1", "name": "fay@example.com", "type": "user"},
                TEAM | {"onCallParticipants": [{"id": "u2", "name": "dan@example.com", "type": "user"}]},
                TEAM,
                {"type": "none"},
            ]
        ),
        "",
        [("fay@example.com", "u1"), ("dan@example.com", "u2")],
    ),
}


@pytest.mark.parametrize(("kind", "answer", "path", "named"), SAYS.values(), ids=SAYS.keys())
def test_what_an_answer_says(kind: str, answer: Any, path: str, named: list[tuple[str, ...]]) -> None:
    assert [each.words for each in read(kind, answer, now=NOW, path=path)] == named


def nested(levels: int) -> Any:
    inner: list[Any] = [{"type": "user", "name": "fay@example.com"}]
    for _ in range(levels):
        inner = [TEAM | {"onCallParticipants": inner}]
    return opsgenie(participants=inner)


SAYS_NOTHING: dict[str, tuple[str, Any, str, str]] = {
    "no such field": ("json", {"user": {}}, "$.user.slack_id", "nothing stands at $.user.slack_id"),
    "nobody of a list has it": ("json", {"users": [{}]}, "$.users[*].id", "nothing stands at"),
    "no list": ("json", {"users": {"id": "U0FAY"}}, "$.users[*].id", "there is no list"),
    "an object": ("json", {"user": {"id": 1}}, "$.user", "neither an id nor an address"),
    "yes": ("json", {"user": True}, "$.user", "neither an id nor an address"),
    "an empty word": ("json", {"user": " "}, "$.user", "neither an id nor an address"),
    "an endless word": ("json", {"user": "x" * 321}, "$.user", "neither an id nor an address"),
    "a crowd": ("json", [f"U{n}" for n in range(MOST + 1)], "$[*]", f"it names {MOST + 1} people"),
    "not PagerDuty's": ("pagerduty", {"data": {}}, "", "holds neither oncalls nor users"),
    "PagerDuty's error": ("pagerduty", {"error": {"code": 2010, "message": "Not Found"}}, "", "neither oncalls"),
    "a list alone": ("pagerduty", [], "", "neither oncalls nor users"),
    "oncalls that are none": ("pagerduty", {"oncalls": {"user": FAY}}, "", "neither oncalls nor users"),
    "an entry that is none": ("pagerduty", {"oncalls": ["PFAY"]}, "", "an entry of oncalls is no object"),
    "nobody in an entry": ("pagerduty", {"oncalls": [{"user": None}]}, "", "somebody on call has no id"),
    "a moment that is none": ("pagerduty", pagerduty(FAY, start="tomorrow"), "", "no moment with its zone"),
    "a moment without a zone": ("pagerduty", pagerduty(FAY, end="2026-05-28T22:26:40"), "", "no moment with its zone"),
    "a moment that is a number": ("pagerduty", {"oncalls": [{"user": FAY, "end": 7}]}, "", "no moment with its zone"),
    "more pages": ("pagerduty", pagerduty(FAY) | {"more": True}, "", "more pages"),
    "not Opsgenie's": ("opsgenie", {"message": "Unauthorized"}, "", "holds no data"),
    "neither of Opsgenie's lists": ("opsgenie", opsgenie(), "", "neither onCallRecipients nor onCallParticipants"),
    "a recipient that is none": ("opsgenie", opsgenie(flat=[{"name": "fay"}]), "", "neither an id nor an address"),
    "a participant that is none": ("opsgenie", opsgenie(participants=["fay"]), "", "neither a user nor a team"),
    "teams without an end": ("opsgenie", nested(20), "", "no list of participants"),
    "a disabled schedule": (
        "opsgenie",
        {"data": {"_parent": {"enabled": False}, "onCallRecipients": ["fay@example.com"]}},
        "",
        "the schedule is disabled",
    ),
}


@pytest.mark.parametrize(("kind", "answer", "path", "why"), SAYS_NOTHING.values(), ids=SAYS_NOTHING.keys())
def test_what_is_not_as_documented_names_nobody(kind: str, answer: Any, path: str, why: str) -> None:
    with pytest.raises(LookupFailed, match=re.escape(why)):
        read(kind, answer, now=NOW, path=path)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("oncalls", "users", "user", "id", "email", "start", "more", "data", "name", "type", "_parent"),
                    *("onCallRecipients", "onCallParticipants"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(anything, st.sampled_from(["json", "pagerduty", "opsgenie"]))
def test_no_answer_breaks_the_reading(answer: Any, kind: str) -> None:
    try:
        found = read(kind, answer, now=NOW, path="$.users[*].id")
    except LookupFailed:
        return
    assert all(each.words and all(each.words) for each in found)


def test_pagerduty_is_asked_for_this_second() -> None:
    """Without since and until its schedule's users are everybody who is ever on call there."""
    moment = "since=2026-05-28T20:26:40Z&until=2026-05-28T20:26:41Z"
    users = {"url": "https://api.pagerduty.com/schedules/P1/users", "format": "pagerduty"}
    assert address(users, NOW) == f"https://api.pagerduty.com/schedules/P1/users?{moment}"
    oncalls = {"url": "https://api.pagerduty.com/oncalls?schedule_ids[]=P1", "format": "pagerduty"}
    assert address(oncalls, NOW) == f"https://api.pagerduty.com/oncalls?schedule_ids[]=P1&{moment}"
    plain = {"url": "https://oncall.example.com/now", "path": "$.id"}
    assert address(plain, NOW) == "https://oncall.example.com/now"


# ── over the wire ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def system() -> AsyncIterator[OnCallSystem]:
    async with on_call_system() as made:
        yield made


def lookups(**environment: str) -> Lookups:
    return Lookups(Egress(), environment={"TOKEN": SECRET, **environment}, now=lambda: NOW)


async def test_it_is_asked_as_the_file_says(system: OnCallSystem) -> None:
    system.answer = pagerduty(FAY)
    lookup = {
        "url": f"{system.url}/oncalls?schedule_ids[]=P1&include[]=users",
        "format": "pagerduty",
        "headers": {"Authorization": "Token token=${TOKEN}"},
    }
    assert await lookups().named(lookup) == (Named(("PFAY", "fay@example.com")),)
    (asked,) = system.asked
    assert asked.method == "GET"
    assert asked.headers["Authorization"] == f"Token token={SECRET}"
    assert asked.query.getall("schedule_ids[]") == ["P1"]
    assert (asked.query["include[]"], asked.query["since"]) == ("users", "2026-05-28T20:26:40Z")


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "a redirect": (
        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
        "it answered 302, a redirect, which is not followed",
    ),
    "no such key": ({"status": 401, "answer": {"error": SECRET}}, "it does not accept the key"),
    "no rights": ({"status": 403}, "the key may not see it"),
    "no such schedule": ({"status": 404}, "check the schedule's id"),
    "too often": ({"status": 429}, "it is asked too often"),
    "an outage": ({"status": 503, "raw": b"<h1>sorry</h1>"}, "it answered 503"),
    "no content": ({"status": 204, "raw": b""}, "it answered 204"),
    "a web page": ({"raw": b"<html>Sign in</html>"}, "its answer is not JSON"),
    "nothing": ({"raw": b""}, "its answer is not JSON"),
    "half of it": ({"raw": b'{"user": {"slack_id": "U0F'}, "its answer is not JSON"),
    "brackets without an end": ({"raw": b"[" * 100_000}, "its answer is not JSON"),
    "no text at all": ({"raw": b'{"user": "\xff\xfe"}'}, "its answer is not JSON"),
    "too much": ({"raw": b'"' + b"x" * LARGEST + b'"'}, "its answer is larger than 256 KiB"),
    "silence": ({"silent": True}, "no answer in time"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_a_system_that_does_not_say(system: OnCallSystem, what: str) -> None:
    fields, why = ANSWERS[what]
    for name, value in fields.items():
        setattr(system, name, value)
    headers = {"Authorization": "Bearer ${TOKEN}"}
    with pytest.raises(LookupFailed, match=re.escape(why)) as failed:
        await lookups().named({"url": f"{system.url}/now", "path": "$.user.slack_id", "headers": headers})
    assert SECRET not in str(failed.value)
    assert len(system.asked) == 1, "asked once, and nowhere else"


async def test_nobody_listens() -> None:
    with pytest.raises(LookupFailed, match=r"127\.0\.0\.1:9"):
        await lookups().named({"url": "http://127.0.0.1:9/now", "path": "$.id"})


async def test_a_private_host_is_asked_only_where_it_is_listed(system: OnCallSystem) -> None:
    system.answer = {"id": "U0FAY"}
    port = system.url.rpartition(":")[2]
    for host, why in (("internal.example", "not encrypted"), ("169.254.169.254", "never called")):
        with pytest.raises(LookupFailed, match=why):
            await lookups().named({"url": f"http://{host}:{port}/now", "path": "$.id"})
    listed = Lookups(Egress(), private=["localhost"], now=lambda: NOW)
    assert await listed.named({"url": f"http://localhost:{port}/now", "path": "$.id"}) == (Named(("U0FAY",)),)


async def test_a_missing_variable_is_named_and_nothing_is_sent(system: OnCallSystem) -> None:
    with pytest.raises(LookupFailed, match="OTHER is missing or empty"):
        await lookups().named({"url": system.url, "path": "$.id", "headers": {"X-Key": "${OTHER}"}})
    with pytest.raises(LookupFailed, match="SLACK_BOT_TOKEN is Signoff's own"):
        await lookups(SLACK_BOT_TOKEN="xoxb-1").named(
            {"url": system.url, "path": "$.id", "headers": {"X-Key": "${SLACK_BOT_TOKEN}"}}
        )
    assert system.asked == []
