"""Keys, errors, pages, replays and limits of the SalesThumb API."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Application, Services
from dealwright.kernel.settings import Settings
from tests.conftest import TestClock, Workspace
from tests.shop import LINES, Shop, open_shop, refused


async def test_a_key_is_needed_and_only_its_header_counts(shop: Shop) -> None:
    for path, headers in (
        ("/v1/customers", {}),
        (f"/v1/customers?X-SalesThumb-Key={shop.key}", {}),
        (f"/v1/customers?api_key={shop.key}", {}),
        ("/v1/customers", {"Authorization": f"Bearer {shop.key}"}),
        ("/v1/customers", {"X-API-Key": shop.key}),
        ("/v1/customers", {"X-SalesThumb-Key": "st_live_wrong0000000000"}),
    ):
        refused(await shop.http.get(path, headers=headers), 401, "unauthorized")
    body = {"name": "Jo", "X-SalesThumb-Key": shop.key, "api_key": shop.key}
    refused(await shop.http.post("/v1/customers", json=body), 401, "unauthorized")


async def test_a_key_opens_the_api_that_it_was_made_for(workspace: Workspace, shop: Shop) -> None:
    assert shop.key.startswith("st_test_")
    assert (await open_shop(workspace, kind="live")).key.startswith("st_live_")
    salesbooth = await workspace.key()
    refused(await shop.http.get("/v1/customers", headers={"X-SalesThumb-Key": salesbooth.key}), 401, "unauthorized")
    answer = await shop.http.get("/api/v1/customers", headers={"Authorization": f"Bearer {shop.key}"})
    assert answer.status_code == 401


async def test_live_and_test_are_two_worlds(workspace: Workspace, shop: Shop) -> None:
    await shop.customer()
    live = await open_shop(workspace, kind="live")
    assert (await live.get("/customers")).json()["data"] == []


async def test_keys_restricted_to_reading(workspace: Workspace, shop: Shop) -> None:
    reader = await open_shop(workspace, scopes=["*:read"])
    customer = await shop.customer()
    assert (await reader.get(f"/customers/{customer}")).status_code == 200
    assert (await reader.get("/invoices")).status_code == 200
    for answer in (
        await reader.post("/customers", {"name": "Jo"}),
        await reader.patch(f"/customers/{customer}", {"name": "Jo"}),
        await reader.delete(f"/customers/{customer}"),
        await reader.post(f"/payments/{uuid.uuid4()}/record", {}),
    ):
        refused(answer, 403, "forbidden")


async def test_keys_restricted_to_resource_types(workspace: Workspace, shop: Shop) -> None:
    clerk = await open_shop(workspace, scopes=["customers:read", "customers:write", "vehicles:read"])
    made = await clerk.made("/customers", {"name": "Jo"})
    assert (await clerk.get(f"/customers/{made['id']}/vehicles")).status_code == 200
    refused(await clerk.post("/vehicles", {"customer_id": made["id"]}), 403, "forbidden")
    refused(await clerk.get("/quotes"), 403, "forbidden")


async def test_another_shops_records_do_not_exist(services: Services, http: httpx.AsyncClient, shop: Shop) -> None:
    other = await open_shop(Workspace(services, http))
    customer = await shop.customer()
    invoice = await shop.invoice()
    message = refused(await other.get(f"/customers/{customer}"), 404, "not_found")
    assert message == f"Customer {customer} not found."
    assert refused(await other.get(f"/invoices/{invoice}"), 404, "not_found") == f"Invoice {invoice} not found."
    refused(await other.get(f"/customers/{customer}/vehicles"), 404, "not_found")
    refused(await other.post(f"/payments/{invoice}/record", {"amount_cents": 1, "method": "cash"}), 404, "not_found")
    refused(await other.post("/vehicles", {"customer_id": customer, "year": 2020, "make": "a", "model": "b"}), 404,
            "not_found")  # fmt: skip


async def test_bare_uuids_and_the_other_apis_ids_are_understood(workspace: Workspace, shop: Shop) -> None:
    unknown = "01234567-89ab-cdef-0123-456789abcdef"
    message = refused(await shop.get(f"/customers/{unknown}"), 404, "not_found")
    assert message == f"Customer {unknown} not found."
    salesbooth = await workspace.key()
    theirs = await salesbooth.data("POST", "/customers", json={"name": "Ann", "email": "ann@example.com"})
    ours = (await shop.get(f"/customers/{theirs['id']}")).json()
    assert ours["id"] == theirs["id"].replace("cust_", "cus_")
    assert (await shop.get(f"/customers/{ours['id']}")).json() == ours


async def test_customers_are_shared_both_ways(workspace: Workspace, shop: Shop) -> None:
    salesbooth = await workspace.key()
    nameless = await shop.made("/customers", {"name": "Walk-in", "phone": "+15125550182"})
    found = await salesbooth.data("GET", "/customers", params={"search": "walk"})
    assert [each["id"] for each in found["customers"]] == [nameless["id"].replace("cus_", "cust_")]
    assert found["customers"][0]["email"] is None
    await salesbooth.data("POST", "/customers", json={"name": "Ann", "email": "ann@example.com"})
    assert [each["name"] for each in (await shop.get("/customers", search="ann@example.com")).json()["data"]] == ["Ann"]
    refused(await shop.post("/customers", {"name": "Twin", "email": "ANN@example.com"}), 422, "unprocessable_entity")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": None}, 400),
        ({"name": 7}, 400),
        ({"name": ""}, 400),
        ({"name": "Jo", "email": "not an address"}, 422),
        ({"name": "Jo", "phone": "12"}, 422),
        ({"name": "Jo", "notes": "a\x00b"}, 422),
    ],
)
async def test_what_is_missing_is_400_and_what_is_wrong_is_422(shop: Shop, body: Any, status: int) -> None:
    refused(await shop.post("/customers", body), status, "bad_request" if status == 400 else "unprocessable_entity")


async def test_unusable_requests(shop: Shop) -> None:
    send = {"content": b'{"name": ', "headers": {"Content-Type": "application/json"}}
    refused(await shop.request("POST", "/customers", **send), 400, "bad_request")
    refused(await shop.request("POST", "/customers", json=[1]), 400, "bad_request")
    refused(await shop.get("/nothing"), 404, "not_found")
    wrong = await shop.request("PUT", "/customers", json={})
    refused(wrong, 405, "bad_request")
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    refused(await shop.get("/appointments", status="asleep"), 400, "bad_request")
    refused(await shop.get("/appointments", customer_id="veh_1"), 400, "bad_request")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"after": "cur_x"}, {"after": "??"}])
async def test_pages_out_of_bounds(shop: Shop, query: Any) -> None:
    refused(await shop.get("/customers", **query), 400, "bad_request")


async def test_pages_follow_each_other(shop: Shop) -> None:
    made = [await shop.customer(name=f"Customer {number}") for number in range(5)]
    first = (await shop.get("/customers", limit=2)).json()
    assert first["pagination"]["has_more"] is True
    assert first["pagination"]["limit"] == 2
    assert first["pagination"]["next_cursor"].startswith("cur_")
    await shop.customer(name="came later")
    seen = [each["id"] for each in first["data"]]
    cursor = first["pagination"]["next_cursor"]
    while cursor is not None:
        page = (await shop.get("/customers", limit=2, after=cursor)).json()
        seen += [each["id"] for each in page["data"]]
        cursor = page["pagination"]["next_cursor"]
    assert page["pagination"] == {"next_cursor": None, "has_more": False, "limit": 2}
    assert seen == made[::-1]
    assert (await shop.get("/customers")).json()["pagination"]["limit"] == 20


async def test_a_replay_answers_the_first_status_and_body(shop: Shop, outbox: Any) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = await shop.post("/customers", {"name": "Jo"}, headers=key)
    again = await shop.post("/customers", {"name": "Jo"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    other = await shop.post("/quotes", {"anything": 1}, headers=key)
    assert (other.status_code, other.content) == (201, first.content), "whatever comes under this key"
    patched = {"Idempotency-Key": "p" * 300}
    path = f"/customers/{first.json()['id']}"
    change = await shop.patch(path, {"notes": "one"}, headers=patched)
    assert change.json()["notes"] == "one"
    assert (await shop.patch(path, {"notes": "two"}, headers=patched)).content == change.content
    assert (await shop.get(path)).json()["notes"] == "one"
    assert [name for name, _ in await outbox(shop)] == ["customer.created", "customer.updated"]


async def test_errors_are_replayed_too(shop: Shop) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = await shop.post("/customers", {}, headers=key)
    refused(first, 400, "bad_request")
    again = await shop.post("/customers", {"name": "Jo"}, headers=key)
    assert (again.status_code, again.content) == (400, first.content)


async def test_a_key_lasts_24_hours(shop: Shop, clock: TestClock) -> None:
    key = {"Idempotency-Key": "monday"}
    first = (await shop.post("/customers", {"name": "Jo"}, headers=key)).json()
    clock.offset += timedelta(hours=25)
    try:
        assert (await shop.post("/customers", {"name": "Jo"}, headers=key)).json()["id"] != first["id"]
    finally:
        clock.offset -= timedelta(hours=25)


async def test_parallel_twins_make_one(shop: Shop) -> None:
    key = {"Idempotency-Key": "twins"}
    answers = await asyncio.gather(*(shop.post("/customers", {"name": "Jo"}, headers=key) for _ in range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert len((await shop.get("/customers")).json()["data"]) == 1


async def test_limits_are_told_on_every_response(workspace: Workspace) -> None:
    shop = await open_shop(workspace, rate_limit=4)
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    remaining = []
    for path in ("/customers", "/customers/cus_nobody", "/nowhere", "/customers?limit=0"):
        answer = await shop.get(path)
        assert answer.headers["x-ratelimit-limit"] == "4"
        assert int(answer.headers["x-ratelimit-reset"]) > 1_700_000_000
        assert "retry-after" not in answer.headers
        remaining.append(answer.headers["x-ratelimit-remaining"])
    assert remaining == ["3", "2", "1", "0"]
    over = await shop.get("/customers")
    refused(over, 429, "rate_limited")
    assert 1 <= int(over.headers["retry-after"]) <= 120, "the sliding window is an estimate"
    assert all(name in over.headers for name in names)
    anonymous = await shop.http.get("/v1/customers")
    assert all(name in anonymous.headers for name in names)


async def test_hosts_and_prefix(data_dir: Any, settings: Settings, workspace: Workspace, shop: Shop) -> None:
    own = settings.model_copy(
        update={"salesthumb_prefix": "/shop/v1", "salesthumb_hosts": ("shop.example",),
                "salesbooth_root_hosts": ("deals.example",)}
    )  # fmt: skip
    app = Application(own)
    await app.start()
    try:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example:8080") as client:
            ours = {"X-SalesThumb-Key": shop.key}
            assert (await client.get("/shop/v1/customers", headers=ours)).json()["data"] == []
            assert (await client.get("/v1/customers", headers=ours)).status_code == 404
            assert (await client.get("http://else.example/shop/v1/customers", headers=ours)).status_code == 404
            theirs = {"Authorization": f"Bearer {(await workspace.key()).key}"}
            answer = await client.get("http://deals.example/v1/customers", headers=theirs)
            assert answer.json()["success"] is True
    finally:
        await app.stop()


async def test_every_line_of_a_quote_is_checked(shop: Shop) -> None:
    customer = await shop.customer()
    for lines, status in (
        ([], 422),
        ([{**LINES[0], "quantity": 0}], 422),
        ([{**LINES[0], "unit_price_cents": 0}], 422),
        ([{**LINES[0], "unit_price_cents": -5}], 422),
        ([{"quantity": 1, "unit_price_cents": 5}], 400),
        ([{**LINES[0], "quantity": "many"}], 400),
        ([{**LINES[0], "quantity": 100_000, "unit_price_cents": 90_000_000_000_000}], 422),
        (None, 400),
    ):
        code = "bad_request" if status == 400 else "unprocessable_entity"
        for path in ("/quotes", "/invoices"):
            refused(await shop.post(path, {"customer_id": customer, "line_items": lines}), status, code)
