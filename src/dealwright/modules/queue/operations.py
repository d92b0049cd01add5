"""The operations on background jobs (Salesbooth API, Job Queue)."""

from __future__ import annotations

from datetime import timedelta

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.jobs import jobs
from dealwright.kernel.jobs.records import revive
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.queue import records
from dealwright.modules.queue.models import (
    DeadLetterJobs,
    DeadLetterQuery,
    JobQuery,
    JobView,
    Purged,
    PurgeDeadLetters,
    PurgeJobs,
    QueueStats,
    QueueStatsQuery,
    RetriedJob,
    RetryJob,
)


@operation("queue.stats", "GET", "/queue", scope="queue:read", result=QueueStats)
async def stats(ctx: Context, params: QueueStatsQuery) -> Reply:
    """How many background jobs of the workspace wait, run, and came to which end."""
    found: dict[str, int] = {row["status"]: row["number"] for row in await ctx.tx.rows(records.counts)}
    oldest = await ctx.tx.value(records.oldest_pending)
    names = ("pending", "processing", "completed", "failed", "dead_letter")
    waited = max(int((ctx.now - oldest).total_seconds()), 0) if oldest is not None else 0
    return Reply({**{name: found.get(name, 0) for name in names}, "oldest_pending_seconds": waited})


@operation(
    "queue.job",
    "GET",
    "/queue",
    action="job",
    rest="/queue/jobs/{job_id}",
    scope="queue:read",
    result=JobView,
    errors=(NotFound,),
    tool=("get_job_status", "workflows"),
)
async def show_job(ctx: Context, params: JobQuery) -> Reply:
    """How a background job stands: the one that an answer named in X-Job-ID."""
    return Reply(records.wire(await records.get(ctx.tx, params.job_id)))


@operation("queue.dead_letter", "GET", "/queue", action="dead-letter", scope="queue:read", result=DeadLetterJobs)
async def list_dead_letters(ctx: Context, params: DeadLetterQuery) -> Reply:
    """Jobs that used up their attempts, newest first, until they are retried or purged."""
    page = await records.dead_letters.page(ctx.tx, params.paging(), {"dead": True})
    return Reply({"jobs": [records.wire_dead_letter(row) for row in page.rows], "pagination": page.pagination})


@operation(
    "queue.retry",
    "POST",
    "/queue",
    action="retry",
    scope="queue:write",
    result=RetriedJob,
    errors=(NotFound, Conflict),
)
async def retry(ctx: Context, params: RetryJob) -> Reply:
    """Put a failed or dead-lettered job back in line, with all its attempts before it."""
    row = await ctx.tx.row(revive, key=records.key_of(params.job_id))
    if row is None:
        status = (await records.get(ctx.tx, params.job_id))["status"]
        raise Conflict("Only a job that failed can be retried", details={"current_status": status})
    await jobs.enqueue_again(ctx.tx, row)
    ctx.note("job", params.job_id, "job.retried", {"type": row["type"], "last_error": row["last_error"]})
    return Reply({"id": params.job_id, "job_id": params.job_id, "status": row["status"], "attempts": row["attempts"]})


@operation("queue.purge", "DELETE", "/queue", scope="queue:write", result=Purged)
async def purge(ctx: Context, params: PurgeJobs) -> Reply:
    """Remove old jobs that came to an end, whichever it was. Those that wait or run are never removed."""
    before = ctx.now - timedelta(days=params.older_than_days)
    purged = await ctx.tx.value(records.purge, before=before)
    return _purged(ctx, purged, {"older_than_days": params.older_than_days})


@operation(
    "queue.purge_dead_letter", "DELETE", "/queue", action="purge-dead-letter", scope="queue:write", result=Purged
)
async def purge_dead_letters(ctx: Context, params: PurgeDeadLetters) -> Reply:
    """Remove all dead letters, and nothing else."""
    return _purged(ctx, await ctx.tx.value(records.purge_dead), {"dead_letter": True})


def _purged(ctx: Context, purged: int, which: dict[str, object]) -> Reply:
    ctx.note("queue", ids.encode("tenant", ctx.tenant_id), "queue.purged", {**which, "purged": purged})
    return Reply({"purged": purged})
