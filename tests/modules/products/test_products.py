"""The product operations over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.resources import Row
from dealwright.modules.products import records
from tests.conftest import Client, Services, Workspace

LICENSE = {
    "name": "Enterprise License",
    "price": 999.0,
    "type": "service",
    "description": "Annual enterprise license",
    "sku": "ENT-001",
}
ABSENT = "prod_" + "0" * 26
EVERYTHING = {
    **LICENSE,
    "price": "1199.50",
    "price_type": "recurring",
    "billing_cycle": "annual",
    "pricing_model": "tiered",
    "cost": 0.0025,
    "unit": "per seat",
    "tax_rate": 0.1,
    "category": "Licenses",
    "family_id": "pf_office",
    "status": "inactive",
    "stock_quantity": 50,
    "track_inventory": True,
    "low_stock_threshold": 5,
    "metadata": {"a": {"b": {"c": 1}}},
    "configuration_schema": {"type": "object", "properties": {"seats": {"type": "integer"}}},
    "requires_booking": True,
    "session_duration": 480,
    "buffer_time": 120,
    "max_advance_days": 30,
    "min_advance_hours": 0,
    "allow_staff_selection": False,
    "learn_more_url": "https://example.com/license?plan=pro",
    "features": ["Unlimited seats", "Support"],
}


async def made(api: Client, **members: Any) -> dict[str, Any]:
    """A new product: the documented sample, changed by ``members``."""
    product: dict[str, Any] = await api.data("POST", "/products", json={**LICENSE, **members})
    return product


async def audit(services: Services, client: Client) -> list[dict[str, Any]]:
    """The audit entries of the client's workspace about products, oldest first."""
    tenant = ids.decode("tenant", client.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, False, read_only=True) as tx:
        rows = await tx.connection.fetch(
            "SELECT action, changes, snapshot FROM audit_log WHERE entity_type = 'product' ORDER BY created_at, seq"
        )
    return [
        {"action": row["action"], "changes": json.loads(row["changes"]), "snapshot": json.loads(row["snapshot"])}
        for row in rows
    ]


async def test_create_answers_the_documented_object(api: Client, outbox: Any) -> None:
    response = await api.post("/products", LICENSE)
    assert response.status_code == 201
    assert response.headers["etag"] == 'W/"1"'
    product = response.json()["data"]
    assert product["id"] == product["product_id"]
    assert product["id"].startswith("prod_")
    assert product["tenant_id"] == api.tenant_id
    assert {**LICENSE, "price": "999.00"}.items() <= product.items()
    defaults = {
        "price_type": "once_off",
        "billing_cycle": None,
        "pricing_model": "fixed",
        "cost": None,
        "unit": None,
        "tax_rate": None,
        "category": None,
        "family_id": None,
        "status": "active",
        "stock_quantity": None,
        "track_inventory": False,
        "low_stock_threshold": None,
        "metadata": None,
        "configuration_schema": None,
        "requires_booking": False,
        "session_duration": None,
        "buffer_time": 0,
        "max_advance_days": 90,
        "min_advance_hours": 24,
        "allow_staff_selection": True,
        "learn_more_url": None,
        "features": [],
        "version": 1,
    }
    assert defaults.items() <= product.items()
    assert product["created_at"] == product["updated_at"]
    assert set(product) == {
        *defaults, *LICENSE, "id", "product_id", "tenant_id", "created_at", "updated_at"
    }  # fmt: skip
    assert await outbox(api) == [], "products have no events"


async def test_every_member_is_kept_and_read_back(api: Client) -> None:
    product = await made(api, **EVERYTHING)
    expected = {**EVERYTHING, "price": "1199.50", "cost": "0.0025", "tax_rate": "0.10"}
    assert expected.items() <= product.items()
    response = await api.get(f"/products?id={product['id']}")
    assert response.status_code == 200
    assert response.headers["etag"] == 'W/"1"'
    assert response.json()["data"] == product
    assert (await api.data("GET", f"/products/{product['id']}")) == product


async def test_amounts_keep_four_places(api: Client) -> None:
    for given, kept in ((0.1 + 0.2, "0.30"), ("0.00125", "0.0012"), (-0.0, "0.00"), ("1e3", "1000.00")):
        product = await made(api, price=given)
        assert product["price"] == kept
        assert (await api.data("GET", f"/products?id={product['id']}"))["price"] == kept


