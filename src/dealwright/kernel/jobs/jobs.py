"""Background jobs: declared as functions, enqueued in the transaction that makes them necessary.

A job is there exactly if that transaction commits. Workers (:mod:`dealwright.kernel.jobs.worker`) run it at least
once: a worker may die after the job's effects and before they were noted, so a job must stand running again (look
before it acts, and let the database's constraints decide).
"""

from __future__ import annotations

import inspect
import random
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic import BaseModel

from dealwright.kernel import clock, ids
from dealwright.kernel.jobs.tables import PREFIX
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.statements import RawStatement

if TYPE_CHECKING:
    from dealwright.kernel.context import Steps

JOBS_WAITING: Final = "jobs_waiting"
"""Signal: jobs were committed and wait for a worker."""

_LONGEST_WAIT: Final = timedelta(hours=1)

A = TypeVar("A", bound=BaseModel)
Result = BaseModel | Mapping[str, Any] | None


class JobFailed(Exception):
    """An attempt did not succeed. The message is shown to the workspace as ``last_error``: no secrets, no personal
    data. Of any other exception only the kind is shown.
    """


class DoNotRetry(JobFailed):
    """The job cannot succeed, however often it is tried."""


@dataclass(frozen=True, eq=False, slots=True)
class Job(Generic[A]):
    """A kind of background work."""

    name: str
    run: Callable[[Steps, A], Awaitable[Result]]
    arguments: type[A]
    attempts: int
    backoff: timedelta

    def wait_after(self, attempt: int) -> timedelta:
        """How long to wait after a failed attempt (from 1): doubled each time, at most an hour, half of it random."""
        longest = min(self.backoff * 2 ** min(attempt - 1, 20), _LONGEST_WAIT)
        return timedelta(seconds=longest.total_seconds() * random.uniform(0.5, 1.0))


_jobs: dict[str, Job[Any]] = {}


def job(
    name: str, *, attempts: int = 3, backoff: timedelta = timedelta(seconds=10)
) -> Callable[[Callable[[Steps, A], Awaitable[Result]]], Job[A]]:
    """Declare ``async def work(steps: Steps, arguments: Model) -> Model | dict | None`` as a kind of job.

    ``steps.transaction()`` acts as the server itself inside the workspace that enqueued the job. Arguments and result
    are stored readable: ids and numbers, never personal data. A failed attempt is repeated after ``backoff``, twice
    that, and so on; after ``attempts`` of them the job is a dead letter. A run that ended with its worker (a crash) is
    repeated without counting as an attempt. Raises ValueError when the name is taken.
    """

    def declare(work: Callable[[Steps, A], Awaitable[Result]]) -> Job[A]:
        if name in _jobs:
            raise ValueError(f"job {name} is declared twice")
        arguments = typing.get_type_hints(work)[list(inspect.signature(work).parameters)[1]]
        declared: Job[A] = Job(name, work, arguments, attempts, backoff)
        _jobs[name] = declared
        return declared

    return declare


def by_name(name: str) -> Job[Any] | None:
    """The kind of job of that name, or None."""
    return _jobs.get(name)


def names() -> list[str]:
    """The kinds of jobs that this process can run."""
    return sorted(_jobs)


_enqueue: Final = RawStatement(
    """
    WITH made AS (
        INSERT INTO jobs (tenant_id, livemode, id, type, status, arguments, attempts, max_attempts, runs, lost,
                          created_at)
        VALUES ($1, $2, $3, $4, 'pending', $5, 0, $6, 0, 0, $7)
        RETURNING id, type
    )
    SELECT enqueue_job(made.type, made.id, $8) FROM made
    """,
    ("tenant", "mode", "id", "type", "arguments", "max_attempts", "now", "start_at"),
)
_enqueue_again: Final = RawStatement("SELECT enqueue_job($1, $2, $3)", ("type", "id", "start_at"))


def start_at(delay: timedelta | None) -> datetime | None:
    """When a job may start, by the clock of the machines: the queue compares it with the database's."""
    return None if delay is None else clock.utc_now() + delay


async def enqueue(tx: Transaction, job: Job[A], arguments: A, now: datetime, delay: timedelta | None = None) -> str:
    """Put a job in line, to start when the transaction has committed, or ``delay`` later. Answers its wire id."""
    key = ids.uuid7()
    await tx.value(
        _enqueue,
        id=key,
        type=job.name,
        arguments=job.arguments.model_validate(arguments).model_dump(mode="json"),
        max_attempts=job.attempts,
        now=now,
        start_at=start_at(delay),
    )
    tx.signal(JOBS_WAITING)
    return ids.encode(PREFIX, key)


async def enqueue_again(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Put a job whose row says ``pending`` once more in line."""
    await tx.value(_enqueue_again, type=row["type"], id=row["id"], start_at=None)
    tx.signal(JOBS_WAITING)
