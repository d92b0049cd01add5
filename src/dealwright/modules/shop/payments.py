"""Payments on invoices that were taken elsewhere, in cash or at a terminal (SalesThumb REST API, Payments)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import ids
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.modules.shop import billing, invoices, records
from dealwright.modules.shop.billing_models import NewPayment, PaymentList, PaymentPage, PaymentPatch, PaymentView
from dealwright.modules.shop.models import ById, page
from dealwright.modules.shop.registry import shop_operation


def _facts(row: Row) -> dict[str, Any]:
    return {
        "payment_id": records.payments.wire_id(row["id"]),
        "invoice_id": records.invoices.wire_id(row["invoice_id"]),
        "amount_cents": row["amount_cents"],
        "method": row["method"],
        "recorded_at": iso_milliseconds(row["recorded_at"]),
    }


@shop_operation("payments.list", "GET", "/payments", scope="payments:read", result=PaymentPage, tool="list_payments")
async def list_payments(ctx: Context, params: PaymentList) -> Reply:
    """List the shop's payments, newest first, or those of one invoice."""
    filters = {"of_invoice": records.invoices.filter_key("invoice_id", params.invoice_id)}
    found = await records.payment_list.onward(ctx.tx, params, filters)
    return Reply(page(await ctx.wire(records.payments, found.rows), found.pagination))


@shop_operation(
    "payments.record",
    "POST",
    "/payments/{invoice_id}/record",
    scope="payments:write",
    result=PaymentView,
    status=201,
    events=("payment.created", "payment.recorded", "invoice.partial", "invoice.paid"),
    errors=(Conflict,),
    tool="record_payment",
)
async def record_payment(ctx: Context, params: NewPayment) -> Reply:
    """Record a payment against an invoice; it becomes paid by itself when nothing is left to pay.

    Never more than the balance, and only on an invoice that was issued and not voided.
    """
    invoice = await records.invoices.lock(ctx.tx, params.invoice_id)
    if invoice["status"] not in billing.PAYABLE:
        raise Conflict(f"An invoice that is {invoice['status']} takes no payment", code="conflict.not_payable")
    balance = billing.Balance(invoice["total_cents"], invoice["amount_paid_cents"])
    if not balance.takes(params.amount_cents):
        raise Conflict(
            f"{params.amount_cents} cents are more than the balance of {balance.balance_cents} cents",
            code="conflict.overpayment",
        )
    row = await records.payments.insert(
        ctx.tx,
        {
            **params.model_dump(exclude={"invoice_id"}),
            "id": ids.uuid7(),
            "invoice_id": invoice["id"],
            "recorded_at": params.recorded_at or ctx.now,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.payments, row, "payment.recorded")
    for name in ("payment.created", "payment.recorded"):
        ctx.announce(name, records.payments, row["id"], _facts(row))
    await invoices.settle(ctx, invoice, params.amount_cents)
    return Reply(await ctx.wire_one(records.payments, row))


@shop_operation("payments.get", "GET", "/payments/{id}", scope="payments:read", result=PaymentView, tool="get_payment")
async def get_payment(ctx: Context, params: ById) -> Reply:
    """Retrieve one payment."""
    return Reply(await ctx.wire_one(records.payments, await records.payments.get(ctx.tx, params.id)))


@shop_operation(
    "payments.update",
    "PATCH",
    "/payments/{id}",
    scope="payments:write",
    result=PaymentView,
    events=("payment.updated",),
    tool="update_payment",
)
async def update_payment(ctx: Context, params: PaymentPatch) -> Reply:
    """Change a payment's reference or note; its amount stays."""
    row = await records.payments.lock(ctx.tx, params.id)
    if changes := params.changes():
        written = await records.payments.change(ctx.tx, row, changes, ctx.now)
        ctx.record(records.payments, written, "payment.updated", before=row)
        data = {**_facts(written), "changed_fields": sorted(changes)}
        ctx.announce("payment.updated", records.payments, row["id"], data)
        row = written
    return Reply(await ctx.wire_one(records.payments, row))


@shop_operation(
    "payments.delete",
    "DELETE",
    "/payments/{id}",
    scope="payments:write",
    result=None,
    status=204,
    events=("payment.deleted", "invoice.updated", "invoice.partial"),
    errors=(Conflict,),
    tool="delete_payment",
)
async def delete_payment(ctx: Context, params: ById) -> Reply:
    """Take back a payment that was recorded by mistake: its invoice owes the amount again."""
    found = await records.payments.get(ctx.tx, params.id)
    invoice = await records.invoices.lock(ctx.tx, records.invoices.wire_id(found["invoice_id"]))
    row = await records.payments.lock(ctx.tx, params.id)
    if invoice["status"] == "voided":
        raise Conflict("The payments of a voided invoice stay as they are", code="conflict.invalid_state")
    await records.payments.delete(ctx.tx, row["id"])
    ctx.record(records.payments, row, "payment.deleted")
    ctx.announce("payment.deleted", records.payments, row["id"], _facts(row))
    await invoices.settle(ctx, invoice, -row["amount_cents"])
    return Reply(None)
