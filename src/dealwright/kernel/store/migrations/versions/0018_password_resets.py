"""Links for a new password: at most one for each person."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN reset_hash bytea, ADD COLUMN reset_expires_at timestamptz")
    op.execute("CREATE UNIQUE INDEX uq_users_reset_hash ON users (reset_hash)")
