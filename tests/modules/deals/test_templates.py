"""Deal templates: kept, found, and made into deals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client


@pytest.fixture
async def template(api: Client, product: dict[str, Any]) -> dict[str, Any]:
    return await api.data(
        "POST",
        "/deal-templates",
        json={
            "name": "Enterprise Starter Pack",
            "category": "enterprise",
            "default_terms": {"currency": "EUR", "tax_rate": 0.10, "payment_terms": "net30"},
            "line_items": [{"product_id": product["id"], "quantity": 2, "unit_price": 999.00}],
        },
        expect=201,
    )


async def test_a_template_is_answered_as_it_was_sent(api: Client, template: dict[str, Any]) -> None:
    assert template["id"] == template["template_id"]
    assert (template["status"], template["version"], template["metadata"]) == ("active", 1, {})
    assert template["default_terms"] == {"currency": "EUR", "tax_rate": 0.1, "payment_terms": "net_30"}
    [item] = template["line_items"]
    assert (item["quantity"], item["unit_price"], item["name"]) == (2, 999.0, None)
    assert await api.data("GET", "/deal-templates", params={"id": template["id"]}) == template


async def test_a_deal_of_a_template(
    api: Client, template: dict[str, Any], customer: dict[str, Any], outbox: Any
) -> None:
    path = f"/deal-templates?id={template['id']}&action=create-deal"
    body = {"customer_id": customer["id"], "overrides": {"tax_rate": 0.2, "price": 5}}
    deal = await api.data("POST", path, json=body, expect=201)
    assert (deal["title"], deal["status"], deal["currency"]) == ("Enterprise Starter Pack", "draft", "EUR")
    assert (deal["template_id"], deal["customer_id"]) == (template["id"], customer["id"])
    assert (deal["subtotal"], deal["total"], deal["tax_rate"]) == ("1998.00", "2397.60", "0.2000")
    assert deal["terms"] == {"terms_schema_version": "1.0", "payment_terms": "net_30", "price": 5.0}
    [item] = deal["line_items"]
    assert (item["name"], item["quantity"], item["unit_price"]) == ("Pro Plan", 2, "999.00")
    names = [name for name, _ in await outbox(api)]
    assert names[-2:] == ["deal.created", "deal.item_added"]


async def test_template_id_on_create_fills_what_is_not_sent(api: Client, template: dict[str, Any]) -> None:
    deal = await api.data("POST", "/deals", json={"template_id": template["id"], "title": "Mine", "currency": "USD"})
    assert (deal["title"], deal["currency"], deal["tax_rate"]) == ("Mine", "USD", "0.1000")
    assert deal["template_id"] == template["id"]
    assert deal["total"] == "2197.80"


async def test_template_id_on_create_configured(
    api: Client, template: dict[str, Any], customer: dict[str, Any], product: dict[str, Any]
) -> None:
    body = {"template_id": template["id"], "customer_id": customer["id"]}
    path = "/deals?action=create-configured"
    dry = await api.data("POST", path, json={**body, "dry_run": True}, expect=200)
    assert (dry["total"], dry["id"]) == ("2197.80", None)
    made = await api.data("POST", path, json=body, expect=201)
    assert (made["total"], made["currency"], made["template_id"]) == ("2197.80", "EUR", template["id"])
    other = {**body, "items": [{"product_id": product["id"]}], "discounts": [{"type": "percent", "value": 50}]}
    made = await api.data("POST", path, json=other, expect=201)
    assert [item["unit_price"] for item in made["line_items"]] == ["99.00"], "sent items replace the template's"
    assert made["discount_total"] == "49.50"


async def test_a_deal_becomes_a_template_and_a_deal_again(
    api: Client, customer: dict[str, Any], product: dict[str, Any]
) -> None:
    deal = await api.data(
        "POST", "/deals", json={"customer_id": customer["id"], "currency": "EUR", "tax_rate": 0.19, "notes": "internal"}
    )
    path = f"/deals?id={deal['id']}"
    await api.data("POST", f"{path}&action=add_item", json={"product_id": product["id"], "options": {"seats": "5"}})
    await api.data("POST", f"{path}&action=apply_discount", json={"type": "percent", "value": 12.5, "code": "LOYAL"})
    terms = {"terms_schema_version": "2.0", "payment_terms": "net_30"}
    deal = await api.data("POST", f"{path}&action=set-terms", json={"terms": terms})
    deal = await api.data("GET", path)
    body = {"name": "Annual Plan", "description": "with loyalty discount"}
    saved = await api.data("POST", f"{path}&action=save-as-template", json=body, expect=201)
    assert saved["source_deal_id"] == deal["id"]
    assert (saved["name"], saved["status"]) == ("Annual Plan", "active")
    again = await api.data("POST", f"/deal-templates?id={saved['id']}&action=create-deal", json={}, expect=201)
    same = ("currency", "tax_rate", "subtotal", "discount_total", "tax_amount", "total", "terms", "discounts")
    assert {name: again[name] for name in same} == {name: deal[name] for name in same}
    assert again["line_items"][0]["options"] == {"seats": "5"}
    assert (again["customer_id"], again["notes"]) == (None, None)


async def test_an_inactive_template_makes_no_deals(api: Client, template: dict[str, Any]) -> None:
    path = f"/deal-templates?id={template['id']}"
    assert (await api.data("PATCH", path, json={"status": "inactive"}))["status"] == "inactive"
    refused = await api.post(f"{path}&action=create-deal", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert (await api.post("/deals", {"template_id": template["id"]})).status_code == 409


async def test_templates_are_found_by_status_category_and_words(api: Client, template: dict[str, Any]) -> None:
    other = await api.data("POST", "/deal-templates", json={"name": "Basic", "description": "for a small team"})
    await api.data("PATCH", f"/deal-templates?id={other['id']}", json={"status": "inactive"})

    async def found(**params: Any) -> list[str]:
        page = await api.data("GET", "/deal-templates", params=params)
        return [each["name"] for each in page["templates"]]

    assert await found() == ["Basic", "Enterprise Starter Pack"]
    assert await found(status="active") == ["Enterprise Starter Pack"]
    assert await found(category="enterprise") == ["Enterprise Starter Pack"]
    assert await found(search="small tea") == ["Basic"]
    await api.data("PATCH", f"/deal-templates?id={other['id']}", json={"description": None})
    assert await found(search="small") == []


async def test_bad_templates_are_refused_by_name(api: Client, template: dict[str, Any], other: Client) -> None:
    foreign = await other.data("POST", "/products", json={"name": "Theirs", "price": 1})
    cases = [
        ({}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "line_items": [{"product_id": foreign["id"]}]}, "line_items.0.product_id"),
        ({"name": "x", "line_items": [{"product_id": "nonsense"}]}, "line_items.0.product_id"),
        ({"name": "x", "default_terms": {"currency": "XXX"}}, "default_terms.currency"),
        ({"name": "x", "default_terms": {"deal_type": "recurring"}}, "billing_cycle"),
        ({"name": "x", "default_terms": {"discount_percent": 101}}, "default_terms"),
    ]
    for body, field in cases:
        response = await api.post("/deal-templates", body)
        assert response.status_code == 400, response.text
        assert list(response.json()["details"]["fields"]) == [field]


async def test_deals_outlive_their_template(api: Client, template: dict[str, Any]) -> None:
    path = f"/deal-templates?id={template['id']}"
    deal = await api.data("POST", f"{path}&action=create-deal", json={})
    stale = await api.delete(path, version=7)
    assert stale.status_code == 412
    assert (await api.delete(path)).json()["data"] == {"deleted": True, "id": template["id"]}
    assert (await api.get(path)).status_code == 404
    assert (await api.data("GET", f"/deals?id={deal['id']}"))["template_id"] == template["id"]


async def test_a_template_whose_product_is_archived_makes_no_deal(
    api: Client, template: dict[str, Any], product: dict[str, Any]
) -> None:
    await api.delete(f"/products?id={product['id']}", version=1)
    assert (await api.post(f"/deal-templates?id={template['id']}&action=create-deal", {})).status_code == 404
