"""Example values from JSON schemas, for the documentation: made, never taken from anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import ids, resources
from dealwright.surfaces.describing.schemas import Schema, Schemas

_KEY: Final = UUID("0193a5c0-1d20-7b3c-9a41-5e8f20c7d614")
_INSTANT: Final = "2026-03-09T10:30:00Z"
_TEXTS: Final[Mapping[str, str]] = {
    "address": "1 Harbour Street",
    "base_url": "https://deals.example.com/api/v1",
    "city": "Perth",
    "company": "Acme Corp",
    "country": "AU",
    "description": "Two sites, one team",
    "documentation": "https://deals.example.com/docs",
    "email": "jane@example.com",
    "formatted": "$499.00",
    "message": "Could we meet at 10 percent?",
    "name": "Jane Smith",
    "next_cursor": "cur_WyJjcmVhdGVkX2F0Il0",
    "notes": "Prefers a call in the morning",
    "openapi_spec": "https://deals.example.com/api/openapi.json",
    "phone": "+61412345678",
    "prev_cursor": "cur_WyJjcmVhdGVkX2F0Il0",
    "reason": "Better terms elsewhere",
    "search": "jane",
    "sku": "PLAN-PRO",
    "state": "WA",
    "tax_rate": "0.1000",
    "title": "Website relaunch",
    "unit": "month",
    "url": "https://example.com/hooks",
    "zip": "6000",
}
_INTEGERS: Final[Mapping[str, int]] = {"limit": 50, "offset": 0, "quantity": 2}
_MONEY: Final = re.compile(r"(?:^|_)(?:amount|balance|cost|discount|fee|net|price|subtotal|total|value)(?:_|$)")
_DEEPEST: Final = 5


def record_id(resource: str) -> str:
    """What an id of that kind of record looks like."""
    found = resources.by_name(resource)
    return ids.encode(found.prefix if found is not None else resource or "id", _KEY)


class Sampler:
    """Makes one example of any schema; a member is shown when it is required or has an example of its own."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def sample(self, schema: Schema, name: str = "", resource: str = "", depth: int = 0) -> Any:
        schema = self._schemas.resolved(schema)
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        if "const" in schema:
            return schema["const"]
        if schema.get("default") is not None:
            return schema["default"]
        for key in ("anyOf", "oneOf", "allOf"):
            for each in schema.get(key, ()):
                if each.get("type") != "null":
                    return self.sample({**each, **_bounds(schema)}, name, resource, depth)
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, resource, depth)
        if kind == "array":
            return [self.sample(schema["items"], name, resource, depth + 1)] if schema.get("items") else []
        return self._scalar(schema, kind, name, resource)

    def _object(self, schema: Schema, resource: str, depth: int) -> dict[str, Any]:
        if depth >= _DEEPEST:
            return {}
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        shown = [name for name, each in properties.items() if name in required or _has_example(each)]
        if not shown and depth == 0:
            shown = list(properties)[:2]
        return {name: self.sample(properties[name], name, resource, depth + 1) for name in shown}

    @staticmethod
    def _scalar(schema: Schema, kind: str | None, name: str, resource: str) -> Any:
        if kind == "boolean":
            return True
        if kind == "integer":
            return max(int(schema.get("minimum", 0)), _INTEGERS.get(name, 1))
        if kind == "number":
            return min(499.0, schema.get("maximum", 499.0)) if "rate" not in name else 0.1
        if schema.get("format") == "date-time":
            return _INSTANT
        if schema.get("format") == "date":
            return _INSTANT[:10]
        if name == "id":
            return record_id(resource)
        if name.endswith("_id"):
            return record_id(name.removesuffix("_id"))
        return _text(name)[: schema.get("maxLength", 255)]


def _text(name: str) -> str:
    if name in _TEXTS:
        return _TEXTS[name]
    if name.endswith(("_at", "_after", "_before", "timestamp")):
        return _INSTANT
    if name.endswith("currency"):
        return "USD"
    return "499.00" if _MONEY.search(name) else "text"


def _has_example(schema: Schema) -> bool:
    return bool(schema.get("examples")) or any(each.get("examples") for each in schema.get("anyOf", ()))


def _bounds(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key in ("maximum", "minimum", "maxLength")}
