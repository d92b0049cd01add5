"""Queue: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Pagination


class DeadLetterJobs(TypedDict):
    jobs: list[QueueDeadLetter]
    pagination: Pagination


class Job(TypedDict):
    id: str
    job_id: str
    type: str
    status: Literal["pending", "processing", "completed", "failed", "dead_letter"]
    """failed: repeating would not help; dead_letter: all attempts were used up"""
    attempts: int
    max_attempts: int
    last_error: str | None
    created_at: str
    finished_at: str | None
    result: dict[str, Any] | None
    """what a completed job answered"""


class Purged(TypedDict):
    purged: int


class QueueDeadLetter(TypedDict):
    id: str
    job_id: str
    type: str
    attempts: int
    last_error: str | None
    dead_lettered_at: str


class QueueStats(TypedDict):
    """How many jobs there are in each status."""

    pending: int
    processing: int
    completed: int
    failed: int
    dead_letter: int
    oldest_pending_seconds: int
    """how long the oldest pending job has been in line"""


class RetriedJob(TypedDict):
    id: str
    job_id: str
    status: Literal["pending", "processing", "completed", "failed", "dead_letter"]
    attempts: int


_DEAD_LETTER: Final[Endpoint[DeadLetterJobs]] = Endpoint(
    "GET", "/queue/dead-letter", query=frozenset({"limit", "offset"})
)
_JOB: Final[Endpoint[Job]] = Endpoint("GET", "/queue/jobs/{job_id}")
_PURGE: Final[Endpoint[Purged]] = Endpoint("DELETE", "/queue", query=frozenset({"older_than_days"}))
_PURGE_DEAD_LETTER: Final[Endpoint[Purged]] = Endpoint("DELETE", "/queue/purge-dead-letter")
_RETRY: Final[Endpoint[RetriedJob]] = Endpoint("POST", "/queue/retry", idempotent=True)
_STATS: Final[Endpoint[QueueStats]] = Endpoint("GET", "/queue")


class QueueGroup(Group):
    """``client.queue``."""

    def dead_letter(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> DeadLetterJobs:
        """Jobs that used up their attempts, newest first, until they are retried or purged.

        Scope: ``queue:read``.
        """
        return self._client._run(_DEAD_LETTER, {"limit": limit, "offset": offset}, timeout=timeout)

    def iterate_dead_letter(
        self,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Iterator[QueueDeadLetter]:
        """Every record of :meth:`dead_letter`, page after page."""
        return self._client._pages(_DEAD_LETTER, "jobs", {"limit": limit}, timeout=timeout)

    def job(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
    ) -> Job:
        """How a background job stands: the one that an answer named in X-Job-ID.

        ``job_id``: value of an X-Job-ID header

        Scope: ``queue:read``. Errors: ``not_found``.
        """
        return self._client._run(_JOB, {"job_id": job_id}, timeout=timeout)

    def purge(
        self,
        *,
        older_than_days: int | None = None,
        timeout: float | None = None,
    ) -> Purged:
        """Remove old jobs that came to an end, whichever it was. Those that wait or run are never removed.

        ``older_than_days``: since the job came to its end; 0: all that did

        Scope: ``queue:write``.
        """
        return self._client._run(_PURGE, {"older_than_days": older_than_days}, timeout=timeout)

    def purge_dead_letter(
        self,
        *,
        timeout: float | None = None,
    ) -> Purged:
        """Remove all dead letters, and nothing else.

        Scope: ``queue:write``.
        """
        return self._client._run(_PURGE_DEAD_LETTER, {}, timeout=timeout)

    def retry(
        self,
        *,
        job_id: str,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> RetriedJob:
        """Put a failed or dead-lettered job back in line, with all its attempts before it.

        Scope: ``queue:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_RETRY, {"job_id": job_id}, idempotency_key=idempotency_key, timeout=timeout)

    def stats(
        self,
        *,
        timeout: float | None = None,
    ) -> QueueStats:
        """How many background jobs of the workspace wait, run, and came to which end.

        Scope: ``queue:read``.
        """
        return self._client._run(_STATS, {}, timeout=timeout)


class AsyncQueueGroup(AsyncGroup):
    """``client.queue``, asynchronously."""

    async def dead_letter(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> DeadLetterJobs:
        """Jobs that used up their attempts, newest first, until they are retried or purged."""
        return await self._client._run(_DEAD_LETTER, {"limit": limit, "offset": offset}, timeout=timeout)

    def iterate_dead_letter(
        self,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[QueueDeadLetter]:
        """Every record of :meth:`dead_letter`, page after page."""
        return self._client._pages(_DEAD_LETTER, "jobs", {"limit": limit}, timeout=timeout)

    async def job(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
    ) -> Job:
        """How a background job stands: the one that an answer named in X-Job-ID."""
        return await self._client._run(_JOB, {"job_id": job_id}, timeout=timeout)

    async def purge(
        self,
        *,
        older_than_days: int | None = None,
        timeout: float | None = None,
    ) -> Purged:
        """Remove old jobs that came to an end, whichever it was. Those that wait or run are never removed."""
        return await self._client._run(_PURGE, {"older_than_days": older_than_days}, timeout=timeout)

    async def purge_dead_letter(
        self,
        *,
        timeout: float | None = None,
    ) -> Purged:
        """Remove all dead letters, and nothing else."""
        return await self._client._run(_PURGE_DEAD_LETTER, {}, timeout=timeout)

    async def retry(
        self,
        *,
        job_id: str,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> RetriedJob:
        """Put a failed or dead-lettered job back in line, with all its attempts before it."""
        return await self._client._run(_RETRY, {"job_id": job_id}, idempotency_key=idempotency_key, timeout=timeout)

    async def stats(
        self,
        *,
        timeout: float | None = None,
    ) -> QueueStats:
        """How many background jobs of the workspace wait, run, and came to which end."""
        return await self._client._run(_STATS, {}, timeout=timeout)
