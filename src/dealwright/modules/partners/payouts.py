"""Carrying a settlement out, by a job that may die anywhere.

A leg is written down before the provider is asked, always asked under the same key, and its answer booked once, under
the lock of the saga. A payout that is declined is tried three times; then those that were made are taken back. An
answer that is not known is asked for again and never guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from pydantic import BaseModel

from dealwright.kernel import clock, money
from dealwright.kernel.context import Context, Elsewhere, Steps
from dealwright.kernel.jobs.jobs import DoNotRetry, JobFailed, job
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records as deals
from dealwright.modules.partners import records, rules
from dealwright.modules.payments import service as payments
from dealwright.providers.payments.protocol import Payouts, ProviderDeclined, ProviderRefused, Transfer

log = structlog.get_logger("dealwright.settlements")

STUCK_AFTER: Final = timedelta(minutes=5)
"""A saga that stood still for so long has lost its job."""


class OfDeal(BaseModel):
    deal_id: str


@dataclass(frozen=True, slots=True)
class Step:
    """What to ask the provider next: the leg as it was written down, and the key to ask under."""

    leg: Row
    key: str


def find(caller: Context | Steps) -> Payouts | None:
    """The caller's payment provider, where it pays others out."""
    provider = payments.find_provider(caller)
    return provider if isinstance(provider, Payouts) else None


def _require(steps: Steps) -> Payouts:
    provider = find(steps)
    if provider is None:
        raise JobFailed("no payment provider here pays shares out")
    return provider


@job("deal.settle", attempts=8, backoff=timedelta(seconds=5))
async def settle(steps: Steps, arguments: OfDeal) -> dict[str, Any]:
    """Pay out every share of a deal, or take all of them back when one cannot be paid out."""
    key = await steps.run(lambda ctx: _begin(ctx, arguments.deal_id))
    if key is None:
        return {"deal_id": arguments.deal_id, "status": "pending"}
    while (step := await steps.run(lambda ctx: _next_payout(ctx, key))) is not None:
        await _pay(steps, key, step)
    while (step := await steps.run(lambda ctx: _next_reversal(ctx, key))) is not None:
        await _take_back(steps, key, step)
    saga = await steps.run(lambda ctx: _lock(ctx, key))
    if saga["status"] == "compensated":
        raise DoNotRetry(f"settlement failed ({saga['failure_reason']}); every payout was taken back")
    return {"deal_id": arguments.deal_id, "status": saga["status"]}


async def _lock(ctx: Context, key: UUID) -> Record:
    """The saga, held; its row is the lock of all its legs."""
    return await records.sagas.lock(ctx.tx, records.sagas.wire_id(key))


async def _begin(ctx: Context, deal_id: str) -> UUID | None:
    """The saga of a deal, executing; None while the deal is not paid, or has none."""
    deal = await deals.get(ctx, deal_id)
    found = await records.saga_of(ctx, deal["id"])
    if found is None:
        return None
    key: UUID = found["id"]
    saga = await _lock(ctx, key)
    if saga["status"] == "pending":
        if payments.due_of(deal) > 0:
            return None
        await change_saga(ctx, saga, "executing")
    return key


async def change_saga(ctx: Context, saga: Row, status: rules.SagaStatus, **values: Any) -> Record:
    """Write a locked saga's status, with the audit entry."""
    written = await records.sagas.change(ctx.tx, saga, {"status": status, **values}, ctx.now)
    ctx.record(records.sagas, written, f"settlement_saga.{status}", before=saga)
    return written


async def change_leg(ctx: Context, leg: Row, action: str, **values: Any) -> Record:
    """Write changed columns of a leg whose saga is locked, with the audit entry."""
    written = await records.legs.change(ctx.tx, leg, values, ctx.now)
    ctx.record(records.legs, written, action, before=leg)
    return written


def announce(ctx: Context, saga: Row, leg: Row, event: str, data: Mapping[str, Any] | None = None) -> None:
    """An event about a participant's part; it belongs to the deal."""
    facts = {
        "deal_id": deals.resource.wire_id(saga["deal_id"]),
        "settlement_id": records.legs.wire_id(leg["id"]),
        "participant_id": records.participant_of(ctx, leg),
        "amount": money.text(leg["amount"], leg["currency"]),
        "currency": leg["currency"],
    }
    ctx.announce(event, deals.resource, saga["deal_id"], {**facts, **(data or {})})


def _step(saga: Row, leg: Row, action: str) -> Step:
    return Step(leg, f"{records.legs.wire_id(leg['id'])}:{saga['round']}:{action}")


async def _next_payout(ctx: Context, key: UUID) -> Step | None:
    """The next leg that is not paid out, noted as begun; when there is none, the saga is complete.

    What the workspace keeps needs no payout, nor does a share of nothing.
    """
    saga = await _lock(ctx, key)
    if saga["status"] != "executing":
        return None
    legs = await records.legs_of(ctx, key)
    for leg in legs:
        if leg["status"] == "initiated":
            return _step(saga, leg, f"pay:{leg['attempts']}")
        if leg["status"] != "pending":
            continue
        if leg["participant_id"] is not None:
            announce(ctx, saga, leg, "deal.settlement_initiated")
        if leg["participant_id"] is not None and leg["amount"] > 0:
            begun = await change_leg(ctx, leg, "settlement.initiated", status="initiated")
            return _step(saga, begun, f"pay:{begun['attempts']}")
        await _settled(ctx, saga, leg, None)
    await _complete(ctx, saga, [leg for leg in legs if leg["participant_id"] is not None])
    return None


