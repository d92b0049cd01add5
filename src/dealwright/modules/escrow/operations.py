"""The escrow of a deal (Salesbooth API, Deals)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dealwright.kernel import clock
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, NotFound, PaymentFailed, Unavailable
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.deals import records as deals
from dealwright.modules.escrow import records, rules, service
from dealwright.modules.escrow.models import (
    ConditionMet,
    EscrowEnded,
    EscrowGet,
    EscrowMade,
    EscrowOfDeal,
    FulfillCondition,
    NewEscrow,
    RefundEscrow,
    ReleaseEscrow,
)
from dealwright.providers.payments.protocol import IntentStatus


@operation(
    "deals.get_escrow",
    "GET",
    "/deals",
    action="escrow",
    present=("id",),
    scope="deals:read",
    result=EscrowOfDeal,
    errors=(NotFound,),
    tool=("get_deal_escrow", "payments"),
    resource="escrow",
)
async def get_escrow(ctx: Context, params: EscrowGet) -> Reply:
    """Read the newest escrow of a deal with its conditions."""
    deal = await deals.get(ctx, params.id)
    row = await records.of_deal(ctx, deal["id"])
    return Reply({"escrow": await ctx.wire_one(records.resource, row)})


@operation(
    "deals.create_escrow",
    "POST",
    "/deals",
    action="escrow",
    present=("id",),
    scope="deals:write",
    result=EscrowMade,
    status=201,
    events=("escrow.created", "deal.payment_failed"),
    errors=(NotFound, Conflict, PaymentFailed, Unavailable),
    tool=("create_escrow", "payments"),
    locking="optional",
    own_transactions=True,
    resource="deal",
)
async def create_escrow(steps: Steps, params: NewEscrow) -> Reply:
    """Hold the deal's money until every condition is met and the escrow is released, or until it expires.

    ``status`` is held, or pending while the buyer has something left to do at the payment provider. After a 503 the
    outcome is not known: the same call again asks about the same hold.
    """
    key = await steps.run(lambda ctx: service.ask_to_hold(ctx, params))
    intent = await service.drive(steps, key)
    waiting = intent is not None and intent.status is not IntentStatus.REQUIRES_CAPTURE
    wire = await steps.run(lambda ctx: _wire(ctx, key))
    return Reply({**wire, "client_secret": intent.client_secret if intent is not None and waiting else None})


async def _wire(ctx: Context, key: UUID) -> dict[str, Any]:
    row = await records.resource.get(ctx.tx, records.resource.wire_id(key))
    return await ctx.wire_one(records.resource, row)


@operation(
    "deals.release_escrow",
    "POST",
    "/deals",
    action="release_escrow",
    present=("id",),
    scope="deals:write",
    result=EscrowEnded,
    events=("escrow.released", "deal.status_changed", "deal.closed", "deal.payment_received", "payment.received"),
    errors=(NotFound, Conflict, PaymentFailed, Unavailable),
    tool=("release_escrow", "payments"),
    own_transactions=True,
    resource="deal",
)
async def release_escrow(steps: Steps, params: ReleaseEscrow) -> Reply:
    """Take the money that is held and close the deal; every condition must be fulfilled.

    After a 503 the outcome is not known: call again, the money is taken once.
    """
    key = await steps.run(lambda ctx: service.ask_to_release(ctx, params.id))
    await service.drive(steps, key)
    return await steps.run(lambda ctx: _ended(ctx, key, frozenset({"released", "releasing"})))


@operation(
    "deals.refund_escrow",
    "POST",
    "/deals",
    action="refund_escrow",
    present=("id",),
    scope="deals:write",
    result=EscrowEnded,
    events=("escrow.refunded",),
    errors=(NotFound, Conflict, Unavailable),
    tool=("refund_escrow", "payments"),
    own_transactions=True,
    resource="deal",
)
async def refund_escrow(steps: Steps, params: RefundEscrow) -> Reply:
    """Let go of the money that is held; the deal's status stays. After a 503 call again."""
    key = await steps.run(lambda ctx: service.ask_to_refund(ctx, params.id, params.reason))
    await service.drive(steps, key)
    return await steps.run(lambda ctx: _ended(ctx, key, frozenset({"refunded", "refunding", "expired"})))


async def _ended(ctx: Context, key: UUID, expected: frozenset[str]) -> Reply:
    """The deal and its escrow; raises Conflict when the provider had gone another way with the money."""
    row = await records.resource.get(ctx.tx, records.resource.wire_id(key))
    if row["status"] not in expected:
        raise service.not_active(row)
    deal = await deals.get(ctx, deals.resource.wire_id(row["deal_id"]))
    wire = await ctx.wire_one(records.resource, row)
    return Reply({"deal_id": wire["deal_id"], "status": deal["status"], "escrow": wire}, deal["version"])


@operation(
    "deals.fulfill_condition",
    "POST",
    "/deals",
    action="fulfill_condition",
    present=("id",),
    scope="deals:write",
    result=ConditionMet,
    events=("escrow.condition_fulfilled",),
    errors=(NotFound, Conflict),
    tool=("fulfill_escrow_condition", "payments"),
    resource="deal",
)
async def fulfill_condition(ctx: Context, params: FulfillCondition) -> Reply:
    """Mark one condition of a deal's escrow as met; doing so twice changes nothing. Releasing is a call of its own."""
    _, row = await records.lock_of_deal(ctx, params.id)
    there = {each["condition_id"]: each for each in row["conditions"]}
    condition = there.get(params.condition_id)
    if condition is None:
        raise NotFound("The escrow has no such condition")
    if row["status"] not in ("held", "pending"):
        raise service.not_active(row)
    if condition["met_at"] is None:
        met = {**condition, "met_by": params.met_by, "met_at": clock.iso(ctx.now)}
        conditions = [met if each is condition else each for each in row["conditions"]]
        row = await records.change(
            ctx,
            row,
            "escrow.condition_fulfilled",
            notes={"condition_id": params.condition_id, "type": condition["type"]},
            conditions=conditions,
        )
        _announce_met(ctx, row, met)
        condition = met
    answer = {
        "deal_id": params.id,
        "condition": records.wire_condition(condition),
        "all_conditions_met": not rules.open_conditions(row["conditions"]),
    }
    return Reply(answer)


def _announce_met(ctx: Context, row: Row, condition: Mapping[str, Any]) -> None:
    data = {
        "condition_id": condition["condition_id"],
        "met_by": condition["met_by"],
        "remaining_conditions": len(rules.open_conditions(row["conditions"])),
    }
    service.announce(ctx, row, "escrow.condition_fulfilled", data)
