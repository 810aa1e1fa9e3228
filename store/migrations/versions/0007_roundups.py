"""Where a version's card stands: in a message of its own, or listed in a roundup."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "roundups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("aim", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("reminded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roundups")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_roundups_channel_ts")),
    )
    op.create_index("ix_roundups_aim_opened_at", "roundups", ["aim", "opened_at"], unique=False)
    op.create_table(
        "placings",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("aim", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("roundup", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_placings_request_id")),
        sa.ForeignKeyConstraint(["roundup"], ["roundups.id"], name=op.f("fk_placings_roundup")),
        sa.PrimaryKeyConstraint("request_id", "version", name=op.f("pk_placings")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_placings_aim_at", "placings", ["aim", "at"], unique=False)
    op.create_index("ix_placings_roundup", "placings", ["roundup"], unique=False)
