"""The operations on endpoints (Salesbooth API, Webhooks)."""

from __future__ import annotations

from datetime import timedelta

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.events import samples
from dealwright.modules.webhooks import endpoints, records
from dealwright.modules.webhooks.attempts import attempt
from dealwright.modules.webhooks.circuits import CLOSED
from dealwright.modules.webhooks.dialects import Dialects
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
from dealwright.modules.webhooks.sender import Sender
from dealwright.modules.webhooks.tables import SALESBOOTH


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
    page = await records.listing.page(ctx.tx, params, {"status": params.status, "ours": True})
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
    row, secret = await endpoints.create(ctx, records.resource, SALESBOOTH, **params.model_dump())
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
    written = await endpoints.change(ctx, records.resource, row, params.changes())
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
    await endpoints.remove(ctx, records.resource, row)
    return Reply({"deleted": True, "id": params.id, "webhook_id": params.id})


@operation(
    "webhooks.rotate_secret",
    "POST",
    "/webhooks/rotate_secret",
    scope=None,
    auth=("session",),
    least_role="admin",
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
    secret = endpoints.new_secret()
    until = ctx.server_now + timedelta(seconds=params.overlap_seconds) if params.overlap_seconds else None
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
    delivery: Row = {
        **row,
        "id": ids.uuid7(),
        "webhook_id": row["id"],
        "event_id": ids.uuid7(),
        "event": params.event_type,
        "data": samples.payload(params.event_type, steps.now),
        "created_at": steps.now,
        "replayed": False,
        "previous_secret": None,
    }
    answer = await attempt(steps.providers.get(Sender), steps.providers.get(Dialects), cipher, delivery)
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
