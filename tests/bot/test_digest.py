"""What was approved is what runs: the bytes, their digest, and that any one change is seen."""

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import digest, machine
from bot.catalogue import Action, Group, resolve
from bot.errors import Untrue
from bot.ports import Moment
from bot.request import Request, State, Version, Vote
from bot.route import Escalation, Requirement, Route, Stage, Surface, Verdict
from tests import build
from tests.build import BOB, T0

ACTION = Action(
    name="pay",
    title="Pay {amount} to {to}",
    about="Pays.",
    run={
        "kind": "http", "method": "POST", "url": "https://bank.example/pay",
        "headers": {"Authorization": "Bearer ${T}"},
        "json": {"to": "{to}", "amount": "{amount}", "tags": ["a", {"b": True}]}, "idempotent": True, "max_retries": 3,
    },
    params={"to": {"type": "string"}, "amount": {"type": "number", "minimum": 0}, "iban": {"x-sensitive": True}},
    required=("to",),
    editable=("amount",),
    may_ask=("finance",),
    channel="#pay",
    confirm="{to}",
    preview={"kind": "http", "method": "GET", "url": "https://bank.example/preview"},
    probe={"kind": "http", "method": "GET", "url": "https://bank.example/by-key/{key}"},
    undo="pay.undo",
)  # fmt: skip
ROUTE = Route(
    Verdict.ASK,
    "large",
    (
        Stage(
            need=(Requirement(("finance",), 2), Requirement(("directors",))),
            rejects=2,
            remind=600_000,
            escalate=(Escalation(900_000, ("directors",), requirement=1, counted_from="previous", any_hour=True),),
            loops=1,
        ),
        Stage(need=(Requirement(("directors",)),)),
    ),
    expires=3_600_000,
    surface=Surface.REVIEW,
    groups={
        "finance": Group("finance", users=("U1",), user_groups=("S1",), channels=("C1",)),
        "directors": Group("directors", lookup={"url": "https://oncall.example"}, time_zone="UTC", hours="08:00-20:00"),
    },
    notes=("A condition erred",),
)
ARGS = {"to": "bob", "amount": 12.5, "iban": "DE02"}
VERSION = build.version(ACTION, ARGS, by=ROUTE)


# ── canonical bytes ─────────────────────────────────────────────────────────────────────────────────────────────

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-digest.SAFE_INTEGER, digest.SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
keys = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@given(plain)
def test_canonical_bytes_are_json_of_the_same_value_and_stay_the_same(value: Any) -> None:
    written = digest.canonical(value)
    assert digest.parse(written) == value
    assert digest.canonical(digest.parse(written)) == written
    assert digest.exactly_representable(value)


@given(st.dictionaries(keys, scalars), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert digest.canonical(dict(items)) == digest.canonical(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2.0, b"2"),
        (-0.0, b"0"),
        (1e21, b"1e+21"),
        (0.1, b"0.1"),
        (2**53 - 1, b"9007199254740991"),
        ("é\u2028\n\x00", '"é\u2028\\n\\u0000"'.encode()),
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'.encode()),
    ],
)
def test_as_rfc_8785_has_it(value: Any, written: bytes) -> None:
    assert digest.canonical(value) == written


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), 1e400, -math.inf, math.nan, "\ud800", {"\udfff": 1}, {1: 2}, {None: 1}, b"x", {1, 2}, object()],
)
def test_what_json_cannot_carry_exactly_is_refused(value: Any) -> None:
    for given_value in (value, {"a": [value]}):
        assert not digest.exactly_representable(given_value)
        with pytest.raises(ValueError, match=r"\w"):
            digest.canonical(given_value)


@pytest.mark.parametrize("number", [2.0**53, 28376076617924190.0, 1e18, 1e20, -1e17, 1e21, 1e300, 5e-324])
def test_large_decimals_come_back_as_they_were(number: float) -> None:
    """A `maximum: 1e18` in the file, or an amount as large, must not make the definition another one at the claim."""
    action = replace(ACTION, params={"amount": {"type": "number", "maximum": number}})
    made = build.version(action, {"to": "bob", "amount": number}, by=ROUTE)
    assert made.args["amount"] == number
    assert machine.same_definition(made, {"pay": action})
    assert digest.canonical(made.way) == digest.canonical(resolve(action.run, {"to": "bob", "amount": number}))


def test_look_alikes_are_different_bytes() -> None:
    pairs = [("é", "e\u0301"), ("a", "\u0430"), ("x", "x\u200b"), (1, "1"), (True, 1), (None, ""), ([], {}), (0, False)]
    for one, other in pairs:
        assert digest.canonical(one) != digest.canonical(other)


# ── the digest ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_salt_keeps_a_short_secret_from_being_guessed() -> None:
    one, other = (digest.digest_of(b"{}", salt) for salt in ("5a" * 16, "5b" * 16))
    assert one != other
    assert digest.digest_of(b"x", "ab") != digest.digest_of(b"bx", "a"), "salt and bytes do not run together"


