"""Background jobs and schedules; procrastinate's queue in a schema of its own."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

from dealwright.kernel.store.tables import SYSTEM_ROLE, isolation, owned_by_system

revision = "0012"
down_revision = "0011"

_TABLES = [
    """
    CREATE TABLE jobs (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        type text NOT NULL,
        status text NOT NULL,
        arguments jsonb NOT NULL,
        attempts integer NOT NULL,
        max_attempts integer NOT NULL,
        runs integer NOT NULL,
        lost integer NOT NULL,
        last_error text,
        result jsonb,
        started_at timestamptz,
        finished_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_jobs PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE INDEX ix_jobs_status ON jobs (tenant_id, livemode, status, created_at)",
    "CREATE INDEX ix_jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL",
    "CREATE INDEX ix_jobs_pending ON jobs (tenant_id, livemode) WHERE status = 'pending'",
    """
    CREATE TABLE queue_alerts (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        alerted_at timestamptz NOT NULL,
        CONSTRAINT pk_queue_alerts PRIMARY KEY (tenant_id, livemode)
    )
    """,
    """
    CREATE TABLE schedules (
        name text NOT NULL,
        due_at timestamptz NOT NULL,
        CONSTRAINT pk_schedules PRIMARY KEY (name)
    )
    """,
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO {SYSTEM_ROLE}",
]

_RIGHTS = [
    f"GRANT USAGE ON SCHEMA procrastinate TO {SYSTEM_ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA procrastinate TO {SYSTEM_ROLE}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA procrastinate TO {SYSTEM_ROLE}",
    # Workers hear of new jobs from our own signals; a NOTIFY would stand inside business transactions.
    "ALTER TABLE procrastinate.procrastinate_jobs DISABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1",
    # A later migration that follows a newer procrastinate can tell which of its schemas it finds.
    f"COMMENT ON SCHEMA procrastinate IS 'procrastinate {version('procrastinate')}'",
]

_ENQUEUE = """
CREATE FUNCTION enqueue_job(kind text, key uuid, start_at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = procrastinate, pg_temp
AS $$
    SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(
        kind, 'dealwright', 0, NULL, NULL,
        jsonb_build_object(
            'tenant', current_setting('app.tenant')::uuid,
            'livemode', current_setting('app.livemode')::boolean,
            'id', key
        ),
        start_at
    )]::procrastinate_job_to_defer_v1[]))[1]
$$
"""
"""A request can put a job of its own workspace in line, and see and change nothing of the queue."""


def _queue_schema() -> str:
    """What ``procrastinate.schema.SchemaManager`` reads, without what importing the package costs a first start."""
    package = find_spec("procrastinate")
    assert package is not None and package.origin is not None
    return (Path(package.origin).parent / "sql" / "schema.sql").read_text("utf-8")


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    for table in ("jobs", "queue_alerts"):
        for statement in isolation(table):
            op.execute(statement)
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path = procrastinate")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    await_only(driver.execute(_queue_schema()))  # many statements at once: past SQLAlchemy's preparing
    op.execute("SET LOCAL search_path TO DEFAULT")
    for statement in [*_RIGHTS, _ENQUEUE, *owned_by_system("enqueue_job(text, uuid, timestamptz)")]:
        op.execute(statement)
