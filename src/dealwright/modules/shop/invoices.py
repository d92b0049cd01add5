"""The invoice operations (SalesThumb REST API, Invoices)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from dealwright.kernel import ids
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidTransition
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.shop import billing, customers, records
from dealwright.modules.shop.billing_models import (
    InvoiceList,
    InvoicePage,
    InvoicePatch,
    InvoiceView,
    NewInvoice,
    PaidInvoiceView,
    worth,
)
from dealwright.modules.shop.models import ById, ByIdIncluding, page
from dealwright.modules.shop.registry import shop_operation

_ENDED: Final = frozenset({"paid", "voided"})


def facts(row: Row) -> dict[str, Any]:
    """What the events of an invoice tell."""
    return {
        "invoice_id": records.invoices.wire_id(row["id"]),
        "customer_id": records.customer_id(row["customer_id"]),
        "quote_id": records.quotes.wire_id(row["quote_id"]) if row["quote_id"] else None,
        "status": row["status"],
        "total_cents": row["total_cents"],
        "amount_paid_cents": row["amount_paid_cents"],
        "balance_cents": row["total_cents"] - row["amount_paid_cents"],
        "due_at": iso_milliseconds(row["due_at"]) if row["due_at"] else None,
    }


async def write(ctx: Context, members: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new invoice, audited and announced."""
    row = await records.invoices.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "amount_paid_cents": 0,
            **members,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.invoices, row, "invoice.created")
    ctx.announce("invoice.created", records.invoices, row["id"], facts(row))
    return row


async def from_quote(ctx: Context, quote: Row) -> dict[str, Any]:
    """The invoice of a converted quote; the database refuses a second one."""
    copied = ("customer_id", "line_items", "subtotal_cents", "tax_cents", "total_cents")
    terms = await records.due_days(ctx)
    members = {name: quote[name] for name in copied}
    due = ctx.now + timedelta(days=terms)
    return await write(ctx, {**members, "quote_id": quote["id"], "status": "unpaid", "due_at": due})


async def settle(ctx: Context, row: Row, amount_cents: int) -> Record:
    """A locked invoice with a payment more (or, negative, one less): what is paid, and the status that follows."""
    after = billing.Balance(row["total_cents"], row["amount_paid_cents"]).after(amount_cents)
    changes: dict[str, Any] = {
        "amount_paid_cents": after.paid_cents,
        "status": after.status,
        "paid_at": ctx.now if after.status == "paid" else None,
    }
    written = await records.invoices.change(ctx.tx, row, changes, ctx.now)
    ctx.record(records.invoices, written, "invoice.settled", before=row)
    if after.status == "paid":
        data = {
            "invoice_id": records.invoices.wire_id(row["id"]),
            "customer_id": records.customer_id(row["customer_id"]),
            "total_cents": row["total_cents"],
            "paid_at": iso_milliseconds(ctx.now),
        }
        ctx.announce("invoice.paid", records.invoices, row["id"], data)
    else:
        name = "invoice.partial" if after.status == "partial" and amount_cents > 0 else "invoice.updated"
        ctx.announce(name, records.invoices, row["id"], facts(written))
    return written


@shop_operation("invoices.list", "GET", "/invoices", scope="invoices:read", result=InvoicePage, tool="list_invoices")
async def list_invoices(ctx: Context, params: InvoiceList) -> Reply:
    """List invoices, newest first, by status and customer."""
    filters = {"status": params.status, "of_customer": customers.filter_key(params.customer_id)}
    found = await records.invoice_list.onward(ctx.tx, params, filters)
    return Reply(page(await ctx.wire(records.invoices, found.rows, params.include or ()), found.pagination))


@shop_operation(
    "invoices.create",
    "POST",
    "/invoices",
    scope="invoices:write",
    result=InvoiceView,
    status=201,
    events=("invoice.created",),
    tool="create_invoice",
)
async def create_invoice(ctx: Context, params: NewInvoice) -> Reply:
    """Create an invoice without a quote. Subtotal and total are computed."""
    value = worth(params.line_items, params.tax_cents)
    customer = await customers.hold(ctx, params.customer_id)
    said = params.model_dump(include={"status", "due_at", "notes"})
    row = await write(ctx, {"customer_id": customer["id"], **value, **said})
    return Reply(await ctx.wire_one(records.invoices, row))


@shop_operation(
    "invoices.get", "GET", "/invoices/{id}", scope="invoices:read", result=PaidInvoiceView, tool="get_invoice"
)
async def get_invoice(ctx: Context, params: ByIdIncluding) -> Reply:
    """Retrieve one invoice with its line items and payment history."""
    row = await records.invoices.get(ctx.tx, params.id)
    paid = await ctx.wire(records.payments, await records.payments_of(ctx, row["id"]))
    return Reply({**await ctx.wire_one(records.invoices, row, params.include or ()), "payments": paid})


@shop_operation(
    "invoices.update",
    "PATCH",
    "/invoices/{id}",
    scope="invoices:write",
    result=InvoiceView,
    events=("invoice.updated", "invoice.voided"),
    errors=(Conflict, InvalidTransition),
    tool="update_invoice",
)
async def update_invoice(ctx: Context, params: InvoicePatch) -> Reply:
    """Change an invoice's due date or notes, issue a draft (``unpaid``), or void it (``voided``).

    What it is worth never changes. A paid invoice cannot be voided.
    """
    changes = params.changes()
    row = await records.invoices.lock(ctx.tx, params.id)
    status: billing.InvoiceStatus = changes.get("status", row["status"])
    if status != row["status"]:
        move = billing.INVOICES.move(row["status"], status)
        if move is None or not move.requestable:
            raise InvalidTransition(f"An invoice that is {row['status']} cannot become {status}")
    if "due_at" in changes:
        if row["status"] in _ENDED:
            raise Conflict(f"An invoice that is {row['status']} has no due date to change")
        changes["overdue_at"] = None
    if changes:
        if status != row["status"] and status == "voided":
            changes["voided_at"] = ctx.now
        written = await records.invoices.change(ctx.tx, row, changes, ctx.now)
        ctx.record(records.invoices, written, "invoice.updated", before=row)
        if params.changes().keys() - {"status"} or (status != row["status"] and status != "voided"):
            data = {**facts(written), "changed_fields": sorted(params.changes())}
            ctx.announce("invoice.updated", records.invoices, row["id"], data)
        if status != row["status"] and status == "voided":
            ctx.announce("invoice.voided", records.invoices, row["id"], facts(written))
        row = written
    return Reply(await ctx.wire_one(records.invoices, row))


@shop_operation(
    "invoices.delete",
    "DELETE",
    "/invoices/{id}",
    scope="invoices:write",
    result=None,
    status=204,
    events=("invoice.deleted",),
    errors=(Conflict,),
    tool="delete_invoice",
)
async def delete_invoice(ctx: Context, params: ById) -> Reply:
    """Delete an invoice that was made directly and has no payment; others are voided instead."""
    row = await records.invoices.lock(ctx.tx, params.id)
    if row["quote_id"] is not None:
        raise Conflict("This invoice comes from a quote and cannot be deleted; void it", code="conflict.in_use")
    await records.invoices.delete(ctx.tx, row["id"])
    ctx.record(records.invoices, row, "invoice.deleted")
    ctx.announce("invoice.deleted", records.invoices, row["id"], facts(row))
    return Reply(None)
