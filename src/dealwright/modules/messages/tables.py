"""Outgoing messages, and how customers like to be reached."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, Uuid, text

from dealwright.kernel.store.tables import instant, metadata, tenant_table

PREFIX: Final = "dn"

messages: Final = tenant_table(
    "messages",
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("content", LargeBinary),
    Column("key_id", Text),
    Column("customer_id", Uuid),
    Column("deal_id", Uuid),
    Column("notification_id", Uuid),
    Column("rule_id", Uuid),
    Column("attempts", Integer, nullable=False),
    Column("claims", Integer, nullable=False),
    instant("next_attempt_at", nullable=True),
    Column("error", Text),
    instant("sent_at", nullable=True),
    versioned=False,
)
"""``content`` is sealed: recipient, subject and text; NULL when it is composed at the moment of sending.
``next_attempt_at``: NULL is at once. ``claims``
counts the times that a worker took the message: an outcome counts only from the worker that took it last."""

_key = (messages.c.tenant_id, messages.c.livemode)
Index("ix_messages_due", messages.c.next_attempt_at, postgresql_where=text("status = 'queued'"))
Index(
    "ix_messages_customer",
    *_key,
    messages.c.customer_id,
    messages.c.id,
    postgresql_where=text("customer_id IS NOT NULL"),
)
Index("ix_messages_key", *_key, messages.c.key_id, messages.c.created_at, postgresql_where=text("key_id IS NOT NULL"))

contact_preferences: Final = Table(
    "contact_preferences",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("preferred_channel", Text),
    Column("marketing_consent", Boolean, nullable=False),
    instant("updated_at"),
    info={"isolation": "tenant_and_mode"},
)
"""One row for each customer who has said something; ``id`` is the customer's."""
