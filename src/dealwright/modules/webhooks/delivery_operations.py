"""The operations on deliveries, the event log and the dead letters (Salesbooth API, Webhooks)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, NotFound, invalid_field
from dealwright.kernel.event_types import event_types
from dealwright.kernel.feed.feed import EVENT_PREFIX
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.events.audience import OtherApis
from dealwright.modules.webhooks import queue, records, rules
from dealwright.modules.webhooks.attempts import attempt
from dealwright.modules.webhooks.dialects import Dialects
from dealwright.modules.webhooks.models import (
    Cleanup,
    CleanupResult,
    DeadLetterList,
    DeadLetterPage,
    DeliveryList,
    DeliveryPage,
    EventDetail,
    EventId,
    EventLog,
    EventPage,
    Replay,
    ReplayResult,
    RetryDelivery,
    RetryResult,
)
from dealwright.modules.webhooks.sender import Sender
from dealwright.modules.webhooks.tables import DELIVERY_PREFIX

REPLAYED_AT_ONCE: Final = 100


@operation(
    "webhooks.deliveries",
    "GET",
    "/webhooks/deliveries",
    scope="webhooks:read",
    result=DeliveryPage,
    errors=(NotFound,),
    tool=("list_webhook_deliveries", "webhooks"),
    resource="webhook",
)
async def list_deliveries(ctx: Context, params: DeliveryList) -> Reply:
    """The delivery log of one webhook, newest first."""
    webhook = await records.resource.get(ctx.tx, params.id)
    filters = {"webhook": webhook["id"], "status": params.status, "event_type": params.event_type}
    page = await records.deliveries.page(ctx.tx, params.paging(), filters)
    return Reply({"deliveries": [records.wire_delivery(row) for row in page.rows], "pagination": page.pagination})


@operation(
    "webhooks.events",
    "GET",
    "/webhooks/events",
    scope="webhooks:read",
    result=EventPage,
    tool=("list_webhook_events", "webhooks"),
    resource="webhook",
)
async def list_events(ctx: Context, params: EventLog) -> Reply:
    """The event log in the order of its sequence, also of events that no webhook subscribed to.

    Give ``cursor.last_sequence`` back as ``since_sequence`` to go on; no event is ever inserted before it.
    """
    newest = await records.newest_position(ctx.tx)
    filters = {
        "after": params.since_sequence,
        "before": params.before_sequence,
        "since": params.since_timestamp,
        "event_type": params.event_type,
        "not_about": _elsewhere(ctx),
    }
    rows, more = await records.event_log(
        ctx.tx, filters, params.limit, params.status, newest_first=params.order == "desc"
    )
    if rows:
        last = rows[-1]["position"]
    else:
        last = newest if params.since_sequence is None else params.since_sequence
    found = [_wire_event(row) for row in rows]
    return Reply({"events": found, "cursor": {"last_sequence": last, "has_more": more}})


def _elsewhere(ctx: Context) -> list[str]:
    """The kinds of records that only another API knows."""
    return list(ctx.providers.get(OtherApis).kinds)


def _wire_event(row: Row) -> dict[str, Any]:
    wire_id = ids.encode(EVENT_PREFIX, row["id"])
    return {
        "id": wire_id,
        "event_id": wire_id,
        "sequence": row["position"],
        "event_type": row["event"],
        "status": rules.event_status(row["statuses"] or ()),
        "created_at": clock.iso(row["created_at"]),
    }


@operation(
    "webhooks.event",
    "GET",
    "/webhooks/event",
    scope="webhooks:read",
    result=EventDetail,
    errors=(NotFound,),
    resource="webhook",
)
async def get_event(ctx: Context, params: EventId) -> Reply:
    """One event of the log with its payload (ours)."""
    row = await records.event_of(ctx.tx, params.id)
    if row["entity_type"] in _elsewhere(ctx):
        raise NotFound
    about = {"entity_type": row["entity_type"], "entity_id": row["entity_id"], "data": row["data"]}
    return Reply({**_wire_event(row), **about})


@operation(
    "webhooks.dead_letter",
    "GET",
    "/webhooks/dead_letter",
    scope="webhooks:read",
    result=DeadLetterPage,
    errors=(NotFound,),
    tool=("list_dead_letter_webhooks", "webhooks"),
    resource="webhook",
)
async def list_dead_letters(ctx: Context, params: DeadLetterList) -> Reply:
    """Deliveries that used up their attempts, newest first, until they are retried, replayed or cleaned up."""
    filters: dict[str, Any] = {"dead": True, "event_type": params.event_type}
    if params.webhook_id is not None:
        filters["webhook"] = (await records.resource.get(ctx.tx, params.webhook_id))["id"]
    page = await records.deliveries.page(ctx.tx, params.paging(), filters)
    found = [records.wire_dead_letter(row) for row in page.rows]
    return Reply({"dead_letters": found, "pagination": page.pagination})


@operation(
    "webhooks.replay",
    "POST",
    "/webhooks/replay",
    scope="webhooks:write",
    result=ReplayResult,
    errors=(NotFound, Conflict),
    tool=("replay_webhook_events", "webhooks"),
    resource="webhook",
)
async def replay(ctx: Context, params: Replay) -> Reply:
    """Deliver past events to a webhook again, oldest first, a hundred at a time.

    Each gets a new delivery id and the header X-Salesbooth-Replayed; event id, sequence and content stay the same.
    While ``has_more`` is true, go on with the last ``event_sequence``. A replayed dead letter leaves the queue.
    """
    if params.since_sequence is None and params.since_timestamp is None:
        raise invalid_field("since_sequence", "required", "Either since_sequence or since_timestamp is required")
    webhook = await records.resource.lock(ctx.tx, params.webhook_id)
    if webhook["status"] != "active":
        raise Conflict("A paused webhook receives nothing; resume it first", details={"status": webhook["status"]})
    filters: dict[str, Any] = {"after": params.since_sequence, "since": params.since_timestamp}
    if params.event_type is not None:
        filters["event_type"] = params.event_type
    else:
        filters["names"] = rules.meant(webhook["events"], (kind.name for kind in event_types))
    rows, more = await records.event_log(ctx.tx, filters, REPLAYED_AT_ONCE)
    wanted = [{**row, "event_id": row["id"], "webhook_id": webhook["id"]} for row in rows]
    await records.supersede(ctx.tx, webhook["id"], [row["id"] for row in rows])
    made = await queue.queue(ctx.tx, wanted, replayed=True)
    found = [
        {
            "event_id": ids.encode(EVENT_PREFIX, row["id"]),
            "event_sequence": row["position"],
            "event_type": row["event"],
            "delivery_id": ids.encode(DELIVERY_PREFIX, delivery),
        }
        for row, delivery in zip(rows, made, strict=True)
    ]
    return Reply({"replayed": len(found), "webhook_id": params.webhook_id, "has_more": more, "events": found})


@operation(
    "webhooks.retry",
    "POST",
    "/webhooks/retry",
    scope="webhooks:write",
    result=RetryResult,
    errors=(NotFound, Conflict),
    tool=("retry_webhook_delivery", "webhooks"),
    own_transactions=True,
    resource="webhook",
)
async def retry(steps: Steps, params: RetryDelivery) -> Reply:
    """Attempt one failed delivery again, now, and tell what came of it.

    It keeps its id and counts on. When it fails once more it is a dead letter again.
    """
    async with steps.transaction() as ctx:
        delivery = await records.lock_delivery(ctx.tx, params.delivery_id)
        webhook = await records.resource.find(ctx.tx, delivery["webhook_id"])
        if webhook is None:
            raise NotFound("The webhook of this delivery is no longer there")
        if webhook["status"] != "active":
            raise Conflict("A paused webhook receives nothing; resume it first", details={"status": webhook["status"]})
        if delivery["status"] != "failed":
            raise Conflict(
                f"Only a failed delivery can be retried, this one is {delivery['status']}",
                details={"status": delivery["status"]},
            )
        event = await records.event(ctx.tx, delivery["event_id"])
        taken = await records.take_failed(ctx.tx, delivery["id"], queue.LEASE_SECONDS)
        cipher = ctx.cipher
    valid = webhook["previous_secret_until"] is not None and webhook["previous_secret_until"] > ctx.server_now
    row = {
        **taken,
        "event": event["event"],
        "entity_type": event["entity_type"],
        "data": event["data"],
        "created_at": event["created_at"],
        "dialect": webhook["dialect"],
        "url": webhook["url"],
        "secret": webhook["secret"],
        "previous_secret": webhook["previous_secret"] if valid else None,
    }
    answer = await attempt(steps.providers.get(Sender), steps.providers.get(Dialects), cipher, row)
    status: rules.DeliveryStatus = "success" if answer.success else "failed"
    async with steps.transaction() as ctx:
        written = await queue.finish(ctx.tx, [queue.Outcome(row, answer, rules.Next(status))])
    if written:
        async with steps.transaction() as ctx:
            await queue.release_next(ctx.tx, written)
            ctx.tx.signal(queue.DELIVERIES_DUE)
    return Reply(
        {
            "delivery": {
                "id": params.delivery_id,
                "delivery_id": params.delivery_id,
                "status": status,
                "attempts": taken["attempts"] + 1,
                "response_code": answer.code,
                "error_message": answer.error,
                "retried_at": clock.iso(steps.now),
            }
        }
    )


@operation(
    "webhooks.cleanup",
    "POST",
    "/webhooks/cleanup",
    scope="webhooks:write",
    result=CleanupResult,
    resource="webhook",
)
async def cleanup(ctx: Context, params: Cleanup) -> Reply:
    """Delete events older than ``retention_days`` (counted from midnight UTC) with their deliveries, oldest first.

    One call deletes at most ``batch_size`` deliveries and as many events; call again while it reaches that number.
    """
    midnight = datetime.combine(ctx.now.date(), time(), UTC)
    cutoff = midnight - timedelta(days=params.retention_days)
    removed = await records.remove_old(ctx.tx, cutoff, params.batch_size)
    return Reply(
        {
            "cutoff_date": clock.iso(cutoff),
            "retention_days": params.retention_days,
            "events_deleted": removed["events_removed"],
            "deliveries_deleted": removed["deliveries_removed"],
        }
    )
