"""Running background jobs in tests, where no worker runs by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.jobs.worker import JobWorker
from tests.conftest import Client


async def run_jobs(services: Services, until: Callable[[], bool] = lambda: True) -> None:
    """Run the jobs that wait, again until ``until`` says so (for jobs that are repeated); at most ten seconds."""
    for _ in range(100):
        await JobWorker(services.pipeline, services.signals, concurrency=4).run_waiting()
        if until():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the jobs did not get there in time")


async def finished(services: Services, api: Client, job_id: str, *, livemode: bool = False) -> Any:
    """The row of a job once it has come to its end, here or in another test process."""
    for _ in range(100):
        await JobWorker(services.pipeline, services.signals, concurrency=4).run_waiting()
        row = await job_row(services, api, job_id, livemode=livemode)
        if row["finished_at"] is not None:
            return row
        await asyncio.sleep(0.1)
    raise AssertionError(f"{job_id} did not come to its end in time")


async def job_row(services: Services, api: Client, job_id: str, *, livemode: bool = False) -> Any:
    """The row of a job of the caller's workspace, None when there is none."""
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode, read_only=True) as tx:
        return await tx.connection.fetchrow("SELECT * FROM jobs WHERE id = $1", ids.decode("job", job_id))
