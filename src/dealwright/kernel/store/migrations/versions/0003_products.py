"""Products, with their search index."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.search import searching
from dealwright.kernel.store.tables import isolation

revision = "0003"
down_revision = "0002"

_STATEMENTS = [
    """
    CREATE TABLE products (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        description text,
        sku text,
        type text NOT NULL,
        price numeric(19, 4) NOT NULL,
        price_type text NOT NULL,
        billing_cycle text,
        pricing_model text NOT NULL,
        cost numeric(19, 4),
        unit text,
        tax_rate numeric(7, 6),
        category text,
        family_id text,
        status text NOT NULL,
        stock_quantity integer,
        track_inventory boolean NOT NULL,
        low_stock_threshold integer,
        metadata jsonb,
        configuration_schema jsonb,
        requires_booking boolean NOT NULL,
        session_duration integer,
        buffer_time integer,
        max_advance_days integer NOT NULL,
        min_advance_hours integer NOT NULL,
        allow_staff_selection boolean NOT NULL,
        learn_more_url text,
        features text[] NOT NULL,
        search bytea[] NOT NULL,
        deleted_at timestamptz,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_products PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE INDEX ix_products_updated ON products (tenant_id, livemode, updated_at, id)",
    "CREATE INDEX ix_products_status ON products (tenant_id, livemode, status, id)",
    "CREATE INDEX ix_products_type ON products (tenant_id, livemode, type, id)",
    "CREATE INDEX ix_products_category ON products (tenant_id, livemode, category, id) WHERE category IS NOT NULL",
    "CREATE INDEX ix_products_family ON products (tenant_id, livemode, family_id, id) WHERE family_id IS NOT NULL",
    "CREATE INDEX ix_products_bookable ON products (tenant_id, livemode, id) WHERE requires_booking",
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *searching("products"), *isolation("products")]:
        op.execute(statement)
