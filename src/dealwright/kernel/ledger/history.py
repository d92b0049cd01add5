"""Reading the ledger: the newest entries of records, for ``include=activity_log``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from dealwright.kernel import clock
from dealwright.kernel.context import Context
from dealwright.kernel.ledger.tables import audit_log
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given

RECENT: Final = 20

_ranked = (
    select(
        audit_log,
        func.row_number().over(partition_by=audit_log.c.entity_id, order_by=audit_log.c.seq.desc()).label("newest"),
    )
    .where(
        in_scope(audit_log),
        audit_log.c.entity_type == given("of_type"),
        audit_log.c.entity_id == func.any(given("ids")),
    )
    .subquery()
)
_recent: Final = Statement(select(_ranked).where(_ranked.c.newest <= RECENT).order_by(_ranked.c.seq.desc()))

_newest: Final = Statement(
    select(audit_log.c.id, audit_log.c.entry_hash)
    .where(
        in_scope(audit_log),
        audit_log.c.entity_type == given("of_type"),
        audit_log.c.entity_id == given("of_id"),
        audit_log.c.action == given("of_action"),
    )
    .order_by(audit_log.c.seq.desc())
    .limit(1)
)


async def newest(ctx: Context, resource: Resource, key: UUID, action: str) -> Record | None:
    """Id and hash of the newest entry about an action on a record."""
    return await ctx.tx.row(_newest, of_type=resource.name, of_id=resource.wire_id(key), of_action=action)


def activity_log(resource: Resource) -> None:
    """Let ``include=activity_log`` embed the newest audit entries of this resource's records."""

    @resource.expands("activity_log")
    async def expand(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
        names = {resource.wire_id(row["id"]): row["id"] for row in rows}
        found: dict[UUID, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
        for entry in await ctx.tx.rows(_recent, of_type=resource.name, ids=list(names)):
            found[names[entry["entity_id"]]].append(
                {
                    "action": entry["action"],
                    "actor": entry["actor"],
                    "created_at": clock.iso(entry["created_at"]),
                    "entry_hash": entry["entry_hash"],
                }
            )
        return found
