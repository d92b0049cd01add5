"""Verifiable credentials (W3C VC Data Model 1.1): issued once as JSON and as JWT, checked by anybody, revoked.

The JSON form carries a Data Integrity proof of the cryptosuite eddsa-jcs-2022 (W3C, Data Integrity EdDSA Cryptosuites):
Ed25519 over the SHA-256 of the canonical proof options and of the canonical document. The JWT is signed with EdDSA.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Select, select, update

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.resources import Resource
from dealwright.kernel.settings import PublicAddress
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import Records, in_scope
from dealwright.kernel.store.statements import ByShape, Statement, given
from dealwright.modules.signing import keys, rules
from dealwright.modules.signing.tables import credentials, signing_keys

PREFIX: Final = "vc"
VALID_FOR: Final = timedelta(days=365)
_CONTEXTS: Final = ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2"]
_LONGEST_PROOF: Final = 100

_store: Final = Records(credentials, PREFIX)
_of_entity = (
    in_scope(credentials)
    & (credentials.c.entity_type == given("of_type"))
    & (credentials.c.entity_id == given("of_id"))
    & (credentials.c.type == given("called"))
)
_find: Final = Statement(select(credentials).where(_of_entity))
_revoke: Final = Statement(
    update(credentials)
    .where(_of_entity, credentials.c.revoked_at.is_(None))
    .values(revoked_at=given("at"), revocation_reason=given("reason"))
    .returning(*credentials.columns)
)
_for_anybody: Final = Statement(
    select(credentials, signing_keys.c.public_key)
    .join(
        signing_keys,
        (signing_keys.c.tenant_id == credentials.c.tenant_id) & (signing_keys.c.id == credentials.c.key_id),
    )
    .where(credentials.c.id == given("key"))
)
_REVOKED: Final = {
    "issuer": credentials.c.tenant_id == given("issuer"),
    "key": credentials.c.id == given("key"),
}


def _revocations(filters: tuple[str, ...]) -> Select[Any]:
    return (
        select(credentials.c.id, credentials.c.revoked_at, credentials.c.revocation_reason)
        .where(
            credentials.c.revoked_at.is_not(None),
            *(_REVOKED[name] for name in filters),
        )
        .order_by(credentials.c.revoked_at.desc(), credentials.c.id.desc())
        .limit(given("page_limit"))
        .offset(given("page_offset"))
    )


_lists: Final = ByShape(_revocations)


def wire_id(key: UUID) -> str:
    return ids.encode(PREFIX, key)


def _digest(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    return b"".join(hashlib.sha256(rules.canonical(each)).digest() for each in (options, document))


def prove(document: Mapping[str, Any], method: str, created: datetime, seed: bytes) -> dict[str, Any]:
    """The document with its proof (Data Integrity, eddsa-jcs-2022)."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": clock.iso(created),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "@context": document["@context"],
    }
    signature = rules.sign(seed, _digest(document, options))
    return {**document, "proof": {**options, "proofValue": "z" + rules.base58btc(signature)}}


def proof_holds(credential: Mapping[str, Any], public_key: bytes) -> bool:
    """Whether the proof of a credential is over this very document, by the owner of this key."""
    proof = credential.get("proof")
    if not isinstance(proof, Mapping) or proof.get("cryptosuite") != "eddsa-jcs-2022":
        return False
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z") or len(value) > _LONGEST_PROOF:
        return False
    if "@context" in proof and proof["@context"] != credential.get("@context"):
        return False
    options = {name: each for name, each in proof.items() if name != "proofValue"}
    document = {name: each for name, each in credential.items() if name != "proof"}
    try:
        return rules.verifies(public_key, rules.from_base58btc(value[1:]), _digest(document, options))
    except ValueError:  # a character outside base58, or a document that has no canonical form
        return False


def read_token(token: str, public_key: bytes) -> dict[str, Any] | None:
    """The credential inside a JWT that the owner of this key signed, or None."""
    from dealwright.modules.signing import jose

    claims = jose.decode(token, public_key) or {}
    credential = claims.get("vc")
    return {"id": claims.get("jti"), **credential} if isinstance(credential, dict) else None


