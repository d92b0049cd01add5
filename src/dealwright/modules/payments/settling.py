"""Catching up with the provider: what the customer's browser, the provider's dashboard or a lost answer has changed.

The provider is asked how things stand and that is booked; what a message says about a state is never believed, so
messages may come late, twice and in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from dealwright.kernel import ids
from dealwright.kernel.context import Context, Elsewhere, Steps
from dealwright.kernel.errors import Conflict, DealwrightError, NotFound, PaymentFailed
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records as deals
from dealwright.modules.payments import records, refunds, rules, service
from dealwright.modules.payments.service import State
from dealwright.providers.payments.protocol import Intent, IntentStatus, ProviderRefused, Refund, RefundStatus

log = structlog.get_logger("dealwright.payments")

UNDER_WAY: Final = timedelta(minutes=2)
"""For so long an attempt may still be on its way to the provider: longer than all its tries together."""
NEVER_MADE: Final = timedelta(hours=1)
"""A refund that the provider does not know after this long was never made."""
BATCH: Final = 200

_UNPAID: Final = (IntentStatus.REQUIRES_PAYMENT_METHOD, IntentStatus.REQUIRES_CONFIRMATION)

event_types.fired_by(
    "system:payments", "deal.payment_received", "payment.received", "deal.payment_failed", "deal.payment_refunded"
)


async def catch_up(steps: Steps, payment: Row) -> Row:
    """Ask the provider how a payment's intent stands, and book that; money that is held is taken if the deal has room
    for it, and given back if it has none. Raises Unavailable, and Conflict when the provider has another sum.
    """
    if payment["status"] in rules.BOOKED:
        return payment
    provider = service.require_provider(steps, payment["method"])
    try:
        intent = await provider.retrieve(payment["payment_intent_id"])
    except ProviderRefused as refusal:
        raise service.refused(refusal) from None
    if (intent.amount, intent.currency) != (payment["amount"], payment["currency"]):
        raise Conflict(f"The payment provider has another sum for {records.resource.wire_id(payment['id'])}")
    if payment["capture_later"] and intent.status is not IntentStatus.SUCCEEDED:
        return payment  # whoever has it held asks about it
    if intent.status is IntentStatus.REQUIRES_CAPTURE:
        return await _take(steps, payment, intent)
    return (await steps.run(lambda ctx: _book_standing(ctx, payment, intent))).payment


async def _take(steps: Steps, payment: Row, intent: Intent) -> Row:
    """Capture what is held, or let go of it."""
    try:
        return (await service.confirm(steps, intent_id=intent.id, payment_method=None))[0].payment
    except PaymentFailed:
        return await steps.run(lambda ctx: _read(ctx, payment))
    except Conflict:
        if await steps.run(lambda ctx: _may_wait(ctx, payment)):
            return payment
    provider = service.require_provider(steps, payment["method"])
    key = f"{records.resource.wire_id(payment['id'])}:cancel"
    try:
        given_back = await provider.cancel(intent.id, idempotency_key=key)
    except ProviderRefused as refusal:
        raise service.refused(refusal) from None
    log.warning("payment_given_back", payment_id=records.resource.wire_id(payment["id"]))
    return (await steps.run(lambda ctx: _book_standing(ctx, payment, given_back))).payment


async def _read(ctx: Context, payment: Row) -> Record:
    return await records.resource.get(ctx.tx, records.resource.wire_id(payment["id"]))


async def _may_wait(ctx: Context, payment: Row) -> bool:
    """Whether only other charges that are under way stand against a payment, which may still fail."""
    deal, payment = await records.lock_pair(ctx, payment)
    due = service.due_of(deal)
    try:
        rules.check_chargeable(deal["status"], due)
    except Conflict:
        return False
    return bool(payment["amount"] <= due and payment["currency"] == deal["currency"])


async def _book_standing(ctx: Context, asked: Row, intent: Intent) -> State:
    """Book how an intent stands, unless its payment moved on since the provider was asked."""
    if intent.status is IntentStatus.SUCCEEDED:
        return await service.book(ctx, asked, intent)
    deal, payment = await records.lock_pair(ctx, asked)
    unpaid, status = intent.status in _UNPAID, payment["status"]
    if payment["version"] != asked["version"] or status in rules.BOOKED or status == "canceled":
        return State(deal, payment)
    if unpaid and status == "processing" and payment["updated_at"] > ctx.now - UNDER_WAY:
        return State(deal, payment)
    if unpaid and status == "failed":
        return State(deal, payment)
    if unpaid and intent.declined is not None:
        return State(deal, await service.book_failed(ctx, deal, payment, intent.declined))
    stands = service.standing(intent.status)
    if stands == status:
        return State(deal, payment)
    forgotten = {"payment_method": None} if unpaid else {}
    return State(deal, await service.change(ctx, payment, f"payment.{stands}", status=stands, **forgotten))


async def catch_up_refunds(steps: Steps, payment: Row) -> None:
    """Book every refund of a payment that the provider knows, whoever made it, and give up those it never heard of."""
    if payment["status"] not in rules.BOOKED:
        return
    provider = service.require_provider(steps, payment["method"])
    try:
        found = await provider.refunds(payment["payment_intent_id"])
    except ProviderRefused as refusal:
        raise service.refused(refusal) from None
    for each in found:
        await steps.run(partial(_book_refund, payment, each))
    known = frozenset(each.reference for each in found)
    await steps.run(lambda ctx: _give_up(ctx, payment, known))


async def _book_refund(asked: Row, refund: Refund, ctx: Context) -> None:
    _, payment = await records.lock_pair(ctx, asked)
    row = await records.refund_of_provider(ctx, refund.id)
    if row is None and refund.reference is not None and (key := ids.decode("payref", refund.reference)) is not None:
        row = await records.refunds.find(ctx.tx, key)
    if row is not None and row["payment_id"] != payment["id"]:
        raise Conflict("The payment provider has this refund for another payment")
    if row is not None and row["status"] == "succeeded" and refund.status is RefundStatus.FAILED:
        log.error("refund_came_back", payment_id=records.resource.wire_id(payment["id"]), refund_id=refund.id)
        ctx.note("payment", records.resource.wire_id(payment["id"]), "payment.refund_came_back", {"refund": refund.id})
    if row is None and refund.status is RefundStatus.FAILED:
        return
    await refunds.book(ctx, payment, row or await refunds.write_down_found(ctx, payment, refund), refund)


async def _give_up(ctx: Context, asked: Row, known: frozenset[str | None]) -> None:
    _, payment = await records.lock_pair(ctx, asked)
    for row in await records.unanswered(ctx, payment["id"]):
        if records.refunds.wire_id(row["id"]) not in known and row["asked_at"] < ctx.now - NEVER_MADE:
            await refunds.change(ctx, row, {"status": "failed", "failure_reason": "never_made"})


async def find(steps: Steps, provider: str, intent_id: str, named: Mapping[str, str], *, livemode: bool) -> Row | None:
    """The payment, in any workspace, that a provider's intent is for: the one that has it, or the one that ``named``
    (the metadata that we gave the intent) says and whose opening has not been answered yet. None: not one of ours.

    Raises Conflict for an intent that claims to be for a payment that has another.
    """
    async with steps.system() as tx:
        owners = await records.intent_anywhere(tx, intent_id, provider, livemode=livemode)
    for owner in owners:
        async with steps.within(owner["tenant_id"], livemode) as ctx:
            return await records.resource.find(ctx.tx, owner["id"])
    tenant, key = ids.decode("tenant", named.get("workspace", "")), ids.decode("pay", named.get("payment_id", ""))
    if tenant is None or key is None:
        return None
    try:
        async with steps.within(tenant, livemode) as ctx:
            payment: Row | None = await records.resource.find(ctx.tx, key)
            if payment is None or payment["method"] != provider:
                return None
            if payment["payment_intent_id"] is None and payment["status"] in ("opening", "processing"):
                payment = await service.adopt(ctx, payment, intent_id)
    except NotFound:
        return None
    if payment["payment_intent_id"] != intent_id:
        raise Conflict(f"{named['payment_id']} belongs to another payment intent")
    return payment


@schedule("payments.ask_again", every=timedelta(minutes=1), real_time=True)
async def ask_again(server: Elsewhere, only: UUID | None = None) -> int:
    """Ask about every payment and refund whose outcome is open, in all workspaces or in one; answers how many it
    looked at.
    """
    async with server.system() as tx:
        open_ones = await records.open_questions(tx, server.clock(), BATCH, only)
    for each in open_ones:
        payment_id = ids.encode("pay", each["id"])
        try:
            await _ask_again(await server.steps_within(each["tenant_id"], each["livemode"]), payment_id)
        except DealwrightError as problem:
            log.warning("payment_stays_open", payment_id=payment_id, problem=problem.code)
        except Exception:
            log.exception("payment_not_asked", payment_id=payment_id)
    return len(open_ones)


async def _ask_again(steps: Steps, payment_id: str) -> None:
    async with steps.transaction() as ctx:
        await records.note_question(ctx, records.resource.key(payment_id))
        payment = await records.resource.get(ctx.tx, payment_id)
    await catch_up_refunds(steps, await catch_up(steps, payment))


def note_dispute(ctx: Context, payment: Row, kind: str, dispute: str, reason: str) -> None:
    """Write down that the customer's bank disputes a payment."""
    payment_id = records.resource.wire_id(payment["id"])
    log.warning("payment_disputed", payment_id=payment_id, kind=kind, reason=reason)
    notes = {"dispute": dispute, "reason": reason, "deal_id": deals.resource.wire_id(payment["deal_id"])}
    ctx.note("payment", payment_id, "payment." + kind.removeprefix("charge.").replace(".", "_"), notes)
