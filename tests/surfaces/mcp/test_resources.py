"""Resources and prompts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dealwright.app import Application
from dealwright.kernel.operations import registry
from dealwright.surfaces.mcp import prompts
from dealwright.surfaces.mcp.resources import RESOURCES, TEMPLATES
from tests.conftest import Client, Workspace
from tests.streaming import hanging_up
from tests.surfaces.mcp.calling import problem, result

LISTED = [each for each in RESOURCES if each.operation is None or each.operation in registry]


async def read(client: Client, uri: str) -> Any:
    [contents] = (await result(client, "resources/read", {"uri": uri}))["contents"]
    assert contents["uri"] == uri
    return json.loads(contents["text"]) if contents["mimeType"].endswith("json") else contents["text"]


@pytest.mark.parametrize("resource", LISTED, ids=lambda resource: resource.uri)
async def test_every_listed_resource_can_be_read(api: Client, resource: Any) -> None:
    listed = {each["uri"]: each for each in (await result(api, "resources/list"))["resources"]}
    assert listed.keys() == {each.uri for each in LISTED}
    assert await read(api, resource.uri)


async def test_schemas_are_those_of_the_schema_endpoints(app: Application, api: Client) -> None:
    machine = await read(api, "salesbooth://schemas/state-machine")
    transport = httpx.ASGITransport(app=hanging_up(app), client=("10.1.0.9", 1))  # each address has a limit of its own
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        assert machine == await replace(api, http=http).data("GET", "/schema/state-machine")
    assert (await read(api, "salesbooth://schemas/deal-terms"))["$schema"]


async def test_the_tool_reference_names_every_tool(api: Client) -> None:
    text = await read(api, "salesbooth://docs/tools")
    for operation in registry:
        if operation.tool is not None:
            assert f"{operation.tool.name}(" in text
    assert "create_deal(" in text
    assert "(scope deals:write): Create a deal" in text
    assert "search_customers([" in text


async def test_active_deals_are_those_that_can_still_change(api: Client) -> None:
    kept = await api.data("POST", "/deals", json={"title": "Open"})
    gone = await api.data("POST", "/deals", json={"title": "Gone"})
    await api.delete(f"/deals?id={gone['id']}", version=1)
    found = await read(api, "salesbooth://deals")
    assert [each["id"] for each in found["deals"]] == [kept["id"]]
    assert found["deals"][0].keys() == {"id", "status", "total_amount", "currency", "customer_id"}
    rest = await api.data("GET", "/deals?active=true")
    assert [each["id"] for each in rest["deals"]] == [kept["id"]]


async def test_lists_hold_the_first_twenty(api: Client) -> None:
    for number in range(22):
        await api.data("POST", "/products", json={"name": f"Plan {number}", "price": 1, "type": "service"})
    found = await read(api, "salesbooth://products")
    assert len(found["products"]) == 20
    assert found["pagination"] == {"total": 22, "limit": 20, "offset": 0}


async def test_one_record_by_its_id(api: Client, other: Client) -> None:
    made = await api.data("POST", "/customers", json={"name": "Ann", "email": "ann@example.com"})
    uri = f"salesbooth://customers/{made['id']}"
    assert (await read(api, uri))["email"] == "ann@example.com"
    assert (await problem(other, "resources/read", {"uri": uri}))["code"] == -32002


async def test_reading_needs_the_scope_of_the_data(workspace: Workspace) -> None:
    agent = await workspace.key(scopes=["agent:discover", "products:read"])
    await read(agent, "salesbooth://products")
    error = await problem(agent, "resources/read", {"uri": "salesbooth://deals"})
    assert error["code"] == -32603
    assert error["message"] == "Resource 'salesbooth://deals' requires scope 'deals:read'"
    assert error["data"]["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    "uri",
    [
        "salesbooth://deals/",
        "salesbooth://deals/a/b",
        "salesbooth://deals/deal_unknown",
        "salesbooth://weather",
        "http://deals",
        "salesbooth://deals/%00",
        "",
        "salesbooth://deals?limit=5",
    ],
)
async def test_what_is_not_there(api: Client, uri: str) -> None:
    error = await problem(api, "resources/read", {"uri": uri})
    assert error["code"] in (-32002, -32603)
    assert (await problem(api, "resources/read", {}))["message"] == "Missing required parameter: uri"


def test_templates_have_one_parameter_at_the_end() -> None:
    for template in TEMPLATES:
        assert re.fullmatch(r"salesbooth://[a-z]+/\{\w+\}", template.uri)


@pytest.mark.parametrize("prompt", prompts.PROMPTS, ids=lambda prompt: prompt.name)
async def test_every_prompt_renders_with_and_without_arguments(api: Client, prompt: Any) -> None:
    required = {each.name: "given" for each in prompt.arguments if each.required}
    bare = await result(api, "prompts/get", {"name": prompt.name, "arguments": required})
    assert "insufficient_scope" in bare["messages"][0]["content"]["text"]
    full = {each.name: "balanced" if each.name == "strategy" else f"my_{each.name}" for each in prompt.arguments}
    text = (await result(api, "prompts/get", {"name": prompt.name, "arguments": full}))["messages"][0]["content"][
        "text"
    ]
    for value in full.values():
        assert value in text


async def test_prompts_say_what_is_wrong(api: Client) -> None:
    async def wrong(params: dict[str, Any]) -> str:
        error = await problem(api, "prompts/get", params)
        assert error["code"] == -32602
        said: str = error["message"]
        return said

    assert await wrong({}) == "Missing required parameter: name"
    assert await wrong({"name": "no-such"}) == "Unknown prompt: no-such"
    assert await wrong({"name": "negotiate-deal"}) == "Missing required parameter: deal_id"
    assert "strategy must be one of" in await wrong(
        {"name": "negotiate-deal", "arguments": {"deal_id": "deal_1", "strategy": "rude"}}
    )
    assert "has no argument" in await wrong({"name": "create-deal", "arguments": {"colour": "red"}})
