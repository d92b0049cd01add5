"""Customers, with their blind index."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation, owned_by_system

revision = "0002"
down_revision = "0001"

_STATEMENTS = [
    """
    CREATE TABLE customers (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        sealed bytea NOT NULL,
        search bytea[] NOT NULL,
        email_token bytea,
        company text,
        country text,
        status text NOT NULL,
        deleted_at timestamptz,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_customers PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE INDEX ix_customers_updated ON customers (tenant_id, livemode, updated_at, id)",
    "CREATE INDEX ix_customers_search ON customers USING gin (search)",
    """
    CREATE UNIQUE INDEX uq_customers_email ON customers (tenant_id, livemode, email_token) WHERE deleted_at IS NULL
    """,
    # Row-level security keeps operators that are not leakproof (array containment) away from indexes. This function
    # runs past it and spells the tenant and mode of the transaction out itself.
    """
    CREATE FUNCTION customers_matching(tokens bytea[], at_most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        WITH hits AS MATERIALIZED (
            SELECT id, tenant_id, livemode FROM customers WHERE search @> tokens
        )
        SELECT id FROM hits
        WHERE tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid
          AND livemode = NULLIF(current_setting('app.livemode', true), '')::boolean
        ORDER BY id DESC LIMIT at_most
    $$
    """,
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *isolation("customers"), *owned_by_system("customers_matching(bytea[], integer)")]:
        op.execute(statement)
