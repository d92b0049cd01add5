"""Customers, with their blind index."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.search import searching
from dealwright.kernel.store.tables import isolation

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
    """
    CREATE UNIQUE INDEX uq_customers_email ON customers (tenant_id, livemode, email_token) WHERE deleted_at IS NULL
    """,
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *searching("customers"), *isolation("customers")]:
        op.execute(statement)
