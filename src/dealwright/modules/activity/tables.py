"""Notification rules, channel preferences, and the notifications that they brought about."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, Uuid, text

from dealwright.kernel.store.tables import instant, metadata, tenant_table

notification_rules: Final = tenant_table(
    "notification_rules",
    Column("event_type", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("name", Text),
    Column("is_active", Boolean, nullable=False),
    Column("recipient", LargeBinary),
)
"""``recipient``: the sealed address of an e-mail rule that has one of its own."""

notification_preferences: Final = Table(
    "notification_preferences",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("event_type", Text, primary_key=True),
    Column("email", Boolean, nullable=False),
    Column("in_app", Boolean, nullable=False),
    Column("webhook", Boolean, nullable=False),
    instant("updated_at"),
    info={"isolation": "tenant_and_mode"},
)

notifications: Final = tenant_table(
    "notifications",
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("entity_type", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    instant("read_at", nullable=True),
    versioned=False,
)
"""One for each event and channel, however many rules ask for it."""

_key = (notifications.c.tenant_id, notifications.c.livemode)
Index("uq_notifications_event", *_key, notifications.c.event_id, notifications.c.channel, unique=True)
Index("ix_notifications_unread", *_key, notifications.c.id, postgresql_where=text("read_at IS NULL"))
