"""Each statement is written once: the same words serve both kinds of database."""

import re
from types import ModuleType

import pytest
from sqlalchemy import Dialect, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from store import absences, asked, audit, brake, messages, outbox, requests, roundups, standing, summaries, views
from store.engine import Statement
from store.schema import metadata

LITE: Dialect = pysqlite(paramstyle="qmark")
POSTGRES: Dialect = asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
MODULES: tuple[ModuleType, ...] = (
    absences,
    asked,
    audit,
    brake,
    messages,
    outbox,
    requests,
    roundups,
    standing,
    summaries,
    views,
)
STATEMENTS = [
    pytest.param(value, id=f"{module.__name__}.{name}")
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, Statement)
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_is_the_same_for_both_databases(statement: Statement) -> None:
    lite, postgres = statement.compiled(LITE), statement.compiled(POSTGRES)
    assert postgres.columns == lite.columns
    assert set(postgres.order) - set(postgres.fixed) == set(lite.order) - set(lite.fixed)
    assert lite.sql.count("?") == len(lite.order)
    assert set(re.findall(r"\$(\d+)", postgres.sql)) == {str(n + 1) for n in range(len(postgres.order))}


def test_all_were_looked_at() -> None:
    assert len(STATEMENTS) > 40


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_the_tables_can_be_made_in_postgresql(table: Table) -> None:
    made = str(CreateTable(table).compile(dialect=POSTGRES))
    assert "WITHOUT ROWID" not in made
    assert not re.search(r"\w+_at INTEGER|\bdue INTEGER|\w+_until INTEGER", made), (
        "a time in milliseconds takes 64 bits"
    )
    for index in table.indexes:
        assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=POSTGRES))
