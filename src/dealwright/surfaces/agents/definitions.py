"""Tool definitions from the registry, in the dialects of the model vendors (Salesbooth API, Tools).

The parameters of a tool are the flat arguments of its operation: what the wire spreads over query, path and body.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Literal

from pydantic import BaseModel

from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.operations import Operation, Registry

Dialect = Literal["universal", "openai", "anthropic"]

CATEGORIES: Final = (
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
)
"""The 27 categories of tools (Salesbooth API, MCP); ``/tools`` names the first five as filter values."""


@cache
def parameters(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of an operation's arguments; unknown members are not allowed."""
    schema = model.model_json_schema()
    found: dict[str, Any] = {
        "type": "object",
        "properties": schema.get("properties", {}),
        "required": schema.get("required", []),
        "additionalProperties": False,
    }
    if "$defs" in schema:
        found["$defs"] = schema["$defs"]
    return found


def description(operation: Operation) -> str:
    """What a model reads: the summary and, where there is more to know, the rest."""
    return f"{operation.summary}. {operation.description}".replace("``", "").replace("\n", " ").strip()


def universal(operation: Operation) -> dict[str, Any]:
    """The definition that the others follow from."""
    assert operation.tool is not None
    return {
        "name": operation.tool.name,
        "description": description(operation),
        "category": operation.tool.category,
        "parameters": parameters(operation.input),
        "scopes": [operation.scope] if operation.scope is not None else [],
    }


def in_dialect(operation: Operation, dialect: Dialect) -> dict[str, Any]:
    """One tool in one vendor's form."""
    definition = universal(operation)
    if dialect == "universal":
        return definition
    plain = {"name": definition["name"], "description": definition["description"]}
    if dialect == "openai":
        return {"type": "function", "function": {**plain, "parameters": definition["parameters"]}}
    return {**plain, "input_schema": definition["parameters"]}


def offered(registry: Registry, principal: Principal, category: str | None = None) -> Iterable[Operation]:
    """The tools that a caller could use: those of its kind of credential and its scopes."""
    for operation in registry:
        if operation.tool is None or (category is not None and operation.tool.category != category):
            continue
        if "public" not in operation.auth and principal.kind not in operation.auth:
            continue
        if operation.scope is None or grants(principal.scopes, operation.scope):
            yield operation
