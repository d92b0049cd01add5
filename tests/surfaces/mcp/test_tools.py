"""Tools: what they say about themselves, and that a call is its REST twin."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp_types import BlobResourceContents, EmbeddedResource

from dealwright.kernel.access.principals import Principal
from dealwright.kernel.operations import Operation, registry
from dealwright.kernel.pipeline import Outcome
from dealwright.modules.shop.registry import shop_registry
from dealwright.surfaces.agents import definitions
from dealwright.surfaces.mcp.breaker import FAILURES, OPEN_SECONDS, Breakers
from dealwright.surfaces.mcp.caller import Caller
from dealwright.surfaces.mcp.tools import Tools, definition
from tests.conftest import Client, Workspace
from tests.surfaces.mcp.calling import call, problem, refused, result

WITH_TOOL = [operation for operation in (*registry, *shop_registry) if operation.tool is not None]


@pytest.mark.parametrize("operation", WITH_TOOL, ids=lambda operation: operation.tool.name)
def test_every_operation_with_a_tool_is_described_in_full(operation: Operation) -> None:
    tool = definition(operation)
    assert tool.name == operation.tool.name  # type: ignore[union-attr]
    assert tool.description
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint is (operation.route.method == "GET")
    schema = tool.input_schema
    Draft202012Validator.check_schema(schema)
    _closed(schema)
    shown = set(schema["properties"]) - {"if_match", "idempotency_key"}
    documented = operation.tool.arguments if operation.tool is not None else {}
    assert {documented.get(name, name) for name in shown} == set(operation.input.model_fields)
    assert "ge" not in json.dumps(schema).replace('"', " ").split()


def _closed(schema: Any) -> None:
    if isinstance(schema, list):
        for each in schema:
            _closed(each)
    elif isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            assert schema["additionalProperties"] is False
        for each in schema.values():
            _closed(each)


async def test_the_whole_catalogue_is_listed_whatever_the_scopes(workspace: Workspace) -> None:
    nearly_nothing = await workspace.key(scopes=["agent:discover"])
    names = {tool["name"] for tool in (await result(nearly_nothing, "tools/list"))["tools"]}
    assert names == {operation.tool.name for operation in WITH_TOOL}  # type: ignore[union-attr]


async def test_hints(api: Client) -> None:
    tools = {tool["name"]: tool["annotations"] for tool in (await result(api, "tools/list"))["tools"]}
    assert tools["list_deals"] == {"title": "List deals", "readOnlyHint": True, "openWorldHint": False}
    assert tools["cancel_deal"]["destructiveHint"] is True
    assert tools["create_deal"]["destructiveHint"] is False
    assert tools["update_deal"]["idempotentHint"] is True
    assert tools["create_payment_intent"]["openWorldHint"] is True


async def test_newer_revisions_get_structured_content_and_older_ones_do_not(api: Client) -> None:
    params = {"name": "list_deals", "arguments": {}}
    older = await result(api, "tools/call", params)
    assert older.keys() == {"content", "isError"}
    newer = await result(api, "tools/call", params, headers={"MCP-Protocol-Version": "2025-06-18"})
    assert newer["structuredContent"] == json.loads(newer["content"][0]["text"])


async def test_both_names_of_an_argument_are_understood(api: Client) -> None:
    deal = await call(api, "create_deal", {"title": "Both names"})
    for name in ("deal_id", "id"):
        assert (await call(api, "check_deal_status", {name: deal["id"]}))["title"] == "Both names"
    for name in ("query", "q"):
        assert (await call(api, "global_search", {name: "both names"}))["total"] == 1


async def test_what_a_tool_refuses_is_an_answer_in_the_form_of_the_rest_error(api: Client) -> None:
    error = await refused(api, "create_deal", {"currency": "DOLLARS", "weather": "fine"})
    assert error["code"] == "validation_error.invalid_fields"
    assert error["details"]["fields"].keys() == {"weather"}
    error = await refused(api, "create_deal", {"currency": "DOLLARS"})
    assert error["error"] is True
    assert error["category"] == "validation_error"
    assert error["details"]["fields"]["currency"]["code"] == "invalid_format"
    assert error["recovery"]["action"] == "fix_request"
    assert error["ref"].startswith("trace_")
    error = await refused(api, "check_deal_status", {"deal_id": "deal_unknown"})
    assert (error["code"], error["category"]) == ("not_found", "not_found")
    error = await refused(api, "create_deal", {"title": "a\x00b"})
    assert error["details"]["fields"].keys() == {"title"}


async def test_a_foreign_record_is_unknown(api: Client, other: Client) -> None:
    deal = await call(api, "create_deal", {"title": "Mine"})
    assert (await refused(other, "check_deal_status", {"deal_id": deal["id"]}))["code"] == "not_found"
    assert (await refused(other, "cancel_deal", {"id": deal["id"]}))["code"] == "not_found"


async def test_a_scope_that_a_handler_asks_for_is_named_too(workspace: Workspace) -> None:
    agent = await workspace.key(scopes=["agent:discover"])
    error = await refused(agent, "global_search", {"query": "anything", "types": ["deals"]})
    assert error == {
        "error": True,
        "code": "insufficient_scope",
        "message": "Tool 'global_search' requires scope 'deals:read'",
    }


async def test_the_version_is_optional_and_counts_when_given(api: Client) -> None:
    deal = await call(api, "create_deal", {"title": "First"})
    deal = await call(api, "update_deal", {"id": deal["id"], "title": "Second"})
    assert deal["version"] == 2
    stale = await refused(api, "update_deal", {"id": deal["id"], "title": "Third", "if_match": 1})
    assert stale["code"] == "conflict.stale_version"
    assert stale["data"]["title"] == "Second"
    assert (await call(api, "update_deal", {"id": deal["id"], "title": "Third", "if_match": 2}))["version"] == 3


async def test_an_idempotency_key_makes_one_deal(api: Client) -> None:
    arguments = {"title": "Once", "idempotency_key": "once-and-only"}
    first = await call(api, "create_deal", arguments)
    again = await call(api, "create_deal", arguments)
    assert again["id"] == first["id"]
    assert (await call(api, "list_deals"))["pagination"]["total"] == 1


async def test_two_at_once_with_one_key_make_one_deal(api: Client) -> None:
    arguments = {"title": "Once", "idempotency_key": "both-at-once"}
    made = await asyncio.gather(*(call(api, "create_deal", arguments) for _ in range(5)))
    assert len({each["id"] for each in made}) == 1


async def test_a_call_has_the_effects_of_its_twin(api: Client, outbox: Any) -> None:
    deal = await call(api, "create_deal", {"title": "Told"})
    assert [name for name, _ in await outbox(api)] == ["deal.created"]
    trail = await api.data("GET", f"/deals?id={deal['id']}&action=audit")
    assert trail["audit_entries"][0]["actor"] == api.key_id


async def test_an_endpoints_own_limit_holds_for_its_tool_too(api: Client) -> None:
    for _ in range(60):
        found = await result(api, "tools/call", {"name": "get_state_machine", "arguments": {}})
        if found["isError"]:
            assert json.loads(found["content"][0]["text"])["code"] == "rate_limited"
            return
    raise AssertionError("the limit of 30 a minute was not charged")


async def test_unknown_tools_and_bad_arguments_are_protocol_errors(api: Client) -> None:
    unknown = await problem(api, "tools/call", {"name": "make_coffee"})
    assert unknown == {"code": -32602, "message": "Unknown tool: make_coffee"}
    assert (await problem(api, "tools/call", {"name": 7}))["code"] == -32602
    assert (await problem(api, "tools/call", {"name": "list_deals", "arguments": [1]}))["code"] == -32602


class Scripted:
    """Calls whose outcome a test decides."""

    def __init__(self) -> None:
        self.outcome = Outcome(200, {"fine": True})
        self.seconds = 0.0

    async def run(self, *_: Any, **__: Any) -> Outcome:
        await asyncio.sleep(self.seconds)
        return self.outcome


async def _yes() -> bool:
    return True


CALLER = Caller(Principal("secret_key", "key_x", None, False), "127.0.0.1", None, "http://testserver", _yes)
OPEN = (
    '{"error":true,"code":"service_unavailable","message":"Tool execution temporarily unavailable (circuit breaker '
    'open). Retry after a short delay.","retryable":true}'
)


async def test_faults_open_the_circuit_and_a_success_closes_it() -> None:
    now = 0.0
    calls = Scripted()
    tools = Tools(registry, calls, Breakers(lambda: now))  # type: ignore[arg-type]
    internal = {
        "status": 500,
        "code": "internal_error",
        "category": "internal_error",
        "message": "Something went wrong on our side",
        "action": "contact_support",
        "retryable": True,
        "hint": None,
        "retry_after": None,
        "details": None,
        "data": None,
        "ref": "trace_x",
    }
    calls.outcome = Outcome(500, error=internal)
    for _ in range(FAILURES):
        said = await tools.call(CALLER, "list_deals", {})
        assert said.is_error
        assert "internal_error" in said.content[0].text  # type: ignore[union-attr]
    calls.outcome = Outcome(200, {"fine": True})
    said = await tools.call(CALLER, "list_deals", {})
    assert said.is_error
    assert said.content[0].text == OPEN  # type: ignore[union-attr]
    now = OPEN_SECONDS
    assert not (await tools.call(CALLER, "list_deals", {})).is_error
    assert not (await tools.call(CALLER, "list_deals", {})).is_error


async def test_refusals_do_not_open_the_circuit(api: Client) -> None:
    for _ in range(2 * FAILURES):
        await refused(api, "check_deal_status", {"deal_id": "deal_unknown"})
    await call(api, "list_deals")


async def test_a_tool_that_takes_too_long_is_stopped_and_counted() -> None:
    calls = Scripted()
    calls.seconds = 5
    tools = Tools(registry, calls, Breakers(), time_limit=0.02)  # type: ignore[arg-type]
    for _ in range(FAILURES):
        said = await tools.call(CALLER, "list_deals", {})
        assert "took longer than 0.02 seconds" in said.content[0].text  # type: ignore[union-attr]
        assert '"retryable":true' in said.content[0].text  # type: ignore[union-attr]
    assert (await tools.call(CALLER, "list_deals", {})).content[0].text == OPEN  # type: ignore[union-attr]


async def test_a_file_comes_as_an_embedded_resource() -> None:
    calls = Scripted()
    calls.outcome = Outcome(200, b"%PDF-1.7", media_type="application/pdf")
    tools = Tools(registry, calls)  # type: ignore[arg-type]
    [part] = (await tools.call(CALLER, "list_deals", {})).content
    assert isinstance(part, EmbeddedResource)
    assert isinstance(part.resource, BlobResourceContents)
    assert base64.b64decode(part.resource.blob) == b"%PDF-1.7"


def test_arguments_reach_the_fields_they_document() -> None:
    search = registry["customers.list"]
    assert definitions.arguments(search, {"query": "ann", "limit": 3}) == ({"search": "ann", "limit": 3}, None, None)
    update = registry["deals.update"]
    assert definitions.arguments(update, {"id": "deal_1", "if_match": 7}) == ({"id": "deal_1"}, "7", None)
