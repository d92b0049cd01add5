"""Stripe's webhook (Salesbooth API, Internal Endpoints)."""

from __future__ import annotations

from typing import Final

import structlog

from dealwright.kernel.context import Steps
from dealwright.kernel.errors import Conflict, InvalidRequest, InvalidSignature, Unavailable
from dealwright.kernel.fields import Received
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.payments import records, settling
from dealwright.modules.payments.models import StripeDelivery
from dealwright.providers.payments import PaymentProviders
from dealwright.providers.payments.stripe_events import Forged, StripeEvent, Unreadable, read

log = structlog.get_logger("dealwright.stripe")

_INTENTS: Final = "payment_intent."
_REFUNDS: Final = ("charge.refunded", "charge.refund.", "refund.")
_DISPUTES: Final = "charge.dispute."


@operation(
    "stripe_webhook.receive",
    "POST",
    "/stripe-webhook",
    scope=None,
    auth=("signature",),
    result=Received,
    events=(
        "deal.payment_received",
        "deal.payment_failed",
        "deal.payment_refunded",
        "payment.received",
        "deal.status_changed",
        "deal.closed",
    ),
    errors=(InvalidSignature, Conflict, Unavailable),
    own_transactions=True,
)
async def receive_stripe(steps: Steps, params: StripeDelivery) -> Reply:
    """Receive an event of Stripe's.

    The event only says where to look: Stripe is asked how the payment stands now, so events may come twice and in any
    order. What is about no payment of this server is acknowledged and ignored. 503 makes Stripe send it again.
    """
    secrets = steps.providers.get(PaymentProviders).webhook_secrets
    try:
        event = read(params.body, params.signature, secrets)
    except Forged:
        raise InvalidSignature from None
    except Unreadable as problem:
        raise InvalidRequest(str(problem)) from None
    if event.intent_id is None or not event.kind.startswith((_INTENTS, _DISPUTES, *_REFUNDS)):
        log.info("stripe_event_ignored", event_id=event.id, kind=event.kind)
        return Reply({"received": True})
    try:
        payment = await settling.find(steps, "stripe", event.intent_id, event.metadata, livemode=event.livemode)
        if payment is None:
            log.info("stripe_event_of_others", event_id=event.id, kind=event.kind)
        else:
            await _book(steps, event, payment)
    except Conflict as problem:
        log.warning("stripe_event_contradicts", event_id=event.id, kind=event.kind, problem=problem.message)
        raise InvalidRequest(problem.message) from None
    return Reply({"received": True})


async def _book(steps: Steps, event: StripeEvent, payment: Row) -> None:
    here = await steps.inside(payment["tenant_id"], event.livemode)
    if await here.run(lambda ctx: records.is_known_news(ctx, event.id)):
        return
    payment = await settling.catch_up(here, payment)
    if event.kind.startswith(_REFUNDS):
        await settling.catch_up_refunds(here, payment)
    async with here.transaction() as ctx:
        fresh = await records.keep_news(ctx, event.id, event.kind)
        if fresh and event.kind.startswith(_DISPUTES):
            settling.note_dispute(ctx, payment, event.kind, event.object_id, event.reason)
