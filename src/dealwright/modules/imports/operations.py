"""The import operations (Salesbooth API, CSV Import)."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any, Final

from dealwright.kernel import ids
from dealwright.kernel.access.principals import grants
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, Duplicate, InsufficientScope, NotFound, invalid_field
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.database import Record
from dealwright.modules.imports import records, rules
from dealwright.modules.imports.checking import Problem, checked_mapping, portions
from dealwright.modules.imports.entities import ENTITIES, Entity
from dealwright.modules.imports.models import (
    ExecuteImport,
    ImportId,
    ImportView,
    ParsedView,
    ParseImport,
    ValidatedView,
    ValidateImport,
)
from dealwright.modules.imports.running import AT_ONCE_UP_TO, LIFETIME, InvalidRows, RunImport, run, write

_LISTED_ERRORS: Final = 1_000


def _entity(ctx: Context, name: str) -> Entity:
    """Raises InsufficientScope when the caller may not write that kind of record."""
    entity = ENTITIES[name]
    if not grants(ctx.principal.scopes, entity.scope):
        assert ctx.operation is not None
        raise InsufficientScope(entity.scope, ctx.operation.id)
    return entity


@operation(
    "import.parse",
    "POST",
    "/import",
    action="parse",
    rest="/import",
    scope="customers:write",
    or_scopes=("products:write",),
    result=ParsedView,
    resource="import",
)
async def parse_import(ctx: Context, params: ParseImport) -> Reply:
    """Step 1: upload a CSV file and see what its columns probably mean. No record is written.

    UTF-8, UTF-16 and Windows-1252 are told apart by their content, as are comma, semicolon, tab and bar. The file waits
    encrypted for the other steps, for a day. Products need the scope ``products:write``.
    """
    entity = _entity(ctx, params.entity)
    content = params.file.content
    try:
        form = await asyncio.to_thread(rules.form_of, content)
        row_count = await asyncio.to_thread(rules.count, content, form)
        preview = rules.preview(content, form)
    except rules.NotCsv as problem:
        raise invalid_field("file", "invalid", f"File cannot be read as CSV: {problem}") from None
    if row_count == 0:
        raise invalid_field("file", "invalid", "File has a header and no rows")
    key = ids.uuid7()
    row = await records.resource.insert(
        ctx.tx,
        {
            "id": key,
            "entity": entity.name,
            "status": "parsed",
            "filename": params.file.filename,
            "content": await records.seal(ctx, key, content),
            "form": records.packed(form),
            "row_count": row_count,
            "processed": 0,
            "imported": 0,
            "skipped": 0,
            "expires_at": ctx.now + LIFETIME,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.resource, row, "import.parsed")
    mapping = rules.guess(form.columns, entity.names, entity.parts)
    wire_id = records.resource.wire_id(key)
    return Reply(
        {
            "id": wire_id,
            "import_id": wire_id,
            "entity": entity.name,
            "row_count": row_count,
            "columns": list(form.columns),
            "mapping": mapping,
            "unmapped": [column for column in form.columns if column not in mapping],
            "available_fields": list(entity.names),
            "required_fields": entity.required,
            "preview": preview,
            "encoding": form.encoding,
            "delimiter": form.delimiter,
        }
    )


async def _open(ctx: Context, import_id: str) -> tuple[Record, Entity]:
    """The import, held for a change. Raises NotFound, or Conflict when its rows are written or being written."""
    row = await records.resource.lock(ctx.tx, import_id)
    if row["expires_at"] <= ctx.now:
        raise NotFound
    entity = _entity(ctx, row["entity"])
    if row["status"] in ("executing", "executed"):
        raise Conflict(f"This import is {row['status']} already", hint="Upload the file again for another import.")
    return row, entity


@operation(
    "import.validate",
    "POST",
    "/import",
    action="validate",
    scope="customers:write",
    or_scopes=("products:write",),
    result=ValidatedView,
    errors=(NotFound, Conflict),
    resource="import",
)
async def validate_import(ctx: Context, params: ValidateImport) -> Reply:
    """Step 2: check every row under a mapping. No record is written.

    Each error names the row (from 1, the header not counted), the line of the file and the field. An e-mail that a
    customer or an earlier row has is an error. At most 1,000 errors are listed; all are counted.
    """
    row, entity = await _open(ctx, params.import_id)
    form = records.form_of(row)
    mapping = checked_mapping(entity, form, params.mapping)
    columns = {name: column for column, name in reversed(mapping.items())}
    valid = bad = told = 0
    errors: list[dict[str, Any]] = []
    content = await records.content(ctx, row["id"])
    async for portion in portions(ctx, entity, content, form, mapping):
        valid += len(portion.records)
        bad += portion.bad_rows
        told += len(portion.problems)
        errors += [_error(problem, columns) for problem in portion.problems[: _LISTED_ERRORS - len(errors)]]
    checked = {"status": "validated", "mapping": mapping, "valid_rows": valid, "error_rows": bad}
    written = await records.resource.change(ctx.tx, row, checked, ctx.now)
    ctx.record(records.resource, written, "import.validated", before=row)
    return Reply(
        {
            "id": params.import_id,
            "import_id": params.import_id,
            "valid": bad == 0,
            "valid_rows": valid,
            "error_rows": bad,
            "errors": errors,
            "errors_omitted": told - len(errors),
        }
    )


def _error(problem: Problem, columns: dict[str, str]) -> dict[str, Any]:
    return {**asdict(problem), "column": columns.get(problem.field or "")}


@operation(
    "import.execute",
    "POST",
    "/import",
    action="execute",
    scope="customers:write",
    or_scopes=("products:write",),
    result=ImportView,
    events=("customer.created",),
    errors=(NotFound, Conflict, InvalidRows, Duplicate),
    also_status=(202,),
    resource="import",
)
async def execute_import(ctx: Context, params: ExecuteImport) -> Reply:
    """Step 3: write the rows, all in one transaction: any failure leaves nothing behind.

    More than 2,000 rows are written in the background: the answer is 202 with ``X-Job-ID``, and ``GET /import?id=``
    tells how far it is. Rows are checked again while they are written.
    """
    row, entity = await _open(ctx, params.import_id)
    mapping: dict[str, str] | None = row["mapping"]
    if params.mapping is not None:
        mapping = checked_mapping(entity, records.form_of(row), params.mapping)
    if mapping is None:
        raise Conflict("This import has no mapping yet", hint="Validate it first, or send the mapping.")
    begun = {
        "status": "executing",
        "mapping": mapping,
        "skip_invalid": params.skip_invalid,
        "processed": 0,
    }
    started = await records.resource.change(ctx.tx, row, begun, ctx.now)
    if started["row_count"] > AT_ONCE_UP_TO:
        ctx.record(records.resource, started, "import.started", before=row)
        await ctx.enqueue(run, RunImport(import_id=params.import_id))
        return Reply(await ctx.wire_one(records.resource, started), status=202)
    written = await write(ctx, started)
    return Reply(await ctx.wire_one(records.resource, written))


@operation(
    "import.get",
    "GET",
    "/import",
    present=("id",),
    scope="customers:write",
    or_scopes=("products:write",),
    result=ImportView,
    resource="import",
)
async def get_import(ctx: Context, params: ImportId) -> Reply:
    """How far an import is."""
    row = await records.resource.get(ctx.tx, params.id)
    if row["expires_at"] <= ctx.now:
        raise NotFound
    _entity(ctx, row["entity"])
    return Reply(await ctx.wire_one(records.resource, row))
