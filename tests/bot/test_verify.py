"""The verifier an auditor reads: what it finds, and that it stands by itself."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.verify
from bot.request import TABLE
from bot.verify import DOMAIN, FOLLOWS, GENESIS, verify

ALICE, BOB = "U0ALICE", "U0BOB"


def event(seq: int, **rest: Any) -> dict[str, Any]:
    given = {
        "seq": seq,
        "at": 1_790_000_000_000 + seq,
        "type": "vote",
        "request": "req_1",
        "version": 1,
        "actor": {"kind": "person", "id": BOB, "via": "card"},
        "from": None,
        "to": None,
        "digest": "d1",
        "detail": {},
    }
    return given | rest


LIFE = [
    event(1, type="send", to="pending", detail={"makers": [ALICE], "risk": "medium"}),
    event(2, type="refused"),
    event(3, **{"from": "pending"}, to="approved", detail={"approve": True, "person": BOB}),
    event(4, type="claim", **{"from": "approved"}, to="executing"),
    event(5, type="finish", **{"from": "executing"}, to="succeeded"),
]


def line(told: Mapping[str, Any], before: str) -> tuple[bytes, str]:
    body = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    own = hashlib.sha256(DOMAIN + bytes.fromhex(before) + body).hexdigest()
    return b'{"event":%b,"hash":"%b","prev":"%b"}\n' % (body, own.encode(), before.encode()), own


def export(events: Sequence[Mapping[str, Any]], before: str = GENESIS.hex()) -> list[bytes]:
    """Lines chained as Signoff chains them, whatever the events say."""
    lines = []
    for told in events:
        made, before = line(told, before)
        lines.append(made)
    return lines


def why(lines: Sequence[bytes], **rest: Any) -> tuple[int, str] | None:
    return verify(lines, **rest).broken


def test_the_chain_is_made_as_documented() -> None:
    """The vectors an implementer needs: genesis, one event, its hash."""
    body = b'{"seq":1}'
    assert DOMAIN == b"signoff-audit-v1\x00"
    assert hashlib.sha256(DOMAIN + bytes(32) + body).hexdigest() == (
        "c99151c8632ea474b292d96f4e88e0df3420704b89e37072649995b2a67eace3"
    )


def test_a_trail_as_it_was_written_holds() -> None:
    report = verify(export(LIFE))
    assert (report.events, report.first, report.last, report.broken) == (5, 1, 5, None)
    assert report.states == {"req_1": "succeeded"}
    assert verify([]).events == 0


def test_it_knows_the_state_table_of_the_core() -> None:
    table: dict[str | None, set[str]] = {}
    for moves in TABLE.values():
        for before, after in moves.items():
            table.setdefault(before.value if before else None, set()).update(state.value for state in after)
    assert table == FOLLOWS


@given(st.data())
def test_any_changed_byte_is_found_at_its_line(data: st.DataObject) -> None:
    lines = export(LIFE)
    number = data.draw(st.integers(0, 4))
    at = data.draw(st.integers(0, len(lines[number]) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != lines[number][at] and byte != 0x0A))
    lines[number] = lines[number][:at] + bytes([other]) + lines[number][at + 1 :]
    broken = why(lines)
    assert broken is not None
    assert broken[0] == number + 1


@given(st.permutations(range(5)).filter(lambda order: order != [0, 1, 2, 3, 4]))
def test_any_other_order_is_found_where_it_begins(order: list[int]) -> None:
    lines = export(LIFE)
    broken = why([lines[at] for at in order])
    assert broken is not None
    assert broken[0] == next(n for n, at in enumerate(order, 1) if at != n - 1)


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_a_line_taken_out_is_found(missing: int) -> None:
    lines = export(LIFE)
    del lines[missing]
    assert why(lines) == (
        missing + 1,
        f"event {missing + 2} stands where event {missing + 1} belongs: events were taken out or moved",
    )


@pytest.mark.parametrize("at", range(6))
def test_a_line_put_in_twice_is_found(at: int) -> None:
    lines = export(LIFE)
    lines.insert(at, lines[2])
    broken = why(lines)
    assert broken is not None
    assert broken[0] == (at + 1 if at != 2 else 4)


def test_a_forged_line_with_a_good_hash_does_not_fit_between_its_neighbours() -> None:
    lines = export(LIFE)
    before = json.loads(lines[1])["hash"]
    lines[2], _ = line(LIFE[2] | {"at": 7}, before)
    assert why(lines) == (4, "event 4 does not follow the line before it: one of the two was replaced")


def test_a_first_event_that_follows_something_is_not_the_first() -> None:
    assert why(export(LIFE, before="ab" * 32)) == (
        1,
        "event 1 does not follow the line before it: one of the two was replaced",
    )


def test_the_end_is_known_only_by_a_head() -> None:
    lines = export(LIFE)
    head = (5, json.loads(lines[4])["hash"])
    assert why(lines[:3]) is None
    assert why(lines, head=head) is None
    assert why(lines[:3], head=head) == (4, "event 5, which the head is of, is not there: the trail ends at 3")
    anew = export([*LIFE[:2], LIFE[2] | {"at": 1}, *LIFE[3:]])
    assert why(anew) is None
    assert why(anew, head=head) == (
        5,
        "event 5 is not the one the head was taken of: the trail was written anew",
    )
    grown = export([*LIFE, event(6, type="undo", **{"from": "succeeded"}, to="undone")])
    assert why(grown, head=head) is None


def test_an_export_that_begins_later_or_is_of_one_request() -> None:
    lines = export(LIFE)
    assert why(lines[2:], start=3) is None
    assert why(lines[2:]) is not None
    assert why([lines[0], lines[2], lines[4]], gaps=True) == (
        3,
        "event 5 moves a request from executing to succeeded, but it was approved",
    )
    other = event(2, type="send", request="req_2", to="denied")
    mixed = export([LIFE[0], other, *LIFE[2:]])
    assert why([mixed[0], *mixed[2:]], gaps=True) is None


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([event(1, type="send", to="executing")], "moves a request from None to executing, but it was None"),
        ([event(1, **{"from": "pending"}, to="approved")], "moves a request from pending to approved, but it was None"),
        (
            [*LIFE, event(6, type="claim", **{"from": "approved"}, to="executing")],
            "moves a request from approved to executing, but it was succeeded",
        ),
        ([*LIFE, event(6, **{"from": "succeeded"}, to="executing")], "from succeeded to executing"),
        ([LIFE[0], event(2, **{"from": "pending"}, to="executing")], "from pending to executing"),
    ],
)
def test_a_request_moves_only_as_it_may(events: Sequence[Mapping[str, Any]], reason: str) -> None:
    broken = why(export(events))
    assert broken is not None
    assert broken[0] == len(events)
    assert reason in broken[1]


def test_one_version_always_means_the_same_bytes() -> None:
    events = [LIFE[0], event(2, **{"from": "pending"}, to="approved", digest="d2", detail={"approve": False})]
    assert why(export(events)) == (2, "event 2 gives version 1 of a request other bytes than before")
    edited = event(2, type="edit", **{"from": "pending"}, to="pending", version=2, digest="d2")
    assert why(export([LIFE[0], edited])) is None


def test_nobody_approves_their_own_but_by_a_labelled_exception() -> None:
    def vote(**detail: Any) -> dict[str, Any]:
        told = {"approve": True, "person": ALICE} | detail
        return event(2, **{"from": "pending"}, to="approved", detail=told)

    critical = LIFE[0] | {"detail": {"makers": [ALICE], "risk": "critical"}}
    own = (2, f"event 2: {ALICE} approved a request of their own side")
    assert why(export([LIFE[0], vote()])) == own
    assert why(export([LIFE[0], vote(exception="from_requester")])) is None
    assert why(export([critical, vote(exception="from_requester")])) == own
    assert why(export([LIFE[0], vote(person=BOB)])) is None
    assert why(export([LIFE[0], vote(person=BOB, exception="bulk")])) is None
    together = (2, "event 2: critical risk was decided together with others")
    assert why(export([critical, vote(person=BOB, exception="bulk")])) == together


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"event":{},"hash":"","prev":""}\n',
        b'{"event":{"seq":"1"},"hash":"00","prev":"00"}\n',
        b'{"event":7,"hash":"ab","prev":"' + b"00" * 32 + b'"}\n',
        b'{"hash":"ab","event":{"seq":1},"prev":"' + b"00" * 32 + b'"}\n',
        b"[" * 100_000,
    ],
)
def test_what_is_no_line_of_an_export_is_named_as_such(bad: bytes) -> None:
    broken = why([export(LIFE)[0], bad])
    assert broken is not None
    assert broken[0] == 2
    assert "is not" in broken[1]


@pytest.mark.parametrize(
    "odd",
    [
        {"seq": 1},
        event(1, to="pending", detail=None),
        event(1, to="pending", request=["req_1"]),
        event(1, to=["pending"]),
        event(1, type="vote", to="pending"),
        event(1, type="send", to="pending", version=1, digest={}, detail={"makers": 7}),
        event(True, to="pending"),
        event(1, to="pending") | {"seq": 1.0},
    ],
)
def test_an_event_that_signoff_never_wrote_is_named_whatever_its_hash(odd: Mapping[str, Any]) -> None:
    following = event(2, **{"from": "pending"}, to="approved", detail={"approve": True, "person": BOB})
    broken = why(export([odd, following]))
    assert broken is not None
    assert broken[0] in (1, 2)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_no_bytes_make_it_fail(lines: list[bytes]) -> None:
    report = verify(lines)
    assert (report.broken is None) == (not lines)


def test_it_runs_by_itself_with_nothing_but_python(tmp_path: Path) -> None:
    """-I -S: no site-packages, no environment, no current directory."""
    verifier = tmp_path / "verify.py"
    verifier.write_bytes(Path(bot.verify.__file__).read_bytes())
    lines = export(LIFE)
    whole, short = tmp_path / "whole.jsonl", tmp_path / "short.jsonl"
    whole.write_bytes(b"".join(lines))
    short.write_bytes(b"".join(lines[:1] + lines[2:]))
    head = json.loads(lines[4])["hash"]

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(verifier), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our file

    good = run(whole, "--head", f"5:{head}")
    assert (good.returncode, good.stdout, good.stderr) == (0, f"5 events hold, 1 to 5; head 5:{head}\n", "")
    bad = run(short)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("BROKEN at line 2: event 3 stands where event 2 belongs")
    assert run(short, "--gaps").returncode == 0
    assert run(whole, "--head", "five:x").returncode == 2
    assert run(tmp_path / "none.jsonl").returncode == 2
