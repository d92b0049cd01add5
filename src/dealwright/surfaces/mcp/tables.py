"""The table of resource subscriptions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, Text, Uuid

from dealwright.kernel.store.tables import instant, metadata

mcp_subscriptions: Final = Table(
    "mcp_subscriptions",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    instant("created_at"),
    info={"isolation": "tenant_and_mode"},
)
"""What a key wants to hear about; up to ``position`` of the feed it has been told."""
