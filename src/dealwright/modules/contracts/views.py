"""Results of the contract operations (Salesbooth API, Contracts)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dealwright.kernel.fields import Wire
from dealwright.kernel.ledger.verification import EntryView
from dealwright.kernel.paging import PaginationView
from dealwright.modules.contracts.rules import RenewalType, Status
from dealwright.modules.signing.signature_models import RequestedSignerView, SignerType, SigningCertificateView


class ContractView(Wire):
    """The contract object. ``include`` may add customer, deal, line_items, terms, signatures, renewal, activity_log."""

    model_config = ConfigDict(extra="allow")

    contract_id: str
    id: str
    tenant_id: str
    contract_number: str | None
    deal_id: str | None
    customer_id: str
    title: str
    description: str | None
    value: str
    currency: str
    start_date: str
    end_date: str
    payment_terms: str | None
    renewal_type: RenewalType
    renewal_terms: dict[str, Any] | None
    notes: str | None
    status: Status
    signed_at: str | None
    activated_at: str | None
    terminated_at: str | None
    version: int
    created_at: str
    updated_at: str


class ContractPage(Wire):
    contracts: list[ContractView]
    pagination: PaginationView


class ContractAudit(Wire):
    contract_id: str
    audit_entries: list[EntryView]
    pagination: dict[str, int]


class ContractAuditVerified(Wire):
    contract_id: str
    status: Literal["intact", "tampered"]
    valid: bool
    entries_checked: int
    first_broken_entry: str | None
    verified_at: str


class NewSignatureView(Wire):
    id: str
    signature_id: str
    signer_type: SignerType
    signer_id: str
    signer_customer_id: str | None
    algorithm: str
    key_id: str
    value: Annotated[str, Field(description="64 bytes in base64: Ed25519 over the signed statement")]
    content_hash: Annotated[str, Field(description="sha256: and the SHA-256 of the signed content in hexadecimal")]


class SignedView(ContractView):
    signed_by: SignerType
    signature: NewSignatureView


class RequestedView(ContractView):
    signers: list[RequestedSignerView]


class TerminatedView(ContractView):
    reason: str | None


class RenewedView(ContractView):
    previous_end_date: str


class CertificateView(SigningCertificateView):
    """The evidence record. Its first signature stands at the top; ``signatures`` has all of them."""

    contract_id: str
    deal_id: str | None
    customer_id: str
    signed_by: SignerType
    signer_id: str
    signed_at: str
    signature: Annotated[str, Field(description="the first signature, in base64")]
    content_hash: Annotated[str, Field(description="sha256: and the SHA-256 of signed_content in hexadecimal")]
    audit_entry_hash: str


class CertificatesView(Wire):
    certificate: CertificateView
