"""The operations on endpoints (Salesbooth API, Webhooks)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import NotFound, invalid_field
from dealwright.kernel.feed.feed import EVENT_PREFIX
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.events import samples
from dealwright.modules.webhooks import records
from dealwright.modules.webhooks.attempts import send_signed
from dealwright.modules.webhooks.circuits import CLOSED, service_name
from dealwright.modules.webhooks.models import (
    NewWebhook,
    NewWebhookView,
    RotatedView,
    RotateSecret,
    SendTest,
    TestResult,
    WebhookDeleted,
    WebhookId,
    WebhookList,
    WebhookPage,
    WebhookPatch,
    WebhookView,
)
from dealwright.modules.webhooks.queue import DELIVERIES_DUE
from dealwright.modules.webhooks.sender import Sender
from dealwright.modules.webhooks.tables import DELIVERY_PREFIX

SECRET_PREFIX = "whsec_"
_CLOSED_CIRCUIT: Mapping[str, Any] = {"circuit_opened_at": None, "circuit_until": None, "circuit_backoff": None}


def _usable_url(ctx: Context, url: str) -> str:
    """Raises InvalidFields for a URL that no webhook of this workspace may have."""
    try:
        return ctx.providers.get(Sender).policy.check_url(url, livemode=ctx.livemode)
    except ValueError as problem:
        raise invalid_field("url", "invalid", f"Url {problem}") from None


def _new_secret() -> str:
    return SECRET_PREFIX + ids.token(40)


@operation(
    "webhooks.list",
    "GET",
    "/webhooks",
    scope="webhooks:read",
    result=WebhookPage,
    tool=("list_webhooks", "webhooks"),
    resource="webhook",
)
async def list_webhooks(ctx: Context, params: WebhookList) -> Reply:
    """List the webhook endpoints, newest first; never their secrets."""
    page = await records.listing.page(ctx.tx, params, {"status": params.status})
    return Reply({"webhooks": await ctx.wire(records.resource, page.rows), "pagination": page.pagination})


@operation(
    "webhooks.get",
    "GET",
    "/webhooks",
    present=("id",),
    scope="webhooks:read",
    result=WebhookView,
    errors=(NotFound,),
    tool=("get_webhook", "webhooks"),
    resource="webhook",
)
async def get_webhook(ctx: Context, params: WebhookId) -> Reply:
    """Fetch one webhook endpoint; never its secret."""
    row = await records.resource.get(ctx.tx, params.id)
    return Reply(await ctx.wire_one(records.resource, row), row["version"])


@operation(
    "webhooks.create",
    "POST",
    "/webhooks",
    scope="webhooks:write",
    result=NewWebhookView,
    status=201,
    tool=("create_webhook", "webhooks"),
    resource="webhook",
)
async def create_webhook(ctx: Context, params: NewWebhook) -> Reply:
    """Subscribe an endpoint to events, by name, by family (``deal.*``) or to all (``*``).

    The answer holds the signing secret, which is shown this once. Live keys need an https address; private addresses
    are refused unless the operator of the server allows them.
    """
    key, secret = ids.uuid7(), _new_secret()
    row = await records.resource.insert(
        ctx.tx,
        {
            "id": key,
            "url": _usable_url(ctx, params.url),
            "events": params.events,
            "description": params.description,
            "status": "active",
            "secret": records.seal_secret(ctx.cipher, key, secret),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.resource, row, "webhook.created")
    return Reply({**await ctx.wire_one(records.resource, row), "secret": secret}, row["version"])


@operation(
    "webhooks.update",
    "PATCH",
    "/webhooks",
    present=("id",),
    scope="webhooks:write",
    result=WebhookView,
    events=(CLOSED,),
    errors=(NotFound,),
    tool=("update_webhook", "webhooks"),
    locking="optional",
    resource="webhook",
)
async def update_webhook(ctx: Context, params: WebhookPatch) -> Reply:
    """Change address, events or description of an endpoint, pause or resume it.

    ``events`` replaces the whole list. A paused endpoint receives nothing, and nothing is kept for it: what happens
    meanwhile stays in the event log and can be replayed. Deliveries that were already queued wait until it is resumed.
    """
    row = await records.resource.lock(ctx.tx, params.id, ctx.expected_version)
    changes = params.changes()
    if "url" in changes:
        _usable_url(ctx, changes["url"])
    columns = dict(changes)
    fresh_start = row["circuit_opened_at"] is not None and ("url" in changes or changes.get("status") == "active")
    if fresh_start:
        columns |= _CLOSED_CIRCUIT
    written = await records.resource.change(ctx.tx, row, columns, ctx.now)
    ctx.record(records.resource, written, "webhook.updated", before=row)
    if fresh_start:
        lane = (ctx.tenant_id, ctx.livemode, row["id"])
        data = {"service": service_name(lane), "closed_at": clock.iso(ctx.now)}
        ctx.announce(CLOSED, records.resource, row["id"], data)
    ctx.tx.signal(DELIVERIES_DUE)
    return Reply(await ctx.wire_one(records.resource, written), written["version"])


@operation(
    "webhooks.delete",
    "DELETE",
    "/webhooks",
    present=("id",),
    scope="webhooks:write",
    result=WebhookDeleted,
    errors=(NotFound,),
    tool=("delete_webhook", "webhooks"),
    locking="optional",
    resource="webhook",
)
async def delete_webhook(ctx: Context, params: WebhookId) -> Reply:
    """Remove an endpoint with everything that is still to be delivered to it, its dead letters included."""
    row = await records.resource.lock(ctx.tx, params.id, ctx.expected_version)
    ctx.record(records.resource, row, "webhook.deleted")
    await records.resource.delete(ctx.tx, row["id"])
    await records.drop_unsent(ctx.tx, row["id"])
    return Reply({"deleted": True, "id": params.id, "webhook_id": params.id})


@operation(
    "webhooks.rotate_secret",
    "POST",
    "/webhooks/rotate_secret",
    scope=None,
    auth=("session",),
    result=RotatedView,
    errors=(NotFound,),
    resource="webhook",
)
async def rotate_secret(ctx: Context, params: RotateSecret) -> Reply:
    """Issue a new signing secret, shown this once.

    The old one stops at once, as it should after a leak. With ``overlap_seconds`` a receiver that refuses a delivery
    (400, 401 or 403) gets it again under the old secret, until the overlap is over.
    """
    row = await records.resource.lock(ctx.tx, params.id)
    secret = _new_secret()
    until = ctx.now + timedelta(seconds=params.overlap_seconds) if params.overlap_seconds else None
    columns = {
        "secret": records.seal_secret(ctx.cipher, row["id"], secret),
        "previous_secret": row["secret"] if until is not None else None,
        "previous_secret_until": until,
    }
    written = await records.resource.change(ctx.tx, row, columns, ctx.now)
    ctx.record(records.resource, written, "webhook.secret_rotated", before=row)
    return Reply(
        {
            "id": params.id,
            "webhook_id": params.id,
            "secret": secret,
            "rotated_at": clock.iso(ctx.now),
            "previous_secret_until": clock.iso_or_none(until),
        },
        written["version"],
    )


@operation(
    "webhooks.test",
    "POST",
    "/webhooks/test",
    present=("id",),
    rest="/webhooks/{id}/test",
    scope="webhooks:write",
    result=TestResult,
    errors=(NotFound,),
    tool=("test_webhook", "webhooks"),
    own_transactions=True,
    resource="webhook",
)
async def test_webhook(steps: Steps, params: SendTest) -> Reply:
    """Send one invented event to an endpoint now and tell what it answered.

    Signed like a real delivery, tried once, kept in no log. An endpoint that fails is not an error of this call:
    ``success`` is then false.
    """
    async with steps.transaction() as ctx:
        row = await records.resource.get(ctx.tx, params.id)
        cipher = ctx.cipher
    body = _invented(params.event_type, steps.now)
    headers = {
        "X-Salesbooth-Event": params.event_type,
        "X-Salesbooth-Delivery": ids.encode(DELIVERY_PREFIX, ids.uuid7()),
    }
    target: Row = {**row, "webhook_id": row["id"], "previous_secret": None}
    answer = await send_signed(steps.providers.get(Sender), cipher, target, body, headers)
    return Reply(
        {
            "success": answer.success,
            "response_code": answer.code,
            "response_body": answer.body if answer.code is not None else None,
            "latency_ms": answer.latency_ms,
            "error_message": answer.error,
            "event_type": params.event_type,
        }
    )


def _invented(name: str, now: Any) -> bytes:
    return orjson.dumps(
        {
            "id": ids.encode(EVENT_PREFIX, ids.uuid7()),
            "event": name,
            "created_at": clock.iso(now),
            "data": samples.payload(name, now),
        }
    )
