"""Tool definitions from the registry, in the dialects of the model vendors (Salesbooth API, Tools).

The parameters of a tool are the flat arguments of its operation: what the wire spreads over query, path and body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel

from dealwright.kernel import json_schema
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.errors import FieldError, InvalidFields
from dealwright.kernel.fields import CommaSeparated, Patch
from dealwright.kernel.operations import Operation, Registry

Dialect = Literal["universal", "openai", "anthropic"]
Schema: TypeAlias = dict[str, Any]

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

_IF_MATCH: Final[Schema] = {
    "type": ["integer", "string"],
    "description": "version that the change is based on; refused when the record has moved on",
}
_IDEMPOTENCY_KEY: Final[Schema] = {
    "type": "string",
    "description": "a repeated call with the same key is answered as the first one, without acting again",
}


@cache
def schema_of(model: type[BaseModel], *, in_query: bool) -> Schema:
    """The JSON Schema of an input model as an agent should see it.

    Closed at every level, without the titles that only repeat names, without null where leaving out says the same,
    and with lists as lists, although a query string writes them as one text.
    """
    schema = json_schema.standard(model.model_json_schema())
    definitions = {name: _closed(each) for name, each in schema.get("$defs", {}).items()}
    properties = schema.get("properties", {})
    partial = issubclass(model, Patch)
    found = {
        name: _plain(_as_list(each) if _is_comma_separated(model, name) else each, partial=partial and not in_query)
        for name, each in properties.items()
    }
    return {"properties": found, "required": schema.get("required", []), "$defs": definitions}


def _is_comma_separated(model: type[BaseModel], name: str) -> bool:
    info = model.model_fields[name]
    return any(isinstance(marker, CommaSeparated) for marker in info.metadata) or _marked(info.annotation)


def _marked(annotation: Any) -> bool:
    inner = (*get_args(annotation), *getattr(annotation, "__metadata__", ()))
    return any(isinstance(each, CommaSeparated) or _marked(each) for each in inner)


def _as_list(schema: Schema) -> Schema:
    kept: Schema = {name: schema[name] for name in ("description", "default") if name in schema}
    return {"type": "array", "items": {"type": "string"}, **kept}


def _closed(schema: Schema) -> Schema:
    """An object of declared members: no others; its docstring is for readers of the code."""
    if "properties" not in schema:
        return {name: value for name, value in schema.items() if name not in ("title", "description")}
    return {
        "type": "object",
        "properties": {name: _plain(each, partial=False) for name, each in schema["properties"].items()},
        "required": schema.get("required", []),
        "additionalProperties": False,
    }


def _plain(schema: Schema, *, partial: bool) -> Schema:
    """One member's schema. In a partial update null empties the member and there are no defaults; elsewhere a null
    default means absent, so null need not be offered.
    """
    found = {name: value for name, value in schema.items() if name != "title"}
    default = found.pop("default", None)
    if "anyOf" in found and not partial:
        choices = [each for each in found["anyOf"] if each.get("type") != "null"]
        if len(choices) == 1:
            del found["anyOf"]
            found = {**choices[0], **found}
        else:
            found["anyOf"] = choices
    if default is not None and not partial:
        numeric = found.get("type") == "number" and isinstance(default, str)
        found["default"] = float(default) if numeric else default
    return found


def parameters(operation: Operation) -> Schema:
    """The JSON Schema of a tool's arguments, under their documented names; unknown members are not allowed.

    Writes with a version take it as ``if_match``, and those that honour an Idempotency-Key as ``idempotency_key``.
    """
    assert operation.tool is not None
    shown = {name: documented for documented, name in operation.tool.arguments.items()}
    schema = schema_of(operation.input, in_query=operation.route.method in ("GET", "DELETE"))
    properties = {shown.get(name, name): each for name, each in schema["properties"].items()}
    if operation.locking is not None:
        properties["if_match"] = _IF_MATCH
    if operation.idempotent:
        properties["idempotency_key"] = _IDEMPOTENCY_KEY
    found: Schema = {
        "type": "object",
        "properties": properties,
        "required": [shown.get(name, name) for name in schema["required"]],
        "additionalProperties": False,
    }
    if schema["$defs"]:
        found["$defs"] = schema["$defs"]
    return found


def arguments(operation: Operation, given: Mapping[str, Any]) -> tuple[dict[str, Any], str | None, str | None]:
    """A tool's arguments as those of its operation, the version and the idempotency key.

    A field is taken under its documented name and under its own. Raises InvalidFields, naming what is unknown.
    """
    assert operation.tool is not None
    known = operation.tool.arguments
    fields = operation.input.model_fields
    found: dict[str, Any] = {}
    problems: dict[str, FieldError] = {}
    version = key = None
    for name, value in given.items():
        if name == "if_match" and operation.locking is not None:
            version = None if value is None else str(value)
        elif name == "idempotency_key" and operation.idempotent:
            key = None if value is None else str(value)
        elif name in known:
            found[known[name]] = value
        elif name in fields:
            found.setdefault(name, value)
        else:
            problems[name] = FieldError("unknown", f"{name} is not an argument of {operation.tool.name}")
    if problems:
        raise InvalidFields(problems)
    return found, version, key


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
        "parameters": parameters(operation),
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
        if not operation.keyless and principal.kind not in operation.auth:
            continue
        if operation.scope is None or grants(principal.scopes, operation.scope):
            yield operation
