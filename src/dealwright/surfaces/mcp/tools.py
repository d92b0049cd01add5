"""The tools: every operation of the registry that declares one (Salesbooth API, MCP: Tools).

A call goes through the same pipeline as its REST twin, with the caller's own principal; what the tool answers is the
JSON of the twin's data, and what it refuses is an answer too, with ``isError``, so that the agent can go on.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping
from typing import Any, Final

import mcp_types as types
import orjson
import structlog
from mcp.shared.exceptions import MCPError

from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.operations import Operation
from dealwright.kernel.pipeline import Outcome, failure
from dealwright.surfaces.agents import definitions
from dealwright.surfaces.mcp.breaker import Breakers
from dealwright.surfaces.mcp.caller import Caller
from dealwright.surfaces.mcp.calls import Calls
from dealwright.surfaces.salesbooth import rendering

log = structlog.get_logger("dealwright.mcp")

TIME_LIMIT: Final = 10.0
"""Seconds that a tool may take."""

_TAKES_AWAY: Final = frozenset(
    {"cancel", "delete", "erase", "remove", "refund", "reject", "reset", "revoke", "suspend", "terminate", "void"}
)
"""First words of tools that take something away for good."""


def title(name: str) -> str:
    """``add_deal_item`` → ``Add deal item``."""
    return name.replace("_", " ").capitalize()


def hints(operation: Operation) -> types.ToolAnnotations:
    """What a client may tell its user before it calls."""
    assert operation.tool is not None
    method, name = operation.route.method, operation.tool.name
    if method == "GET":
        return types.ToolAnnotations(title=title(name), read_only_hint=True, open_world_hint=operation.own_transactions)
    return types.ToolAnnotations(
        title=title(name),
        read_only_hint=False,
        destructive_hint=method == "DELETE" or name.partition("_")[0] in _TAKES_AWAY,
        idempotent_hint=method in ("PUT", "PATCH"),
        open_world_hint=operation.own_transactions,
    )


def definition(operation: Operation) -> types.Tool:
    assert operation.tool is not None
    return types.Tool(
        name=operation.tool.name,
        title=title(operation.tool.name),
        description=definitions.description(operation),
        input_schema=definitions.parameters(operation),
        annotations=hints(operation),
    )


def answer(data: Any, *, failed: bool = False) -> types.CallToolResult:
    """The result of a call: its JSON as text, and as itself for clients of newer revisions."""
    text = data if isinstance(data, str) else orjson.dumps(data, default=str).decode()
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=data if isinstance(data, dict) and not failed else None,
        is_error=failed,
    )


def refusal(code: str, message: str, **more: Any) -> types.CallToolResult:
    return answer({"error": True, "code": code, "message": message, **more}, failed=True)


def rendered_error(error: dict[str, Any], *, legacy_codes: bool) -> dict[str, Any]:
    """An error as the REST answer has it, without the member that only an HTTP body needs."""
    body = rendering.error_body(error, legacy_codes=legacy_codes)
    del body["success"]
    return body


def _document(name: str, outcome: Outcome) -> types.CallToolResult:
    """A file that an operation answers, such as a PDF."""
    kind = outcome.media_type or "application/octet-stream"
    blob = base64.b64encode(outcome.data).decode("ascii")
    contents = types.BlobResourceContents(uri=f"salesbooth://tools/{name}", mime_type=kind, blob=blob)
    return types.CallToolResult(content=[types.EmbeddedResource(type="resource", resource=contents)])


class Tools:
    """The tools among some operations."""

    def __init__(
        self,
        operations: Iterable[Operation],
        calls: Calls,
        breakers: Breakers | None = None,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._offered = {each.tool.name: each for each in operations if each.tool is not None}
        self._calls = calls
        self._breakers = breakers or Breakers()
        self._time_limit = time_limit

    def offered(self) -> list[Operation]:
        """Every operation that is a tool; which of them a key may use is decided at the call."""
        return list(self._offered.values())

    def listed(self) -> list[types.Tool]:
        return [definition(operation) for operation in self.offered()]

    def find(self, name: str) -> Operation | None:
        return self._offered.get(name)

    async def call(self, caller: Caller, name: str, arguments: Mapping[str, Any]) -> types.CallToolResult:
        """Raises MCPError for a tool that there is not."""
        operation = self.find(name)
        if operation is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name}")
        workspace = (caller.principal.tenant_id, caller.principal.livemode)
        if not self._breakers.allows(workspace):
            return refusal(
                "service_unavailable",
                "Tool execution temporarily unavailable (circuit breaker open). Retry after a short delay.",
                retryable=True,
            )
        try:
            async with asyncio.timeout(self._time_limit):
                outcome = await self._run(caller, operation, arguments)
        except TimeoutError:
            self._breakers.record(workspace, failed=True)
            log.warning("tool_timed_out", tool=name)
            return refusal(
                "service_unavailable", f"Tool '{name}' took longer than {self._time_limit:g} seconds", retryable=True
            )
        self._breakers.record(workspace, failed=outcome.status >= 500)
        return self._answer(caller, name, outcome)

    async def _run(self, caller: Caller, operation: Operation, given: Mapping[str, Any]) -> Outcome:
        try:
            arguments, version, key = definitions.arguments(operation, given)
        except DealwrightError as error:
            return failure(error, new_ref())
        return await self._calls.run(caller, operation, arguments, version=version, idempotency_key=key)

    @staticmethod
    def _answer(caller: Caller, name: str, outcome: Outcome) -> types.CallToolResult:
        error = outcome.error
        if error is None:
            if isinstance(outcome.data, bytes):
                return _document(name, outcome)
            return answer({"done": True} if outcome.data is None else outcome.data)
        if error["code"] == "authorization_error.insufficient_scope":
            wanted = error["details"]["required_scope"]
            return refusal("insufficient_scope", f"Tool '{name}' requires scope '{wanted}'")
        legacy = caller.principal.settings.legacy_error_codes
        return answer(rendered_error(error, legacy_codes=legacy), failed=True)
