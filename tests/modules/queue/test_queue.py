"""The job queue over HTTP: counters, single jobs, dead letters, retrying, purging, and the alarm."""

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
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.fields import Input
from dealwright.kernel.jobs.jobs import DoNotRetry, JobFailed, job
from dealwright.kernel.operations import Registry, Reply, operation
from dealwright.kernel.pipeline import Call
from dealwright.modules.queue import schedules
from dealwright.modules.queue.schedules import Alarm, watch_depth
from tests.conftest import Client, TestClock, Workspace
from tests.jobs import finished, run_jobs


class Ending(BaseModel):
    ending: str


_endings: dict[str, str] = {}


@job(f"test.end.{os.getpid()}", attempts=2, backoff=timedelta(milliseconds=1))
async def end(steps: Steps, arguments: Ending) -> Ending:
    how = _endings.get(arguments.ending, arguments.ending)
    if how == "dead":
        raise JobFailed("timeout")
    if how == "failed":
        raise DoNotRetry("the deal is gone")
    return arguments


def tenant(api: Client) -> UUID:
    key = ids.decode("tenant", api.tenant_id)
    assert key is not None
    return key


async def enqueue(services: Services, api: Client, ending: str) -> str:
    async with services.pipeline.within(tenant(api), api.livemode) as ctx:
        return await ctx.enqueue(end, Ending(ending=ending))


async def ended(services: Services, api: Client, ending: str) -> str:
    job_id = await enqueue(services, api, ending)
    await finished(services, api, job_id, livemode=api.livemode)
    return job_id


async def test_counters(services: Services, api: Client, clock: TestClock) -> None:
    empty = {"pending": 0, "processing": 0, "completed": 0, "failed": 0, "dead_letter": 0, "oldest_pending_seconds": 0}
    assert await api.data("GET", "/queue") == empty
    for ending in ("well", "well", "failed", "dead"):
        await ended(services, api, ending)
    await enqueue(services, api, "well")
    clock.offset += timedelta(minutes=2)
    try:
        found = await api.data("GET", "/queue")
    finally:
        clock.offset -= timedelta(minutes=2)
    assert found.pop("oldest_pending_seconds") in (120, 121, 122)
    assert found == {"pending": 1, "processing": 0, "completed": 2, "failed": 1, "dead_letter": 1}
    await run_jobs(services)


async def test_one_job(services: Services, api: Client) -> None:
    job_id = await ended(services, api, "well")
    for path in (f"/queue?action=job&job_id={job_id}", f"/queue/jobs/{job_id}"):
        found = await api.data("GET", path)
        assert found["finished_at"] >= found["created_at"]
        expected = {"id": job_id, "job_id": job_id, "type": end.name, "status": "completed", "attempts": 1,
                    "max_attempts": 2, "last_error": None, "result": {"ending": "well"}}  # fmt: skip
        assert {**expected, "created_at": found["created_at"], "finished_at": found["finished_at"]} == found
    assert (await api.get("/queue?action=job&job_id=job_none")).status_code == 404
    assert (await api.get("/queue?action=job")).status_code == 400


async def test_dead_letters_are_listed_retried_and_purged(services: Services, api: Client, outbox: Any) -> None:
    dead = [await ended(services, api, "dead") for _ in range(3)]
    failed = await ended(services, api, "failed")
    page = await api.data("GET", "/queue?action=dead-letter&limit=2")
    assert [each["job_id"] for each in page["jobs"]] == dead[:0:-1]
    assert {**page["jobs"][0], "dead_lettered_at": ""} == {
        "id": dead[2], "job_id": dead[2], "type": end.name, "attempts": 2, "last_error": "timeout",
        "dead_lettered_at": "",
    }  # fmt: skip
    pagination = {name: page["pagination"][name] for name in ("total", "limit", "offset", "count")}
    assert pagination == {"total": 3, "limit": 2, "offset": 0, "count": 2}
    _endings["dead"] = "well"
    try:
        answers = await asyncio.gather(*(api.post("/queue?action=retry", {"job_id": dead[0]}) for _ in range(5)))
        assert sorted(each.status_code for each in answers) == [200, 409, 409, 409, 409]
        [won] = [each.json()["data"] for each in answers if each.status_code == 200]
        assert won == {"id": dead[0], "job_id": dead[0], "status": "pending", "attempts": 0}
        row = await finished(services, api, dead[0])
        assert (row["status"], row["attempts"], row["last_error"]) == ("completed", 1, None)
    finally:
        del _endings["dead"]
    assert [data["job_id"] for name, data in await outbox(api) if name == "job.completed"] == [dead[0]]
    assert (await api.post("/queue?action=retry", {"job_id": failed})).status_code == 200
    await finished(services, api, failed)
    assert await api.data("DELETE", "/queue?action=purge-dead-letter") == {"purged": 2}
    assert (await api.data("GET", "/queue"))["failed"] == 1


