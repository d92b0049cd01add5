"""Payments and refunds in the database, and their wire form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, literal_column, or_, select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.deals import records as deals
from dealwright.modules.payments import rules
from dealwright.modules.payments.tables import payment_refunds, payments

UNANSWERED_AFTER: Final = timedelta(minutes=1)
"""A refund that was asked for this long ago without an answer is not being worked on any more."""

_of_deal: Final = Statement(
    select(payments)
    .where(in_scope(payments), payments.c.deal_id == given("deal"), payments.c.status != "opening")
    .order_by(payments.c.id.desc())
)
_by_intent: Final = Statement(
    select(payments).where(in_scope(payments), payments.c.payment_intent_id == given("intent"))
)
_charging: Final = Statement(
    select(func.coalesce(func.sum(payments.c.amount), literal_column("0"))).where(
        in_scope(payments),
        payments.c.deal_id == given("deal"),
        payments.c.status == func.any(given("underway")),
    )
)
_refunding: Final = Statement(
    select(func.coalesce(func.sum(payment_refunds.c.amount), literal_column("0"))).where(
        in_scope(payment_refunds),
        payment_refunds.c.payment_id == given("payment"),
        or_(payment_refunds.c.status == "asked", payment_refunds.c.status == "unanswered"),
    )
)
_unanswered: Final = Statement(
    select(payment_refunds)
    .where(
        in_scope(payment_refunds),
        payment_refunds.c.payment_id == given("payment"),
        payment_refunds.c.provider_refund_id.is_(None),
        or_(
            payment_refunds.c.status == "unanswered",
            (payment_refunds.c.status == "asked") & (payment_refunds.c.asked_at < given("long_ago")),
        ),
    )
    .order_by(payment_refunds.c.id)
    .with_for_update(key_share=True)
)


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [wire(row) for row in rows]


def wire(row: Row) -> dict[str, Any]:
    """The payment object; amounts are plain numbers in major units."""
    payment_id = ids.encode("pay", row["id"])
    return {
        "id": payment_id,
        "payment_id": payment_id,
        "payment_intent_id": row["payment_intent_id"],
        "deal_id": deals.resource.wire_id(row["deal_id"]),
        "method": row["method"],
        "amount": float(row["amount"]),
        "amount_refunded": float(row["amount_refunded"]),
        "currency": row["currency"],
        "status": row["status"],
        "failure_reason": row["failure_reason"],
        "created_at": clock.iso(row["created_at"]),
    }


async def render_refunds(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "id": ids.encode("payref", row["id"]),
            "refund_id": row["provider_refund_id"],
            "payment_id": ids.encode("pay", row["payment_id"]),
            "amount": float(row["amount"]),
            "status": row["status"],
            "created_at": clock.iso(row["created_at"]),
        }
        for row in rows
    ]


resource: Final = Resource("payment", "pay", payments, render)
activity_log(resource)
refunds: Final = Resource("payment_refund", "payref", payment_refunds, render_refunds, private=("reason",))


async def of_deal(ctx: Context, deal: UUID) -> list[Record]:
    """A deal's payments, newest first, without those whose intent was never opened."""
    return await ctx.tx.rows(_of_deal, deal=deal)


async def by_intent(ctx: Context, intent_id: str) -> Record:
    """The payment that an intent is for; raises NotFound."""
    row = await ctx.tx.row(_by_intent, intent=intent_id)
    if row is None:
        raise NotFound
    return row


async def lock_pair(ctx: Context, payment: Row) -> tuple[Record, Record]:
    """A payment's deal and the payment itself, held for a change in this order and read anew."""
    deal = await deals.lock(ctx, deals.resource.wire_id(payment["deal_id"]))
    return deal, await resource.lock(ctx.tx, resource.wire_id(payment["id"]))


async def charging(ctx: Context, deal: UUID) -> Decimal:
    """What payments of a deal hold or may be taking at this moment."""
    return Decimal(await ctx.tx.value(_charging, deal=deal, underway=list(rules.UNDERWAY)))


async def refunding(ctx: Context, payment: UUID) -> Decimal:
    """What refunds of a payment may be paying back at this moment."""
    return Decimal(await ctx.tx.value(_refunding, payment=payment))


async def unanswered(ctx: Context, payment: UUID) -> list[Record]:
    """Refunds of a locked payment of which nobody knows whether the provider made them, oldest first, held."""
    return await ctx.tx.rows(_unanswered, payment=payment, long_ago=ctx.now - UNANSWERED_AFTER)
