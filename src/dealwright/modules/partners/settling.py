"""The settlement of a deal's shares: worked out when the deal is closed, begun when it is paid.

It is a saga of one leg for each participant, and one for what the workspace keeps. :mod:`.payouts` carries it out.
"""

from __future__ import annotations

from dealwright.kernel import ids
from dealwright.kernel.context import Context, on
from dealwright.kernel.errors import Conflict
from dealwright.kernel.event_types import event_types
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.resources import Row
from dealwright.modules.deals import records as deals
from dealwright.modules.partners import payouts, records, rules
from dealwright.modules.payments import service as payments

event_types.fired_by(
    "job:settlement",
    "deal.settlement_created",
    "deal.settlement_initiated",
    "deal.settlement_completed",
    "deal.settlement_failed",
    "deal.settlement_all_completed",
)


@on("deal.closed")
async def _work_out(ctx: Context, event: Event) -> None:
    """Write down who gets what of a deal that was closed; carry it out at once if the deal is paid."""
    key = deals.resource.key(event.entity_id)
    participants = await records.of_deal(ctx, key)
    deal = await deals.resource.get(ctx.tx, event.entity_id)
    parts = rules.parts_of(deal["total"], participants, deal["currency"])
    if not any(participant is not None for participant, _, _ in parts):
        return
    now = {"version": 1, "created_at": ctx.now, "updated_at": ctx.now}
    saga = await records.sagas.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "deal_id": key,
            "status": "pending",
            "round": 1,
            "total": deal["total"],
            "currency": deal["currency"],
            **now,
        },
    )
    ctx.record(records.sagas, saga, "settlement_saga.created")
    for participant, percent, amount in parts:
        leg = await records.legs.insert(
            ctx.tx,
            {
                "id": ids.uuid7(),
                "settlement_id": saga["id"],
                "participant_id": participant["id"] if participant is not None else None,
                "destination": (participant["agent_id"] or participant["user_id"]) if participant is not None else None,
                "role": participant["role"] if participant is not None else rules.SELLER,
                "share_percent": percent,
                "amount": amount,
                "currency": deal["currency"],
                "status": "pending",
                "attempts": 0,
                **now,
            },
        )
        ctx.record(records.legs, leg, "settlement.created")
        if participant is not None:
            payouts.announce(ctx, saga, leg, "deal.settlement_created")
    await _begin_if_paid(ctx, deal)


@on("payment.received")
async def _perhaps_paid(ctx: Context, event: Event) -> None:
    """A deal that was closed before it was paid is settled once it is."""
    saga = await records.saga_of(ctx, deals.resource.key(event.data["deal_id"]))
    if saga is not None and saga["status"] == "pending":
        await _begin_if_paid(ctx, await deals.get(ctx, event.data["deal_id"]))


async def _begin_if_paid(ctx: Context, deal: Row) -> str | None:
    """Enqueue the payout of a deal's shares; the job's id, None while the deal is not paid or nobody pays out."""
    if payments.due_of(deal) > 0 or payouts.find(ctx) is None:
        return None
    return await ctx.enqueue(payouts.settle, payouts.OfDeal(deal_id=deals.resource.wire_id(deal["id"])))


async def again(ctx: Context, deal_id: str) -> None:
    """Begin the settlement of a locked deal anew after everything was taken back. Raises Conflict."""
    deal = await deals.lock(ctx, deal_id)
    saga = await records.saga_of(ctx, deal["id"])
    if saga is None or saga["status"] != "compensated":
        state = saga["status"] if saga is not None else "none"
        raise Conflict(
            "Only a settlement that failed and was taken back can begin again", details={"current_status": state}
        )
    for leg in await records.legs_of(ctx, saga["id"]):
        if leg["status"] != "pending":
            fresh = {"status": "pending", "attempts": 0, "transfer_id": None, "failure_reason": None}
            await payouts.change_leg(ctx, leg, "settlement.reset", **fresh)
    await payouts.change_saga(ctx, saga, "pending", round=saga["round"] + 1, failure_reason=None, ended_at=None)
    await _begin_if_paid(ctx, deal)