async def test_a_product_defaults_to_type_product(api: Client) -> None:
    assert (await api.data("POST", "/products", json={"name": "Mug", "price": 0}))["type"] == "product"


async def test_unknown_and_system_members_are_dropped(api: Client) -> None:
    product = await made(api, id="prod_mine", version=9, tenant_id="tenant_x", colour="red", deleted_at="2020-01-01")
    assert product["id"] != "prod_mine"
    assert product["version"] == 1
    assert product["tenant_id"] == api.tenant_id
    assert "colour" not in product


async def test_every_bad_field_is_named_at_once(api: Client) -> None:
    response = await api.post("/products", {"price": -1, "type": "thing", "price_type": "recurring", "tax_rate": 10})
    assert response.status_code == 400
    error = response.json()
    assert error["code"] == "validation_error.invalid_fields"
    assert error["details"]["fields"]["name"] == {"code": "required", "message": "Name is required"}
    assert error["details"]["fields"]["price"]["code"] == "out_of_range"
    assert error["details"]["fields"]["billing_cycle"] == {"code": "required", "message": "Billing cycle is required"}
    assert set(error["details"]["fields"]) == {"name", "price", "type", "billing_cycle", "tax_rate"}
    assert set((await api.post("/products", {})).json()["details"]["fields"]) == {"name", "price"}


BAD: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", "x" * 256),
    ("price", True),
    ("price", "NaN"),
    ("price", "1e30"),
    ("price_type", "monthly"),
    ("billing_cycle", "weekly"),
    ("pricing_model", "one_time"),
    ("cost", -0.01),
    ("tax_rate", -0.1),
    ("status", "deleted"),
    ("family_id", "not a family"),
    ("stock_quantity", -1),
    ("stock_quantity", 2**31),
    ("stock_quantity", 1.5),
    ("track_inventory", "perhaps"),
    ("low_stock_threshold", -1),
    ("metadata", {"a": {"b": {"c": {}}}}),
    ("metadata", []),
    ("configuration_schema", "{}"),
    ("configuration_schema", {"description": "x" * 70_000}),
    ("session_duration", 4),
    ("session_duration", 481),
    ("buffer_time", -1),
    ("buffer_time", 121),
    ("max_advance_days", -1),
    ("min_advance_hours", -1),
    ("learn_more_url", "javascript:alert(1)"),
    ("learn_more_url", "https://"),
    ("features", "fast"),
    ("features", ["x"] * 101),
]


@pytest.mark.parametrize(("name", "value"), BAD)
async def test_a_bad_value_is_refused_on_create_and_update(api: Client, name: str, value: Any) -> None:
    product = await made(api)
    for response in (
        await api.post("/products", {**LICENSE, name: value}),
        await api.patch(f"/products?id={product['id']}", {name: value}, version=1),
    ):
        assert response.status_code == 400, response.text
        assert list(response.json()["details"]["fields"]) == [name]


async def test_deep_nesting_is_refused_not_a_failure(api: Client) -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}
    for name in ("metadata", "configuration_schema"):
        response = await api.post("/products", {**LICENSE, name: deep})
        assert response.status_code == 400
        assert name in response.json()["details"]["fields"]


async def test_patch_changes_only_what_is_sent(api: Client) -> None:
    product = await made(api, **EVERYTHING)
    path = f"/products?id={product['id']}"
    response = await api.patch(path, {"price": 1199.0, "status": "active", "stock_quantity": 40}, version='W/"1"')
    assert response.status_code == 200
    assert response.headers["etag"] == 'W/"2"'
    changed = response.json()["data"]
    expected = {**product, "price": "1199.00", "status": "active", "stock_quantity": 40, "version": 2}
    assert {**changed, "updated_at": None} == {**expected, "updated_at": None}
    assert (await api.data("GET", path)) == changed


