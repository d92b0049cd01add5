"""Signing contracts, bringing them into force, renewing and ending them (Salesbooth API, Contracts)."""

from __future__ import annotations

import base64

from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, Duplicate, Forbidden, InvalidTransition, NotFound, invalid_field
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.contracts import documents, records, rules, service, signing
from dealwright.modules.contracts.models import (
    ContractAction,
    ContractRef,
    OptOut,
    RenewContract,
    RequestSignatures,
    SignContract,
    TerminateContract,
)
from dealwright.modules.contracts.operations import reply
from dealwright.modules.contracts.views import (
    CertificatesView,
    ContractView,
    RenewedView,
    RequestedView,
    SignedView,
    TerminatedView,
)
from dealwright.modules.signing import papers, signatures, signers
from dealwright.modules.signing.rules import Wanted
from dealwright.modules.signing.signature_models import CertificateGet


@operation(
    "contracts.request_signatures",
    "POST",
    "/contracts",
    action="request_signatures",
    present=("id",),
    scope="contracts:write",
    result=RequestedView,
    errors=(InvalidTransition, Forbidden, NotFound),
    tool=("request_contract_signatures", "contracts"),
    locking="optional",
    resource="contract",
)
async def request_signatures(ctx: Context, params: RequestSignatures) -> Reply:
    """Say whose signatures a draft needs; signatures that it carries already are taken back."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    wanted = [Wanted(each.signer_type, each.signer_id) for each in params.signers]
    written = await signing.request(ctx, row, wanted)
    return await reply(ctx, written, signers=[signers.named(each) for each in wanted])


@operation(
    "contracts.sign",
    "POST",
    "/contracts",
    action="sign",
    present=("id",),
    scope="contracts:write",
    result=SignedView,
    events=("contract.signed",),
    errors=(InvalidTransition, Conflict, Duplicate, Forbidden, NotFound),
    tool=("sign_contract", "contracts"),
    locking="optional",
    resource="contract",
)
async def sign(ctx: Context, params: SignContract) -> Reply:
    """Sign a draft with the workspace's Ed25519 key, for a user, a customer, an agent or the calling key.

    One signature makes it signed, or all that ``request_signatures`` asked for.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    signer = await signers.of_call(ctx, params, row["customer_id"])
    written, made = await signing.sign(ctx, row, signer)
    wire = signatures.wire(made)
    signature = {
        **{name: wire[name] for name in ("id", "signature_id", "signer_type", "signer_id", "signer_customer_id")},
        "algorithm": wire["signature_algorithm"],
        "key_id": wire["key_id"],
        "value": base64.b64encode(made["signature"]).decode(),
        "content_hash": f"sha256:{made['content_hash']}",
    }
    return await reply(ctx, written, signed_by=signer.kind, signature=signature)


@operation(
    "contracts.signing_certificate",
    "GET",
    "/contracts",
    action="signing_certificate",
    present=("id",),
    scope="contracts:read",
    result=CertificatesView,
    errors=(Conflict, NotFound),
    tool=("get_contract_signing_certificate", "contracts"),
    own_transactions=True,
    media_types=("application/pdf",),
)
async def signing_certificate(steps: Steps, params: CertificateGet) -> Reply:
    """Show who signed a contract, when, and over which content, with everything that is needed to check it offline.

    ``format=pdf`` answers the same as a document.
    """
    async with steps.transaction() as ctx:
        row = await records.get(ctx, params.id)
        certificate, content = await documents.certificate(ctx, row)
        if params.format == "json":
            return Reply({"certificate": certificate})
        printed = await documents.printed_certificate(ctx, certificate, content)
    name = f"signing-certificate-{params.id}.pdf"
    return await papers.reply(papers.CERTIFICATE, printed, row["signed_at"] or steps.now, name)


@operation(
    "contracts.document",
    "GET",
    "/contracts",
    action="document",
    present=("id",),
    scope="contracts:read",
    result=None,
    errors=(NotFound,),
    tool=("get_contract_document", "contracts"),
    own_transactions=True,
    media_types=("application/pdf",),
)
async def document(steps: Steps, params: ContractRef) -> Reply:
    """Print a contract as a PDF: parties, subject, term, price, items, terms and signatures.

    A signed contract is printed as it was signed, with what became of it since.
    """
    async with steps.transaction() as ctx:
        printed = await documents.printed_contract(ctx, await records.get(ctx, params.id))
    return await papers.reply(documents.CONTRACT, printed, steps.now, f"contract-{params.id}.pdf")


@operation(
    "contracts.activate",
    "POST",
    "/contracts",
    action="activate",
    present=("id",),
    scope="contracts:write",
    result=ContractView,
    events=("contract.activated",),
    errors=(InvalidTransition, NotFound),
    tool=("activate_contract", "contracts"),
    locking="optional",
    resource="contract",
)
async def activate(ctx: Context, params: ContractAction) -> Reply:
    """Bring a signed contract into force; refused once its end date has passed."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    return await reply(ctx, await service.activate(ctx, row))


@operation(
    "contracts.terminate",
    "POST",
    "/contracts",
    action="terminate",
    present=("id",),
    scope="contracts:write",
    result=TerminatedView,
    events=("contract.terminated",),
    errors=(InvalidTransition, NotFound),
    tool=("terminate_contract", "contracts"),
    locking="optional",
    resource="contract",
)
async def terminate(ctx: Context, params: TerminateContract) -> Reply:
    """End a signed or active contract before its time, for good.

    ``terminated_at`` is the beginning of ``effective_date`` (UTC), which may also lie ahead, within the term.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    written = await service.terminate(ctx, row, params.reason, params.effective_date)
    return await reply(ctx, written, reason=params.reason)


@operation(
    "contracts.renew",
    "POST",
    "/contracts",
    action="renew",
    present=("id",),
    scope="contracts:write",
    result=RenewedView,
    errors=(Conflict, NotFound),
    tool=("renew_contract", "contracts"),
    locking="optional",
    resource="contract",
)
async def renew(ctx: Context, params: RenewContract) -> Reply:
    """Extend an active or expired contract by a further term.

    Calendar months clamp at month ends and return: 31 January, 28 February, 31 March. Send ``If-Match`` so that two
    callers do not extend it twice.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    try:
        written = await service.renew(ctx, row, end_date=params.end_date, value=params.value)
    except rules.Unrenewable as problem:
        name = str(problem).removesuffix("_out_of_range")
        raise invalid_field(name, "out_of_range", f"{name} of a further term would be out of range; send it") from None
    return await reply(ctx, written, previous_end_date=row["end_date"].isoformat())


@operation(
    "contracts.opt_out_renewal",
    "POST",
    "/contracts",
    action="opt_out_renewal",
    present=("id",),
    scope="contracts:write",
    result=ContractView,
    events=("contract.renewal_opted_out",),
    errors=(Conflict, NotFound),
    tool=("opt_out_contract_renewal", "contracts"),
    locking="optional",
    resource="contract",
)
async def opt_out_renewal(ctx: Context, params: OptOut) -> Reply:
    """Record that the customer declines the automatic renewal, until ``opt_out_days`` before the end date."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    return await reply(ctx, await service.opt_out(ctx, row, params.reason))
