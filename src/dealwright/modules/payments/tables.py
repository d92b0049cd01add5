"""Payments of deals and what was paid back of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, Uuid, text

from dealwright.kernel.store.tables import instant, metadata, money_column, tenant_table

payments: Final = tenant_table(
    "payments",
    Column("deal_id", Uuid, nullable=False),
    Column("method", Text, nullable=False),
    Column("payment_intent_id", Text),
    Column("payment_method", Text),
    Column("status", Text, nullable=False),
    Column("failure_reason", Text),
    Column("attempts", Integer, nullable=False),
    money_column("amount"),
    money_column("amount_refunded"),
    Column("currency", Text, nullable=False),
    instant("paid_at", nullable=True),
    Column("capture_later", Boolean, nullable=False, server_default=text("false")),
    instant("asked_at", nullable=True),
)
"""``capture_later``: the money is held for whoever asked for that (:mod:`dealwright.modules.payments.holds`).
``asked_at``: when the provider was last asked by the schedule."""

Index("ix_payments_deal", payments.c.tenant_id, payments.c.livemode, payments.c.deal_id, payments.c.id)
Index(
    "uq_payments_intent",
    payments.c.tenant_id,
    payments.c.livemode,
    payments.c.payment_intent_id,
    unique=True,
    postgresql_where=payments.c.payment_intent_id.is_not(None),
)

Index(
    "ix_payments_anywhere",
    payments.c.payment_intent_id,
    postgresql_where=payments.c.payment_intent_id.is_not(None),
)

Index(
    "ix_payments_open",
    payments.c.created_at,
    postgresql_where=payments.c.status.in_(("processing", "requires_action", "requires_payment_method", "failed")),
)

Index(
    "ix_payments_paid",
    payments.c.tenant_id,
    payments.c.livemode,
    payments.c.paid_at,
    postgresql_where=payments.c.paid_at.is_not(None),
)

payment_refunds: Final = tenant_table(
    "payment_refunds",
    Column("payment_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("provider_refund_id", Text),
    money_column("amount"),
    Column("reason", Text),
    Column("failure_reason", Text),
    instant("asked_at"),
)

Index(
    "ix_payment_refunds_payment",
    payment_refunds.c.tenant_id,
    payment_refunds.c.livemode,
    payment_refunds.c.payment_id,
    payment_refunds.c.id,
)
Index(
    "uq_payment_refunds_provider",
    payment_refunds.c.tenant_id,
    payment_refunds.c.livemode,
    payment_refunds.c.provider_refund_id,
    unique=True,
    postgresql_where=payment_refunds.c.provider_refund_id.is_not(None),
)

Index(
    "ix_payment_refunds_open",
    payment_refunds.c.asked_at,
    postgresql_where=payment_refunds.c.status.in_(("asked", "unanswered")),
)

payment_news: Final = Table(
    "payment_news",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    instant("received_at"),
    info={"isolation": "tenant_and_mode"},
)
"""The events of providers that were booked, so that one that comes again is known."""

Index("ix_payment_news_received", payment_news.c.tenant_id, payment_news.c.livemode, payment_news.c.received_at)
