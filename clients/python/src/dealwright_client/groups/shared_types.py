"""Types that several groups of operations share.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from dealwright_client.values import Number


class CertifiedSignature(TypedDict):
    id: str
    signature_id: str
    signer_type: Literal["user", "customer", "agent", "api_key"]
    signer_id: str
    signer_customer_id: str | None
    signature_algorithm: str
    key_id: str
    signed_at: str
    consent_to_sign: bool
    public_key: str
    signature: str
    """64 bytes in base64: Ed25519 over signed_statement"""
    signed_statement: str
    """canonical JSON in base64, naming signer, content and time"""


class Deal(TypedDict):
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
    status: Literal[
        "draft",
        "in_progress",
        "pending_signature",
        "awaiting_signatures",
        "pending_payment",
        "partially_accepted",
        "closed",
        "cancelled",
        "expired",
    ]
    payment_status: Literal["unpaid", "partially_paid", "paid", "partially_refunded", "refunded"]
    contract_status: str | None
    deal_type: Literal["one_time", "recurring"]
    billing_cycle: Literal["monthly", "quarterly", "annual"] | None
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
    line_items: NotRequired[list[Item]]
    pricing: NotRequired[Pricing | None]
    customer: NotRequired[dict[str, Any] | None]
    signatures: NotRequired[list[dict[str, Any]]]
    escrow: NotRequired[dict[str, Any] | None]
    participants: NotRequired[list[dict[str, Any]]]
    contracts: NotRequired[list[dict[str, Any]]]
    activity_log: NotRequired[list[dict[str, Any]]]


class Deleted(TypedDict):
    """The small body of a DELETE."""

    deleted: bool
    id: str


class Discount(TypedDict):
    """A reduction of the whole deal; ``percent`` means the same as ``percentage``."""

    type: Literal["percentage", "fixed"]
    value: Number
    """percentage points, or an amount in the deal's currency"""
    code: NotRequired[str | None]
    description: NotRequired[str | None]


class DiscountView(TypedDict):
    type: str
    value: float
    code: str | None
    description: str | None
    amount: str


class Entry(TypedDict):
    """An audit entry as callers see it."""

    id: str
    entity_type: str
    entity_id: str
    action: str
    actor: str
    actor_type: str
    changes: dict[str, Any]
    snapshot: dict[str, Any]
    previous_hash: str | None
    entry_hash: str
    created_at: str


class Item(TypedDict):
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


class Leg(TypedDict):
    settlement_id: str | None
    participant_id: str
    role: str
    share_percent: float
    amount: float
    currency: str
    status: Literal["pending", "initiated", "settled", "failed", "reversed"]
    failure_reason: str | None
    settled_at: str | None


class Money(TypedDict):
    amount: str
    currency: str
    formatted: str


class Pagination(TypedDict):
    """The ``pagination`` member of a list."""

    total: int
    limit: int
    offset: int
    count: int
    next_cursor: str | None
    prev_cursor: str | None
    has_more: bool
    total_is_minimum: NotRequired[bool]
    """present and true when there are more than 10000, uncounted"""


class Pricing(TypedDict):
    currency: str
    tax_rate: str
    subtotal: Money
    discount_total: Money
    tax_amount: Money
    total: Money


class RequestedSigner(TypedDict):
    signer_type: Literal["user", "customer", "agent", "api_key"]
    signer_id: str | None


class Saga(TypedDict):
    """How far the payout of a deal's shares has come, as a whole."""

    status: Literal["pending", "executing", "completed", "compensating", "compensated"]
    round: int
    failure_reason: str | None
    updated_at: str


class Settlements(TypedDict):
    settlements: list[Leg]
    saga: Saga | None


class SignedIn(TypedDict):
    """Who is signed in, and where. ``csrf_token`` goes along with every write as X-CSRF-Token."""

    authenticated: bool
    user: User | None
    tenant: WorkspaceOfUser | None
    """the active workspace"""
    tenants: list[WorkspaceOfUser]
    requires_tenant_selection: bool
    mode: Literal["live", "test"] | None
    csrf_token: str | None


class TemplateItemView(TypedDict):
    product_id: str
    quantity: int
    unit_price: float | None
    name: str | None
    options: dict[str, Any] | None


class User(TypedDict):
    id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    is_system_admin: bool


class WantedSigner(TypedDict):
    signer_type: Literal["user", "customer", "agent", "api_key"]
    signer_id: NotRequired[str | None]
    """left out: anybody of this type"""


class WorkspaceOfUser(TypedDict):
    tenant_id: str
    name: str
    role: Literal["owner", "admin", "member", "viewer"]
