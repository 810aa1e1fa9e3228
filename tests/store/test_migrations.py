"""A migrated database is the same as a fresh one, and a newer one is not touched."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from store import StoreError, migrate, open_trail
from store.schema import metadata
from tests.store.conftest import Database
from tests.store.values import submit


def schema_of(file: Path) -> dict[str, str]:
    """Every table and index, its words in one order: the constraints of a table may stand in any."""
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sorted(re.split(r"[\s,]+", sql))) for name, sql in rows if "alembic" not in name}


async def test_a_migrated_schema_is_the_fresh_one(database: Database, tmp_path: Path) -> None:
    async with database.open():
        pass
    fresh = tmp_path / "fresh.db"
    engine = create_engine(f"sqlite:///{fresh}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema_of(database.file) == schema_of(fresh)


async def test_alembic_sees_no_difference_either(database: Database) -> None:
    async with database.open():
        pass
    engine = create_engine(database.url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_no_migration_leans_on_the_schema_of_today() -> None:
    for file in (migrate.MIGRATIONS / "versions").glob("[0-9]*.py"):
        text = file.read_text()
        assert "create_all" not in text
        assert "store" not in text


async def test_a_database_of_a_newer_signoff_is_not_touched(database: Database) -> None:
    async with database.open() as store:
        await store.transact([], submit("req_1"))
    with closing(sqlite3.connect(database.file)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    expected = r"signoff\.db was written by a newer Signoff \(revision 9999\); upgrade Signoff or restore the backup"
    with pytest.raises(StoreError, match=expected):
        async with database.open():
            pytest.fail("opened")
    with pytest.raises(StoreError, match="is at revision 9999"):
        async with open_trail(database.url):
            pytest.fail("opened")
    with closing(sqlite3.connect(database.file)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
        assert raw.execute("SELECT count(*) FROM requests").fetchall() == [(1,)]


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    (broken / "versions").mkdir(parents=True)
    (broken / "env.py").write_text((migrate.MIGRATIONS / "env.py").read_text())
    (broken / "versions" / "0001.py").write_text(
        "from alembic import op\nrevision, down_revision = '0001', None\n"
        "def upgrade():\n    op.execute('CREATE TABLE first (a)')\n    op.execute('nonsense')\n"
    )
    monkeypatch.setattr(migrate, "MIGRATIONS", broken)
    with pytest.raises(Exception, match="nonsense"):
        async with database.open():
            pytest.fail("opened")
    with closing(sqlite3.connect(database.file)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []
    monkeypatch.undo()
    async with database.open() as store:
        await store.transact([], submit("req_1"))


async def test_opening_again_changes_nothing(database: Database) -> None:
    async with database.open() as store:
        await store.transact([], submit("req_1"))
    before = schema_of(database.file)
    async with database.open() as store:
        assert [row.id for row in await store.pending(9)] == ["req_1"]
    assert schema_of(database.file) == before
