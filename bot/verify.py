"""Checks an export of the audit trail, without Signoff: this file needs nothing but Python.

    python verify.py export.jsonl [--head SEQ:HASH] [--start SEQ] [--gaps]

Each line is {"event":<bytes>,"hash":"<hex>","prev":"<hex>"}; the bytes are the event's RFC 8785 canonical JSON, and
    hash = SHA256("signoff-audit-v1" 0x00 prev <bytes>),  prev = the hash of the event before (first: 32 zero bytes).

It shows that between the first and the last line none was edited, taken out, put in or moved; that each request went
only from state to state as it may, one version always meaning the same bytes, and that no requester approved their own.
It cannot show that nothing was cut off at the end, nor that all of it was not written anew: for that, give it a
head (number and hash of an event) that was kept where the owner of the database cannot write.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

DOMAIN = b"signoff-audit-v1\0"
GENESIS = bytes(32)
FOLLOWS = {  # from → to, as `bot.request.TABLE` has it; None: it did not exist before
    None: {"drafting", "pending", "approved", "denied"},
    "drafting": {"drafting", "pending", "approved", "denied", "cancelled", "expired"},
    "pending": {"pending", "approved", "rejected", "cancelled", "expired"},
    "approved": {"approved", "executing", "pending", "denied", "cancelled", "expired"},
    "executing": {"executing", "succeeded", "failed", "unknown"},
    "unknown": {"unknown", "succeeded", "failed", "executing"},
    "succeeded": {"succeeded", "undone"},
}


class Wrong(Exception):
    """Why a line is broken."""


@dataclass(frozen=True)
class Report:
    """What was checked. `broken` is the first line that is not as it was written, counted from 1, and why."""

    events: int
    first: int
    last: int
    hash: str  # of the last event
    broken: tuple[int, str] | None
    states: dict[str, str]  # in which its events left each request


@dataclass
class Trail:
    """What the lines read so far say."""

    gaps: bool
    head: tuple[int, str] | None  # what is still to be met
    first: int = 0
    last: int = 0
    hash: str = GENESIS.hex()
    states: dict[str, str] = field(default_factory=dict)
    makers: dict[str, list[str]] = field(default_factory=dict)
    risks: dict[str, str] = field(default_factory=dict)
    digests: dict[tuple[str, int], str] = field(default_factory=dict)

    def read(self, line: bytes, start: int) -> None:
        event, body, stated, before = _parts(line)
        seq = event["seq"]
        expected = self.last + 1 if self.last else start
        if seq <= self.last:
            raise Wrong(f"event {seq} stands after event {self.last}: it was moved or put in")
        if seq != expected and not self.gaps:
            raise Wrong(f"event {seq} stands where event {expected} belongs: events were taken out or moved")
        if (seq == self.last + 1) and before != self.hash:
            raise Wrong(f"event {seq} does not follow the line before it: one of the two was replaced")
        if hashlib.sha256(DOMAIN + bytes.fromhex(before) + body).hexdigest() != stated:
            raise Wrong(f"event {seq} does not give its hash: it was edited, or the one before it made anew")
        self.first, self.last, self.hash = self.first or seq, seq, stated
        self._follows(event)
        if self.head is not None and self.head[0] == seq:
            if self.head[1] != stated:
                raise Wrong(f"event {seq} is not the one the head was taken of: the trail was written anew")
            self.head = None

    def ends(self) -> None:
        if self.head is not None:
            raise Wrong(f"event {self.head[0]}, which the head is of, is not there: the trail ends at {self.last}")

    def _follows(self, event: dict[str, Any]) -> None:
        request, to, detail = event["request"], event["to"], event["detail"]
        if to is None:
            self._reviews(event)
            return  # a refusal, a look, the brake: no request moved
        seen = self.states.get(request, event["from"] if self.first > 1 else None)
        if event["from"] != seen or to not in FOLLOWS.get(seen, ()):
            raise Wrong(f"event {event['seq']} moves a request from {event['from']} to {to}, but it was {seen}")
        self.states[request] = to
        number, digest = event["version"], event["digest"]
        if number and self.digests.setdefault((request, number), digest) != digest:
            raise Wrong(f"event {event['seq']} gives version {number} of a request other bytes than before")
        makers = self.makers[request] = detail.get("makers", self.makers.get(request, []))
        risk = self.risks[request] = detail.get("risk", self.risks.get(request, ""))
        own = event["type"] == "vote" and detail["approve"] and detail["person"] in makers
        if own and ("exception" not in detail or risk in ("high", "critical")):
            raise Wrong(f"event {event['seq']}: {detail['person']} approved a request of their own side")
        if event["type"] == "vote" and detail.get("exception") == "bulk" and risk in ("high", "critical"):
            raise Wrong(f"event {event['seq']}: {risk} risk was decided together with others")
        if event["type"] == "break_glass" and (event["actor"]["kind"] != "person" or "exception" not in detail):
            raise Wrong(f"event {event['seq']}: only a person may break the glass, and it says so")

    def _reviews(self, event: dict[str, Any]) -> None:
        own = self.makers.get(event["request"], [])
        if event["type"] in ("glass_reviewed", "glass_concern") and event["actor"]["id"] in own:
            raise Wrong(f"event {event['seq']}: {event['actor']['id']} reviewed a break-glass of their own side")


def _parts(line: bytes) -> tuple[dict[str, Any], bytes, str, str]:
    """The event, its bytes as they were hashed, its hash, and the hash before it."""
    whole = json.loads(line)
    event, stated, before = whole["event"], whole["hash"], whole["prev"]
    tail = f',"hash":"{stated}","prev":"{before}"}}'.encode()
    body = line.rstrip(b"\n").removeprefix(b'{"event":').removesuffix(tail)
    if len(whole) != 3 or len(before) != 64 or json.loads(body) != event or type(event["seq"]) is not int:
        raise Wrong("is not a line of an export")
    return event, body, stated, before


def verify(
    lines: Iterable[bytes], *, head: tuple[int, str] | None = None, start: int = 1, gaps: bool = False
) -> Report:
    """`head`: an event's number and hash, kept elsewhere. `start`: of the first event. `gaps`: of one request only."""
    trail, number, broken = Trail(gaps, head), 0, None
    try:
        for line in lines:
            number += 1
            trail.read(line, start)
        number += 1
        trail.ends()
    except Wrong as wrong:
        broken = (number, str(wrong))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        broken = (number, "is not an event that Signoff wrote")
    return Report(number - 1, trail.first, trail.last, trail.hash, broken, trail.states)


def _head(text: str) -> tuple[int, str]:
    seq, _, known = text.partition(":")
    return int(seq), known


def main(arguments: list[str]) -> int:
    """0: as it was written. 1: broken, and where. 2: used wrongly."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks an export of Signoff's audit trail.")
    parser.add_argument("export", type=argparse.FileType("rb"), help="JSON Lines, as `signoff audit export` wrote them")
    parser.add_argument("--head", type=_head, metavar="SEQ:HASH", help="of an event, kept elsewhere")
    parser.add_argument("--start", type=int, default=1, help="number of the first event, where the export begins later")
    parser.add_argument("--gaps", action="store_true", help="the export is of one request only")
    given = parser.parse_args(arguments)
    with given.export as lines:
        report = verify(lines, head=given.head, start=given.start, gaps=given.gaps)
    if report.broken:
        sys.stderr.write(f"BROKEN at line {report.broken[0]}: {report.broken[1]}\n")
        return 1
    sys.stdout.write(
        f"{report.events} events hold, {report.first} to {report.last}; head {report.last}:{report.hash}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
