"""Payments that the provider is asked about again, and the events of providers that were booked."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0019"
down_revision = "0018"

_STATEMENTS = [
    "ALTER TABLE payments ADD COLUMN asked_at timestamptz",
    "CREATE INDEX ix_payments_anywhere ON payments (payment_intent_id) WHERE payment_intent_id IS NOT NULL",
    "DROP INDEX ix_payments_processing",
    """
    CREATE INDEX ix_payments_open ON payments (created_at)
        WHERE status IN ('processing', 'requires_action', 'requires_payment_method', 'failed')
    """,
    "CREATE INDEX ix_payment_refunds_open ON payment_refunds (asked_at) WHERE status IN ('asked', 'unanswered')",
    """
    CREATE TABLE payment_news (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        event_id text NOT NULL,
        kind text NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT pk_payment_news PRIMARY KEY (tenant_id, livemode, event_id)
    )
    """,
    "CREATE INDEX ix_payment_news_received ON payment_news (tenant_id, livemode, received_at)",
    *isolation("payment_news"),
]


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
