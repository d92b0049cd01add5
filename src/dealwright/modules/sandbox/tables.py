"""Playgrounds: the workspaces that were made for one ephemeral key."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table, Text, Uuid

from dealwright.kernel.store.tables import instant, metadata

playgrounds: Final = Table(
    "playgrounds",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("key_id", Uuid, nullable=False),
    Column("key_prefix", Text, nullable=False),
    instant("expires_at"),
    instant("created_at"),
    info={"isolation": "tenant"},
)
"""A workspace can be declared one only before anything has happened in it, and only such a workspace can ever be
removed with its audit trail: the database sees to both (migration of this table)."""
