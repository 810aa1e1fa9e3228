"""A request and its parts as rows, and back. The only place that knows which column holds what."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from bot import quorum, timing
from bot.catalogue import Risk
from bot.errors import Problem
from bot.glass import Break
from bot.outcome import Ending
from bot.request import Asker, Attempt, Draft, Fired, Plan, Preview, Remark, Request, State, Version, Vote
from store.engine import Row
from store.seal import Seal, plain


def dump(value: Any) -> str:
    """JSON text in ASCII: what it carries is kept exactly, lone surrogates and NULs among it, in either database."""
    return json.dumps(value, separators=(",", ":"))


def storable(text: str) -> str:
    """Free text as a TEXT column can hold it: PostgreSQL takes no NUL, UTF-8 no lone surrogate."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────


def request_row(request: Request, seal: Seal, was: "Stored | None" = None) -> Row:
    """Its columns. What did not change since `was` is taken from there: sealed anew, it would differ each time."""
    asker = request.asker
    held_from, held_until = request.held or (None, None)
    return {
        "id": request.id,
        "revision": request.revision,
        "state": request.state.value,
        "person": asker.person,
        "client": asker.client,
        "owner": asker.owner,
        "acts_for": asker.acts_for,
        "via": request.via,
        "made_at": request.made_at,
        "expires_at": request.expires_at,
        **_words_columns(request, seal, was),
        **_version_columns(request, was),
        "stage": request.stage,
        "stage_at": request.stage_at,
        "held_from": held_from,
        "held_until": held_until,
        "approved_at": request.approved_at,
        "run_by": request.run_by,
        "waits_for_release": request.waits_for_release,
        "released_at": request.released_at,
        "again_by": request.again_by,
        "closed_at": request.closed_at,
        "reason": storable(request.reason),
        "batch": request.batch,
        "undo_of": request.undo_of,
        "undone_by": request.undone_by,
        "broken_at": request.breaks[-1].at if request.breaks else None,
        "context_json": dump(dict(request.context)),
        "fingerprint": request.fingerprint,
        "wake_at": timing.wake_at(request),
        "mark": quorum.mark(request),
        "asker": asker.id,
        "told": asker.told,
        "decided_at": _decided_at(request),
    }


@dataclass(frozen=True, slots=True)
class Stored:
    """A request as this transaction knows it, and its row."""

    request: Request
    row: Row


def _words_columns(request: Request, seal: Seal, was: Stored | None) -> Row:
    if was is not None and (was.request.words, was.request.draft) == (request.words, request.draft):
        return {"words": was.row["words"], "draft": was.row["draft"]}
    words, draft = request.words, request.draft
    return {
        "words": None if words is None else seal.close(_text(words), "requests.words", request.id),
        "draft": None if draft is None else seal.close(_draft(draft), "requests.draft", request.id),
    }


def _version_columns(request: Request, was: Stored | None) -> Row:
    version, draft = request.version, request.draft
    if version is None:
        return {"number": None, "action": (draft.action or "") if draft else "", "headline": "", "risk": ""}
    if was is not None and was.request.version is version:
        return {name: was.row[name] for name in ("number", "action", "headline", "risk")}
    return {
        "number": version.number,
        "action": version.action.name,
        "headline": storable(version.headline),
        "risk": version.risk.value,
    }


