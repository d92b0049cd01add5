"""Writing an import: small ones while the caller waits, large ones as a job, each in one transaction."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel

from dealwright.kernel.context import Context, Elsewhere, Steps
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.jobs.due import Due
from dealwright.kernel.jobs.jobs import DoNotRetry, job
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.statements import given
from dealwright.modules.imports import records
from dealwright.modules.imports.checking import portions
from dealwright.modules.imports.entities import ENTITIES
from dealwright.modules.imports.tables import imports

LIFETIME: Final = timedelta(hours=24)
AT_ONCE_UP_TO: Final = 2_000
"""Rows that are written while the caller waits: about two seconds."""

_TELL_SECONDS: Final = 0.5

Tell = Callable[[int], Awaitable[None]]


class InvalidRows(Conflict):
    """409: rows are invalid, and the caller did not say to leave them out."""

    def __init__(self, error_rows: int) -> None:
        super().__init__(
            f"{error_rows} rows are invalid, so nothing was imported",
            details={"error_rows": error_rows},
            hint="Correct the file, or send skip_invalid=true to leave them out; action=validate lists the errors.",
        )
        self.error_rows = error_rows


async def write(ctx: Context, row: Record, tell: Tell | None = None) -> Record:
    """Write the rows of a locked import, or none. Raises InvalidRows, or Duplicate when somebody was faster."""
    entity, form = ENTITIES[row["entity"]], records.form_of(row)
    content = await records.content(ctx, row["id"])
    processed = imported = bad = 0
    told = time.monotonic()
    async for portion in portions(ctx, entity, content, form, row["mapping"]):
        processed += portion.rows
        bad += portion.bad_rows
        if portion.records and (not bad or row["skip_invalid"]):
            await entity.write(ctx, portion.records)
            await ctx.flush()
            imported += len(portion.records)
        if tell is not None and time.monotonic() - told > _TELL_SECONDS:
            await tell(processed)
            told = time.monotonic()
    if bad and not row["skip_invalid"]:
        raise InvalidRows(bad)
    done: dict[str, Any] = {
        "status": "executed",
        "processed": processed,
        "imported": imported,
        "skipped": bad,
        "error_rows": bad,
        "valid_rows": imported,
        "content": None,
    }
    written = await records.resource.change(ctx.tx, row, done, ctx.now)
    ctx.record(records.resource, written, "import.executed", before=row)
    return written


class RunImport(BaseModel):
    import_id: str


@job("import.execute")
async def run(steps: Steps, arguments: RunImport) -> dict[str, int]:
    """Write a large import. A run that was lost wrote nothing, so the next one begins anew."""
    try:
        async with steps.transaction() as ctx:
            row = await records.resource.get(ctx.tx, arguments.import_id)
            if row["status"] != "executing":
                return _figures(row)

            async def tell(so_far: int) -> None:
                async with steps.transaction() as beside:
                    await records.progress(beside.tx, row["id"], so_far)

            return _figures(await write(ctx, row, tell))
    except NotFound:
        raise DoNotRetry("the import has expired") from None
    except Conflict as error:
        await _failed(steps, arguments.import_id, error)
        raise DoNotRetry(error.message) from None


def _figures(row: Record) -> dict[str, int]:
    return {"imported": row["imported"], "skipped": row["skipped"]}


async def _failed(steps: Steps, import_id: str, error: Conflict) -> None:
    """Note that nothing was written; the caller may execute it again."""
    with suppress(NotFound):
        async with steps.transaction() as ctx:
            row = await records.resource.lock(ctx.tx, import_id)
            if row["status"] != "executing":  # another run of the same job was faster
                return
            bad = error.error_rows if isinstance(error, InvalidRows) else row["error_rows"]
            ended = {"status": "failed", "processed": 0, "error_rows": bad}
            written = await records.resource.change(ctx.tx, row, ended, ctx.now)
            ctx.record(records.resource, written, "import.failed", before=row)


async def _forget(ctx: Context, row: Record) -> None:
    await records.resource.delete(ctx.tx, row["id"])


_expired: Final = Due(imports, lambda: (imports.c.expires_at <= given("at"),), _forget)


@schedule("import.forget", every=timedelta(minutes=10))
async def forget(server: Elsewhere) -> int:
    """Remove imports, files and all, a day after they were begun."""
    return await _expired.run(server)
