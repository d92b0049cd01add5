"""The shop's operations as tools of the same server, for keys of the same workspace."""

from __future__ import annotations

from dealwright.modules.shop.registry import shop_registry
from tests.conftest import Client, Workspace
from tests.shop import open_shop
from tests.surfaces.mcp.calling import call, problem, refused, result

COMPACT = {"headers": {"X-MCP-Mode": "compact"}}


async def test_every_operation_of_the_shop_is_a_tool(api: Client) -> None:
    listed = {tool["name"] for tool in (await result(api, "tools/list"))["tools"]}
    assert {operation.tool.name for operation in shop_registry if operation.tool is not None} <= listed


async def test_a_day_in_the_shop(api: Client, workspace: Workspace) -> None:
    customer = await call(api, "shop_create_customer", {"name": "Jordan Rivera"})
    booking = {
        "customer_id": customer["id"],
        "service_type": "Ceramic tint",
        "scheduled_at": "2026-06-10T09:00:00Z",
        "duration_minutes": 60,
    }
    booked = await call(api, "shop_create_appointment", booking)
    error = await refused(api, "shop_create_appointment", booking)
    assert error["category"] == "conflict"
    assert (await call(api, "shop_update_appointment", {"id": booked["id"], "status": "confirmed"}))["status"]
    assert await call(api, "shop_delete_appointment", {"id": booked["id"]}) == {"done": True}
    shop = await open_shop(workspace)
    assert (await shop.get(f"/customers/{customer['id']}")).json() == customer
    theirs = await call(api, "get_customer", {"id": customer["id"].replace("cus_", "cust_")})
    assert theirs["name"] == "Jordan Rivera"


async def test_webhooks_of_both_apis_have_tools(api: Client) -> None:
    hook = {"url": "https://example.com/hook", "events": ["*"]}
    assert (await call(api, "shop_create_webhook", hook))["id"].startswith("whk_")
    assert (await call(api, "create_webhook", hook))["id"].startswith("wh_")
    assert len((await call(api, "shop_list_webhooks"))["data"]) == 1
    assert len((await call(api, "list_webhooks"))["webhooks"]) == 1


async def test_an_idempotency_key_belongs_to_one_tool(api: Client) -> None:
    made = {"name": "Jo", "idempotency_key": "same"}
    first = await call(api, "shop_create_customer", made)
    assert await call(api, "shop_create_customer", made) == first
    theirs = await call(api, "create_customer", {**made, "email": "jo@example.com"})
    assert theirs["id"] != first["id"].replace("cus_", "cust_")


async def test_scopes(workspace: Workspace) -> None:
    reader = await workspace.key(scopes=["agent:discover", "vehicles:read", "customers:write"])
    customer = await call(reader, "shop_create_customer", {"name": "Jo"})
    assert (await call(reader, "shop_list_vehicles", {"customer_id": customer["id"]}))["data"] == []
    assert await refused(reader, "shop_list_invoices") == {
        "error": True,
        "code": "insufficient_scope",
        "message": "Tool 'shop_list_invoices' requires scope 'invoices:read'",
    }


async def test_a_key_of_the_shops_own_api_does_not_open_the_server(workspace: Workspace) -> None:
    shop = await open_shop(workspace)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = await shop.http.post("/api/v1/mcp", json=message, headers={"Authorization": f"Bearer {shop.key}"})
    assert answer.status_code == 401


async def test_the_compact_mode_and_the_tools_list(api: Client) -> None:
    found = await call(api, "find_tools", {"category": "shop", "limit": 50}, **COMPACT)
    assert found["total"] == len(shop_registry)
    assert {tool["category"] for tool in found["tools"]} == {"shop"}
    described = await call(api, "describe_tool", {"name": "shop_create_webhook"}, **COMPACT)
    assert described["scopes"] == ["webhooks:write"]
    assert "invoice.paid" in str(described["parameters"])
    names = [tool["name"] for tool in (await api.data("GET", "/tools"))["tools"]]
    assert not [name for name in names if name.startswith("shop_")]
    assert (await problem(api, "tools/call", {"name": "shop_make_coffee"}))["code"] == -32602
