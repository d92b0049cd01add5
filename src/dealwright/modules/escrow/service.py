"""Moving money in and out of escrow.

Each way has three steps: what is going to be asked is written down, the provider is asked with no transaction open, its
word is booked. The row says what was asked (pending, releasing, refunding), so of two callers one asks, and whoever
comes after a crash asks the same again. What the provider says wins over what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import clock, ids, money
from dealwright.kernel.context import Context, Steps, on
from dealwright.kernel.errors import Conflict, DealwrightError, Unavailable
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records as deals
from dealwright.modules.deals import service as deal_service
from dealwright.modules.escrow import records, rules
from dealwright.modules.escrow.models import NewEscrow
from dealwright.modules.payments import holds
from dealwright.modules.payments import records as payments
from dealwright.modules.payments import rules as payment_rules
from dealwright.modules.payments import service as payment_service
from dealwright.providers.payments.protocol import Intent, IntentStatus, ProviderDeclined, ProviderRefused

NOT_ACTIVE: Final = "conflict.escrow_not_active"

_WORDS: Final[Mapping[IntentStatus, rules.Word]] = {
    IntentStatus.REQUIRES_CAPTURE: "held",
    IntentStatus.SUCCEEDED: "taken",
    IntentStatus.CANCELED: "free",
}


def not_active(row: Row) -> Conflict:
    """The 409 for an escrow that is past what was asked for, or on its way somewhere else."""
    details = {"current_status": row["status"]}
    return Conflict(f"The escrow is {row['status']}", code=NOT_ACTIVE, details=details)


async def ask_to_hold(ctx: Context, params: NewEscrow) -> UUID:
    """Write down a new escrow, or take up the one that the same call began and nobody finished. Raises Conflict."""
    deal = await deals.lock(ctx, params.id, ctx.expected_version)
    wanted = [(each.type, each.config) for each in params.conditions]
    last = await records.find(ctx, deal["id"])
    if last is not None and last["status"] in rules.LIVE:
        same = [(each["type"], each["config"]) for each in last["conditions"]] == wanted
        waiting = last["status"] == "pending" and not rules.is_asked_about(last["asked_at"], ctx.now)
        if not (same and waiting and params.amount in (None, last["amount"])):
            raise Conflict("The deal's money is already in escrow", code="conflict.escrow_exists")
        return await _ask(ctx, await records.lock(ctx, last["id"]), "pending")
    hold = await holds.begin(
        ctx, deal, amount=params.amount, currency=params.currency, payment_method=params.payment_method
    )
    row = await records.resource.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "deal_id": deal["id"],
            "payment_id": hold["id"],
            "status": "pending",
            "amount": hold["amount"],
            "currency": hold["currency"],
            "conditions": [_condition(kind, config) for kind, config in wanted],
            "expires_at": ctx.now + timedelta(seconds=params.expires_in),
            "asked_at": ctx.now,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.resource, row, "escrow.asked")
    key: UUID = row["id"]
    return key


def _condition(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    condition_id = ids.encode(records.CONDITION, ids.uuid7())
    return {"condition_id": condition_id, "type": kind, "config": config, "met_by": None, "met_at": None}


async def _ask(ctx: Context, row: Row, status: rules.Status, **values: Any) -> UUID:
    written = await records.change(ctx, row, f"escrow.{status}", status=status, asked_at=ctx.now, **values)
    key: UUID = written["id"]
    return key


async def ask_to_release(ctx: Context, deal_id: str) -> UUID:
    """Write down that the money of a deal's escrow is to be taken. Raises NotFound and Conflict."""
    deal, row = await records.lock_of_deal(ctx, deal_id)
    again = row["status"] == "releasing" and not rules.is_asked_about(row["asked_at"], ctx.now)
    if row["status"] != "held" and not again:
        raise not_active(row)
    if deal["status"] in ("cancelled", "expired"):
        raise Conflict(f"The deal is {deal['status']}; its money goes back to the buyer")
    if missing := rules.open_conditions(row["conditions"]):
        named = [{"condition_id": each["condition_id"], "type": each["type"]} for each in missing]
        raise Conflict(
            "Conditions of the escrow are still open: " + ", ".join(each["type"] for each in missing),
            code="conflict.conditions_unmet",
            details={"open_conditions": named},
            hint="Mark each of them as met with action=fulfill_condition.",
        )
    if not again:
        own = row["amount"] if row["spare_payment_id"] is None else 2 * row["amount"]
        others = max(await payments.charging(ctx, deal["id"]) - own, Decimal(0))
        payment_rules.check_room(row["amount"], payment_service.due_of(deal), others, row["currency"])
    return await _ask(ctx, row, "releasing")


async def ask_to_refund(ctx: Context, deal_id: str, reason: str) -> UUID:
    """Write down that the money of a deal's escrow goes back to the buyer. Raises NotFound and Conflict."""
    _, row = await records.lock_of_deal(ctx, deal_id)
    return await begin_refund(ctx, row, reason)


async def begin_refund(ctx: Context, row: Row, reason: str) -> UUID:
    """The same for a locked escrow."""
    nobody_waits = not rules.is_asked_about(row["asked_at"], ctx.now)
    if row["status"] == "refunding" and nobody_waits:
        return await _ask(ctx, row, "refunding")
    if row["status"] != "held" and not (row["status"] == "pending" and nobody_waits):
        raise not_active(row)
    return await _ask(ctx, row, "refunding", refund_reason=reason)


