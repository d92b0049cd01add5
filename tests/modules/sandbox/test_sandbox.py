"""Test records: seeded, counted, cleared away completely, and never those of another mode or workspace."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.event_types import event_types
from dealwright.kernel.store.tables import metadata
from dealwright.modules.sandbox import records
from tests.conftest import Client, Workspace
from tests.contract.samples import SAMPLES, TEST_MODE_ONLY
from tests.receiver import Receiver

HERE = {"environment": "test", "sandbox": True}


async def rows_of(services: Services, client: Client, *, livemode: bool) -> dict[str, int]:
    """How many rows the workspace has in each table that belongs to a mode."""
    tenant = ids.decode("tenant", client.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode) as tx:
        return {
            table.name: await tx.connection.fetchval(f"SELECT count(*) FROM {table.name}")
            for table in metadata.tables.values()
            if table.info.get("isolation") == "tenant_and_mode"
        }


async def test_a_seeded_sandbox_has_the_documented_numbers(api: Client, outbox: Any) -> None:
    done = await api.data("POST", "/sandbox/seed", expect=200)
    assert done == {
        **HERE,
        "action": "seed",
        "seeded": {"customers": 5, "products": 10, "deals": 10, "deal_line_items": 22, "contracts": 1},
        "total_seeded": 48,
        "message": "Created 48 test records: 5 customers, 10 products, 10 deals, 22 line items, 1 contracts.",
    }
    deals = (await api.data("GET", "/deals"))["deals"]
    assert len({deal["status"] for deal in deals}) >= 5
    assert {deal["payment_status"] for deal in deals} == {"unpaid", "partially_paid", "paid"}
    assert len({deal["created_at"][:10] for deal in deals}) == 10, "they did not all happen today"
    assert {"customer.created", "deal.created", "deal.closed"} < {name for name, _ in await outbox(api)}
    counts = {"deals": 10, "customers": 5, "products": 10, "contracts": 1}
    assert await api.data("GET", "/sandbox/status") == {
        **HERE,
        "counts": {**counts, "deal_escrow": 0},
        "total_test_records": 26,
    }
    assert await api.data("POST", "/sandbox/reset") == {
        **HERE,
        "action": "reset",
        "deleted": counts,
        "total_deleted": 26,
        "message": "Cleared 26 test records across 4 tables.",
    }


async def test_seeding_again_adds_another_set(api: Client) -> None:
    for _ in range(3):
        await api.data("POST", "/sandbox/seed")
    assert (await api.data("GET", "/sandbox/status"))["counts"]["customers"] == 15


async def test_two_seeds_at_once_are_both_whole_or_refused(api: Client) -> None:
    answers = await asyncio.gather(*(api.post("/sandbox/seed") for _ in range(2)))
    done = [each for each in answers if each.status_code == 200]
    assert {each.status_code for each in answers} <= {200, 409}
    counts = (await api.data("GET", "/sandbox/status"))["counts"]
    assert (counts["customers"], counts["deals"]) == (5 * len(done), 10 * len(done))


async def test_a_reset_leaves_no_record_of_the_business(api: Client, services: Services) -> None:
    for make in SAMPLES.values():
        await make(api)
    await api.post("/customers", {"name": "K", "email": "k@example.com"}, headers={"Idempotency-Key": "k"})
    await api.data("POST", "/sandbox/seed")
    before = await rows_of(services, api, livemode=False)
    counts = (await api.data("GET", "/sandbox/status"))["counts"]
    done = await api.data("POST", "/sandbox/reset")
    assert done["deleted"] == {name: counts[name] for name in done["deleted"]}
    assert done["total_deleted"] == sum(done["deleted"].values())
    filled = sum(1 for number in done["deleted"].values() if number)
    assert done["message"] == f"Cleared {done['total_deleted']} test records across {filled} tables."
    after = await rows_of(services, api, livemode=False)
    unplaced = {"events"} if not services.settings.run_workers else set()
    left = {name for name, number in after.items() if number} - set(records.KEPT) - unplaced
    assert left == set()
    assert after["webhook_endpoints"] == before["webhook_endpoints"] > 0
    assert after["audit_log"] == before["audit_log"] + 1
    assert (await api.data("GET", "/sandbox/status"))["total_test_records"] == 0
    again = await api.data("POST", "/sandbox/reset")
    assert again["total_deleted"] == 0
    assert again["message"] == "Cleared 0 test records across 0 tables."


async def test_a_reset_touches_neither_live_records_nor_those_of_others(
    workspace: Workspace, api: Client, other: Client, services: Services
) -> None:
    live = await workspace.key("live")
    for client in (live, other):
        for group, make in SAMPLES.items():
            if client is other or group not in TEST_MODE_ONLY:
                await make(client)
    before = [await rows_of(services, live, livemode=True), await rows_of(services, other, livemode=False)]
    await api.data("POST", "/sandbox/reset")
    assert before == [await rows_of(services, live, livemode=True), await rows_of(services, other, livemode=False)]


async def test_a_reset_under_an_idempotency_key_is_answered_again(api: Client) -> None:
    headers = {"Idempotency-Key": "reset-1"}
    await api.data("POST", "/sandbox/seed")
    first = await api.post("/sandbox/reset", headers=headers)
    await SAMPLES["customers"](api)
    again = await api.post("/sandbox/reset", headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert (await api.data("GET", "/sandbox/status"))["counts"]["customers"] == 1


async def test_a_reset_beside_writers_is_whole(api: Client, services: Services) -> None:
    """Somebody makes deals with items and payments while it runs: it never fails, and nothing is left hanging."""
    written = 0

    async def write() -> None:
        nonlocal written
        for _ in range(8):
            try:
                written += bool(await SAMPLES["payment_intents"](api))
            except AssertionError as gone:
                assert "not_found" in str(gone) or "transient_error" in str(gone), gone

    async def reset() -> None:
        for _ in range(12):
            response = await api.post("/sandbox/reset")
            assert response.status_code in (200, 503), response.text
            await asyncio.sleep(0.005)

    await asyncio.gather(write(), write(), reset())
    assert written
    await api.data("POST", "/sandbox/reset")
    after = await rows_of(services, api, livemode=False)
    assert {name for name, number in after.items() if number} <= set(records.KEPT) | {"events"}


def test_every_table_that_a_reset_keeps_is_one_of_ours() -> None:
    tables = {name for name, table in metadata.tables.items() if table.info.get("isolation") == "tenant_and_mode"}
    assert set(records.KEPT) <= tables
    assert {table.name for table in records.cleared()} == tables - set(records.KEPT) - {"events"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/sandbox/reset"), ("POST", "/sandbox/seed"), ("GET", "/sandbox/status"),
     ("POST", "/sandbox/simulate_webhook")],
)  # fmt: skip
async def test_live_keys_are_refused(workspace: Workspace, method: str, path: str) -> None:
    live = await workspace.key("live")
    response = await live.request(method, path, json={"event": "deal.closed"} if method == "POST" else None)
    assert response.status_code == 403
    assert response.json()["code"] == "SANDBOX_ONLY"
    assert response.json()["category"] == "authorization_error"


async def test_simulating_what_nobody_subscribed_to(api: Client) -> None:
    done = await api.data("POST", "/sandbox/simulate_webhook", json={"event": "deal.closed"})
    assert (done["deliveries"], done["webhook_ids"]) == (0, [])
    assert done["message"] == "Dispatched 'deal.closed' event to 0 webhook(s)."


@pytest.mark.parametrize("body", [{}, {"event": ""}, {"event": "deal.imagined"}, {"event": "*"}, {"event": 7}])
async def test_an_unknown_event_is_named(api: Client, body: dict[str, Any]) -> None:
    response = await api.post("/sandbox/simulate_webhook", body)
    assert response.status_code == 400
    assert list(response.json()["details"]["fields"]) == ["event"]


async def test_a_simulated_event_takes_the_way_of_every_event(working_room: Workspace, receiver: Receiver) -> None:
    api = await working_room.key()
    hooks = []
    for path, events in (("/one", ["deal.closed"]), ("/two", ["deal.*"]), ("/three", ["customer.created"])):
        hooks.append(await api.data("POST", "/webhooks", json={"url": receiver.url(path), "events": events}))
    await api.data("PATCH", f"/webhooks?id={hooks[1]['id']}", json={"status": "active"})
    data = {"deal_id": "deal_test_abc123", "total": "2500.00", "currency": "USD"}
    done = await api.data("POST", "/sandbox/simulate_webhook", json={"event": "deal.closed", "data": data})
    assert done == {
        **HERE,
        "action": "simulate_webhook",
        "event": "deal.closed",
        "event_id": done["event_id"],
        "deliveries": 2,
        "webhook_ids": [hooks[0]["id"], hooks[1]["id"]],
        "message": "Dispatched 'deal.closed' event to 2 webhook(s).",
    }
    got = await receiver.got(2)
    for request in got:
        assert request.event["id"] == done["event_id"]
        assert request.event["event"] == "deal.closed"
        assert request.event["data"] == data
        assert request.headers["x-salesbooth-signature"].startswith("v1=")
    log = await api.data("GET", "/webhooks/deliveries", params={"id": hooks[0]["id"]})
    assert [each["event_id"] for each in log["deliveries"]] == [done["event_id"]]


async def test_a_payload_of_its_own_has_every_member(working_room: Workspace, receiver: Receiver) -> None:
    api = await working_room.key()
    await api.data("POST", "/webhooks", json={"url": receiver.url("/"), "events": ["subscription.renewed"]})
    await api.data("POST", "/sandbox/simulate_webhook", json={"event": "subscription.renewed"})
    [request] = await receiver.got(1)
    assert set(request.event["data"]) == set(event_types["subscription.renewed"].members)
