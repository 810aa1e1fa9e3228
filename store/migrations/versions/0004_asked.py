"""Count quickly what a requester or a client has open, and what they asked for lately."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_requests_asker_state", "requests", ["asker", "state"], unique=False)
    op.create_index("ix_requests_client_state", "requests", ["client", "state"], unique=False)
    op.create_index("ix_requests_client_made_at", "requests", ["client", "made_at"], unique=False)
