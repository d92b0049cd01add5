"""What happens to escrows without a caller: open questions are asked again, time runs out, holds are made anew."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel

from dealwright.kernel.context import Context, Elsewhere, Steps, on
from dealwright.kernel.errors import InvalidRequest, PaymentFailed
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.jobs import job
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.ledger.ledger import Event
from dealwright.modules.deals import records as deals
from dealwright.modules.escrow import records, renewal, rules, service

log = structlog.get_logger("dealwright.escrow")

event_types.fired_by(
    "job:escrow",
    "escrow.created",
    "escrow.released",
    "escrow.refunded",
    "escrow.reauthorization_pending",
    "escrow.reauthorized",
    "escrow.reauthorization_failed",
)


class OfEscrow(BaseModel):
    escrow_id: str


@job("escrow.settle", attempts=5)
async def settle(steps: Steps, arguments: OfEscrow) -> dict[str, Any]:
    """Ask the provider for what an escrow waits for, then keep its hold alive."""
    key = records.resource.key(arguments.escrow_id)
    with suppress(PaymentFailed, InvalidRequest):  # these are booked
        await service.drive(steps, key)
    await renewal.renew(steps, key)
    row = await steps.run(lambda ctx: records.resource.get(ctx.tx, arguments.escrow_id))
    return {"escrow_id": arguments.escrow_id, "status": row["status"]}


@schedule("escrow.keep", every=timedelta(minutes=1))
async def keep(server: Elsewhere) -> None:
    """Find the escrows with which the clock has something to do, and enqueue it."""
    async with server.system() as tx:
        found = await records.watched(tx, server.clock())
    for each in found:
        try:
            async with server.within(each["tenant_id"], each["livemode"]) as ctx:
                await _watch(ctx, each["id"])
        except Exception:
            log.exception("escrow_not_kept", escrow=records.resource.wire_id(each["id"]))


async def _watch(ctx: Context, key: UUID) -> None:
    _, row = await records.lock_pair(ctx, key)
    if row["updated_at"] > ctx.now - rules.UNANSWERED_AFTER:
        return  # somebody was here meanwhile
    if row["status"] in ("held", "pending") and row["expires_at"] <= ctx.now:
        await service.begin_refund(ctx, row, rules.EXPIRED)
    else:
        await records.change(ctx, row, "escrow.watched")  # so that it is not enqueued at every look
    await ctx.enqueue(settle, OfEscrow(escrow_id=records.resource.wire_id(key)))


@on("deal.status_changed")
async def _give_back(ctx: Context, event: Event) -> None:
    """The money of a deal that comes to nothing goes back to the buyer."""
    if event.data["new_status"] not in ("cancelled", "expired"):
        return
    found = await records.find(ctx, deals.resource.key(event.entity_id))
    if found is None or found["status"] not in rules.LIVE or found["status"] == "refunding":
        return
    row = await records.lock(ctx, found["id"])
    await service.begin_refund(ctx, row, "deal_cancelled" if event.data["new_status"] == "cancelled" else rules.EXPIRED)
    await ctx.enqueue(settle, OfEscrow(escrow_id=records.resource.wire_id(row["id"])))
