"""Deals and their line items."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, Numeric, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.search import search_column, search_index
from dealwright.kernel.store.tables import instant, money_column, tenant_table

deals: Final = tenant_table(
    "deals",
    Column("number", BigInteger, Identity(), nullable=False),
    Column("customer_id", Uuid),
    Column("title", Text),
    Column("description", Text),
    Column("notes", Text),
    Column("status", Text, nullable=False),
    Column("payment_status", Text, nullable=False),
    Column("contract_status", Text),
    Column("deal_type", Text, nullable=False),
    Column("billing_cycle", Text),
    Column("currency", Text, nullable=False),
    Column("presentation_currency", Text),
    Column("settlement_currency", Text),
    Column("tax_rate", Numeric(9, 6), nullable=False),
    Column("discounts", JSONB, nullable=False),
    money_column("subtotal"),
    money_column("discount_total"),
    money_column("tax_amount"),
    money_column("total"),
    money_column("amount_paid"),
    money_column("amount_refunded"),
    Column("terms", JSONB),
    Column("metadata", JSONB),
    Column("outcome", JSONB),
    Column("template_id", Uuid),
    search_column(),
    instant("expires_at", nullable=True),
    instant("signed_at", nullable=True),
    instant("closed_at", nullable=True),
    instant("fulfilled_at", nullable=True),
)

Index("ix_deals_updated", deals.c.tenant_id, deals.c.livemode, deals.c.updated_at, deals.c.id)
Index("ix_deals_status", deals.c.tenant_id, deals.c.livemode, deals.c.status, deals.c.id)
Index("ix_deals_customer", deals.c.tenant_id, deals.c.livemode, deals.c.customer_id, deals.c.id)
search_index(deals)
Index(
    "ix_deals_expiry",
    deals.c.expires_at,
    postgresql_where=deals.c.expires_at.is_not(None) & deals.c.status.not_in(["closed", "cancelled", "expired"]),
)

deal_items: Final = tenant_table(
    "deal_items",
    Column("deal_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    money_column("unit_price"),
    money_column("discount"),
    money_column("line_total"),
    Column("options", JSONB),
    Column("configuration", JSONB),
    Column("accepted", Boolean),
    versioned=False,
)

Index("ix_deal_items_deal", deal_items.c.tenant_id, deal_items.c.livemode, deal_items.c.deal_id, deal_items.c.id)
Index("ix_deal_items_product", deal_items.c.tenant_id, deal_items.c.livemode, deal_items.c.product_id)

deal_templates: Final = tenant_table(
    "deal_templates",
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("category", Text),
    Column("status", Text, nullable=False),
    Column("default_terms", JSONB, nullable=False),
    Column("line_items", JSONB, nullable=False),
    Column("metadata", JSONB, nullable=False),
    search_column(),
)

search_index(deal_templates)
