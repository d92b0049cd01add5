"""The row of a job through its life: taken by a worker, completed, put back, or at its end."""

from __future__ import annotations

from typing import Final

from sqlalchemy import case, null, select, update

from dealwright.kernel.jobs.tables import COMPLETED, DEAD_LETTER, FAILED, PENDING, PROCESSING, jobs
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given

MOST_LOST: Final = 3
"""A job that so often took its worker with it is not tried again."""

_here: Final = in_scope(jobs) & (jobs.c.id == given("key"))
_own_run: Final = _here & (jobs.c.status == PROCESSING) & (jobs.c.runs == given("run"))

take: Final = Statement(
    update(jobs)
    .where(_here, (jobs.c.status == PENDING) | (jobs.c.status == PROCESSING))
    .values(
        status=PROCESSING,
        attempts=case((jobs.c.status == PENDING, jobs.c.attempts + 1), else_=jobs.c.attempts),
        lost=case((jobs.c.status == PENDING, jobs.c.lost), else_=jobs.c.lost + 1),
        runs=jobs.c.runs + 1,
        started_at=given("now"),
    )
    .returning(*jobs.columns)
)
"""A job that is still being processed when it is taken was lost by the worker that had it."""

complete: Final = Statement(
    update(jobs)
    .where(_own_run)
    .values(status=COMPLETED, result=given("outcome"), last_error=null(), finished_at=given("now"))
    .returning(jobs.c.id)
)
put_back: Final = Statement(
    update(jobs).where(_own_run).values(status=PENDING, last_error=given("error")).returning(jobs.c.id)
)
give_up: Final = Statement(
    update(jobs)
    .where(_own_run)
    .values(status=given("final"), last_error=given("error"), finished_at=given("now"))
    .returning(jobs.c.id)
)
interrupt: Final = Statement(
    update(jobs).where(_own_run).values(status=PENDING, attempts=jobs.c.attempts - 1).returning(jobs.c.id)
)
"""The worker stops: the attempt does not count."""

find: Final = Statement(select(jobs).where(_here))

revive: Final = Statement(
    update(jobs)
    .where(_here, (jobs.c.status == FAILED) | (jobs.c.status == DEAD_LETTER))
    .values(status=PENDING, attempts=0, lost=0, finished_at=null())
    .returning(*jobs.columns)
)
