"""``GET /api``: what this API is and where everything stands (Salesbooth API, Internal Endpoints)."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import Field

import dealwright
from dealwright.kernel.context import Steps
from dealwright.kernel.fields import Input, Wire
from dealwright.kernel.operations import Reply, operation, registry
from dealwright.surfaces.describing import spelling
from dealwright.surfaces.salesbooth.openapi import API_VERSION

_NAME: Final = "Salesbooth API"


class IndexQuery(Input):
    pass


class ServerView(Wire):
    name: str
    version: str


class EndpointView(Wire):
    """One group of operations: each operation's id with its documented call."""

    documentation: str
    operations: dict[str, str]


class IndexView(Wire):
    name: str
    version: str
    base_url: str
    documentation: str
    openapi_spec: str
    server: Annotated[ServerView, Field(description="the program that answers")]
    endpoints: Annotated[dict[str, EndpointView], Field(description="one member for each group of operations")]


@operation("api.index", "GET", "/api", scope=None, auth=("public",), result=IndexView, own_transactions=True)
async def describe_api(steps: Steps, params: IndexQuery) -> Reply:
    """Describe the API: its addresses and every group of operations."""
    return Reply(
        {
            "name": _NAME,
            "version": API_VERSION,
            "base_url": f"{steps.origin}/api/v1",
            "documentation": f"{steps.origin}/docs",
            "openapi_spec": f"{steps.origin}/api/openapi.json",
            "server": {"name": "Dealwright", "version": dealwright.__version__},
            "endpoints": _endpoints(steps.origin),
        }
    )


@lru_cache(maxsize=4)
def _endpoints(origin: str) -> dict[str, Any]:
    """Kept for the last few addresses; the registry is complete once the program has started."""
    found: dict[str, dict[str, Any]] = {}
    for each in sorted(registry, key=lambda each: each.id):
        empty = {"documentation": f"{origin}/docs/{each.group}", "operations": {}}
        found.setdefault(each.group, empty)["operations"][each.id] = spelling.query_style(each)
    return found