async def test_purging_removes_old_ends_only(services: Services, api: Client, clock: TestClock) -> None:
    for ending in ("well", "failed", "dead"):
        await ended(services, api, ending)
    waiting = await enqueue(services, api, "well")
    assert await api.data("DELETE", "/queue") == {"purged": 0}
    clock.offset += timedelta(days=31)
    try:
        await schedules.purge_old(services.pipeline)
        left = await api.data("GET", "/queue")
        assert (left["completed"], left["failed"], left["dead_letter"], left["pending"]) == (0, 0, 1, 1)
        assert await api.data("DELETE", "/queue") == {"purged": 1}
    finally:
        clock.offset -= timedelta(days=31)
    assert (await api.data("GET", f"/queue/jobs/{waiting}"))["status"] == "pending"
    await finished(services, api, waiting)
    assert await api.data("DELETE", "/queue?older_than_days=0") == {"purged": 1}


async def test_scopes_and_modes(services: Services, workspace: Workspace) -> None:
    reader = await workspace.key(scopes=["queue:read"])
    live = await workspace.key("live")
    job_id = await ended(services, reader, "dead")
    assert (await reader.get(f"/queue/jobs/{job_id}")).status_code == 200
    assert (await reader.post("/queue?action=retry", {"job_id": job_id})).status_code == 403
    assert (await live.get(f"/queue/jobs/{job_id}")).status_code == 404
    assert await live.data("DELETE", "/queue?action=purge-dead-letter") == {"purged": 0}


async def test_too_many_waiting_jobs_raise_an_alarm_once(
    services: Services, api: Client, outbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(services.pipeline.providers._by_type, Alarm, Alarm(3))

    async def alarms() -> list[Any]:
        await asyncio.gather(*(watch_depth(services.pipeline) for _ in range(2)))
        return [data for name, data in await outbox(api) if name == "queue.depth_alert"]

    waiting = [await enqueue(services, api, "well") for _ in range(3)]
    assert await alarms() == []
    waiting.append(await enqueue(services, api, "well"))
    once = [{"queue": "jobs", "depth": 4, "threshold": 3}]
    assert await alarms() == once
    assert await alarms() == once
    for each in waiting:
        await finished(services, api, each)
    assert await alarms() == once
    waiting = [await enqueue(services, api, "well") for _ in range(5)]
    assert await alarms() == [*once, {"queue": "jobs", "depth": 5, "threshold": 3}], "it grew anew"
    for each in waiting:
        await finished(services, api, each)


starters = Registry()


class Start(Input):
    ending: str


@operation("test.start", "POST", "/test-start", scope=None, result=None, into=starters)
async def start(ctx: Context, params: Start) -> Reply:
    """Start a job, and a second one by the way."""
    first = await ctx.enqueue(end, Ending(ending=params.ending))
    await ctx.enqueue(end, Ending(ending=params.ending))
    return Reply({"first": first})


@operation("test.start_in_steps", "POST", "/test-start-steps", scope=None, result=None, own_transactions=True,
           into=starters)  # fmt: skip
async def start_in_steps(steps: Steps, params: Start) -> Reply:
    """Start a job between asking others."""
    async with steps.transaction() as ctx:
        return Reply({"first": await ctx.enqueue(end, Ending(ending=params.ending))})


@pytest.mark.parametrize("operation_id", ["test.start", "test.start_in_steps"])
async def test_an_answer_names_the_job_that_it_started(services: Services, api: Client, operation_id: str) -> None:
    principal = await services.directory.find(api.key)
    call = Call(starters[operation_id], {"ending": "well"}, principal, "ref", idempotency_key="once")
    outcome, again = await services.pipeline.run(call), await services.pipeline.run(call)
    assert ("X-Job-ID", outcome.data["first"]) in outcome.headers
    assert (again.headers, again.replayed) == (outcome.headers, True)
    await finished(services, api, outcome.data["first"])
