"""Inputs and results of signing a deal (Salesbooth API, Deals)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from dealwright.kernel.fields import Identifier, Input, Wire
from dealwright.modules.deals.models import DealId
from dealwright.modules.deals.rules import Status
from dealwright.modules.signing.signature_models import (
    RequestedSignerView,
    SignatureView,
    SignerId,
    SignerType,
    Signing,
    SigningCertificateView,
    TimedSignatureRequest,
)


class SignDeal(Signing):
    id: DealId


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


class RequestSignatures(TimedSignatureRequest):
    id: DealId


class CredentialGet(Input):
    id: Identifier


class RevokeCredential(Input):
    id: DealId
    reason: Literal["manual", "deal_cancelled", "fraud", "expired", "superseded"] = "manual"


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


class RequestedView(Wire):
    id: str
    deal_id: str
    status: Status
    version: int
    signers: list[RequestedSignerView]
    expires_in: int | None
    due_at: Annotated[str | None, Field(description="null until the deal is out for signature")]


class CertificateView(SigningCertificateView):
    deal_id: str
    deal_hash: Annotated[str, Field(description="SHA-256 of signed_content")]


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
