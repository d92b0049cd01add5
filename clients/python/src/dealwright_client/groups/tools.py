"""Tools: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class Tools(TypedDict):
    format: Literal["universal", "openai", "anthropic"]
    count: int
    tools: list[dict[str, Any]]


_LIST: Final[Endpoint[Tools]] = Endpoint("GET", "/tools", query=frozenset({"category", "format"}))


class ToolsGroup(Group):
    """``client.tools``."""

    def list(
        self,
        *,
        format: Literal["universal", "openai", "anthropic"] | None = None,
        category: Literal[
            "discovery",
            "deals",
            "products",
            "negotiation",
            "execution",
            "analytics",
            "billing",
            "bookings",
            "catalog",
            "compliance",
            "configuration",
            "contracts",
            "customers",
            "delegations",
            "federation",
            "intelligence",
            "notifications",
            "payments",
            "pricing",
            "quotes",
            "saved_configs",
            "storefront",
            "subscriptions",
            "templates",
            "trust",
            "webhooks",
            "workflows",
        ]
        | None = None,
        timeout: float | None = None,
    ) -> Tools:
        """Tool definitions for function calling, as the caller's model vendor wants them.

        Only tools that this key could use are listed.

        Scope: ``agent:discover``.
        """
        return self._client._run(_LIST, {"format": format, "category": category}, timeout=timeout)


class AsyncToolsGroup(AsyncGroup):
    """``client.tools``, asynchronously."""

    async def list(
        self,
        *,
        format: Literal["universal", "openai", "anthropic"] | None = None,
        category: Literal[
            "discovery",
            "deals",
            "products",
            "negotiation",
            "execution",
            "analytics",
            "billing",
            "bookings",
            "catalog",
            "compliance",
            "configuration",
            "contracts",
            "customers",
            "delegations",
            "federation",
            "intelligence",
            "notifications",
            "payments",
            "pricing",
            "quotes",
            "saved_configs",
            "storefront",
            "subscriptions",
            "templates",
            "trust",
            "webhooks",
            "workflows",
        ]
        | None = None,
        timeout: float | None = None,
    ) -> Tools:
        """Tool definitions for function calling, as the caller's model vendor wants them."""
        return await self._client._run(_LIST, {"format": format, "category": category}, timeout=timeout)
