"""Escrows, and payments whose money is held and taken later."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0017"
down_revision = "0016"

_LIVE = "status IN ('pending', 'held', 'releasing', 'refunding')"
_STATEMENTS = [
    "ALTER TABLE payments ADD COLUMN capture_later boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE escrows (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        deal_id uuid NOT NULL,
        payment_id uuid NOT NULL,
        spare_payment_id uuid,
        status text NOT NULL,
        amount numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        conditions jsonb NOT NULL,
        refund_reason text,
        failure_reason text,
        expires_at timestamptz NOT NULL,
        hold_expires_at timestamptz,
        asked_at timestamptz,
        renewed_at timestamptz,
        ended_at timestamptz,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_escrows PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_escrows_deal FOREIGN KEY (tenant_id, livemode, deal_id)
            REFERENCES deals (tenant_id, livemode, id),
        CONSTRAINT fk_escrows_payment FOREIGN KEY (tenant_id, livemode, payment_id)
            REFERENCES payments (tenant_id, livemode, id),
        CONSTRAINT fk_escrows_spare FOREIGN KEY (tenant_id, livemode, spare_payment_id)
            REFERENCES payments (tenant_id, livemode, id),
        CONSTRAINT ck_escrows_amount CHECK (amount > 0)
    )
    """,
    "CREATE INDEX ix_escrows_deal ON escrows (tenant_id, livemode, deal_id, id)",
    f"CREATE UNIQUE INDEX uq_escrows_live ON escrows (tenant_id, livemode, deal_id) WHERE {_LIVE}",
    "CREATE INDEX ix_escrows_payment ON escrows (tenant_id, livemode, payment_id)",
    f"CREATE INDEX ix_escrows_watched ON escrows (expires_at) WHERE {_LIVE}",
    "CREATE INDEX ix_escrows_spare ON escrows (updated_at) WHERE spare_payment_id IS NOT NULL",
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *isolation("escrows")]:
        op.execute(statement)
