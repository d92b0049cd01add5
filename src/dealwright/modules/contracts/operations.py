"""Contracts: create, read, change, delete, and their audit trail (Salesbooth API, Contracts)."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import (
    Conflict,
    Duplicate,
    InvalidTransition,
    NotFound,
    invalid_field,
)
from dealwright.kernel.fields import Deleted
from dealwright.kernel.ledger import history, verification
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.contracts import records, rules, service, signing
from dealwright.modules.contracts.models import (
    AuditPage,
    ContractGet,
    ContractList,
    ContractPatch,
    ContractRef,
    NewContract,
    check_term,
)
from dealwright.modules.contracts.views import ContractAudit, ContractAuditVerified, ContractPage, ContractView
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records as deals
from dealwright.modules.signing import requests, signatures


@operation(
    "contracts.list",
    "GET",
    "/contracts",
    scope="contracts:read",
    result=ContractPage,
    tool=("list_contracts", "contracts"),
    shaped=True,
    resource="contract",
)
async def list_contracts(ctx: Context, params: ContractList) -> Reply:
    """List contracts with filters, newest first.

    ``expiring_soon`` finds running contracts (signed or active) by their end date, ``search`` by title and number.
    ``include`` may add customer, deal, line_items, terms, signatures, renewal and activity_log.
    """
    filters: dict[str, Any] = {"status": params.status, "renewal_type": params.renewal_type}
    if params.customer_id is not None:  # an id that cannot be a customer's finds nothing
        filters["customer"] = ids.decode("cust", params.customer_id) or ids.uuid7()
    if params.expiring_soon is not None:
        filters |= records.expiring(service.today(ctx), params.expiring_soon)
    if params.search is not None:
        filters["found"] = await records.search.matching(ctx.tx, ctx.cipher, params.search)
    page = await records.listing.page(ctx.tx, params, filters)
    found = await ctx.wire(records.resource, page.rows, params.include or ())
    return Reply({"contracts": found, "pagination": page.pagination})


@operation(
    "contracts.get",
    "GET",
    "/contracts",
    present=("id",),
    scope="contracts:read",
    result=ContractView,
    tool=("get_contract", "contracts"),
    shaped=True,
    resource="contract",
)
async def get_contract(ctx: Context, params: ContractGet) -> Reply:
    """Fetch one contract; the ETag header carries the version for the next write."""
    row = await records.get(ctx, params.id)
    return Reply(await ctx.wire_one(records.resource, row, params.include or ()), row["version"])


async def reply(ctx: Context, row: Row, **more: Any) -> Reply:
    """A whole contract as the answer of a write, and what the operation adds."""
    return Reply({**await ctx.wire_one(records.resource, row), **more}, row["version"])


@operation(
    "contracts.create",
    "POST",
    "/contracts",
    scope="contracts:write",
    result=ContractView,
    status=201,
    errors=(NotFound, Duplicate, Conflict),
    tool=("create_contract", "contracts"),
    resource="contract",
)
async def create_contract(ctx: Context, params: NewContract) -> Reply:
    """Create a contract from a deal, or from customer, title, value and dates. It is a draft.

    A deal gives its customer, title, total and currency, the payment terms and dates of its terms, and a copy of its
    items and terms; whatever is sent wins. Where no dates are known the contract starts today and runs for a year.
    """
    values = params.model_dump(exclude={"deal_id", "customer_id"}, exclude_none=True)
    if params.customer_id is not None:
        values["customer_id"] = (await customers.get(ctx, params.customer_id))["id"]
    if params.deal_id is None:
        values.setdefault("currency", ctx.principal.settings.default_currency)
        return await reply(ctx, await service.create(ctx, values))
    deal = await deals.lock(ctx, params.deal_id)
    return await reply(ctx, await service.create(ctx, _from_deal(ctx, values, deal), deal))


_DEAD: Final = frozenset({"cancelled", "expired"})


def _from_deal(ctx: Context, values: dict[str, Any], deal: Row) -> dict[str, Any]:
    if deal["status"] in _DEAD:
        raise Conflict(
            f"A deal that is {deal['status']} becomes no contract", details={"current_status": deal["status"]}
        )
    if "customer_id" not in values and deal["customer_id"] is None:
        raise invalid_field("customer_id", "required", "Customer id is required, as the deal has no customer")
    if values.get("currency", deal["currency"]) != deal["currency"] and "value" not in values:
        raise invalid_field("value", "required", "Value is required with a currency that is not the deal's")
    terms = deal["terms"] or {}
    if "payment_terms" not in values and isinstance(terms.get("payment_terms"), str):
        values["payment_terms"] = terms["payment_terms"]
    start = values.get("start_date") or _day(terms, "start_date") or service.today(ctx)
    end = values.get("end_date") or _day(terms, "end_date") or _a_year_from(start)
    check_term(start, end)
    return {
        "customer_id": deal["customer_id"],
        "title": deal["title"] or f"Deal {deal['number']}",
        "description": deal["description"],
        "value": deal["total"],
        "currency": deal["currency"],
        **values,
        "start_date": start,
        "end_date": end,
    }


def _a_year_from(start: date) -> date:
    try:
        return rules.add_months(start, 12, start.day)
    except rules.Unrenewable:
        raise invalid_field("start_date", "out_of_range", "Start date leaves no year for the contract") from None


def _day(terms: dict[str, Any], name: str) -> date | None:
    try:
        return date.fromisoformat(terms[name])
    except (KeyError, TypeError, ValueError):
        return None


@operation(
    "contracts.update",
    "PATCH",
    "/contracts",
    present=("id",),
    scope="contracts:write",
    result=ContractView,
    events=("contract.activated", "contract.terminated", "contract.renewal_opted_out"),
    errors=(Conflict, InvalidTransition, Duplicate, NotFound),
    tool=("update_contract", "contracts"),
    locking="required",
    resource="contract",
)
async def update_contract(ctx: Context, params: ContractPatch) -> Reply:
    """Change some members of a contract.

    Once it is signed, only notes, contract_number, renewal_type and renewal_terms change: the signature covers the
    rest. ``status`` may be active or terminated, with the checks of these actions. A renewal_type that was auto and is
    no longer counts as opting out.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    changes = params.changes()
    target = changes.pop("status", row["status"])
    written = await _apply(ctx, row, changes) if changes else row
    if target != row["status"]:
        written = await _move(ctx, written, target)
    return await reply(ctx, written)


