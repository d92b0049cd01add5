"""Inputs and results of the operations on background jobs (Salesbooth API, Job Queue)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dealwright.kernel.fields import Identifier, Input, Integer, Wire
from dealwright.kernel.paging import Offsets, PaginationView

JobStatus = Literal["pending", "processing", "completed", "failed", "dead_letter"]


class QueueStatsQuery(Input):
    pass


class JobQuery(Input):
    job_id: Annotated[Identifier, Field(description="value of an X-Job-ID header")]


class DeadLetterQuery(Offsets):
    pass


class RetryJob(Input):
    job_id: Identifier


class PurgeJobs(Input):
    older_than_days: Annotated[
        Integer, Field(ge=0, le=36_500, description="since the job came to its end; 0: all that did")
    ] = 30


class PurgeDeadLetters(Input):
    pass


class QueueStats(Wire):
    """How many jobs there are in each status."""

    pending: int
    processing: int
    completed: int
    failed: int
    dead_letter: int
    oldest_pending_seconds: Annotated[int, Field(description="how long the oldest pending job has been in line")]


class JobView(Wire):
    id: str
    job_id: str
    type: str
    status: Annotated[
        JobStatus, Field(description="failed: repeating would not help; dead_letter: all attempts were used up")
    ]
    attempts: int
    max_attempts: int
    last_error: str | None
    created_at: str
    finished_at: str | None
    result: Annotated[dict[str, Any] | None, Field(description="what a completed job answered")]


class DeadLetterView(Wire):
    id: str
    job_id: str
    type: str
    attempts: int
    last_error: str | None
    dead_lettered_at: str


class DeadLetterJobs(Wire):
    jobs: list[DeadLetterView]
    pagination: PaginationView


class RetriedJob(Wire):
    id: str
    job_id: str
    status: JobStatus
    attempts: int


class Purged(Wire):
    purged: int
