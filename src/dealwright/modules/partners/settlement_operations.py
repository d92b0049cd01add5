"""What became of a deal's shares (Salesbooth API, Deals and Deal Participants)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.deals import records as deals
from dealwright.modules.deals.models import DealRef
from dealwright.modules.partners import records, rules, settling
from dealwright.modules.partners.models import ParticipantList, SettleDeal, SettlementsView


@operation(
    "deals.settlements",
    "GET",
    "/deals/{id}/settlements",
    present=("id",),
    scope="deals:read",
    result=SettlementsView,
    errors=(NotFound,),
    tool=("get_deal_settlements", "payments"),
    resource="deal",
)
async def settlements(ctx: Context, params: DealRef) -> Reply:
    """Show how a closed deal's money is split; empty before it is closed.

    What no participant has a share of is the workspace's own, with the role seller. ``saga`` says how far the payout
    has come as a whole; it is null when there is nobody to pay out.
    """
    return Reply(await _settlements(ctx, await deals.get(ctx, params.id)))


@operation(
    "deal_participants.settlements",
    "GET",
    "/deal-participants",
    action="settlements",
    scope="deals:read",
    result=SettlementsView,
    errors=(NotFound,),
    resource="deal",
)
async def settlements_of(ctx: Context, params: ParticipantList) -> Reply:
    """The same records by the deal's id in the query."""
    return Reply(await _settlements(ctx, await deals.get(ctx, params.deal_id)))


async def _settlements(ctx: Context, deal: Row) -> dict[str, Any]:
    saga = await records.saga_of(ctx, deal["id"])
    if saga is not None:
        legs = await records.legs_of(ctx, saga["id"])
        shown = await ctx.wire_one(records.sagas, saga)
        return {"settlements": await ctx.wire(records.legs, legs), "saga": shown}
    if deal["status"] != "closed":
        return {"settlements": [], "saga": None}
    own = {
        "settlement_id": None,
        "participant_id": ids.encode("tenant", ctx.tenant_id),
        "role": rules.SELLER,
        "share_percent": 100.0,
        "amount": float(deal["total"]),
        "currency": deal["currency"],
        "status": "settled" if deal["payment_status"] == "paid" else "pending",
        "failure_reason": None,
        "settled_at": None,
    }
    return {"settlements": [own], "saga": None}


@operation(
    "deals.settle",
    "POST",
    "/deals",
    action="settle",
    present=("id",),
    scope="deals:write",
    result=SettlementsView,
    status=202,
    errors=(NotFound, Conflict),
    tool=("settle_deal", "payments"),
    resource="deal",
)
async def settle(ctx: Context, params: SettleDeal) -> Reply:
    """Pay the shares of a deal out again after the settlement failed and was taken back (ours).

    ``X-Job-ID`` names the job that does it.
    """
    await settling.again(ctx, params.id)
    return Reply(await _settlements(ctx, await deals.get(ctx, params.id)))
