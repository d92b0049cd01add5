"""A request of the stateless era (2026-07-28) whose answer is one plain message, straight from the SDK's dispatch.

The SDK's own transport for this era wraps every answer in models and dumps them again, which made a call half as long
again as the same over REST. What is not plainly in order (a notification, headers that contradict the body, an answer
that has to be a stream) is left to that transport, which knows the refusal.
"""

from __future__ import annotations

from typing import Any, Final

from mcp.server import Server
from mcp.server.connection import Connection
from mcp.server.runner import modern_error_data, serve_one
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
)
from starlette.requests import Request

from dealwright.surfaces.mcp.exchange import Exchange, Message, error, is_id

_STREAMED: Final = "subscriptions/listen"


def route_of(message: Any, request: Request) -> InboundModernRoute | None:
    """What the envelope says, or None for what the SDK's transport should answer."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not is_id(message.get("id")):
        return None
    if message.get("method") == _STREAMED or not isinstance(message.get("method"), str):
        return None
    headers = request.headers
    if "application/json" not in headers.get("accept", "") or find_duplicated_routing_header(headers.items()):
        return None
    verdict = classify_inbound_request(message, headers=headers)
    return verdict if isinstance(verdict, InboundModernRoute) else None


async def answer(
    server: Server[Any], message: Message, route: InboundModernRoute, request: Request
) -> tuple[int, Message]:
    """The HTTP status and the answer to one request. Never raises."""
    connection = Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)
    try:
        result = await serve_one(
            server,
            Exchange(message, request, None),
            message["method"],
            message.get("params"),
            connection=connection,
            lifespan_state={},
        )
    except Exception as problem:
        known = modern_error_data(problem)
        status = ERROR_CODE_HTTP_STATUS.get(known.code, 200)
        return status, error(message["id"], known.code, known.message, known.data)
    return 200, {"jsonrpc": "2.0", "id": message["id"], "result": result}
