"""The products table, with an index behind every filter of its list."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from dealwright.kernel.store.search import search_column, search_index
from dealwright.kernel.store.tables import instant, money_column, tenant_table

products: Final = tenant_table(
    "products",
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("sku", Text),
    Column("type", Text, nullable=False),
    money_column("price"),
    Column("price_type", Text, nullable=False),
    Column("billing_cycle", Text),
    Column("pricing_model", Text, nullable=False),
    money_column("cost", nullable=True),
    Column("unit", Text),
    Column("tax_rate", Numeric(7, 6)),
    Column("category", Text),
    Column("family_id", Text),
    Column("status", Text, nullable=False),
    Column("stock_quantity", Integer),
    Column("track_inventory", Boolean, nullable=False),
    Column("low_stock_threshold", Integer),
    Column("metadata", JSONB),
    Column("configuration_schema", JSONB),
    Column("requires_booking", Boolean, nullable=False),
    Column("session_duration", Integer),
    Column("buffer_time", Integer),
    Column("max_advance_days", Integer, nullable=False),
    Column("min_advance_hours", Integer, nullable=False),
    Column("allow_staff_selection", Boolean, nullable=False),
    Column("learn_more_url", Text),
    Column("features", ARRAY(Text), nullable=False),
    search_column(),
    instant("deleted_at", nullable=True),
)

_head: Final = (products.c.tenant_id, products.c.livemode)
Index("ix_products_updated", *_head, products.c.updated_at, products.c.id)
Index("ix_products_status", *_head, products.c.status, products.c.id)
Index("ix_products_type", *_head, products.c.type, products.c.id)
Index(
    "ix_products_category",
    *_head,
    products.c.category,
    products.c.id,
    postgresql_where=products.c.category.is_not(None),
)
Index(
    "ix_products_family",
    *_head,
    products.c.family_id,
    products.c.id,
    postgresql_where=products.c.family_id.is_not(None),
)
Index("ix_products_bookable", *_head, products.c.id, postgresql_where=products.c.requires_booking)
search_index(products)
