"""Endpoints with their sealed secrets, and one row for every delivery of an event to an endpoint."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Index, Integer, LargeBinary, Text, Uuid, text

from dealwright.kernel.store.tables import instant, tenant_table

ENDPOINT: Final = "webhook"
ENDPOINT_PREFIX: Final = "wh"
DELIVERY_PREFIX: Final = "dlv"
SALESBOOTH: Final = "salesbooth"
SALESTHUMB: Final = "salesthumb"
"""The dialects: each endpoint belongs to one API, which alone shows it and whose events it gets."""

webhook_endpoints: Final = tenant_table(
    "webhook_endpoints",
    Column("dialect", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    instant("previous_secret_until", nullable=True),
    instant("circuit_opened_at", nullable=True),
    instant("circuit_until", nullable=True),
    Column("circuit_backoff", Integer),
)

webhook_deliveries: Final = tenant_table(
    "webhook_deliveries",
    Column("webhook_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("replayed", Boolean, nullable=False),
    Column("superseded", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claims", Integer, nullable=False),
    instant("next_attempt_at", nullable=True),
    Column("response_code", Integer),
    Column("error_message", Text),
    instant("last_attempted_at", nullable=True),
    instant("delivered_at", nullable=True),
    versioned=False,
)
"""``next_attempt_at`` of a pending delivery: when it is due, or, while a worker has it, when it is due again in case
that worker dies; NULL while an earlier delivery of the same entity to the same endpoint is pending. ``claims`` counts
the times that a worker took it: an outcome counts only from the worker that took it last."""

_key = (webhook_deliveries.c.tenant_id, webhook_deliveries.c.livemode)
Index("ix_webhook_deliveries_webhook", *_key, webhook_deliveries.c.webhook_id, webhook_deliveries.c.id)
Index("ix_webhook_deliveries_event", *_key, webhook_deliveries.c.event_id)
Index(
    "ix_webhook_deliveries_due",
    *_key,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.next_attempt_at,
    postgresql_where=text("status = 'pending' AND next_attempt_at IS NOT NULL"),
)
Index(
    "ix_webhook_deliveries_order",
    *_key,
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.entity,
    webhook_deliveries.c.position,
    webhook_deliveries.c.id,
    postgresql_where=text("status = 'pending'"),
)
Index(
    "ix_webhook_deliveries_dead",
    *_key,
    webhook_deliveries.c.id,
    postgresql_where=text("status = 'failed' AND NOT superseded"),
)
