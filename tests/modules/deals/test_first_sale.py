"""The shortest path to a deal: product, customer, deal, line item, transition."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client

ITEM = {"quantity": 1, "unit_price": 99.00}


@pytest.fixture
async def product(api: Client) -> dict[str, Any]:
    return await api.data("POST", "/products", json={"name": "Pro Plan", "price": 99.00, "type": "service"})


@pytest.fixture
async def customer(api: Client) -> dict[str, Any]:
    return await api.data("POST", "/customers", json={"name": "Jane Smith", "email": "jane@example.com"})


@pytest.fixture
async def deal(api: Client, customer: dict[str, Any], product: dict[str, Any]) -> dict[str, Any]:
    """A draft with one item of 99.00 and 10 % tax."""
    made = await api.data(
        "POST",
        "/deals",
        json={"customer_id": customer["id"], "title": "Pro Plan", "currency": "USD", "tax_rate": 0.10},
    )
    path = f"/deals?id={made['id']}&action=add_item"
    return await api.data("POST", path, json={"product_id": product["id"], **ITEM}, expect=201)


async def test_totals_of_the_first_integration(deal: dict[str, Any]) -> None:
    assert deal["subtotal"] == "99.00"
    assert deal["tax_amount"] == "9.90"
    assert deal["total"] == "108.90"
    assert deal["version"] == 2
    [item] = deal["line_items"]
    assert item["unit_price"] == item["line_total"] == "99.00"
    assert deal["pricing"]["total"] == {"amount": "108.90", "currency": "USD", "formatted": "$108.90"}
    assert deal["pricing"]["tax_rate"] == "0.1000"


async def test_a_new_deal_is_an_empty_draft(api: Client, outbox: Any) -> None:
    response = await api.post("/deals", {"currency": "AUD", "status": "draft", "total": 5, "version": 9})
    assert response.status_code == 201
    deal = response.json()["data"]
    assert deal["id"] == deal["deal_id"]
    assert (deal["status"], deal["version"], deal["total"], deal["line_items"]) == ("draft", 1, "0.00", [])
    assert deal["title"] == f"Deal {deal['number']}"
    [(name, data)] = await outbox(api)
    assert name == "deal.created"
    assert data["id"] == deal["id"]
    assert data["total"] == "0.00"


async def test_the_title_defaults_to_the_customers_name(api: Client, customer: dict[str, Any]) -> None:
    deal = await api.data("POST", "/deals", json={"customer_id": customer["id"]})
    assert deal["title"] == "Jane Smith"


async def test_items_change_and_go(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    item = deal["line_items"][0]["id"]
    path = f"/deals?id={deal['id']}"
    more = await api.data("POST", f"{path}&action=update_item&item_id={item}", json={"quantity": 3, "unit_price": 1})
    assert more["line_items"][0]["quantity"] == 3
    assert more["total"] == "326.70"
    assert (await api.delete(f"{path}&action=remove_item&item_id={item}")).status_code == 428
    gone = await api.delete(f"{path}&action=remove_item&item_id={item}", version=3)
    assert gone.status_code == 200
    assert gone.json()["data"]["line_items"] == []
    assert gone.json()["data"]["total"] == "0.00"
    names = [name for name, _ in await outbox(api)]
    assert names[-3:] == ["deal.item_added", "deal.item_updated", "deal.item_removed"]


async def test_discounts_come_off_before_tax(api: Client, deal: dict[str, Any]) -> None:
    path = f"/deals?id={deal['id']}&action=apply_discount"
    percent = await api.data("POST", path, json={"type": "percent", "value": 10})
    assert percent["discounts"][0] == {
        "type": "percentage",
        "value": 10.0,
        "code": None,
        "description": None,
        "amount": "9.90",
    }
    assert percent["total"] == "98.01"
    fixed = await api.data("POST", path, json={"type": "fixed", "value": 500, "code": "SAVE"})
    assert fixed["total"] == "0.00"
    refused = await api.post(path, {"type": "percentage", "value": 101})
    assert refused.status_code == 400


async def test_the_documented_path_through_the_machine(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    path = f"/deals?id={deal['id']}"
    for status in ("in_progress", "pending_signature", "pending_payment", "closed"):
        moves = await api.data("GET", f"/deals/{deal['id']}/valid-transitions")
        offered = {move["target"]: move for move in moves["transitions"]}
        assert offered[status]["available"] is True
        moved = await api.data("POST", f"{path}&action=transition&status={status}")
        assert moved["status"] == status
    assert moved["previous_status"] == "pending_payment"
    assert moved["closed_at"] is not None
    refused = await api.post(f"{path}&action=transition&status=cancelled")
    assert refused.status_code == 409
    assert refused.json()["code"] == "conflict.invalid_transition"
    assert refused.json()["details"]["allowed"] == []
    names = [name for name, _ in await outbox(api)]
    assert names[-5:] == ["deal.status_changed"] * 4 + ["deal.closed"]


async def test_an_incomplete_deal_is_not_sent_for_signature(api: Client) -> None:
    deal = await api.data("POST", "/deals", json={"title": "Empty", "status": "in_progress"})
    moves = await api.data("GET", "/deals", params={"id": deal["id"], "action": "valid_transitions"})
    assert [move["target"] for move in moves["transitions"]] == ["pending_signature", "cancelled"]
    assert moves["transitions"][0]["conditions"] == ["has_product", "has_customer"]
    refused = await api.post(f"/deals/{deal['id']}/transition", {"status": "pending_signature"})
    assert refused.status_code == 409
    assert refused.json()["details"]["conditions"] == ["has_product", "has_customer"]


async def test_delete_cancels_and_then_removes(api: Client, deal: dict[str, Any]) -> None:
    path = f"/deals?id={deal['id']}"
    first = await api.delete(path, version=2)
    assert first.json()["data"]["status"] == "cancelled"
    assert first.json()["data"]["deleted"] is False
    second = await api.delete(path, version=3)
    assert second.json()["data"]["deleted"] is True
    assert (await api.get(path)).status_code == 404


async def test_patch_changes_what_it_names(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    path = f"/deals?id={deal['id']}"
    changed = await api.patch(path, {"currency": "AUD", "tax_rate": 20, "notes": "call back"}, version='W/"2"')
    assert changed.status_code == 200, changed.text
    assert changed.json()["data"]["currency"] == "AUD"
    assert changed.json()["data"]["total"] == "118.80"
    name, data = (await outbox(api))[-1]
    assert name == "deal.updated"
    assert data["changed_fields"] == ["currency", "notes", "tax_rate"]
    assert (await api.patch(path, {"status": "closed"}, version=3)).status_code == 409
    moved = await api.patch(path, {"status": "in_progress"}, version=3)
    assert moved.json()["data"]["status"] == "in_progress"
    cycle = await api.patch(path, {"deal_type": "recurring"}, version=4)
    assert cycle.status_code == 400
    assert "billing_cycle" in cycle.json()["details"]["fields"]


async def test_lists_filter_and_shape(api: Client, deal: dict[str, Any], customer: dict[str, Any]) -> None:
    await api.data("POST", "/deals", json={"title": "Other"})
    for query in (
        {"customer_id": customer["id"]},
        {"min_value": 100},
        {"status": "draft", "min_value": "100.5", "created_after": "2020-01-01T00:00:00Z"},
    ):
        found = await api.data("GET", "/deals", params=query)
        assert [each["id"] for each in found["deals"]] == [deal["id"]], query
    minimal = await api.data("GET", "/deals", params={"format": "minimal"})
    assert set(minimal["deals"][0]) == {"id", "status", "updated_at"}
    rich = await api.data("GET", "/deals", params={"include": "line_items,pricing,customer", "max_value": 200})
    assert rich["deals"][-1]["customer"]["name"] == "Jane Smith"
    assert rich["deals"][-1]["line_items"]
    sparse = await api.data("GET", "/deals", params={"id": deal["id"], "fields": "id,status,total"})
    assert sparse == {"id": deal["id"], "status": "draft", "total": "108.90"}
    of_customer = await api.data("GET", "/customers", params={"id": customer["id"], "include": "deals"})
    assert [each["id"] for each in of_customer["deals"]] == [deal["id"]]
    product = deal["line_items"][0]["product_id"]
    of_product = await api.data("GET", "/products", params={"id": product, "include": "deals"})
    assert [each["id"] for each in of_product["deals"]] == [deal["id"]]


async def test_terms_are_stored_and_compared(api: Client, deal: dict[str, Any]) -> None:
    other = await api.data("POST", "/deals", json={"title": "Other"})
    net = {"terms_schema_version": "1.0", "payment_terms": {"type": "net", "due_date": "2026-04-30"}}
    now = {"terms_schema_version": "1.0", "payment_terms": {"type": "immediate"}}
    await api.data("POST", f"/deals?id={deal['id']}&action=set-terms", json={"terms": net})
    await api.data("POST", f"/deals?id={other['id']}&action=set_terms", json={"terms": now})
    assert (await api.data("GET", f"/deals?id={deal['id']}&action=terms"))["terms"] == net
    compared = await api.data("GET", f"/deals?action=compare-terms&deal_id_1={deal['id']}&deal_id_2={other['id']}")
    assert compared["identical"] is False
    assert compared["differences"] == [
        {"path": "payment_terms.due_date", "deal_1": "2026-04-30", "deal_2": None},
        {"path": "payment_terms.type", "deal_1": "net", "deal_2": "immediate"},
    ]
    refused = await api.post(f"/deals?id={deal['id']}&action=set-terms", {"terms": {"payment_terms": {}}})
    assert refused.status_code == 400


async def test_create_configured_makes_all_or_nothing(api: Client, product: dict[str, Any], outbox: Any) -> None:
    body = {
        "customer": {"name": "Ann", "email": "ann@example.com"},
        "items": [{"product_id": product["id"], "quantity": 1, "unit_price": 499.00, "name": "Professional Plan"}],
        "discounts": [{"type": "percentage", "value": 10, "description": "First-year discount"}],
    }
    rehearsed = await api.post("/deals?action=create-configured", {**body, "dry_run": True})
    assert rehearsed.status_code == 200
    assert rehearsed.json()["data"]["total"] == "449.10"
    assert rehearsed.json()["data"]["id"] is None
    assert await outbox(api) == []
    assert (await api.data("GET", "/customers"))["customers"] == []
    made = await api.post("/deals?action=create-configured", body)
    assert made.status_code == 201, made.text
    assert made.json()["data"]["total"] == "449.10"
    assert made.json()["data"]["line_items"][0]["name"] == "Professional Plan"
    again = await api.data("POST", "/deals?action=create-configured", json=body)
    assert again["customer_id"] == made.json()["data"]["customer_id"]
    missing = await api.post("/deals?action=create-configured", {**body, "items": [{"product_id": "prod_x"}]})
    assert missing.status_code == 404


async def test_export_and_audit(api: Client, deal: dict[str, Any]) -> None:
    exported = await api.data("GET", "/deals", params={"action": "export", "id": deal["id"]})
    assert exported["count"] == 1
    assert exported["verification_hash"].startswith("sha256:")
    assert [entry["action"] for entry in exported["deals"][0]["audit_entries"]] == ["deal.created", "deal.item_added"]
    table = await api.get("/deals?action=export&format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[1].startswith(deal["id"])
    trail = await api.data("GET", "/deals", params={"action": "audit", "id": deal["id"]})
    assert trail["pagination"]["total"] == 2
    assert trail["audit_entries"][1]["previous_hash"] == trail["audit_entries"][0]["entry_hash"]
    verdict = await api.data("GET", "/deals", params={"action": "verify_audit", "id": deal["id"]})
    assert (verdict["status"], verdict["checked_entries"]) == ("intact", 2)


async def test_an_outcome_is_recorded(api: Client, deal: dict[str, Any]) -> None:
    outcome = {"reason": "lost", "notes": "Went with a competitor", "competitor_name": "CompetitorCo"}
    recorded = await api.data("POST", f"/deals?id={deal['id']}&action=record-outcome", json=outcome)
    assert recorded["outcome"]["reason"] == "lost"
    assert (await api.data("GET", f"/deals?id={deal['id']}"))["outcome"]["competitor_name"] == "CompetitorCo"
    refused = await api.post(f"/deals?id={deal['id']}&action=record-outcome", {})
    assert "reason" in refused.json()["details"]["fields"]
