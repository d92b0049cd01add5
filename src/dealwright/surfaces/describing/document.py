"""The parts of an OpenAPI document that are the same for every surface."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dealwright.kernel.operations import Operation
from dealwright.surfaces.describing import spelling
from dealwright.surfaces.describing.samples import Sampler
from dealwright.surfaces.describing.schemas import Schema, Schemas, parameter_schema


def paths(operations: Iterable[Operation], describe: Callable[[Operation], dict[str, Any]]) -> dict[str, Any]:
    """Every operation under its REST path and method. Raises ValueError when two operations share both."""
    found: dict[str, dict[str, Any]] = {}
    for operation in operations:
        methods = found.setdefault(operation.route.rest, {})
        method = operation.route.method.lower()
        if method in methods:
            raise ValueError(f"{operation.id} and {methods[method]['operationId']}: {spelling.rest_style(operation)}")
        methods[method] = describe(operation)
    return found


def parameters(operation: Operation, schemas: Schemas, sampler: Sampler) -> list[Schema]:
    """What stands in the path and in the query."""
    fields, required = schemas.fields(operation.input)
    stated = spelling.in_path(operation.route.rest)
    found: list[Schema] = []
    for name in [*stated, *(name for name in fields if name in operation.query_fields and name not in stated)]:
        schema = parameter_schema(fields.get(name, {"type": "string", "minLength": 1}))
        parameter: Schema = {
            "name": name,
            "in": "path" if name in stated else "query",
            "required": name in stated or name in required or name in operation.route.present,
        }
        if description := schema.pop("description", None):
            parameter["description"] = description
        parameter["schema"] = schema
        if parameter["required"]:
            parameter["example"] = sampler.sample(schema, name, operation.resource)
        found.append(parameter)
    for name, header in operation.header_fields.items():
        if header.lower() == "content-type":
            continue  # said by the media types of the body
        schema = parameter_schema(fields[name])
        told = schema.pop("description", None)
        only_there = operation.body_field is not None
        description = told if only_there and told is not None else f"The same as {name}; the header wins."
        found.append({"name": header, "in": "header", "required": False, "description": description, "schema": schema})
    return found


def request_body(operation: Operation, schemas: Schemas, sampler: Sampler) -> Schema | None:
    """What a write reads from its body; None when nothing."""
    if not operation.writes or operation.route.method == "DELETE":
        return None
    if operation.body_field is not None:  # bytes have no schema (OpenAPI 3.1)
        return {"required": True, "content": {media_type: {} for media_type in operation.consumes}}
    body = schemas.body(operation)
    if body is None:
        return None
    media = {"schema": body, "example": sampler.sample(body, resource=operation.resource)}
    kind = "multipart/form-data" if operation.file_fields else "application/json"
    if operation.file_fields:
        del media["example"]
    return {"required": bool(schemas.resolved(body).get("required")), "content": {kind: media}}


def extensions(operation: Operation) -> dict[str, Any]:
    """What OpenAPI has no member for: the scope, the events and the MCP tool of an operation."""
    found: dict[str, Any] = {}
    if operation.scope is not None:
        found["x-scope"] = operation.scope
    if operation.events:
        found["x-events"] = list(operation.events)
    if operation.tool is not None:
        found["x-mcp-tool"] = {"name": operation.tool.name, "category": operation.tool.category}
    return found
