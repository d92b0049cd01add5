"""Speaking JSON-RPC to the endpoint with plain requests, as the documented samples do."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Client


async def ask(client: Client, method: str, params: Any = None, **options: Any) -> dict[str, Any]:
    """The whole answer to one message."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": "1", "method": method}
    if params is not None:
        message["params"] = params
    response = await client.post("/mcp", message, **options)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert answer["jsonrpc"] == "2.0"
    assert answer["id"] == "1"
    return answer


async def result(client: Client, method: str, params: Any = None, **options: Any) -> dict[str, Any]:
    answer = await ask(client, method, params, **options)
    assert "result" in answer, answer
    found: dict[str, Any] = answer["result"]
    return found


async def problem(client: Client, method: str, params: Any = None, **options: Any) -> dict[str, Any]:
    answer = await ask(client, method, params, **options)
    assert "error" in answer, answer
    found: dict[str, Any] = answer["error"]
    return found


async def call(client: Client, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
    """What a tool answers, when it works."""
    found = await result(client, "tools/call", {"name": name, "arguments": arguments or {}}, **options)
    assert found["isError"] is False, found
    return json.loads(found["content"][0]["text"])


async def refused(client: Client, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> Any:
    """What a tool answers, when it does not."""
    found = await result(client, "tools/call", {"name": name, "arguments": arguments or {}}, **options)
    assert found["isError"] is True, found
    return json.loads(found["content"][0]["text"])