async def test_patch_tells_absent_from_null(api: Client) -> None:
    product = await made(api, **EVERYTHING)
    path = f"/products?id={product['id']}"
    nullable = (
        "description", "sku", "cost", "unit", "tax_rate", "category", "family_id", "stock_quantity",
        "low_stock_threshold", "metadata", "configuration_schema", "session_duration", "buffer_time",
        "learn_more_url",
    )  # fmt: skip
    emptied = dict.fromkeys(nullable)
    changed = await api.patch(path, emptied, version=1)
    assert changed.status_code == 200
    assert emptied.items() <= changed.json()["data"].items()
    assert changed.json()["data"]["features"] == EVERYTHING["features"]
    fixed = (
        "name", "price", "type", "price_type", "pricing_model", "status", "track_inventory", "requires_booking",
        "max_advance_days", "min_advance_hours", "allow_staff_selection", "features",
    )  # fmt: skip
    refused = await api.patch(path, dict.fromkeys(fixed), version=2)
    assert refused.status_code == 400
    assert set(refused.json()["details"]["fields"]) == set(fixed)


async def test_a_recurring_result_needs_a_billing_cycle(api: Client) -> None:
    product = await made(api)
    path = f"/products?id={product['id']}"
    refused = await api.patch(path, {"price_type": "recurring"}, version=1)
    assert refused.status_code == 400
    assert refused.json()["details"]["fields"]["billing_cycle"]["code"] == "required"
    both = {"price_type": "recurring", "billing_cycle": "monthly"}
    assert (await api.patch(path, both, version=1)).status_code == 200
    refused = await api.patch(path, {"billing_cycle": None}, version=2)
    assert refused.status_code == 400
    assert list(refused.json()["details"]["fields"]) == ["billing_cycle"]
    assert (await api.patch(path, {"price_type": "once_off", "billing_cycle": None}, version=2)).status_code == 200


async def test_writes_need_the_current_version(api: Client) -> None:
    product = await made(api)
    path = f"/products?id={product['id']}"
    for missing in (await api.patch(path, {"price": 1}), await api.delete(path)):
        assert missing.status_code == 428
        assert missing.json()["code"] == "conflict.version_required"
    await api.patch(path, {"price": 1}, version=1)
    for late in (await api.patch(path, {"price": 2}, version=1), await api.delete(path, version=1)):
        assert late.status_code == 412
        assert late.json()["code"] == "conflict.stale_version"
        assert late.json()["data"]["price"] == "1.00"
        assert late.json()["data"]["version"] == 2


