"""Participants of deals, settlements, and the payouts of the sandbox gateway."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0022"
down_revision = "0021"

_HEAD = """
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,"""
_TAIL = """
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,"""
_STATEMENTS = [
    "ALTER TABLE deals ADD COLUMN fulfilled_at timestamptz",
    f"""
    CREATE TABLE deal_participants ({_HEAD}
        deal_id uuid NOT NULL,
        agent_id text,
        user_id text,
        role text NOT NULL,
        revenue_share numeric(7, 4) NOT NULL,
        scope jsonb NOT NULL,
        status text NOT NULL,
        accepted_at timestamptz,
        completed_at timestamptz,
        withdrawn_at timestamptz,{_TAIL}
        CONSTRAINT pk_deal_participants PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_deal_participants_deal FOREIGN KEY (tenant_id, livemode, deal_id)
            REFERENCES deals (tenant_id, livemode, id),
        CONSTRAINT ck_deal_participants_share CHECK (revenue_share >= 0 AND revenue_share <= 100),
        CONSTRAINT ck_deal_participants_who CHECK ((agent_id IS NULL) <> (user_id IS NULL))
    )
    """,
    "CREATE INDEX ix_deal_participants_deal ON deal_participants (tenant_id, livemode, deal_id, id)",
    """
    CREATE UNIQUE INDEX uq_deal_participants_agent ON deal_participants (tenant_id, livemode, deal_id, agent_id)
        WHERE status <> 'withdrawn'
    """,
    """
    CREATE UNIQUE INDEX uq_deal_participants_user ON deal_participants (tenant_id, livemode, deal_id, user_id)
        WHERE status <> 'withdrawn'
    """,
    """
    CREATE UNIQUE INDEX uq_deal_participants_primary ON deal_participants (tenant_id, livemode, deal_id)
        WHERE status <> 'withdrawn' AND role = 'primary_agent'
    """,
    f"""
    CREATE TABLE settlements ({_HEAD}
        deal_id uuid NOT NULL,
        status text NOT NULL,
        round integer NOT NULL,
        total numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        failure_reason text,
        ended_at timestamptz,{_TAIL}
        CONSTRAINT pk_settlements PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_settlements_deal FOREIGN KEY (tenant_id, livemode, deal_id)
            REFERENCES deals (tenant_id, livemode, id)
    )
    """,
    "CREATE UNIQUE INDEX uq_settlements_deal ON settlements (tenant_id, livemode, deal_id)",
    "CREATE INDEX ix_settlements_open ON settlements (updated_at) WHERE status IN ('executing', 'compensating')",
    f"""
    CREATE TABLE settlement_legs ({_HEAD}
        settlement_id uuid NOT NULL,
        participant_id uuid,
        destination text,
        role text NOT NULL,
        share_percent numeric(7, 4) NOT NULL,
        amount numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        status text NOT NULL,
        attempts integer NOT NULL,
        transfer_id text,
        failure_reason text,
        settled_at timestamptz,{_TAIL}
        CONSTRAINT pk_settlement_legs PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_settlement_legs_settlement FOREIGN KEY (tenant_id, livemode, settlement_id)
            REFERENCES settlements (tenant_id, livemode, id),
        CONSTRAINT ck_settlement_legs_amount CHECK (amount >= 0)
    )
    """,
    """
    CREATE INDEX ix_settlement_legs_settlement ON settlement_legs (tenant_id, livemode, settlement_id, id)
    """,
    f"""
    CREATE TABLE sandbox_transfers ({_HEAD}
        idempotency_key text NOT NULL,
        destination text NOT NULL,
        amount numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        status text NOT NULL,
        asked integer NOT NULL,
        metadata jsonb NOT NULL,{_TAIL}
        CONSTRAINT pk_sandbox_transfers PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE UNIQUE INDEX uq_sandbox_transfers_key ON sandbox_transfers (tenant_id, livemode, idempotency_key)",
    "CREATE INDEX ix_sandbox_transfers_destination ON sandbox_transfers (tenant_id, livemode, destination)",
]


def upgrade() -> None:
    tables = ("deal_participants", "settlements", "settlement_legs", "sandbox_transfers")
    for statement in [*_STATEMENTS, *(rule for table in tables for rule in isolation(table))]:
        op.execute(statement)
