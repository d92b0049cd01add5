"""The MCP server as the SDK sees it: handlers over tools, resources and prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp_types.methods import CLIENT_REQUESTS
from mcp_types.version import MODERN_PROTOCOL_VERSIONS, is_version_at_least

from dealwright.surfaces.mcp import prompts
from dealwright.surfaces.mcp.caller import Caller, caller_of
from dealwright.surfaces.mcp.methods import REQUIRED
from dealwright.surfaces.mcp.resources import Resources
from dealwright.surfaces.mcp.subscriptions import Subscriptions

NAME: Final = "salesbooth-mcp"
VERSION: Final = "2.0"

_STRUCTURED_SINCE: Final = "2025-06-18"
"""The first revision whose clients take a tool's answer as an object beside the text."""

_STEADY: Final = CacheHint(ttl_ms=300_000, scope="public")
"""Lists are the same for every key and change only with the server."""
_LIVE: Final = CacheHint(ttl_ms=0, scope="private")

Context = ServerRequestContext[Any, Any]


class Toolbox(Protocol):
    """All tools, or the compact mode's three."""

    def listed(self) -> list[types.Tool]: ...

    async def call(self, caller: Caller, name: str, arguments: dict[str, Any]) -> types.CallToolResult: ...


def _listing(result: types.Result) -> Callable[[Context, types.PaginatedRequestParams | None], Awaitable[Any]]:
    """A handler that always answers the same list."""

    async def answer(ctx: Context, params: types.PaginatedRequestParams | None) -> types.Result:
        return result

    return answer


def make_server(
    tools: Toolbox, resources: Resources, subscriptions: Subscriptions, instructions: str | None = None
) -> Server[Any]:
    """An SDK server without state of its own: which key calls stands in each request."""

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        result = await tools.call(caller_of(ctx), params.name, params.arguments or {})
        if not is_version_at_least(ctx.protocol_version, _STRUCTURED_SINCE):
            result.structured_content = None
        return result

    async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return await resources.read(caller_of(ctx), str(params.uri), ctx.protocol_version)

    async def get_prompt(ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return prompts.render(params.name, params.arguments or {})

    async def subscribe(ctx: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        await subscriptions.subscribe(caller_of(ctx), str(params.uri), ctx.protocol_version)
        return types.EmptyResult()

    async def unsubscribe(ctx: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        await subscriptions.unsubscribe(caller_of(ctx), str(params.uri))
        return types.EmptyResult()

    server: Server[Any] = Server(
        NAME,
        version=VERSION,
        instructions=instructions,
        cache_hints={
            "tools/list": _STEADY,
            "prompts/list": _STEADY,
            "resources/list": _STEADY,
            "resources/templates/list": _STEADY,
            "resources/read": _LIVE,
            "server/discover": _STEADY,
        },
        get_tool_input_schema=lambda name: None,
        on_list_tools=_listing(types.ListToolsResult(tools=tools.listed())),
        on_call_tool=call_tool,
        on_list_resources=_listing(types.ListResourcesResult(resources=resources.fixed())),
        on_list_resource_templates=_listing(
            types.ListResourceTemplatesResult(resource_templates=resources.templates())
        ),
        on_read_resource=read_resource,
        on_subscribe_resource=subscribe,
        on_unsubscribe_resource=unsubscribe,
        on_subscriptions_listen=subscriptions.listen,
        on_list_prompts=_listing(types.ListPromptsResult(prompts=prompts.listed())),
        on_get_prompt=get_prompt,
    )

    async def discover(ctx: Context, params: types.RequestParams) -> types.DiscoverResult:
        return types.DiscoverResult(
            supported_versions=list(MODERN_PROTOCOL_VERSIONS),
            capabilities=types.ServerCapabilities(
                tools=types.ToolsCapability(list_changed=False),
                resources=types.ResourcesCapability(subscribe=True, list_changed=False),
                prompts=types.PromptsCapability(list_changed=False),
            ),
            instructions=instructions,
        )

    server.add_request_handler("server/discover", types.RequestParams, discover)
    server.middleware = [require_parameters, Once()]
    return server


async def require_parameters(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Names the parameter that is missing, as documented, where the SDK would only say that something is wrong."""
    name = REQUIRED.get(ctx.method)
    known = (ctx.method, ctx.protocol_version) in CLIENT_REQUESTS
    if name is not None and known and (ctx.params or {}).get(name) is None:
        raise MCPError(types.INVALID_PARAMS, f"Missing required parameter: {name}")
    return await call_next(ctx)


class Once:
    """Keeps the wire form of the lists that never change, for each revision of the protocol: with a couple of hundred
    tools, checking and dumping them anew is what a client would wait for.
    """

    _STEADY: Final = frozenset({"tools/list", "prompts/list", "resources/list", "resources/templates/list"})

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        if ctx.method not in self._STEADY or (ctx.params or {}).keys() - {"_meta"}:
            return await call_next(ctx)
        place = (ctx.method, ctx.protocol_version)
        if place not in self._kept:
            result = await call_next(ctx)
            assert isinstance(result, dict)
            self._kept[place] = result
        return self._kept[place]
