"""The compact mode: find, describe, call."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.surfaces.agents import definitions
from dealwright.surfaces.mcp.compact import relevance
from tests.conftest import Client, Workspace
from tests.surfaces.mcp.calling import call, problem, refused, result

COMPACT = {"headers": {"X-MCP-Mode": "compact"}}


async def test_it_is_chosen_by_address_or_header(api: Client) -> None:
    whole = await result(api, "tools/list")
    by_header = await result(api, "tools/list", **COMPACT)
    assert [tool["name"] for tool in by_header["tools"]] == ["find_tools", "describe_tool", "call_tool"]
    assert len(json.dumps(by_header)) < len(json.dumps(whole)) / 20
    response = await api.post("/mcp?mode=compact", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert response.json()["result"] == by_header
    assert "find_tools" in (await result(api, "initialize", {}, **COMPACT))["instructions"]


async def test_find_describe_call(api: Client) -> None:
    found = await call(api, "find_tools", {"query": "add an item to a deal"}, **COMPACT)
    assert found["tools"][0]["name"] == "add_deal_item"
    assert found["tools"][0].keys() == {"name", "category", "summary"}
    described = await call(api, "describe_tool", {"name": "create_deal"}, **COMPACT)
    assert described["scopes"] == ["deals:write"]
    assert described["annotations"]["readOnlyHint"] is False
    deal = await call(api, "call_tool", {"name": "create_deal", "arguments": {"title": "Found"}}, **COMPACT)
    assert deal["title"] == "Found"
    assert (await call(api, "list_deals", {}, **COMPACT))["deals"][0]["id"] == deal["id"]


async def test_browsing(api: Client) -> None:
    everything = await call(api, "find_tools", {"limit": 50}, **COMPACT)
    assert everything["total"] > 40
    deals = await call(api, "find_tools", {"category": "deals", "limit": 50}, **COMPACT)
    assert {tool["category"] for tool in deals["tools"]} == {"deals"}
    assert (await call(api, "find_tools", {"query": "zymurgy"}, **COMPACT))["tools"] == []


async def test_it_can_do_nothing_more(workspace: Workspace) -> None:
    reader = await workspace.key(scopes=["agent:discover", "deals:read"])
    error = await refused(reader, "call_tool", {"name": "create_deal", "arguments": {}}, **COMPACT)
    assert error["code"] == "insufficient_scope"
    error = await refused(reader, "call_tool", {"name": "make_coffee"}, **COMPACT)
    assert error["code"] == "not_found"
    assert (await refused(reader, "describe_tool", {"name": "make_coffee"}, **COMPACT))["code"] == "not_found"
    error = await refused(reader, "find_tools", {"limit": 500}, **COMPACT)
    assert error["details"]["fields"].keys() == {"limit"}
    assert (await problem(reader, "tools/call", {"name": "make_coffee"}, **COMPACT))["code"] == -32602


NAMES = st.sampled_from(["create_deal", "list_deals", "search_customers", "refund_payment"])


@given(st.text(max_size=60), NAMES, st.sampled_from(definitions.CATEGORIES), st.text(max_size=60))
def test_relevance_is_never_negative_and_nothing_finds_nothing(query: str, name: str, category: str, text: str) -> None:
    assert relevance(query, name, category, text) >= 0
    assert relevance("", name, category, text) == 0


@given(NAMES, NAMES)
def test_a_tool_is_found_best_by_its_own_name(wanted: str, other: str) -> None:
    query = wanted.replace("_", " ")
    if wanted != other:
        assert relevance(query, wanted, "deals", "") > relevance(query, other, "deals", "")


@pytest.mark.parametrize(("query", "best"), [("refund money", "refund_payment"), ("find customer", "search_customers")])
async def test_words_lead_to_tools(api: Client, query: str, best: str) -> None:
    found = await call(api, "find_tools", {"query": query, "limit": 5}, **COMPACT)
    assert best in [tool["name"] for tool in found["tools"]]
