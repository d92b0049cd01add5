"""Background jobs as their workspace sees them, and when each schedule is due.

The queue itself, from which workers take, is procrastinate's: tables of its own, in the schema ``procrastinate``.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, metadata, tenant_table

PREFIX: Final = "job"

PENDING: Final = "pending"
PROCESSING: Final = "processing"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
DEAD_LETTER: Final = "dead_letter"

jobs: Final = tenant_table(
    "jobs",
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("arguments", JSONB, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("last_error", Text),
    Column("result", JSONB),
    instant("started_at", nullable=True),
    instant("finished_at", nullable=True),
    versioned=False,
)
"""``attempts``: tries that ended, and the one under way. ``runs`` counts the times that a worker took the job: an
outcome counts only from the run that took it last. ``lost`` counts the runs that ended with their worker."""

Index("ix_jobs_status", jobs.c.tenant_id, jobs.c.livemode, jobs.c.status, jobs.c.created_at)
Index("ix_jobs_finished", jobs.c.finished_at, postgresql_where=text("finished_at IS NOT NULL"))
Index("ix_jobs_pending", jobs.c.tenant_id, jobs.c.livemode, postgresql_where=text("status = 'pending'"))

queue_alerts: Final = Table(
    "queue_alerts",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("livemode", Boolean, primary_key=True),
    instant("alerted_at"),
    info={"isolation": "tenant_and_mode"},
)
"""The workspaces that were told that too much waits; the row goes when less does."""

schedules: Final = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True),
    instant("due_at"),
    info={"isolation": "none"},
)
