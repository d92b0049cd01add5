"""Tool definitions."""

from __future__ import annotations

from dealwright.kernel.operations import registry
from dealwright.surfaces.agents.definitions import CATEGORIES
from tests.conftest import Client, Workspace


async def test_each_dialect(api: Client) -> None:
    universal = await api.data("GET", "/tools")
    assert universal["format"] == "universal"
    assert universal["count"] == len(universal["tools"])
    by_name = {tool["name"]: tool for tool in universal["tools"]}
    add = by_name["add_deal_item"]
    assert {"id", "product_id", "quantity", "unit_price"} <= set(add["parameters"]["properties"])
    assert add["parameters"]["required"] == ["product_id", "id"]
    assert add["parameters"]["additionalProperties"] is False
    openai = await api.data("GET", "/tools", params={"format": "openai", "category": "deals"})
    assert all(tool["type"] == "function" for tool in openai["tools"])
    anthropic = await api.data("GET", "/tools", params={"format": "anthropic", "category": "deals"})
    assert all(set(tool) == {"name", "description", "input_schema"} for tool in anthropic["tools"])
    assert len(openai["tools"]) == len(anthropic["tools"])


async def test_schemas_use_the_documented_names_and_plain_words(api: Client) -> None:
    by_name = {tool["name"]: tool["parameters"] for tool in (await api.data("GET", "/tools"))["tools"]}
    search = by_name["global_search"]
    assert search["required"] == ["query"]
    assert search["properties"]["limit"] == {"type": "integer", "minimum": 1, "maximum": 25, "default": 10}
    assert search["properties"]["types"]["type"] == "array"
    assert "deal_id" in by_name["check_deal_status"]["required"]
    assert "query" in by_name["search_customers"]["properties"]
    assert {"if_match", "idempotency_key"} & by_name["list_deals"]["properties"].keys() == set()
    assert "idempotency_key" in by_name["create_deal"]["properties"]
    assert "if_match" in by_name["update_deal"]["properties"]
    assert {"type": "null"} in by_name["update_deal"]["properties"]["notes"]["anyOf"]


async def test_a_key_sees_only_what_it_could_use(workspace: Workspace) -> None:
    agent = await workspace.key(scopes=["agent:discover", "products:read"])
    names = {tool["name"] for tool in (await agent.data("GET", "/tools"))["tools"]}
    assert "list_products" in names
    assert "create_deal" not in names
    assert (await agent.get("/tools?category=weather")).status_code == 400
    blind = await workspace.key(scopes=["products:read"])
    assert (await blind.get("/tools")).status_code == 403


def test_every_tool_has_a_known_category_and_a_summary() -> None:
    for operation in registry:
        assert operation.summary, operation.id
        if operation.tool is not None:
            assert operation.tool.category in CATEGORIES, operation.id
