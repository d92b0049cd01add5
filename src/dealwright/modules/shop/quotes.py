"""The quote operations (SalesThumb REST API, Quotes)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from dealwright.kernel import ids
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidTransition, invalid_field
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.modules.shop import billing, customers, invoices, records, vehicles
from dealwright.modules.shop.billing_models import (
    InvoiceView,
    LineItem,
    NewQuote,
    QuoteId,
    QuoteList,
    QuotePage,
    QuotePatch,
    QuoteView,
    worth,
)
from dealwright.modules.shop.models import ById, ByIdIncluding, page
from dealwright.modules.shop.registry import shop_operation

_WORTH: Final = frozenset({"line_items", "tax_cents"})


def facts(row: Row) -> dict[str, Any]:
    """What the events of a quote tell."""
    return {
        "quote_id": records.quotes.wire_id(row["id"]),
        "customer_id": records.customer_id(row["customer_id"]),
        "vehicle_id": records.vehicles.wire_id(row["vehicle_id"]) if row["vehicle_id"] else None,
        "status": row["status"],
        "total_cents": row["total_cents"],
        "expires_at": iso_milliseconds(row["expires_at"]) if row["expires_at"] else None,
    }


def _check_expiry(ctx: Context, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= ctx.now:
        raise invalid_field("expires_at", "out_of_range", "Expires at: lies in the past")


@shop_operation("quotes.list", "GET", "/quotes", scope="quotes:read", result=QuotePage, tool="list_quotes")
async def list_quotes(ctx: Context, params: QuoteList) -> Reply:
    """List quotes, newest first, by status and customer."""
    filters: dict[str, Any] = {"of_customer": customers.filter_key(params.customer_id), "status": params.status}
    if params.status == "expired":
        filters |= {"status": None, "expired_at": ctx.now}
    elif params.status is not None and billing.QUOTES.move(params.status, "expired") is not None:
        filters["alive_at"] = ctx.now
    found = await records.quote_list.onward(ctx.tx, params, filters)
    return Reply(page(await ctx.wire(records.quotes, found.rows, params.include or ()), found.pagination))


@shop_operation(
    "quotes.create",
    "POST",
    "/quotes",
    scope="quotes:write",
    result=QuoteView,
    status=201,
    events=("quote.created",),
    errors=(Conflict,),
    tool="create_quote",
)
async def create_quote(ctx: Context, params: NewQuote) -> Reply:
    """Create a quote, which starts as a draft. Subtotal and total are computed."""
    _check_expiry(ctx, params.expires_at)
    value = worth(params.line_items, params.tax_cents)
    customer = await customers.hold(ctx, params.customer_id)
    row = await records.quotes.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "customer_id": customer["id"],
            "vehicle_id": await vehicles.owned(ctx, params.vehicle_id, customer["id"]),
            "status": "draft",
            **value,
            "expires_at": params.expires_at,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.quotes, row, "quote.created")
    ctx.announce("quote.created", records.quotes, row["id"], facts(row))
    return Reply(await ctx.wire_one(records.quotes, row))


@shop_operation("quotes.get", "GET", "/quotes/{id}", scope="quotes:read", result=QuoteView, tool="get_quote")
async def get_quote(ctx: Context, params: ByIdIncluding) -> Reply:
    """Retrieve one quote."""
    row = await records.quotes.get(ctx.tx, params.id)
    return Reply(await ctx.wire_one(records.quotes, row, params.include or ()))


@shop_operation(
    "quotes.update",
    "PATCH",
    "/quotes/{id}",
    scope="quotes:write",
    result=QuoteView,
    events=("quote.updated", "quote.sent", "quote.accepted", "quote.declined"),
    errors=(Conflict, InvalidTransition),
    tool="update_quote",
)
async def update_quote(ctx: Context, params: QuotePatch) -> Reply:
    """Change a quote, or move it on: draft → sent → accepted or declined.

    ``line_items`` replaces the list and the totals are computed anew. Once a quote is accepted, what it says is agreed
    and stays.
    """
    changes = params.changes()
    row = await records.quotes.lock(ctx.tx, params.id)
    before = billing.current_status(row["status"], row["expires_at"], ctx.now)
    status: billing.QuoteStatus = changes.pop("status", before)
    if changes and before not in billing.QUOTE_EDITABLE:
        raise Conflict(f"A quote that is {before} cannot be changed any more")
    if status != before:
        move = billing.QUOTES.move(before, status)
        if move is None or not move.requestable:
            raise InvalidTransition(f"A quote that is {before} cannot become {status}")
    columns: dict[str, Any] = {}
    if "expires_at" in changes:
        _check_expiry(ctx, params.expires_at)
        columns["expires_at"] = params.expires_at
    if "vehicle_id" in changes:
        columns["vehicle_id"] = await vehicles.owned(ctx, params.vehicle_id, row["customer_id"])
    if _WORTH & changes.keys():
        lines = params.line_items if "line_items" in changes else [LineItem(**line) for line in row["line_items"]]
        columns |= worth(lines, changes.get("tax_cents", row["tax_cents"]))
    if changes or status != before:
        written = await records.quotes.change(ctx.tx, row, {**columns, "status": status}, ctx.now)
        ctx.record(records.quotes, written, "quote.updated", before=row)
        if changes:
            data = {**facts(written), "changed_fields": sorted(changes)}
            ctx.announce("quote.updated", records.quotes, row["id"], data)
        if status != before:
            ctx.announce(f"quote.{status}", records.quotes, row["id"], facts(written))
        row = written
    return Reply(await ctx.wire_one(records.quotes, row))


@shop_operation(
    "quotes.delete",
    "DELETE",
    "/quotes/{id}",
    scope="quotes:write",
    result=None,
    status=204,
    events=("quote.deleted",),
    errors=(Conflict,),
    tool="delete_quote",
)
async def delete_quote(ctx: Context, params: ById) -> Reply:
    """Delete a quote that was not converted to an invoice."""
    row = await records.quotes.lock(ctx.tx, params.id)
    await records.quotes.delete(ctx.tx, row["id"])
    ctx.record(records.quotes, row, "quote.deleted")
    ctx.announce("quote.deleted", records.quotes, row["id"], facts(row))
    return Reply(None)


@shop_operation(
    "quotes.convert_to_invoice",
    "POST",
    "/quotes/{id}/convert-to-invoice",
    scope="quotes:write",
    result=InvoiceView,
    status=201,
    events=("quote.converted", "invoice.created"),
    errors=(Conflict, InvalidTransition),
    tool="convert_quote_to_invoice",
)
async def convert_quote_to_invoice(ctx: Context, params: QuoteId) -> Reply:
    """Convert an accepted quote into an unpaid invoice with the same lines and totals, once."""
    row = await records.quotes.lock(ctx.tx, params.id)
    status = billing.current_status(row["status"], row["expires_at"], ctx.now)
    if billing.QUOTES.move(status, "converted") is None:
        raise InvalidTransition(f"Only an accepted quote can be converted to an invoice; this one is {status}")
    written = await records.quotes.change(ctx.tx, row, {"status": "converted"}, ctx.now)
    ctx.record(records.quotes, written, "quote.converted", before=row)
    invoice = await invoices.from_quote(ctx, written)
    data = {**facts(written), "invoice_id": records.invoices.wire_id(invoice["id"])}
    ctx.announce("quote.converted", records.quotes, row["id"], data)
    return Reply(await ctx.wire_one(records.invoices, invoice))
