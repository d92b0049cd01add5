"""Payments and refunds in the database, and their wire form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.deals import records as deals
from dealwright.modules.payments import rules
from dealwright.modules.payments.tables import payment_news, payment_refunds, payments

UNANSWERED_AFTER: Final = timedelta(minutes=1)
"""A refund that was asked for this long ago without an answer is not being worked on any more."""
NEWS_KEPT: Final = timedelta(days=40)
"""Providers send an event again for days, not for months."""

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
_refund_of_provider: Final = Statement(
    select(payment_refunds).where(in_scope(payment_refunds), payment_refunds.c.provider_refund_id == given("refund"))
)
_anywhere: Final = Statement(
    select(payments.c.tenant_id, payments.c.id).where(
        payments.c.payment_intent_id == given("intent"),
        payments.c.livemode == given("live"),
        payments.c.method == given("provider"),
    )
)
_keep_news: Final = Statement(
    insert(payment_news).on_conflict_do_nothing().returning(payment_news.c.event_id),
)
_known_news: Final = Statement(
    select(payment_news.c.event_id).where(in_scope(payment_news), payment_news.c.event_id == given("event"))
)
_old_news: Final = Statement(
    delete(payment_news).where(in_scope(payment_news), payment_news.c.received_at < given("before"))
)
_open_questions: Final = RawStatement(
    """
    WITH open AS (
        SELECT tenant_id, livemode, id FROM payments
        WHERE status IN ('processing', 'requires_action', 'requires_payment_method', 'failed')
          AND payment_intent_id IS NOT NULL AND NOT capture_later
          AND created_at > $1::timestamptz - interval '1 day'
              * CASE WHEN status IN ('processing', 'requires_action') THEN 30 WHEN method = 'stripe' THEN 7 ELSE 0 END
        UNION
        SELECT tenant_id, livemode, payment_id FROM payment_refunds
        WHERE status IN ('asked', 'unanswered')
          AND (asked_at < $1::timestamptz - interval '2 minutes' OR asked_at > $1::timestamptz + interval '1 minute')
    )
    SELECT p.tenant_id, p.livemode, p.id FROM payments p JOIN open USING (tenant_id, livemode, id)
    WHERE ($3::uuid IS NULL OR p.tenant_id = $3)
      AND (coalesce(p.asked_at, p.updated_at) <= $1::timestamptz - least(
              greatest(coalesce(p.asked_at, p.updated_at) - p.updated_at, interval '2 minutes'), interval '6 hours')
           OR p.updated_at > $1::timestamptz + interval '1 minute')
    ORDER BY coalesce(p.asked_at, p.updated_at) LIMIT $2
    """,
    ("now", "most", "only"),
)
"""Records whose time lies ahead live by a test clock; nobody knows when they changed, so they are asked about."""
_note_question: Final = Statement(
    update(payments).where(in_scope(payments), payments.c.id == given("key")).values(asked_at=given("at"))
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


resource: Final = Resource("payment", "pay", payments, render, hidden=("asked_at",))
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


async def refund_of_provider(ctx: Context, refund_id: str) -> Record | None:
    """The refund that a provider knows under this id."""
    return await ctx.tx.row(_refund_of_provider, refund=refund_id)


async def intent_anywhere(tx: Transaction, intent_id: str, provider: str, *, livemode: bool) -> list[Record]:
    """The workspaces and ids of the payments with this intent, in a system transaction."""
    return await tx.rows(_anywhere, intent=intent_id, live=livemode, provider=provider)


async def is_known_news(ctx: Context, event_id: str) -> bool:
    """Whether a provider's event was booked already."""
    return await ctx.tx.row(_known_news, event=event_id) is not None


async def keep_news(ctx: Context, event_id: str, kind: str) -> bool:
    """Remember that a provider's event was booked, and forget the oldest; whether it was not known before."""
    scope = {"tenant_id": ctx.tenant_id, "livemode": ctx.livemode}
    await ctx.tx.run(_old_news, before=ctx.now - NEWS_KEPT)
    return await ctx.tx.row(_keep_news, **scope, event_id=event_id, kind=kind, received_at=ctx.now) is not None


async def open_questions(tx: Transaction, now: datetime, most: int, only: UUID | None) -> list[Record]:
    """Payments of which the provider may know more than our books, in a system transaction: each is asked about after
    two minutes, then less and less often. ``only``: those of one workspace.
    """
    return await tx.rows(_open_questions, now=now, most=most, only=only)


async def note_question(ctx: Context, payment: UUID) -> None:
    """Remember that the provider is being asked how a payment stands."""
    await ctx.tx.run(_note_question, key=payment, at=ctx.server_now)
