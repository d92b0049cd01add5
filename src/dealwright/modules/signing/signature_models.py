"""Inputs and results that signing has whatever the record is (Salesbooth API, Deals and Contracts)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from dealwright.kernel.fields import Identifier, Input, Integer, Wire
from dealwright.modules.signing.signatures import Status

SignerType = Literal["user", "customer", "agent", "api_key"]
SignerId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$"),
    Field(description="an identifier, never a name or an e-mail address", examples=["cust_xxxxx"]),
]


class Signing(Input):
    """Who signs. The caller by default."""

    signer_type: Annotated[SignerType | None, Field(description="default: what the caller is, see docs/signing.md")] = (
        None
    )
    signer_id: Annotated[SignerId | None, Field(description="default: the caller")] = None
    signer_customer_id: Annotated[
        Identifier | None, Field(description="the customer on whose behalf is signed; must be the record's own")
    ] = None
    consent_to_sign: Annotated[bool, Field(description="must be true for a user or a customer")] = False


class WantedSigner(Input):
    signer_type: SignerType
    signer_id: Annotated[SignerId | None, Field(description="left out: anybody of this type")] = None


class SignatureRequest(Input):
    """Whose signatures a record needs."""

    signers: Annotated[
        list[WantedSigner],
        Field(max_length=20, description="whose signatures are needed; none: one signature of anybody"),
    ]

    @model_validator(mode="after")
    def _each_once(self) -> SignatureRequest:
        named = [(each.signer_type, each.signer_id) for each in self.signers if each.signer_id is not None]
        if len(set(named)) != len(named):
            raise ValueError("a signer is named twice")
        return self


class TimedSignatureRequest(SignatureRequest):
    expires_in: Annotated[
        Integer | None,
        Field(ge=60, le=315_360_000, description="seconds that the signers have; default: the workspace's days"),
    ] = None


class CertificateGet(Input):
    id: Identifier
    format: Literal["json", "pdf"] = "json"


class SignatureView(Wire):
    id: str
    signature_id: str
    signer_type: SignerType
    signer_id: str
    signer_customer_id: str | None
    signature_algorithm: str
    key_id: str
    signed_at: str


class RequestedSignerView(Wire):
    signer_type: SignerType
    signer_id: str | None


class CertifiedSignatureView(SignatureView):
    consent_to_sign: bool
    public_key: str
    signature: Annotated[str, Field(description="64 bytes in base64: Ed25519 over signed_statement")]
    signed_statement: Annotated[str, Field(description="canonical JSON in base64, naming signer, content and time")]


class SigningCertificateView(Wire):
    signature_algorithm: str
    key_id: str
    public_key: str
    signatures: list[CertifiedSignatureView]
    signed_content: Annotated[str, Field(description="canonical JSON (RFC 8785) in base64: what the parties agreed on")]
    status: Status
    livemode: bool
    verification_url: str
    public_key_url: str
    issued_at: str
