"""Signing, certificates and credentials of deals (Salesbooth API, Deals)."""

from __future__ import annotations

from typing import Any, Final

import orjson

from dealwright.kernel import clock, money
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, Forbidden, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import certificates, records, signing
from dealwright.modules.deals.operations import announce_updated
from dealwright.modules.deals.signing_models import (
    CertificatesView,
    CredentialGet,
    CredentialsView,
    RequestedView,
    RequestSignatures,
    RevokeCredential,
    RevokedView,
    SignDeal,
    SignedView,
    UnsignDeal,
    UnsignedView,
)
from dealwright.modules.signing import credentials, papers, signatures, signers
from dealwright.modules.signing.rules import Wanted
from dealwright.modules.signing.signature_models import CertificateGet

_CREDENTIAL: Final = "DealCredential"


def _head(row: Row) -> dict[str, Any]:
    deal_id = records.resource.wire_id(row["id"])
    return {"id": deal_id, "deal_id": deal_id, "status": row["status"], "version": row["version"]}


@operation(
    "deals.sign",
    "POST",
    "/deals",
    action="sign",
    present=("id",),
    scope="deals:sign",
    result=SignedView,
    events=("deal.signature_added", "deal.status_changed", "deal.closed"),
    errors=(Conflict, Forbidden, NotFound),
    tool=("sign_deal", "execution"),
    locking="optional",
    resource="deal",
)
async def sign(ctx: Context, params: SignDeal) -> Reply:
    """Sign a deal with the workspace's Ed25519 key, for a user, a customer, an agent or the calling key.

    The last signature that was asked for moves the deal on to pending_payment; until then it is awaiting_signatures.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    signer = await signers.of_call(ctx, params, row["customer_id"])
    written, made = await signing.sign(ctx, row, signer)
    answer = {
        **_head(written),
        "signed_at": clock.iso_or_none(written["signed_at"]),
        "signature": {**signatures.wire(made), "deal_hash": made["content_hash"]},
    }
    return Reply(answer, written["version"])


@operation(
    "deals.unsign",
    "POST",
    "/deals",
    action="unsign",
    present=("id",),
    scope="deals:sign",
    result=UnsignedView,
    events=("deal.unsigned", "deal.status_changed"),
    errors=(Conflict, NotFound),
    tool=("unsign_deal", "execution"),
    locking="optional",
    resource="deal",
)
async def unsign(ctx: Context, params: UnsignDeal) -> Reply:
    """Take the signatures of a deal back, or those of one signer, so that its terms can be revised."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    only = (params.signer_type, params.signer_id) if params.signer_type and params.signer_id else None
    written = await signing.unsign(ctx, row, params.reason, only)
    left = [signatures.wire(each) for each in await signatures.standing(ctx, "deal", row["id"])]
    answer = {**_head(written), "signed_at": clock.iso_or_none(written["signed_at"]), "signatures": left}
    return Reply(answer, written["version"])


