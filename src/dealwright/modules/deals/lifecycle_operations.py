"""Moving deals, their terms, outcome, audit trail, settlements and export (Salesbooth API, Deals)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from dealwright.kernel import clock
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidTransition, NotFound
from dealwright.kernel.ledger import verification
from dealwright.kernel.ledger.ledger import canonical
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.paging import Listing
from dealwright.kernel.sheets import csv_text
from dealwright.kernel.state_machine import unmet
from dealwright.modules.deals import records, rules, service
from dealwright.modules.deals.models import (
    AuditPage,
    CompareTerms,
    DealExport,
    DealRef,
    RecordOutcome,
    SetTerms,
    Transition,
)
from dealwright.modules.deals.operations import announce_updated, filters_of, reply
from dealwright.modules.deals.views import (
    ComparisonView,
    DealAudit,
    DealAuditVerified,
    ExportView,
    MovesView,
    OutcomeRecorded,
    TermsView,
    TransitionView,
)


@operation(
    "deals.transition",
    "POST",
    "/deals",
    action="transition",
    present=("id",),
    scope="deals:write",
    result=TransitionView,
    events=("deal.status_changed", "deal.closed"),
    errors=(InvalidTransition, NotFound),
    tool=("transition_deal", "deals"),
    locking="optional",
    resource="deal",
)
async def transition(ctx: Context, params: Transition) -> Reply:
    """Move a deal to another status through the state machine."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    written = await service.move(ctx, row, params.status, requested=True)
    return await reply(ctx, written, previous_status=row["status"])


@operation(
    "deals.valid_transitions",
    "GET",
    "/deals",
    action="valid_transitions",
    present=("id",),
    also=("/deals/{id}/valid-transitions",),
    scope="deals:read",
    result=MovesView,
    tool=("get_valid_transitions", "deals"),
)
async def valid_transitions(ctx: Context, params: DealRef) -> Reply:
    """List where a deal can go from here, whether it can now, what is missing if not, and the call that does it."""
    row = await records.get(ctx, params.id)
    facts = await service.facts_of(ctx, row)
    moves = []
    for move in rules.MACHINE.moves_from(row["status"]):
        if not move.requestable:
            continue
        missing = [condition.name for condition in unmet(move.conditions, facts)]
        endpoint = f"/api/v1/deals?id={params.id}&action=transition&status={move.target}"
        moves.append(
            {
                "target": move.target,
                "available": not missing,
                "conditions": missing,
                "action": {"method": "POST", "endpoint": endpoint, "description": move.label},
            }
        )
    return Reply({"deal_id": params.id, "current_status": row["status"], "transitions": moves}, row["version"])


@operation(
    "deals.terms",
    "GET",
    "/deals",
    action="terms",
    present=("id",),
    scope="deals:read",
    result=TermsView,
    tool=("get_deal_terms", "deals"),
)
async def get_terms(ctx: Context, params: DealRef) -> Reply:
    """Read the structured terms of a deal; null when none were set."""
    row = await records.get(ctx, params.id)
    return Reply({"deal_id": params.id, "terms": row["terms"], "version": row["version"]}, row["version"])


@operation(
    "deals.compare_terms",
    "GET",
    "/deals",
    action="compare-terms",
    scope="deals:read",
    result=ComparisonView,
    tool=("compare_deal_terms", "deals"),
)
async def compare_terms(ctx: Context, params: CompareTerms) -> Reply:
    """Compare the terms of two deals, leaf by leaf."""
    first = (await records.get(ctx, params.deal_id_1))["terms"]
    second = (await records.get(ctx, params.deal_id_2))["terms"]
    found = rules.differences(first or {}, second or {})
    return Reply(
        {
            "deal_id_1": params.deal_id_1,
            "deal_id_2": params.deal_id_2,
            "identical": not found,
            "differences": found,
            "deal_1_terms": first,
            "deal_2_terms": second,
        }
    )