async def _settled(ctx: Context, saga: Row, leg: Row, transfer: str | None) -> None:
    await change_leg(ctx, leg, "settlement.settled", status="settled", transfer_id=transfer, settled_at=ctx.now)
    if leg["participant_id"] is not None:
        announce(ctx, saga, leg, "deal.settlement_completed", {"settled_at": clock.iso(ctx.now)})


async def _complete(ctx: Context, saga: Row, legs: list[Record]) -> None:
    data = {
        "deal_id": deals.resource.wire_id(saga["deal_id"]),
        "settlement_count": len(legs),
        "total_amount": money.text(sum(leg["amount"] for leg in legs), saga["currency"]),
        "currency": saga["currency"],
        "completed_at": clock.iso(ctx.now),
    }
    ctx.announce("deal.settlement_all_completed", deals.resource, saga["deal_id"], data)
    await change_saga(ctx, saga, "completed", ended_at=ctx.now)


async def _pay(steps: Steps, key: UUID, step: Step) -> None:
    """Have one share paid out and book the answer. Raises JobFailed after a decline, Unavailable when unknown."""
    leg = step.leg
    try:
        transfer = await _require(steps).transfer(
            leg["amount"],
            leg["currency"],
            destination=leg["destination"],
            idempotency_key=step.key,
            metadata={"settlement_id": records.legs.wire_id(leg["id"])},
        )
    except (ProviderDeclined, ProviderRefused) as problem:
        reason = problem.reason if isinstance(problem, ProviderDeclined) else "refused"
        if await steps.run(lambda ctx: _book_declined(ctx, key, leg, reason)):
            raise JobFailed(f"a payout was declined: {reason}") from None
    else:
        await steps.run(lambda ctx: _book_paid(ctx, key, leg, transfer))


async def _book_paid(ctx: Context, key: UUID, asked: Row, transfer: Transfer) -> None:
    saga = await _lock(ctx, key)
    leg = await records.legs.lock(ctx.tx, records.legs.wire_id(asked["id"]))
    if leg["status"] == "initiated":
        await _settled(ctx, saga, leg, transfer.id)


async def _book_declined(ctx: Context, key: UUID, asked: Row, reason: str) -> bool:
    """Count a decline, once; whether there is to be another attempt."""
    saga = await _lock(ctx, key)
    leg = await records.legs.lock(ctx.tx, records.legs.wire_id(asked["id"]))
    if leg["status"] != "initiated" or leg["attempts"] != asked["attempts"]:
        return False
    attempts = leg["attempts"] + 1
    if attempts < rules.ATTEMPTS:
        await change_leg(ctx, leg, "settlement.declined", attempts=attempts, failure_reason=reason)
        return True
    await change_leg(ctx, leg, "settlement.failed", status="failed", attempts=attempts, failure_reason=reason)
    announce(ctx, saga, leg, "deal.settlement_failed", {"failure_reason": reason})
    await change_saga(ctx, saga, "compensating", failure_reason=reason)
    return False


async def _next_reversal(ctx: Context, key: UUID) -> Step | None:
    """The last share that was paid out and not taken back; when there is none, the saga is compensated."""
    saga = await _lock(ctx, key)
    if saga["status"] != "compensating":
        return None
    for leg in reversed(await records.legs_of(ctx, key)):
        if leg["status"] == "settled" and leg["transfer_id"] is not None:
            return _step(saga, leg, "reverse")
        if leg["status"] == "settled":
            await _reversed(ctx, leg)
    await change_saga(ctx, saga, "compensated", ended_at=ctx.now)
    return None


async def _reversed(ctx: Context, leg: Row) -> None:
    await change_leg(ctx, leg, "settlement.reversed", status="reversed", settled_at=None)


async def _take_back(steps: Steps, key: UUID, step: Step) -> None:
    """Have one payout reversed and book that. Raises JobFailed when the provider will not, Unavailable when unknown."""
    leg = step.leg
    try:
        await _require(steps).reverse(leg["transfer_id"], idempotency_key=step.key)
    except (ProviderDeclined, ProviderRefused) as problem:
        raise JobFailed(f"a payout could not be taken back: {problem.message}") from None

    async def book(ctx: Context) -> None:
        await _lock(ctx, key)
        row = await records.legs.lock(ctx.tx, records.legs.wire_id(leg["id"]))
        if row["status"] == "settled":
            await _reversed(ctx, row)

    await steps.run(book)


@schedule("settlements.rescue", every=timedelta(minutes=2))
async def rescue(server: Elsewhere) -> None:
    """Give a new job to sagas that stand still in the middle."""
    async with server.system() as tx:
        found = await records.stuck(tx, server.clock() - STUCK_AFTER)
    for each in found:
        try:
            async with server.within(each["tenant_id"], each["livemode"]) as ctx:
                await _revive(ctx, each["id"])
        except Exception:
            log.exception("settlement_not_rescued", saga=records.sagas.wire_id(each["id"]))


async def _revive(ctx: Context, key: UUID) -> None:
    saga = await _lock(ctx, key)
    if saga["status"] in ("executing", "compensating") and saga["updated_at"] < ctx.now - STUCK_AFTER:
        await change_saga(ctx, saga, saga["status"])
        await ctx.enqueue(settle, OfDeal(deal_id=deals.resource.wire_id(saga["deal_id"])))