@operation(
    "deals.request_signatures",
    "POST",
    "/deals",
    action="request_signatures",
    present=("id",),
    scope="deals:write",
    result=RequestedView,
    events=("deal.updated",),
    errors=(Conflict, Forbidden, NotFound),
    tool=("request_deal_signatures", "execution"),
    locking="optional",
    resource="deal",
)
async def request_signatures(ctx: Context, params: RequestSignatures) -> Reply:
    """Say whose signatures a deal needs and how long the signers have, before the first signature is given."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    wanted = [Wanted(each.signer_type, each.signer_id) for each in params.signers]
    written, due = await signing.request(ctx, row, wanted, params.expires_in)
    announce_updated(ctx, written, ["required_signers"])
    answer = {
        **_head(written),
        "signers": [signers.named(each) for each in wanted],
        "expires_in": params.expires_in,
        "due_at": clock.iso_or_none(due),
    }
    return Reply(answer, written["version"])


@operation(
    "deals.signing_certificate",
    "GET",
    "/deals",
    action="signing_certificate",
    present=("id",),
    scope="deals:read",
    result=CertificatesView,
    errors=(Conflict, NotFound),
    tool=("get_deal_signing_certificate", "deals"),
    own_transactions=True,
    media_types=("application/pdf",),
)
async def signing_certificate(steps: Steps, params: CertificateGet) -> Reply:
    """Show who signed a deal, when, and over which content, with everything that is needed to check it offline.

    ``format=pdf`` answers the same as a document.
    """
    async with steps.transaction() as ctx:
        certificate, content = await certificates.of(ctx, await records.get(ctx, params.id))
        if params.format == "json":
            return Reply({"certificate": certificate})
        printed = await certificates.document(ctx, certificate, content)
    made = clock.parse_iso(certificate["issued_at"])
    return await papers.reply(papers.CERTIFICATE, printed, made, f"signing-certificate-{params.id}.pdf")


@operation(
    "deals.credential",
    "GET",
    "/deals",
    action="credential",
    present=("id",),
    scope="deals:read",
    result=CredentialsView,
    events=("credential.issued",),
    errors=(Conflict, NotFound),
    tool=("get_deal_credential", "trust"),
    own_transactions=True,
)
async def get_credential(steps: Steps, params: CredentialGet) -> Reply:
    """Fetch the W3C verifiable credential that attests a closed deal; the first request issues it."""

    async def find_or_issue(ctx: Context) -> Record:
        row = await records.lock(ctx, params.id)
        found = await credentials.find(ctx, records.resource, row["id"], _CREDENTIAL)
        if found is not None:
            return found
        if row["status"] != "closed":
            details = {"current_status": row["status"], "allowed": ["closed"]}
            raise Conflict("Only a closed deal is attested by a credential", details=details)
        made = await credentials.issue(ctx, records.resource, row["id"], _CREDENTIAL, await _attested(ctx, row))
        note = {"credential_id": credentials.wire_id(made["id"])}
        ctx.record(records.resource, row, "deal.credential_issued", notes=note)
        return made

    row = await steps.run(find_or_issue)
    credential_id = credentials.wire_id(row["id"])
    return Reply(
        {
            "id": credential_id,
            "credential_id": credential_id,
            "deal_id": params.id,
            "credential": orjson.loads(row["document"]),
            "jwt": row["token"],
            "status": credentials.status(row, steps.now),
        }
    )


async def _attested(ctx: Context, row: Row) -> dict[str, Any]:
    """What a credential says of a deal: nothing about a person."""
    signed = await signatures.standing(ctx, "deal", row["id"])
    return {
        "deal_id": records.resource.wire_id(row["id"]),
        "status": row["status"],
        "livemode": ctx.livemode,
        "total": money.text(row["total"], row["currency"]),
        "currency": row["currency"],
        "closed_at": clock.iso_or_none(row["closed_at"]),
        "signed_at": clock.iso_or_none(row["signed_at"]),
        "deal_hash": signed[0]["content_hash"] if signed else None,
    }


@operation(
    "deals.revoke_credential",
    "POST",
    "/deals",
    action="revoke_credential",
    present=("id",),
    scope="deals:write",
    result=RevokedView,
    errors=(Conflict, NotFound),
    tool=("revoke_deal_credential", "trust"),
    resource="deal",
)
async def revoke_credential(ctx: Context, params: RevokeCredential) -> Reply:
    """Revoke the credential of a deal for good: it no longer verifies, and the public revocation list names it."""
    row = await records.lock(ctx, params.id)
    gone = await credentials.revoke(ctx, records.resource, row["id"], _CREDENTIAL, params.reason)
    credential_id = credentials.wire_id(gone["id"])
    note = {"credential_id": credential_id, "reason": params.reason}
    ctx.record(records.resource, row, "deal.credential_revoked", notes=note)
    return Reply(
        {
            "id": params.id,
            "deal_id": params.id,
            "credential_id": credential_id,
            "status": "revoked",
            "reason": gone["revocation_reason"],
            "revoked_at": clock.iso(gone["revoked_at"]),
        }
    )
