"""Deal templates."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.search import searching
from dealwright.kernel.store.tables import isolation

revision = "0013"
down_revision = "0012"

_STATEMENTS = [
    """
    CREATE TABLE deal_templates (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        description text,
        category text,
        status text NOT NULL,
        default_terms jsonb NOT NULL,
        line_items jsonb NOT NULL,
        metadata jsonb NOT NULL,
        search bytea[] NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_deal_templates PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *searching("deal_templates"), *isolation("deal_templates")]:
        op.execute(statement)
