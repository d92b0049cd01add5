"""Inputs and results of quotes, invoices and payments (SalesThumb REST API). Amounts are whole US cents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from dealwright.kernel.errors import invalid_field
from dealwright.kernel.fields import Cents, Identifier, Input, Integer, LongText, Patch, Wire
from dealwright.kernel.paging import Onward, OnwardView
from dealwright.modules.shop import billing
from dealwright.modules.shop.billing import InvoiceStatus, Method, QuoteStatus
from dealwright.modules.shop.models import Including, InPath, Moment, Time, WithOwner, WithVehicle

MOST_LINES: Final = 200


class LineItem(Input):
    description: Annotated[
        str, StringConstraints(min_length=1, max_length=500), Field(examples=["Windshield tint — Ceramic IR 70%"])
    ]
    quantity: Annotated[Integer, Field(ge=1, le=100_000, examples=[1])]
    unit_price_cents: Annotated[Cents, Field(gt=0, examples=[18000])]


class LineItemView(Wire):
    description: str
    quantity: int
    unit_price_cents: int


Lines = Annotated[list[LineItem], Field(min_length=1, max_length=MOST_LINES)]
Tax = Annotated[Cents, Field(description="tax in cents, as the caller worked it out", examples=[5040])]
Expiry = Annotated[Moment, Field(examples=["2026-06-25T00:00:00.000Z"])]


def worth(lines: Sequence[LineItem], tax_cents: int) -> dict[str, Any]:
    """The columns of what a quote or an invoice is worth. Raises InvalidFields when it is beyond all bounds."""
    plain = [line.model_dump() for line in lines]
    totals = billing.totals(plain, tax_cents)
    if not totals.within_bounds:
        raise invalid_field(
            "line_items", "out_of_range", f"Line items: a total of {totals.total_cents} cents is too large"
        )
    return {"line_items": plain, **totals.columns()}


class NewQuote(Input):
    customer_id: Identifier
    vehicle_id: Identifier | None = None
    line_items: Lines
    tax_cents: Tax = 0
    expires_at: Expiry | None = None


class QuotePatch(Patch):
    id: InPath
    status: Literal["draft", "sent", "accepted", "declined"] = "draft"
    line_items: Annotated[Lines, Field(description="replaces the list")] = []
    tax_cents: Tax = 0
    vehicle_id: Identifier | None = None
    expires_at: Expiry | None = None


class QuoteList(Onward, Including):
    status: QuoteStatus | None = None
    customer_id: Identifier | None = None


class QuoteView(WithVehicle):
    id: str
    customer_id: str
    vehicle_id: str | None
    status: QuoteStatus
    line_items: list[LineItemView]
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    expires_at: Time | None
    created_at: Time


class QuotePage(Wire):
    data: list[QuoteView]
    pagination: OnwardView


class QuoteId(Input):
    id: InPath


class NewInvoice(Input):
    customer_id: Identifier
    line_items: Lines
    tax_cents: Tax = 0
    due_at: Moment | None = None
    notes: LongText | None = None
    status: Literal["draft", "unpaid"] = "unpaid"


class InvoicePatch(Patch):
    id: InPath
    due_at: Moment | None = None
    notes: LongText | None = None
    status: InvoiceStatus = "unpaid"


class InvoiceList(Onward, Including):
    status: InvoiceStatus | None = None
    customer_id: Identifier | None = None


class PaymentView(Wire):
    id: str
    invoice_id: str
    amount_cents: int
    method: Method
    reference: str | None
    note: str | None
    recorded_at: Time
    created_at: Time


class InvoiceView(WithOwner):
    id: str
    quote_id: str | None
    customer_id: str
    status: InvoiceStatus
    line_items: list[LineItemView]
    subtotal_cents: int
    tax_cents: int
    total_cents: int
    amount_paid_cents: int
    balance_cents: int
    due_at: Time | None
    paid_at: Time | None
    voided_at: Time | None
    notes: str | None
    created_at: Time


class PaidInvoiceView(InvoiceView):
    """One invoice with its payment history, oldest first."""

    payments: list[PaymentView]


class InvoicePage(Wire):
    data: list[InvoiceView]
    pagination: OnwardView


Reference = Annotated[str, StringConstraints(max_length=255), Field(description="check number, terminal receipt …")]


class NewPayment(Input):
    invoice_id: InPath
    amount_cents: Annotated[Cents, Field(gt=0, examples=[87940])]
    method: Annotated[Method, Field(examples=["cash"])]
    reference: Reference | None = None
    note: Annotated[LongText | None, Field(description="internal")] = None
    recorded_at: Annotated[Moment | None, Field(description="when it was paid; now unless given")] = None


class PaymentPatch(Patch):
    id: InPath
    reference: Reference | None = None
    note: LongText | None = None


class PaymentList(Onward):
    invoice_id: Identifier | None = None


class PaymentPage(Wire):
    data: list[PaymentView]
    pagination: OnwardView
