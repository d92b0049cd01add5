"""The two append-only tables of the ledger. The serving role may insert and read, never update or delete."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from dealwright.kernel.store.tables import instant, metadata


class Xid8(UserDefinedType[int]):
    """A transaction id that never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


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
    Column("xid", Xid8, nullable=False, server_default="pg_current_xact_id()"),
    Column("event", Text, nullable=False),
    Column("entity_type", Text, nullable=False),
    Column("entity_id", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    instant("created_at"),
    Index(None, "xid", "seq"),
    info={"isolation": "tenant_and_mode"},
)
