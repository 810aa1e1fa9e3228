"""The tables, written once for SQLite and PostgreSQL.

    requests ─┬─ versions ─┬─ votes      on a version, one person once
              │            └─ fired      reminders and escalation steps that have happened
              ├─ remarks                 questions, answers, comments
              ├─ attempts
              ├─ sights                  when a person was first shown all of a version
              ├─ breaks ── looks         who broke the glass on a version, and what a second person said of it
              ├─ messages                where it is shown, by nonce
              ├─ placings                whether a version has a card of its own, or stands in one of the roundups
              └─ standing_approvals      given while looking at it, for others like it
    events                               the audit trail: exact bytes and their hash
    absences                             who is away, and who stands in
    summaries                            when each operator's next one is due
    outbox                               what is still to be done outside
    servers, reloads                     who serves; when they were asked to load their file again
    instance                             one row: who this database is, the brake, a check of the key

Times are milliseconds since the epoch. Columns named `…_json` hold JSON text; LargeBinary columns hold what
`store.seal` made, except in `events`. `requests` repeats in clear what lists and due times need (`store.views`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Counter = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only in INTEGER PRIMARY KEY


def _of_request() -> Column[str]:
    return Column("request_id", Text, ForeignKey("requests.id"), nullable=False)


requests = Table(
    "requests",
    metadata,
    Column("n", Counter, primary_key=True),  # order of arrival
    Column("id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("person", Text),
    Column("client", Text),
    Column("owner", Text),
    Column("acts_for", Text),
    Column("via", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("words", LargeBinary),
    Column("draft", LargeBinary),
    Column("number", Integer),  # of the current version
    Column("stage", Integer, nullable=False),
    Column("stage_at", BigInteger, nullable=False),
    Column("held_from", BigInteger),
    Column("held_until", BigInteger),
    Column("approved_at", BigInteger),
    Column("run_by", BigInteger),
    Column("waits_for_release", Boolean, nullable=False),
    Column("released_at", BigInteger),
    Column("again_by", Text),
    Column("closed_at", BigInteger),
    Column("reason", Text, nullable=False),
    Column("batch", Text),
    Column("undo_of", Text),
    Column("undone_by", Text),
    Column("broken_at", BigInteger),  # where it has breaks: when the last one was
    Column("context_json", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    # repeated for lists and for time
    Column("wake_at", BigInteger),
    Column("mark", Text),  # of what it waits for, and of whom: `bot.quorum.mark`
    Column("asker", Text, nullable=False),
    Column("told", Text),
    Column("action", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("risk", Text, nullable=False),
    Column("decided_at", BigInteger),
    UniqueConstraint("id"),
)
Index(
    "ix_requests_wake_at",
    requests.c.wake_at,
    sqlite_where=requests.c.wake_at.is_not(None),
    postgresql_where=requests.c.wake_at.is_not(None),
)
Index(
    "ix_requests_mark_n",
    requests.c.mark,
    requests.c.n,
    sqlite_where=requests.c.mark.is_not(None),
    postgresql_where=requests.c.mark.is_not(None),
)
Index("ix_requests_state_n", requests.c.state, requests.c.n)
Index("ix_requests_told_n", requests.c.told, requests.c.n)
Index("ix_requests_asker_made_at", requests.c.asker, requests.c.made_at)
Index("ix_requests_asker_state", requests.c.asker, requests.c.state)
Index("ix_requests_client_state", requests.c.client, requests.c.state)
Index("ix_requests_client_made_at", requests.c.client, requests.c.made_at)
Index("ix_requests_action_decided_at", requests.c.action, requests.c.decided_at)
Index("ix_requests_fingerprint", requests.c.fingerprint)
Index("ix_requests_batch", requests.c.batch)

versions = Table(
    "versions",
    metadata,
    _of_request(),
    Column("number", Integer, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    Column("args_shown_json", Text, nullable=False),  # as masked: for people who look into the tables
    Column("risk", Text, nullable=False),
    Column("raised_by_json", Text, nullable=False),
    Column("plan_json", Text, nullable=False),
    Column("basis_json", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("fits", Boolean, nullable=False),
    Column("editor", Text),
    Column("editor_may_approve", Boolean, nullable=False),
    Column("preview", LargeBinary),
    PrimaryKeyConstraint("request_id", "number"),
)

votes = Table(
    "votes",
    metadata,
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("approve", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("meets_json", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("via", Text, nullable=False),
    PrimaryKeyConstraint("request_id", "version", "person"),
    sqlite_with_rowid=False,
)

fired = Table(
    "fired",
    metadata,
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("index", Integer, nullable=False),
    Column("loop", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("people_json", Text, nullable=False),
    PrimaryKeyConstraint("request_id", "version", "stage", "kind", "index", "loop"),
    sqlite_with_rowid=False,
)

remarks = Table(
    "remarks",
    metadata,
    _of_request(),
    Column("ordinal", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("request_id", "ordinal"),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    _of_request(),
    Column("number", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ending", Text),
    Column("summary", Text, nullable=False),
    Column("result", LargeBinary),
    Column("progress", Text, nullable=False),
    PrimaryKeyConstraint("request_id", "number"),
)

breaks = Table(
    "breaks",
    metadata,
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("review_by", BigInteger, nullable=False),
    Column("skipped_json", Text, nullable=False),
    Column("uncounted", Integer, nullable=False),
    Column("reminded_at", BigInteger),
    Column("reviewed_at", BigInteger),  # repeated for the list of those that are open
    PrimaryKeyConstraint("request_id", "version"),
)
Index(
    "ix_breaks_at",
    breaks.c.at,
    sqlite_where=breaks.c.reviewed_at.is_(None),
    postgresql_where=breaks.c.reviewed_at.is_(None),
)

looks = Table(
    "looks",
    metadata,
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("fine", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("request_id", "version", "ordinal"),
)

messages = Table(
    "messages",
    metadata,
    Column("nonce", Text, primary_key=True),
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text),
    Column("ts", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("posting_since", BigInteger),
    UniqueConstraint("request_id", "version", "place", "person"),
    UniqueConstraint("channel", "ts"),
)

sights = Table(
    "sights",
    metadata,
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("asked_at", BigInteger),  # when they were last asked to look once more
    PrimaryKeyConstraint("request_id", "version", "person"),
    sqlite_with_rowid=False,
)

standing_approvals = Table(
    "standing_approvals",
    metadata,
    Column("id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("person", Text),
    Column("client", Text),
    Column("owner", Text),
    Column("acts_for", Text),
    Column("by", Text, nullable=False),
    Column("given_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("bounds_json", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("groups_json", Text, nullable=False),
    _of_request(),  # that was looked at
    Column("version", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_by", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("used <= uses", name="used"),
)
Index("ix_standing_approvals_until", standing_approvals.c.until)

roundups = Table(
    "roundups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("aim", Text, nullable=False),  # its channel as signoff.yaml names it
    Column("opened_at", BigInteger, nullable=False),
    Column("channel", Text),
    Column("ts", Text),
    Column("reminded_at", BigInteger),
    UniqueConstraint("channel", "ts"),
)
Index("ix_roundups_aim_opened_at", roundups.c.aim, roundups.c.opened_at)

summaries = Table(  # of operators, once a week
    "summaries",
    metadata,
    Column("person", Text, primary_key=True),  # empty: when to look who they are
    Column("due", BigInteger, nullable=False),
)

placings = Table(
    "placings",
    metadata,
    _of_request(),
    Column("version", Integer, nullable=False),
    Column("aim", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("roundup", Text, ForeignKey("roundups.id")),  # none: a card of its own
    PrimaryKeyConstraint("request_id", "version"),
    sqlite_with_rowid=False,
)
Index("ix_placings_aim_at", placings.c.aim, placings.c.at)
Index("ix_placings_roundup", placings.c.roundup)

events = Table(
    "events",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # the RFC 8785 bytes that are hashed
    Column("hash", LargeBinary, nullable=False),
    Column("request_id", Text, nullable=False),
)
Index("ix_events_request_id_seq", events.c.request_id, events.c.seq)

absences = Table(
    "absences",
    metadata,
    Column("person", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("delegate", Text),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("request_id", Text, nullable=False),  # empty for an effect of no request
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("data", LargeBinary),
    Column("due", BigInteger, nullable=False),  # while leased: when the lease ends
    Column("lease_until", BigInteger),
    Column("again_at", BigInteger),  # wanted once more while leased: due then
    Column("tries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("request_id", "kind", "key"),
    sqlite_autoincrement=True,  # an id is never given twice, so a late `done` cannot end another effect
)
Index("ix_outbox_kind_due", outbox.c.kind, outbox.c.due, outbox.c.id)

servers = Table(
    "servers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("heard", BigInteger, nullable=False),  # the last reload it answered
    Column("answer_json", Text),
)

reloads = Table(
    "reloads",
    metadata,
    Column("n", Counter, primary_key=True),
    Column("asked_at", BigInteger, nullable=False),
    Column("told", Boolean, nullable=False),  # people were told that it was not taken
)

instance = Table(
    "instance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),  # random, made with the database
    Column("key_check", LargeBinary, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("resumed_at", BigInteger),
    CheckConstraint("id = 1", name="one_row"),
)
