"""Jobs of a workspace: counted, shown, put back in line, removed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, select

from dealwright.kernel import clock, ids
from dealwright.kernel.errors import NotFound
from dealwright.kernel.jobs import records
from dealwright.kernel.jobs.tables import DEAD_LETTER, PENDING, PREFIX, jobs
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement

dead_letters: Final = List(jobs, {"dead": lambda: jobs.c.status == DEAD_LETTER})

counts: Final = Statement(
    select(jobs.c.status, func.count().label("number")).where(in_scope(jobs)).group_by(jobs.c.status)
)
oldest_pending: Final = Statement(select(func.min(jobs.c.created_at)).where(in_scope(jobs), jobs.c.status == PENDING))

_PURGE: Final = """
WITH gone AS (
    DELETE FROM jobs WHERE tenant_id = $1 AND livemode = $2 AND {which} RETURNING 1
)
SELECT count(*) FROM gone
"""
purge: Final = RawStatement(_PURGE.format(which="finished_at <= $3"), ("tenant", "mode", "before"))
purge_dead: Final = RawStatement(_PURGE.format(which="status = 'dead_letter'"), ("tenant", "mode"))


def key_of(job_id: str) -> Any:
    """Raises NotFound for what cannot be the id of a job."""
    key = ids.decode(PREFIX, job_id)
    if key is None:
        raise NotFound
    return key


async def get(tx: Transaction, job_id: str) -> Record:
    """Raises NotFound."""
    row = await tx.row(records.find, key=key_of(job_id))
    if row is None:
        raise NotFound
    return row


def wire(row: Row) -> dict[str, Any]:
    job_id = ids.encode(PREFIX, row["id"])
    return {
        "id": job_id,
        "job_id": job_id,
        **{name: row[name] for name in ("type", "status", "attempts", "max_attempts", "last_error")},
        "created_at": clock.iso(row["created_at"]),
        "finished_at": clock.iso_or_none(row["finished_at"]),
        "result": row["result"],
    }


def wire_dead_letter(row: Row) -> dict[str, Any]:
    job_id = ids.encode(PREFIX, row["id"])
    return {
        "id": job_id,
        "job_id": job_id,
        **{name: row[name] for name in ("type", "attempts", "last_error")},
        "dead_lettered_at": clock.iso(row["finished_at"]),
    }
