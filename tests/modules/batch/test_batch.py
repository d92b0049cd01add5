"""Several operations in one transaction."""

from __future__ import annotations

from typing import Any

from tests.conftest import Client, Workspace


def step(method: str, resource: str, **rest: Any) -> dict[str, Any]:
    return {"method": method, "resource": resource, **rest}


async def run(api: Client, *steps: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await api.data("POST", "/batch", json={"operations": list(steps)})
    return found


async def test_the_documented_shape(api: Client, outbox: Any) -> None:
    existing = await api.data("POST", "/deals", json={"title": "Existing"})
    answer = await run(
        api,
        step("POST", "customers", body={"name": "New Customer"}),
        step("POST", "deals", body={"title": "New", "amount": 5000}),
        step("PATCH", "deals", id=existing["id"], body={"notes": "seen"}, version=1),
    )
    assert answer["committed"] is True
    assert [(each["index"], each["status"]) for each in answer["results"]] == [(0, 201), (1, 201), (2, 200)]
    assert answer["results"][0]["data"]["id"].startswith("cust_")
    assert answer["results"][2]["data"]["id"] == existing["id"]
    names = [name for name, _ in await outbox(api)]
    assert names == ["deal.created", "customer.created", "deal.created", "deal.updated"]


async def test_a_failing_write_undoes_all_writes_but_no_read(api: Client, outbox: Any) -> None:
    deal = await api.data("POST", "/deals", json={"title": "Kept"})
    answer = await run(
        api,
        step("POST", "customers", body={"name": "Ann", "email": "ann@example.com"}),
        step("GET", "deals", id=deal["id"]),
        step("PATCH", "deals", id=deal["id"], body={"title": "Lost"}, version=7),
        step("POST", "deals", body={"title": "Never"}),
        step("GET", "deals"),
    )
    assert answer["committed"] is False
    assert [each["status"] for each in answer["results"]] == [409, 200, 412, 409, 200]
    assert answer["results"][0]["error"]["code"] == "conflict.batch_rolled_back"
    assert answer["results"][1]["data"]["title"] == "Kept"
    assert answer["results"][2]["error"]["code"] == "conflict.stale_version"
    assert answer["results"][2]["error"]["details"]["current"]["version"] == 1
    assert len(answer["results"][4]["data"]["deals"]) == 1
    assert (await api.data("GET", "/customers"))["customers"] == []
    assert [name for name, _ in await outbox(api)] == ["deal.created"]


async def test_bad_fields_of_a_step_are_named(api: Client) -> None:
    answer = await run(api, step("POST", "products", body={"price": -1}))
    error = answer["results"][0]["error"]
    assert answer["results"][0]["status"] == 400
    assert set(error["details"]["fields"]) == {"name", "price"}


async def test_at_most_25_steps_and_each_addressed(api: Client) -> None:
    many = await api.post("/batch", {"operations": [step("GET", "deals")] * 26})
    assert many.status_code == 400
    assert "operations" in many.json()["details"]["fields"]
    assert (await api.post("/batch", {"operations": []})).status_code == 400
    assert (await api.post("/batch", {"operations": [step("PATCH", "deals", body={})]})).status_code == 400
    assert (await api.post("/batch", {"operations": [step("PUT", "deals")]})).status_code == 400
    assert (await api.post("/batch", {"operations": [step("GET", "invoices")]})).status_code == 400


async def test_every_step_needs_its_own_scope(workspace: Workspace) -> None:
    reader = await workspace.key(scopes=["deals:read"])
    refused = await reader.post("/batch", {"operations": [step("POST", "deals", body={})]})
    assert refused.status_code == 403
    assert refused.json()["details"]["required_scope"] == "deals:write"
    assert (await reader.post("/batch", {"operations": [step("GET", "deals")]})).status_code == 200


async def test_a_batch_is_idempotent_under_a_key(api: Client) -> None:
    body = {"operations": [step("POST", "deals", body={"title": "Once"})]}
    first = await api.post("/batch", body, headers={"Idempotency-Key": "batch-1"})
    second = await api.post("/batch", body, headers={"Idempotency-Key": "batch-1"})
    assert first.json()["data"] == second.json()["data"]
    assert len((await api.data("GET", "/deals"))["deals"]) == 1