@operation(
    "deals.set_terms",
    "POST",
    "/deals",
    action="set-terms",
    present=("id",),
    rest="/deals/{id}/terms",
    scope="deals:write",
    result=TermsView,
    events=("deal.updated",),
    errors=(NotFound, Conflict),
    tool=("set_deal_terms", "deals"),
    locking="optional",
    resource="deal",
)
async def set_terms(ctx: Context, params: SetTerms) -> Reply:
    """Store structured terms on a deal, replacing earlier ones."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    service.require_editable(row)
    written = await service.change(ctx, row, {"terms": params.terms}, "deal.terms_set")
    announce_updated(ctx, written, ["terms"])
    answer = {"deal_id": params.id, "terms": written["terms"], "version": written["version"]}
    return Reply(answer, written["version"])


@operation(
    "deals.record_outcome",
    "POST",
    "/deals",
    action="record-outcome",
    present=("id",),
    rest="/deals/{id}/outcome",
    scope="deals:write",
    result=OutcomeRecorded,
    events=("deal.updated",),
    errors=(NotFound,),
    tool=("record_deal_outcome", "intelligence"),
    locking="optional",
    resource="deal",
)
async def record_outcome(ctx: Context, params: RecordOutcome) -> Reply:
    """Record why a deal was won or lost; its status stays as it is."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    outcome = {**params.model_dump(exclude={"id"}), "recorded_at": clock.iso(ctx.now)}
    written = await service.change(ctx, row, {"outcome": outcome}, "deal.outcome_recorded")
    announce_updated(ctx, written, ["outcome"])
    return Reply({"deal_id": params.id, "version": written["version"], "outcome": outcome}, written["version"])


@operation(
    "deals.audit",
    "GET",
    "/deals",
    action="audit",
    present=("id",),
    scope="deals:read",
    result=DealAudit,
    tool=("get_deal_audit_trail", "compliance"),
)
async def audit(ctx: Context, params: AuditPage) -> Reply:
    """Read the hash-chained audit trail of a deal, oldest first. Private values appear as commitments only."""
    await records.get(ctx, params.id)
    entries, pagination = await verification.page(ctx, "deal", params.id, params.limit, params.offset)
    return Reply({"deal_id": params.id, "audit_entries": entries, "pagination": pagination})


@operation(
    "deals.verify_audit",
    "GET",
    "/deals",
    action="verify_audit",
    present=("id",),
    scope="deals:read",
    result=DealAuditVerified,
    tool=("verify_deal_audit_trail", "compliance"),
)
async def verify_audit(ctx: Context, params: DealRef) -> Reply:
    """Recompute the audit chain of a deal and say whether it is whole, naming the first entry that is not."""
    await records.get(ctx, params.id)
    verdict = await verification.verify(ctx, "deal", params.id)
    return Reply(
        {
            "deal_id": params.id,
            "status": verdict.status,
            "valid": not verdict.broken,
            "checked_entries": verdict.checked,
            "broken_entries": len(verdict.broken),
            "first_broken_entry": verdict.first_broken,
        }
    )


_CSV_COLUMNS: Final = (
    "deal_id",
    "number",
    "status",
    "payment_status",
    "customer_id",
    "currency",
    "subtotal",
    "discount_total",
    "tax_amount",
    "total",
    "deal_type",
    "created_at",
    "updated_at",
    "closed_at",
)


@operation(
    "deals.export",
    "GET",
    "/deals",
    action="export",
    scope="deals:read",
    result=ExportView,
    tool=("export_deal", "deals"),
    media_types=("text/csv",),
)
async def export(ctx: Context, params: DealExport) -> Reply:
    """Export one deal, or the deals that match the list filters, with items, terms and audit entries.

    At most 1,000 deals a file; ``next_cursor`` continues. ``format=csv`` answers a table without nested parts.
    """
    cursor: str | None = None
    rows: Sequence[Any]
    if params.id is not None:
        rows = [await records.get(ctx, params.id)]
    else:
        filters = filters_of(
            status=params.status,
            customer_id=params.customer_id,
            created_after=params.created_after,
            created_before=params.created_before,
        )
        page = await records.listing.page(
            ctx.tx, Listing.model_construct(limit=params.limit, after=params.after), filters
        )
        rows, cursor = page.rows, page.pagination["next_cursor"]
    deals = await ctx.wire(records.resource, rows, ("line_items", "pricing"))
    if params.format == "csv":
        return _csv(deals)
    entries = await verification.chains(ctx, "deal", [deal["id"] for deal in deals])
    for deal in deals:
        deal["audit_entries"] = entries[deal["id"]]
    digest = hashlib.sha256(canonical({"deals": deals}).encode()).hexdigest()
    return Reply(
        {
            "export_version": "1.0",
            "exported_at": clock.iso(ctx.now),
            "count": len(deals),
            "deals": deals,
            "next_cursor": cursor,
            "verification_hash": f"sha256:{digest}",
        }
    )


def _csv(deals: Sequence[dict[str, Any]]) -> Reply:
    disposition = ("content-disposition", 'attachment; filename="deals.csv"')
    return Reply(csv_text(_CSV_COLUMNS, deals), media_type="text/csv; charset=utf-8", headers=(disposition,))
