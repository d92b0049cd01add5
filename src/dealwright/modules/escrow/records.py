"""Escrows in the database, and their wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from dealwright.kernel import clock, ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction, on_violation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.deals import records as deals
from dealwright.modules.escrow import rules
from dealwright.modules.escrow.tables import escrows

CONDITION: Final = "cond"
AT_ONCE: Final = 500

on_violation(
    "uq_escrows_live", lambda: Conflict("The deal's money is already in escrow", code="conflict.escrow_exists")
)

_newest: Final = Statement(
    select(escrows)
    .where(in_scope(escrows), escrows.c.deal_id == func.any(given("deals")))
    .ext(distinct_on(escrows.c.deal_id))
    .order_by(escrows.c.deal_id, escrows.c.id.desc())
)
_of_payment: Final = Statement(select(escrows).where(in_scope(escrows), escrows.c.payment_id == given("payment")))
_watched: Final = RawStatement(
    """
    SELECT tenant_id, livemode, id FROM escrows
    WHERE (status IN ('pending', 'held', 'releasing', 'refunding')
           AND (status <> 'held' OR expires_at <= $1 OR hold_expires_at <= $1
                OR (hold_expires_at <= $2 AND hold_expires_at < expires_at
                    AND (renewed_at IS NULL OR renewed_at <= $3)))
           OR spare_payment_id IS NOT NULL)
      AND (asked_at IS NULL OR asked_at <= $4) AND updated_at <= $4
    ORDER BY updated_at LIMIT $5
    """,
    ("now", "soon", "tried_before", "long_ago", "most"),
)


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire(row) for row in rows]


def _wire(row: Row) -> dict[str, Any]:
    wire_id = ids.encode("escrow", row["id"])
    ended = clock.iso_or_none(row["ended_at"])
    return {
        "id": wire_id,
        "escrow_id": wire_id,
        "deal_id": deals.resource.wire_id(row["deal_id"]),
        "status": row["status"],
        "amount": money.text(row["amount"], row["currency"]),
        "currency": row["currency"],
        "conditions": [wire_condition(each) for each in row["conditions"]],
        "payment_id": ids.encode("pay", row["payment_id"]),
        "refund_reason": row["refund_reason"],
        "failure_reason": row["failure_reason"],
        "expires_at": clock.iso(row["expires_at"]),
        "hold_expires_at": clock.iso_or_none(row["hold_expires_at"]),
        "released_at": ended if row["status"] == "released" else None,
        "refunded_at": ended if row["status"] in ("refunded", "expired") else None,
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def wire_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition as callers see it."""
    return {**condition, "fulfilled": condition["met_at"] is not None}


resource: Final = Resource("escrow", "escrow", escrows, render, private=("conditions",), hidden=("asked_at",))
activity_log(resource)


async def find(ctx: Context, deal: UUID) -> Record | None:
    """The newest escrow of a deal."""
    return await ctx.tx.row(_newest, deals=[deal])


async def of_deal(ctx: Context, deal: UUID) -> Record:
    """The newest escrow of a deal; raises NotFound."""
    row = await find(ctx, deal)
    if row is None:
        raise NotFound("This deal has no escrow")
    return row


async def lock_of_deal(ctx: Context, deal_id: str, expected_version: int | None = None) -> tuple[Record, Record]:
    """A deal and its newest escrow, held for a change in this order. Raises NotFound and StaleVersion."""
    deal = await deals.lock(ctx, deal_id, expected_version)
    return deal, await lock(ctx, (await of_deal(ctx, deal["id"]))["id"])


async def lock_pair(ctx: Context, key: UUID) -> tuple[Record, Record]:
    """An escrow and its deal, held in the same order. Raises NotFound."""
    found = await resource.get(ctx.tx, resource.wire_id(key))
    return await deals.lock(ctx, deals.resource.wire_id(found["deal_id"])), await lock(ctx, key)


async def lock(ctx: Context, key: UUID) -> Record:
    """An escrow whose deal is held, held as well."""
    return await resource.lock(ctx.tx, resource.wire_id(key))


async def of_payment(ctx: Context, payment: UUID) -> Record | None:
    """The escrow whose money a payment holds."""
    return await ctx.tx.row(_of_payment, payment=payment)


async def change(ctx: Context, row: Row, action: str, notes: Mapping[str, Any] | None = None, **values: Any) -> Record:
    """Write changed columns of a locked escrow, with the audit entry."""
    written = await resource.change(ctx.tx, row, values, ctx.now)
    ctx.record(resource, written, action, before=row, notes=notes)
    return written


async def watched(tx: Transaction, now: datetime) -> list[Record]:
    """Escrows with which the clock has something to do, in a system transaction, longest unchanged first."""
    return await tx.rows(
        _watched,
        now=now,
        soon=now + rules.RENEW_AHEAD,
        tried_before=now - rules.RENEW_EVERY,
        long_ago=now - rules.UNANSWERED_AFTER,
        most=AT_ONCE,
    )


@deals.resource.expands("escrow")
async def _embed(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    """The newest escrow of each deal, None where it never had one."""
    found = await ctx.tx.rows(_newest, deals=[row["id"] for row in rows])
    return {row["deal_id"]: _wire(row) for row in found}
