"""The official client sells a deal end to end, in both eras of the protocol, against a server in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client import Client as McpClient
from mcp.client.streamable_http import streamable_http_client
from mcp.server.subscriptions import ResourceUpdated
from mcp_types import CallToolResult, TextContent

from dealwright.app import Application
from tests.conftest import Client
from tests.streaming import served

ERAS = ("legacy", "2026-07-28")


@asynccontextmanager
async def connected(address: str, api: Client, mode: str, query: str = "") -> AsyncIterator[McpClient]:
    headers = {"Authorization": f"Bearer {api.key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{address}/api/v1/mcp{query}", http_client=http)
        async with McpClient(transport, mode=mode) as client:
            yield client


async def call(client: McpClient, tool: str, /, **arguments: Any) -> dict[str, Any]:
    found = await client.call_tool(tool, arguments)
    assert isinstance(found, CallToolResult)
    [text] = found.content
    assert isinstance(text, TextContent)
    assert not found.is_error, text.text
    assert isinstance(found.structured_content, dict)
    return found.structured_content


@pytest.mark.parametrize("mode", ERAS)
async def test_a_deal_from_product_to_closed(server: str, api: Client, outbox: Any, mode: str) -> None:
    async with connected(server, api, mode) as client:
        assert client.protocol_version == ("2025-11-25" if mode == "legacy" else mode)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"create_deal", "add_deal_item", "transition_deal", "record_manual_payment"} <= tools.keys()
        product = await call(client, "create_product", name="Pro Plan", price=99.00, type="service")
        customer = await call(client, "create_customer", name="Jane Smith", email="jane@example.com")
        deal = await call(client, "create_deal", customer_id=customer["id"], currency="USD", deal_type="one_time")
        deal = await call(client, "add_deal_item", id=deal["id"], product_id=product["id"], quantity=2)
        assert deal["total"] == "198.00"
        for status in ("in_progress",):
            deal = await call(client, "transition_deal", id=deal["id"], status=status)
            assert deal["status"] == status
        paid = await call(client, "record_manual_payment", deal_id=deal["id"], amount=198.00)
        assert paid["payment_status"] == "paid"
        assert (await call(client, "check_deal_status", deal_id=deal["id"]))["status"] == "closed"
        resource = await client.read_resource(f"salesbooth://deals/{deal['id']}")
        assert '"status":"closed"' in resource.contents[0].text  # type: ignore[union-attr]
    names = [name for name, _ in await outbox(api)]
    assert names[:3] == ["customer.created", "deal.created", "deal.item_added"]
    assert "deal.closed" in names


@pytest.mark.parametrize("mode", ERAS)
async def test_a_deal_in_compact_mode(server: str, api: Client, mode: str) -> None:
    async with connected(server, api, mode, "?mode=compact") as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["find_tools", "describe_tool", "call_tool"]
        found = await call(client, "find_tools", query="create a deal", limit=3)
        assert found["tools"][0]["name"] == "create_deal"
        described = await call(client, "describe_tool", name="create_deal")
        assert described["parameters"]["additionalProperties"] is False
        deal = await call(client, "call_tool", name="create_deal", arguments={"title": "Compact", "currency": "EUR"})
        assert deal["title"] == "Compact"


async def test_the_client_finds_the_newest_era_by_itself(server: str, api: Client) -> None:
    async with connected(server, api, "auto") as client:
        assert client.protocol_version == "2026-07-28"
        assert (await client.list_prompts()).prompts[0].name == "create-deal"


async def test_changes_reach_a_listener(server: str, api: Client, place: Any) -> None:
    """The change is made through one process and heard of through another."""
    customer = await api.data("POST", "/customers", json={"name": "Jane Smith", "email": "jane@example.com"})
    uri = f"salesbooth://customers/{customer['id']}"
    async with (
        connected(server, api, "2026-07-28") as client,
        client.listen(resource_subscriptions=[uri]) as changes,
        asyncio.timeout(20),
    ):
        await api.data("POST", "/customers", json={"name": "Joe Smith", "email": "joe@example.com"})
        await api.patch(f"/customers?id={customer['id']}", {"company": "Acme"}, version=1)
        await place()
        async for change in changes:
            assert change == ResourceUpdated(uri=uri)
            break


async def test_a_server_that_stops_lets_listeners_go(app: Application, api: Client) -> None:
    """In both eras, and long before the server would cut them off."""
    headers = {"Authorization": f"Bearer {api.key}", "Accept": "text/event-stream"}
    async with (
        served(app) as address,
        asyncio.timeout(10),
        connected(address, api, "2026-07-28") as client,
        client.listen(resource_subscriptions=["salesbooth://deals"]) as changes,
        httpx.AsyncClient() as http,
        http.stream("GET", f"{address}/api/v1/mcp", headers=headers) as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == ": open"
        app.end_streams()
        assert [line async for line in lines if line] == []
        assert [change async for change in changes] == []
