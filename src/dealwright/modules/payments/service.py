"""Opening intents and booking what the provider says of them; every entrance for money comes through here.

Three steps each: what is about to be asked is written down, the provider is asked with no transaction open, its answer
is booked. Booking looks at the record under lock, deal before payment, so an answer that arrives twice is booked once.
An answer that never arrives leaves the payment in ``processing``, its sum taken, until it is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dealwright.kernel import ids, money
from dealwright.kernel.context import Context, Steps, on
from dealwright.kernel.errors import Conflict, InvalidRequest, PaymentFailed, invalid_field
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, on_violation
from dealwright.modules.deals import records as deals
from dealwright.modules.deals import rules as deal_rules
from dealwright.modules.deals import service as deal_service
from dealwright.modules.payments import records, rules
from dealwright.providers.payments import PaymentProviders
from dealwright.providers.payments.protocol import (
    Intent,
    IntentStatus,
    PaymentProvider,
    ProviderDeclined,
    ProviderRefused,
)

on_violation("fk_payments_deal", lambda: Conflict("A deal that has payments is kept; cancel it instead"))


@dataclass(frozen=True, slots=True)
class State:
    """A payment and its deal as they were last read or written."""

    deal: Row
    payment: Row


def find_provider(caller: Context | Steps) -> PaymentProvider | None:
    """The caller's payment provider, None where none is configured."""
    principal = caller.principal
    assert principal.tenant_id is not None
    return caller.providers.get(PaymentProviders).for_mode(principal.tenant_id, livemode=principal.livemode)


def require_provider(caller: Context | Steps, name: str | None = None) -> PaymentProvider:
    """The provider of new payments, or the one of that name, which made an earlier one. Raises Conflict."""
    provider = find_provider(caller)
    if name is not None:
        tenant, livemode = caller.principal.tenant_id, caller.principal.livemode
        assert tenant is not None
        provider = caller.providers.get(PaymentProviders).named(name, tenant, livemode=livemode)
    if provider is None:
        raise Conflict(
            f"The payment provider {name} is not configured here"
            if name is not None
            else "No payment provider is configured for this mode",
            code="conflict.not_configured",
            action="configure_payments",
            hint="Use a test key (sb_test_…) for the sandbox gateway, connect a payment provider for live payments,"
            " or record payments that were made elsewhere with action=record-manual.",
        )
    return provider


def refused(refusal: ProviderRefused) -> InvalidRequest:
    """The 400 for something that the provider cannot do."""
    if refusal.field is not None:
        return invalid_field(refusal.field, "invalid", refusal.message)
    return InvalidRequest(refusal.message)


def declined(refusal: ProviderDeclined) -> PaymentFailed:
    """The 402 for money that the provider did not move, with its reason."""
    return PaymentFailed(
        refusal.message,
        details={"reason": refusal.reason},
        hint="Confirm the same payment intent again with another payment_method.",
    )


def said_no(refusal: ProviderDeclined | ProviderRefused) -> PaymentFailed | InvalidRequest:
    """What a caller is told when the provider did not do what was asked."""
    return declined(refusal) if isinstance(refusal, ProviderDeclined) else refused(refusal)


def due_of(deal: Row) -> Decimal:
    return deal_rules.amount_due(deal["total"], deal["amount_paid"], deal["amount_refunded"])


