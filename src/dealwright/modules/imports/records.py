"""Imports in the database: the sealed file, the wire object, progress."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.imports.rules import Form
from dealwright.modules.imports.tables import imports

_content: Final = Statement(select(imports.c.content).where(in_scope(imports), imports.c.id == given("key")))
_progress: Final = Statement(
    update(imports)
    .where(in_scope(imports), imports.c.id == given("key"), imports.c.status == "executing")
    .values(processed=given("so_far"))
)


async def render(_: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire(row) for row in rows]


def _wire(row: Row) -> dict[str, Any]:
    wire_id = ids.encode("imp", row["id"])
    return {
        "id": wire_id,
        "import_id": wire_id,
        "entity": row["entity"],
        "status": row["status"],
        "row_count": row["row_count"],
        "processed": row["processed"],
        "imported": row["imported"],
        "skipped": row["skipped"],
        "failed": (row["error_rows"] or 0) if row["status"] == "failed" else 0,
        "created_at": clock.iso(row["created_at"]),
        "expires_at": clock.iso(row["expires_at"]),
    }


resource: Final = Resource("import", "imp", imports, render, hidden=("content", "filename", "form"))


def _bound_to(key: UUID) -> bytes:
    return b"imports:" + key.bytes


async def seal(ctx: Context, key: UUID, content: bytes) -> bytes:
    return await asyncio.to_thread(ctx.cipher.seal, content, _bound_to(key))


async def content(ctx: Context, key: UUID) -> bytes:
    """The file. Raises NotFound once it is gone."""
    sealed = await ctx.tx.value(_content, key=key)
    if sealed is None:
        raise NotFound
    return await asyncio.to_thread(ctx.cipher.open, sealed, _bound_to(key))


def packed(form: Form) -> dict[str, Any]:
    return asdict(form)


def form_of(row: Row) -> Form:
    return Form(**{**row["form"], "columns": tuple(row["form"]["columns"])})


async def progress(tx: Transaction, key: UUID, so_far: int) -> None:
    """Tell how far a running import is."""
    await tx.run(_progress, key=key, so_far=so_far)
