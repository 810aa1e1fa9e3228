"""Alembic revisions of the schema. `store.migrate` runs them; there is no alembic.ini."""