async def test_of_two_updates_with_one_version_one_wins(api: Client) -> None:
    product = await made(api)
    path = f"/products?id={product['id']}"
    answers = await asyncio.gather(*(api.patch(path, {"price": price}, version=1) for price in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    [winner] = [answer.json()["data"] for answer in answers if answer.status_code == 200]
    for answer in answers:
        assert answer.json()["data"]["price"] == winner["price"]
    assert (await api.data("GET", path))["version"] == 2


async def test_a_deleted_product_is_gone_but_listed_as_archived(api: Client) -> None:
    product = await made(api)
    kept = await made(api, name="Kept")
    path = f"/products?id={product['id']}"
    answer = await api.delete(path, version=1)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"deleted": True, "id": product["id"]}
    for again in (
        await api.get(path),
        await api.get(f"{path}&action=options"),
        await api.patch(path, {"price": 1}, version=2),
        await api.delete(path, version=2),
        await api.delete(path, version=1),
    ):
        assert again.status_code == 404
        assert again.json()["code"] == "not_found"
    assert [each["id"] for each in (await api.data("GET", "/products"))["products"]] == [kept["id"]]
    archived = await api.data("GET", "/products", params={"status": "archived"})
    assert [(each["id"], each["status"]) for each in archived["products"]] == [(product["id"], "archived")]


async def test_a_product_archived_by_update_can_come_back(api: Client) -> None:
    product = await made(api)
    path = f"/products?id={product['id']}"
    await api.patch(path, {"status": "archived"}, version=1)
    assert (await api.data("GET", "/products"))["products"] == []
    assert (await api.data("GET", path))["status"] == "archived"
    assert (await api.patch(path, {"status": "active"}, version=2)).status_code == 200
    assert len((await api.data("GET", "/products"))["products"]) == 1


async def test_products_stay_in_their_workspace_and_mode(api: Client, other: Client, workspace: Workspace) -> None:
    product = await made(api)
    live = await workspace.key("live")
    for stranger in (other, live):
        path = f"/products?id={product['id']}"
        for answer in (
            await stranger.get(path),
            await stranger.get(f"{path}&action=options"),
            await stranger.patch(path, {"price": 1}, version=1),
            await stranger.delete(path, version=1),
        ):
            assert answer.status_code == 404
        assert (await stranger.data("GET", "/products"))["products"] == []
        assert (await stranger.data("GET", "/products", params={"search": "enterprise"}))["products"] == []
    for unknown in (ABSENT, "prod_xxxxx", "cust_" + product["id"][5:], "1"):
        assert (await api.get(f"/products?id={unknown}")).status_code == 404


async def test_scopes_are_asked_for(workspace: Workspace) -> None:
    reader = await workspace.key(scopes=["products:read"])
    writer = await workspace.key(scopes=["products:write"])
    product = await made(writer)
    path = f"/products?id={product['id']}"
    assert (await reader.get(path)).status_code == 200
    refused = [
        await writer.get("/products"),
        await writer.get(path),
        await writer.get(f"{path}&action=options"),
        await reader.post("/products", LICENSE),
        await reader.patch(path, {"price": 1}, version=1),
        await reader.delete(path, version=1),
    ]
    assert [answer.status_code for answer in refused] == [403] * 6


async def test_options_answer_the_schema_and_no_groups(api: Client) -> None:
    product = await made(api, **EVERYTHING)
    answer = await api.data("GET", f"/products?id={product['id']}&action=options")
    assert answer == {
        "product_id": product["id"],
        "configuration_schema": EVERYTHING["configuration_schema"],
        "option_groups": [],
    }
    assert await api.data("GET", f"/products/{product['id']}/options") == answer
    missing = await api.get("/products?action=options")
    assert missing.status_code == 400
    assert missing.json()["code"] == "validation_error.invalid_fields"
    assert "id" in missing.json()["details"]["fields"]
    assert (await api.get(f"/products?id={ABSENT}&action=options")).status_code == 404


async def test_a_higher_module_fills_in_the_option_groups(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_option_groups", [])

    @records.offers_option_groups
    async def storage(_: Context, row: Row) -> list[dict[str, Any]]:
        return [{"group_id": "og_1", "name": f"Storage of {row['name']}", "options": []}]

    product = await made(api)
    answer = await api.data("GET", f"/products?id={product['id']}&action=options")
    assert answer["option_groups"] == [{"group_id": "og_1", "name": "Storage of Enterprise License", "options": []}]


async def test_every_write_is_in_the_audit_trail(api: Client, services: Services) -> None:
    product = await made(api)
    path = f"/products?id={product['id']}"
    await api.patch(path, {"price": 5, "sku": None}, version=1)
    await api.delete(path, version=2)
    created, updated, deleted = await audit(services, api)
    assert [each["action"] for each in (created, updated, deleted)] == [
        "product.created", "product.updated", "product.deleted",
    ]  # fmt: skip
    assert created["snapshot"]["name"] == LICENSE["name"]
    assert "search" not in created["snapshot"]
    assert updated["changes"]["changed_fields"] == ["price", "sku"]
    assert updated["changes"]["price"] == {"from": "999.0000", "to": "5.0000"}
    assert "low_stock" not in updated["changes"]
    assert deleted["changes"]["status"] == {"from": "active", "to": "archived"}
    log = (await api.data("GET", "/products", params={"status": "archived", "include": "activity_log"}))["products"]
    assert [entry["action"] for entry in log[0]["activity_log"]] == [
        "product.deleted", "product.updated", "product.created",
    ]  # fmt: skip


async def test_falling_to_the_threshold_is_recorded_once(api: Client, services: Services) -> None:
    product = await made(api, track_inventory=True, stock_quantity=10, low_stock_threshold=5)
    path = f"/products?id={product['id']}"
    for version, quantity in enumerate((6, 5, 4, 20, 0), start=1):
        await api.patch(path, {"stock_quantity": quantity}, version=version)
    entries = (await audit(services, api))[1:]
    assert [entry["changes"].get("low_stock") for entry in entries] == [
        None,
        {"stock_quantity": 5, "low_stock_threshold": 5},
        None,
        None,
        {"stock_quantity": 0, "low_stock_threshold": 5},
    ]
