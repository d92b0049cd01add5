"""Paying back: a refund is written down, asked for, and booked; sums that may be under way count as paid back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealwright.kernel import ids, money
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, PaymentFailed
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records as deals
from dealwright.modules.deals import service as deal_service
from dealwright.modules.payments import records, rules, service
from dealwright.providers.payments.protocol import (
    ProviderDeclined,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    RefundStatus,
)


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund with its payment, as booked."""

    payment: Row
    refund: Row


async def make(steps: Steps, *, intent_id: str, amount: Decimal | None, reason: str | None) -> Refunded:
    """Pay back a payment, wholly or in part.

    A refund of the same sum whose answer never came is taken up again under its own idempotency key, so that trying
    again after a 503 pays back once. Raises NotFound, Conflict (not paid, or paid back in full), InvalidFields,
    PaymentFailed (the provider declined) and Unavailable (outcome unknown; try again).
    """

    async def begin(ctx: Context) -> Refunded:
        _, payment = await records.lock_pair(ctx, await records.by_intent(ctx, intent_id))
        if payment["status"] not in rules.REFUNDABLE:
            raise Conflict(f"A payment that is {payment['status']} cannot be refunded")
        service.require_provider(ctx, payment["method"])
        left = rules.refundable(
            payment["amount"], payment["amount_refunded"], await records.refunding(ctx, payment["id"])
        )
        for waiting in await records.unanswered(ctx, payment["id"]):
            if waiting["amount"] == amount or (amount is None and left == 0):
                again = await records.refunds.change(ctx.tx, waiting, {"status": "asked", "asked_at": ctx.now}, ctx.now)
                return Refunded(payment, again)
        if left == 0:
            raise Conflict("Other refunds of the whole rest of this payment are being processed")
        return Refunded(payment, await _write_down(ctx, payment, amount, left, reason))

    asked = await steps.run(begin)
    payment, refund = asked.payment, asked.refund
    try:
        answer = await service.require_provider(steps, payment["method"]).refund(
            payment["payment_intent_id"],
            refund["amount"],
            payment["currency"],
            idempotency_key=records.refunds.wire_id(refund["id"]),
            reason=refund["reason"],
        )
    except ProviderUnavailable:
        await steps.run(lambda ctx: _end(ctx, refund, "unanswered", None))
        raise
    except (ProviderDeclined, ProviderRefused) as refusal:
        why = refusal.reason if isinstance(refusal, ProviderDeclined) else refusal.message
        await steps.run(lambda ctx: _end(ctx, refund, "failed", why))
        if isinstance(refusal, ProviderRefused):
            raise service.refused(refusal) from None
        raise _not_refunded(refusal.message, why) from None
    booked = await steps.run(lambda ctx: book(ctx, payment, refund, answer))
    if answer.status is RefundStatus.FAILED:
        raise _not_refunded("The payment provider could not make the refund", "refund_failed")
    return booked


async def _write_down(ctx: Context, payment: Row, amount: Decimal | None, left: Decimal, reason: str | None) -> Row:
    refund = await records.refunds.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "payment_id": payment["id"],
            "status": "asked",
            "amount": rules.amount_to_refund(amount, left, payment["currency"]),
            "reason": reason,
            "asked_at": ctx.now,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.refunds, refund, "payment_refund.asked")
    return refund


async def write_down_found(ctx: Context, payment: Row, refund: Refund) -> Row:
    """A refund that somebody made at the provider itself."""
    row = await records.refunds.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "payment_id": payment["id"],
            "status": "asked",
            "provider_refund_id": refund.id,
            "amount": refund.amount,
            "asked_at": ctx.now,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.refunds, row, "payment_refund.found")
    return row


def _not_refunded(message: str, reason: str) -> PaymentFailed:
    return PaymentFailed(message, code="billing.refund_failed", details={"reason": reason}, action="contact_provider")


async def _end(ctx: Context, refund: Row, status: str, failure_reason: str | None) -> None:
    """Book that a refund was not made (``failed``) or that nobody knows (``unanswered``)."""
    row = await records.refunds.lock(ctx.tx, records.refunds.wire_id(refund["id"]))
    if row["status"] == "asked" and row["version"] == refund["version"]:
        await change(ctx, row, {"status": status, "failure_reason": failure_reason})


async def change(ctx: Context, refund: Row, changes: dict[str, Any]) -> Record:
    written = await records.refunds.change(ctx.tx, refund, changes, ctx.now)
    ctx.record(records.refunds, written, f"payment_refund.{changes['status']}", before=refund)
    return written


async def book(ctx: Context, asked: Row, refund: Row, answer: Refund) -> Refunded:
    """Book the provider's answer, once: refund, payment, deal and event together."""
    deal, payment = await records.lock_pair(ctx, asked)
    row: Row = await records.refunds.lock(ctx.tx, records.refunds.wire_id(refund["id"]))
    if row["status"] == "succeeded":
        return Refunded(payment, row)
    if answer.status is not RefundStatus.SUCCEEDED:
        status = "failed" if answer.status is RefundStatus.FAILED else "asked"
        if row["status"] in ("failed", status) and row["provider_refund_id"] == answer.id:
            return Refunded(payment, row)
        return Refunded(payment, await change(ctx, row, {"status": status, "provider_refund_id": answer.id}))
    row = await change(ctx, row, {"status": "succeeded", "provider_refund_id": answer.id})
    total = payment["amount_refunded"] + row["amount"]
    payment = await service.change(
        ctx,
        payment,
        "payment.refunded",
        amount_refunded=total,
        status=rules.status_with_refunds(payment["amount"], total),
    )
    ctx.announce(
        "deal.payment_refunded",
        deals.resource,
        deal["id"],
        {
            "deal_id": deals.resource.wire_id(deal["id"]),
            "amount": money.text(row["amount"], payment["currency"]),
            "currency": payment["currency"],
            "payment_intent_id": payment["payment_intent_id"],
            "refund_id": answer.id,
            "partial": payment["status"] != "refunded",
            "reason": row["reason"],
        },
    )
    refunded = deal["amount_refunded"] + row["amount"]
    await deal_service.book_payment(ctx, deal, paid=deal["amount_paid"], refunded=refunded)
    return Refunded(payment, row)
