"""Who is away, and by what mark pending requests are looked through."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("delegate", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_absences")),
        sqlite_with_rowid=False,
    )
    op.add_column("requests", sa.Column("mark", sa.Text(), nullable=True))
    there = sa.text("mark IS NOT NULL")
    op.create_index("ix_requests_mark_n", "requests", ["mark", "n"], sqlite_where=there, postgresql_where=there)
    op.execute("UPDATE requests SET mark = '?' WHERE state = 'pending'")  # each is looked at for itself
