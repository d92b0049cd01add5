"""Schedules: each tick runs once, whoever ticks; a failure is repeated soon; a moved clock brings the next one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dealwright.app import Services
from dealwright.kernel.jobs import schedules
from dealwright.kernel.jobs.schedules import Scheduler, schedule
from dealwright.kernel.pipeline import Pipeline
from tests.conftest import TestClock

NAME = f"test.tick.{os.getpid()}"
_ran: list[str] = []
_problems: list[Exception] = []


@schedule(NAME, every=timedelta(hours=1))
async def tick(pipeline: Pipeline) -> None:
    _ran.append("tick")
    await asyncio.sleep(0.05)
    if _problems:
        raise _problems.pop()


@pytest.fixture(autouse=True)
def _back(clock: TestClock) -> Iterator[None]:
    yield
    clock.offset = timedelta()


@pytest.fixture
async def two(services: Services) -> tuple[Scheduler, Scheduler]:
    """What two processes have."""
    _ran.clear()
    made = Scheduler(services.pipeline), Scheduler(services.pipeline)
    for each in made:
        await each.prepare()
    return made


async def test_of_two_processes_one_runs_a_tick(two: tuple[Scheduler, Scheduler], clock: TestClock) -> None:
    clock.offset += timedelta(hours=1)
    assert sorted(await asyncio.gather(*(each.tick(NAME) for each in two * 3))) == [False] * 5 + [True]
    assert _ran == ["tick"]
    clock.offset += timedelta(minutes=59)
    assert not await two[0].tick(NAME)
    clock.offset += timedelta(minutes=2)
    assert await two[1].tick(NAME)
    assert len(_ran) == 2


async def test_a_failed_tick_is_repeated_within_a_minute(two: tuple[Scheduler, Scheduler], clock: TestClock) -> None:
    clock.offset += timedelta(hours=2)
    _problems.append(RuntimeError("the database was away"))
    assert await two[0].tick(NAME)
    assert not await two[1].tick(NAME)
    clock.offset += timedelta(minutes=1)
    assert await two[1].tick(NAME)
    clock.offset += timedelta(minutes=2)
    assert not await two[0].tick(NAME)


async def test_a_tick_that_died_is_due_again(
    two: tuple[Scheduler, Scheduler], clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.offset += timedelta(hours=2)
    dying = asyncio.create_task(two[0].tick(NAME))
    await asyncio.sleep(0.03)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    ran = len(_ran)
    clock.offset += timedelta(minutes=11)
    assert await two[1].tick(NAME)
    assert len(_ran) == ran + 1


async def test_a_shorter_interval_holds_at_the_next_start(
    two: tuple[Scheduler, Scheduler], clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.offset += timedelta(hours=2)
    assert await two[0].tick(NAME)
    changed = schedules.Schedule(NAME, timedelta(minutes=5), tick, real_time=False)
    monkeypatch.setitem(schedules._schedules, NAME, changed)
    await two[0].prepare()
    clock.offset += timedelta(minutes=6)
    assert await two[0].tick(NAME)


async def test_the_loop_runs_what_is_due(
    services: Services, two: tuple[Scheduler, Scheduler], clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "_schedules", {NAME: schedules._schedules[NAME]})
    clock.offset += timedelta(hours=2)
    running = asyncio.create_task(Scheduler(services.pipeline).run())
    for _ in range(100):
        if _ran:
            break
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert _ran == ["tick"]
