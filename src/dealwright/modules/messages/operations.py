"""The deal notifications (Salesbooth API, Deal Notifications)."""

from __future__ import annotations

from typing import cast

from dealwright.kernel import ids, money
from dealwright.kernel.access.keys import workspace_name
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound, RateLimited, invalid_field
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records as deals
from dealwright.modules.messages import queue, records, rules
from dealwright.modules.messages.models import (
    ContactPatch,
    ContactQuery,
    ContactView,
    DealNotificationView,
    NewNotification,
)


async def _contact(ctx: Context, customer: Row) -> dict[str, object]:
    personal = customers.open_sealed(ctx, customer)
    preferred, consent = await records.preference(ctx.tx, customer["id"])
    email, phone = personal["email"], personal["phone"]
    return {
        "customer_id": customers.resource.wire_id(customer["id"]),
        "preferred_channel": rules.channel_for(preferred, email, phone) or preferred or "email",
        "has_email": bool(email),
        "has_phone": bool(phone),
        "marketing_consent": consent,
        "recent_notifications": await ctx.wire(records.resource, await records.recent(ctx.tx, customer["id"])),
    }


@operation(
    "deal_notifications.get",
    "GET",
    "/deal-notifications",
    scope="customers:read",
    result=ContactView,
    errors=(NotFound,),
    tool=("get_customer_contact_channels", "notifications"),
)
async def get_contact(ctx: Context, params: ContactQuery) -> Reply:
    """Show which channels can reach a customer and what was sent lately; never the address or number itself."""
    return Reply(await _contact(ctx, await customers.get(ctx, params.customer_id)))


@operation(
    "deal_notifications.set_preferences",
    "PUT",
    "/deal-notifications",
    scope="customers:write",
    result=ContactView,
    errors=(NotFound,),
)
async def set_preferences(ctx: Context, params: ContactPatch) -> Reply:
    """Note how a customer likes to be reached, and whether they agreed to marketing (ours)."""
    customer = await customers.lock(ctx, params.customer_id, None)
    changes = params.changes(besides=frozenset({"customer_id"}))
    await records.set_preference(ctx.tx, customer["id"], changes, ctx.now)
    ctx.note("customer", params.customer_id, "customer.contact_preferences_set", changes)
    return Reply(await _contact(ctx, customer))


@operation(
    "deal_notifications.send",
    "POST",
    "/deal-notifications",
    scope="deals:write",
    result=DealNotificationView,
    status=201,
    errors=(NotFound, RateLimited),
    tool=("send_deal_notification", "notifications"),
)
async def send_notification(ctx: Context, params: NewNotification) -> Reply:
    """Send a quote link, an invoice link, a payment reminder or other news to the customer of a deal.

    The message goes by the channel that the customer prefers, or by the other one when only that has an address. It is
    handed over in the background. A key sends ten of them an hour.
    """
    deal = await deals.resource.get(ctx.tx, params.deal_id)
    if deal["customer_id"] is None:
        raise invalid_field("deal_id", "invalid", "The deal has no customer to send to")
    customer = await customers.resource.get(ctx.tx, customers.resource.wire_id(deal["customer_id"]))
    personal = customers.open_sealed(ctx, customer)
    preferred, _ = await records.preference(ctx.tx, customer["id"])
    channel = rules.channel_for(preferred, personal["email"], personal["phone"])
    if channel is None:
        raise invalid_field(
            "deal_id", "invalid", "The deal's customer has neither an e-mail address nor a phone number"
        )
    await records.count_against(ctx.tx, ctx.principal.key_id, ctx.now)
    title = cast(str, (await ctx.wire_one(deals.resource, deal))["title"])
    text = params.message or rules.text(
        params.type,
        title=title,
        workspace=await workspace_name(ctx.tx),
        total=f"{money.text(deal['total'], deal['currency'])} {deal['currency']}",
    )
    key = ids.uuid7()
    content = rules.Content(
        to=personal[{"email": "email", "sms": "phone"}[channel]],
        subject=rules.subject(params.type, title) if channel == "email" else "",
        text=text,
    )
    row = await records.resource.insert(
        ctx.tx,
        {
            "id": key,
            "kind": params.type,
            "channel": channel,
            "status": "queued",
            "content": queue.seal(ctx.cipher, key, content),
            "key_id": ctx.principal.key_id,
            "customer_id": customer["id"],
            "deal_id": deal["id"],
            "attempts": 0,
            "claims": 0,
            "created_at": ctx.now,
        },
    )
    ctx.tx.signal(queue.MESSAGES_DUE)
    ctx.record(records.resource, row, "deal_notification.queued")
    return Reply(await ctx.wire_one(records.resource, row))
