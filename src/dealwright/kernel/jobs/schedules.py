"""What happens by the clock alone, over all workspaces.

A schedule's row says when it is due. Whoever moves that time runs it, so of many processes one does at each tick. A
schedule must stand being run twice all the same: it is due again soon when its process dies, or takes very long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.jobs.tables import schedules as table
from dealwright.kernel.store.statements import Statement, given

if TYPE_CHECKING:
    from dealwright.kernel.pipeline import Pipeline

log = structlog.get_logger("dealwright.schedules")

Work = Callable[["Pipeline"], Awaitable[object]]

_LOOK_SECONDS: Final = 5
_SOON: Final = timedelta(minutes=1)
"""When a schedule that failed is tried again."""
_LONGEST: Final = timedelta(minutes=10)
"""A run that has not ended by then may have died with its process; the schedule is due again."""


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    every: timedelta
    work: Work
    real_time: bool


_schedules: dict[str, Schedule] = {}


def schedule(name: str, *, every: timedelta, real_time: bool = False) -> Callable[[Work], Work]:
    """Run ``async def work(pipeline) -> None`` again and again, by one process at a time.

    The work finds what is due in ``pipeline.system()`` and deals with it inside each workspace
    (``pipeline.within(tenant, livemode)``). The first run is soon after the start, and so is one that became due while
    no process ran. Raises ValueError when the name is taken.

    It is run on the test clocks of workspaces, too, with a pipeline in whose reach there is nothing but the test mode
    of one; ``real_time`` keeps what looks after the server itself from that.
    """

    def declare(work: Work) -> Work:
        if name in _schedules:
            raise ValueError(f"schedule {name} is declared twice")
        _schedules[name] = Schedule(name, every, work, real_time)
        return work

    return declare


def of_the_business() -> list[Schedule]:
    """Those that follow the test clocks of workspaces."""
    return [each for each in _schedules.values() if not each.real_time]


def names() -> list[str]:
    return sorted(_schedules)


_new = insert(table).values(name=given("name"), due_at=given("due"))
_introduce: Final = Statement(
    _new.on_conflict_do_update(
        index_elements=[table.c.name],
        set_={"due_at": func.least(table.c.due_at, given("latest"))},
        where=table.c.due_at > given("latest"),
    )
)
"""A new schedule is due at once; one that is due later than its interval allows (it was changed) is due by then."""
_due: Final = Statement(select(table.c.name).where(table.c.due_at <= given("now")))
_claim: Final = Statement(
    update(table)
    .where(table.c.name == given("called"), table.c.due_at <= given("now"))
    .values(due_at=given("again"))
    .returning(table.c.name)
)
_settle: Final = Statement(
    update(table).where(table.c.name == given("called"), table.c.due_at == given("claimed")).values(due_at=given("due"))
)


class Scheduler:
    """Runs the schedules of one process."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._running: dict[str, asyncio.Task[bool]] = {}

    async def prepare(self) -> None:
        """Make the rows of schedules that are new."""
        now = self._pipeline.clock()
        async with self._pipeline.database.system() as tx:
            for each in _schedules.values():
                await tx.run(_introduce, name=each.name, due=now, latest=now + each.every)

    async def run(self) -> None:
        """Start what is due until cancelled; a slow schedule holds no other up."""
        try:
            prepared = False
            while True:
                try:
                    if not prepared:
                        await self.prepare()
                        prepared = True
                    await self._look()
                except DealwrightError as problem:
                    log.warning("schedules_wait", problem=str(problem))
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _look(self) -> None:
        async with self._pipeline.database.system(read_only=True) as tx:
            due = {row["name"] for row in await tx.rows(_due, now=self._pipeline.clock())}
        for name in due & _schedules.keys() - self._running.keys():
            task = self._running[name] = asyncio.create_task(self.tick(name))
            task.add_done_callback(lambda _, name=name: self._running.pop(name))  # type: ignore[misc]

    async def tick(self, name: str) -> bool:
        """Run one schedule if it is due and no other process has taken this tick; whether it ran."""
        each, now = _schedules[name], self._pipeline.clock()
        claimed = now + min(each.every, _LONGEST)
        async with self._pipeline.database.system() as tx:
            if await tx.value(_claim, called=name, now=now, again=claimed) is None:
                return False
        due = now + each.every
        try:
            await each.work(self._pipeline)
        except Exception:
            log.exception("schedule_failed", schedule=name)
            due = now + min(each.every, _SOON)
        async with self._pipeline.database.system() as tx:
            await tx.run(_settle, called=name, claimed=claimed, due=due)
        return True
