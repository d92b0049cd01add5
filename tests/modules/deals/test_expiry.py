"""Deals lapse at their ``expires_at``, once, and nothing else does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from dealwright.app import Services
from dealwright.kernel.jobs.schedules import Scheduler
from dealwright.modules.deals.expiry import expire
from tests.conftest import Client, TestClock


async def _deal(api: Client, **members: Any) -> str:
    return str((await api.data("POST", "/deals", json={"status": "in_progress", **members}))["id"])


async def _fired(api: Client, outbox: Any) -> list[str]:
    return [data["deal_id"] for name, data in await outbox(api) if name == "deal.expired"]


async def test_a_deal_lapses_once(services: Services, api: Client, clock: TestClock, outbox: Any) -> None:
    soon, later = ((clock() + timedelta(hours=hours)).isoformat() for hours in (1, 3))
    lapsing, staying, without = await _deal(api, expires_at=soon), await _deal(api, expires_at=later), await _deal(api)
    cancelled = await _deal(api, expires_at=soon)
    await api.data("POST", f"/deals?id={cancelled}&action=transition&status=cancelled")
    await expire(services.pipeline)
    assert await _fired(api, outbox) == []
    clock.offset += timedelta(hours=2)
    try:
        await asyncio.gather(*(expire(services.pipeline) for _ in range(4)))
        await expire(services.pipeline)
    finally:
        clock.offset -= timedelta(hours=2)
    assert await _fired(api, outbox) == [lapsing]
    [data] = [data for name, data in await outbox(api) if name == "deal.expired"]
    assert data["previous_status"] == "in_progress"
    states = {each: (await api.data("GET", f"/deals?id={each}"))["status"] for each in (lapsing, staying, without)}
    assert states == {lapsing: "expired", staying: "in_progress", without: "in_progress"}
    assert (await api.data("GET", f"/deals?id={cancelled}"))["status"] == "cancelled"
    refused = await api.post(f"/deals?id={lapsing}&action=transition&status=in_progress")
    assert refused.status_code == 409


async def test_two_processes_at_the_same_tick(services: Services, api: Client, clock: TestClock, outbox: Any) -> None:
    lapsing = await _deal(api, expires_at=(clock() + timedelta(hours=1)).isoformat())
    two = Scheduler(services.pipeline), Scheduler(services.pipeline)
    await two[0].prepare()
    clock.offset += timedelta(hours=2)
    try:
        ran = await asyncio.gather(*(each.tick("deals.expire") for each in two))
    finally:
        clock.offset -= timedelta(hours=2)
    assert sum(ran) <= 1
    await expire(services.pipeline) if not any(ran) else None
    assert await _fired(api, outbox) == [lapsing]


async def test_a_deal_that_cannot_lapse_keeps_no_other_waiting(
    services: Services, api: Client, clock: TestClock, outbox: Any, monkeypatch: Any
) -> None:
    from dealwright.modules.deals import service

    past = (clock() - timedelta(minutes=1)).isoformat()
    poison, other = await _deal(api, expires_at=past), await _deal(api, expires_at=past)
    real = service.move

    async def move(ctx: Any, row: Any, target: Any, **options: Any) -> Any:
        if service.records.resource.wire_id(row["id"]) == poison:
            raise RuntimeError("a defect")
        return await real(ctx, row, target, **options)

    monkeypatch.setattr(service, "move", move)
    await expire(services.pipeline)
    assert await _fired(api, outbox) == [other]
