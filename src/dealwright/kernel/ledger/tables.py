"""The append-only tables of the ledger. The serving role may insert and read, never update or delete.

An event is written without a position; :mod:`dealwright.kernel.feed.sequencer` gives it one after its commit.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, metadata

audit_log: Final = Table(
    "audit_log",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("entity_type", Text, primary_key=True),
    Column("entity_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("previous_hash", Text),
    Column("entry_hash", Text, nullable=False),
    instant("created_at"),
    Index(None, "tenant_id", "livemode", "id"),
    info={"isolation": "tenant_and_mode"},
)

events: Final = Table(
    "events",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, Identity(), nullable=False),
    Column("position", BigInteger),
    Column("event", Text, nullable=False),
    Column("entity_type", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("actor_type", Text, nullable=False),
    Column("actor_id", Text),
    instant("created_at"),
    Index(None, "tenant_id", "livemode", "position"),
    Index("ix_events_unplaced", "seq", postgresql_where=text("position IS NULL")),
    info={"isolation": "tenant_and_mode"},
)

event_feed: Final = Table(
    "event_feed",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""One row: the newest position that an event has. Whoever places events holds its lock."""
