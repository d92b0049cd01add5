"""Resource subscriptions of MCP clients."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE mcp_subscriptions (
            tenant_id uuid NOT NULL,
            livemode boolean NOT NULL,
            key_id text NOT NULL,
            uri text NOT NULL,
            position bigint NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_mcp_subscriptions PRIMARY KEY (tenant_id, livemode, key_id, uri)
        )
        """
    )
    for statement in isolation("mcp_subscriptions"):
        op.execute(statement)
