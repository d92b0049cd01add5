"""A server with the tools, resources and prompts that the official conformance suite calls by name.

Only the handlers are made up: HTTP, admission, eras and dispatch are those of the product. It lets everybody in, for the
suite sends no key. ``python -m tests.surfaces.mcp.fixture_server PORT`` runs it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server import Server, ServerRequestContext
from mcp.server.caching import CacheHint
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.types import Receive, Scope, Send

from dealwright.kernel.access.admission import Admission, Admitted, Credential
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.access.rate_limits import Rule, Verdict
from dealwright.kernel.settings import Settings
from dealwright.surfaces.mcp.http import McpEndpoint
from dealwright.surfaces.mcp.resources import not_found
from dealwright.surfaces.mcp.server import require_parameters

Context = ServerRequestContext[Any, Any]
Wire = dict[str, Any]

_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
_SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"

bus = InMemorySubscriptionBus()


def text(said: str, **more: Any) -> Wire:
    return {"content": [{"type": "text", "text": said}], **more}


def question(message: str, **properties: str) -> Wire:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def completion(prompt: str, tokens: int) -> Wire:
    messages = [{"role": "user", "content": {"type": "text", "text": prompt}}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": tokens}}


ROOTS: Wire = {"method": "roots/list", "params": {}}


def needs(requests: dict[str, Wire], state: str | None = None) -> Wire:
    asked: Wire = {"resultType": "input_required", "inputRequests": requests}
    return asked if state is None else {**asked, "requestState": state}


def responses(ctx: Context) -> Wire:
    found = (ctx.params or {}).get("inputResponses")
    return found if isinstance(found, dict) else {}


def state(ctx: Context) -> str | None:
    return (ctx.params or {}).get("requestState")


def content(ctx: Context, key: str) -> Wire | None:
    """What the user filled in, when it was accepted and is a form at all."""
    given = responses(ctx).get(key)
    filled = given.get("content") if isinstance(given, dict) else None
    return filled if isinstance(filled, dict) else None


async def with_logging(ctx: Context, arguments: Wire) -> Wire:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", said, related_request_id=ctx.request_id)
        await asyncio.sleep(0.05)
    return text("Logged three times")


async def with_progress(ctx: Context, arguments: Wire) -> Wire:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)
        await asyncio.sleep(0.05)
    return text("Reported progress three times")


async def sampling(ctx: Context, arguments: Wire) -> Wire:
    answer = await ctx.session.send_request(
        types.CreateMessageRequest.model_validate(completion(arguments["prompt"], 100)), types.CreateMessageResult
    )
    return text(f"LLM response: {answer.content}")


async def elicitation(ctx: Context, arguments: Wire) -> Wire:
    asked = question(arguments.get("message", "Please fill in"), username="string", email="string")
    answer = await ctx.session.send_request(types.ElicitRequest.model_validate(asked), types.ElicitResult)
    return text(f"User response: {answer.action}")


async def missing_capability(ctx: Context, arguments: Wire) -> Wire:
    declared = ((ctx.params or {}).get("_meta") or {}).get(_CAPABILITIES) or {}
    if "sampling" not in declared:
        raise MCPError(
            types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This tool needs sampling",
            {"requiredCapabilities": {"sampling": {}}},
        )
    return text("Sampling is there")


async def change_tools(ctx: Context, arguments: Wire) -> Wire:
    await bus.publish(ToolsListChanged())
    return text("The tools have changed")


async def change_prompts(ctx: Context, arguments: Wire) -> Wire:
    await bus.publish(PromptsListChanged())
    return text("The prompts have changed")


async def ask_name(ctx: Context, arguments: Wire) -> Wire:
    filled = content(ctx, "user_name")
    if filled is None or not isinstance(filled.get("name"), str):
        return needs({"user_name": question("What is your name?", name="string")})
    return text(f"Hello, {filled['name']}!")


async def ask_model(ctx: Context, arguments: Wire) -> Wire:
    if "capital_question" not in responses(ctx):
        return needs({"capital_question": completion("What is the capital of France?", 100)})
    return text(json.dumps(responses(ctx)["capital_question"]))


async def ask_roots(ctx: Context, arguments: Wire) -> Wire:
    if "client_roots" not in responses(ctx):
        return needs({"client_roots": ROOTS})
    return text(json.dumps(responses(ctx)["client_roots"]))


async def with_state(ctx: Context, arguments: Wire) -> Wire:
    if content(ctx, "confirm") is None or state(ctx) != "asked":
        return needs({"confirm": question("Please confirm", ok="boolean")}, "asked")
    return text("state-ok")


async def several(ctx: Context, arguments: Wire) -> Wire:
    asked = {
        "user_name": question("What is your name?", name="string"),
        "greeting": completion("Generate a greeting", 50),
        "client_roots": ROOTS,
    }
    return text("All there") if asked.keys() <= responses(ctx).keys() else needs(asked, "several")


async def rounds(ctx: Context, arguments: Wire) -> Wire:
    if state(ctx) == "step2" and content(ctx, "step2") is not None:
        return text("Done after two questions")
    if state(ctx) == "step1" and content(ctx, "step1") is not None:
        return needs({"step2": question("Step 2: What is your favorite color?", color="string")}, "step2")
    return needs({"step1": question("Step 1: What is your name?", name="string")}, "step1")


async def by_capability(ctx: Context, arguments: Wire) -> Wire:
    declared = ((ctx.params or {}).get("_meta") or {}).get(_CAPABILITIES) or {}
    possible = {
        "elicitation": ("name", question("What is your name?", name="string")),
        "sampling": ("greeting", completion("Generate a greeting", 50)),
        "roots": ("roots", ROOTS),
    }
    asked = dict(possible[capability] for capability in possible if capability in declared)
    return text("Done") if not asked or responses(ctx) else needs(asked)


def plain(said: Wire) -> Any:
    async def answer(ctx: Context, arguments: Wire) -> Wire:
        return said

    return answer


_EMBEDDED = {
    "uri": "test://embedded-resource",
    "mimeType": "text/plain",
    "text": "This is an embedded resource content.",
}
_MIXED = {
    "uri": "test://mixed-content-resource",
    "mimeType": "application/json",
    "text": '{"test":"data","value":123}',
}
_IMAGE = {"type": "image", "data": _PIXEL, "mimeType": "image/png"}

TOOLS: dict[str, Any] = {
    "test_simple_text": plain(text("This is a simple text response for testing.")),
    "test_image_content": plain({"content": [_IMAGE]}),
    "test_audio_content": plain({"content": [{"type": "audio", "data": _SOUND, "mimeType": "audio/wav"}]}),
    "test_embedded_resource": plain({"content": [{"type": "resource", "resource": _EMBEDDED}]}),
    "test_multiple_content_types": plain(
        {
            "content": [
                {"type": "text", "text": "Multiple content types test:"},
                _IMAGE,
                {"type": "resource", "resource": _MIXED},
            ]
        }
    ),
    "test_error_handling": plain(text("This tool intentionally returns an error for testing", isError=True)),
    "test_tool_with_logging": with_logging,
    "test_logging_tool": with_logging,
    "test_tool_with_progress": with_progress,
    "test_sampling": sampling,
    "test_elicitation": elicitation,
    "test_elicitation_sep1034_defaults": elicitation,
    "test_elicitation_sep1330_enums": elicitation,
    "test_missing_capability": missing_capability,
    "test_streaming_elicitation": ask_name,
    "test_trigger_tool_change": change_tools,
    "test_trigger_prompt_change": change_prompts,
    "test_input_required_result_elicitation": ask_name,
    "test_input_required_result_sampling": ask_model,
    "test_input_required_result_list_roots": ask_roots,
    "test_input_required_result_request_state": with_state,
    "test_input_required_result_multiple_inputs": several,
    "test_input_required_result_multi_round": rounds,
    "test_input_required_result_tampered_state": with_state,
    "test_input_required_result_capabilities": by_capability,
    "test_x_mcp_header": plain(text("Header and body agree")),
    "json_schema_2020_12_tool": plain(text("Fine")),
}
_NO_ARGUMENTS: Wire = {"type": "object", "properties": {}, "additionalProperties": False}
_SCHEMAS: dict[str, Wire] = {
    "test_sampling": {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
    "test_elicitation": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
    "test_x_mcp_header": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        "required": ["region"],
    },
    "json_schema_2020_12_tool": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
}
RESOURCES: dict[str, Wire] = {
    "test://static-text": {"mimeType": "text/plain", "text": "This is the content of the static text resource."},
    "test://static-binary": {"mimeType": "image/png", "blob": _PIXEL},
    "test://watched-resource": {"mimeType": "text/plain", "text": "Watch me."},
}


def _message(part: Wire) -> Wire:
    return {"role": "user", "content": part}


async def list_tools(ctx: Context, params: Any) -> Wire:
    return {
        "tools": [
            {"name": name, "description": f"Fixture {name}", "inputSchema": _SCHEMAS.get(name, _NO_ARGUMENTS)}
            for name in TOOLS
        ]
    }


async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> Wire:
    tool = TOOLS.get(params.name)
    if tool is None:
        raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
    answer: Wire = await tool(ctx, params.arguments or {})
    return answer


async def list_resources(ctx: Context, params: Any) -> Wire:
    return {
        "resources": [
            {"uri": uri, "name": uri, "description": f"Fixture {uri}", "mimeType": each["mimeType"]}
            for uri, each in RESOURCES.items()
        ]
    }


async def list_templates(ctx: Context, params: Any) -> Wire:
    template = {"uriTemplate": "test://template/{id}/data", "name": "template", "mimeType": "application/json"}
    return {"resourceTemplates": [template]}


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> Wire:
    uri = str(params.uri)
    if uri in RESOURCES:
        return {"contents": [{"uri": uri, **RESOURCES[uri]}]}
    if uri.startswith("test://template/") and uri.endswith("/data"):
        key = uri.removeprefix("test://template/").removesuffix("/data")
        said = json.dumps({"id": key, "templateTest": True, "data": f"Data for ID: {key}"})
        return {"contents": [{"uri": uri, "mimeType": "application/json", "text": said}]}
    raise not_found(uri, ctx.protocol_version)


async def list_prompts(ctx: Context, params: Any) -> Wire:
    arguments = {
        "test_simple_prompt": [],
        "test_prompt_with_arguments": ["arg1", "arg2"],
        "test_prompt_with_embedded_resource": ["resourceUri"],
        "test_prompt_with_image": [],
        "test_input_required_result_prompt": [],
    }
    return {
        "prompts": [
            {
                "name": name,
                "description": f"Fixture {name}",
                "arguments": [{"name": each, "required": True} for each in named],
            }
            for name, named in arguments.items()
        ]
    }


async def get_prompt(ctx: Context, params: types.GetPromptRequestParams) -> Wire:
    given = params.arguments or {}
    if params.name == "test_simple_prompt":
        parts: list[Wire] = [{"type": "text", "text": "This is a simple prompt for testing."}]
    elif params.name == "test_prompt_with_arguments":
        said = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
        parts = [{"type": "text", "text": said}]
    elif params.name == "test_prompt_with_embedded_resource":
        embedded = {
            "uri": given["resourceUri"],
            "mimeType": "text/plain",
            "text": "Embedded resource content for testing.",
        }
        parts = [
            {"type": "resource", "resource": embedded},
            {"type": "text", "text": "Please process the embedded resource above."},
        ]
    elif params.name == "test_prompt_with_image":
        parts = [_IMAGE, {"type": "text", "text": "Please analyze the image above."}]
    elif params.name == "test_input_required_result_prompt":
        filled = content(ctx, "user_context")
        if filled is None:
            return needs({"user_context": question("What context should the prompt use?", context="string")})
        parts = [{"type": "text", "text": f"Context: {filled.get('context')}"}]
    else:
        raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name}")
    return {"messages": [_message(part) for part in parts]}


async def complete(ctx: Context, params: types.CompleteRequestParams) -> Wire:
    values = [word for word in ("paris", "park", "party") if word.startswith(params.argument.value)]
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


async def nothing(ctx: Context, params: Any) -> Wire:
    return {}


def handler(answer: Any) -> Any:
    """Results are written as wire objects here; the newest revision wants their kind said."""

    async def answered(ctx: Context, params: Any) -> Wire:
        found: Wire = await answer(ctx, params)
        return {"resultType": "complete", **found} if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS else found

    return answered


def fixture_server() -> Server[Any]:
    hint = CacheHint(ttl_ms=1000, scope="public")
    server: Server[Any] = Server(
        "conformance-fixture",
        version="1.0",
        cache_hints={
            "tools/list": hint,
            "prompts/list": hint,
            "resources/list": hint,
            "resources/templates/list": hint,
            "resources/read": hint,
            "server/discover": hint,
        },
        on_list_tools=handler(list_tools),
        on_call_tool=handler(call_tool),
        on_list_resources=handler(list_resources),
        on_list_resource_templates=handler(list_templates),
        on_read_resource=handler(read_resource),
        on_subscribe_resource=handler(nothing),
        on_unsubscribe_resource=handler(nothing),
        on_subscriptions_listen=ListenHandler(bus),
        on_list_prompts=handler(list_prompts),
        on_get_prompt=handler(get_prompt),
        on_completion=handler(complete),
    )
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, handler(nothing))
    security = RequestStateSecurity.ephemeral()
    server.middleware = [require_parameters, RequestStateBoundary(security, default_audience="conformance-fixture")]
    return server


class OpenDoor(Admission):
    """Lets everybody in as the same agent."""

    def __init__(self) -> None:
        pass

    async def admit(self, credential: Credential, ip: str, limit: Rule | None = None) -> Admitted:
        agent = Principal("secret_key", "key_fixture", None, False, scopes=frozenset({"agent:discover"}))
        return Admitted(agent, Verdict(True, None, 1000, 999, 0, 0), deprecated=False)

    async def holds(self, credential: Credential) -> bool:
        return True


def app() -> Any:
    endpoint = McpEndpoint(lambda mode, server=fixture_server(): server, OpenDoor(), Settings())

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await endpoint(scope, receive, send, "")

    return serve


if __name__ == "__main__":
    uvicorn.run(app(), host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", log_level="warning")
