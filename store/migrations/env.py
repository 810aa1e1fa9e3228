"""Run by Alembic on the connection that `store.migrate` hands over, inside the transaction that stands open there."""

from alembic import context

from store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
