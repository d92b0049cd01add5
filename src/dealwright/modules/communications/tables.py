"""The history of communications, and the Twilio accounts of workspaces."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, Uuid

from dealwright.kernel.store.tables import instant, metadata, tenant_table

PREFIX: Final = "comm"

communications: Final = tenant_table(
    "communications",
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("provider_id", Text),
    Column("content", LargeBinary, nullable=False),
    Column("customer_id", Uuid),
)
"""``content`` is sealed: who to, who from, subject and text. ``provider_id``: what the provider calls it."""

Index(
    "uq_communications_provider",
    communications.c.tenant_id,
    communications.c.livemode,
    communications.c.provider_id,
    unique=True,
    postgresql_where=communications.c.provider_id.is_not(None),
)

twilio_accounts: Final = Table(
    "twilio_accounts",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("account_sid", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("phone_number", Text),
    instant("updated_at"),
    info={"isolation": "tenant_and_mode"},
)
"""``token`` is sealed."""

Index("ix_twilio_accounts_account", twilio_accounts.c.account_sid)
