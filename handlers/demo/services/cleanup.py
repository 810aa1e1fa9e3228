"""The sample database, and `cleanup`, the program that deletes old rows of it.

    python -m handlers.demo.services.cleanup --table=events --before=2025-01-01 --database=/path/demo.db [--dry-run]

Exit code 0 when it is done, 2 where an argument is wrong, 1 where the database cannot be used. What was deleted is
written down in the same transaction.
"""

import argparse
import datetime
import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from handlers.demo.services.records import Effect, now

TABLES = {"events": 5_000, "sessions": 800}  # name → rows of the sample
_FIRST_DAY = datetime.date(2022, 1, 1)
_SPAN = 1_780  # days
_COUNT = {table: f"SELECT count(*) FROM {table} WHERE day < ?" for table in TABLES}  # noqa: S608 (names of ours)
_BY_YEAR = {
    table: f"SELECT substr(day, 1, 4), count(*) FROM {table} WHERE day < ? GROUP BY 1 ORDER BY 1"  # noqa: S608
    for table in TABLES
}
_ALL = {table: f"SELECT count(*) FROM {table}" for table in TABLES}  # noqa: S608
_DELETE = {table: f"DELETE FROM {table} WHERE day < ?" for table in TABLES}  # noqa: S608


def prepare(database: Path) -> None:
    """Make the sample database where there is none yet: the same rows each time."""
    if database.exists():
        return
    fresh = database.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as connection, connection:
        connection.execute("CREATE TABLE deleted (at TEXT, tab TEXT, before TEXT, amount INTEGER, key TEXT)")
        for table, many in TABLES.items():
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, day TEXT NOT NULL, what TEXT NOT NULL)")
            connection.executemany(
                f"INSERT INTO {table} (day, what) VALUES (?, ?)",  # noqa: S608
                [
                    ((_FIRST_DAY + datetime.timedelta(days=at * _SPAN // many)).isoformat(), f"{table} {at}")
                    for at in range(many)
                ],
            )
    fresh.replace(database)


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(_ALL[table]).fetchone()[0])


def effects(database: Path) -> list[Effect]:
    """What was deleted, in the shape of `records.Effect`."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT rowid, at, tab, before, amount FROM deleted ORDER BY rowid").fetchall()
    return [
        {
            "service": "database",
            "id": f"dl_{number:04}",
            "what": f"Deleted {amount:,} rows of {table} older than {before}",
            "at": at,
            "details": {"table": table, "before": before, "rows": amount},
        }
        for number, at, table, before, amount in rows
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    if not asked.database.exists():
        print(f"cleanup: there is no database {asked.database}", file=sys.stderr)
        return 1
    try:
        with closing(sqlite3.connect(asked.database, timeout=5)) as connection, connection:
            _tell(connection, asked.table, asked.before) if asked.dry_run else _delete(
                connection, asked.table, asked.before
            )
    except sqlite3.Error as error:
        print(f"cleanup: {asked.database}: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "cleanup", description="Delete old rows of the sample database.", allow_abbrev=False
    )
    parser.add_argument("--table", required=True, choices=TABLES)
    parser.add_argument("--before", required=True, type=datetime.date.fromisoformat, help="YYYY-MM-DD")
    parser.add_argument("--database", required=True, type=Path)
    parser.add_argument("--dry-run", action="store_true", help="tell what would be deleted, and delete nothing")
    return parser.parse_args(arguments)


def _tell(connection: sqlite3.Connection, table: str, before: datetime.date) -> None:
    (many,) = connection.execute(_COUNT[table], (before.isoformat(),)).fetchone()
    (total,) = connection.execute(_ALL[table]).fetchone()
    print(f"Would delete {many:,} of {total:,} rows of {table} older than {before}.")
    for year, rows in connection.execute(_BY_YEAR[table], (before.isoformat(),)):
        print(f"  {year}: {rows:,}")


def _delete(connection: sqlite3.Connection, table: str, before: datetime.date) -> None:
    many = connection.execute(_DELETE[table], (before.isoformat(),)).rowcount
    key = os.environ.get("SIGNOFF_IDEMPOTENCY_KEY", "")
    connection.execute("INSERT INTO deleted VALUES (?, ?, ?, ?, ?)", (now(), table, before.isoformat(), many, key))
    print(f"Deleted {many:,} rows of {table} older than {before}.")


if __name__ == "__main__":
    sys.exit(main())
