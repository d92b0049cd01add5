"""The sandbox operations (Salesbooth API, Sandbox): they work on the test records of the caller's workspace alone."""

from __future__ import annotations

from typing import Final

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Forbidden
from dealwright.kernel.feed.feed import EVENT_PREFIX
from dealwright.kernel.fields import Nothing
from dealwright.kernel.ledger import ledger
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.events import samples
from dealwright.modules.sandbox import records, seeding, test_clock
from dealwright.modules.sandbox.mode import note, require_test_mode
from dealwright.modules.sandbox.models import ResetView, SeedView, SimulatedView, SimulateWebhook, StatusView
from dealwright.modules.webhooks import records as webhooks

_HERE: Final = {"environment": "test", "sandbox": True}
_SIMULATION: Final = "simulation"
"""What a simulated event says it is about: no record, so that nobody takes it for news of one."""


@operation("sandbox.reset", "POST", "/sandbox/reset", scope="sandbox:write", result=ResetView, errors=(Forbidden,))
async def reset(ctx: Context, params: Nothing) -> Reply:
    """Delete all test records of the workspace, in one transaction.

    Goes: every record of the business with what hangs on it, events and their deliveries, background jobs, kept
    idempotent answers, the test clock.
    Stays: webhooks, notification rules and preferences, the set-up of the shop, the audit trail, issued credentials,
    keys. Live records are never touched.
    """
    require_test_mode(ctx)
    await test_clock.remove_if_any(ctx)
    deleted = await records.clear(ctx.tx, "sandbox.reset")
    total, tables = sum(deleted.values()), sum(1 for each in deleted.values() if each)
    note(ctx, "sandbox.reset", deleted)
    message = f"Cleared {total} test records across {tables} tables."
    return Reply({"action": "reset", **_HERE, "deleted": deleted, "total_deleted": total, "message": message})


@operation(
    "sandbox.seed",
    "POST",
    "/sandbox/seed",
    scope="sandbox:write",
    result=SeedView,
    events=(
        "customer.created",
        "deal.created",
        "deal.updated",
        "deal.item_added",
        "deal.discount_applied",
        "deal.status_changed",
        "deal.payment_received",
        "payment.received",
        "deal.closed",
    ),
    errors=(Forbidden,),
)
async def seed(ctx: Context, params: Nothing) -> Reply:
    """Make a realistic set of test records: 5 customers, 10 products, 10 deals with 22 line items, 1 contract.

    They are written through the operations, with audit entries and events, over the last two months. Each run adds
    another set; reset first for a clean slate.
    """
    require_test_mode(ctx)
    seeded = await seeding.seed(ctx)
    total = sum(seeded.values())
    note(ctx, "sandbox.seeded", seeded)
    parts = ", ".join(f"{number} {kind.removeprefix('deal_').replace('_', ' ')}" for kind, number in seeded.items())
    message = f"Created {total} test records: {parts}."
    return Reply({"action": "seed", **_HERE, "seeded": seeded, "total_seeded": total, "message": message})


@operation(
    "sandbox.simulate_webhook",
    "POST",
    "/sandbox/simulate_webhook",
    scope="sandbox:write",
    result=SimulatedView,
    errors=(Forbidden,),
    tool=("simulate_webhook", "webhooks"),
)
async def simulate_webhook(ctx: Context, params: SimulateWebhook) -> Reply:
    """Send a test event to every active test webhook that subscribed to it.

    It takes the way of every event: it stands in the event log, is signed, retried and kept as a delivery. Nothing in
    the workspace acts on it.
    """
    require_test_mode(ctx)
    data = params.data if params.data is not None else samples.payload(params.event, ctx.now)
    event = Event(params.event, _SIMULATION, f"sim_{ids.token(20)}", data, actor_type="system", actor_id=ctx.actor)
    found = await webhooks.subscribed(ctx.tx, params.event)
    await ledger.write(ctx.tx, [], [event], ctx.now)
    note(ctx, "sandbox.webhook_simulated", {"event": params.event})
    message = f"Dispatched '{params.event}' event to {len(found)} webhook(s)."
    return Reply(
        {
            "action": "simulate_webhook",
            **_HERE,
            "event": params.event,
            "event_id": ids.encode(EVENT_PREFIX, event.id),
            "deliveries": len(found),
            "webhook_ids": found,
            "message": message,
        }
    )


@operation("sandbox.status", "GET", "/sandbox/status", scope="sandbox:read", result=StatusView, errors=(Forbidden,))
async def status(ctx: Context, params: Nothing) -> Reply:
    """Tell how many test records the workspace has."""
    require_test_mode(ctx)
    counts = await records.count(ctx.tx)
    return Reply({**_HERE, "counts": counts, "total_test_records": sum(counts.values())})
