"""The documented JSON-RPC messages, sent as they stand: plain POSTs without session, version or Accept header.

Only the ids of records are those of the test's own workspace.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from dealwright.kernel.operations import registry
from tests.conftest import Client, Workspace


async def send(client: Client, message: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json"}
    return await client.http.post("/api/v1/mcp", headers=headers, content=json.dumps(message))


async def result(client: Client, message: dict[str, Any]) -> Any:
    response = await send(client, message)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert {"jsonrpc", "id", "result"} == answer.keys(), answer
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", message["id"])
    return answer["result"]


async def tool(client: Client, request_id: str, name: str, arguments: dict[str, Any]) -> Any:
    message = {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }
    found = await result(client, message)
    assert found.keys() == {"content", "isError"}
    [content] = found["content"]
    assert content.keys() == {"type", "text"}
    assert found["isError"] is False, content["text"]
    return json.loads(content["text"])


@pytest.fixture
async def product(api: Client) -> dict[str, Any]:
    made = {"name": "Enterprise Plan", "price": 120.00, "type": "service"}
    return await api.data("POST", "/products", json=made)


@pytest.fixture
async def customer(api: Client) -> dict[str, Any]:
    made = {"name": "Ann Acme", "email": "ann@acme.example", "company": "Acme Corp"}
    return await api.data("POST", "/customers", json=made)


async def test_initialize(api: Client) -> None:
    found = await result(api, {"jsonrpc": "2.0", "id": "1", "method": "initialize", "params": {}})
    assert found == {
        "protocolVersion": "2024-11-05",
        "capabilities": {
            "tools": {"listChanged": False},
            "resources": {"subscribe": True, "listChanged": False},
            "prompts": {"listChanged": False},
        },
        "serverInfo": {"name": "salesbooth-mcp", "version": "2.0"},
    }


async def test_initialized_and_ping(api: Client) -> None:
    response = await send(api, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status_code, response.content) == (202, b"")
    assert await result(api, {"jsonrpc": "2.0", "id": "9", "method": "ping"}) == {}


async def test_tools_list(api: Client) -> None:
    found = await result(api, {"jsonrpc": "2.0", "id": "2", "method": "tools/list", "params": {}})
    assert found.keys() == {"tools"}
    for each in found["tools"]:
        assert {"name", "description", "inputSchema"} <= each.keys()
        schema = each["inputSchema"]
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) <= schema["properties"].keys()


async def test_workflow_1_a_deal_from_products(api: Client, customer: Any, product: Any) -> None:
    found = await tool(api, "w1a", "search_customers", {"query": "Acme Corp", "limit": 5})
    assert [each["id"] for each in found["customers"]] == [customer["id"]]
    deal = await tool(
        api,
        "w1b",
        "create_deal",
        {
            "customer_id": customer["id"],
            "currency": "USD",
            "deal_type": "one_time",
            "description": "Enterprise software package",
        },
    )
    deal = await tool(
        api,
        "w1c",
        "add_deal_item",
        {"id": deal["id"], "product_id": product["id"], "quantity": 10, "unit_price": 99.00},
    )
    assert deal["total"] == "990.00"
    moved = await tool(api, "w1d", "transition_deal", {"id": deal["id"], "status": "in_progress"})
    assert moved["status"] == "in_progress"
    listed = await result(
        api, {"jsonrpc": "2.0", "id": "r2", "method": "resources/read", "params": {"uri": "salesbooth://deals"}}
    )
    [contents] = listed["contents"]
    assert contents.keys() == {"uri", "mimeType", "text"}
    assert (contents["uri"], contents["mimeType"]) == ("salesbooth://deals", "application/json")
    assert json.loads(contents["text"]) == {
        "deals": [
            {
                "id": deal["id"],
                "status": "in_progress",
                "total_amount": "990.00",
                "currency": "USD",
                "customer_id": customer["id"],
            }
        ],
        "pagination": {"total": 1, "limit": 20, "offset": 0},
    }
    single = {"jsonrpc": "2.0", "id": "r4", "method": "resources/read"}
    one = await result(api, {**single, "params": {"uri": f"salesbooth://deals/{deal['id']}"}})
    assert json.loads(one["contents"][0]["text"])["deal_id"] == deal["id"]


async def test_workflow_5_search_across_all(api: Client, product: Any) -> None:
    arguments = {"query": "enterprise", "types": ["deals", "customers", "products"], "limit": 10}
    found = await tool(api, "w5", "global_search", arguments)
    assert found.keys() == {"results", "total"}
    [hit] = found["results"]
    assert (hit["type"], hit["id"], hit["label"]) == ("product", product["id"], "Enterprise Plan")
    assert hit.keys() == {"type", "id", "label", "score"}


LATER = [
    ("w2a", "score_deal", {"deal_id": "deal_xyz789"}),
    ("w2b", "get_pricing_recommendations", {"deal_id": "deal_xyz789", "strategy": "balanced"}),
    (
        "w3a",
        "negotiate_terms",
        {
            "deal_id": "deal_xyz789",
            "action": "propose",
            "terms": {"discount_percent": 10, "payment_terms": "net_30"},
        },
    ),
    ("w3b", "get_negotiation_history", {"deal_id": "deal_xyz789"}),
    (
        "w3c",
        "counter_proposal",
        {
            "negotiation_id": "neg_abc456",
            "terms": {"discount_percent": 7, "payment_terms": "net_15"},
            "message": "We can offer 7% with net-15 terms.",
        },
    ),
    ("w4a", "get_delegation_scope", {"delegation_id": "del_xxxxx"}),
    ("f1", "discover_federation_partners", {"limit": 20}),
    (
        "f2",
        "initiate_federation_negotiation",
        {
            "remote_instance_url": "https://partner.salesbooth.com",
            "remote_deal_id": "remote_deal_123",
            "proposed_terms": {"discount_percent": 5},
        },
    ),
]


@pytest.mark.parametrize(("request_id", "name", "arguments"), LATER)
async def test_calls_about_records_that_are_not_here(api: Client, request_id: str, name: str, arguments: Any) -> None:
    """A tool that is there answers in its own form, whatever it says; one that is not is a protocol error."""
    params = {"name": name, "arguments": arguments}
    response = await send(api, {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params})
    answer = response.json()
    assert (response.status_code, answer["id"]) == (200, request_id)
    if registry.by_tool(name) is None:
        assert answer["error"] == {"code": -32602, "message": f"Unknown tool: {name}"}
        return
    [content] = answer["result"]["content"]
    said = json.loads(content["text"])
    if answer["result"]["isError"]:
        assert said["error"] is True
        assert not said["code"].startswith(("validation_error", "internal_error")), said


async def test_resources_list(api: Client) -> None:
    found = await result(api, {"jsonrpc": "2.0", "id": "r1", "method": "resources/list", "params": {}})
    known = {each["uri"]: each for each in found["resources"]}
    assert known["salesbooth://schemas/deal-terms"] == {
        "uri": "salesbooth://schemas/deal-terms",
        "name": "Deal Terms Schema",
        "mimeType": "application/schema+json",
    }
    assert known["salesbooth://docs/tools"]["mimeType"] == "text/plain"
    assert {"salesbooth://deals", "salesbooth://products", "salesbooth://customers"} <= known.keys()


async def test_resource_templates_list(api: Client) -> None:
    message = {"jsonrpc": "2.0", "id": "r3", "method": "resources/templates/list", "params": {}}
    found = await result(api, message)
    assert found["resourceTemplates"][:3] == [
        {"uriTemplate": f"salesbooth://{many}/{{{one}_id}}", "name": f"{name} by ID", "mimeType": "application/json"}
        for many, one, name in (
            ("deals", "deal", "Deal"),
            ("products", "product", "Product"),
            ("customers", "customer", "Customer"),
        )
    ]


async def test_prompts(api: Client) -> None:
    found = await result(api, {"jsonrpc": "2.0", "id": "p1", "method": "prompts/list", "params": {}})
    assert [each["name"] for each in found["prompts"]] == [
        "create-deal",
        "negotiate-deal",
        "configure-widget",
        "review-pipeline",
        "manage-delegation",
    ]
    params = {"name": "negotiate-deal", "arguments": {"deal_id": "deal_xyz789", "strategy": "balanced"}}
    rendered = await result(api, {"jsonrpc": "2.0", "id": "p2", "method": "prompts/get", "params": params})
    [message] = rendered["messages"]
    assert (message["role"], message["content"]["type"]) == ("user", "text")
    for word in ("deal_xyz789", "balanced", "check_deal_status", "score_deal", "counter_proposal"):
        assert word in message["content"]["text"]


async def test_a_missing_parameter(api: Client) -> None:
    response = await send(api, {"jsonrpc": "2.0", "id": "3", "method": "tools/call", "params": {}})
    assert response.status_code == 200
    assert response.json() == {
        "jsonrpc": "2.0",
        "id": "3",
        "error": {"code": -32602, "message": "Missing required parameter: name"},
    }


async def test_a_tool_without_its_scope(workspace: Workspace) -> None:
    reader = await workspace.key(scopes=["agent:discover", "deals:read"])
    params = {"name": "create_deal", "arguments": {"currency": "USD"}}
    response = await send(reader, {"jsonrpc": "2.0", "id": "4", "method": "tools/call", "params": params})
    assert response.json() == {
        "jsonrpc": "2.0",
        "id": "4",
        "result": {
            "content": [
                {
                    "type": "text",
                    "text": '{"error":true,"code":"insufficient_scope",'
                    "\"message\":\"Tool 'create_deal' requires scope 'deals:write'\"}",
                }
            ],
            "isError": True,
        },
    }
