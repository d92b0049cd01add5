"""What becomes of sessions by the clock alone."""

from __future__ import annotations

from datetime import timedelta

from dealwright.kernel.access import sessions
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.pipeline import Pipeline
from dealwright.modules.people.service import People


@schedule("sessions.clean", every=timedelta(minutes=10), real_time=True)
async def forget_lapsed(pipeline: Pipeline) -> None:
    """Remove sessions and remembered devices that nobody can use any more."""
    async with pipeline.database.system() as tx:
        await sessions.remove_lapsed(tx, pipeline.clock(), pipeline.providers.get(People).lifetimes)
