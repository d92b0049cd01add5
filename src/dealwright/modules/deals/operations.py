"""Deals: create, read, change, cancel (Salesbooth API, Deals)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import clock, ids, paging
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidTransition, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.database import Record
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records, rules, service, templates
from dealwright.modules.deals.models import DealGet, DealList, DealPatch, DealRef, NewDeal, recurring_needs_cycle
from dealwright.modules.deals.views import DealDeleted, DealPage, DealView
from dealwright.modules.signing import requests, signatures

_PRICING_COLUMNS = frozenset({"customer_id", "currency", "tax_rate", "deal_type", "billing_cycle"})


def filters_of(
    *, status: Any, customer_id: str | None, created_after: Any, created_before: Any, **others: Any
) -> dict[str, Any]:
    """List filters as the listing knows them; an id that cannot be a customer's finds nothing."""
    customer = None
    if customer_id is not None:
        customer = ids.decode("cust", customer_id) or ids.uuid7()
    return {
        "status": status,
        "customer": customer,
        **paging.between(created_after, created_before),
        **others,
    }


@operation(
    "deals.list",
    "GET",
    "/deals",
    scope="deals:read",
    result=DealPage,
    tool=("list_deals", "deals"),
    shaped=True,
    resource="deal",
)
async def list_deals(ctx: Context, params: DealList) -> Reply:
    """List deals with filters, newest first.

    ``search`` finds words of titles and descriptions and their beginnings, among the newest 1,000 matches.
    ``include`` may add line_items, pricing, customer and activity_log.
    """
    filters = filters_of(
        status=params.status,
        customer_id=params.customer_id,
        created_after=params.created_after,
        created_before=params.created_before,
        min_value=params.min_value,
        max_value=params.max_value,
        not_ended=list(rules.ENDED) if params.active else None,
        found=await records.search.matching(ctx.tx, ctx.cipher, params.search) if params.search is not None else None,
    )
    page = await records.listing.page(ctx.tx, params, filters)
    found = await ctx.wire(records.resource, page.rows, params.include or ())
    return Reply({"deals": found, "pagination": page.pagination})


@operation(
    "deals.get",
    "GET",
    "/deals",
    present=("id",),
    scope="deals:read",
    result=DealView,
    tool=("check_deal_status", "deals"),
    tool_arguments={"deal_id": "id"},
    shaped=True,
    resource="deal",
)
async def get_deal(ctx: Context, params: DealGet) -> Reply:
    """Fetch one deal; the ETag header carries the version for the next write."""
    row = await records.get(ctx, params.id)
    wire = await ctx.wire_one(records.resource, row, params.include or (), params.exclude or ())
    return Reply(wire, row["version"])


async def reply(ctx: Context, row: Any, **more: Any) -> Reply:
    """A whole deal as the answer of a write; what is known already (``more``) is not loaded again."""
    return Reply({**await ctx.wire_one(records.resource, row, exclude=tuple(more)), **more}, row["version"])


@operation(
    "deals.create",
    "POST",
    "/deals",
    scope="deals:write",
    result=DealView,
    status=201,
    events=("deal.created", "deal.item_added", "deal.discount_applied"),
    errors=(NotFound, Conflict),
    tool=("create_deal", "deals"),
    resource="deal",
)
async def create_deal(ctx: Context, params: NewDeal) -> Reply:
    """Create a deal in draft, unless ``status`` says in_progress.

    It is empty, or has the items, discounts and terms of the template that ``template_id`` names; what is sent wins.
    """
    recurring_needs_cycle(params.deal_type, params.billing_cycle)
    values = params.model_dump(exclude={"customer_id", "template_id"})
    if params.customer_id is not None:
        values["customer_id"] = (await customers.get(ctx, params.customer_id))["id"]
    if params.template_id is not None:
        sent = {name: values[name] for name in values.keys() & params.model_fields_set}
        plan = await templates.plan(ctx, params.template_id)
        return await reply(ctx, await templates.create_deal(ctx, plan, sent))
    values["currency"] = params.currency or ctx.principal.settings.default_currency
    return await reply(ctx, await service.create(ctx, values), line_items=[])


@operation(
    "deals.update",
    "PATCH",
    "/deals",
    present=("id",),
    scope="deals:write",
    result=DealView,
    events=("deal.updated",),
    errors=(InvalidTransition, Conflict),
    tool=("update_deal", "deals"),
    locking="required",
    resource="deal",
)
async def update_deal(ctx: Context, params: DealPatch) -> Reply:
    """Change some members of a deal.

    ``status`` runs the same checks as action=transition. What the deal is worth (currency, tax rate, type, customer)
    changes only before it goes out for signature.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    changes = params.changes()
    target = changes.pop("status", None)
    written = await _apply(ctx, row, changes) if changes else row
    if target is not None and target != row["status"]:
        written = await service.move(ctx, written, target, requested=True)
    return await reply(ctx, written)


async def _apply(ctx: Context, row: Record, changes: dict[str, Any]) -> Record:
    names = sorted(changes)
    if _PRICING_COLUMNS & changes.keys():
        service.require_editable(row)
    if changes.get("customer_id") is not None:
        changes["customer_id"] = (await customers.get(ctx, changes["customer_id"]))["id"]
    after = {**row, **changes}
    if {"title", "description"} & changes.keys():
        changes["search"] = records.search.tokens(ctx.cipher, after)
    recurring_needs_cycle(after["deal_type"], after["billing_cycle"])
    if {"currency", "tax_rate"} & changes.keys():
        if changes.get("currency", row["currency"]) != row["currency"] and row["amount_paid"] > 0:
            raise Conflict("The currency of a deal on which money was booked cannot change")
        found = (await records.items_of(ctx, [row["id"]]))[row["id"]]
        written = await service.reprice(ctx, row, found, "deal.updated", changes=changes)
    else:
        written = await service.change(ctx, row, changes, "deal.updated")
    announce_updated(ctx, written, names)
    return written


def announce_updated(ctx: Context, row: Record, changed: list[str]) -> None:
    """Tell that editable fields of a deal changed; names only, no values."""
    deal_id = records.resource.wire_id(row["id"])
    data = {
        "id": deal_id,
        "deal_id": deal_id,
        "changed_fields": changed,
        "version": row["version"],
        "updated_at": clock.iso(ctx.now),
    }
    ctx.announce("deal.updated", records.resource, row["id"], data)


@operation(
    "deals.delete",
    "DELETE",
    "/deals",
    present=("id",),
    scope="deals:write",
    result=DealDeleted,
    events=("deal.status_changed",),
    errors=(InvalidTransition, Conflict),
    tool=("cancel_deal", "deals"),
    locking="required",
    resource="deal",
)
async def delete_deal(ctx: Context, params: DealRef) -> Reply:
    """Cancel a deal; on a deal that is cancelled already, remove it for good.

    A closed or expired deal cannot be cancelled, and one on which money was booked is never removed.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    answer = {"deal_id": params.id, "id": params.id, "status": "cancelled"}
    if row["status"] != "cancelled":
        written = await service.move(ctx, row, "cancelled", requested=True)
        return Reply({**answer, "deleted": False, "version": written["version"]}, written["version"])
    if row["amount_paid"] > 0:
        raise Conflict("A deal on which money was booked is kept", details={"current_status": row["status"]})
    ctx.record(records.resource, row, "deal.deleted")
    await records.resource.delete(ctx.tx, row["id"])
    await signatures.forget(ctx, "deal", row["id"])
    await requests.forget(ctx, "deal", row["id"])
    return Reply({**answer, "deleted": True, "version": None})
