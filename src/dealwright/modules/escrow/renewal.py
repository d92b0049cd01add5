"""Holds that run out before their escrow does are made anew, at the same card.

The new hold is made first and the old one let go of afterwards, so the money is held throughout.
"""

from __future__ import annotations

from uuid import UUID

from dealwright.kernel import clock
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.resources import Row
from dealwright.modules.escrow import records, rules, service
from dealwright.modules.payments import holds
from dealwright.modules.payments import records as payments
from dealwright.providers.payments.protocol import Intent, IntentStatus, ProviderDeclined, ProviderRefused


async def renew(steps: Steps, key: UUID) -> None:
    """Replace the hold of an escrow when it is time, and let go of one that is not needed any more.

    Raises Unavailable when the provider gives no answer; called again, it goes on where it was.
    """
    spare = await steps.run(lambda ctx: _begin(ctx, key))
    if spare is None:
        return
    if spare["status"] == "processing" and not await _place(steps, key, spare):
        return
    spare = await steps.run(lambda ctx: _spare(ctx, key))
    if spare is None:
        return
    try:
        intent = await holds.let_go(steps, spare)
    except ProviderRefused:
        intent = await holds.look(steps, spare)
    await steps.run(lambda ctx: _drop(ctx, key, spare, intent))


async def _begin(ctx: Context, key: UUID) -> Row | None:
    """The hold that is to replace the present one, written down now if it is time; or the one that was replaced."""
    deal, row = await records.lock_pair(ctx, key)
    if row["spare_payment_id"] is not None:
        return await _payment(ctx, row["spare_payment_id"])
    due = rules.needs_renewal(row["hold_expires_at"], row["expires_at"], row["renewed_at"], ctx.now)
    if row["status"] != "held" or not due:
        return None
    spare: Row = await holds.begin_again(ctx, deal, await _payment(ctx, row["payment_id"]))
    written = await records.change(
        ctx, row, "escrow.reauthorization_asked", spare_payment_id=spare["id"], renewed_at=ctx.now
    )
    runs_out = {"hold_expires_at": clock.iso(written["hold_expires_at"])}
    service.announce(ctx, written, "escrow.reauthorization_pending", runs_out)
    return spare


async def _place(steps: Steps, key: UUID, spare: Row) -> bool:
    """Have the new hold made; whether another one is to be let go of now."""
    try:
        intent = await holds.place(steps, spare)
    except (ProviderDeclined, ProviderRefused) as problem:
        reason = problem.reason if isinstance(problem, ProviderDeclined) else None
        await steps.run(lambda ctx: _failed(ctx, key, spare, reason))
        return False
    if intent.status is not IntentStatus.REQUIRES_CAPTURE:  # without the buyer it goes no further
        intent = await holds.let_go(steps, spare)
        await steps.run(lambda ctx: _failed(ctx, key, spare, intent.status.value, intent))
        return False
    await steps.run(lambda ctx: _swap(ctx, key, spare, intent))
    return True


async def _swap(ctx: Context, key: UUID, spare: Row, intent: Intent) -> None:
    """The new hold takes the place of the old one, unless the escrow was moved on meanwhile."""
    _, row = await records.lock_pair(ctx, key)
    await holds.book(ctx, spare, intent)
    if row["status"] != "held" or row["spare_payment_id"] != spare["id"]:
        return
    until = service.runs_out(ctx, intent)
    written = await records.change(
        ctx,
        row,
        "escrow.reauthorized",
        payment_id=spare["id"],
        spare_payment_id=row["payment_id"],
        hold_expires_at=until,
        renewed_at=None,
    )
    service.announce(ctx, written, "escrow.reauthorized", {"new_hold_expires_at": clock.iso(until)})


async def _failed(ctx: Context, key: UUID, spare: Row, reason: str | None, intent: Intent | None = None) -> None:
    _, row = await records.lock_pair(ctx, key)
    if intent is not None:
        await holds.book(ctx, spare, intent)
    elif reason is not None:
        await holds.book_declined(ctx, spare, reason)
    else:
        await holds.book_refused(ctx, spare)
    if row["spare_payment_id"] == spare["id"]:
        written = await records.change(ctx, row, "escrow.reauthorization_failed", spare_payment_id=None)
        service.announce(ctx, written, "escrow.reauthorization_failed", {"failure_reason": reason or "refused"})


async def _spare(ctx: Context, key: UUID) -> Row | None:
    _, row = await records.lock_pair(ctx, key)
    return await _payment(ctx, row["spare_payment_id"]) if row["spare_payment_id"] is not None else None


async def _drop(ctx: Context, key: UUID, spare: Row, intent: Intent) -> None:
    """Book that a hold which is not needed was let go of."""
    _, row = await records.lock_pair(ctx, key)
    await holds.book(ctx, spare, intent)
    if row["spare_payment_id"] == spare["id"]:
        await records.change(ctx, row, "escrow.spare_hold_ended", spare_payment_id=None)


async def _payment(ctx: Context, key: UUID) -> Row:
    found: Row = await payments.resource.get(ctx.tx, payments.resource.wire_id(key))
    return found
