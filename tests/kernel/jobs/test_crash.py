"""A worker is killed (kill -9) in the middle of a job: the job runs again elsewhere, and not for ever."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import dealwright
from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.context import Steps
from dealwright.kernel.jobs.jobs import Job, job
from dealwright.kernel.jobs.records import MOST_LOST
from dealwright.kernel.jobs.worker import rescue
from tests.conftest import SECRET, Client
from tests.jobs import finished, job_row, run_jobs
from tests.kernel.jobs.dying_worker import Nothing

ROOT = Path(dealwright.__file__).parents[2]


@job(f"test.survivor.{os.getpid()}", attempts=1)
async def survivor(steps: Steps, arguments: Nothing) -> dict[str, Any]:
    return {"ran": "elsewhere"}


@job(f"test.killer.{os.getpid()}", attempts=1)
async def killer(steps: Steps, arguments: Nothing) -> dict[str, Any]:
    return {"ran": "elsewhere"}


async def enqueue(services: Services, api: Client, kind: Job[Nothing]) -> str:
    tenant = ids.decode("tenant", api.tenant_id)
    assert isinstance(tenant, UUID)
    async with services.pipeline.within(tenant, False) as ctx:
        return await ctx.enqueue(kind, Nothing())


async def die_in(services: Services, kind: Job[Nothing]) -> None:
    """Start another process that takes the job, and kill it there; then let its last sign of life be long ago."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kernel.jobs.dying_worker", services.database.dsn, kind.name, SECRET,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
    )  # fmt: skip
    assert child.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await child.stdout.readline() == b"begun\n"
    finally:
        child.kill()
        await child.wait()
    async with services.database.system() as tx:
        await tx.connection.execute(
            "UPDATE procrastinate.procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id IN"
            " (SELECT worker_id FROM procrastinate.procrastinate_jobs WHERE status = 'doing' AND queue_name = $1)",
            kind.name,
        )


async def test_a_killed_workers_job_runs_again(services: Services, api: Client) -> None:
    job_id = await enqueue(services, api, survivor)
    await die_in(services, survivor)
    assert (await job_row(services, api, job_id))["status"] == "processing"
    await run_jobs(services)
    assert (await job_row(services, api, job_id))["status"] == "processing", "nobody knows yet that the worker is dead"
    await asyncio.gather(*(rescue(services.pipeline) for _ in range(2)), return_exceptions=True)
    row = await finished(services, api, job_id)
    assert (row["status"], row["result"]) == ("completed", {"ran": "elsewhere"})
    assert (row["attempts"], row["runs"], row["lost"]) == (1, 2, 1)


async def test_a_job_that_kills_its_workers_is_put_aside(services: Services, api: Client, outbox: Any) -> None:
    job_id = await enqueue(services, api, killer)
    async with services.database.system() as tx:  # what so many killed workers leave behind
        await tx.connection.execute(
            "UPDATE jobs SET status = 'processing', attempts = 1, runs = $2, lost = $2 WHERE id = $1",
            ids.decode("job", job_id), MOST_LOST,
        )  # fmt: skip
    row = await finished(services, api, job_id)
    assert (row["status"], row["last_error"]) == ("dead_letter", "the worker was lost while it ran, again and again")
    assert [name for name, _ in await outbox(api)] == ["job.failed", "system.job_dead_letter"]
