"""The window of appointments is indexed whatever became of them: the calendar also shows what was called off."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("DROP INDEX ix_shop_appointments_window")
    op.execute("CREATE INDEX ix_shop_appointments_window ON shop_appointments (tenant_id, livemode, ends_at)")
