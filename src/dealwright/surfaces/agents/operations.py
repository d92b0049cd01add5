"""``GET /tools`` (Salesbooth API, Tools)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from dealwright.kernel.context import Context
from dealwright.kernel.fields import Input, Wire
from dealwright.kernel.operations import Reply, operation, registry
from dealwright.surfaces.agents.definitions import CATEGORIES, Dialect, in_dialect, offered


def _category(value: str | None) -> str | None:
    if value is not None and value not in CATEGORIES:
        raise ValueError(f"must be one of {', '.join(CATEGORIES)}")
    return value


class ToolsInput(Input):
    format: Dialect = "universal"
    category: Annotated[str | None, AfterValidator(_category), Field(json_schema_extra={"enum": [*CATEGORIES]})] = None


class ToolsView(Wire):
    format: Dialect
    count: int
    tools: list[dict[str, Any]]


@operation("tools.list", "GET", "/tools", scope="agent:discover", auth=("secret_key",), result=ToolsView)
async def list_tools(ctx: Context, params: ToolsInput) -> Reply:
    """Tool definitions for function calling, as the caller's model vendor wants them.

    Only tools that this key could use are listed.
    """
    tools = [in_dialect(each, params.format) for each in offered(registry, ctx.principal, params.category)]
    return Reply({"format": params.format, "count": len(tools), "tools": tools})
