"""Who speaks to the MCP server, as the handlers see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from mcp.server import ServerRequestContext

from dealwright.kernel.access.principals import Principal

SCOPE_MEMBER: Final = "dealwright.caller"
"""Where the ASGI scope carries the caller, for the SDK hands every handler the HTTP request and nothing else."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An admitted caller and what its HTTP request says beside the message."""

    principal: Principal
    ip: str
    delegation_id: str | None
    origin: str
    """Scheme and host under which this server was reached, for links."""
    holds: Callable[[], Awaitable[bool]]
    """Whether the key is still good: a stream outlives the moment at which it was looked up."""


def caller_of(ctx: ServerRequestContext[Any, Any]) -> Caller:
    assert ctx.request is not None
    caller = ctx.request.scope[SCOPE_MEMBER]
    assert isinstance(caller, Caller)
    return caller
