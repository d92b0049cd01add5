"""Results of the deal operations (Salesbooth API, Deals)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dealwright.kernel.fields import Wire
from dealwright.kernel.ledger.verification import EntryView
from dealwright.kernel.paging import PaginationView
from dealwright.modules.deals.models import BillingCycle, DealType
from dealwright.modules.deals.rules import PaymentStatus, Status


class MoneyView(Wire):
    amount: str
    currency: str
    formatted: str


class PricingView(Wire):
    currency: str
    tax_rate: str
    subtotal: MoneyView
    discount_total: MoneyView
    tax_amount: MoneyView
    total: MoneyView


class ItemView(Wire):
    id: str | None
    item_id: str | None
    deal_id: str | None
    product_id: str
    name: str
    quantity: int
    unit_price: str
    discount: str
    line_total: str
    options: dict[str, Any] | None
    configuration: dict[str, Any] | None
    accepted: bool | None


class DiscountView(Wire):
    type: str
    value: float
    code: str | None
    description: str | None
    amount: str


class DealView(Wire):
    """The deal object. One deal carries line_items and pricing; a list does when ``include`` asks for them."""

    id: str | None
    deal_id: str | None
    tenant_id: str
    number: int | None
    version: int
    customer_id: str | None
    title: str
    description: str | None
    notes: str | None
    status: Status
    payment_status: PaymentStatus
    contract_status: str | None
    deal_type: DealType
    billing_cycle: BillingCycle | None
    currency: str
    presentation_currency: str | None
    settlement_currency: str | None
    tax_rate: str
    discounts: list[DiscountView]
    subtotal: str
    discount_total: str
    tax_amount: str
    total: str
    terms: dict[str, Any] | None
    metadata: dict[str, Any] | None
    outcome: dict[str, Any] | None
    template_id: str | None
    expires_at: str | None
    signed_at: str | None
    closed_at: str | None
    fulfilled_at: str | None
    created_at: str
    updated_at: str
    line_items: list[ItemView] = Field(default_factory=list)
    pricing: PricingView | None = None
    customer: dict[str, Any] | None = None
    signatures: list[dict[str, Any]] = Field(default_factory=list)
    escrow: dict[str, Any] | None = None
    participants: list[dict[str, Any]] = Field(default_factory=list)
    contracts: list[dict[str, Any]] = Field(default_factory=list)
    activity_log: list[dict[str, Any]] = Field(default_factory=list)


class TransitionView(DealView):
    previous_status: Status


class ConfiguredView(DealView):
    dry_run: bool


class DealPage(Wire):
    deals: list[DealView]
    pagination: PaginationView


class DealDeleted(Wire):
    deal_id: str
    id: str
    status: Status
    deleted: bool
    version: int | None


class TermsView(Wire):
    deal_id: str
    terms: dict[str, Any] | None
    version: int


class DifferenceView(Wire):
    path: str
    deal_1: Any
    deal_2: Any


class ComparisonView(Wire):
    deal_id_1: str
    deal_id_2: str
    identical: bool
    differences: list[DifferenceView]
    deal_1_terms: dict[str, Any] | None
    deal_2_terms: dict[str, Any] | None


class MoveActionView(Wire):
    method: str
    endpoint: str
    description: str


class MoveView(Wire):
    target: Status
    available: bool
    conditions: list[str]
    action: MoveActionView


class MovesView(Wire):
    deal_id: str
    current_status: Status
    transitions: list[MoveView]


class OutcomeView(Wire):
    reason: str
    notes: str | None
    competitor_name: str | None
    recorded_at: str


class OutcomeRecorded(Wire):
    deal_id: str
    version: int
    outcome: OutcomeView


class PartialAcceptanceView(Wire):
    deal_id: str
    status: Status
    version: int
    total: str
    accepted_items: list[str]
    rejected_items: list[str]
    declined_deal_id: str | None


class DealAudit(Wire):
    deal_id: str
    audit_entries: list[EntryView]
    pagination: dict[str, int]


class DealAuditVerified(Wire):
    deal_id: str
    status: Literal["intact", "tampered"]
    valid: bool
    checked_entries: int
    broken_entries: int
    first_broken_entry: str | None


class ExportView(Wire):
    export_version: str
    exported_at: str
    count: int
    deals: list[dict[str, Any]]
    next_cursor: str | None
    verification_hash: str
