"""Workspaces (tenants), their API keys, and the answers kept for idempotent replays."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from dealwright.kernel.store.tables import instant, metadata

tenants: Final = Table(
    "tenants",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("settings", JSONB, nullable=False),
    Column("key_version", Integer, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    info={"isolation": "tenant"},
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("is_agent", Boolean, nullable=False),
    Column("trust_level", Integer, nullable=False),
    Column("rate_limit", Integer),
    Column("allowed_origins", ARRAY(Text), nullable=False),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    instant("last_used_at", nullable=True),
    instant("created_at"),
    Index("uq_api_keys_secret_hash", "secret_hash", unique=True),
    info={"isolation": "tenant"},
)

idempotent_answers: Final = Table(
    "idempotent_answers",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    instant("created_at"),
    instant("expires_at"),
    Index(None, "expires_at"),
    info={"isolation": "tenant_and_mode"},
)

installation: Final = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    info={"isolation": "none"},
)
"""Facts about the whole installation: the fingerprint of the root secret."""
