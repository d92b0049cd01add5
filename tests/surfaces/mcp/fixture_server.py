"""A server with the tools, resources and prompts that the official conformance suite calls by name.

Only the handlers are made up: HTTP, eras and dispatch are those of the product. It lets everybody in, because the suite
sends no key. ``python -m tests.surfaces.mcp.fixture_server PORT`` runs it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import ListenHandler
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
from tests.surfaces.mcp.fixture_tools import (
    IMAGE,
    NO_ARGUMENTS,
    PIXEL,
    SCHEMAS,
    TOOLS,
    Context,
    Wire,
    bus,
    content,
    needs,
    question,
)

RESOURCES: dict[str, Wire] = {
    "test://static-text": {"mimeType": "text/plain", "text": "This is the content of the static text resource."},
    "test://static-binary": {"mimeType": "image/png", "blob": PIXEL},
    "test://watched-resource": {"mimeType": "text/plain", "text": "Watch me."},
}


def _message(part: Wire) -> Wire:
    return {"role": "user", "content": part}


async def list_tools(ctx: Context, params: Any) -> Wire:
    return {
        "tools": [
            {"name": name, "description": f"Fixture {name}", "inputSchema": SCHEMAS.get(name, NO_ARGUMENTS)}
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
        parts = [IMAGE, {"type": "text", "text": "Please analyze the image above."}]
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
    server = fixture_server()
    endpoint = McpEndpoint(lambda mode: server, OpenDoor(), Settings())

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await endpoint(scope, receive, send, "")

    return serve


if __name__ == "__main__":
    uvicorn.run(app(), host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", log_level="warning")
