"""The payment operations (Salesbooth API, Payments)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import clock
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, NotFound, PaymentFailed, Unavailable
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.deals import records as deals
from dealwright.modules.payments import records, refunds, rules, service
from dealwright.modules.payments.models import (
    ConfirmedView,
    ConfirmIntent,
    DealPayments,
    IntentView,
    ManualPayment,
    ManualView,
    NewIntent,
    NewRefund,
    NewWidgetIntent,
    PaymentList,
    PaymentSettings,
    PaymentSettingsView,
    RefundView,
    WidgetIntentView,
)


def _intent_members(payment: Row) -> dict[str, Any]:
    """What every answer about an intent has."""
    return {
        "payment_intent_id": payment["payment_intent_id"],
        "payment_id": records.resource.wire_id(payment["id"]),
        "currency": payment["currency"].lower(),
    }


@operation(
    "payments.list",
    "GET",
    "/payments",
    scope="deals:read",
    result=DealPayments,
    errors=(NotFound,),
    tool=("get_payment_status", "payments"),
    resource="payment",
)
async def list_payments(ctx: Context, params: PaymentList) -> Reply:
    """How far a deal is paid, and its payments, newest first."""
    deal = await deals.get(ctx, params.deal_id)
    found = await records.of_deal(ctx, deal["id"])
    return Reply(
        {
            "deal_id": params.deal_id,
            "payment_status": deal["payment_status"],
            "total": float(deal["total"]),
            "amount_paid": float(deal["amount_paid"]),
            "amount_refunded": float(deal["amount_refunded"]),
            "amount_due": float(service.due_of(deal)),
            "currency": deal["currency"],
            "payments": await ctx.wire(records.resource, found),
        }
    )


@operation(
    "payments.settings",
    "GET",
    "/payments",
    action="settings",
    scope="deals:read",
    result=PaymentSettingsView,
    tool=("get_payment_settings", "payments"),
)
async def payment_settings(ctx: Context, params: PaymentSettings) -> Reply:
    """What a checkout needs to know about payments in this workspace and mode. Holds no secret."""
    provider = service.find_provider(ctx)
    settings = ctx.principal.settings
    return Reply(
        {
            "provider": provider.name if provider is not None else None,
            "mode": "live" if ctx.livemode else "test",
            "configured": provider is not None,
            "stripe_publishable_key": provider.publishable_key if provider is not None else None,
            "default_currency": settings.default_currency,
            "deposit_percentage": settings.deposit_percentage,
            "manual_payments_enabled": True,
        }
    )


@operation(
    "payments.create_intent",
    "POST",
    "/payments",
    action="create-intent",
    scope="deals:write",
    result=IntentView,
    status=201,
    errors=(NotFound, Conflict, Unavailable),
    tool=("create_payment_intent", "payments"),
    own_transactions=True,
    resource="payment",
)
async def create_intent(steps: Steps, params: NewIntent) -> Reply:
    """Open a payment intent for a deal.

    The amount is what is due unless a smaller one is named. No money moves until the intent is confirmed.
    """
    payment, intent = await service.open_intent(
        steps,
        deal_id=params.deal_id,
        amount=params.amount,
        currency=params.currency,
        payment_method=params.payment_method,
    )
    return Reply(
        {
            "id": intent.id,
            **_intent_members(payment),
            "client_secret": intent.client_secret,
            "amount": float(payment["amount"]),
            "status": intent.status,
        }
    )


@operation(
    "payment_intent.create",
    "POST",
    "/payment-intent",
    scope="deals:write",
    auth=("secret_key", "publishable_key", "session"),
    result=WidgetIntentView,
    errors=(NotFound, Conflict, Unavailable),
    own_transactions=True,
    resource="payment",
)
async def create_widget_intent(steps: Steps, params: NewWidgetIntent) -> Reply:
    """Open a payment intent for the payment step of a widget.

    The widget finishes it in the browser with ``client_secret``; the money is then held, and taken as soon as the
    provider has told this server.
    """
    if service.find_provider(steps) is None:
        raise Unavailable("No payment provider is configured for this mode")
    _, intent = await service.open_intent(
        steps, deal_id=params.deal_id, amount=params.amount, currency=None, payment_method=None
    )
    return Reply(
        {"client_secret": intent.client_secret, "amount": intent.minor_amount, "currency": intent.currency.lower()}
    )


@operation(
    "payments.confirm",
    "POST",
    "/payments",
    action="confirm",
    scope="deals:write",
    result=ConfirmedView,
    events=("deal.payment_received", "payment.received", "deal.payment_failed", "deal.status_changed", "deal.closed"),
    errors=(NotFound, Conflict, PaymentFailed, Unavailable),
    tool=("confirm_payment", "payments"),
    own_transactions=True,
    resource="payment",
)
async def confirm(steps: Steps, params: ConfirmIntent) -> Reply:
    """Have a payment intent charged, or see how its charge went, and book the payment on its deal.

    Confirming a booked intent again answers the same and changes nothing. After a declined attempt (402) the intent
    can be confirmed with another ``payment_method``; while the answer's status is ``processing``, confirm again later.
    """
    state, status = await service.confirm(
        steps, intent_id=params.payment_intent_id, payment_method=params.payment_method
    )
    payment = state.payment
    return Reply(
        {
            "id": payment["payment_intent_id"],
            **_intent_members(payment),
            "deal_id": deals.resource.wire_id(payment["deal_id"]),
            "status": status,
            "amount": float(payment["amount"]),
            "payment_status": state.deal["payment_status"],
            "paid_at": clock.iso_or_none(payment["paid_at"]),
        }
    )


@operation(
    "payments.refund",
    "POST",
    "/payments",
    action="refund",
    scope="deals:write",
    result=RefundView,
    events=("deal.payment_refunded",),
    errors=(NotFound, Conflict, PaymentFailed, Unavailable),
    tool=("refund_payment", "payments"),
    own_transactions=True,
    resource="payment",
)
async def refund(steps: Steps, params: NewRefund) -> Reply:
    """Pay back a payment: everything that is left of it, or the amount that is named."""
    made = await refunds.make(steps, intent_id=params.payment_intent_id, amount=params.amount, reason=params.reason)
    payment = made.payment
    refund_id = made.refund["provider_refund_id"]
    return Reply(
        {
            "id": refund_id,
            "refund_id": refund_id,
            **_intent_members(payment),
            "deal_id": deals.resource.wire_id(payment["deal_id"]),
            "amount": float(made.refund["amount"]),
            "amount_refunded": float(payment["amount_refunded"]),
            "status": payment["status"],
            "reason": made.refund["reason"],
        }
    )


@operation(
    "payments.record_manual",
    "POST",
    "/payments",
    action="record-manual",
    scope="deals:write",
    result=ManualView,
    status=201,
    events=("deal.payment_received", "payment.received", "deal.status_changed", "deal.closed"),
    errors=(NotFound, Conflict),
    tool=("record_manual_payment", "payments"),
    resource="payment",
)
async def record_manual(ctx: Context, params: ManualPayment) -> Reply:
    """Book a payment that was received outside any provider.

    It may be at most what is due, less what a charge that is under way may be taking.
    """
    deal = await deals.lock(ctx, params.deal_id)
    rules.check_bookable(deal["status"])
    rules.check_currency(params.currency, deal["currency"])
    due = service.due_of(deal)
    amount = rules.amount_to_pay(params.amount, due, deal["currency"])
    rules.check_room(amount, due, await records.charging(ctx, deal["id"]), deal["currency"])
    payment = await service.insert_payment(
        ctx, deal, amount, {"method": "manual", "status": "succeeded", "paid_at": ctx.now}
    )
    ctx.record(records.resource, payment, "payment.recorded")
    booked = await service.book_received(ctx, deal, payment)
    return Reply({**records.wire(payment), "payment_status": booked["payment_status"]})
