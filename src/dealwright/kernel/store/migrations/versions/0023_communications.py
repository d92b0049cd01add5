"""The history of communications, Twilio accounts of workspaces, and reports about content security policies."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0023"
down_revision = "0022"

_TABLES = [
    """
    CREATE TABLE communications (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        channel text NOT NULL,
        direction text NOT NULL,
        status text NOT NULL,
        provider_id text,
        content bytea NOT NULL,
        customer_id uuid,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_communications PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_communications_provider ON communications (tenant_id, livemode, provider_id)
        WHERE provider_id IS NOT NULL
    """,
    """
    CREATE TABLE twilio_accounts (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        account_sid text NOT NULL,
        token bytea NOT NULL,
        phone_number text,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_twilio_accounts PRIMARY KEY (tenant_id, livemode)
    )
    """,
    "CREATE INDEX ix_twilio_accounts_account ON twilio_accounts (account_sid)",
    """
    CREATE TABLE csp_windows (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        started_at timestamptz NOT NULL,
        reports integer NOT NULL,
        announced boolean NOT NULL,
        CONSTRAINT pk_csp_windows PRIMARY KEY (tenant_id, livemode, started_at)
    )
    """,
]


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    for table in ("communications", "twilio_accounts", "csp_windows"):
        for statement in isolation(table):
            op.execute(statement)
