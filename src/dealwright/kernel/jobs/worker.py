"""Running background jobs: procrastinate takes them from the queue, here they are carried out.

The queue holds a reference only; the job itself is a row of its workspace, and every change of that row names the run
that makes it, so a worker that was believed dead changes nothing any more. Each kind of job has a queue of its own:
a process takes the kinds that it knows, and one of another version leaves the rest to its successor.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import traceback
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import DealwrightError, NotFound
from dealwright.kernel.event_types import event_types
from dealwright.kernel.health import Check
from dealwright.kernel.jobs import jobs, records
from dealwright.kernel.jobs.jobs import DoNotRetry, Job, JobFailed
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.jobs.tables import DEAD_LETTER, FAILED, PREFIX
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.signals import Signals

if TYPE_CHECKING:
    from procrastinate import App

    from dealwright.kernel.pipeline import Pipeline

log = structlog.get_logger("dealwright.jobs")

TASK: Final = "dealwright"
"""The one task of procrastinate's; the function ``enqueue_job`` in the database names it, too."""

_POLL_SECONDS: Final = 1.0
_HEARTBEAT_SECONDS: Final = 5.0
STALLED_SECONDS: Final = 30.0
"""A worker that gave no sign of life for so long is dead, and its jobs are run again."""
_FINISH_SECONDS: Final = 10.0
"""How long running jobs may go on when the process stops; then they are interrupted and put back."""
_RESTART_SECONDS: Final = 1.0
_FIRST_SECONDS: Final = 0.5
"""How long a new process leaves the processor to its first answers."""

event_types.fired_by("system:job_queue", "job.completed", "job.failed", "system.job_dead_letter")


class Again(Exception):
    """Tells procrastinate when to run a job once more."""

    def __init__(self, at: datetime) -> None:
        self.at = at


class JobWorker:
    """Runs jobs until it is stopped, ``concurrency`` of them at once."""

    def __init__(self, pipeline: Pipeline, signals: Signals, concurrency: int) -> None:
        self._pipeline = pipeline
        self._signals = signals
        self._concurrency = concurrency
        self._worker: Any = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Take no more jobs; those under way are finished or put back."""
        self._stopping = True
        if self._task is None:
            return
        if self._worker is not None:
            self._worker.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._task), _FINISH_SECONDS + 5)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def run_waiting(self) -> None:
        """Run what waits now and return."""
        await self._make_worker(wait=False).run()

    async def _run(self) -> None:
        """Procrastinate's worker ends when the database goes away; it is then started again."""
        await asyncio.sleep(_FIRST_SECONDS)
        await asyncio.to_thread(importlib.import_module, "procrastinate.worker")
        while not self._stopping:
            try:
                self._worker = self._make_worker(wait=True)
                await self._worker.run()
            except DealwrightError as problem:
                log.warning("jobs_wait", problem=str(problem))
            except Exception:
                log.exception("job_worker_failed")
            if not self._stopping:
                await asyncio.sleep(_RESTART_SECONDS)

    def _make_worker(self, *, wait: bool) -> Any:
        from procrastinate.worker import Worker

        return Worker(
            queue_app(self._pipeline.database, self._signals, self._run_one),
            queues=jobs.names(),
            name=None,
            concurrency=self._concurrency,
            wait=wait,
            fetch_job_polling_interval=_POLL_SECONDS,
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            shutdown_graceful_timeout=_FINISH_SECONDS,
            delete_jobs="always",
            install_signal_handlers=False,
        )

    async def _run_one(self, tenant: str, livemode: bool, id: str) -> None:
        """One run of one job. Raises Again when there is to be another."""
        run = _Run(self._pipeline, UUID(tenant), livemode, UUID(id))
        try:
            await run()
        except NotFound:  # the workspace is gone
            return
        except Again:
            raise
        except Exception as problem:  # of the queue, not of the job: its row could not be read or written
            log.warning("job_run_not_recorded", job=run.wire_id, problem=repr(problem))
            raise Again(clock.utc_now() + timedelta(seconds=_RESTART_SECONDS)) from None


