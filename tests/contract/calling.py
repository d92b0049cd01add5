"""Calling any operation of the registry from what it declares about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from dealwright.kernel.operations import Operation
from tests.conftest import Client


def example(operation: Operation) -> dict[str, Any]:
    """The smallest arguments that the input model's own schema asks for: required members only."""
    schema = operation.input.model_json_schema()
    return {name: _value(schema["properties"][name], schema, name) for name in schema.get("required", ())}


def _value(schema: Mapping[str, Any], root: Mapping[str, Any], name: str) -> Any:
    if "$ref" in schema:
        return _value(root["$defs"][schema["$ref"].rpartition("/")[2]], root, name)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _value(schema[key][0], root, name)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if key in schema:
            return schema[key][0]
    kind = schema.get("type")
    if kind == "object":
        return {each: _value(schema["properties"][each], root, each) for each in schema.get("required", ())}
    if kind == "array":
        return [_value(schema["items"], root, name)] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    if kind == "boolean":
        return True
    formats = {"date-time": "2030-01-01T00:00:00Z", "date": "2030-01-01", "uri": "https://example.com/"}
    return formats.get(
        schema.get("format", ""), ("email" in name and "who@example.com") or "x" * schema.get("minLength", 1)
    )


async def send(client: Client, operation: Operation, arguments: Mapping[str, Any], **headers: str) -> httpx.Response:
    """The documented call of an operation; ``If-Match: *`` where it locks."""
    route, left = operation.route, dict(arguments)
    path = re.sub(r"\{(\w+)\}", lambda found: str(left.pop(found.group(1), "missing")), route.path)
    query = {name: _text(left.pop(name)) for name in list(left) if name in operation.query_fields}
    if route.action is not None:
        if route.selector_in == "body" and operation.writes:
            left[route.selector] = route.action
        else:
            query[route.selector] = route.action
    for name in route.present:
        if name not in query and f"{{{name}}}" not in route.path:
            query[name] = _text(arguments.get(name, "x"))
            if name not in operation.query_fields:
                query.pop(name)
                left[name] = arguments.get(name, "x")
    if operation.locking is not None:
        headers.setdefault("If-Match", "*")
    if operation.file_fields and all(isinstance(left.get(name), bytes) for name in operation.file_fields):
        files = {name: ("file", left.pop(name)) for name in operation.file_fields & left.keys()}
        data = {name: _text(value) for name, value in left.items()}
        return await client.request(route.method, path, params=query, data=data, files=files, headers=headers)
    json = left if operation.writes and operation.route.method != "DELETE" else None
    return await client.request(route.method, path, params=query, json=json, headers=headers)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
