"""One JSON-RPC message of the handshake era, answered by the SDK's dispatch without any session.

Revisions up to 2025-11-25 know a handshake and sessions. Here every message stands alone, so that any process can
answer it: the SDK gets a connection that is ready from the start, and what the documented calls leave out (the members
of ``initialize``, headers) is filled in. What a handler tells while it works goes to the response stream of its call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import anyio
import mcp_types as types
import structlog
from mcp.server import Server
from mcp.server.connection import Connection
from mcp.server.runner import serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data, progress_token_from_params
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, OLDEST_SUPPORTED_VERSION
from starlette.requests import Request

log = structlog.get_logger("dealwright.mcp")

Message = dict[str, Any]
Sink = Callable[[Message], Awaitable[None]]
"""Takes what is sent before the answer."""

UNNAMED_VERSION: Final = types.DEFAULT_NEGOTIATED_VERSION
"""What a request without the version header speaks, by the specification of 2025-06-18."""

_NOBODY: Final = {"name": "unnamed", "version": ""}


class Exchange:
    """The SDK's view of one request: its id, the HTTP request behind it, and the way to its response stream."""

    can_send_request = False

    def __init__(self, message: Message, request: Request, sink: Sink | None) -> None:
        self.request_id: types.RequestId = message["id"]
        self.transport = TransportContext(kind="streamable-http", can_send_request=False, headers=request.headers)
        self.message_metadata = ServerMessageMetadata(request_context=request)
        self.cancel_requested = anyio.Event()
        self._progress_token = progress_token_from_params(message.get("params"))
        self._sink = sink

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """A question to the client would be answered by another request, perhaps to another process."""
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        if self._sink is not None:
            told: Message = {"jsonrpc": "2.0", "method": method}
            await self._sink(told if params is None else {**told, "params": dict(params)})

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        if self._progress_token is not None:
            told = {"progressToken": self._progress_token, "progress": progress, "total": total, "message": message}
            await self.notify(
                "notifications/progress", {name: value for name, value in told.items() if value is not None}
            )


def error(request_id: types.RequestId | None, code: int, message: str, data: Any = None) -> Message:
    said = {"code": code, "message": message}
    return {"jsonrpc": "2.0", "id": request_id, "error": said if data is None else {**said, "data": data}}


def is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


async def answer(
    server: Server[Any], message: Any, request: Request, version: str, sink: Sink | None = None
) -> Message | None:
    """The answer to one decoded message; None for a notification and for a client's own answer. Never raises."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return error(None, types.INVALID_REQUEST, "Not a JSON-RPC 2.0 request object")
    method, request_id = message.get("method"), message.get("id")
    if method is None and ("result" in message or "error" in message):
        return None
    known_id = request_id if is_id(request_id) else None
    if not isinstance(method, str) or ("id" in message and known_id is None):
        return error(known_id, types.INVALID_REQUEST, "method must be a string, and id a string or an integer")
    if "id" not in message:
        return None
    params = message.get("params")
    if params is not None and not isinstance(params, dict):
        return error(known_id, types.INVALID_PARAMS, "params must be an object")
    if method == "initialize":
        given = params or {}
        params = {"protocolVersion": OLDEST_SUPPORTED_VERSION, "capabilities": {}, "clientInfo": _NOBODY, **given}
    connection = Connection.from_envelope(version, None, None)
    try:
        exchange = Exchange(message, request, sink)
        result = await serve_one(server, exchange, method, params, connection=connection, lifespan_state={})
    except Exception as problem:
        known = handler_exception_to_error_data(problem)
        if known is None:
            log.exception("mcp_request_failed", method=method)
            return error(known_id, types.INTERNAL_ERROR, "Internal error")
        return error(known_id, known.code, known.message, known.data or None)
    return {"jsonrpc": "2.0", "id": known_id, "result": result}


def version_of(header: str | None) -> str:
    """The revision that a handshake-era request speaks."""
    return header if header in HANDSHAKE_PROTOCOL_VERSIONS else UNNAMED_VERSION
