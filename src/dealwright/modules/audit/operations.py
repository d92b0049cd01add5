"""Audit trail: list, verify, export (Salesbooth API, Audit)."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from sqlalchemy import select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound
from dealwright.kernel.fields import Identifier, Input, Integer, Wire
from dealwright.kernel.ledger import verification
from dealwright.kernel.ledger.ledger import canonical
from dealwright.kernel.ledger.tables import audit_log
from dealwright.kernel.ledger.verification import EntryView
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.sheets import csv_text
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import ByShape, given

EntityType = Literal["deal", "contract", "customer", "product"]
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class AuditList(Input):
    entity_type: EntityType
    entity_id: Identifier
    limit: Annotated[Integer, Field(ge=1, le=100)] = 50
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0


class AuditVerify(Input):
    entity_type: EntityType
    entity_id: Identifier


def _moment(value: object) -> object:
    if isinstance(value, str):
        return clock.parse_iso(value.strip())
    return value


def _end(value: object) -> object:
    """A date without a time means the end of that day."""
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return clock.parse_iso(value.strip()) + timedelta(days=1)
        except OverflowError:
            raise ValueError("is the last day of the calendar") from None
    return _moment(value)


class AuditExport(Input):
    entity_type: EntityType | None = None
    entity_id: Identifier | None = None
    start_date: Annotated[datetime | None, BeforeValidator(_moment)] = None
    end_date: Annotated[datetime | None, BeforeValidator(_end), Field(description="a date includes its whole day")] = (
        None
    )
    format: Literal["json", "csv"] = "json"
    limit: Annotated[Integer, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[Integer, Field(ge=0, le=10_000_000)] = 0

    @model_validator(mode="after")
    def _one_mode(self) -> AuditExport:
        if self.entity_id is not None and self.entity_type is None:
            raise ValueError("entity_id needs entity_type")
        if (self.start_date is None) != (self.end_date is None):
            raise ValueError("start_date and end_date come together")
        if self.entity_type is None and self.start_date is None:
            raise ValueError("name an entity_type, an entity or a date range")
        return self


class EntryPage(Wire):
    audit_entries: list[EntryView]
    pagination: dict[str, int]


class VerifyView(Wire):
    entity_type: str
    entity_id: str
    status: Literal["intact", "tampered"]
    entries_checked: int
    broken_at: str | None


class ExportView(Wire):
    export_version: str
    exported_at: str
    tenant_id: str
    entity_type: str | None
    entity_id: str | None
    start_date: str | None
    end_date: str | None
    audit_entries: list[EntryView]
    verification_hash: str


@operation(
    "audit.list",
    "GET",
    "/audit",
    scope="audit:read",
    result=EntryPage,
    tool=("get_audit_trail", "compliance"),
)
async def list_entries(ctx: Context, params: AuditList) -> Reply:
    """Page through the audit entries of one entity, newest first; entities that were removed keep theirs."""
    entries, pagination = await verification.page(
        ctx, params.entity_type, params.entity_id, params.limit, params.offset, newest_first=True
    )
    if pagination["total"] == 0:
        raise NotFound
    return Reply({"audit_entries": entries, "pagination": pagination})


@operation(
    "audit.verify",
    "GET",
    "/audit",
    action="verify",
    scope="audit:read",
    result=VerifyView,
    tool=("verify_audit_chain", "compliance"),
)
async def verify(ctx: Context, params: AuditVerify) -> Reply:
    """Recompute the hash chain of one entity; ``broken_at`` names the first entry that does not hold."""
    verdict = await verification.verify(ctx, params.entity_type, params.entity_id)
    if verdict.checked == 0:
        raise NotFound
    return Reply(
        {
            "entity_type": params.entity_type,
            "entity_id": params.entity_id,
            "status": verdict.status,
            "entries_checked": verdict.checked,
            "broken_at": verdict.first_broken,
        }
    )


_CONDITIONS: Final = {
    "of_type": audit_log.c.entity_type == given("of_type"),
    "of_id": audit_log.c.entity_id == given("of_id"),
    "start": audit_log.c.created_at >= given("start"),
    "end": audit_log.c.created_at < given("end"),
}


def _selection(filters: tuple[str, ...]) -> Any:
    statement = select(audit_log).where(in_scope(audit_log), *(_CONDITIONS[name] for name in filters))
    return statement.order_by(audit_log.c.id).limit(given("page_limit")).offset(given("page_offset"))


_selections: Final = ByShape(_selection)
_COLUMNS: Final = (
    "id",
    "entity_type",
    "entity_id",
    "action",
    "actor",
    "created_at",
    "previous_hash",
    "entry_hash",
)


@operation(
    "audit.export",
    "GET",
    "/audit/export",
    scope="audit:export",
    result=ExportView,
    tool=("export_audit_trail", "compliance"),
    media_types=("text/csv",),
)
async def export(ctx: Context, params: AuditExport) -> Reply:
    """Export the entries of an entity, of a type, or of a date range, oldest first, sealed with a hash.

    ``verification_hash`` is SHA-256 over the JSON of ``data`` without that member, with sorted keys and no white
    space; a CSV file carries the hash of its bytes in ``X-Verification-Hash``.
    """
    chosen = {
        "of_type": params.entity_type,
        "of_id": params.entity_id,
        "start": params.start_date,
        "end": params.end_date,
    }
    filters = {name: value for name, value in chosen.items() if value is not None}
    rows = await ctx.tx.rows(_selections[tuple(filters)], page_limit=params.limit, page_offset=params.offset, **filters)
    entries = [verification.wire(row) for row in rows]
    if params.format == "csv":
        return _csv(entries, ctx.now)
    data: dict[str, Any] = {
        "export_version": "1.0",
        "exported_at": clock.iso(ctx.now),
        "tenant_id": ids.encode("tenant", ctx.tenant_id),
        "entity_type": params.entity_type,
        "entity_id": params.entity_id,
        "start_date": clock.iso_or_none(params.start_date),
        "end_date": clock.iso_or_none(params.end_date),
        "audit_entries": entries,
    }
    data["verification_hash"] = "sha256:" + hashlib.sha256(canonical(data).encode()).hexdigest()
    return Reply(data)


def _csv(entries: list[dict[str, Any]], now: datetime) -> Reply:
    body = csv_text(_COLUMNS, entries)
    return Reply(
        body,
        media_type="text/csv; charset=utf-8",
        headers=(
            ("content-disposition", f'attachment; filename="audit-export-{now.date().isoformat()}.csv"'),
            ("x-verification-hash", "sha256:" + hashlib.sha256(body.encode()).hexdigest()),
        ),
    )