def test_short_is_what_people_read_and_type() -> None:
    assert digest.short("0" * 56 + "deadbeef") == "deadbeef"
    assert VERSION.short_digest == VERSION.digest[-8:]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a snapshot, of every list and mapping too."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))


def changed(snapshot: Any, path: tuple[Any, ...]) -> Any:
    """The same snapshot with one thing at that place otherwise."""
    whole = {"root": copy.deepcopy(snapshot)}
    at: Any = whole
    for step in ("root", *path)[:-1]:
        at = at[step]
    key = ("root", *path)[-1]
    at[key] = other(at[key])
    return whole["root"]


def other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, None]
        case dict():
            return {**value, "new": None}
        case _:
            return "something"


CONTENT = digest.parse(VERSION.snapshot)
PLACES = [path for path in leaves(CONTENT) if path]


def test_the_snapshot_holds_all_that_will_run() -> None:
    assert set(CONTENT) == {"request", "version", "action", "args", "way", "route"}
    assert set(CONTENT["action"]) == set(ACTION.definition())
    assert CONTENT["way"] == resolve(ACTION.run, ARGS)
    assert CONTENT["way"]["headers"] == {"Authorization": "Bearer ${T}"}, "a secret of the environment is not in it"
    assert Version.read(VERSION.snapshot, **rest()) == VERSION
    assert len(PLACES) > 120


def rest() -> dict[str, Any]:
    names = ("salt", "digest", "risk", "raised_by", "plan", "basis", "made_at")
    return {name: getattr(VERSION, name) for name in names}


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_any_one_change_of_what_was_approved_is_seen_at_the_claim(path: tuple[Any, ...]) -> None:
    """Flip any one field after approval, and nothing runs."""
    other_bytes = digest.canonical(changed(CONTENT, path))
    assert digest.digest_of(other_bytes, VERSION.salt) != VERSION.digest
    tampered = approved(replace(VERSION, snapshot=other_bytes))
    with pytest.raises(Untrue, match="do not match the digest"):
        machine.claimed(tampered, Moment(T0))


@given(st.integers(0, 8 * len(VERSION.snapshot) - 1))
def test_any_one_bit_is_seen(bit: int) -> None:
    flipped = bytearray(VERSION.snapshot)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Untrue):
        machine.claimed(approved(replace(VERSION, snapshot=bytes(flipped))), Moment(T0))


def approved(version: Version, *votes: Vote) -> Request:
    return build.request(version, State.APPROVED, approved_at=T0, run_by=T0 + 1, votes=votes)


def test_what_is_as_it_was_runs() -> None:
    step = machine.claimed(approved(VERSION, build.vote(BOB, VERSION)), Moment(T0))
    assert step.request.state is State.EXECUTING
    assert step.events[0].digest == VERSION.digest


@pytest.mark.parametrize(
    "made",
    [
        replace(VERSION, salt="00" * 16),
        replace(VERSION, digest="0" * 64),
        replace(VERSION, digest=VERSION.digest.upper()),
    ],
)
def test_another_salt_or_digest_is_seen(made: Version) -> None:
    with pytest.raises(Untrue):
        machine.claimed(approved(made), Moment(T0))


def test_a_vote_for_other_bytes_or_another_version_is_no_vote_for_these() -> None:
    vote = build.vote(BOB, VERSION)
    for wrong in (replace(vote, digest="0" * 64), replace(vote, version=2)):
        with pytest.raises(Untrue):
            machine.claimed(approved(VERSION, wrong), Moment(T0))


def test_a_change_of_rules_alone_does_not_touch_the_definition() -> None:
    assert machine.same_definition(VERSION, {"pay": ACTION})


@pytest.mark.parametrize("field", sorted(set(ACTION.definition()) - {"name"}))
def test_any_one_change_of_the_definition_is_seen(field: str) -> None:
    definition = json.loads(json.dumps(ACTION.definition()))
    definition[field] = "high" if field == "risk" else ["x"] if field == "run" else other(definition[field])
    assert not machine.same_definition(VERSION, {"pay": Action.of_definition(definition)})


def test_an_action_that_is_gone_is_another_definition() -> None:
    assert not machine.same_definition(VERSION, {})
    assert not machine.same_definition(VERSION, {"pay": replace(ACTION, name="pay2")})


# ── identical open requests ─────────────────────────────────────────────────────────────────────────────────────

KEY = bytes(range(32))


def test_a_fingerprint_tells_requester_action_and_arguments_apart() -> None:
    base = digest.fingerprint(KEY, "U1", "pay", ARGS)
    assert base == digest.fingerprint(KEY, "U1", "pay", dict(reversed(ARGS.items())))
    assert base == digest.fingerprint(KEY, "U1", "pay", {**ARGS, "amount": 12.5})
    others = [
        digest.fingerprint(bytes(32), "U1", "pay", ARGS),
        digest.fingerprint(KEY, "U2", "pay", ARGS),
        digest.fingerprint(KEY, "U1", "pay2", ARGS),
        digest.fingerprint(KEY, "U1", "pay", {**ARGS, "amount": 12.51}),
        digest.fingerprint(KEY, "U1pay", "", ARGS),
    ]
    assert len({base, *others}) == 6
