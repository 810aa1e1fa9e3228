"""Break-glass: what was run without approval, and what a second person said of it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("requests", sa.Column("broken_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "breaks",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("review_by", sa.BigInteger(), nullable=False),
        sa.Column("skipped_json", sa.Text(), nullable=False),
        sa.Column("uncounted", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_breaks_request_id")),
        sa.PrimaryKeyConstraint("request_id", "version", name=op.f("pk_breaks")),
    )
    open_ones = sa.text("reviewed_at IS NULL")
    op.create_index("ix_breaks_at", "breaks", ["at"], sqlite_where=open_ones, postgresql_where=open_ones)
    op.create_table(
        "looks",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("fine", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_looks_request_id")),
        sa.PrimaryKeyConstraint("request_id", "version", "ordinal", name=op.f("pk_looks")),
    )
