"""What anybody may check without an account: public keys, DID documents, signatures, credentials (Salesbooth API)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import orjson

from dealwright.kernel import clock, ids
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, NotFound, Unauthenticated, invalid_field
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.signing import credentials, keys, requests, rules, signatures, subjects
from dealwright.modules.signing.models import (
    CredentialVerdict,
    DealVerify,
    DidGet,
    DidView,
    PublicKeyGet,
    PublicKeysView,
    PublicKeyView,
    RevocationList,
    RevocationsView,
    VerificationsView,
    VerifyCredential,
)
from dealwright.modules.signing.signatures import Examination

_SHORTLY: Final = (("cache-control", "public, max-age=60"),)
_MESSAGES: Final = {
    "verified": "Deal signature is valid and data is unmodified",
    "tampered": "Deal data was modified after signing, or its signature is not authentic",
    "unsigned": "Deal carries no signature",
}
_NOTE: Final = (
    "This signature can be independently verified using the public key and the signing certificate, without trusting "
    "this server."
)


def _tenant(wire_id: str) -> UUID:
    """Raises NotFound for what cannot be a workspace's id."""
    found = ids.decode(TENANT_PREFIX, wire_id)
    if found is None:
        raise NotFound
    return found


async def _named_tenant(steps: Steps, params: PublicKeyGet) -> UUID:
    if params.tenant_id == "_current":
        if steps.principal.tenant_id is None:
            raise Unauthenticated(
                "_current needs a signed-in caller",
                code="authentication_error.session_required",
                hint="Sign in, or name the workspace in tenant_id.",
            )
        return steps.principal.tenant_id
    named = _tenant(params.tenant_id) if params.tenant_id is not None else None
    if params.key_id is None:
        if named is None:
            raise invalid_field("tenant_id", "required", "Either tenant_id or key_id is required")
        return named
    key = ids.decode(keys.PREFIX, params.key_id)
    async with steps.system() as tx:
        owner = await keys.whose(tx, key) if key is not None else None
    if owner is None or named not in (None, owner):
        raise NotFound
    return owner


@operation(
    "tenant_public_key.get",
    "GET",
    "/tenant/public-key",
    scope=None,
    auth=("public", "session"),
    result=PublicKeysView,
    errors=(NotFound,),
    tool=("get_tenant_public_key", "federation"),
    own_transactions=True,
)
async def get_public_key(steps: Steps, params: PublicKeyGet) -> Reply:
    """Fetch the public key that a workspace signs with, or one key by its id.

    ``include_rotated`` answers every key, newest first: what a rotated key signed stays valid.
    """
    tenant = await _named_tenant(steps, params)
    async with steps.within(tenant, True) as ctx:
        rows = await keys.every(ctx)
    if params.include_rotated:
        tenant_id = ids.encode(TENANT_PREFIX, tenant)
        found = {"tenant_id": tenant_id, "keys": [keys.wire(row, params.format) for row in rows]}
        return Reply(found, headers=_SHORTLY)
    if params.key_id is not None:
        chosen = [row for row in rows if keys.wire_id(row["id"]) == params.key_id]
    else:
        chosen = [row for row in rows if row["rotated_at"] is None]
    if not chosen:
        raise NotFound
    return Reply(keys.wire(chosen[0], params.format), headers=_SHORTLY)


@operation(
    "tenant_public_key.rotate",
    "POST",
    "/tenant/public-key",
    action="rotate",
    scope="keys:write",
    result=PublicKeyView,
    errors=(Conflict,),
    tool=("rotate_signing_key", "compliance"),
)
async def rotate_key(ctx: Context, params: Nothing) -> Reply:
    """Retire the workspace's signing key and make the next one. Earlier signatures stay valid and checkable."""
    return Reply(keys.wire(await keys.rotate(ctx)))


@operation(
    "did_document.get",
    "GET",
    "/did-document",
    scope=None,
    auth=("public", "secret_key", "session"),
    result=DidView,
    errors=(NotFound,),
    tool=("get_did_document", "federation"),
    enveloped=False,
    own_transactions=True,
    media_types=("application/did+json",),
)
async def get_did_document(steps: Steps, params: DidGet) -> Reply:
    """Fetch a workspace's W3C DID document. The answer stands alone, without the envelope.

    Every key is listed under ``verificationMethod`` and ``assertionMethod``; only the active one authenticates.
    """
    if params.tenant_id is not None:
        tenant = _tenant(params.tenant_id)
    elif steps.principal.tenant_id is not None:
        tenant = steps.principal.tenant_id
    else:
        raise invalid_field("tenant_id", "required", "tenant_id is required without an API key")
    async with steps.within(tenant, True) as ctx:
        rows = await keys.every(ctx)
    address = steps.providers.get(PublicAddress).url
    did = rules.did(address, ids.encode(TENANT_PREFIX, tenant))
    named = {row["id"]: rules.verification_method(did, row["key_version"]) for row in rows}
    document = {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "verificationMethod": [
            {
                "id": named[row["id"]],
                "type": "Ed25519VerificationKey2020",
                "controller": did,
                "publicKeyMultibase": rules.multibase(row["public_key"]),
            }
            for row in rows
        ],
        "authentication": [named[row["id"]] for row in rows if row["rotated_at"] is None],
        "assertionMethod": list(named.values()),
        "service": [
            {
                "id": f"{did}#federation",
                "type": "SalesboothFederation",
                "serviceEndpoint": f"{address}/api/v1/federation/negotiate",
            }
        ],
    }
    return Reply(orjson.dumps(document), media_type="application/did+json", headers=_SHORTLY)


