"""The customers table: personal data sealed in one value, tokens to find it by, and the little that may be read."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Text

from dealwright.kernel.store.search import search_column, search_index
from dealwright.kernel.store.tables import instant, tenant_table

customers: Final = tenant_table(
    "customers",
    Column("sealed", LargeBinary, nullable=False),
    search_column(),
    Column("email_token", LargeBinary),
    Column("company", Text),
    Column("country", Text),
    Column("status", Text, nullable=False),
    instant("deleted_at", nullable=True),
)

Index("ix_customers_updated", customers.c.tenant_id, customers.c.livemode, customers.c.updated_at, customers.c.id)
search_index(customers)
Index(
    "uq_customers_email",
    customers.c.tenant_id,
    customers.c.livemode,
    customers.c.email_token,
    unique=True,
    postgresql_where=customers.c.deleted_at.is_(None),
)
