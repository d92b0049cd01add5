"""Revenue by day is found by the time of payment."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_payments_paid ON payments (tenant_id, livemode, paid_at) WHERE paid_at IS NOT NULL")
