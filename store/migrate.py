"""The schema of a database brought to the one this program knows."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from store.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
_log = logging.getLogger("signoff.store")


def known() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def head() -> str:
    """The revision of this program."""
    return known().get_current_head() or ""


def revision(connection: Connection) -> str | None:
    """The revision of the database; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def must_be_ours(connection: Connection, name: str) -> None:
    """StoreError unless the database is at this program's revision."""
    if (found := revision(connection)) != head():
        raise StoreError(
            f"{name} is at revision {found}, this Signoff knows {head()}; start Signoff on it once, or upgrade"
        )


def upgrade(connection: Connection, name: str) -> None:
    """Create the tables of an empty database, or bring an older one up to date; in the transaction that is open.

    StoreError where it belongs to a newer Signoff, or to something else.
    """
    before = revision(connection)
    ours = known()
    if before == ours.get_current_head():
        return
    if before is None and (tables := inspect(connection).get_table_names()):
        raise StoreError(f"{name} is a database of something else (it has a table {tables[0]!r}); give Signoff its own")
    if before is not None and before not in {script.revision for script in ours.walk_revisions()}:
        raise StoreError(
            f"{name} was written by a newer Signoff (revision {before}); upgrade Signoff or restore the backup"
        )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    _log.info("%s: schema brought from %s to %s", name, before or "empty", ours.get_current_head())