async def drive(steps: Steps, key: UUID) -> Intent | None:
    """Ask the provider for what an escrow waits for and book its word. Answers the intent, None when nothing was asked.

    Raises PaymentFailed (declined), InvalidRequest (refused), both booked, and Unavailable (unknown; ask again).
    """
    row, hold = await steps.run(lambda ctx: _read(ctx, key))
    if row["status"] not in rules.LIVE:
        return None
    work = {"pending": holds.place, "releasing": holds.take, "refunding": holds.let_go, "held": holds.look}
    refusal: DealwrightError | None = None
    try:
        intent = await work[row["status"]](steps, hold)
    except Unavailable:
        await steps.run(lambda ctx: _nobody_waits(ctx, key))
        raise
    except (ProviderDeclined, ProviderRefused) as problem:
        reason = problem.reason if isinstance(problem, ProviderDeclined) else None
        refusal = payment_service.said_no(problem)
        if row["status"] == "pending":
            await steps.run(lambda ctx: _fail(ctx, key, hold, reason))
            raise refusal from None
        intent = await holds.look(steps, hold)
        await steps.run(lambda ctx: holds.next_attempt(ctx, hold))
    ended = await steps.run(lambda ctx: book(ctx, key, intent))
    if refusal is not None and ended["status"] in rules.LIVE and intent.status is not IntentStatus.SUCCEEDED:
        raise refusal
    return intent


async def _read(ctx: Context, key: UUID) -> tuple[Record, Record]:
    row = await records.resource.get(ctx.tx, records.resource.wire_id(key))
    return row, await payments.resource.get(ctx.tx, payments.resource.wire_id(row["payment_id"]))


async def _nobody_waits(ctx: Context, key: UUID) -> None:
    _, row = await records.lock_pair(ctx, key)
    if row["status"] in rules.UNANSWERED:
        await records.change(ctx, row, "escrow.unanswered", asked_at=None)


async def _fail(ctx: Context, key: UUID, hold: Row, reason: str | None) -> None:
    """Book that the money of a new escrow could not be held."""
    if reason is None:
        await holds.book_refused(ctx, hold)
    else:
        await holds.book_declined(ctx, hold, reason)
    _, row = await records.lock_pair(ctx, key)
    if row["status"] == "pending":
        why = reason or "refused"
        await records.change(ctx, row, "escrow.failed", status="failed", failure_reason=why, ended_at=ctx.now)


async def book(ctx: Context, key: UUID, intent: Intent) -> Record:
    """Book what the provider says of an escrow's money: on the payment, the escrow and the deal, once."""
    _, row = await records.lock_pair(ctx, key)
    hold = await payments.resource.get(ctx.tx, payments.resource.wire_id(row["payment_id"]))
    if hold["payment_intent_id"] != intent.id:  # it was made anew meanwhile
        return row
    await holds.book(ctx, hold, intent)
    word = _WORDS.get(intent.status, "waiting")
    status = rules.after(row["status"], word, row["refund_reason"])
    if word == "taken":  # the payment says so, and _release hears it
        return row
    values: dict[str, Any] = {"status": status, "asked_at": None}
    if word == "held" and row["hold_expires_at"] is None:
        values["hold_expires_at"] = runs_out(ctx, intent)
    if status not in rules.LIVE:
        values["ended_at"] = ctx.now
    if status == rules.EXPIRED and row["refund_reason"] is None:
        values["refund_reason"] = rules.EXPIRED
    if status == row["status"] and row["asked_at"] is None:
        return row
    written = await records.change(ctx, row, f"escrow.{status}", **values)
    if row["status"] == "pending" and status == "held":
        condition = written["conditions"][0]["type"]
        expires = clock.iso(written["expires_at"])
        announce(ctx, written, "escrow.created", {"release_condition": condition, "expires_at": expires})
    if status in ("refunded", "expired"):
        gone = {"reason": written["refund_reason"], "refunded_at": clock.iso(ctx.now)}
        announce(ctx, written, "escrow.refunded", gone)
    return written


def runs_out(ctx: Context, intent: Intent) -> datetime:
    """When a hold runs out, by the clock of the workspace; the provider says it by the server's."""
    return ctx.now + rules.ASSUMED_HOLD if intent.held_until is None else intent.held_until + ctx.ahead


def announce(ctx: Context, row: Row, event: str, data: Mapping[str, Any]) -> None:
    """An event of an escrow, with what all of them tell."""
    facts = {
        "id": records.resource.wire_id(row["id"]),
        "deal_id": deals.resource.wire_id(row["deal_id"]),
        "amount": money.text(row["amount"], row["currency"]),
        "currency": row["currency"],
    }
    ctx.announce(event, records.resource, row["id"], {**facts, **data})


@on("payment.received")
async def _release(ctx: Context, event: Event) -> None:
    """The money of an escrow was taken, whoever brought the news: the escrow is released and its deal is closed."""
    payment = payments.resource.key(event.data["payment_id"])
    found = await records.of_payment(ctx, payment)
    if found is None or found["status"] not in rules.LIVE:
        return
    deal, row = await records.lock_pair(ctx, found["id"])
    written = await records.change(
        ctx, row, "escrow.released", status="released", refund_reason=None, asked_at=None, ended_at=ctx.now
    )
    announce(ctx, written, "escrow.released", {"released_at": clock.iso(ctx.now)})
    if deal["status"] not in ("closed", "cancelled", "expired"):
        await deal_service.move(ctx, deal, "closed")