@operation(
    "trust.revocations",
    "GET",
    "/trust/revocations",
    scope=None,
    auth=("public",),
    result=RevocationsView,
    tool=("list_credential_revocations", "trust"),
    own_transactions=True,
)
async def list_revocations(steps: Steps, params: RevocationList) -> Reply:
    """List revoked credentials, newest revocation first."""
    key = ids.decode(credentials.PREFIX, params.credential_id) if params.credential_id is not None else None
    issuer = ids.decode(TENANT_PREFIX, params.tenant_id) if params.tenant_id is not None else None
    unknown = (params.credential_id, key), (params.tenant_id, issuer)
    rows: list[Any] = []
    if not any(given is not None and found is None for given, found in unknown):
        async with steps.system() as tx:
            rows = list(await credentials.revocations(tx, issuer, key, params.limit + 1, params.offset))
    listed = [
        {
            "credential_id": credentials.wire_id(row["id"]),
            "revoked_at": clock.iso(row["revoked_at"]),
            "reason": row["revocation_reason"],
        }
        for row in rows[: params.limit]
    ]
    found = {"revocations": listed, "has_more": len(rows) > params.limit, "updated_at": clock.iso(steps.now)}
    return Reply(found, headers=_SHORTLY)


@operation(
    "verify.credential",
    "POST",
    "/verify",
    scope=None,
    auth=("public",),
    result=CredentialVerdict,
    tool=("verify_credential", "trust"),
    own_transactions=True,
)
async def verify_credential(steps: Steps, params: VerifyCredential) -> Reply:
    """Check whether a credential is authentic, unexpired and not revoked.

    A forged or altered one answers 200 with ``valid: false`` and the reason.
    """
    claimed = params.credential.get("id") if params.credential is not None else credentials.claimed_id(params.jwt or "")
    row = None
    if isinstance(claimed, str):
        async with steps.system() as tx:
            row = await credentials.for_anybody(tx, claimed)
    verdict: dict[str, Any] = {
        "valid": False,
        "credential_id": claimed[:255] if isinstance(claimed, str) else None,
        "deal_id": None,
        "issued_at": None,
        "expires_at": None,
        "revoked": False,
        "livemode": None,
        "reason": "unknown_credential",
    }
    if row is None:
        return Reply(verdict)
    verdict["revoked"] = row["revoked_at"] is not None
    if params.credential is not None:
        authentic = credentials.proof_holds(params.credential, row["public_key"])
    else:
        authentic = credentials.read_token(params.jwt or "", row["public_key"]) is not None
    if not authentic:
        return Reply({**verdict, "reason": "invalid_signature"})
    status = credentials.status(row, steps.now)
    return Reply(
        {
            **verdict,
            "valid": status == "active",
            "deal_id": ids.encode("deal", row["entity_id"]) if row["entity_type"] == "deal" else None,
            "issued_at": clock.iso(row["created_at"]),
            "expires_at": clock.iso(row["expires_at"]),
            "livemode": row["livemode"],
            "reason": None if status == "active" else status,
        }
    )


@operation(
    "deals.verify",
    "GET",
    "/deals/verify",
    scope=None,
    auth=("public",),
    result=VerificationsView,
    events=("contract.tamper_detected",),
    errors=(NotFound,),
    tool=("verify_deal", "trust"),
    own_transactions=True,
)
async def verify_signature(steps: Steps, params: DealVerify) -> Reply:
    """Check the signatures of a deal or contract, and that it is what was signed.

    Tells verified, tampered or unsigned, and nothing of what the record holds.
    """
    kind, wire_id = ("deal", params.id) if params.id is not None else ("contract", params.contract_id)
    subject = subjects.of(kind)
    if subject is None or wire_id is None:
        raise NotFound
    key = subject.resource.key(wire_id)
    async with steps.system() as tx:
        whose = await subject.whose(tx, key)
    if whose is None:
        raise NotFound
    async with steps.within(*whose) as ctx:
        record = await subject.standing(ctx, key)
        if record is None:
            raise NotFound
        found = await signatures.examine(ctx, subject, key, record)
        if found.status == "tampered":
            await requests.report_tampering(ctx, subject.resource, key, found)
    return Reply({"verification": _verification(kind, wire_id, found)})


def _verification(kind: str, wire_id: str, found: Examination) -> dict[str, Any]:
    signature = None
    if found.signed_at is not None:
        signature = {
            "valid": found.signatures_hold,
            "signature_algorithm": rules.ALGORITHM,
            "signed_at": clock.iso(found.signed_at),
        }
    return {
        f"{kind}_id": wire_id,
        "status": found.status,
        "message": _MESSAGES[found.status].replace("Deal", kind.capitalize()),
        "deal_hash": {"stored": found.stored_hash, "current": found.current_hash, "matches": found.matches},
        "signature": signature,
        "verification_method": "public_key",
        "verification_note": _NOTE,
    }
