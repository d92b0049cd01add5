"""The methods that the MCP endpoint answers, as ``dealwright operations`` lists them (Salesbooth API, MCP).

They are no operations of the registry: each is a member of the protocol, chosen by ``method`` in the JSON-RPC body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATH: Final = "/mcp"
CONNECT_SCOPE: Final = "agent:discover"
"""What every call needs, beside the scope of the tool or resource."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method, the id under which it is listed, and the parameter that it cannot do without."""

    id: str
    name: str
    required: str | None = None


METHODS: Final = (
    Method("mcp.initialize", "initialize"),
    Method("mcp.ping", "ping"),
    Method("mcp.initialized_notification", "notifications/initialized"),
    Method("mcp.tools_list", "tools/list"),
    Method("mcp.tools_call", "tools/call", "name"),
    Method("mcp.resources_list", "resources/list"),
    Method("mcp.resources_templates_list", "resources/templates/list"),
    Method("mcp.resources_read", "resources/read", "uri"),
    Method("mcp.resources_subscribe", "resources/subscribe", "uri"),
    Method("mcp.resources_unsubscribe", "resources/unsubscribe", "uri"),
    Method("mcp.prompts_list", "prompts/list"),
    Method("mcp.prompts_get", "prompts/get", "name"),
)

REQUIRED: Final = {method.name: method.required for method in METHODS if method.required is not None}