async def insert_payment(ctx: Context, deal: Row, amount: Decimal, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new payment of a locked deal."""
    return await records.resource.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "deal_id": deal["id"],
            "attempts": 0,
            "capture_later": False,
            "amount": amount,
            "amount_refunded": Decimal(0),
            "currency": deal["currency"],
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
            **values,
        },
    )


async def change(ctx: Context, payment: Row, action: str, **changes: Any) -> Record:
    """Write changed columns of a locked payment, with the audit entry."""
    written = await records.resource.change(ctx.tx, payment, changes, ctx.now)
    ctx.record(records.resource, written, action, before=payment)
    return written


async def open_intent(
    steps: Steps, *, deal_id: str, amount: Decimal | None, currency: str | None, payment_method: str | None
) -> tuple[Row, Intent]:
    """A payment of a deal with a fresh intent at the provider.

    Raises NotFound, Conflict (the deal takes no payment, no provider), InvalidFields and Unavailable.
    """

    async def begin(ctx: Context) -> Row:
        deal = await deals.lock(ctx, deal_id)
        due = due_of(deal)
        rules.check_chargeable(deal["status"], due)
        rules.check_currency(currency, deal["currency"])
        provider = require_provider(ctx)
        sum_to_pay = rules.amount_to_pay(amount, due, deal["currency"])
        row = await insert_payment(
            ctx, deal, sum_to_pay, {"method": provider.name, "status": "opening", "payment_method": payment_method}
        )
        ctx.record(records.resource, row, "payment.opened")
        return row

    payment = await steps.run(begin)
    payment_id = records.resource.wire_id(payment["id"])
    try:
        intent = await require_provider(steps).create_intent(
            payment["amount"],
            payment["currency"],
            idempotency_key=payment_id,
            metadata={
                "workspace": ids.encode("tenant", payment["tenant_id"]),
                "payment_id": payment_id,
                "deal_id": deals.resource.wire_id(payment["deal_id"]),
            },
            capture_method="manual",
        )
    except ProviderRefused as refusal:
        await steps.run(lambda ctx: _opened(ctx, payment_id, "payment.canceled", status="canceled"))
        raise refused(refusal) from None
    opened = {"status": standing(intent.status), "payment_intent_id": intent.id}
    return await steps.run(lambda ctx: _opened(ctx, payment_id, "payment.intent_opened", **opened)), intent


async def _opened(ctx: Context, payment_id: str, action: str, **changes: Any) -> Record:
    """Book what became of opening an intent, unless the provider's own news of it came first."""
    payment = await records.resource.lock(ctx.tx, payment_id)
    return await change(ctx, payment, action, **changes) if payment["status"] == "opening" else payment


async def adopt(ctx: Context, payment: Row, intent_id: str) -> Record:
    """Book the intent of a payment whose opening the provider has not answered yet."""
    found = await records.resource.lock(ctx.tx, records.resource.wire_id(payment["id"]))
    if found["payment_intent_id"] is not None:
        return found
    opened = {"status": "requires_payment_method"} if found["status"] == "opening" else {}
    return await change(ctx, found, "payment.intent_opened", payment_intent_id=intent_id, **opened)


_STANDING: Final[Mapping[IntentStatus, rules.Status]] = {
    IntentStatus.CANCELED: "canceled",
    IntentStatus.REQUIRES_ACTION: "requires_action",
    IntentStatus.PROCESSING: "processing",
}


def standing(status: IntentStatus) -> rules.Status:
    """How a payment whose intent has this status stands in our books, short of success."""
    return _STANDING.get(status, "requires_payment_method")


async def confirm(steps: Steps, *, intent_id: str, payment_method: str | None) -> tuple[State, IntentStatus]:
    """Have an intent charged, or ask how its charge went, and book the outcome.

    The deal has room for the sum, and keeps it, before the provider is asked; a repeated call and one that comes
    while another is under way ask about the same attempt. Raises NotFound, Conflict (canceled, the deal takes no such
    payment), PaymentFailed, InvalidFields and Unavailable (outcome unknown; confirm again).
    """

    async def begin(ctx: Context) -> State:
        deal, payment = await records.lock_pair(ctx, await records.by_intent(ctx, intent_id))
        if payment["status"] in rules.BOOKED:
            return State(deal, payment)
        if payment["status"] == "canceled":
            raise canceled()
        if payment["capture_later"]:
            raise Conflict("This money is held in escrow", hint="Release or refund the deal's escrow.")
        require_provider(ctx, payment["method"])
        if payment["status"] != "processing":
            due = due_of(deal)
            rules.check_chargeable(deal["status"], due)
            if payment["currency"] != deal["currency"]:
                raise Conflict(f"The deal is in {deal['currency']} now, and the intent in {payment['currency']}")
            underway = await records.charging(ctx, deal["id"])
            rules.check_room(payment["amount"], due, underway, deal["currency"])
            payment = await change(
                ctx,
                payment,
                "payment.attempted",
                status="processing",
                attempts=payment["attempts"] + 1,
                payment_method=payment_method or payment["payment_method"],
                failure_reason=None,
            )
        return State(deal, payment)

    begun = await steps.run(begin)
    payment = begun.payment
    if payment["status"] in rules.BOOKED:
        return begun, IntentStatus.SUCCEEDED
    try:
        intent = await _charge(require_provider(steps, payment["method"]), payment)
    except ProviderDeclined as refusal:
        reason = refusal.reason
        await steps.run(lambda ctx: _book_failure(ctx, payment, reason))
        raise declined(refusal) from None
    except ProviderRefused as refusal:
        await steps.run(lambda ctx: _end_attempt(ctx, payment))
        raise refused(refusal) from None
    state = await steps.run(lambda ctx: book(ctx, payment, intent))
    if intent.status is IntentStatus.CANCELED:
        raise canceled()
    return state, intent.status


def canceled() -> Conflict:
    return Conflict("The payment intent is canceled", hint="Open a new payment intent for the deal.")


async def _charge(provider: PaymentProvider, payment: Row) -> Intent:
    """Bring an intent as far as it goes: confirm it when that is open, capture what is held."""
    intent_id = payment["payment_intent_id"]
    attempt = f"{records.resource.wire_id(payment['id'])}:{payment['attempts']}"
    intent = await provider.retrieve(intent_id)
    if intent.status in (IntentStatus.REQUIRES_PAYMENT_METHOD, IntentStatus.REQUIRES_CONFIRMATION):
        intent = await provider.confirm(intent_id, payment["payment_method"], idempotency_key=f"{attempt}:confirm")
    if intent.status is IntentStatus.REQUIRES_CAPTURE:
        intent = await provider.capture(intent_id, idempotency_key=f"{attempt}:capture")
    return intent


async def book(ctx: Context, asked: Row, intent: Intent) -> State:
    """Book how an intent stands at the provider. Money that came in is booked whatever our own record says, once."""
    deal, payment = await records.lock_pair(ctx, asked)
    if payment["status"] in rules.BOOKED:
        return State(deal, payment)
    if intent.status is IntentStatus.SUCCEEDED:
        written = await change(
            ctx, payment, "payment.succeeded", status="succeeded", paid_at=ctx.now, failure_reason=None
        )
        return State(await book_received(ctx, deal, written), written)
    if not _same_attempt(payment, asked) or intent.status is IntentStatus.PROCESSING:
        return State(deal, payment)
    status = standing(intent.status)
    return State(deal, await change(ctx, payment, f"payment.{status}", status=status))


async def book_received(ctx: Context, deal: Row, payment: Row) -> Record:
    """Announce a payment that came in and add it to its locked deal."""
    deal_id = deals.resource.wire_id(deal["id"])
    sums = {"amount": money.text(payment["amount"], payment["currency"]), "currency": payment["currency"]}
    ctx.announce(
        "deal.payment_received",
        deals.resource,
        deal["id"],
        {
            "deal_id": deal_id,
            **sums,
            "payment_intent_id": payment["payment_intent_id"],
            "status": payment["status"],
        },
    )
    ctx.announce(
        "payment.received",
        records.resource,
        payment["id"],
        {
            "payment_id": records.resource.wire_id(payment["id"]),
            "deal_id": deal_id,
            **sums,
            "method": payment["method"],
        },
    )
    paid = deal["amount_paid"] + payment["amount"]
    return await deal_service.book_payment(ctx, deal, paid=paid, refunded=deal["amount_refunded"])


def _same_attempt(payment: Row, asked: Row) -> bool:
    """Whether the attempt that the provider was asked about is still the open one."""
    return bool(payment["status"] == "processing" and payment["attempts"] == asked["attempts"])


async def _book_failure(ctx: Context, asked: Row, reason: str) -> None:
    deal, payment = await records.lock_pair(ctx, asked)
    if _same_attempt(payment, asked):
        await book_failed(ctx, deal, payment, reason)


async def book_failed(ctx: Context, deal: Row, payment: Row, reason: str) -> Record:
    """Book and announce that a locked payment was declined."""
    written = await change(ctx, payment, "payment.failed", status="failed", failure_reason=reason, payment_method=None)
    ctx.announce(
        "deal.payment_failed",
        deals.resource,
        deal["id"],
        {
            "deal_id": deals.resource.wire_id(deal["id"]),
            "amount": money.text(payment["amount"], payment["currency"]),
            "currency": payment["currency"],
            "payment_intent_id": payment["payment_intent_id"],
            "failure_reason": reason,
        },
    )
    return written


async def _end_attempt(ctx: Context, asked: Row) -> None:
    """Book that the provider did nothing: the sum is free again, and the method of this attempt is forgotten."""
    _, payment = await records.lock_pair(ctx, asked)
    if _same_attempt(payment, asked):
        await change(ctx, payment, "payment.attempt_refused", status="requires_payment_method", payment_method=None)


@on("deal.updated")
async def _keep_currency(ctx: Context, event: Event) -> None:
    """A charge that is under way is booked in the deal's currency, so that must not change meanwhile."""
    if "currency" in event.data["changed_fields"]:
        deal = deals.resource.key(event.entity_id)
        if await records.charging(ctx, deal) > 0:
            raise Conflict("The currency of a deal cannot change while a payment is being processed")
