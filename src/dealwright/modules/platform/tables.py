"""Reports of browsers about the pages of a workspace, counted."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Integer, Table, Uuid

from dealwright.kernel.store.tables import instant, metadata

csp_windows: Final = Table(
    "csp_windows",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    Column("started_at", instant("started_at").type, primary_key=True),
    Column("reports", Integer, nullable=False),
    Column("announced", Boolean, nullable=False),
    info={"isolation": "tenant_and_mode"},
)
