"""The endpoint itself: who gets in, versions, batches, limits, and what is no message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client, Workspace
from tests.surfaces.mcp.calling import ask, call, problem, refused, result

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


async def test_without_a_key_or_with_a_bad_one_it_is_401(api: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer sb_test_nosuchkeyatall"}):
        response = await api.http.post("/api/v1/mcp", headers=headers, json=PING)
        assert response.status_code == 401
        body = response.json()
        assert body["error"] is True
        assert body["category"] == "authentication_error"
        assert response.headers["www-authenticate"].startswith("Bearer")


async def test_connecting_needs_its_scope_and_a_secret_key(workspace: Workspace) -> None:
    blind = await workspace.key(scopes=["deals:read"])
    response = await blind.post("/mcp", PING)
    assert response.status_code == 403
    assert response.json()["code"] == "authorization_error.insufficient_scope"
    assert response.json()["details"] == {"required_scope": "agent:discover"}
    assert "x-ratelimit-remaining" in response.headers
    public = await workspace.key("pub")
    assert (await public.post("/mcp", PING)).status_code == 403


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ],
)
async def test_a_client_gets_the_version_that_it_names(api: Client, asked: str, answered: str) -> None:
    params = {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    assert (await result(api, "initialize", params))["protocolVersion"] == answered


async def test_every_call_counts_and_shows_the_limit(workspace: Workspace) -> None:
    limited = await workspace.key(rate_limit=10)
    seen = []
    for _ in range(3):
        response = await limited.post("/mcp", PING)
        seen.append(int(response.headers["x-ratelimit-remaining"]))
    assert seen == [seen[0], seen[0] - 1, seen[0] - 2]
    batch = await limited.post("/mcp", [PING, PING, PING])
    assert len(batch.json()) == 3
    after = await limited.post("/mcp", PING)
    assert int(after.headers["x-ratelimit-remaining"]) == seen[2] - 4


async def test_over_the_limit_it_is_429_and_nothing_of_a_batch_runs(workspace: Workspace) -> None:
    limited = await workspace.key(rate_limit=4)
    make = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "create_deal", "arguments": {"title": "In a batch"}},
    }
    response = await limited.post("/mcp", [make] * 20)
    assert response.status_code == 429
    assert response.json()["code"] == "rate_limited"
    assert int(response.headers["retry-after"]) >= 1
    watcher = await workspace.key()
    assert (await call(watcher, "list_deals"))["deals"] == []


async def test_batches_answer_in_order_and_leave_out_notifications(api: Client) -> None:
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    odd: list[Any] = [{"jsonrpc": "2.0", "id": "a", "method": "ping"}, told, 7, {**PING, "method": "nothing/such"}]
    response = await api.post("/mcp", odd)
    assert response.status_code == 200
    assert response.json() == [
        {"jsonrpc": "2.0", "id": "a", "result": {}},
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Not a JSON-RPC 2.0 request object"}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found", "data": "nothing/such"}},
    ]
    silent = await api.post("/mcp", [told, told])
    assert (silent.status_code, silent.content) == (202, b"")
    for size in (0, 101):
        assert (await api.post("/mcp", [PING] * size)).json()["error"]["code"] == -32600


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", -32700),
        ('{"jsonrpc": "2.0", "id": 1', -32700),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        ('{"id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": 5}}', -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "no/such"}', -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "server/discover"}', -32601),
        ('"text"', -32600),
        ("null", -32600),
    ],
)
async def test_what_is_no_proper_message_is_a_json_rpc_error(api: Client, message: str, code: int) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    response = await api.http.post("/api/v1/mcp", headers=headers, content=message)
    assert response.status_code == 200
    assert response.json()["error"]["code"] == code


async def test_a_clients_own_answer_is_taken_without_one(api: Client) -> None:
    assert (await api.post("/mcp", {"jsonrpc": "2.0", "id": 1, "result": {}})).status_code == 202


async def test_ids_come_back_as_they_were(api: Client) -> None:
    for given in ("text", 0, -5, 2**53):
        assert (await api.post("/mcp", {**PING, "id": given})).json()["id"] == given


async def test_other_verbs_types_and_sizes(api: Client) -> None:
    for method in ("GET", "DELETE", "PUT"):
        response = await api.request(method, "/mcp")
        assert response.status_code == 405
        assert "POST" in response.headers["allow"]
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "text/plain"}
    assert (await api.http.post("/api/v1/mcp", headers=headers, content="{}")).status_code == 415
    huge = {**PING, "params": {"x": "y" * 2_000_000}}
    assert (await api.post("/mcp", huge)).status_code == 413
    deep: Any = {}
    for _ in range(200):
        deep = {"x": deep}
    assert (await refused(api, "create_deal", {"metadata": deep}))["category"] == "validation_error"


async def test_pages_of_strangers_are_refused(api: Client, workspace: Workspace) -> None:
    stranger = {"Origin": "http://evil.example.com", "Host": "evil.example.com"}
    response = await api.post("/mcp", PING, headers=stranger)
    assert response.status_code == 403
    assert response.json()["code"] == "authorization_error.origin_not_allowed"
    assert "access-control-allow-origin" not in response.headers
    near = {"Origin": "http://localhost:6274", "Host": "127.0.0.1:8080"}
    response = await api.post("/mcp", PING, headers=near)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "http://localhost:6274"
    away = {"Origin": "http://localhost:6274", "Host": "deals.example.com"}
    assert (await api.post("/mcp", PING, headers=away)).status_code == 403
    bound = await workspace.key(allowed_origins=["https://agents.example.com"])
    assert (await bound.post("/mcp", PING, headers={"Origin": "https://agents.example.com"})).status_code == 200
    assert (await bound.post("/mcp", PING, headers=near)).status_code == 403
    assert (await bound.post("/mcp", PING)).status_code == 200


async def test_preflight(api: Client) -> None:
    response = await api.http.request("OPTIONS", "/api/v1/mcp", headers={"Origin": "http://localhost:6274"})
    assert response.status_code == 204
    assert "MCP-Protocol-Version" in response.headers["access-control-allow-headers"]


async def stateless(client: Client, method: str, params: dict[str, Any], **headers: str) -> Any:
    """A request of the stateless era, with its envelope and its headers."""
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {**params, "_meta": META}}
    named = {"Mcp-Name": params["name"]} if "name" in params else {}
    said = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": method,
        **named,
        **headers,
    }
    return await client.post("/mcp", message, headers=said)


async def test_the_stateless_era(api: Client) -> None:
    response = await stateless(api, "server/discover", {})
    assert response.status_code == 200
    assert "x-ratelimit-remaining" in response.headers
    found = response.json()["result"]
    assert found["supportedVersions"] == ["2026-07-28"]
    assert found["capabilities"] == {
        "tools": {"listChanged": False},
        "resources": {"subscribe": True, "listChanged": False},
        "prompts": {"listChanged": False},
    }
    assert found["_meta"]["io.modelcontextprotocol/serverInfo"] == {"name": "salesbooth-mcp", "version": "2.0"}
    listed = (await stateless(api, "tools/list", {})).json()["result"]
    assert (listed["cacheScope"], listed["resultType"]) == ("public", "complete")
    made = await stateless(api, "tools/call", {"name": "create_deal", "arguments": {"title": "Stateless"}})
    assert made.json()["result"]["structuredContent"]["title"] == "Stateless"


async def test_the_stateless_era_is_strict(api: Client) -> None:
    for method in ("initialize", "ping", "resources/subscribe", "nothing/such"):
        response = await stateless(api, method, {})
        assert (response.status_code, response.json()["error"]["code"]) == (404, -32601)
    wrong = await stateless(api, "tools/list", {}, **{"Mcp-Method": "tools/call"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, -32020)
    unknown = await stateless(api, "tools/list", {}, **{"MCP-Protocol-Version": "2030-01-01"})
    assert unknown.status_code == 400
    headless = await api.post("/mcp", {"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": META}})
    assert headless.status_code in (400, 406)
    missing = await stateless(api, "tools/call", {})
    assert missing.json()["error"]["message"] == "Missing required parameter: name"


async def test_a_key_in_another_header_and_another_base(api: Client) -> None:
    response = await api.http.post("/api/v1/mcp", headers={"X-API-Key": api.key}, json=PING)
    assert response.status_code == 200
    assert (await ask(api, "ping"))["result"] == {}
    assert (await problem(api, "no/such"))["code"] == -32601
