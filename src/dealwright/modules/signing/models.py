"""Inputs and results of the public checks (Salesbooth API, Tenant Public Key, DID Document, Verify)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from dealwright.kernel.errors import FieldError, InvalidFields
from dealwright.kernel.fields import Flag, Identifier, Input, Integer, Wire
from dealwright.modules.signing.signatures import Status


class PublicKeyGet(Input):
    tenant_id: Annotated[
        Identifier | None, Field(description="needed without key_id; _current is the signed-in workspace")
    ] = None
    key_id: Annotated[Identifier | None, Field(description="one key, also a rotated one")] = None
    format: Literal["raw", "pem", "jwk", "all"] = "all"
    include_rotated: Annotated[Flag, Field(description="answer every key of the workspace")] = False


class PublicKeyView(Wire):
    """A public key in one or all of its spellings."""

    tenant_id: str
    key_id: str
    algorithm: str
    key_version: int
    status: Literal["active", "rotated"]
    created_at: str
    rotated_at: str | None
    public_key: Annotated[str, Field(description="SubjectPublicKeyInfo in base64")] = ""
    public_key_pem: str = ""
    public_key_jwk: dict[str, str] = {}


class PublicKeysView(Wire):
    """One key, or with ``include_rotated`` the workspace's id and all its keys."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str
    keys: list[PublicKeyView] = []
    key_id: str = ""
    algorithm: str = ""
    key_version: int = 0
    status: Literal["active", "rotated"] = "active"
    created_at: str = ""
    rotated_at: str | None = None
    public_key: Annotated[str, Field(description="SubjectPublicKeyInfo in base64")] = ""
    public_key_pem: str = ""
    public_key_jwk: dict[str, str] = {}


class DidGet(Input):
    tenant_id: Annotated[Identifier | None, Field(description="default: the caller's own workspace")] = None


class MethodView(Wire):
    id: str
    type: str
    controller: str
    publicKeyMultibase: str


class ServiceView(Wire):
    id: str
    type: str
    serviceEndpoint: str


class DidView(Wire):
    """A W3C DID document."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    context: Annotated[list[str], Field(alias="@context")]
    id: str
    verificationMethod: list[MethodView]
    authentication: list[str]
    assertionMethod: list[str]
    service: list[ServiceView]


class RevocationList(Input):
    credential_id: Annotated[Identifier | None, Field(description="only this one, if it was revoked")] = None
    tenant_id: Annotated[Identifier | None, Field(description="only those that this workspace issued")] = None
    limit: Annotated[Integer, Field(ge=1, le=1000)] = 1000
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0


class RevocationView(Wire):
    credential_id: str
    revoked_at: str
    reason: str


class RevocationsView(Wire):
    revocations: list[RevocationView]
    has_more: bool
    updated_at: str


class VerifyCredential(Input):
    credential: Annotated[dict[str, Any] | None, Field(description="the credential as it was issued")] = None
    jwt: Annotated[
        str | None, StringConstraints(max_length=20_000), Field(description="the credential's JWT form instead")
    ] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> VerifyCredential:
        if (self.credential is None) == (self.jwt is None):
            raise InvalidFields({"credential": FieldError("required", "Credential is required (or jwt in its place)")})
        return self


class CredentialVerdict(Wire):
    valid: bool
    credential_id: str | None
    deal_id: str | None
    issued_at: str | None
    expires_at: str | None
    revoked: bool
    livemode: bool | None
    reason: Literal["unknown_credential", "invalid_signature", "revoked", "expired"] | None


class DealVerify(Input):
    id: Annotated[Identifier | None, Field(description="a deal; give this or contract_id")] = None
    contract_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> DealVerify:
        if (self.id is None) == (self.contract_id is None):
            raise InvalidFields({"id": FieldError("required", "Either id or contract_id is required")})
        return self


class HashesView(Wire):
    stored: str | None
    current: str | None
    matches: bool


class CheckedSignatureView(Wire):
    valid: bool
    signature_algorithm: str
    signed_at: str


class VerificationView(Wire):
    deal_id: str = ""
    contract_id: str = ""
    status: Status
    message: str
    deal_hash: HashesView
    signature: CheckedSignatureView | None
    verification_method: str
    verification_note: str


class VerificationsView(Wire):
    verification: VerificationView
