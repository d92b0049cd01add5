"""The customer operations over HTTP."""

from __future__ import annotations

from typing import Any

from tests.conftest import Client

JANE = {"name": "Jane Smith", "email": "jane@example.com", "phone": "+61412345678", "company": "Acme Corp"}


async def test_create_answers_the_documented_object(api: Client, outbox: Any) -> None:
    response = await api.post("/customers", JANE)
    assert response.status_code == 201
    assert response.headers["etag"] == 'W/"1"'
    body = response.json()
    assert body["error"] is False
    assert body["success"] is True
    customer = body["data"]
    assert customer["id"] == customer["customer_id"]
    assert customer["id"].startswith("cust_")
    assert {name: customer[name] for name in JANE} == JANE
    assert customer["status"] == "active"
    assert customer["version"] == 1
    [(event, data)] = await outbox(api)
    assert event == "customer.created"
    assert data == {
        "id": customer["id"],
        "company": "Acme Corp",
        "status": "active",
        "created_at": customer["created_at"],
    }


async def test_every_bad_field_is_named_at_once(api: Client) -> None:
    response = await api.post("/customers", {"email": "not-an-email", "phone": "12", "status": "asleep", "country": 7})
    assert response.status_code == 400
    error = response.json()
    assert error["category"] == "validation_error"
    assert error["details"]["fields"]["name"] == {"code": "required", "message": "Name is required"}
    assert set(error["details"]["fields"]) == {"name", "email", "phone", "status", "country"}


async def test_an_email_is_unique_whatever_its_case(api: Client) -> None:
    await api.data("POST", "/customers", json=JANE)
    response = await api.post("/customers", {"name": "Twin", "email": "JANE@Example.com"})
    assert response.status_code == 409
    assert response.json()["code"] == "conflict.duplicate"
    assert "email" in response.json()["details"]["fields"]


async def test_search_finds_by_name_company_email_and_phone(api: Client) -> None:
    jane = await api.data("POST", "/customers", json=JANE)
    await api.data("POST", "/customers", json={"name": "Bob Jones", "email": "bob@other.org"})
    for text in ("jane", "JAN", "smi jane", "acme", "Acme Corp", "jane@example.com", "+61 412 345", "0412345678"):
        found = await api.data("GET", "/customers", params={"search": text})
        assert [each["id"] for each in found["customers"]] == [jane["id"]], text
    assert (await api.data("GET", "/customers", params={"search": "jane bob"}))["customers"] == []


async def test_a_deleted_customer_is_gone_but_listed_as_archived(api: Client, outbox: Any) -> None:
    jane = await api.data("POST", "/customers", json=JANE)
    path = f"/customers?id={jane['id']}"
    assert (await api.delete(path)).status_code == 428
    assert (await api.delete(path, version='W/"9"')).status_code == 412
    assert (await api.delete(path, version=1)).json()["data"] == {"deleted": True, "id": jane["id"]}
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path, version=2)).status_code == 404
    assert (await api.data("GET", "/customers"))["customers"] == []
    archived = await api.data("GET", "/customers", params={"status": "archived"})
    assert [each["id"] for each in archived["customers"]] == [jane["id"]]
    assert (await api.post("/customers", JANE)).status_code == 201, "the email is free again"
    assert [name for name, _ in await outbox(api)] == ["customer.created", "customer.deleted", "customer.created"]


async def test_patch_tells_absent_from_null(api: Client) -> None:
    jane = await api.data("POST", "/customers", json=JANE)
    path = f"/customers?id={jane['id']}"
    changed = await api.patch(path, {"phone": None, "city": "Perth"}, version=1)
    assert changed.status_code == 200
    assert changed.json()["data"]["phone"] is None
    assert changed.json()["data"]["name"] == "Jane Smith"
    assert changed.json()["data"]["city"] == "Perth"
    refused = await api.patch(path, {"name": None}, version=2)
    assert refused.status_code == 400
    assert "name" in refused.json()["details"]["fields"]


async def test_a_stale_write_answers_412_with_the_current_state(api: Client) -> None:
    jane = await api.data("POST", "/customers", json=JANE)
    path = f"/customers?id={jane['id']}"
    assert (await api.patch(path, {"company": "New"}, version='W/"1"')).status_code == 200
    late = await api.patch(path, {"company": "Late"}, version=1)
    assert late.status_code == 412
    assert late.json()["code"] == "conflict.stale_version"
    assert late.json()["data"]["company"] == "New"
    assert late.json()["data"]["version"] == 2
