"""Deals: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import (
    CertifiedSignature,
    Deal,
    Discount,
    DiscountView,
    Entry,
    Item,
    Pagination,
    Pricing,
    RequestedSigner,
    Settlements,
    TemplateItemView,
    WantedSigner,
)
from dealwright_client.values import UNSET, Instant, Number, Unset


class CheckedSignature(TypedDict):
    valid: bool
    signature_algorithm: str
    signed_at: str


class Comparison(TypedDict):
    deal_id_1: str
    deal_id_2: str
    identical: bool
    differences: list[Difference]
    deal_1_terms: dict[str, Any] | None
    deal_2_terms: dict[str, Any] | None


class Condition(TypedDict):
    condition_id: str
    type: str
    config: dict[str, Any]
    fulfilled: bool
    met_by: str | None
    met_at: str | None


class ConditionMet(TypedDict):
    deal_id: str
    condition: Condition
    all_conditions_met: bool


class Configuration(TypedDict):
    option_ids: NotRequired[Sequence[str]]


class Configured(TypedDict):
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
    dry_run: bool


class ConfiguredItem(TypedDict):
    product_id: str
    quantity: NotRequired[int]
    unit_price: NotRequired[Number | None]
    options: NotRequired[Mapping[str, Any] | None]
    name: NotRequired[str | None]
    configuration: NotRequired[Configuration | None]


Credential = TypedDict(
    "Credential",
    {
        "@context": "list[str]",
        "id": "str",
        "type": "list[str]",
        "issuer": "str",
        "issuanceDate": "str",
        "expirationDate": "str",
        "credentialSubject": "dict[str, Any]",
        "proof": "dict[str, Any]",
    },
)


class Credentials(TypedDict):
    id: str
    credential_id: str
    deal_id: str
    credential: Credential
    jwt: str
    status: Literal["active", "expired", "revoked"]


class DealAudit(TypedDict):
    deal_id: str
    audit_entries: list[Entry]
    pagination: dict[str, int]


class DealAuditVerified(TypedDict):
    deal_id: str
    status: Literal["intact", "tampered"]
    valid: bool
    checked_entries: int
    broken_entries: int
    first_broken_entry: str | None


class DealDeleted(TypedDict):
    deal_id: str
    id: str
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
    deleted: bool
    version: int | None


class DealPage(TypedDict):
    deals: list[Deal]
    pagination: Pagination


class DealsCertificate(TypedDict):
    signature_algorithm: str
    key_id: str
    public_key: str
    signatures: list[CertifiedSignature]
    signed_content: str
    """canonical JSON (RFC 8785) in base64: what the parties agreed on"""
    status: Literal["verified", "tampered", "unsigned"]
    livemode: bool
    verification_url: str
    public_key_url: str
    issued_at: str
    deal_id: str
    deal_hash: str
    """SHA-256 of signed_content"""


class DealsCertificates(TypedDict):
    certificate: DealsCertificate


class DealsExport(TypedDict):
    export_version: str
    exported_at: str
    count: int
    deals: list[dict[str, Any]]
    next_cursor: str | None
    verification_hash: str


class DealsMove(TypedDict):
    target: Literal[
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
    available: bool
    conditions: list[str]
    action: MoveAction


class DealsNewSignature(TypedDict):
    id: str
    signature_id: str
    signer_type: Literal["user", "customer", "agent", "api_key"]
    signer_id: str
    signer_customer_id: str | None
    signature_algorithm: str
    key_id: str
    signed_at: str
    deal_hash: str


class DealsRequested(TypedDict):
    id: str
    deal_id: str
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
    version: int
    signers: list[RequestedSigner]
    expires_in: int | None
    due_at: str | None
    """null until the deal is out for signature"""


class DealsSigned(TypedDict):
    id: str
    deal_id: str
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
    version: int
    signed_at: str | None
    """null while other signatures are awaited"""
    signature: DealsNewSignature


class Difference(TypedDict):
    path: str
    deal_1: Any
    deal_2: Any


class Escrow(TypedDict):
    """An escrow. ``client_secret`` is there while the buyer has something left to do at the payment provider."""

    id: str
    escrow_id: str
    deal_id: str
    status: Literal["pending", "held", "releasing", "refunding", "released", "refunded", "expired", "failed"]
    amount: str
    currency: str
    conditions: list[Condition]
    payment_id: str
    refund_reason: str | None
    failure_reason: str | None
    expires_at: str
    hold_expires_at: str | None
    released_at: str | None
    refunded_at: str | None
    created_at: str
    updated_at: str


class EscrowEnded(TypedDict):
    deal_id: str
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
    escrow: Escrow


class EscrowMade(TypedDict):
    id: str
    escrow_id: str
    deal_id: str
    status: Literal["pending", "held", "releasing", "refunding", "released", "refunded", "expired", "failed"]
    amount: str
    currency: str
    conditions: list[Condition]
    payment_id: str
    refund_reason: str | None
    failure_reason: str | None
    expires_at: str
    hold_expires_at: str | None
    released_at: str | None
    refunded_at: str | None
    created_at: str
    updated_at: str
    client_secret: str | None


class EscrowOfDeal(TypedDict):
    escrow: Escrow


class Fulfilled(TypedDict):
    deal_id: str
    fulfilled_at: str
    version: int


class Hashes(TypedDict):
    stored: str | None
    current: str | None
    matches: bool


class InlineCustomer(TypedDict):
    name: str
    email: str
    """e-mail address, unique in the workspace"""
    phone: NotRequired[str | None]
    company: NotRequired[str | None]


class MoveAction(TypedDict):
    method: str
    endpoint: str
    description: str


class Moves(TypedDict):
    deal_id: str
    current_status: Literal[
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
    transitions: list[DealsMove]


class NewCondition(TypedDict):
    type: str
    """delivery, approval or a word of your own"""
    config: NotRequired[Mapping[str, Any]]
    """free keys and values, at most 3 levels deep"""


class Outcome(TypedDict):
    reason: str
    notes: str | None
    competitor_name: str | None
    recorded_at: str


class OutcomeRecorded(TypedDict):
    deal_id: str
    version: int
    outcome: Outcome


class PartialAcceptance(TypedDict):
    deal_id: str
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
    version: int
    total: str
    accepted_items: list[str]
    rejected_items: list[str]
    declined_deal_id: str | None


class Revoked(TypedDict):
    id: str
    deal_id: str
    credential_id: str
    status: Literal["revoked"]
    reason: str
    revoked_at: str


class SavedTemplate(TypedDict):
    id: str
    template_id: str
    name: str
    description: str | None
    category: str | None
    status: Literal["active", "inactive"]
    default_terms: dict[str, Any]
    line_items: list[TemplateItemView]
    metadata: dict[str, Any]
    version: int
    created_at: str
    updated_at: str
    source_deal_id: str


class Signature(TypedDict):
    id: str
    signature_id: str
    signer_type: Literal["user", "customer", "agent", "api_key"]
    signer_id: str
    signer_customer_id: str | None
    signature_algorithm: str
    key_id: str
    signed_at: str


class Terms(TypedDict):
    deal_id: str
    terms: dict[str, Any] | None
    version: int


class Transition(TypedDict):
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
    previous_status: Literal[
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


class Unsigned(TypedDict):
    id: str
    deal_id: str
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
    version: int
    signed_at: str | None
    signatures: list[Signature]


class Verification(TypedDict):
    deal_id: NotRequired[str]
    contract_id: NotRequired[str]
    status: Literal["verified", "tampered", "unsigned"]
    message: str
    deal_hash: Hashes
    signature: CheckedSignature | None
    verification_method: str
    verification_note: str


class Verifications(TypedDict):
    verification: Verification


_ADD_ITEM: Final[Endpoint[Deal]] = Endpoint("POST", "/deals/{id}/items", idempotent=True)
_APPLY_DISCOUNT: Final[Endpoint[Deal]] = Endpoint("POST", "/deals/{id}/discounts", idempotent=True)
_AUDIT: Final[Endpoint[DealAudit]] = Endpoint("GET", "/deals/{id}/audit", query=frozenset({"limit", "offset"}))
_COMPARE_TERMS: Final[Endpoint[Comparison]] = Endpoint(
    "GET", "/deals/compare-terms", query=frozenset({"deal_id_1", "deal_id_2"})
)
_CREATE: Final[Endpoint[Deal]] = Endpoint("POST", "/deals", idempotent=True)
_CREATE_CONFIGURED: Final[Endpoint[Configured]] = Endpoint("POST", "/deals/create-configured", idempotent=True)
_CREATE_ESCROW: Final[Endpoint[EscrowMade]] = Endpoint("POST", "/deals/{id}/escrow", idempotent=True)
_CREDENTIAL: Final[Endpoint[Credentials]] = Endpoint("GET", "/deals/{id}/credential")
_DELETE: Final[Endpoint[DealDeleted]] = Endpoint("DELETE", "/deals/{id}")
_EXPORT: Final[Endpoint[DealsExport | str]] = Endpoint(
    "GET",
    "/deals/export",
    query=frozenset({"after", "created_after", "created_before", "customer_id", "format", "id", "limit", "status"}),
)
_FULFILL: Final[Endpoint[Fulfilled]] = Endpoint("POST", "/deals/{id}/fulfill", idempotent=True)
_FULFILL_CONDITION: Final[Endpoint[ConditionMet]] = Endpoint("POST", "/deals/{id}/fulfill-condition", idempotent=True)
_GET: Final[Endpoint[Deal]] = Endpoint(
    "GET", "/deals/{id}", query=frozenset({"exclude", "fields", "format", "include"})
)
_GET_ESCROW: Final[Endpoint[EscrowOfDeal]] = Endpoint("GET", "/deals/{id}/escrow")
_LIST: Final[Endpoint[DealPage]] = Endpoint(
    "GET",
    "/deals",
    query=frozenset(
        {
            "active",
            "after",
            "before",
            "created_after",
            "created_before",
            "customer_id",
            "exclude",
            "fields",
            "format",
            "include",
            "limit",
            "max_value",
            "min_value",
            "offset",
            "search",
            "sort",
            "status",
        }
    ),
)
_PARTIAL_ACCEPT: Final[Endpoint[PartialAcceptance]] = Endpoint("POST", "/deals/{id}/partial-accept", idempotent=True)
_RECORD_OUTCOME: Final[Endpoint[OutcomeRecorded]] = Endpoint("POST", "/deals/{id}/outcome", idempotent=True)
_REFUND_ESCROW: Final[Endpoint[EscrowEnded]] = Endpoint("POST", "/deals/{id}/refund-escrow", idempotent=True)
_RELEASE_ESCROW: Final[Endpoint[EscrowEnded]] = Endpoint("POST", "/deals/{id}/release-escrow", idempotent=True)
_REMOVE_ITEM: Final[Endpoint[Deal]] = Endpoint("DELETE", "/deals/{id}/items/{item_id}")
_REQUEST_SIGNATURES: Final[Endpoint[DealsRequested]] = Endpoint(
    "POST", "/deals/{id}/request-signatures", idempotent=True
)
_REVOKE_CREDENTIAL: Final[Endpoint[Revoked]] = Endpoint("POST", "/deals/{id}/revoke-credential", idempotent=True)
_SAVE_AS_TEMPLATE: Final[Endpoint[SavedTemplate]] = Endpoint("POST", "/deals/{id}/save-as-template", idempotent=True)
_SET_TERMS: Final[Endpoint[Terms]] = Endpoint("POST", "/deals/{id}/terms", idempotent=True)
_SETTLE: Final[Endpoint[Settlements]] = Endpoint("POST", "/deals/{id}/settle", idempotent=True)
_SETTLEMENTS: Final[Endpoint[Settlements]] = Endpoint("GET", "/deals/{id}/settlements")
_SIGN: Final[Endpoint[DealsSigned]] = Endpoint("POST", "/deals/{id}/sign", idempotent=True)
_SIGNING_CERTIFICATE: Final[Endpoint[DealsCertificates | bytes]] = Endpoint(
    "GET", "/deals/{id}/signing-certificate", query=frozenset({"format"})
)
_TERMS: Final[Endpoint[Terms]] = Endpoint("GET", "/deals/{id}/terms")
_TRANSITION: Final[Endpoint[Transition]] = Endpoint(
    "POST", "/deals/{id}/transition", query=frozenset({"status"}), idempotent=True
)
_UNSIGN: Final[Endpoint[Unsigned]] = Endpoint("POST", "/deals/{id}/unsign", idempotent=True)
_UPDATE: Final[Endpoint[Deal]] = Endpoint("PATCH", "/deals/{id}", nulls=True)
_UPDATE_ITEM: Final[Endpoint[Deal]] = Endpoint("POST", "/deals/{id}/items/{item_id}", idempotent=True)
_VALID_TRANSITIONS: Final[Endpoint[Moves]] = Endpoint("GET", "/deals/{id}/valid-transitions")
_VERIFY: Final[Endpoint[Verifications]] = Endpoint("GET", "/deals/verify", query=frozenset({"contract_id", "id"}))
_VERIFY_AUDIT: Final[Endpoint[DealAuditVerified]] = Endpoint("GET", "/deals/{id}/verify-audit")


class DealsGroup(Group):
    """``client.deals``."""

    def add_item(
        self,
        id: str,
        *,
        product_id: str,
        quantity: int | None = None,
        unit_price: Number | None = None,
        options: Mapping[str, Any] | None = None,
        deal_id: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Add a product as a line item, at its own price unless ``unit_price`` says otherwise.

        ``deal_id``: if sent, the same as id

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _ADD_ITEM,
            {
                "id": id,
                "product_id": product_id,
                "quantity": quantity,
                "unit_price": unit_price,
                "options": options,
                "deal_id": deal_id,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def apply_discount(
        self,
        id: str,
        *,
        type: Literal["percentage", "fixed"],
        value: Number,
        code: str | None = None,
        description: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Take a percentage or an amount off the whole deal, before tax; together discounts never exceed the
        subtotal.

        ``value``: percentage points, or an amount in the deal's currency

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _APPLY_DISCOUNT,
            {"id": id, "type": type, "value": value, "code": code, "description": description},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> DealAudit:
        """Read the hash-chained audit trail of a deal, oldest first. Private values appear as commitments only.

        Scope: ``deals:read``.
        """
        return self._client._run(_AUDIT, {"id": id, "limit": limit, "offset": offset}, timeout=timeout)

    def iterate_audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Iterator[Entry]:
        """Every record of :meth:`audit`, page after page."""
        return self._client._pages(_AUDIT, "audit_entries", {"id": id, "limit": limit}, timeout=timeout)

    def compare_terms(
        self,
        *,
        deal_id_1: str,
        deal_id_2: str,
        timeout: float | None = None,
    ) -> Comparison:
        """Compare the terms of two deals, leaf by leaf.

        Scope: ``deals:read``.
        """
        return self._client._run(_COMPARE_TERMS, {"deal_id_1": deal_id_1, "deal_id_2": deal_id_2}, timeout=timeout)

    def create(
        self,
        *,
        title: str | None = None,
        customer_id: str | None = None,
        description: str | None = None,
        currency: str | None = None,
        tax_rate: Number | None = None,
        deal_type: Literal["one_time", "recurring"] | None = None,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | None = None,
        presentation_currency: str | None = None,
        settlement_currency: str | None = None,
        status: Literal["draft", "in_progress"] | None = None,
        notes: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        template_id: str | None = None,
        expires_at: Instant | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Create a deal in draft, unless ``status`` says in_progress.

        It is empty, or has the items, discounts and terms of the template that ``template_id`` names; what is sent
        wins.

        ``currency``: ISO 4217; default: the workspace's currency
        ``tax_rate``: a fraction, 0.10 = 10 %; a value of 1 or more is divided by 100
        ``billing_cycle``: required when deal_type is recurring
        ``expires_at``: when the deal lapses if it is not completed

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _CREATE,
            {
                "title": title,
                "customer_id": customer_id,
                "description": description,
                "currency": currency,
                "tax_rate": tax_rate,
                "deal_type": deal_type,
                "billing_cycle": billing_cycle,
                "presentation_currency": presentation_currency,
                "settlement_currency": settlement_currency,
                "status": status,
                "notes": notes,
                "metadata": metadata,
                "template_id": template_id,
                "expires_at": expires_at,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def create_configured(
        self,
        *,
        customer_id: str | None = None,
        customer: InlineCustomer | None = None,
        items: Sequence[ConfiguredItem] | None = None,
        saved_config_id: str | None = None,
        discounts: Sequence[Discount] | None = None,
        template_id: str | None = None,
        title: str | None = None,
        currency: str | None = None,
        tax_rate: Number | None = None,
        notes: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Configured:
        """Create customer, deal, items and discounts in one transaction, or only check and price them
        (``dry_run``).

        An inline customer is matched by email and created when new. A dry run answers 200, without ids, and saves
        nothing.

        ``customer``: matched by email, created when new
        ``saved_config_id``: in place of items
        ``tax_rate``: a fraction, 0.10 = 10 %; a value of 1 or more is divided by 100
        ``dry_run``: check and answer, save nothing

        Scope: ``agent:execute``. Errors: ``not_found``.
        """
        return self._client._run(
            _CREATE_CONFIGURED,
            {
                "customer_id": customer_id,
                "customer": customer,
                "items": items,
                "saved_config_id": saved_config_id,
                "discounts": discounts,
                "template_id": template_id,
                "title": title,
                "currency": currency,
                "tax_rate": tax_rate,
                "notes": notes,
                "metadata": metadata,
                "dry_run": dry_run,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def create_escrow(
        self,
        id: str,
        *,
        conditions: Sequence[NewCondition],
        amount: Number | None = None,
        currency: str | None = None,
        expires_in: int | None = None,
        payment_method: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> EscrowMade:
        """Hold the deal's money until every condition is met and the escrow is released, or until it expires.

        ``status`` is held, or pending while the buyer has something left to do at the payment provider. After a 503
        the outcome is not known: the same call again asks about the same hold.

        ``amount``: major units; default: what is due
        ``expires_in``: seconds
        ``payment_method``: what the money is held on

        Scope: ``deals:write``. Errors: ``billing.payment_failed``, ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(
            _CREATE_ESCROW,
            {
                "id": id,
                "conditions": conditions,
                "amount": amount,
                "currency": currency,
                "expires_in": expires_in,
                "payment_method": payment_method,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def credential(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Credentials:
        """Fetch the W3C verifiable credential that attests a closed deal; the first request issues it.

        Scope: ``deals:read``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_CREDENTIAL, {"id": id}, timeout=timeout)

    def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> DealDeleted:
        """Cancel a deal; on a deal that is cancelled already, remove it for good.

        A closed or expired deal cannot be cancelled, and one on which money was booked is never removed.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``conflict.invalid_transition``.
        """
        return self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    def export(
        self,
        *,
        id: str | None = None,
        format: Literal["json", "csv"] | None = None,
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
        | None = None,
        customer_id: str | None = None,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> DealsExport | str:
        """Export one deal, or the deals that match the list filters, with items, terms and audit entries.

        At most 1,000 deals a file; ``next_cursor`` continues. ``format=csv`` answers a table without nested parts.

        ``limit``: deals per export file
        ``after``: next_cursor of the file before

        Scope: ``deals:read``.
        """
        return self._client._run(
            _EXPORT,
            {
                "id": id,
                "format": format,
                "status": status,
                "customer_id": customer_id,
                "created_after": created_after,
                "created_before": created_before,
                "limit": limit,
                "after": after,
            },
            timeout=timeout,
        )

    def fulfill(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Fulfilled:
        """Note that all a closed deal promised was delivered (ours); a second time changes nothing.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _FULFILL, {"id": id}, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    def fulfill_condition(
        self,
        id: str,
        *,
        condition_id: str,
        met_by: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ConditionMet:
        """Mark one condition of a deal's escrow as met; doing so twice changes nothing. Releasing is a call of its
        own.

        ``met_by``: who or what met it

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _FULFILL_CONDITION,
            {"id": id, "condition_id": condition_id, "met_by": met_by},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def get(
        self,
        id: str,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Fetch one deal; the ETag header carries the version for the next write.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only

        Scope: ``deals:read``.
        """
        return self._client._run(
            _GET,
            {"id": id, "fields": fields, "include": include, "exclude": exclude, "format": format},
            timeout=timeout,
        )

    def get_escrow(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> EscrowOfDeal:
        """Read the newest escrow of a deal with its conditions.

        Scope: ``deals:read``. Errors: ``not_found``.
        """
        return self._client._run(_GET_ESCROW, {"id": id}, timeout=timeout)

    def list(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
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
        | None = None,
        search: str | None = None,
        active: bool | None = None,
        customer_id: str | None = None,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        min_value: Number | None = None,
        max_value: Number | None = None,
        timeout: float | None = None,
    ) -> DealPage:
        """List deals with filters, newest first.

        ``search`` finds words of titles and descriptions and their beginnings, among the newest 1,000 matches.
        ``include`` may add line_items, pricing, customer and activity_log.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only
        ``limit``: records per page
        ``offset``: ignored when a cursor is given
        ``after``: next_cursor of an earlier answer
        ``before``: prev_cursor of an earlier answer
        ``sort``: newest first by this instant
        ``search``: words of title or description
        ``active``: leave out what is closed, cancelled or expired
        ``min_value``: total at least this
        ``max_value``: total at most this

        Scope: ``deals:read``.
        """
        return self._client._run(
            _LIST,
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "search": search,
                "active": active,
                "customer_id": customer_id,
                "created_after": created_after,
                "created_before": created_before,
                "min_value": min_value,
                "max_value": max_value,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
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
        | None = None,
        search: str | None = None,
        active: bool | None = None,
        customer_id: str | None = None,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        min_value: Number | None = None,
        max_value: Number | None = None,
        timeout: float | None = None,
    ) -> Iterator[Deal]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "deals",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "search": search,
                "active": active,
                "customer_id": customer_id,
                "created_after": created_after,
                "created_before": created_before,
                "min_value": min_value,
                "max_value": max_value,
            },
            timeout=timeout,
        )

    def partial_accept(
        self,
        id: str,
        *,
        accepted_items: Sequence[str],
        rejected_items: Sequence[str] | None = None,
        create_declined_deal: bool | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> PartialAcceptance:
        """Accept some line items and decline the others, which no longer count towards the deal's total.

        ``create_declined_deal`` puts the declined items into a draft for the same customer. Percentage discounts go
        along, amounts stay with the accepted items.

        ``accepted_items``: line item ids
        ``rejected_items``: items in neither list are rejected as well
        ``create_declined_deal``: put what is rejected into a new draft deal

        Scope: ``deals:write``. Errors: ``conflict.invalid_transition``, ``not_found``.
        """
        return self._client._run(
            _PARTIAL_ACCEPT,
            {
                "id": id,
                "accepted_items": accepted_items,
                "rejected_items": rejected_items,
                "create_declined_deal": create_declined_deal,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def record_outcome(
        self,
        id: str,
        *,
        reason: str,
        notes: str | None = None,
        competitor_name: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> OutcomeRecorded:
        """Record why a deal was won or lost; its status stays as it is.

        ``reason``: won, lost, no_decision or your own

        Scope: ``deals:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _RECORD_OUTCOME,
            {"id": id, "reason": reason, "notes": notes, "competitor_name": competitor_name},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def refund_escrow(
        self,
        id: str,
        *,
        reason: Literal["manual", "condition_failed", "deal_cancelled", "fraud", "duplicate"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> EscrowEnded:
        """Let go of the money that is held; the deal's status stays. After a 503 call again.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(
            _REFUND_ESCROW, {"id": id, "reason": reason}, idempotency_key=idempotency_key, timeout=timeout
        )

    def release_escrow(
        self,
        id: str,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> EscrowEnded:
        """Take the money that is held and close the deal; every condition must be fulfilled.

        After a 503 the outcome is not known: call again, the money is taken once.

        Scope: ``deals:write``. Errors: ``billing.payment_failed``, ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(_RELEASE_ESCROW, {"id": id}, idempotency_key=idempotency_key, timeout=timeout)

    def remove_item(
        self,
        id: str,
        item_id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Remove a line item from a deal.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_REMOVE_ITEM, {"id": id, "item_id": item_id}, if_match=if_match, timeout=timeout)

    def request_signatures(
        self,
        id: str,
        *,
        signers: Sequence[WantedSigner],
        expires_in: int | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> DealsRequested:
        """Say whose signatures a deal needs and how long the signers have, before the first signature is given.

        ``signers``: whose signatures are needed; none: one signature of anybody
        ``expires_in``: seconds that the signers have; default: the workspace's days

        Scope: ``deals:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``,
        ``not_found``.
        """
        return self._client._run(
            _REQUEST_SIGNATURES,
            {"id": id, "signers": signers, "expires_in": expires_in},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def revoke_credential(
        self,
        id: str,
        *,
        reason: Literal["manual", "deal_cancelled", "fraud", "expired", "superseded"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Revoked:
        """Revoke the credential of a deal for good: it no longer verifies, and the public revocation list names it.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _REVOKE_CREDENTIAL, {"id": id, "reason": reason}, idempotency_key=idempotency_key, timeout=timeout
        )

    def save_as_template(
        self,
        id: str,
        *,
        name: str,
        description: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> SavedTemplate:
        """Make a template of a deal: its line items, discounts, terms, currency and tax rate, without its customer.

        Scope: ``deals:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _SAVE_AS_TEMPLATE,
            {"id": id, "name": name, "description": description},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def set_terms(
        self,
        id: str,
        *,
        terms: Mapping[str, Any],
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Terms:
        """Store structured terms on a deal, replacing earlier ones.

        ``terms``: with terms_schema_version and payment_terms

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _SET_TERMS, {"id": id, "terms": terms}, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    def settle(
        self,
        id: str,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Settlements:
        """Pay the shares of a deal out again after the settlement failed and was taken back (ours).

        ``X-Job-ID`` names the job that does it.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_SETTLE, {"id": id}, idempotency_key=idempotency_key, timeout=timeout)

    def settlements(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Settlements:
        """Show how a closed deal's money is split; empty before it is closed.

        What no participant has a share of is the workspace's own, with the role seller. ``saga`` says how far the
        payout has come as a whole; it is null when there is nobody to pay out.

        Scope: ``deals:read``. Errors: ``not_found``.
        """
        return self._client._run(_SETTLEMENTS, {"id": id}, timeout=timeout)

    def sign(
        self,
        id: str,
        *,
        signer_type: Literal["user", "customer", "agent", "api_key"] | None = None,
        signer_id: str | None = None,
        signer_customer_id: str | None = None,
        consent_to_sign: bool | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> DealsSigned:
        """Sign a deal with the workspace's Ed25519 key, for a user, a customer, an agent or the calling key.

        The last signature that was asked for moves the deal on to pending_payment; until then it is
        awaiting_signatures.

        ``signer_type``: default: what the caller is, see docs/signing.md
        ``signer_id``: default: the caller
        ``signer_customer_id``: the customer on whose behalf is signed; must be the record's own
        ``consent_to_sign``: must be true for a user or a customer

        Scope: ``deals:sign``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _SIGN,
            {
                "id": id,
                "signer_type": signer_type,
                "signer_id": signer_id,
                "signer_customer_id": signer_customer_id,
                "consent_to_sign": consent_to_sign,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def signing_certificate(
        self,
        id: str,
        *,
        format: Literal["json", "pdf"] | None = None,
        timeout: float | None = None,
    ) -> DealsCertificates | bytes:
        """Show who signed a deal, when, and over which content, with everything that is needed to check it offline.

        ``format=pdf`` answers the same as a document.

        Scope: ``deals:read``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_SIGNING_CERTIFICATE, {"id": id, "format": format}, timeout=timeout)

    def terms(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Terms:
        """Read the structured terms of a deal; null when none were set.

        Scope: ``deals:read``.
        """
        return self._client._run(_TERMS, {"id": id}, timeout=timeout)

    def transition(
        self,
        id: str,
        *,
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
        ],
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Transition:
        """Move a deal to another status through the state machine.

        ``status``: where to go; in the query or the body

        Scope: ``deals:write``. Errors: ``conflict.invalid_transition``, ``not_found``.
        """
        return self._client._run(
            _TRANSITION,
            {"id": id, "status": status},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def unsign(
        self,
        id: str,
        *,
        reason: str | None = None,
        signer_type: Literal["user", "customer", "agent", "api_key"] | None = None,
        signer_id: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Unsigned:
        """Take the signatures of a deal back, or those of one signer, so that its terms can be revised.

        ``reason``: goes into the audit log and the event
        ``signer_type``: take back only this signer's signature

        Scope: ``deals:sign``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _UNSIGN,
            {"id": id, "reason": reason, "signer_type": signer_type, "signer_id": signer_id},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def update(
        self,
        id: str,
        *,
        customer_id: str | Unset | None = UNSET,
        title: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
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
        | Unset = UNSET,
        currency: str | Unset = UNSET,
        tax_rate: Number | Unset = UNSET,
        deal_type: Literal["one_time", "recurring"] | Unset = UNSET,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        expires_at: Instant | Unset | None = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Change some members of a deal.

        ``status`` runs the same checks as action=transition. What the deal is worth (currency, tax rate, type,
        customer) changes only before it goes out for signature.

        ``currency``: ISO 4217 code, upper case
        ``tax_rate``: a fraction, 0.10 = 10 %; a value of 1 or more is divided by 100

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``conflict.invalid_transition``.
        """
        return self._client._run(
            _UPDATE,
            {
                "id": id,
                "customer_id": customer_id,
                "title": title,
                "description": description,
                "notes": notes,
                "status": status,
                "currency": currency,
                "tax_rate": tax_rate,
                "deal_type": deal_type,
                "billing_cycle": billing_cycle,
                "metadata": metadata,
                "expires_at": expires_at,
            },
            if_match=if_match,
            timeout=timeout,
        )

    def update_item(
        self,
        id: str,
        item_id: str,
        *,
        quantity: int,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Change the quantity of a line item.

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _UPDATE_ITEM,
            {"id": id, "item_id": item_id, "quantity": quantity},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def valid_transitions(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Moves:
        """List where a deal can go from here, whether it can now, what is missing if not, and the call that does
        it.

        Scope: ``deals:read``.
        """
        return self._client._run(_VALID_TRANSITIONS, {"id": id}, timeout=timeout)

    def verify(
        self,
        *,
        id: str | None = None,
        contract_id: str | None = None,
        timeout: float | None = None,
    ) -> Verifications:
        """Check the signatures of a deal or contract, and that it is what was signed.

        Tells verified, tampered or unsigned, and nothing of what the record holds.

        ``id``: a deal; give this or contract_id

        Errors: ``not_found``.
        """
        return self._client._run(_VERIFY, {"id": id, "contract_id": contract_id}, timeout=timeout)

    def verify_audit(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> DealAuditVerified:
        """Recompute the audit chain of a deal and say whether it is whole, naming the first entry that is not.

        Scope: ``deals:read``.
        """
        return self._client._run(_VERIFY_AUDIT, {"id": id}, timeout=timeout)


class AsyncDealsGroup(AsyncGroup):
    """``client.deals``, asynchronously."""

    async def add_item(
        self,
        id: str,
        *,
        product_id: str,
        quantity: int | None = None,
        unit_price: Number | None = None,
        options: Mapping[str, Any] | None = None,
        deal_id: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Add a product as a line item, at its own price unless ``unit_price`` says otherwise."""
        return await self._client._run(
            _ADD_ITEM,
            {
                "id": id,
                "product_id": product_id,
                "quantity": quantity,
                "unit_price": unit_price,
                "options": options,
                "deal_id": deal_id,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def apply_discount(
        self,
        id: str,
        *,
        type: Literal["percentage", "fixed"],
        value: Number,
        code: str | None = None,
        description: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Take a percentage or an amount off the whole deal, before tax; together discounts never exceed the
        subtotal."""
        return await self._client._run(
            _APPLY_DISCOUNT,
            {"id": id, "type": type, "value": value, "code": code, "description": description},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> DealAudit:
        """Read the hash-chained audit trail of a deal, oldest first. Private values appear as commitments only."""
        return await self._client._run(_AUDIT, {"id": id, "limit": limit, "offset": offset}, timeout=timeout)

    def iterate_audit(
        self,
        id: str,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Entry]:
        """Every record of :meth:`audit`, page after page."""
        return self._client._pages(_AUDIT, "audit_entries", {"id": id, "limit": limit}, timeout=timeout)

    async def compare_terms(
        self,
        *,
        deal_id_1: str,
        deal_id_2: str,
        timeout: float | None = None,
    ) -> Comparison:
        """Compare the terms of two deals, leaf by leaf."""
        return await self._client._run(
            _COMPARE_TERMS, {"deal_id_1": deal_id_1, "deal_id_2": deal_id_2}, timeout=timeout
        )

    async def create(
        self,
        *,
        title: str | None = None,
        customer_id: str | None = None,
        description: str | None = None,
        currency: str | None = None,
        tax_rate: Number | None = None,
        deal_type: Literal["one_time", "recurring"] | None = None,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | None = None,
        presentation_currency: str | None = None,
        settlement_currency: str | None = None,
        status: Literal["draft", "in_progress"] | None = None,
        notes: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        template_id: str | None = None,
        expires_at: Instant | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Create a deal in draft, unless ``status`` says in_progress."""
        return await self._client._run(
            _CREATE,
            {
                "title": title,
                "customer_id": customer_id,
                "description": description,
                "currency": currency,
                "tax_rate": tax_rate,
                "deal_type": deal_type,
                "billing_cycle": billing_cycle,
                "presentation_currency": presentation_currency,
                "settlement_currency": settlement_currency,
                "status": status,
                "notes": notes,
                "metadata": metadata,
                "template_id": template_id,
                "expires_at": expires_at,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def create_configured(
        self,
        *,
        customer_id: str | None = None,
        customer: InlineCustomer | None = None,
        items: Sequence[ConfiguredItem] | None = None,
        saved_config_id: str | None = None,
        discounts: Sequence[Discount] | None = None,
        template_id: str | None = None,
        title: str | None = None,
        currency: str | None = None,
        tax_rate: Number | None = None,
        notes: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Configured:
        """Create customer, deal, items and discounts in one transaction, or only check and price them
        (``dry_run``)."""
        return await self._client._run(
            _CREATE_CONFIGURED,
            {
                "customer_id": customer_id,
                "customer": customer,
                "items": items,
                "saved_config_id": saved_config_id,
                "discounts": discounts,
                "template_id": template_id,
                "title": title,
                "currency": currency,
                "tax_rate": tax_rate,
                "notes": notes,
                "metadata": metadata,
                "dry_run": dry_run,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def create_escrow(
        self,
        id: str,
        *,
        conditions: Sequence[NewCondition],
        amount: Number | None = None,
        currency: str | None = None,
        expires_in: int | None = None,
        payment_method: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> EscrowMade:
        """Hold the deal's money until every condition is met and the escrow is released, or until it expires."""
        return await self._client._run(
            _CREATE_ESCROW,
            {
                "id": id,
                "conditions": conditions,
                "amount": amount,
                "currency": currency,
                "expires_in": expires_in,
                "payment_method": payment_method,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def credential(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Credentials:
        """Fetch the W3C verifiable credential that attests a closed deal; the first request issues it."""
        return await self._client._run(_CREDENTIAL, {"id": id}, timeout=timeout)

    async def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> DealDeleted:
        """Cancel a deal; on a deal that is cancelled already, remove it for good."""
        return await self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    async def export(
        self,
        *,
        id: str | None = None,
        format: Literal["json", "csv"] | None = None,
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
        | None = None,
        customer_id: str | None = None,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        limit: int | None = None,
        after: str | None = None,
        timeout: float | None = None,
    ) -> DealsExport | str:
        """Export one deal, or the deals that match the list filters, with items, terms and audit entries."""
        return await self._client._run(
            _EXPORT,
            {
                "id": id,
                "format": format,
                "status": status,
                "customer_id": customer_id,
                "created_after": created_after,
                "created_before": created_before,
                "limit": limit,
                "after": after,
            },
            timeout=timeout,
        )

    async def fulfill(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Fulfilled:
        """Note that all a closed deal promised was delivered (ours); a second time changes nothing."""
        return await self._client._run(
            _FULFILL, {"id": id}, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    async def fulfill_condition(
        self,
        id: str,
        *,
        condition_id: str,
        met_by: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ConditionMet:
        """Mark one condition of a deal's escrow as met; doing so twice changes nothing. Releasing is a call of its
        own."""
        return await self._client._run(
            _FULFILL_CONDITION,
            {"id": id, "condition_id": condition_id, "met_by": met_by},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def get(
        self,
        id: str,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Fetch one deal; the ETag header carries the version for the next write."""
        return await self._client._run(
            _GET,
            {"id": id, "fields": fields, "include": include, "exclude": exclude, "format": format},
            timeout=timeout,
        )

    async def get_escrow(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> EscrowOfDeal:
        """Read the newest escrow of a deal with its conditions."""
        return await self._client._run(_GET_ESCROW, {"id": id}, timeout=timeout)

    async def list(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
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
        | None = None,
        search: str | None = None,
        active: bool | None = None,
        customer_id: str | None = None,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        min_value: Number | None = None,
        max_value: Number | None = None,
        timeout: float | None = None,
    ) -> DealPage:
        """List deals with filters, newest first."""
        return await self._client._run(
            _LIST,
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "search": search,
                "active": active,
                "customer_id": customer_id,
                "created_after": created_after,
                "created_before": created_before,
                "min_value": min_value,
                "max_value": max_value,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
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
        | None = None,
        search: str | None = None,
        active: bool | None = None,
        customer_id: str | None = None,
        created_after: Instant | None = None,
        created_before: Instant | None = None,
        min_value: Number | None = None,
        max_value: Number | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Deal]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "deals",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "search": search,
                "active": active,
                "customer_id": customer_id,
                "created_after": created_after,
                "created_before": created_before,
                "min_value": min_value,
                "max_value": max_value,
            },
            timeout=timeout,
        )

    async def partial_accept(
        self,
        id: str,
        *,
        accepted_items: Sequence[str],
        rejected_items: Sequence[str] | None = None,
        create_declined_deal: bool | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> PartialAcceptance:
        """Accept some line items and decline the others, which no longer count towards the deal's total."""
        return await self._client._run(
            _PARTIAL_ACCEPT,
            {
                "id": id,
                "accepted_items": accepted_items,
                "rejected_items": rejected_items,
                "create_declined_deal": create_declined_deal,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def record_outcome(
        self,
        id: str,
        *,
        reason: str,
        notes: str | None = None,
        competitor_name: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> OutcomeRecorded:
        """Record why a deal was won or lost; its status stays as it is."""
        return await self._client._run(
            _RECORD_OUTCOME,
            {"id": id, "reason": reason, "notes": notes, "competitor_name": competitor_name},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def refund_escrow(
        self,
        id: str,
        *,
        reason: Literal["manual", "condition_failed", "deal_cancelled", "fraud", "duplicate"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> EscrowEnded:
        """Let go of the money that is held; the deal's status stays. After a 503 call again."""
        return await self._client._run(
            _REFUND_ESCROW, {"id": id, "reason": reason}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def release_escrow(
        self,
        id: str,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> EscrowEnded:
        """Take the money that is held and close the deal; every condition must be fulfilled."""
        return await self._client._run(_RELEASE_ESCROW, {"id": id}, idempotency_key=idempotency_key, timeout=timeout)

    async def remove_item(
        self,
        id: str,
        item_id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Remove a line item from a deal."""
        return await self._client._run(_REMOVE_ITEM, {"id": id, "item_id": item_id}, if_match=if_match, timeout=timeout)

    async def request_signatures(
        self,
        id: str,
        *,
        signers: Sequence[WantedSigner],
        expires_in: int | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> DealsRequested:
        """Say whose signatures a deal needs and how long the signers have, before the first signature is given."""
        return await self._client._run(
            _REQUEST_SIGNATURES,
            {"id": id, "signers": signers, "expires_in": expires_in},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def revoke_credential(
        self,
        id: str,
        *,
        reason: Literal["manual", "deal_cancelled", "fraud", "expired", "superseded"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Revoked:
        """Revoke the credential of a deal for good: it no longer verifies, and the public revocation list names it."""
        return await self._client._run(
            _REVOKE_CREDENTIAL, {"id": id, "reason": reason}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def save_as_template(
        self,
        id: str,
        *,
        name: str,
        description: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> SavedTemplate:
        """Make a template of a deal: its line items, discounts, terms, currency and tax rate, without its customer."""
        return await self._client._run(
            _SAVE_AS_TEMPLATE,
            {"id": id, "name": name, "description": description},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def set_terms(
        self,
        id: str,
        *,
        terms: Mapping[str, Any],
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Terms:
        """Store structured terms on a deal, replacing earlier ones."""
        return await self._client._run(
            _SET_TERMS, {"id": id, "terms": terms}, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    async def settle(
        self,
        id: str,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Settlements:
        """Pay the shares of a deal out again after the settlement failed and was taken back (ours)."""
        return await self._client._run(_SETTLE, {"id": id}, idempotency_key=idempotency_key, timeout=timeout)

    async def settlements(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Settlements:
        """Show how a closed deal's money is split; empty before it is closed."""
        return await self._client._run(_SETTLEMENTS, {"id": id}, timeout=timeout)

    async def sign(
        self,
        id: str,
        *,
        signer_type: Literal["user", "customer", "agent", "api_key"] | None = None,
        signer_id: str | None = None,
        signer_customer_id: str | None = None,
        consent_to_sign: bool | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> DealsSigned:
        """Sign a deal with the workspace's Ed25519 key, for a user, a customer, an agent or the calling key."""
        return await self._client._run(
            _SIGN,
            {
                "id": id,
                "signer_type": signer_type,
                "signer_id": signer_id,
                "signer_customer_id": signer_customer_id,
                "consent_to_sign": consent_to_sign,
            },
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def signing_certificate(
        self,
        id: str,
        *,
        format: Literal["json", "pdf"] | None = None,
        timeout: float | None = None,
    ) -> DealsCertificates | bytes:
        """Show who signed a deal, when, and over which content, with everything that is needed to check it offline."""
        return await self._client._run(_SIGNING_CERTIFICATE, {"id": id, "format": format}, timeout=timeout)

    async def terms(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Terms:
        """Read the structured terms of a deal; null when none were set."""
        return await self._client._run(_TERMS, {"id": id}, timeout=timeout)

    async def transition(
        self,
        id: str,
        *,
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
        ],
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Transition:
        """Move a deal to another status through the state machine."""
        return await self._client._run(
            _TRANSITION,
            {"id": id, "status": status},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def unsign(
        self,
        id: str,
        *,
        reason: str | None = None,
        signer_type: Literal["user", "customer", "agent", "api_key"] | None = None,
        signer_id: str | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Unsigned:
        """Take the signatures of a deal back, or those of one signer, so that its terms can be revised."""
        return await self._client._run(
            _UNSIGN,
            {"id": id, "reason": reason, "signer_type": signer_type, "signer_id": signer_id},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def update(
        self,
        id: str,
        *,
        customer_id: str | Unset | None = UNSET,
        title: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
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
        | Unset = UNSET,
        currency: str | Unset = UNSET,
        tax_rate: Number | Unset = UNSET,
        deal_type: Literal["one_time", "recurring"] | Unset = UNSET,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        expires_at: Instant | Unset | None = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Change some members of a deal."""
        return await self._client._run(
            _UPDATE,
            {
                "id": id,
                "customer_id": customer_id,
                "title": title,
                "description": description,
                "notes": notes,
                "status": status,
                "currency": currency,
                "tax_rate": tax_rate,
                "deal_type": deal_type,
                "billing_cycle": billing_cycle,
                "metadata": metadata,
                "expires_at": expires_at,
            },
            if_match=if_match,
            timeout=timeout,
        )

    async def update_item(
        self,
        id: str,
        item_id: str,
        *,
        quantity: int,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Change the quantity of a line item."""
        return await self._client._run(
            _UPDATE_ITEM,
            {"id": id, "item_id": item_id, "quantity": quantity},
            if_match=if_match,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def valid_transitions(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Moves:
        """List where a deal can go from here, whether it can now, what is missing if not, and the call that does
        it."""
        return await self._client._run(_VALID_TRANSITIONS, {"id": id}, timeout=timeout)

    async def verify(
        self,
        *,
        id: str | None = None,
        contract_id: str | None = None,
        timeout: float | None = None,
    ) -> Verifications:
        """Check the signatures of a deal or contract, and that it is what was signed."""
        return await self._client._run(_VERIFY, {"id": id, "contract_id": contract_id}, timeout=timeout)

    async def verify_audit(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> DealAuditVerified:
        """Recompute the audit chain of a deal and say whether it is whole, naming the first entry that is not."""
        return await self._client._run(_VERIFY_AUDIT, {"id": id}, timeout=timeout)
