"""All schedules of the product: each runs on the real database, and of two processes one runs a tick."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from dealwright.app import Services
from dealwright.kernel.jobs import schedules
from dealwright.kernel.jobs.schedules import Scheduler
from tests.conftest import TestClock

NAMES = [name for name in schedules.names() if not name.startswith("test.")]


def test_what_runs_by_the_clock() -> None:
    assert {
        "deals.expire",
        "deals.signature_timeout",
        "idempotency.clean",
        "jobs.rescue",
        "payments.ask_again",
        "queue.depth",
        "queue.purge",
        "sessions.clean",
        "shop.due",
        "signing.integrity",
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
async def test_one_of_two_processes_runs_it(name: str, services: Services, clock: TestClock) -> None:
    two = Scheduler(services.pipeline), Scheduler(services.pipeline)
    every = schedules._schedules[name].every
    async with services.database.system() as tx:  # due, whatever other tests did
        await tx.connection.execute("DELETE FROM schedules WHERE name = $1", name)
    await two[0].prepare()
    began = clock()
    assert sorted(await asyncio.gather(*(each.tick(name) for each in two))) == [False, True]
    async with services.database.system() as tx:
        due = await tx.connection.fetchval("SELECT due_at FROM schedules WHERE name = $1", name)
    assert due - began >= every - timedelta(seconds=1), "a run that failed would be due sooner"
