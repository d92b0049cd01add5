"""Inputs and results of signing a deal (Salesbooth API, Deals)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from dealwright.kernel.fields import Identifier, Input, Integer, Wire
from dealwright.modules.deals.models import DealId
from dealwright.modules.deals.rules import Status
from dealwright.modules.signing.signatures import Status as SignatureStatus

SignerType = Literal["user", "customer", "agent", "api_key"]
SignerId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$"),
    Field(description="an identifier, never a name or an e-mail address", examples=["cust_xxxxx"]),
]


class SignDeal(Input):
    id: DealId
    signer_type: Annotated[SignerType | None, Field(description="default: what the caller is, see docs/signing.md")] = (
        None
    )
    signer_id: Annotated[SignerId | None, Field(description="default: the caller")] = None
    signer_customer_id: Annotated[
        Identifier | None, Field(description="the customer on whose behalf the deal is signed; must be the deal's own")
    ] = None
    consent_to_sign: Annotated[bool, Field(description="must be true for a user or a customer")] = False


class UnsignDeal(Input):
    id: DealId
    reason: Annotated[
        str | None, StringConstraints(max_length=500), Field(description="goes into the audit log and the event")
    ] = None
    signer_type: Annotated[SignerType | None, Field(description="take back only this signer's signature")] = None
    signer_id: SignerId | None = None

    @model_validator(mode="after")
    def _a_whole_signer(self) -> UnsignDeal:
        if (self.signer_type is None) != (self.signer_id is None):
            raise ValueError("signer_type and signer_id come together")
        return self


class WantedSigner(Input):
    signer_type: SignerType
    signer_id: Annotated[SignerId | None, Field(description="left out: anybody of this type")] = None


class RequestSignatures(Input):
    id: DealId
    signers: Annotated[
        list[WantedSigner],
        Field(max_length=20, description="whose signatures the deal needs; none: one signature of anybody"),
    ]
    expires_in: Annotated[
        Integer | None,
        Field(ge=60, le=315_360_000, description="seconds that the signers have; default: the workspace's days"),
    ] = None

    @model_validator(mode="after")
    def _each_once(self) -> RequestSignatures:
        named = [(each.signer_type, each.signer_id) for each in self.signers if each.signer_id is not None]
        if len(set(named)) != len(named):
            raise ValueError("a signer is named twice")
        return self


class CertificateGet(Input):
    id: Identifier
    format: Literal["json", "pdf"] = "json"


class CredentialGet(Input):
    id: Identifier


class RevokeCredential(Input):
    id: DealId
    reason: Literal["manual", "deal_cancelled", "fraud", "expired", "superseded"] = "manual"


class SignatureView(Wire):
    id: str
    signature_id: str
    signer_type: SignerType
    signer_id: str
    signer_customer_id: str | None
    signature_algorithm: str
    key_id: str
    signed_at: str


class NewSignatureView(SignatureView):
    deal_hash: str


class SignedView(Wire):
    id: str
    deal_id: str
    status: Status
    version: int
    signed_at: Annotated[str | None, Field(description="null while other signatures are awaited")]
    signature: NewSignatureView


class UnsignedView(Wire):
    id: str
    deal_id: str
    status: Status
    version: int
    signed_at: str | None
    signatures: list[SignatureView]


class RequestedSignerView(Wire):
    signer_type: SignerType
    signer_id: str | None


class RequestedView(Wire):
    id: str
    deal_id: str
    status: Status
    version: int
    signers: list[RequestedSignerView]
    expires_in: int | None
    due_at: Annotated[str | None, Field(description="null until the deal is out for signature")]


class CertifiedSignatureView(SignatureView):
    consent_to_sign: bool
    public_key: str
    signature: Annotated[str, Field(description="64 bytes in base64: Ed25519 over signed_statement")]
    signed_statement: Annotated[str, Field(description="canonical JSON in base64, naming signer, content and time")]


class CertificateView(Wire):
    deal_id: str
    deal_hash: Annotated[str, Field(description="SHA-256 of signed_content")]
    signature_algorithm: str
    key_id: str
    public_key: str
    signatures: list[CertifiedSignatureView]
    signed_content: Annotated[str, Field(description="canonical JSON (RFC 8785) in base64: what the parties agreed on")]
    status: SignatureStatus
    livemode: bool
    verification_url: str
    public_key_url: str
    issued_at: str


class CertificatesView(Wire):
    certificate: CertificateView


class CredentialView(Wire):
    """A W3C verifiable credential."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    context: Annotated[list[str], Field(alias="@context")]
    id: str
    type: list[str]
    issuer: str
    issuanceDate: str
    expirationDate: str
    credentialSubject: dict[str, Any]
    proof: dict[str, Any]


class CredentialsView(Wire):
    id: str
    credential_id: str
    deal_id: str
    credential: CredentialView
    jwt: str
    status: Literal["active", "expired", "revoked"]


class RevokedView(Wire):
    id: str
    deal_id: str
    credential_id: str
    status: Literal["revoked"]
    reason: str
    revoked_at: str
