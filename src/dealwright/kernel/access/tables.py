"""Workspaces (tenants), their API keys, people and their sessions, and the answers kept for idempotent replays."""

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

workspace_profiles: Final = Table(
    "workspace_profiles",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("details", JSONB, nullable=False),
    Column("business", JSONB, nullable=False),
    Column("analytics", JSONB, nullable=False),
    Column("channels", LargeBinary),
    instant("updated_at"),
    info={"isolation": "tenant"},
)
"""What a workspace says about itself that no call is treated by; there is no row until it says something."""

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

users: Final = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("email_token", LargeBinary, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_system_admin", Boolean, nullable=False),
    Column("preferences", JSONB, nullable=False),
    Column("last_tenant_id", Uuid),
    Column("reset_hash", LargeBinary),
    instant("reset_expires_at", nullable=True),
    instant("created_at"),
    instant("updated_at"),
    Index("uq_users_email", "email_token", unique=True),
    Index("uq_users_reset_hash", "reset_hash", unique=True),
    info={"isolation": "none"},
)
"""People. One may belong to several workspaces, so none of them owns the row: only the system role reaches it."""

memberships: Final = Table(
    "memberships",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("email_token", LargeBinary, nullable=False),
    Column("sealed_email", LargeBinary),
    Column("role", Text, nullable=False),
    Column("invitation_hash", LargeBinary),
    instant("invitation_expires_at", nullable=True),
    instant("joined_at", nullable=True),
    instant("created_at"),
    instant("updated_at"),
    Index("uq_memberships_email", "tenant_id", "email_token", unique=True),
    Index("uq_memberships_invitation", "invitation_hash", unique=True),
    Index(None, "user_id"),
    info={"isolation": "tenant"},
)
"""Who belongs to which workspace. ``user_id`` is NULL while somebody is invited and has not accepted yet."""

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("tenant_id", Uuid),
    Column("livemode", Boolean, nullable=False),
    Column("tabs", JSONB, nullable=False),
    Column("display_mode", Text),
    Column("remembered_id", Uuid),
    instant("created_at"),
    instant("last_seen_at"),
    instant("expires_at"),
    Index("uq_sessions_token_hash", "token_hash", unique=True),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    info={"isolation": "none"},
)
"""Signed-in browsers. ``tenant_id`` and ``livemode`` are what they work in; ``tabs`` binds tabs of theirs to another
workspace (tab id to tenant id)."""

remembered: Final = Table(
    "remembered",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary),
    instant("renewed_at"),
    instant("expires_at"),
    Index("uq_remembered_token_hash", "token_hash", unique=True),
    Index("uq_remembered_previous_hash", "previous_hash", unique=True),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    info={"isolation": "none"},
)
"""Browsers that stay signed in. The token changes each time it opens a session; the one before is kept to notice
that it was copied."""

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