class _Run:
    """One job, taken once."""

    def __init__(self, pipeline: Pipeline, tenant: UUID, livemode: bool, key: UUID) -> None:
        self._pipeline = pipeline
        self._tenant = tenant
        self._livemode = livemode
        self._key = key
        self.wire_id = ids.encode(PREFIX, key)

    def _within(self) -> contextlib.AbstractAsyncContextManager[Context]:
        return self._pipeline.within(self._tenant, self._livemode)

    async def __call__(self) -> None:
        async with self._within() as ctx:
            row = await ctx.tx.row(records.take, key=self._key, now=ctx.now)
        if row is None:  # done by a run that could not say so, or removed
            return
        if row["lost"] > records.MOST_LOST:
            await self._end(row, DEAD_LETTER, "the worker was lost while it ran, again and again")
            return
        known: Job[Any] | None = jobs.by_name(row["type"])
        assert known is not None, "workers take the kinds of jobs that they know"
        try:
            steps = await self._pipeline.steps_within(self._tenant, self._livemode, f"job:{row['type']}")
            result = await known.run(steps, known.arguments.model_validate(row["arguments"]))
        except asyncio.CancelledError:
            async with self._within() as ctx:
                await ctx.tx.run(records.interrupt, key=self._key, run=row["runs"])
            raise
        except Exception as problem:
            await self._failed(known, row, problem)
        else:
            await self._completed(row, result)

    async def _completed(self, row: Mapping[str, Any], result: jobs.Result) -> None:
        outcome = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
        async with self._within() as ctx:
            done = await ctx.tx.value(records.complete, key=self._key, run=row["runs"], outcome=outcome, now=ctx.now)
            if done is not None:
                took = round((ctx.now - row["started_at"]).total_seconds() * 1000)
                self._announce(ctx, row, "job.completed", {"duration_ms": took})

    async def _failed(self, known: Job[Any], row: Mapping[str, Any], problem: Exception) -> None:
        error = shown(problem)
        expected = isinstance(problem, JobFailed | DealwrightError)
        log.warning(
            "job_attempt_failed",
            job=self.wire_id,
            type=row["type"],
            attempt=row["attempts"],
            error=error,
            trace=None if expected else "".join(traceback.format_tb(problem.__traceback__)),
        )
        if isinstance(problem, DoNotRetry | ValidationError):
            await self._end(row, FAILED, error)
        elif row["attempts"] >= row["max_attempts"]:
            await self._end(row, DEAD_LETTER, error)
        else:
            async with self._within() as ctx:
                back = await ctx.tx.value(records.put_back, key=self._key, run=row["runs"], error=error)
            if back is not None:
                raise Again(clock.utc_now() + known.wait_after(row["attempts"]))

    async def _end(self, row: Mapping[str, Any], final: str, error: str) -> None:
        async with self._within() as ctx:
            ended = await ctx.tx.value(
                records.give_up, key=self._key, run=row["runs"], final=final, error=error, now=ctx.now
            )
            if ended is not None:
                facts = {"error": error, "attempts": row["attempts"]}
                self._announce(ctx, row, "job.failed", facts)
                if final == DEAD_LETTER:
                    self._announce(ctx, row, "system.job_dead_letter", facts)

    def _announce(self, ctx: Context, row: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        ctx.announce_about("job", self.wire_id, name, {"job_id": self.wire_id, "job_type": row["type"], **facts})


def shown(problem: Exception) -> str:
    """What a workspace is told about a failed attempt: a message that was written for it, a code, else the kind."""
    if isinstance(problem, JobFailed) and str(problem):
        return str(problem)
    if isinstance(problem, DealwrightError):
        return problem.code
    return "timeout" if isinstance(problem, TimeoutError) else type(problem).__name__


def queue_app(database: Database, signals: Signals | None = None, run: Any = None) -> App:
    """Procrastinate over our database, with the one task that runs our jobs.

    Imported only here: it takes longer to load than all of ours, and a server's answers need not wait for it.
    """
    from procrastinate import App, BaseRetryStrategy, RetryDecision
    from procrastinate.jobs import Job as QueuedJob

    from dealwright.kernel.jobs.connector import Connector

    class Retrying(BaseRetryStrategy):
        def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision | None:
            if isinstance(exception, Again):
                return RetryDecision(retry_at=exception.at)
            if isinstance(exception, asyncio.CancelledError):
                return RetryDecision(retry_at=clock.utc_now())
            return None

    app = App(connector=Connector(database, signals))
    if run is not None:
        app.task(name=TASK, retry=Retrying())(run)
    return app


@schedule("jobs.rescue", every=timedelta(seconds=15), real_time=True)
async def rescue(pipeline: Pipeline) -> None:
    """Put the jobs of dead workers back in line."""
    manager = queue_app(pipeline.database).job_manager
    for each in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("job_rescued", job=each.task_kwargs.get("id"), type=each.queue)
        await manager.retry_job(each, retry_at=clock.utc_now())
    await manager.prune_stalled_workers(STALLED_SECONDS)


def queue_check(database: Database) -> Check:
    """How many jobs of all workspaces wait."""

    async def ask() -> Mapping[str, Any]:
        async with database.system(read_only=True) as tx:
            return {"pending": await tx.connection.fetchval(_PENDING)}

    return Check("queue", ask, critical=False)


_PENDING: Final = "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE status = 'todo'"
