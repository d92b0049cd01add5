"""Money that is held for a deal now, and taken or let go of later.

A hold is a payment with ``capture_later``: its sum counts as taken from the first step, so no other payment can use the
room, and it is booked like any other payment once it was captured. Whoever holds money decides what becomes of it;
:func:`dealwright.modules.payments.service.confirm` refuses such payments.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealwright.kernel import ids
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records as deals
from dealwright.modules.payments import records, rules, service
from dealwright.modules.payments.service import State
from dealwright.providers.payments.protocol import Intent, IntentStatus


async def begin(
    ctx: Context, deal: Row, *, amount: Decimal | None, currency: str | None, payment_method: str | None
) -> dict[str, Any]:
    """Write down that money is going to be held for a locked deal: what is due, or the named part of it.

    Raises Conflict (the deal takes no payment, no room beside other payments, no provider) and InvalidFields.
    """
    due = service.due_of(deal)
    rules.check_chargeable(deal["status"], due)
    rules.check_currency(currency, deal["currency"])
    held = rules.amount_to_pay(amount, due, deal["currency"])
    rules.check_room(held, due, await records.charging(ctx, deal["id"]), deal["currency"])
    return await _write_down(ctx, deal, held, payment_method)


async def begin_again(ctx: Context, deal: Row, hold: Row) -> dict[str, Any]:
    """Write down that a second hold is going to replace one that runs out; until then the sum counts twice."""
    return await _write_down(ctx, deal, hold["amount"], hold["payment_method"])


async def _write_down(ctx: Context, deal: Row, amount: Decimal, payment_method: str | None) -> dict[str, Any]:
    values = {
        "method": service.require_provider(ctx).name,
        "status": "processing",
        "attempts": 1,
        "capture_later": True,
        "payment_method": payment_method,
    }
    row = await service.insert_payment(ctx, deal, amount, values)
    ctx.record(records.resource, row, "payment.hold_asked")
    return row


async def place(steps: Steps, hold: Row) -> Intent:
    """Have the money held, or see how that went: a repeated call is the same call.

    Raises ProviderDeclined and ProviderRefused (nothing is held) and Unavailable (nobody knows; ask again).
    """
    intent = await _intent(steps, hold)
    if intent.status in (IntentStatus.REQUIRES_PAYMENT_METHOD, IntentStatus.REQUIRES_CONFIRMATION):
        provider = service.require_provider(steps, hold["method"])
        key = f"{_name(hold)}:{hold['attempts']}:confirm"
        intent = await provider.confirm(intent.id, hold["payment_method"], idempotency_key=key)
    return intent


async def take(steps: Steps, hold: Row) -> Intent:
    """Have held money captured. Raises as :func:`place`."""
    provider = service.require_provider(steps, hold["method"])
    key = f"{_name(hold)}:{hold['attempts']}:capture"
    return await provider.capture(hold["payment_intent_id"], idempotency_key=key)


async def let_go(steps: Steps, hold: Row) -> Intent:
    """Have held money set free. Raises ProviderRefused (it was taken) and Unavailable."""
    intent = await _intent(steps, hold)
    provider = service.require_provider(steps, hold["method"])
    return await provider.cancel(intent.id, idempotency_key=f"{_name(hold)}:{hold['attempts']}:cancel")


async def look(steps: Steps, hold: Row) -> Intent:
    """How the intent of a hold stands. Raises ProviderRefused and Unavailable."""
    return await _intent(steps, hold)


async def _intent(steps: Steps, hold: Row) -> Intent:
    """The intent of a hold; opened now, under the payment's own name, where its opening was never answered."""
    provider = service.require_provider(steps, hold["method"])
    if hold["payment_intent_id"] is not None:
        return await provider.retrieve(hold["payment_intent_id"])
    intent = await provider.create_intent(
        hold["amount"],
        hold["currency"],
        idempotency_key=_name(hold),
        metadata={
            "workspace": ids.encode("tenant", hold["tenant_id"]),
            "payment_id": _name(hold),
            "deal_id": deals.resource.wire_id(hold["deal_id"]),
        },
        capture_method="manual",
    )
    await steps.run(lambda ctx: _opened(ctx, hold, intent))
    return intent


async def _opened(ctx: Context, hold: Row, intent: Intent) -> None:
    row = await records.resource.lock(ctx.tx, _name(hold))
    if row["payment_intent_id"] is None:
        await service.change(ctx, row, "payment.intent_opened", payment_intent_id=intent.id)


async def book(ctx: Context, asked: Row, intent: Intent) -> State:
    """Book how the intent of a hold stands, once; money that was taken is booked whatever our own record says."""
    deal, payment = await records.lock_pair(ctx, asked)
    if intent.status is IntentStatus.SUCCEEDED:
        return await service.book(ctx, payment, intent)
    status = {IntentStatus.REQUIRES_CAPTURE: "requires_capture", IntentStatus.CANCELED: "canceled"}.get(intent.status)
    if status is None or payment["status"] == status or payment["status"] not in rules.UNDERWAY:
        return State(deal, payment)
    return State(deal, await service.change(ctx, payment, f"payment.{status}", status=status))


async def book_declined(ctx: Context, asked: Row, reason: str) -> None:
    """Book that the money of a hold could not be had."""
    deal, payment = await records.lock_pair(ctx, asked)
    if payment["status"] in rules.UNDERWAY:
        await service.book_failed(ctx, deal, payment, reason)


async def book_refused(ctx: Context, asked: Row) -> None:
    """Book that the provider could not make a hold; nothing happened there."""
    _, payment = await records.lock_pair(ctx, asked)
    if payment["status"] in rules.UNDERWAY:
        await service.change(ctx, payment, "payment.canceled", status="canceled")


async def next_attempt(ctx: Context, asked: Row) -> Record:
    """Book that an attempt to take or free the money came to an end without either, so that another may be made."""
    _, payment = await records.lock_pair(ctx, asked)
    if payment["attempts"] != asked["attempts"]:
        return payment
    return await service.change(ctx, payment, "payment.attempt_ended", attempts=payment["attempts"] + 1)


def _name(hold: Row) -> str:
    return records.resource.wire_id(hold["id"])
