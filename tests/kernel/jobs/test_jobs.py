"""Background jobs: there exactly if the transaction commits, repeated when they fail, put aside when they must be."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.context import Steps
from dealwright.kernel.errors import Conflict
from dealwright.kernel.jobs import worker
from dealwright.kernel.jobs.jobs import DoNotRetry, Job, JobFailed, by_name, job
from tests.conftest import Client
from tests.jobs import job_row, run_jobs

# The kinds of jobs of a test process are its own, so that no other one takes them.


class Numbered(BaseModel):
    number: int


async def _customers(steps: Steps) -> int:
    async with steps.transaction() as ctx:
        return int(await ctx.tx.connection.fetchval("SELECT count(*) FROM customers"))


@job(f"test.double.{os.getpid()}")
async def double(steps: Steps, arguments: Numbered) -> dict[str, Any]:
    return {"doubled": arguments.number * 2, "customers": await _customers(steps)}


_failures: dict[int, list[Exception | None]] = {}


@job(f"test.fail.{os.getpid()}", backoff=timedelta(milliseconds=1))
async def fail(steps: Steps, arguments: Numbered) -> None:
    if (problem := _failures[arguments.number].pop(0)) is not None:
        raise problem


def tenant(api: Client) -> UUID:
    key = ids.decode("tenant", api.tenant_id)
    assert key is not None
    return key


async def enqueue(services: Services, api: Client, kind: Job[Numbered], number: int, **options: Any) -> str:
    async with services.pipeline.within(tenant(api), False) as ctx:
        return await ctx.enqueue(kind, Numbered(number=number), **options)


async def test_a_job_runs_once_in_its_workspace(services: Services, api: Client, outbox: Any) -> None:
    await api.data("POST", "/customers", json={"name": "Jane", "email": "jane@example.com"})
    job_id = await enqueue(services, api, double, 21)
    assert job_id.startswith("job_")
    assert (await job_row(services, api, job_id))["status"] == "pending"
    await run_jobs(services)
    row = await job_row(services, api, job_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("completed", 1, None)
    assert row["result"] == {"doubled": 42, "customers": 1}
    assert row["finished_at"] >= row["started_at"] >= row["created_at"]
    events = [data for name, data in await outbox(api) if name == "job.completed"]
    assert [(each["job_id"], each["job_type"]) for each in events] == [(job_id, double.name)]
    assert events[0]["duration_ms"] >= 0


async def test_a_job_of_a_transaction_that_fails_never_was(services: Services, api: Client) -> None:
    class Undo(Exception):
        pass

    made = []
    with pytest.raises(Undo):
        async with services.pipeline.within(tenant(api), False) as ctx:
            made.append(await ctx.enqueue(double, Numbered(number=1)))
            raise Undo
    assert await job_row(services, api, made[0]) is None
    async with services.database.system() as tx:
        left = await tx.connection.fetchval(
            "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE args->>'id' = $1",
            str(ids.decode("job", made[0])),
        )
    assert left == 0


async def test_a_failed_attempt_is_repeated(services: Services, api: Client, outbox: Any) -> None:
    _failures[1] = [ValueError("jane@example.com is no number"), Conflict("not now"), None]
    job_id = await enqueue(services, api, fail, 1)
    await run_jobs(services)
    row = await job_row(services, api, job_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 1, "ValueError"), "and nothing personal"
    await run_jobs(services, until=lambda: not _failures[1])
    row = await job_row(services, api, job_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("completed", 3, None)
    names = [name for name, _ in await outbox(api) if name.startswith(("job.", "system."))]
    assert names == ["job.completed"]


async def test_a_job_that_used_up_its_attempts_is_a_dead_letter(services: Services, api: Client, outbox: Any) -> None:
    _failures[2] = [JobFailed("the provider says no")] * 3
    job_id = await enqueue(services, api, fail, 2)
    await run_jobs(services, until=lambda: not _failures[2])
    row = await job_row(services, api, job_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("dead_letter", 3, "the provider says no")
    facts = {"job_id": job_id, "job_type": fail.name, "error": "the provider says no", "attempts": 3}
    told = [(name, data) for name, data in await outbox(api) if name.startswith(("job.", "system."))]
    assert told == [("job.failed", facts), ("system.job_dead_letter", facts)]


async def test_a_job_that_cannot_succeed_is_not_repeated(services: Services, api: Client, outbox: Any) -> None:
    _failures[3] = [DoNotRetry("the deal is gone"), JobFailed("never reached")]
    job_id = await enqueue(services, api, fail, 3)
    await run_jobs(services)
    row = await job_row(services, api, job_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("failed", 1, "the deal is gone")
    assert [name for name, _ in await outbox(api) if name.startswith(("job.", "system."))] == ["job.failed"]


async def test_a_delayed_job_waits(services: Services, api: Client) -> None:
    job_id = await enqueue(services, api, double, 1, delay=timedelta(hours=1))
    await run_jobs(services)
    assert (await job_row(services, api, job_id))["status"] == "pending"


async def test_a_job_that_never_ends_holds_no_other_up(services: Services, api: Client) -> None:
    stuck, others = await enqueue(services, api, hang, 1), []
    for number in range(5):
        others.append(await enqueue(services, api, double, number))
    running = worker.JobWorker(services.pipeline, services.signals, concurrency=2)
    await running.start()
    try:
        for _ in range(100):
            rows = [await job_row(services, api, each) for each in others]
            if all(row["status"] == "completed" for row in rows):
                break
            await asyncio.sleep(0.1)
        assert {row["status"] for row in rows} == {"completed"}
        assert (await job_row(services, api, stuck))["status"] == "processing"
    finally:
        _hung.set()
        await running.stop()
    assert (await job_row(services, api, stuck))["status"] == "completed", "a worker that stops finishes what it began"


_hung = asyncio.Event()


@job(f"test.hang.{os.getpid()}")
async def hang(steps: Steps, arguments: Numbered) -> None:
    await _hung.wait()


async def test_a_worker_that_stops_puts_back_what_takes_too_long(
    services: Services, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_FINISH_SECONDS", 0.1)
    _hung.clear()
    job_id = await enqueue(services, api, hang, 2)
    running = worker.JobWorker(services.pipeline, services.signals, concurrency=1)
    await running.start()
    for _ in range(100):
        if (await job_row(services, api, job_id))["status"] == "processing":
            break
        await asyncio.sleep(0.05)
    await running.stop()
    row = await job_row(services, api, job_id)
    assert (row["status"], row["attempts"], row["lost"]) == ("pending", 0, 0)
    _hung.set()
    await run_jobs(services)
    assert (await job_row(services, api, job_id))["status"] == "completed"


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        job(double.name)(double.run)
    assert by_name(double.name) is double


def test_waiting_doubles_up_to_an_hour() -> None:
    for attempt, longest in ((1, 10), (2, 20), (3, 40), (60, 3600)):
        waits = [double.wait_after(attempt).total_seconds() for _ in range(200)]
        assert longest / 2 <= min(waits) <= max(waits) <= longest
        assert len(set(waits)) > 100, "workers that failed together do not come back together"
