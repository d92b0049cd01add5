"""CSV files between the steps of an import."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0025"
down_revision = "0024"

_STATEMENTS = [
    """
    CREATE TABLE imports (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        entity text NOT NULL,
        status text NOT NULL,
        filename text NOT NULL,
        content bytea,
        form jsonb NOT NULL,
        mapping jsonb,
        row_count integer NOT NULL,
        valid_rows integer,
        error_rows integer,
        skip_invalid boolean,
        processed integer NOT NULL,
        imported integer NOT NULL,
        skipped integer NOT NULL,
        expires_at timestamptz NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_imports PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE INDEX ix_imports_expires ON imports (expires_at)",
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *isolation("imports")]:
        op.execute(statement)
