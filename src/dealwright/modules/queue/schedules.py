"""The queue by the clock alone: an alarm when too much waits, and old jobs removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dealwright.kernel import ids
from dealwright.kernel.context import Elsewhere
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.store.statements import RawStatement

KEPT: Final = timedelta(days=30)
"""How long jobs that completed, or failed for good, can be asked about. Dead letters stay until somebody decides."""

QUEUE: Final = "jobs"

event_types.fired_by("system:job_queue", "queue.depth_alert")


@dataclass(frozen=True, slots=True)
class Alarm:
    """When a workspace is told that its queue is too deep: with more pending jobs than this."""

    threshold: int


_changed: Final = RawStatement(
    """
    SELECT coalesce(d.tenant_id, a.tenant_id) AS tenant_id, coalesce(d.livemode, a.livemode) AS livemode, d.depth
    FROM (SELECT tenant_id, livemode, count(*) AS depth FROM jobs WHERE status = 'pending'
          GROUP BY tenant_id, livemode HAVING count(*) > $1) AS d
    FULL JOIN queue_alerts AS a USING (tenant_id, livemode)
    WHERE a.tenant_id IS NULL OR d.tenant_id IS NULL
    """,
    ("threshold",),
)
_alert: Final = RawStatement(
    "INSERT INTO queue_alerts (tenant_id, livemode, alerted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1",
    ("tenant", "mode", "now"),
)
_purge: Final = RawStatement(
    "DELETE FROM jobs WHERE finished_at <= $1 AND status IN ('completed', 'failed')", ("before",)
)
_calm: Final = RawStatement("DELETE FROM queue_alerts WHERE tenant_id = $1 AND livemode = $2", ("tenant", "mode"))


@schedule("queue.depth", every=timedelta(minutes=1), real_time=True)
async def watch_depth(server: Elsewhere) -> int:
    """Fire queue.depth_alert where too many jobs wait, once until fewer do; answers how often."""
    threshold, told = server.providers.get(Alarm).threshold, 0
    async with server.system() as tx:
        changed = await tx.rows(_changed, threshold=threshold)
    for row in changed:
        async with server.within(row["tenant_id"], row["livemode"]) as ctx:
            if row["depth"] is None:
                await ctx.tx.run(_calm)
            elif await ctx.tx.value(_alert, now=ctx.now) is not None:
                data = {"queue": QUEUE, "depth": row["depth"], "threshold": threshold}
                ctx.announce_about("queue", ids.encode("tenant", ctx.tenant_id), "queue.depth_alert", data)
                told += 1
    return told


@schedule("queue.purge", every=timedelta(hours=6), real_time=True)
async def purge_old(pipeline: Pipeline) -> None:
    """Remove jobs that came to their end long ago."""
    async with pipeline.database.system() as tx:
        await tx.run(_purge, before=pipeline.clock() - KEPT)
