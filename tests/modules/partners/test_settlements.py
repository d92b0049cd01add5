"""Settlements: worked out exactly, paid out once, or taken back as a whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from dealwright.kernel import ids
from dealwright.modules.partners import payouts
from tests.modules.escrow.conftest import Vault
from tests.modules.partners.conftest import QUEUE, Table


async def told(outbox: Any, table: Table) -> list[str]:
    return [name for name, _ in await outbox(table.api) if "settlement" in name]


async def test_the_workspace_keeps_what_is_nobodys(table: Table, outbox: Any) -> None:
    assert await table.settled() == ([], None)
    await table.close()
    legs, saga = await table.settled()
    [own] = legs
    assert (own["role"], own["share_percent"], own["amount"], own["status"]) == ("seller", 100.0, 1000.0, "settled")
    assert own["participant_id"] == table.api.tenant_id
    assert saga is None
    assert await told(outbox, table) == []


async def test_shares_are_paid_out_when_the_deal_is_paid(table: Table, outbox: Any) -> None:
    lead = await table.seat("agent_lead", 70, "primary_agent")
    helper = await table.seat("agent_helper", 15)
    await table.invite("agent_late", 5)
    closed = await table.close()
    assert closed is not None
    assert closed.headers["x-job-id"].startswith("job_"), "closing started the payout"
    legs, _ = await table.settled()
    assert [each["status"] for each in legs] == ["pending"] * 3
    await table.work()
    legs, saga = await table.settled()
    assert saga is not None
    assert (saga["status"], saga["round"], saga["failure_reason"]) == ("completed", 1, None)
    assert [(each["participant_id"], each["role"], each["share_percent"], each["amount"]) for each in legs] == [
        (lead["id"], "primary_agent", 70.0, 700.0),
        (helper["id"], "co_agent", 15.0, 150.0),
        (table.api.tenant_id, "seller", 15.0, 150.0),
    ], "an invitation that was not accepted has no share"
    assert {each["status"] for each in legs} == {"settled"}
    assert await table.transfers() == [("agent_lead", "paid", "700.00"), ("agent_helper", "paid", "150.00")]
    created, begun = ["deal.settlement_created"] * 2, ["deal.settlement_initiated", "deal.settlement_completed"] * 2
    assert await told(outbox, table) == [*created, *begun, "deal.settlement_all_completed"]
    last = next(data for name, data in await outbox(table.api) if name == "deal.settlement_all_completed")
    assert (last["settlement_count"], last["total_amount"], last["currency"]) == (2, "850.00", "USD")
    same = await table.api.data("GET", f"/deal-participants?deal_id={table.deal_id}&action=settlements")
    assert same["settlements"] == legs


async def test_a_deal_that_is_closed_unpaid_is_settled_when_it_is_paid(table: Table) -> None:
    await table.seat("agent_lead", 50)
    await table.close(pay=False)
    await table.work()
    _, saga = await table.settled()
    assert (saga or {})["status"] == "pending"
    assert await table.transfers() == []
    body = {"deal_id": table.deal_id, "amount": 1000}
    await table.api.data("POST", "/payments?action=record-manual", json=body)
    await table.work()
    _, saga = await table.settled()
    assert (saga or {})["status"] == "completed"
    assert len(await table.transfers()) == 1


async def test_an_escrow_that_is_released_is_shared(table: Table) -> None:
    await table.seat("agent_lead", 25)
    vault = Vault(table.api, table.services, table.deal_id)
    await vault.ready()
    released = await vault.act("release_escrow")
    assert released.headers["x-job-id"].startswith("job_")
    await table.work()
    assert await table.transfers() == [("agent_lead", "paid", "250.00")]
    assert await vault.book() == [("succeeded", "1000.00")]


async def test_a_payout_that_fails_for_good_takes_all_back(table: Table, outbox: Any) -> None:
    await table.seat("agent_first", 30)
    await table.seat("agent_sandbox_closed", 20)
    await table.seat("agent_third", 10)
    await table.close()
    await table.work_until("compensated")
    legs, saga = await table.settled()
    assert saga is not None
    assert (saga["status"], saga["failure_reason"]) == ("compensated", "account_closed")
    assert [each["status"] for each in legs] == ["reversed", "failed", "pending", "pending"]
    book = await table.transfers()
    assert [row[:2] for row in book if row[1] != "declined"] == [("agent_first", "reversed")]
    assert Counter(status for _, status, _ in book)["declined"] == 3
    counted = Counter(await told(outbox, table))
    assert counted["deal.settlement_failed"] == 1
    assert counted["deal.settlement_all_completed"] == 0

    again = await table.api.post(f"/deals?id={table.deal_id}&action=settle")
    assert again.status_code == 202
    assert again.headers["x-job-id"].startswith("job_")
    assert again.json()["data"]["saga"]["round"] == 2
    await table.work_until("compensated")
    book = await table.transfers()
    assert [row[1] for row in book if row[0] == "agent_first"] == ["reversed", "reversed"]


async def test_a_payout_that_is_declined_at_first_is_tried_again(table: Table, outbox: Any) -> None:
    await table.seat("agent_sandbox_flaky", 30)
    await table.close()
    await table.work_until("completed")
    assert [status for _, status, _ in await table.transfers()] == ["declined", "declined", "paid"]
    counted = Counter(await told(outbox, table))
    assert counted["deal.settlement_initiated"] == counted["deal.settlement_completed"] == 1
    assert counted["deal.settlement_failed"] == 0


async def test_a_lost_answer_pays_once(table: Table) -> None:
    await table.seat("agent_sandbox_lost", 30)
    await table.close()
    await table.work_until("completed")
    assert await table.transfers() == [("agent_sandbox_lost", "paid", "300.00")]


async def test_several_workers_pay_once(table: Table, outbox: Any) -> None:
    for number in range(4):
        await table.seat(f"agent_{number}", 20)
    await table.close()
    tenant = ids.decode("tenant", table.api.tenant_id)
    assert tenant is not None
    steps = [await table.services.pipeline.steps_within(tenant, livemode=False) for _ in range(5)]
    arguments = payouts.OfDeal(deal_id=table.deal_id)
    await asyncio.gather(*(payouts.settle.run(each, arguments) for each in steps))
    assert Counter(status for _, status, _ in await table.transfers()) == {"paid": 4}
    counted = Counter(await told(outbox, table))
    assert counted["deal.settlement_completed"] == 4
    assert counted["deal.settlement_all_completed"] == 1


async def test_a_saga_that_lost_its_job_gets_another(table: Table, clock: Any) -> None:
    await table.seat("agent_sandbox_lost", 30)
    await table.close()
    async with table.services.database.system(settings=QUEUE) as tx:
        await tx.connection.execute(
            "UPDATE settlements SET status = 'executing' WHERE tenant_id = $1",
            ids.decode("tenant", table.api.tenant_id),
        )
        await tx.connection.execute(
            "DELETE FROM procrastinate.procrastinate_jobs WHERE args->>'tenant' = $1",
            str(ids.decode("tenant", table.api.tenant_id)),
        )
    before = clock.offset
    try:
        clock.offset += timedelta(minutes=6)
        await payouts.rescue(table.services.pipeline)
        await table.work_until("completed")
    finally:
        clock.offset = before
    assert len(await table.transfers()) == 1


@pytest.mark.parametrize("paid", [True, False])
async def test_only_a_failed_settlement_begins_again(table: Table, paid: bool) -> None:
    if paid:
        await table.seat("agent_lead", 50)
        await table.close()
        await table.work()
    refused = await table.api.post(f"/deals?id={table.deal_id}&action=settle")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert len(await table.transfers()) == int(paid)
