"""The imports table: a file between its steps, sealed, and how far it is."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, tenant_table

imports: Final = tenant_table(
    "imports",
    Column("entity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("filename", Text, nullable=False),
    # Large, and personal data: read by its own statement alone, gone once the rows are written.
    Column("content", LargeBinary, info={"found_by": True}),
    Column("form", JSONB, nullable=False),
    Column("mapping", JSONB),
    Column("row_count", Integer, nullable=False),
    Column("valid_rows", Integer),
    Column("error_rows", Integer),
    Column("skip_invalid", Boolean),
    Column("processed", Integer, nullable=False),
    Column("imported", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    instant("expires_at"),
)

Index("ix_imports_expires", imports.c.expires_at)