def claimed_id(token: str) -> str | None:
    """The credential id that a JWT claims, before anything about it is believed."""
    try:
        body = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        found = claims.get("jti")
    except (IndexError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


async def find(ctx: Context, resource: Resource, key: UUID, called: str) -> Record | None:
    return await ctx.tx.row(_find, of_type=resource.name, of_id=key, called=called)


async def issue(ctx: Context, resource: Resource, key: UUID, called: str, subject: Mapping[str, Any]) -> Record:
    """Issue a credential about a locked record, valid for a year, and announce it."""
    from dealwright.modules.signing import jose

    signing_key = await keys.active(ctx)
    seed = keys.seed(ctx.cipher, signing_key)
    address = ctx.providers.get(PublicAddress).url
    issuer = rules.did(address, ids.encode("tenant", ctx.tenant_id))
    method = rules.verification_method(issuer, signing_key["key_version"])
    made = ids.uuid7()
    credential_id = wire_id(made)
    issued = ctx.now.replace(microsecond=0)
    expires = issued + VALID_FOR
    document: dict[str, Any] = {
        "@context": _CONTEXTS,
        "id": credential_id,
        "type": ["VerifiableCredential", called],
        "issuer": issuer,
        "issuanceDate": clock.iso(issued),
        "expirationDate": clock.iso(expires),
        "credentialSubject": dict(subject),
        "credentialStatus": {
            "id": f"{address}/api/v1/trust/revocations?credential_id={credential_id}",
            "type": "DealwrightRevocationList",
        },
    }
    claims = {
        "iss": issuer,
        "jti": credential_id,
        "sub": resource.wire_id(key),
        "nbf": int(issued.timestamp()),
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
        "vc": {name: each for name, each in document.items() if name != "id"},
    }
    token = jose.encode(claims, method, signing_key["public_key"], seed)
    await _store.insert(
        ctx.tx,
        {
            "id": made,
            "entity_type": resource.name,
            "entity_id": key,
            "type": called,
            "key_id": signing_key["id"],
            "document": orjson.dumps(prove(document, method, issued, seed)).decode(),
            "token": token,
            "expires_at": expires,
            "created_at": issued,
        },
    )
    data = {
        "credential_id": credential_id,
        f"{resource.name}_id": resource.wire_id(key),
        "type": called,
        "issued_at": clock.iso(issued),
        "expires_at": clock.iso(expires),
    }
    ctx.announce("credential.issued", resource, key, data)
    row = await find(ctx, resource, key, called)
    assert row is not None
    return row


async def revoke(ctx: Context, resource: Resource, key: UUID, called: str, reason: str) -> Record:
    """Revoke the credential about a record for good. Raises NotFound, or Conflict when it is revoked already."""
    where = {"of_type": resource.name, "of_id": key, "called": called}
    row = await ctx.tx.row(_revoke, **where, at=ctx.now, reason=reason)
    if row is not None:
        return row
    if (known := await ctx.tx.row(_find, **where)) is None:
        raise NotFound("No credential was issued for this record")
    raise Conflict("This credential is revoked already", details={"revoked_at": clock.iso(known["revoked_at"])})


def status(row: Record, now: datetime) -> str:
    """``revoked``, ``expired`` or ``active``."""
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if row["expires_at"] <= now else "active"


async def for_anybody(tx: Transaction, credential_id: str) -> Record | None:
    """A credential with the public key of its issuer, in a system transaction."""
    key = ids.decode(PREFIX, credential_id)
    return await tx.row(_for_anybody, key=key) if key is not None else None


async def revocations(
    tx: Transaction, issuer: UUID | None, key: UUID | None, limit: int, offset: int
) -> Sequence[Record]:
    """Revoked credentials, newest revocation first, in a system transaction."""
    filters = {name: value for name, value in (("issuer", issuer), ("key", key)) if value is not None}
    return await tx.rows(_lists[tuple(filters)], page_limit=limit, page_offset=offset, **filters)
