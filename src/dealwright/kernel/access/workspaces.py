"""The row of a workspace: its name and settings, read and changed inside a transaction of that workspace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from dealwright.kernel.access.tables import tenants
from dealwright.kernel.errors import NotFound
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.statements import Statement, given

_here: Final = tenants.c.tenant_id == given("tenant")
_read: Final = Statement(select(tenants).where(_here))
_lock: Final = Statement(select(tenants).where(_here).with_for_update(key_share=True))
_change: Final = Statement(
    update(tenants)
    .where(_here)
    .values(name=given("new_name"), settings=given("new_settings"), updated_at=given("at"))
    .returning(tenants)
)


async def read(tx: Transaction) -> Record:
    """The workspace that a transaction is in. Raises NotFound for one that is gone."""
    return _found(await tx.row(_read))


async def lock(tx: Transaction) -> Record:
    """The same, held for a change: two who change settings at once both see what the other wrote."""
    return _found(await tx.row(_lock))


async def change(
    tx: Transaction, row: Record, settings: Mapping[str, Any], now: datetime, *, name: str | None = None
) -> Record:
    """Write settings over those of the locked row; every process hears of it at once and forgets what it knew."""
    merged = {**row["settings"], **settings}
    return _found(await tx.row(_change, new_name=name or row["name"], new_settings=merged, at=now))


def _found(row: Record | None) -> Record:
    if row is None:
        raise NotFound
    return row