def _decided_at(request: Request) -> int | None:
    """When people decided it; None where nobody has, or nobody was asked, or its requester broke the glass."""
    if request.version is None or not request.version.route.asks or request.broken is not None:
        return None
    return request.closed_at if request.state is State.REJECTED else request.approved_at


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands in tables of their own: votes and fired steps of the current version, all the others."""

    votes: tuple[Vote, ...] = ()
    fired: tuple[Fired, ...] = ()
    remarks: tuple[Remark, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    breaks: tuple[Break, ...] = ()


def request_of(row: Row, version: Version | None, parts: Parts, seal: Seal) -> Request:
    return Request(
        id=row["id"],
        state=State(row["state"]),
        asker=Asker(row["person"], row["client"], row["owner"], row["acts_for"]),
        via=row["via"],
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        revision=row["revision"],
        words=None if row["words"] is None else _untext(seal.open(row["words"], "requests.words", row["id"])),
        draft=None if row["draft"] is None else _draft_of(seal.open(row["draft"], "requests.draft", row["id"])),
        version=version,
        stage=row["stage"],
        stage_at=row["stage_at"],
        votes=parts.votes,
        fired=parts.fired,
        remarks=parts.remarks,
        held=None if row["held_from"] is None else (row["held_from"], row["held_until"]),
        approved_at=row["approved_at"],
        run_by=row["run_by"],
        waits_for_release=bool(row["waits_for_release"]),
        released_at=row["released_at"],
        again_by=row["again_by"],
        attempts=parts.attempts,
        breaks=parts.breaks,
        closed_at=row["closed_at"],
        reason=row["reason"],
        batch=row["batch"],
        undo_of=row["undo_of"],
        undone_by=row["undone_by"],
        context=json.loads(row["context_json"]),
        fingerprint=row["fingerprint"],
    )


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _untext(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _draft(draft: Draft) -> bytes:
    return dump(asdict(draft)).encode()


def _draft_of(data: bytes) -> Draft:
    fields = json.loads(data)
    problems = tuple(Problem(**problem) for problem in fields["problems"])
    return Draft(**{**fields, "plan": _plan_of(fields["plan"]), "problems": problems})


def _plan_of(fields: Row) -> Plan:
    lists = {key: tuple(fields[key]) for key in ("steps", "warnings", "flags")}
    return Plan(**{**fields, **lists})


# ── versions ────────────────────────────────────────────────────────────────────────────────────────────────────


def version_row(request_id: str, version: Version, seal: Seal) -> Row:
    """With sensitive parameters the snapshot, its salt and the preview are sealed: nothing to guess them by is left."""
    action = version.action

    def keep(value: bytes, column: str) -> bytes:
        return seal.close(value, column, request_id, version.number) if action.sensitive else plain(value)

    return {
        "request_id": request_id,
        "number": version.number,
        "snapshot": keep(version.snapshot, "versions.snapshot"),
        "salt": keep(version.salt.encode(), "versions.salt"),
        "digest": version.digest,
        "args_shown_json": dump(action.masked(version.args)),
        "risk": version.risk.value,
        "raised_by_json": dump(version.raised_by),
        "plan_json": dump(asdict(version.plan)),
        "basis_json": dump(dict(version.basis)),
        "made_at": version.made_at,
        "fits": version.fits,
        "editor": version.editor,
        "editor_may_approve": version.editor_may_approve,
        "preview": keep(dump(asdict(version.preview)).encode(), "versions.preview") if version.preview else None,
    }


def version_of(row: Row, request_id: str, seal: Seal) -> Version:
    def kept(column: str) -> bytes:
        return seal.read(row[column], f"versions.{column}", request_id, row["number"])

    return Version.read(
        kept("snapshot"),
        salt=kept("salt").decode(),
        digest=row["digest"],
        risk=Risk(row["risk"]),
        raised_by=tuple(json.loads(row["raised_by_json"])),
        plan=_plan_of(json.loads(row["plan_json"])),
        basis=json.loads(row["basis_json"]),
        made_at=row["made_at"],
        fits=bool(row["fits"]),
        editor=row["editor"],
        editor_may_approve=bool(row["editor_may_approve"]),
        preview=Preview(**json.loads(kept("preview"))) if row["preview"] else None,
    )


# ── what hangs on them ──────────────────────────────────────────────────────────────────────────────────────────


def vote_row(request_id: str, ordinal: int, vote: Vote) -> Row:
    return {
        "request_id": request_id,
        "version": vote.version,
        "ordinal": ordinal,
        "stage": vote.stage,
        "person": vote.person,
        "approve": vote.approve,
        "at": vote.at,
        "digest": vote.digest,
        "meets_json": dump(vote.meets),
        "reason": storable(vote.reason),
        "via": vote.via,
    }


def vote_of(row: Row) -> Vote:
    return Vote(
        version=row["version"],
        stage=row["stage"],
        person=row["person"],
        approve=bool(row["approve"]),
        at=row["at"],
        digest=row["digest"],
        meets=tuple(json.loads(row["meets_json"])),
        reason=row["reason"],
        via=row["via"],
    )


def fired_row(request_id: str, ordinal: int, fired: Fired) -> Row:
    return {
        "request_id": request_id,
        "version": fired.version,
        "ordinal": ordinal,
        "stage": fired.stage,
        "kind": fired.kind,
        "index": fired.index,
        "loop": fired.loop,
        "at": fired.at,
        "people_json": dump(fired.people),
    }


def fired_of(row: Row) -> Fired:
    return Fired(
        version=row["version"],
        stage=row["stage"],
        kind=row["kind"],
        index=row["index"],
        loop=row["loop"],
        at=row["at"],
        people=tuple(json.loads(row["people_json"])),
    )


def remark_row(request_id: str, ordinal: int, remark: Remark) -> Row:
    return {
        "request_id": request_id,
        "ordinal": ordinal,
        "kind": remark.kind,
        "by": remark.by,
        "text": storable(remark.text),
        "at": remark.at,
    }


def remark_of(row: Row) -> Remark:
    return Remark(kind=row["kind"], by=row["by"], text=row["text"], at=row["at"])


def attempt_row(request_id: str, attempt: Attempt, seal: Seal) -> Row:
    """What a run answered may repeat what it was given: it is always sealed."""
    result = None
    if attempt.result is not None:
        result = seal.close(dump(attempt.result).encode(), "attempts.result", request_id, attempt.number)
    return {
        "request_id": request_id,
        "number": attempt.number,
        "started_at": attempt.started_at,
        "lease_until": attempt.lease_until,
        "ended_at": attempt.ended_at,
        "ending": attempt.ending.value if attempt.ending else None,
        "summary": storable(attempt.summary),
        "result": result,
        "progress": storable(attempt.progress),
    }


def attempt_of(row: Row, request_id: str, seal: Seal) -> Attempt:
    result = row["result"]
    if result is not None:
        result = json.loads(seal.open(result, "attempts.result", request_id, row["number"]))
    return Attempt(
        number=row["number"],
        started_at=row["started_at"],
        lease_until=row["lease_until"],
        ended_at=row["ended_at"],
        ending=Ending(row["ending"]) if row["ending"] else None,
        summary=row["summary"],
        result=result,
        progress=row["progress"],
    )