async def _apply(ctx: Context, row: Record, changes: dict[str, Any]) -> Record:
    if "customer_id" in changes:
        changes["customer_id"] = (await customers.get(ctx, changes["customer_id"]))["id"]
    touched = sorted(name for name in rules.SIGNED_FIELDS & changes.keys() if changes[name] != row[name])
    if touched and row["status"] != "draft":
        raise Conflict(
            f"What was signed cannot change: {', '.join(touched)}",
            details={"current_status": row["status"], "fields": touched, "allowed": ["draft"]},
        )
    after = {**row, **changes}
    if {"start_date", "end_date"} & set(touched):
        check_term(after["start_date"], after["end_date"])
    opted_out = row["renewal_type"] == "auto" and after["renewal_type"] != "auto"
    if opted_out:
        service.require_open_for_opting_out(ctx, row)
    notes: dict[str, Any] = {"changed_fields": sorted(changes)}
    if touched and (taken_back := await signing.take_back(ctx, row)):
        notes["signatures_taken_back"] = taken_back
    written = await service.change(ctx, row, changes, "contract.updated", notes)
    if opted_out:
        service.announce_opted_out(ctx, written)
    return written


async def _move(ctx: Context, row: Record, target: str) -> Record:
    if target == "active":
        return await service.activate(ctx, row)
    if target == "terminated":
        return await service.terminate(ctx, row)
    allowed = [each.target for each in rules.MACHINE.moves_from(row["status"]) if each.requestable]
    raise InvalidTransition(
        f"Writing the status does not take a contract from {row['status']} to {target}",
        details={"current_status": row["status"], "requested_status": target, "allowed": allowed},
    )


@operation(
    "contracts.delete",
    "DELETE",
    "/contracts",
    present=("id",),
    scope="contracts:write",
    result=Deleted,
    errors=(Conflict,),
    tool=("delete_contract", "contracts"),
    locking="required",
    resource="contract",
)
async def delete_contract(ctx: Context, params: ContractRef) -> Reply:
    """Remove a draft. A running contract is terminated instead; one that ran is kept for the record."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    if row["status"] != "draft":
        running = row["status"] in rules.RUNNING
        raise Conflict(
            f"A contract that is {row['status']} is not deleted",
            details={"current_status": row["status"], "allowed": ["draft"]},
            hint="End it with action=terminate." if running else "Contracts that were in force stay for the record.",
        )
    await signing.forget(ctx, row)
    await service.delete(ctx, row)
    return Reply({"deleted": True, "id": params.id})


@operation(
    "contracts.audit",
    "GET",
    "/contracts",
    action="audit",
    present=("id",),
    scope="contracts:read",
    result=ContractAudit,
    tool=("get_contract_audit", "contracts"),
)
async def audit(ctx: Context, params: AuditPage) -> Reply:
    """Read the hash-chained audit trail of a contract, oldest first. Private values appear as commitments only."""
    await records.get(ctx, params.id)
    entries, pagination = await verification.page(ctx, "contract", params.id, params.limit, params.offset)
    return Reply({"contract_id": params.id, "audit_entries": entries, "pagination": pagination})


@operation(
    "contracts.verify_audit",
    "GET",
    "/contracts",
    action="verify_audit",
    present=("id",),
    scope="contracts:read",
    result=ContractAuditVerified,
    events=("contract.tamper_detected",),
    tool=("verify_contract_audit", "contracts"),
    own_transactions=True,
)
async def verify_audit(steps: Steps, params: ContractRef) -> Reply:
    """Recompute the audit chain of a contract, compare the contract with its newest entry and with its signatures.

    ``first_broken_entry`` names the entry that does not hold, or that says something else than the contract does.
    """
    async with steps.transaction() as ctx:
        row = await records.lock(ctx, params.id)
        verdict = await verification.verify(ctx, "contract", params.id)
        found = await signatures.examine(ctx, signing.SUBJECT, row["id"], await signing.standing_of(ctx, row))
        broken = verdict.first_broken
        if broken is None and found.status == "tampered":
            entry = await history.newest(ctx, records.resource, row["id"], "contract.signed")
            broken = ids.encode(verification.AUDIT_PREFIX, entry["id"]) if entry is not None else None
        tampered = verdict.first_broken is not None or found.status == "tampered"
        if tampered:
            await requests.report_tampering(ctx, records.resource, row["id"], found, broken)
    return Reply(
        {
            "contract_id": params.id,
            "status": "tampered" if tampered else "intact",
            "valid": not tampered,
            "entries_checked": verdict.checked,
            "first_broken_entry": broken,
            "verified_at": clock.iso(steps.now),
        }
    )
