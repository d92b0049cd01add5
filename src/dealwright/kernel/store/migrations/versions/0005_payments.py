"""Payments, their refunds, and the books of the sandbox gateway."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0005"
down_revision = "0004"

_STATEMENTS = [
    """
    CREATE TABLE payments (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        deal_id uuid NOT NULL,
        method text NOT NULL,
        payment_intent_id text,
        payment_method text,
        status text NOT NULL,
        failure_reason text,
        attempts integer NOT NULL,
        amount numeric(19, 4) NOT NULL,
        amount_refunded numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        paid_at timestamptz,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_payments PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_payments_deal FOREIGN KEY (tenant_id, livemode, deal_id)
            REFERENCES deals (tenant_id, livemode, id),
        CONSTRAINT ck_payments_amount CHECK (amount > 0),
        CONSTRAINT ck_payments_refunded CHECK (amount_refunded >= 0 AND amount_refunded <= amount)
    )
    """,
    "CREATE INDEX ix_payments_deal ON payments (tenant_id, livemode, deal_id, id)",
    """
    CREATE UNIQUE INDEX uq_payments_intent ON payments (tenant_id, livemode, payment_intent_id)
        WHERE payment_intent_id IS NOT NULL
    """,
    """
    CREATE TABLE payment_refunds (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        payment_id uuid NOT NULL,
        status text NOT NULL,
        provider_refund_id text,
        amount numeric(19, 4) NOT NULL,
        reason text,
        failure_reason text,
        asked_at timestamptz NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_payment_refunds PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_payment_refunds_payment FOREIGN KEY (tenant_id, livemode, payment_id)
            REFERENCES payments (tenant_id, livemode, id),
        CONSTRAINT ck_payment_refunds_amount CHECK (amount > 0)
    )
    """,
    "CREATE INDEX ix_payment_refunds_payment ON payment_refunds (tenant_id, livemode, payment_id, id)",
    """
    CREATE UNIQUE INDEX uq_payment_refunds_provider ON payment_refunds (tenant_id, livemode, provider_refund_id)
        WHERE provider_refund_id IS NOT NULL
    """,
    """
    CREATE TABLE sandbox_intents (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        idempotency_key text NOT NULL,
        client_secret text NOT NULL,
        status text NOT NULL,
        amount numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        capture_method text NOT NULL,
        metadata jsonb NOT NULL,
        payment_method text,
        settles_at timestamptz,
        declines jsonb NOT NULL,
        refunds jsonb NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_sandbox_intents PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_sandbox_intents_idempotency_key ON sandbox_intents (tenant_id, livemode, idempotency_key)
    """,
]


def upgrade() -> None:
    tables = ("payments", "payment_refunds", "sandbox_intents")
    for statement in [*_STATEMENTS, *(rule for table in tables for rule in isolation(table))]:
        op.execute(statement)
