"""Payments whose outcome is not known are looked for across all workspaces."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_payments_processing ON payments (id) WHERE status = 'processing'")
